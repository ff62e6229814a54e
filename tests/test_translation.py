"""Translation: catalogues, placeholders, the split, beam search and the translator.

Parity with transformers' beam search and with sacrebleu; properties; and what bad input gets.
Nothing is downloaded."""

import json
import math
import shlex
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from transformers import BartConfig, BartForConditionalGeneration, T5Config
from transformers import T5ForConditionalGeneration as T5
from transformers.modeling_outputs import BaseModelOutput
from typer.testing import CliRunner

from ftkit.core import FtkitError
from ftkit.foundations.transformer import Config, EncoderDecoder, generate
from ftkit.kit import cli
from ftkit.tasks.translation import (
    Lookup,
    Pair,
    Translation,
    Translator,
    Vocabulary,
    alignment,
    beam_search,
    check_pairs,
    chrf,
    clean_pairs,
    compare_messages,
    exchanged_rows,
    exchanged_test,
    forced,
    key,
    mask,
    ngram_counts,
    pair_collate,
    pair_examples,
    read_pairs,
    read_po,
    score_messages,
    split_projects,
    swapped_rows,
    train_translator,
    translation_loss,
    unmask,
)

colours = dict(rouge="red", vert="green", bleu="blue", noir="black", blanc="white", gris="grey")
things = dict(fichier="file", dossier="folder", bouton="button", lien="link", champ="field")
pairs = [
    Pair(f"le {thing} {colour}", f"the {colours[colour]} {things[thing]}", "toy")
    for thing in things
    for colour in colours
]
sizes = dict(vocab_size=300, width=32, layers=1, heads=2, context=24)
options = dict(progress=False, dtype=torch.float32, learning_rate=0.01) | sizes


@pytest.fixture(scope="module")
def translator():
    return train_translator(pairs, max_steps=60, batch_size=30, **options)[0]


# ---------------------------------------------------------------------------------- catalogues


def write(folder, text, name="fr.po", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


header = 'msgid ""\nmsgstr "Language: fr\\nContent-Type: text/plain; charset=UTF-8\\n"\n\n'


def test_only_what_a_person_has_translated_counts(tmp_path):
    text = header + 'msgid "Open"\nmsgstr "Ouvrir"\n\n#, fuzzy\nmsgid "Cut"\nmsgstr "Coupe"\n\n'
    text += 'msgid "Close"\nmsgstr ""\n\n#~ msgid "Old"\n#~ msgstr "Vieux"\n'
    found = read_po(write(tmp_path, text), "fr")
    assert found.pairs == [Pair("Open", "Ouvrir", "fr.po")]
    assert found.skipped == dict(fuzzy=1, untranslated=1, obsolete=1)


def test_a_plural_gives_two_pairs(tmp_path):
    text = header + 'msgid "%d file"\nmsgid_plural "%d files"\n'
    text += 'msgstr[0] "%d fichier"\nmsgstr[1] "%d fichiers"\n'
    found = read_po(write(tmp_path, text)).pairs
    assert [pair[:2] for pair in found] == [("%d file", "%d fichier"), ("%d files", "%d fichiers")]


def test_the_default_of_a_key_is_the_message(tmp_path):
    text = header + '#. Default: "Search the site"\nmsgid "label_search"\nmsgstr "Chercher"\n'
    assert read_po(write(tmp_path, text)).pairs[0].source == "Search the site"


def test_a_catalogue_in_another_encoding(tmp_path):
    text = header.replace("UTF-8", "ISO-8859-1") + 'msgid "Summer"\nmsgstr "été"\n'
    assert read_po(write(tmp_path, text, encoding="latin-1")).pairs[0].target == "été"


@pytest.mark.parametrize("said, asked", [("de", "fr"), ("pt_BR", "fr"), ("fr", "en")])
def test_a_catalogue_of_another_language_is_refused(tmp_path, said, asked):
    text = header.replace("fr", said) + 'msgid "a"\nmsgstr "b"\n'
    with pytest.raises(FtkitError, match=f"its language is '{said}', but '{asked}' is expected"):
        read_po(write(tmp_path, text), asked)


@pytest.mark.parametrize("said", ["fr_CA", "FR", "fr@latin"])
def test_a_region_of_the_language_is_the_language(tmp_path, said):
    text = header.replace("fr", said) + 'msgid "a"\nmsgstr "b"\n'
    assert read_po(write(tmp_path, text), "fr").language == said


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b'msgid "Open"\nOuvrir\n', r"can't be read as a message catalogue \(Syntax error"),
        (b'msgid "a"\nmsgstr "\xe9"\n', "can't be read as a message catalogue"),
        (b"", "holds no message"),
        (b'msgid ""\nmsgstr "Content-Type: text/plain; charset=klingon\\n"\n', "holds no message"),
    ],
)
def test_a_file_that_is_no_catalogue(tmp_path, content, sentence):
    path = tmp_path / "odd.po"
    path.write_bytes(content)
    with pytest.raises(FtkitError, match=sentence) as e:
        read_po(path)
    assert "odd.po" in str(e.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FtkitError, match="There is no file"):
        read_po(tmp_path / "none.po")


