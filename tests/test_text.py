"Tokens, truncation, batches, byte-pair encoding: parity with the libraries, properties, bad input."

import copy
import functools
import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    ByT5Tokenizer,
    CanineTokenizer,
    DataCollatorForTokenClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)

from ftkit.core import FtkitError
from ftkit.foundations.text import (
    BPE,
    batches,
    byte_order,
    check_padding,
    collate,
    collate_for,
    keeps,
    learn_merges,
    make_batch,
    make_examples,
    padding_waste,
    replace_pair,
    seeded_generator,
    special_tokens,
    split_text,
    takes_generator,
    tokenize,
    train_bpe,
    truncate,
)

prose = [
    "The plot is thin, but the acting isn't: a fine, fine film!",
    "I'm 42 and I've never seen a duller one...\n\nNever.",
    "Amélie: ein schöner Film 🎬 — 很好看 — 2² Ⅷ",
    "aaaa aaa aa a  aaaaa   banana bananas",
    "",
] * 3


def library_bpe(texts, size):
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def library_merges(tokenizer):
    visible = dict(zip(sorted(pre_tokenizers.ByteLevel.alphabet()), byte_order))

    def as_bytes(token):
        return bytes(visible[c] for c in token)

    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(as_bytes(a), as_bytes(b)) for a, b in merges]


@pytest.fixture(scope="module")
def bert():
    "A small WordPiece tokenizer, made here, with BERT's [CLS] and [SEP] and a longest row of 16."
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    pieces = ["a", "fine", "film", "dull", "##er", "##s", "!", ","]
    words = special + pieces + [f"w{i}" for i in range(100)]
    vocabulary = {word: i for i, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=16,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
    )


@pytest.fixture(scope="module")
def plain():
    return PreTrainedTokenizerFast(tokenizer_object=library_bpe(prose, 300))


# ---- byte-pair encoding


def test_merges_vocabulary_and_encodings_are_the_librarys():
    ours = train_bpe(prose, 400)
    theirs = library_bpe(prose, 400)
    assert ours.merges == library_merges(theirs)
    assert len(ours.merges) > 60
    assert len(ours.vocabulary) == theirs.get_vocab_size()
    for text in [*prose, "never seen before: bananarama ÄÖÜ ß 🎬🎬 \x00\x1c\x85"]:
        assert ours.encode(text) == theirs.encode(text).ids


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("ab c", min_size=1, max_size=40), min_size=1, max_size=5),
    st.integers(256, 330),
)
def test_ties_and_overlaps_fall_as_in_the_library(texts, size):
    ours = train_bpe(texts, size)
    theirs = library_bpe(texts, size)
    assert ours.merges == library_merges(theirs)
    for text in [*texts, "abab aab", "aaaaaaa"]:
        assert ours.encode(text) == theirs.encode(text).ids


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text("abcd", min_size=1, max_size=8), st.integers(1, 5), min_size=1, max_size=8
    ),
    st.integers(0, 30),
)
def test_updating_counts_equals_counting_again(words, n):
    ids = [["abcd".index(c) for c in w] for w in words]
    again = [list(w) for w in ids]
    naive = []
    while len(naive) < n:
        counts = Counter()
        for word, times in zip(again, words.values()):
            for pair in pairwise(word):
                counts[pair] += times
        if not counts:
            break
        naive.append(min(counts, key=lambda p: (-counts[p], p)))
        again = [replace_pair(w, naive[-1], 3 + len(naive)) for w in again]
    assert learn_merges(ids, list(words.values()), 4, n) == naive


bpe = train_bpe(prose, 360)


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec=None)))  # with lone surrogates and control characters
def test_any_string_comes_back(text):
    assert "".join(split_text(text)) == text
    assert bpe.decode(bpe.encode(text)) == text


@settings(max_examples=150, deadline=None)
@given(st.binary())
def test_any_bytes_come_back(data):
    assert bpe.decode_bytes(bpe.encode(data)) == data


