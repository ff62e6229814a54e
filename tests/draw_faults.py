"""Draw faults for tests/faults.toml with a mutation tool, so that nobody chooses them.

    python -m venv mutants && mutants/bin/pip install cosmic-ray==8.7.0
    mutants/bin/python tests/draw_faults.py tables 4 --seed 15 --at 6777420
    mutants/bin/python tests/draw_faults.py finetuning.lora 3 --at 6777420 --since 96e45fa

cosmic-ray is no dependency of ftkit; this script runs in an environment of its own. It lists all
mutants of cosmic-ray's operators in the module, shuffles the lines of code with the seed, draws one
mutant from each of the first lines, and prints them as entries of faults.toml. One line gives one
fault at most, so that a line with twenty operators is not drawn twenty times. Mutants of type
annotations are left out (most of them are no Python), and so are those of lines that no exported
cell holds. `--at` draws from a commit, so that a draw can be repeated when the code has moved;
`--since` takes lines alone that were written after another.
"""

import argparse
import io
import random
import re
import subprocess
import tokenize
from importlib.metadata import version
from pathlib import Path

import parso  # noqa: F401  # cosmic-ray's operators need it to be imported first
from cosmic_ray import plugins
from cosmic_ray.ast import Visitor, get_ast
from cosmic_ray.mutating import mutate_code

root = Path(__file__).resolve().parent.parent


class Sites(Visitor):
    "Where one operator can change the code, in the order in which cosmic-ray counts."

    def __init__(self, operator):
        self.operator = operator
        self.found = []  # line and node for each occurrence

    def visit(self, node):
        for start, _ in self.operator.mutation_positions(node):
            self.found.append((start[0], node))
        return node


def in_annotation(node):
    "Whether a node is part of a type."
    while node is not None:
        parent = node.parent
        if parent is not None:
            if parent.type == "tfpdef" and node is not parent.children[0]:
                return True
            if parent.type == "annassign" and node is parent.children[1]:
                return True
            if parent.type == "funcdef" and node is parent.annotation:
                return True
        node = parent
    return False


def all_mutants(code):
    "line -> operator and occurrence of each mutant there"
    tree = get_ast(code)
    found = {}
    for name in sorted(plugins.operator_names()):
        operator_class = plugins.get_operator(name)
        if operator_class.arguments():
            continue  # it needs to be told names
        sites = Sites(operator_class())
        sites.walk(tree)
        for occurrence, (line, node) in enumerate(sites.found):
            if not in_annotation(node):
                found.setdefault(line, []).append((name, occurrence))
    return found


def exported_lines(code):
    "The numbers of the lines that come from a cell, and for each the first line of its cell."
    first = {}
    begins = None
    for number, line in enumerate(code.splitlines(), 1):
        if line.startswith("# %%"):
            begins = None if line.startswith("# %% auto") else number + 1
        elif begins:
            first[number] = begins
    return first


def git(*arguments):
    command = ["git", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def new_lines(path, at, since):
    "The numbers of the lines that were written between two commits."
    said = git("diff", "-U0", since, at, "--", path)
    found = set()
    for start, length in re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", said, flags=re.M):
        found |= set(range(int(start), int(start) + int(length or 1)))
    return found


def tokens(code):
    "What Python sees of it: without comments and layout."
    left_out = (tokenize.COMMENT, tokenize.NL)
    read = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token.string for token in read if token.type not in left_out]


def replacement(code, mutated):
    "Old and new text of whole lines, with as much around them as makes the old text unique."
    before = code.splitlines(keepends=True)
    after = mutated.splitlines(keepends=True)
    top = 0
    while before[top] == after[top]:
        top += 1
    bottom = 0
    while before[-1 - bottom] == after[-1 - bottom]:
        bottom += 1
    if top + bottom == len(after):
        # A decorator is removed with the comments above it: they stay.
        while not before[top].lstrip().startswith("@"):
            after.insert(top, before[top])
            top += 1
    cells = exported_lines(code)
    end = len(before) - bottom
    while code.count("".join(before[top:end])) > 1:
        if top in cells:
            top -= 1  # the line above is in a cell too
        else:
            end += 1
            bottom -= 1
    return "".join(before[top:end]), "".join(after[top : len(after) - bottom])


def quoted(text):
    "The text as a TOML string of several lines."
    if "'''" in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"""\n{escaped}"""'
    return f"'''\n{text}'''"


def draw(module, number, seed, at, since):
    path = f"ftkit/{module.replace('.', '/')}.py"
    code = git("show", f"{at}:{path}")
    lines = set(exported_lines(code))
    if since:
        lines &= new_lines(path, at, since)
    mutants = {line: those for line, those in all_mutants(code).items() if line in lines}
    count = sum(map(len, mutants.values()))
    print(f"# {module}: {count} mutants in {len(mutants)} lines")
    drawing = random.Random(f"{seed} {module}")
    order = sorted(mutants)
    drawing.shuffle(order)
    for line in order[:number]:
        name, occurrence = drawing.choice(mutants[line])
        mutated = mutate_code(code, plugins.get_operator(name)(), occurrence)
        assert tokens(mutated) != tokens(code), f"{name} {occurrence} changes nothing"
        old, new = replacement(code, mutated)
        short = re.sub(r"^core/", "", name)
        tool = f"cosmic-ray {version('cosmic-ray')}"
        print("\n[[fault]]")
        print(f'name = "{module.split(".")[-1]}_drawn_{line}"')
        print(f'module = "{module}"')
        print(f'drawn = "{tool}, {short}, occurrence {occurrence}, seed {seed}"')
        print(f"old = {quoted(old)}")
        print(f"new = {quoted(new)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module", help="its address below ftkit, such as finetuning.lora")
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--at", default="HEAD", help="the commit to draw from")
    parser.add_argument("--since", help="only lines that were written after this commit")
    options = parser.parse_args()
    draw(options.module, options.number, options.seed, options.at, options.since)


if __name__ == "__main__":
    main()