# -------------------------------------------------------------------------------- placeholders


@pytest.mark.parametrize(
    "text, found",
    [
        ("%(count)s of %(total)05.2f", ["%(count)s", "%(total)05.2f"]),
        ("%d of %s, %.1f", ["%d", "%s", "%.1f"]),
        ("{0} {name} ${path} {{ user }} {{user}}", ["{0}", "{name}", "${path}", "{{user}}"]),
        ('<a href="x">here</a>&nbsp;&#160;', ['<a href="x">', "</a>", "&nbsp;", "&#160;"]),
        ("see https://a.org/b?c=1.", ["https://a.org/b?c=1"]),
        ("100% sure, 5 % of it, 50%, a < b > c", []),
        ("%s %s", ["%s"]),
        ("our own ⟨3⟩", ["⟨3⟩"]),
    ],
)
def test_what_is_a_placeholder(text, found):
    masked, kept = mask(text)
    assert kept == found
    assert unmask(masked, kept) == text


@given(st.text(alphabet="ab %{}<>&;⟨⟩0123/sd(){$", max_size=30))
@settings(max_examples=200, deadline=None)
def test_masking_can_be_undone(text):
    masked, found = mask(text)
    if len(found) <= 10:
        assert unmask(masked, found) == text


def test_a_target_uses_the_signs_of_its_source():
    source, found = mask("{b} puis {a}")
    assert source == "⟨0⟩ puis ⟨1⟩"
    assert mask("{a} after {b}", found)[0] == "⟨1⟩ after ⟨0⟩"
    assert mask("{c}", found)[0] == "{c}"


def test_a_sign_without_a_placeholder_is_left_out():
    assert unmask("a⟨1⟩b⟨0⟩", ["x"]) == "abx"


@pytest.mark.parametrize(
    "source, target, reason",
    [
        ("", "a", "empty"),
        ("OK", "OK", "both sides equal"),
        ("12 / {0}", "{0} / 12", "no letters"),
        ("Titre", "short_title", "a key"),
        ("{a}", "a {a} b", "no letters"),
        ("il y a {a}", "there is", "placeholders differ"),
        ("il y a", "there is {a}", "placeholders differ"),
        ("m" * 101, "n", "too long"),
        (
            " ".join(f"a{{{i}}}" for i in range(11)),
            " ".join(f"b{{{i}}}" for i in range(11)),
            "placeholders differ",
        ),
    ],
)
def test_why_a_pair_is_dropped(source, target, reason):
    assert clean_pairs([Pair(source, target)]) == ([], {reason: 1})


@pytest.mark.parametrize(
    "source, target, kept",
    [
        ("_Fichier", "_File", ("Fichier", "File")),
        ("Aj&outer", "&Add", ("Ajouter", "Add")),
        ("Champ nom_complet", "Field nom_complet", ("Champ nom_complet", "Field nom_complet")),
        ("_Fichier", "File", ("_Fichier", "File")),
        (" a \n b ", "c\td", ("a b", "c d")),
    ],
)
def test_marks_and_spaces(source, target, kept):
    assert clean_pairs([Pair(source, target)])[0][0][:2] == kept