@pytest.mark.parametrize(
    "text",
    [
        "\ud83c",
        "\udcff\udc80",
        "\ud83c\udfac",
        "\x00\x1b\x7f\x85\xa0\u2028\ufeff",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "e\u0301\u0300",
        "\r\n\r \t\x1c\x1f",
        "\U0010ffff",
    ],
)
def test_odd_strings_come_back(text):
    assert bpe.decode(bpe.encode(text)) == text


def test_text_and_its_bytes_have_the_same_tokens():
    for text in prose:
        assert bpe.encode(text) == bpe.encode(text.encode())


def test_a_character_cut_apart_is_marked_not_dropped():
    assert BPE([]).decode(BPE([]).encode("x🎬")[:3]) == "x\ufffd"


def test_no_token_is_made_twice_and_training_stops_when_no_pair_is_left():
    small = train_bpe("abc abc", 10_000)
    assert len(set(small.vocabulary)) == len(small.vocabulary) == 256 + len(small.merges) < 262
    assert train_bpe("", 300).merges == []
    assert BPE([]).encode("é") == [byte_order.index(b) for b in "é".encode()]


def test_a_prefix_of_the_merges_is_a_smaller_tokenizer():
    assert train_bpe(prose, 300).merges == bpe.merges[:44]


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: train_bpe("low", 255), "256 bytes alone"),
        (lambda: train_bpe([1], 300), "Text 0"),
        (lambda: train_bpe(b"low", 300), "write \\[text\\]"),
        (lambda: bpe.decode([10**6]), "Token 1000000 does not exist"),
        (lambda: bpe.decode([-1]), "Token -1 does not exist"),
    ],
)
def test_bad_input_to_bpe_is_a_sentence(call, sentence):
    with pytest.raises(FtkitError, match=sentence):
        call()


# ---- truncation and tokenize


@given(st.lists(st.integers(), max_size=40), st.integers(0, 50), st.sampled_from(keeps))
def test_truncate_keeps_the_ends_it_promises(ids, length, keep):
    kept = truncate(ids, length, keep)
    assert len(kept) == min(length, len(ids))
    assert kept is not ids
    head = {"head": len(kept), "tail": 0, "head_tail": (len(kept) + 1) // 2}[keep]
    if len(ids) > length:
        assert kept == ids[:head] + ids[len(ids) - len(kept) + head :]
    else:
        assert kept == ids


def test_head_is_the_librarys_truncation_and_none_its_plain_encoding(bert):
    texts = ["", "fine", "a fine film, duller films! " * 5, " ".join(f"w{i}" for i in range(100))]
    for n in (3, 5, 16):
        theirs = bert(texts, truncation=True, max_length=n)["input_ids"]
        assert tokenize(texts, bert, n, "head") == theirs
    assert tokenize(texts, bert, None) == bert(texts, verbose=False)["input_ids"]


def test_head_and_tail_keeps_both_ends_inside_the_special_tokens(bert):
    (row,) = tokenize([" ".join(f"w{i}" for i in range(100))], bert, 7)
    assert bert.convert_ids_to_tokens(row) == ["[CLS]", "w0", "w1", "w2", "w98", "w99", "[SEP]"]


def test_special_tokens_of_several_tokenizers(bert, plain):
    assert special_tokens(bert) == ([2], [3])
    assert special_tokens(plain) == ([], [])
    # written in Python: two special tokens, and one at the end
    canine = CanineTokenizer()
    byt5 = ByT5Tokenizer()
    assert special_tokens(canine) == ([canine.cls_token_id], [canine.sep_token_id])
    assert special_tokens(byt5) == ([], [byt5.eos_token_id])
    for tokenizer in (plain, canine, byt5):
        theirs = [list(ids) for ids in tokenizer(prose)["input_ids"]]
        assert tokenize(prose, tokenizer, None) == theirs
    assert tokenize(["abcdef", ""], byt5, 4, "tail") == byt5(["def", ""])["input_ids"]


def test_a_tokenizers_own_truncation_and_padding_do_not_interfere(bert):
    bert.backend_tokenizer.enable_truncation(4)
    bert.backend_tokenizer.enable_padding(length=12)
    try:
        assert tokenize(["fine " * 9, "fine"], bert, None) == [[2] + [5] * 9 + [3], [2, 5, 3]]
    finally:
        bert.backend_tokenizer.no_truncation()
        bert.backend_tokenizer.no_padding()


def test_long_texts_and_many_texts_bring_no_warning(bert, caplog, capfd):
    long = ["fine " * 200_000, "x" * 10**6, ""]
    rows = tokenize(long + ["film"] * 5000, bert, 12)  # more than one slice
    assert [len(r) for r in rows[:4]] == [12, 3, 2, 3]
    assert len(rows) == 5003
    assert rows[-1] == [2, 6, 3]
    assert "longer than" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda t: tokenize(["fine"], t, 2), "must be at least 3"),
        (lambda t: tokenize(["fine"], t, -5), "leaves no room"),
        (lambda t: tokenize([], t, 2), "must be at least 3"),
        (lambda t: tokenize("fine", t), "write \\[text\\]"),
        (lambda t: tokenize(["fine", None], t), "Text 1.*None.*a string is expected"),
        (lambda t: tokenize([3.5], t), "Text 0.*3.5.*float"),
        (lambda t: tokenize(["fine"], t, keep="middle"), "Unknown way to truncate 'middle'"),
        (lambda t: truncate([1], -1), "must be 0 or more"),
        (lambda t: make_examples(["fine"], [1, 0], t), "1 texts but 2 labels"),
    ],
)
def test_bad_input_is_a_sentence(bert, call, sentence):
    with pytest.raises(FtkitError, match=sentence):
        call(bert)


