"""Tables: what is read and refused, how columns are found, how rows are split."""

import csv
import itertools
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_table import classes, table

from ftkit.core import FtkitError
from ftkit.tables import (
    Columns,
    choose_columns,
    clean_label,
    clean_labels,
    clean_text,
    clean_texts,
    make_parts,
    normalised,
    read_table,
    split_table,
    suffixes,
    take_rows,
    write_table,
)


# Tables

cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6), st.sampled_from(suffixes))
def test_what_is_written_is_read_again(tmp_path_factory, rows, suffix):
    path = tmp_path_factory.mktemp("t") / f"t{suffix}"
    given_table = pd.DataFrame(rows, columns=["a", "b"], dtype=object)
    write_table(given_table, path)
    assert read_table(path).values.tolist() == given_table.values.tolist()


def test_values_stay_as_they_are(tmp_path):
    (tmp_path / "a.csv").write_text("\ufefftext,label\n007,NA\n1e5,null\n,None\n", encoding="utf-8")
    found = read_table(tmp_path / "a.csv")
    assert found.values.tolist() == [["007", "NA"], ["1e5", "null"], ["", "None"]]
    assert list(found.columns) == ["text", "label"]


def test_tsv_with_and_without_quotation_marks(tmp_path):
    (tmp_path / "a.tsv").write_text('text\tlabel\n"a\tb"\tx\n')
    (tmp_path / "b.tsv").write_text('text\tlabel\n"Oh" she said\tx\n')
    assert read_table(tmp_path / "a.tsv").text[0] == "a\tb"
    assert read_table(tmp_path / "b.tsv").text[0] == '"Oh" she said'


stray = 'text,label\n"open,pos\nx,neg\na 6",neg\n'


def test_stray_quotation_marks_swallow_no_rows_of_a_tsv(tmp_path):
    (tmp_path / "a.tsv").write_text(stray.replace(",", "\t"))
    expected = [['"open', "pos"], ["x", "neg"], ['a 6"', "neg"]]
    assert read_table(tmp_path / "a.tsv").values.tolist() == expected
    # Sixty rows, each second one with a mark at one end, came back as fewer.
    lines = ["text\tlabel"]
    for i in range(30):
        lines.append(f'"good {i}\tpos')
        lines.append(f'bad {i}"\tneg')
    (tmp_path / "a.tsv").write_text("\n".join(lines))
    found = read_table(tmp_path / "a.tsv")
    assert len(found) == 60 and found.label.value_counts().to_dict() == dict(pos=30, neg=30)


def test_stray_marks_do_not_stop_other_fields_of_a_tsv_from_being_unquoted(tmp_path):
    (tmp_path / "a.tsv").write_text('"text"\t"label"\n"a ""b"""\t"pos"\n"open\t"neg"\n')
    found = read_table(tmp_path / "a.tsv")
    assert found.to_dict("list") == dict(text=['a "b"', '"open'], label=["pos", "neg"])


@pytest.mark.parametrize("more", ["", '"fine, really",pos\n', '"a ""so-called"" plot",neg\n'])
def test_stray_quotation_marks_of_a_csv_are_refused_with_their_line(tmp_path, more):
    header, rows = stray.split("\n", 1)
    (tmp_path / "a.csv").write_text(f"{header}\n{more}{rows}")
    line = 3 if more else 2
    with pytest.raises(FtkitError, match=f"a.csv, line {line}: a quotation mark opens here"):
        read_table(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "row, text",
    [
        ('"two\nlines",x', "two\nlines"),
        ('"a, b, c\nd, e",x', "a, b, c\nd, e"),
        ('"one, two\nlines","x"', "one, two\nlines"),
        ('"one, two\nlines",x\n"and\nmore",x', "one, two\nlines"),
    ],
)
def test_texts_of_several_lines_stay_whole(tmp_path, row, text):
    (tmp_path / "a.csv").write_text(f"text,label\n{row}\n")
    assert read_table(tmp_path / "a.csv").text[0] == text


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_text_with_separator_and_line_break_is_written_beyond_doubt(tmp_path, suffix):
    frame = pd.DataFrame(dict(text=["a,b\nc", "a\tb\nc"], label=["x", "y"]), dtype=object)
    for part in (frame[:1], frame[1:], frame):
        write_table(part, tmp_path / f"a{suffix}")
        assert read_table(tmp_path / f"a{suffix}").values.tolist() == part.values.tolist()