# ----------------------------------------------------------------------------------- the split


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("uvwxyz"), st.sampled_from("UVWXYZ1")),
        min_size=12,
        max_size=60,
    )
)
@settings(max_examples=100, deadline=None)
def test_nothing_of_training_is_in_the_test(rows):
    projects = {name: [] for name in "abc"}
    for name, source, target in rows:
        projects[name].append(Pair(source, target, name))
    try:
        split = split_projects(projects, ["b"], ["c"])
    except FtkitError:
        return  # a part without a new pair
    both = split.train + split.validation
    for early, late in ((split.train, split.validation), (both, split.test)):
        for side in (0, 1):
            seen = {key(pair[side]) for pair in early}
            assert not seen & {key(pair[side]) for pair in late}
    total = sum(map(len, split[:3])) + sum(split.repeated.values())
    assert total == len(rows)


@pytest.mark.parametrize(
    "held, sentence",
    [
        (dict(validation=["x"], test=["c"]), "Unknown project 'x'"),
        (dict(validation=["b"], test=["b"]), "for validation and for test"),
        (dict(validation=["b"], test=["c"]), "A part of the split is empty"),
    ],
)
def test_splits_that_are_refused(held, sentence):
    projects = {name: [Pair("un", "one")] for name in "abc"}
    with pytest.raises(FtkitError, match=sentence):
        split_projects(projects, **held)


# --------------------------------------------------------------------- vocabulary, batches, loss


words = Vocabulary.trained(pairs, 280)


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back(text):
    text = " ".join(mask(text.encode("utf-8", "ignore").decode())[0].split())
    ids = words.encode(text)
    assert words.decode(ids) == text
    assert max(ids, default=0) < words.pad_id


def test_the_decoder_reads_what_it_should_say_one_place_later():
    words = Vocabulary.trained(pairs, 300)
    batch = pair_collate(pair_examples(pairs[:3], words), words.pad_id, words.start_id)
    read = batch["decoder_input_ids"]
    said = batch["labels"]
    assert (read[:, 0] == words.start_id).all()
    for row in range(3):
        n = int((said[row] != -100).sum())
        assert said[row, n - 1] == words.stop_id
        assert torch.equal(read[row, 1:n], said[row, : n - 1])


def test_a_pair_that_is_too_long_is_left_out():
    words = Vocabulary.trained(pairs, 260)
    assert len(pair_examples([*pairs[:2], Pair("a" * 99, "b")], words, context=48)) == 2


def test_padding_costs_nothing_and_smoothing_is_that_of_torch():
    words = Vocabulary.trained(pairs, 280)
    torch.manual_seed(0)
    model = EncoderDecoder(Config(words.size, width=16, layers=1, heads=2, context=48)).eval()
    examples = pair_examples(pairs[:4], words)
    batch = pair_collate(examples, words.pad_id, words.start_id)
    total, count = translation_loss(model, batch, smoothing=0.2)
    alone = 0.0
    for example in examples:
        one = pair_collate([example], words.pad_id, words.start_id)
        logits = model(one["input_ids"], one["decoder_input_ids"])[0]
        alone += F.cross_entropy(logits, one["labels"][0], label_smoothing=0.2, reduction="sum")
    assert count == sum(len(example["labels"]) for example in examples)
    assert torch.allclose(total, alone, rtol=1e-4)


# --------------------------------------------------------------------------------- beam search


def bart(seed):
    torch.manual_seed(seed)
    small = dict(vocab_size=19, d_model=16, max_position_embeddings=32, init_std=0.7)
    small |= dict(encoder_layers=1, decoder_layers=1, encoder_ffn_dim=16, decoder_ffn_dim=16)
    small |= dict(encoder_attention_heads=2, decoder_attention_heads=2, forced_eos_token_id=None)
    ids = dict(pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)
    model = BartForConditionalGeneration(BartConfig(**small, **ids)).eval()
    model.final_logits_bias[0, 2] = 2.5  # so that some texts stop early
    return model