def test_without_special_tokens_one_token_is_room_enough(plain):
    assert tokenize(["fine", ""], plain, 1) == [plain("fine")["input_ids"][:1], []]
    with pytest.raises(FtkitError, match="at least 1"):
        tokenize(["fine"], plain, 0)


# ---- batches and collation

sizes = st.lists(st.integers(0, 600), max_size=300)


@settings(deadline=None)
@given(
    sizes,
    st.integers(1, 40),
    st.one_of(st.none(), st.integers(0, 10**9)),
    st.integers(0, 5),
    st.integers(1, 10),
)
def test_batches_are_a_permutation_and_deterministic(lengths, batch_size, seed, epoch, pool):
    found = batches(lengths, batch_size, seed, epoch, pool)
    assert sorted(i for b in found for i in b) == list(range(len(lengths)))
    assert all(1 <= len(b) <= batch_size for b in found)
    assert len(found) == -(-len(lengths) // batch_size)  # rounded up
    assert found == batches(np.array(lengths), batch_size, seed, epoch, pool)


@given(sizes, st.integers(1, 40))
def test_without_a_seed_the_order_is_by_length(lengths, batch_size):
    flat = [i for b in batches(lengths, batch_size) for i in b]
    assert flat == sorted(range(len(lengths)), key=lambda i: lengths[i])


@settings(deadline=None)
@given(sizes, st.integers(1, 40))
def test_sorting_never_wastes_more_than_the_given_order(lengths, batch_size):
    n = len(lengths)
    given_order = [range(i, min(i + batch_size, n)) for i in range(0, n, batch_size)]
    waste = padding_waste(lengths, given_order)
    assert 0 <= waste < 1
    if len(lengths) % batch_size == 0:
        assert padding_waste(lengths, batches(lengths, batch_size)) <= waste + 1e-12


def test_seed_epoch_and_batch_order_matter():
    lengths = np.random.default_rng(0).integers(10, 500, 2000)
    found = batches(lengths, 16, seed=0)
    assert found != batches(lengths, 16, seed=1)
    assert found != batches(lengths, 16, seed=0, epoch=1)
    longest = [max(lengths[b]) for b in found]
    drift = np.corrcoef(np.arange(len(longest)), longest)[0, 1]
    assert abs(drift) < 0.3  # from short to long
    as_given = [range(i, i + 16) for i in range(0, 2000, 16)]
    assert padding_waste(lengths, found) < 0.1 < padding_waste(lengths, as_given)


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda: batches([1], 0), "batch_size and pool"),
        (lambda: batches([1], 1, 0, pool=0), "batch_size and pool"),
        (lambda: batches([1], 1, seed=-1), "seed and epoch"),
        (lambda: batches([1], 1, seed=0, epoch=-1), "seed and epoch"),
        (lambda: collate([]), "at least one example"),
        (lambda: collate([{"input_ids": [1, 2], "labels": [1]}]), "2 tokens but 1 labels"),
        (
            lambda: collate([{"input_ids": [1], "labels": 1}, {"input_ids": [1]}]),
            "1 of 2 examples have no labels",
        ),
    ],
)
def test_bad_batches_are_a_sentence(call, sentence):
    with pytest.raises(FtkitError, match=sentence):
        call()


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 99), max_size=12), min_size=1, max_size=6))
def test_collate_loses_and_adds_nothing(rows):
    batch = collate([dict(input_ids=r, labels=[-x for x in r]) for r in rows], pad_id=77)
    ids = batch["input_ids"]
    mask = batch["attention_mask"]
    labels = batch["labels"]
    assert ids.shape == mask.shape == labels.shape == (len(rows), max(1, *map(len, rows)))
    assert ids.dtype == mask.dtype == labels.dtype == torch.int64
    for i, row in enumerate(rows):
        real = mask[i] == 1
        assert ids[i][real].tolist() == row
        assert labels[i][real].tolist() == [-x for x in row]
    assert (ids[mask == 0] == 77).all()
    assert (labels[mask == 0] == -100).all()