def test_what_spreadsheet_programs_add_is_read_as_it_means(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sep=;\r\ntext;label\r\n1,5;x\r\n")
    assert read_table(path).to_dict("list") == dict(text=["1,5"], label=["x"])
    path.write_text("sep=;\ntext;label\na;b;c\n")
    with pytest.raises(FtkitError, match="line 3: 3 fields"):
        read_table(path)
    path.write_text("text,label,,\na,x,,\nb,y\nc,z,\n")
    expected = dict(text=["a", "b", "c"], label=["x", "y", "z"])
    assert read_table(path).to_dict("list") == expected
    path.write_text("text,label,\na,x,\nb,y,note\n")
    assert read_table(path).values.tolist() == [["a", "x", ""], ["b", "y", "note"]]
    path.write_text("text\tlabel\na, b\tx\n")
    assert read_table(path).to_dict("list") == dict(text=["a, b"], label=["x"])
    path.rename(path.with_suffix(".tsv")).write_text("text,label\na,x\n")
    with pytest.raises(FtkitError, match=r"has no tab but ','.*name this one \.csv"):
        read_table(path.with_suffix(".tsv"))


def test_a_name_that_occurs_twice_is_refused_in_every_format(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x", "label": "a", "label": "b"}\n')
    with pytest.raises(FtkitError, match=r"line 1 .*'label' occurs twice"):
        read_table(tmp_path / "a.jsonl")
    (tmp_path / "a.csv").write_text("text,text\na,b\n")
    with pytest.raises(FtkitError, match="two columns named 'text'"):
        read_table(tmp_path / "a.csv")


def test_a_broken_csv_names_its_line(tmp_path):
    (tmp_path / "a.csv").write_text('text,label\n"two\nlines",x\na,b,c\n')
    sentence = r"a.csv, line 4: 3 fields, but the header has 2 \(text, label\)"
    with pytest.raises(FtkitError, match=sentence):
        read_table(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("text,label\na,b\nonly\n")
    with pytest.raises(FtkitError, match="line 3: 1 fields"):
        read_table(tmp_path / "a.csv")


def test_the_csv_limit_is_put_back(tmp_path):
    before = csv.field_size_limit()
    (tmp_path / "a.csv").write_text("text\n" + "x" * 1_000_000)
    assert len(read_table(tmp_path / "a.csv").text[0]) == 1_000_000
    assert csv.field_size_limit() == before


def test_numbers_in_parquet_and_jsonl_become_labels(tmp_path):
    frame = pd.DataFrame(dict(text=["a b c", "d e f", "g"], label=[1, 0, None]))
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    for name in ("a.parquet", "a.jsonl"):
        read = read_table(tmp_path / name)
        rows = take_rows(read, choose_columns(read), name, drop_empty=True)
        assert rows.label.tolist() == ["1", "0"]


def test_a_named_index_of_a_parquet_file_is_a_column(tmp_path):
    frame = pd.DataFrame(dict(text=["a", "b"], label=["x", "y"]))
    frame.set_index("text").to_parquet(tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").to_dict("list") == frame.to_dict("list")
    frame[::-1].to_parquet(tmp_path / "a.parquet")
    assert list(read_table(tmp_path / "a.parquet").columns) == ["text", "label"]


def test_what_a_format_cannot_hold_is_a_sentence(tmp_path):
    mixed = pd.DataFrame(dict(n=[1, "one"]))
    with pytest.raises(FtkitError, match=r"a\.parquet cannot hold this table: .*column n"):
        write_table(mixed, tmp_path / "a.parquet")
    with pytest.raises(FtkitError, match=r"suffix '\.txt', which is not written"):
        write_table(mixed, tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []


# What a cell says


def test_missing_is_a_matter_of_type():
    gone = [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]
    assert [clean_text(value) for value in gone] == [None] * len(gone)
    assert [clean_label(value) for value in gone] == [None] * len(gone)
    spelled = ["nan", "NaN", "None", "null", "<NA>", "NaT", "NA"]
    assert [clean_text(value) for value in spelled] == spelled
    assert [clean_label(value) for value in spelled] == spelled


def test_words_for_missing_in_a_csv_are_texts_and_labels(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\n<NA>,a\nNaT,nan\n")
    rows = take_rows(read_table(tmp_path / "a.csv"), Columns("text", "label", ""), "a.csv")
    assert rows.values.tolist() == [["<NA>", "a"], ["NaT", "nan"]]


def test_whole_numbers_are_one_label_in_every_type():
    ones = [1, 1.0, np.int64(1), np.float32(1), np.float64(1), "1", "1.0", " 1 ", "1.00"]
    assert {clean_label(value) for value in ones} == {"1"}
    assert clean_label(-0.0) == clean_label("-0.0") == clean_label(0) == "0"
    others = ["007", "1.5", "1e0", "v1.0", "1.0.0", "01.0", True, 2.5]
    found = [clean_label(value) for value in others]
    assert found == ["007", "1.5", "1e0", "v1.0", "1.0.0", "01.0", "True", "2.5"]
    # A text is never changed.
    assert [clean_text(value) for value in (" 1.0 ", "")] == [" 1.0 ", ""]


@pytest.mark.parametrize("suffix", suffixes)
def test_one_table_gives_the_same_labels_in_every_format(tmp_path, suffix):
    frame = pd.DataFrame(dict(text=["a", "b", "c"], label=[1.0, 0.0, None]))
    write_table(frame, tmp_path / f"a{suffix}")
    read = read_table(tmp_path / f"a{suffix}")
    rows = take_rows(read, Columns("text", "label", ""), "a", drop_empty=True)
    assert rows.label.tolist() == ["1", "0"]
    with pytest.raises(FtkitError, match=r"1 of 3 rows have no label \(rows 3"):
        take_rows(read, Columns("text", "label", ""), "a")


def test_lists_and_bytes_are_no_texts(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x", "label": ["a", "b"]}\n')
    read = read_table(tmp_path / "a.jsonl")
    with pytest.raises(FtkitError, match=r"a.jsonl, row 1: .* this is a list: \['a', 'b'\]"):
        take_rows(read, Columns("text", "label", ""), "a.jsonl")
    for value in (b"x", dict(a=1), np.array([1, 2]), ("a",)):
        with pytest.raises(FtkitError, match="a text or a number was expected"):
            clean_text(value)


def test_a_column_names_the_row_of_what_is_missing():
    assert clean_labels(["b ", "b", 1.0]) == ["b", "b", "1"]
    assert clean_labels(np.array([1, 0]), names=["no", "yes"]) == ["yes", "no"]
    for value in (None, float("nan"), pd.NA, "  "):
        with pytest.raises(FtkitError, match="the data, row 2: the label is missing"):
            clean_labels(["a", value])
    for value in (-1, 2, 0.5):
        with pytest.raises(FtkitError, match=f"reviews, row 1: the label number {value} has no"):
            clean_labels([value], "reviews", ["no", "yes"])
    with pytest.raises(FtkitError, match="row 3: the text is missing"):
        clean_texts(["a", "nan", float("nan")])


def test_what_is_missing_is_written_as_missing(tmp_path):
    frame = pd.DataFrame(dict(n=pd.array([1, None], "Int64"), s=["<NA>", pd.NaT], f=[np.inf, 1.0]))
    write_table(frame, tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv").values.tolist() == [["1", "<NA>", "inf"], ["", "", "1.0"]]
    write_table(frame, tmp_path / "a.jsonl")
    assert read_table(tmp_path / "a.jsonl").n.tolist() == [1, None]


# Columns


@pytest.mark.parametrize(
    "names, expected",
    [
        (("text", "label"), ("text", "label")),
        (("Review", "Sentiment"), ("Review", "Sentiment")),
        (("phrase", "kind"), ("phrase", "kind")),
        (("content", "class"), ("content", "class")),
    ],
)
def test_columns_are_found_in_any_order(names, expected):
    frame = table().drop(columns="id").set_axis(names, axis=1)
    assert choose_columns(frame)[:2] == expected
    assert choose_columns(frame[list(names)[::-1]])[:2] == expected


def test_an_empty_column_is_neither_text_nor_label():
    frame = pd.DataFrame(dict(a=[None, float("nan")] * 3, b=["a b c"] * 6, text=["x"] * 6))
    with pytest.raises(FtkitError, match="Which column holds the label"):
        choose_columns(frame)


def test_an_id_is_neither_text_nor_label():
    frame = table().rename(columns=dict(text="phrase", label="kind"))
    assert choose_columns(frame)[:2] == ("phrase", "kind")


def test_what_is_given_wins_and_what_is_unclear_is_asked():
    frame = table().assign(text2=lambda t: t.text)
    assert choose_columns(frame, text="text2", label="id")[:2] == ("text2", "id")
    unclear = frame.set_axis(["id", "x", "label", "y2"], axis=1)[["id", "x", "y2", "label"]]
    with pytest.raises(FtkitError, match="Say --text NAME; the table has: id, x, y2, label"):
        choose_columns(unclear)


# Splits

labelled = st.lists(
    st.tuples(
        st.sampled_from([f"t{i}" for i in range(30)]),
        st.sampled_from("abc"),
        st.sampled_from(["", " ", "  x"]),
    ),
    min_size=30,
    max_size=120,
)


@settings(max_examples=60, deadline=None)
@given(labelled, st.integers(0, 5))
def test_a_split_keeps_rows_and_texts_together(rows, seed):
    spelled = []
    for text, label, pad in rows:
        if pad:
            text = text.upper()
        spelled.append(dict(text=f"{pad} {text}", label=label))
    frame = pd.DataFrame(spelled)
    try:
        parts = split_table(frame, seed)
    except FtkitError as e:
        assert "Too few rows" in str(e) or "All" in str(e)
        return
    assert sorted(i for p in parts.values() for i in p.index) == list(frame.index)
    seen = [set(p.text.map(normalised)) for p in parts.values()]
    for one, other in itertools.combinations(seen, 2):
        assert not one & other
    assert all(len(p) for p in parts.values())
    again = split_table(frame, seed)
    assert all(parts[k].equals(again[k]) for k in parts)


def test_sizes_and_classes_of_a_split():
    frame = table()
    parts = split_table(frame)
    for part in parts.values():
        assert set(part.label) == set(classes)
    for name in ("validation", "test"):
        counts = parts[name].label.value_counts()
        for label, n in frame.label.value_counts().items():
            assert counts[label] == max(1, round(0.1 * n))
    assert not split_table(frame, seed=1)["test"].equals(parts["test"])


def test_the_time_of_a_split_grows_as_its_rows_do():
    "Seven seconds for 40,000 rows were quadratic: four times the rows took sixteen times as long."
    seconds = []
    for n in (20_000, 80_000):
        frame = pd.DataFrame(
            dict(text=[f"text {i}" for i in range(n)], label=["a", "b"] * (n // 2))
        )
        taken = []
        for _ in range(3):  # the least of three: what else the machine does only adds
            start = time.process_time()
            parts = split_table(frame)
            taken.append(time.process_time() - start)
        seconds.append(min(taken))
        assert len(parts["test"]) == len(parts["validation"]) == n // 10
    assert seconds[1] < 10 * seconds[0] + 0.1


def test_one_class_and_small_classes_are_named():
    with pytest.raises(FtkitError, match="All 4 rows have the label 'x'"):
        split_table(pd.DataFrame(dict(text=list("abcd"), label="x")))
    small_class = pd.DataFrame(dict(text=list("abcdefgh"), label=["a"] * 6 + ["rare"] * 2))
    sentence = r"'rare' \(2 rows, 2 different texts\).*needs 3 different texts"
    with pytest.raises(FtkitError, match=sentence):
        split_table(small_class)


def test_given_parts_are_kept_and_taken_out_of_training():
    frame = table()[["text", "label"]]
    test = frame.iloc[::5].assign(text=lambda t: t.text.str.upper())
    parts = make_parts(frame, test=test)
    assert parts.test is test
    assert not set(parts.train.text.map(normalised)) & set(test.text.map(normalised))
    assert len(parts.train) + len(parts.validation) == len(frame) - len(test)
    assert "left out of training" in parts.why
    both = make_parts(frame, validation=frame.iloc[1::5], test=test)
    assert len(both.train) == len(frame) - len(test) - len(both.validation)
    with pytest.raises(FtkitError, match="--validation and --test both have the text"):
        make_parts(frame, validation=test.assign(text=test.text.str.lower()), test=test)
    title = frame.assign(text=frame.text.str.title())
    parts = make_parts(title, test=frame.iloc[::5])
    assert len(parts.train) + len(parts.validation) == len(frame) - len(test)


def test_rows_of_one_index_number_are_split_one_by_one():
    "Forty rows of two tables put together came back as eighty, twelve texts on two sides."
    frame = table()[["text", "label"]]
    more = frame.assign(text=frame.text + "!")
    both = pd.concat([frame, more])
    for parts in (split_table(both), make_parts(both)._asdict()):
        sides = [parts[name] for name in ("train", "validation", "test")]
        found = sorted(text for side in sides for text in side.text)
        assert found == sorted(both.text)
        for one, other in itertools.combinations(sides, 2):
            assert not set(one.text) & set(other.text)
    # an index in another order, or of words, changes nothing
    expected = {name: part.text.tolist() for name, part in split_table(frame).items()}
    for index in (range(len(frame), 0, -1), [f"row {i % 7}" for i in range(len(frame))]):
        parts = split_table(frame.set_index(pd.Index(index)))
        assert {name: part.text.tolist() for name, part in parts.items()} == expected


@pytest.mark.parametrize(
    "shares, sentence",
    [
        (dict(test=1.5), "share of test must lie between 0 and 1; 1.5"),
        (dict(test=20), "must lie between 0 and 1"),
        (dict(test=0), "must lie between 0 and 1"),
        (dict(test=-0.5), "must lie between 0 and 1"),
        (dict(test=float("nan")), "must lie between 0 and 1"),
        (dict(test="0.1"), "must lie between 0 and 1; '0.1'"),
        (dict(validation=0.6, test=0.5), r"0\.6 \+ 0\.5 leave nothing for train"),
        (dict(train=0.5, test=0.2), "train gets what the others leave"),
    ],
)
def test_shares_that_lose_rows_are_refused(shares, sentence):
    with pytest.raises(FtkitError, match=sentence):
        split_table(table()[["text", "label"]], shares=shares)


@pytest.mark.parametrize(
    "change, sentence",
    [
        (lambda t: t.drop(columns="label"), "has no column 'label'; `take_rows` makes both"),
        (lambda t: t.to_dict("records"), "has no column 'text'"),
        (lambda t: t[:0], "has no rows"),
        (lambda t: t.assign(text=[None, *t.text[1:]]), "row 1: the text is missing"),
        (lambda t: t.assign(label=["a", None] * (len(t) // 2)), "row 2: the label is missing"),
        (lambda t: t.assign(label=range(len(t))), "row 1: the label is 0, which is no text"),
    ],
)
def test_what_is_no_table_of_texts_is_named(change, sentence):
    frame = table()[["text", "label"]]
    with pytest.raises(FtkitError, match=f"the table.*{sentence}"):
        split_table(change(frame))
    with pytest.raises(FtkitError, match=f"--test.*{sentence}"):
        make_parts(frame, test=change(frame))


def test_doubtful_labels_are_told():
    frame = table()[["text", "label"]]
    assert "more than one" not in make_parts(frame).why
    label = frame.label[0]
    other = next(name for name in classes if name != label)
    again = pd.DataFrame([dict(text=frame.text[0].upper(), label=other)])
    said = make_parts(pd.concat([frame, again])).why
    assert said.endswith(f"; 1 of {len(frame)} different texts have more than one label")
    capital = frame.assign(
        label=[name.title() if i % 2 else name for i, name in frame.label.items()]
    )
    said = make_parts(capital).why
    for name in classes:
        assert f"{name.title()!r}, {name!r} look alike and are 2 classes" in said


def test_a_label_that_training_lacks_is_named_in_any_index():
    frame = table()[["text", "label"]]
    strange = frame[:4].assign(label="strange")
    for index, where in (([4, 5, 6, 7], "row 5"), (list("wxyz"), "row 'w'"), ([7] * 4, "row 8")):
        with pytest.raises(FtkitError, match=f"{where}: the label 'strange' does not occur"):
            make_parts(frame, test=strange.set_index(pd.Index(index)))


@pytest.mark.parametrize("suffix", suffixes)
def test_nothing_is_lost_when_a_table_is_written(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    named = pd.DataFrame(dict(x=["a", "b"]), index=pd.Index(["007", "8"], name="id"))
    write_table(named, path)
    assert read_table(path).to_dict("list") == dict(id=["007", "8"], x=["a", "b"])
    with pytest.raises(FtkitError, match="cannot hold this table"):
        write_table(pd.DataFrame([["a", "b"]], columns=["x", "x"]), path)
    if suffix != ".parquet":
        write_table(pd.DataFrame(dict(x=[float("inf"), -float("inf")])), path)
        assert read_table(path).x.tolist() == ["inf", "-inf"]


def test_a_column_that_is_left_over_is_not_called_the_only_one_that_can_be_it():
    frame = pd.DataFrame(dict(text=["a b c", "d e f", "g h i"], id=["1", "2", "3"]))
    assert "label is 'id', the only column left" in choose_columns(frame).why


def test_a_name_is_found_with_spaces_around_it_and_as_a_number():
    frame = table().drop(columns="id").set_axis([" text", "label "], axis=1)
    assert choose_columns(frame) == (" text", "label ", choose_columns(frame).why)
    assert "text is ' text', a usual name" in choose_columns(frame).why
    assert choose_columns(frame, text="text", label="label")[:2] == (" text", "label ")
    assert choose_columns(frame.set_axis([0, 1], axis=1), text="0", label="1")[:2] == (0, 1)
    both = frame.set_axis(["text", " text"], axis=1)
    assert choose_columns(both, text="text", label=" text")[:2] == ("text", " text")
    with pytest.raises(FtkitError, match="No column 'txt' for --text"):
        choose_columns(frame, text="txt")