def t5(seed):
    torch.manual_seed(seed)
    small = dict(vocab_size=19, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    ids = dict(pad_token_id=0, eos_token_id=2, decoder_start_token_id=1)
    return T5(T5Config(**small, **ids, initializer_factor=2.0)).eval()


def step_of(model, sources, beams):
    states = model.get_encoder()(sources).last_hidden_state.repeat_interleave(beams, 0)

    def step(ids, rows):
        given = BaseModelOutput(last_hidden_state=states)
        return model(encoder_outputs=given, decoder_input_ids=ids).logits[:, -1]

    return step


@pytest.mark.parametrize("make", [bart, t5])
@pytest.mark.parametrize("beams", [1, 2, 5])
@pytest.mark.parametrize("penalty", [-1.0, 0.0, 0.7, 2.5])
def test_beams_are_those_of_transformers(make, beams, penalty):
    lengths = set()
    for seed in (0, 1):
        model = make(seed)
        sources = torch.randint(3, 19, (6, 5))
        how = dict(num_beams=beams, num_return_sequences=beams, max_new_tokens=9, do_sample=False)
        how |= dict(output_scores=True, return_dict_in_generate=True)
        if beams > 1:
            how["length_penalty"] = penalty
        theirs = model.generate(sources, **how)
        ours = beam_search(step_of(model, sources, beams), 6, 1, 2, beams, penalty, 9)
        for row, hypotheses in enumerate(ours):
            assert len(hypotheses) == beams
            for rank, one in enumerate(hypotheses):
                place = row * beams + rank
                ids = theirs.sequences[place, 1:].tolist()
                ids = ids[: ids.index(2)] if 2 in ids else ids[:9]
                assert one.ids == ids
                lengths.add(len(ids))
                if beams > 1:
                    assert abs(one.score - theirs.sequences_scores[place].item()) < 1e-4
    assert len(lengths) > 1 or make is t5


def test_many_beams_find_the_likeliest_text():
    torch.manual_seed(3)
    table = torch.randn(5, 5).log_softmax(-1)  # of the last token alone

    def step(ids, rows):
        return table[ids[:, -1]]

    best = beam_search(step, 1, 0, 4, beams=2, length_penalty=0.0, most=3)[0][0]
    texts = {}
    for a in range(5):
        texts[(a,)] = table[0, a]
        for b in range(5):
            if a == 4:
                continue
            texts[(a, b)] = table[0, a] + table[a, b]
            for c in range(5):
                if b != 4:
                    texts[(a, b, c)] = table[0, a] + table[a, b] + table[b, c]
    over = {ids: p for ids, p in texts.items() if ids[-1] == 4 or len(ids) == 3}
    most = max(over.values())
    assert best.score <= most + 1e-6


def test_one_beam_is_greedy_and_a_batch_changes_nothing(translator):
    texts = [pair.source for pair in pairs[::4]]
    words = translator.vocabulary
    ids = torch.tensor([[*words.encode(texts[0]), words.stop_id]])
    context = translator.model.encoder(ids)
    start = torch.tensor([[words.start_id]])
    told = dict(stop_id=words.stop_id, context=context)
    greedy = generate(translator.model.decoder, start, 20, **told)[0, 1:].tolist()
    greedy = words.decode(greedy[: greedy.index(words.stop_id)])
    assert translator.translate(texts[:1], beams=1) == [greedy]
    for beams in (1, 4):
        together = translator.translate(texts, beams=beams)
        assert together == translator.translate(texts, beams=beams, batch_size=1)


@pytest.mark.parametrize(
    "name, value", [("beams", 0), ("beams", 1.5), ("beams", True), ("most", 0)]
)
def test_searches_that_are_refused(name, value):
    how = dict(beams=2, most=4) | {name: value}
    with pytest.raises(FtkitError, match=f"{name} is a whole number from 1"):
        beam_search(lambda ids, rows: torch.zeros(len(ids), 9), 1, 0, 1, **how)


def test_more_beams_than_tokens():
    with pytest.raises(FtkitError, match="5 beams need 10 tokens; the vocabulary has 9"):
        beam_search(lambda ids, rows: torch.zeros(len(ids), 9), 1, 0, 1, beams=5)


# ------------------------------------------------------------------------------ the translator


def test_it_learns_and_comes_back_from_a_file(translator, tmp_path):
    texts = [pair.source for pair in pairs]
    found = translator.translate(texts)
    right = sum(text == pair.target for text, pair in zip(found, pairs, strict=True))
    assert right >= 24
    translator.save(tmp_path / "saved")
    assert Translator.load(tmp_path / "saved").translate(texts) == found


def test_placeholders_come_back(translator):
    class Copies(Translator):
        def stepper(self, batch, beams):
            source = batch["input_ids"].repeat_interleave(beams, 0)

            def step(ids, rows):
                place = min(ids.shape[1], source.shape[1]) - 1
                return 30 * F.one_hot(source[:, place], self.vocabulary.size).float()

            return step

    copies = Copies(translator.model, translator.vocabulary, translator.letters)
    assert copies.translate(["le %(a)s de {b}, %(a)s"]) == ["le %(a)s de {b}, %(a)s"]
    assert copies.translate(["le %(a)s de {b}"], masked=True) == ["le ⟨0⟩ de ⟨1⟩"]


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("  ", r"Text 1 \(counted from 0\) is empty"),
        ("Открыть файл", "mostly in letters that the training did not show, such as "),
        ("le fichier " * 30, "and this translator reads at most 24"),
        (" ".join(f"{{{i}}}" for i in range(11)), "11 placeholders"),
        (7, "Text 1, counted from 0, is 7"),
    ],
)
def test_texts_that_are_refused(translator, text, sentence):
    with pytest.raises(FtkitError, match=sentence):
        translator.translate(["le fichier", text])