def test_collate_is_the_librarys(bert):
    examples = [
        dict(input_ids=[2, 5, 6, 3], labels=[-100, 1, 0, -100]),
        dict(input_ids=[2, 3], labels=[-100, -100]),
    ]
    with_masks = [dict(e, attention_mask=[1] * len(e["input_ids"])) for e in examples]
    theirs = DataCollatorForTokenClassification(bert)(with_masks)
    ours = collate(examples, pad_id=bert.pad_token_id)
    assert set(ours) == {"input_ids", "attention_mask", "labels"}
    for k in ours:
        assert torch.equal(ours[k], theirs[k])


def test_labels_of_a_row_may_be_whole_or_real_numbers_or_absent(bert):
    whole = collate(make_examples(["fine", "a film"], np.array([1, 0]), bert))
    assert whole["labels"].tolist() == [1, 0]
    real = collate(make_examples(["fine"], torch.tensor([0.5]), bert))
    assert real["labels"].dtype == torch.float32
    assert "labels" not in collate(make_examples(["fine"], None, bert))


# ---- padding of models that read the last token

sizes_of = dict(
    gpt2=dict(n_embd=16, n_layer=2, n_head=2, n_positions=32),
    llama=dict(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
    ),
)


def last_token_classifier(kind, pad_token_id):
    "A tiny classifier with random weights, large enough that its answers differ."
    torch.manual_seed(0)
    make_config, make_model = {
        "gpt2": (GPT2Config, GPT2ForSequenceClassification),
        "llama": (LlamaConfig, LlamaForSequenceClassification),
    }[kind]
    config = make_config(vocab_size=60, pad_token_id=pad_token_id, **sizes_of[kind])
    model = make_model(config).eval()
    with torch.no_grad():
        model.score.weight.mul_(100)
    return model


def texts_of_several_lengths():
    rows = [[5, 6], [7, 8, 9, 10, 11, 12], [13], [0, 14, 15, 0]]
    return [dict(input_ids=row) for row in rows]


@pytest.fixture(params=[7, 59])
def padded(request, plain):
    "A tokenizer with a padding token that is not 0."
    tokenizer = copy.deepcopy(plain)
    tokenizer.pad_token = tokenizer.convert_ids_to_tokens(request.param)
    assert tokenizer.pad_token_id == request.param
    return tokenizer


@pytest.mark.parametrize("kind", sizes_of)
def test_a_last_token_classifier_says_the_same_in_a_batch_as_alone(kind, padded):
    model = last_token_classifier(kind, padded.pad_token_id)
    examples = texts_of_several_lengths()
    examples[1]["input_ids"][0] = 8  # no text may hold the padding token
    make = collate_for(padded)
    with torch.no_grad():
        alone = torch.cat([model(**make([e])).logits for e in examples])
        together = model(**make(examples)).logits
        with_0 = model(**collate(examples)).logits
    check_padding(model, make(examples))
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)
    assert (with_0.softmax(-1) - alone.softmax(-1)).abs().max() > 0.1
    sentence = rf"ForSequenceClassification has pad_token_id {padded.pad_token_id}.*token \[0\]"
    with pytest.raises(FtkitError, match=sentence):
        check_padding(model, collate(examples))


def test_a_last_token_classifier_without_padding_takes_one_text_at_a_time(padded):
    model = last_token_classifier("llama", None)
    examples = texts_of_several_lengths()
    check_padding(model, collate(examples[:1]))
    with pytest.raises(FtkitError, match="has no padding token in its config"):
        check_padding(model, collate_for(padded)(examples))


def test_a_model_that_reads_its_first_token_may_be_padded_with_anything():
    check_padding(torch.nn.Linear(1, 1), collate(texts_of_several_lengths(), pad_id=3))


def test_collate_for_a_bert_is_collate_and_without_padding_it_says_what_to_do(bert, plain):
    examples = texts_of_several_lengths()
    ours = collate_for(bert)(examples)
    assert all(torch.equal(ours[k], v) for k, v in collate(examples).items())
    for tokenizer in (plain, BPE([])):
        with pytest.raises(FtkitError, match=r"no padding token.*tokenizer\.pad_token = "):
            collate_for(tokenizer)


# a collate that draws


def named(examples, generator):
    return dict(input_ids=torch.rand(len(examples), 1, generator=generator))


def with_default(examples, generator=None):
    return named(examples, generator)


def anything(examples, **more):
    return dict(more)


def pairs_of(collate):
    def pairs(examples):
        return collate(examples * 2)

    return pairs


class Drawing:
    def __call__(self, examples, *, generator=None):
        return named(examples, generator)

    def method(self, examples, generator):
        return named(examples, generator)


class Plain:
    generator = None

    def __call__(self, examples):
        return {}


takers = {
    "function": named,
    "with a default": with_default,
    "partial": functools.partial(with_default),
    "object": Drawing(),
    "method": Drawing().method,
    "partial of an object": functools.partial(Drawing()),
    "wrapped": functools.wraps(named)(lambda *some, **more: named(*some, **more)),
}
others = {
    "nothing of the name": collate,
    "more of any name": anything,
    "bound already": functools.partial(named, generator=torch.Generator()),
    "an attribute": Plain(),
    "wrapped by one that takes examples only": functools.wraps(named)(pairs_of(collate)),
    "built in": max,
    "by position only": lambda examples, generator, /: {},
}


@pytest.mark.parametrize("kind", takers)
def test_a_collate_with_an_argument_generator_gets_it(kind):
    assert takes_generator(takers[kind])
    batches = []
    for numbers in ((1, 2), (1, 2), (1, 3)):
        generator = seeded_generator(*numbers)
        batches.append(make_batch(None, takers[kind], [{}] * 9, "cpu", generator)["input_ids"])
        torch.rand(1)
    assert torch.equal(batches[0], batches[1])
    assert not torch.equal(batches[0], batches[2])


@pytest.mark.parametrize("kind", others)
def test_a_collate_without_one_gets_none(kind):
    assert not takes_generator(others[kind])


def test_generators_of_other_numbers_draw_other_numbers():
    drawn = set()
    for stream in range(2):
        for seed in range(10):
            for step in range(10):
                drawn.add(torch.rand(1, generator=seeded_generator(stream, seed, step)).item())
    assert len(drawn) == 200
    assert torch.equal(seeded_generator(3, 4).get_state(), seeded_generator(3, 4).get_state())