@pytest.mark.parametrize("how", [dict(beams=0), dict(length_penalty=math.inf)])
def test_settings_that_are_refused(translator, how):
    with pytest.raises(FtkitError, match=next(iter(how))):
        translator.translate(["le fichier"], **how)


def test_folders_that_hold_no_translator(translator, tmp_path):
    with pytest.raises(FtkitError, match="can't be read as a translator"):
        Translator.load(tmp_path)
    translator.save(tmp_path / "saved")
    file = tmp_path / "saved" / "translator.json"
    whole = file.read_text()
    file.write_text(whole.replace('"format": 1', '"format": 9'))
    with pytest.raises(FtkitError, match="has format 9"):
        Translator.load(tmp_path / "saved")
    file.write_text(whole.replace('"letters"', '"strange"'))
    with pytest.raises(FtkitError, match="strange"):
        Translator.load(tmp_path / "saved")
    file.write_text(whole)
    (tmp_path / "saved" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(FtkitError, match="can't be read as a translator"):
        Translator.load(tmp_path / "saved")


def test_an_alignment_is_a_table_of_shares(translator):
    read, written, weights = alignment(translator, "le lien noir", "the black link")
    assert weights.shape == (len(written), len(read))
    assert torch.allclose(weights.sum(-1), torch.ones(len(written)), atol=1e-5)
    assert "".join(read).replace(" ", "").startswith("lelien")


def test_shown_beginnings_give_what_the_network_knows(translator):
    found = forced(translator, pairs)
    right = sum(text == pair.target for text, pair in zip(found, pairs, strict=True))
    assert right >= 24


def test_milestones_survive_a_kill(tmp_path, monkeypatch):
    from ftkit.tasks.translation import Milestones

    whole = tmp_path / "whole"
    halves = tmp_path / "halves"
    whole.mkdir()
    halves.mkdir()
    how = dict(max_steps=8, batch_size=10, check=False, checkpoint_every=3) | options
    first, history = train_translator(
        pairs, milestones=(whole, [4, 8]), checkpoint=whole / "c", **how
    )
    assert list(history.milestones) == [4, 8]
    assert history.milestones[8] > history.milestones[4] > 0
    after_step = Milestones.after_step

    def killed(self, *given):
        after_step(self, *given)
        if int(self.step) == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Milestones, "after_step", killed)
        with pytest.raises(KeyboardInterrupt):
            train_translator(pairs, milestones=(halves, [4, 8]), checkpoint=halves / "c", **how)
    second, _ = train_translator(pairs, milestones=(halves, [4, 8]), checkpoint=halves / "c", **how)
    for step in (4, 8):
        name = f"{step}.safetensors"
        assert (whole / name).read_bytes() == (halves / name).read_bytes()
    state = first.model.state_dict()
    assert not [name for name in state if "milestones" in name]
    assert all(torch.equal(state[k], v) for k, v in second.model.state_dict().items())


# ---------------------------------------------------------------------------------- own pairs


def test_pairs_of_a_table(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("fr,en\nun,one\ndeux,two\n")
    found = read_pairs(path, source="fr", target="en")
    assert found == [Pair("un", "one", "row 1"), Pair("deux", "two", "row 2")]
    with pytest.raises(FtkitError, match="Unknown column 'source'"):
        read_pairs(path)
    path.write_text("source,target\nun,one\n,two\n")
    with pytest.raises(FtkitError, match=r"own\.csv, row 2: 'source' is empty"):
        read_pairs(path)
    po = write(tmp_path, header + 'msgid "One"\nmsgstr "Un"\n')
    assert read_pairs(po) == [Pair("One", "Un", "fr.po")]


def test_swapped_columns_are_seen_in_a_row_and_not_in_a_whole_table():
    many = [
        Pair(f"{a.source} et {b.source}", f"{a.target} and {b.target}")
        for a in pairs
        for b in pairs
    ]
    assert swapped_rows(many) == []
    turned = list(many)
    turned[17] = Pair(many[17].target, many[17].source)
    assert swapped_rows(turned) == [17]
    with pytest.raises(FtkitError, match=r"Pair 17 .* look swapped"):
        check_pairs(turned)
    assert swapped_rows([Pair(pair.target, pair.source) for pair in many]) == []


@pytest.mark.parametrize(
    "given_pairs, sentence",
    [
        ([], "no pairs"),
        ([Pair("Same", "same!")] * 3 + pairs[:2], "3 of 5 pairs have the same"),
    ],
)
def test_pairs_that_are_refused(given_pairs, sentence):
    with pytest.raises(FtkitError, match=sentence):
        train_translator(given_pairs, max_steps=1, **options)


def test_the_task_object(tmp_path):
    task = Translation()
    trained = task.finetune([*pairs, Pair("OK", "OK")], max_steps=2, **options)
    trained.save(tmp_path / "t")
    answers, said = task.answers(tmp_path / "t", ["le lien"])
    assert len(answers["predicted"]) == 1
    assert said == "1 translations"
    assert task.metric(["a b"], ["a b"])["chrf"] == 100
    with pytest.raises(FtkitError, match=r"no pairs to train on: both sides equal \(1\)"):
        task.finetune([Pair("OK", "OK")], max_steps=1, **options)


# ------------------------------------------------------------------------- the command line

hues = ["rouge red", "vert green", "bleu blue", "noir black", "blanc white", "gris grey"]
nouns = ["fichier file", "lien link", "nom name", "livre book", "jour day", "mot word", "mur wall"]


def many_pairs():
    rows = []
    for thing in nouns:
        for colour in hues:
            le, the = thing.split()
            noir, black = colour.split()
            rows.append(dict(source=f"le {le} {noir}", target=f"the {black} {the}"))
    return rows


def call(command):
    return CliRunner().invoke(cli.app, shlex.split(command))


def test_teach_and_translate_on_the_command_line(tmp_path):
    data = tmp_path / "pairs.jsonl"
    data.write_text("\n".join(map(json.dumps, many_pairs())))
    out = tmp_path / "m"
    command = f"finetune --task translation --data {data} --out {out} --epochs 3 --batch-size 8"
    done = call(command)
    assert done.exit_code == 0, (done.stderr, done.exception)
    for words in ("34 for train, 4 for validation, 4 for test", "lookup or copy", "copying"):
        assert words in done.stdout
    report = json.loads((out / "report.json").read_text())
    assert report["settings"] == dict(batch_size=8, learning_rate=0.004, context=64, epochs=3)
    gap = report["against"]["copying"]
    assert gap["low"] <= gap["difference"] <= gap["high"]
    assert abs(report["scores"]["chrf"] - gap["chrf"] - gap["difference"]) < 1e-6
    done = call(f"predict --model {out} --data {data} --out {tmp_path}/p.csv")
    assert done.exit_code == 0, (done.stderr, done.exception)
    assert "42 translations" in done.stdout
    assert call(command).exit_code == 0, "a folder of ours is replaced"


def test_a_validation_file_of_their_own(tmp_path):
    data = tmp_path / "pairs.jsonl"
    data.write_text("\n".join(map(json.dumps, many_pairs())))
    own = tmp_path / "own.csv"
    own.write_text("source,target\nla porte,the door\nle lien noir,the black link\n")
    options = f"--epochs 1 --out {tmp_path}/m --test {own}"
    done = call(f"finetune --task translation --data {data} {options}")
    assert done.exit_code == 0, (done.stderr, done.exception)
    assert "38 for train, 4 for validation, 1 for test" in done.stdout, "what was seen is taken out"


@pytest.mark.parametrize(
    "options, sentence",
    [
        ("--method full", "--method means nothing for --task translation"),
        ("--model minilm", "--model means nothing"),
        ("--label target", "--label means nothing"),
        ("--drop-empty", "--drop-empty means nothing"),
        ("--test few.csv", "A part of the split is empty"),
        ("--data few.csv", "has 1 pairs to learn from, and 30 are the least"),
    ],
)
def test_bad_options(tmp_path, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    Path("pairs.jsonl").write_text("\n".join(map(json.dumps, many_pairs())))
    Path("few.csv").write_text("source,target\nle lien noir,the black link\n")
    given = "" if "--data" in options else "--data pairs.jsonl"
    done = call(f"finetune --task translation {given} --out m {options}")
    assert done.exit_code == 2, (done.stdout, done.exception)
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert not Path("m").exists() and not Path("m.checkpoint").exists()


# ------------------------------------------------------------------------- rivals and the score


def test_a_lookup_gives_the_nearest_target_or_copies():
    lookup = Lookup(pairs)
    assert lookup.translate(["le fichier rouge !"]) == ["the red file"]
    assert Lookup(pairs, copy_below=1.01).translate(["le lien"]) == ["le lien"]
    rows, likeness = lookup.nearest([pair.source for pair in pairs])
    assert rows.tolist() == list(range(len(pairs)))
    assert np.allclose(likeness, 1)


@given(
    st.lists(
        st.tuples(st.text("abc d", max_size=9), st.text("abc d", max_size=9)),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=200, deadline=None)
def test_chrf_is_that_of_sacrebleu(lines):
    answers, references = map(list, zip(*lines, strict=True))
    theirs = sacrebleu.CHRF().corpus_score(answers, [references]).score
    assert abs(chrf(ngram_counts(answers, references)) - theirs) < 1e-9


def test_scores_of_nothing_and_of_all():
    assert score_messages(["a b c d"], ["a b c d"]) == pytest.approx(dict(chrf=100, bleu=100))
    assert chrf(ngram_counts([""], ["abc"])) == 0


def test_a_comparison_is_paired():
    references = [f"the {thing} number {i}" for i, thing in enumerate([*things.values()] * 8)]
    better = [text.replace("number", "numbr") for text in references]
    worse = [text.replace("number", "nombre") for text in references]
    found = compare_messages(better, worse, references, resamples=500)
    expected = chrf(ngram_counts(better, references)) - chrf(ngram_counts(worse, references))
    assert found.difference == pytest.approx(expected)
    assert found.low > 0
    same = compare_messages(better, better, references, resamples=200)
    assert same.difference == 0 and same.low <= 0 <= same.high


# ---------------------------------------------------------------------------- exchanged messages


messages = st.lists(st.sampled_from(["a", "bc", "⟨0⟩ d", "efghijk lmno ?", "⟨0⟩ ⟨1⟩", "pqrstuv"]))


@settings(max_examples=50, deadline=None)
@given(messages, st.integers(0, 3))
def test_a_partner_is_another_message_alike(texts, seed):
    partner = exchanged_rows(texts, seed)
    taken = [row for row in partner if row >= 0]
    assert len(partner) == len(texts) and len(set(taken)) == len(taken), "each is used once"
    for text, row in zip(texts, partner, strict=True):
        if row >= 0:
            assert key(texts[row]) != key(text), "the same text is no exchange"
            assert ("⟨0⟩" in texts[row], "⟨1⟩" in texts[row]) == ("⟨0⟩" in text, "⟨1⟩" in text)
            assert texts[row].endswith("?") == text.endswith("?")
            assert abs(len(texts[row]) - len(text)) <= max(4, len(text) / 4)


def test_groups_of_an_odd_size_lose_nobody():
    assert sorted(exchanged_rows(["abc", "def", "ghi"])) == [0, 1, 2]
    assert exchanged_rows(["abc", "⟨0⟩ abc", "abc ?"]).tolist() == [-1, -1, -1]
    assert exchanged_rows([]).tolist() == []


def test_an_exchange_costs_a_reader_and_not_a_constant():
    french, english = zip(*[pair[:2] for pair in pairs], strict=True)
    read = exchanged_test(english, french, english)
    assert read["own"] == 100 > read["exchanged"] and read["low"] > 0
    assert read["difference"] == pytest.approx(read["own"] - read["exchanged"])
    same = exchanged_test(["the red file"] * len(french), french, english)
    assert same["difference"] == same["low"] == same["high"] == 0
    with pytest.raises(FtkitError, match="No two messages are alike"):
        exchanged_test(["a"], ["b"], ["c"])
