"Instruction tuning: equal to transformers and trl, and what is refused."

import json

import datasets
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn, tensor

from ftkit.core import FtkitError, setup
from ftkit.finetuning.instruction_tuning import (
    Chat,
    ChatTemplate,
    Reply,
    Task,
    chat_examples,
    chatml,
    check_messages,
    collate_packed,
    document_mask,
    document_positions,
    drawn_tasks,
    in_format,
    in_words,
    instruct,
    instructions_checks,
    instructions_own,
    instructions_smollm2,
    judged,
    learn_rows_from,
    other_answers,
    own_start,
    pack_rows,
    packed_logits,
    packed_loss,
    part_of,
    read_chats,
    replies,
    says_it,
    short_template,
    smollm2_chat,
    with_new_tokens,
    wordings,
    written_after,
)
from ftkit.finetuning.lora import LoRA
from ftkit.foundations.text import BPE, collate
from ftkit.foundations.training import sum_cross_entropy
from ftkit.foundations.transformer import Decoder, gpt_config, llama_config

# SmolLM2's own template, and the same with marks around what the assistant says
smollm2_jinja = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}"
)
marked_jinja = (
    "{% for message in messages %}{% if message['role'] == 'assistant' %}"
    "{{ '<|im_start|>assistant\n' }}{% generation %}{{ message['content'] + '<|im_end|>' }}"
    "{% endgeneration %}{{ '\n' }}{% else %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
usual = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
as_smollm2 = ChatTemplate(chatml.turns, chatml.special, usual)

ask = dict(role="user", content="Count the words: peace gold")
say = dict(role="assistant", content="It is two.")
brief = dict(role="system", content="Be brief.")
talks = [[ask, say], [brief, ask, say], [ask, say, dict(ask, content="And now? 1, 2"), say]]
marks = {"<|im_start|>": 256, "<|im_end|>": 257}


@pytest.fixture(scope="module")
def tokenizer():
    "A byte-level tokenizer of transformers that knows the marks of ChatML."
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    each = Tokenizer(models.BPE({sign: i for i, sign in enumerate(alphabet)}, []))
    each.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    each.decoder = decoders.ByteLevel()
    special = dict(eos_token="<|im_end|>", pad_token="<|pad|>")
    found = PreTrainedTokenizerFast(
        tokenizer_object=each, additional_special_tokens=["<|im_start|>"], **special
    )
    found.chat_template = marked_jinja
    return found


def small(kind=llama_config, V=260, **sizes):
    torch.manual_seed(0)
    sizes = dict(width=16, layers=2, heads=2, context=160, init_std=0.3) | sizes
    return Decoder(kind(V, **sizes)).eval()


def byte_chat(template=chatml):
    special = {mark: 256 + i for i, mark in enumerate(template.special)}
    bpe = BPE([])
    return Chat(template, bpe.encode, bpe.decode, special)


@pytest.mark.parametrize("asked", [False, True])
def test_the_text_is_that_of_smollm2s_own_template(tokenizer, asked):
    for talk in talks:
        talk = talk[:-1] if asked else talk
        theirs = tokenizer.apply_chat_template(
            talk, chat_template=smollm2_jinja, tokenize=False, add_generation_prompt=asked
        )
        assert as_smollm2.text(talk, ask=asked) == theirs


def test_tokens_and_mask_are_those_of_transformers(tokenizer):
    chat = Chat.of(tokenizer)
    for talk in talks:
        theirs = tokenizer.apply_chat_template(
            talk, return_dict=True, return_assistant_tokens_mask=True
        )
        ours = chat.example(talk)
        assert ours["input_ids"] == theirs["input_ids"]
        learned = [False] + [label != -100 for label in ours["labels"][:-1]]
        assert learned == [bool(m) for m in theirs["assistant_masks"]]
        prompt = tokenizer.apply_chat_template(
            talk[:-1], add_generation_prompt=True, return_dict=True
        )
        assert chat.prompt(talk[:-1]) == prompt["input_ids"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("only_answers", [True, False])
def test_the_loss_is_that_of_trl(tokenizer, tmp_path, only_answers):
    from transformers import LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            initializer_range=0.3,
        )
    )
    options = SFTConfig(
        output_dir=str(tmp_path),
        assistant_only_loss=only_answers,
        per_device_train_batch_size=3,
        report_to="none",
        use_cpu=True,
        bf16=False,
        disable_tqdm=True,
        gradient_checkpointing=False,
        save_strategy="no",
    )
    trainer = SFTTrainer(
        model=model,
        args=options,
        train_dataset=datasets.Dataset.from_dict(dict(messages=talks)),
        processing_class=tokenizer,
    )
    theirs = trainer.compute_loss(trainer.model, next(iter(trainer.get_train_dataloader())))
    learn = "answers" if only_answers else "everything"
    batch = collate(chat_examples(Chat.of(tokenizer), talks, learn=learn))
    total, count = sum_cross_entropy(model, batch)
    assert abs(float(total / count) - float(theirs)) < 1e-5


def test_packing_is_that_of_transformers():
    from transformers import DataCollatorWithFlattening

    examples = chat_examples(byte_chat(), talks)
    theirs = DataCollatorWithFlattening()([dict(input_ids=e["input_ids"]) for e in examples])
    (row,) = pack_rows(examples, context=1000)
    batch = collate_packed([row])
    assert batch["input_ids"].tolist() == torch.as_tensor(theirs["input_ids"]).tolist()
    places = document_positions(batch["documents"])
    assert places.tolist() == torch.as_tensor(theirs["position_ids"]).tolist()


@pytest.mark.parametrize("positions", ["rotary", "learned", "sinusoidal", "none"])
def test_a_packed_row_gives_what_each_conversation_gives(positions):
    kind = llama_config if positions == "rotary" else gpt_config
    model = small(kind, positions=positions, context=400)
    examples = chat_examples(byte_chat(), talks)
    a, b, c = (len(e["input_ids"]) for e in examples)
    rows = pack_rows(examples, context=max(a + b, c))
    assert len(rows) == 2 and rows[0]["documents"][-1] == 1
    batch = collate_packed(rows)
    with torch.no_grad():
        found = packed_logits(model, batch["input_ids"], batch["documents"])
        total, count = packed_loss(model, batch)
        alone = [sum_cross_entropy(model, collate([e])) for e in examples]
    first = examples[0]["input_ids"]
    with torch.no_grad():
        wanted = model(tensor([first]))[0]
    torch.testing.assert_close(found[0, : len(first)], wanted, atol=1e-4, rtol=1e-4)
    assert abs(float(total) - sum(float(t) for t, _ in alone)) < 1e-2
    assert int(count) == sum(int(n) for _, n in alone)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=15), st.integers(20, 50))
def test_packing_loses_and_adds_nothing(sizes, context):
    examples = [
        dict(input_ids=[i] * size, labels=[i] * (size - 1) + [-100]) for i, size in enumerate(sizes)
    ]
    rows = pack_rows(examples, context)
    found = [token for row in rows for token in row["input_ids"]]
    assert sorted(found) == sorted(i for i, size in enumerate(sizes) for _ in range(size))
    for row in rows:
        assert len(row["input_ids"]) == len(row["labels"]) == len(row["documents"]) <= context
        documents = tensor([row["documents"]])
        mask = document_mask(documents)[0, 0]
        assert (mask.sum(1) - 1).tolist() == document_positions(documents)[0].tolist()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20), st.sampled_from([*chatml.special, ""]), st.text(max_size=20))
def test_nobody_can_write_a_mark(before, mark, after):
    text = before + mark + after
    ids = byte_chat().prompt([dict(role="user", content=text)])
    assert [i for i in ids if i >= 256] == [256, 257, 256]
    assert byte_chat().decode(ids) == chatml.text([dict(role="user", content=text)], ask=True)


def test_a_tokenizer_of_transformers_can_not_be_tricked(tokenizer):
    ids = Chat.of(tokenizer).prompt([dict(role="user", content="a<|im_end|>b")])
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert ids.count(end) == 1
    assert tokenizer("a<|im_end|>b")["input_ids"].count(end) == 1, "the careless way finds it"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_tasks_have_one_right_answer_and_keep_to_their_part(seed):
    for part in ("train", "test"):
        for task in drawn_tasks(part, 8, seed):
            assert part_of(task.given) == part == part_of(task.given[::-1])
            assert judged(task, Reply(task.answer, True))
            assert not judged(task, Reply(task.answer, False))
            assert not judged(task, Reply(task.answer + " ", True))


def test_tasks_are_even_and_the_last_wording_is_kept():
    tasks = drawn_tasks("train", 160, 0)
    assert [sum(t.kind == kind for t in tasks) for kind in wordings] == [20] * 8
    assert {t.wording for t in tasks} == {0, 1, 2, 3}
    assert Task("back", ("a", "b", "c"), 4).answer == "They are c b a."
    assert Task("sum", (9, 12), 0).answer == "It is twenty one."
    assert Task("smaller", (9, 12), 0).question.endswith(": nine and twelve")


def test_shuffled_answers_stay_with_their_instruction():
    tasks = drawn_tasks("train", 160, 0)
    others = other_answers(tasks, 0, within=True)
    assert sorted(others) == list(range(160)) != others
    assert all(tasks[i].kind == task.kind for i, task in zip(others, tasks, strict=True))
    kinds = [tasks[i].kind for i in other_answers(tasks, 0)]
    assert kinds != [task.kind for task in tasks]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_each_right_answer_has_the_format_and_says_it(seed):
    for task in drawn_tasks("train", 8, seed):
        assert in_format(task, Reply(task.answer, True)) and says_it(task, Reply(task.answer, True))
        assert not in_format(task, Reply(task.answer, False))
        assert not in_format(task, Reply("\n" + task.answer, True))
        assert not says_it(task, Reply("I can't say.", True))


def test_the_generous_judge_reads_numbers_and_whole_words():
    assert says_it(Task("sum", (9, 12), 0), Reply("9 + 12 = 21", True))
    assert not says_it(Task("larger", (4, 6), 0), Reply("It is sixteen.", True))
    assert in_format(Task("sum", (9, 12), 0), Reply("It is ninety nine.", True))
    assert not in_format(Task("list", ("peace", "gold"), 0), Reply("- peace\n", True))


def test_validation_is_made_of_conversations():
    options = dict(max_steps=2, progress=False, device="cpu", evaluate_every=1)
    for pack in (False, True):
        _, history = instruct(small(), byte_chat(), talks, talks[:1], pack=pack, **options)
        assert len(history.evaluations) == 2


def test_new_tokens_leave_the_old_model_as_it_was():
    model = small(tied=True)
    larger = with_new_tokens(model, 3)
    ids = tensor([[1, 2, 3]])
    with torch.no_grad():
        torch.testing.assert_close(larger(ids)[..., :260], model(ids))
    learn_rows_from(larger, 260)
    larger(ids).square().sum().backward()
    gradient = larger.embeddings.tokens.weight.grad
    assert not gradient[:260].any() and gradient[260:].any()


@pytest.mark.parametrize("pack", [False, True])
def test_a_model_learns_to_answer(pack):
    chat = byte_chat(short_template)
    model = with_new_tokens(small(V=256, layers=1, width=32), 3)
    options = dict(max_steps=150, learning_rate=1e-2, progress=False, batch_size=2, device="cpu")
    model, _ = instruct(model, chat, [[ask, say]] * 4, pack=pack, **options)
    assert replies(model, chat, [[ask]], device="cpu") == [Reply("It is two.", True)]


def test_lora_moves_only_itself_and_the_new_rows():
    chat = byte_chat(short_template)
    model = with_new_tokens(small(V=256), 3)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    options = dict(max_steps=3, learning_rate=1e-2, progress=False, device="cpu")
    model, _ = instruct(model, chat, [[ask, say]], method=LoRA(rank=2), new_from=256, **options)
    for name, p in model.named_parameters():
        if name in before and name not in ("embeddings.tokens.weight", "head.weight"):
            assert torch.equal(p, before[name]), name
    for name in ("embeddings.tokens.weight", "head.weight"):
        table = dict(model.named_parameters())[name]
        assert torch.equal(table[:256], before[name][:256])
    assert not torch.equal(model.head.weight[258], before["head.weight"][258])


def test_the_jobs_run_at_smoke(tmp_path):
    class Build:
        run = setup("38_instruction_tuning", "smoke")

        def plan(self, steps):
            self.left = steps

        def step(self, name, function, *arguments):
            self.left -= 1
            return function(tmp_path, *arguments)

    own = Build()
    found = instructions_own(own)
    assert own.left == 0 or len(found["runs"]) == 5
    assert {t["learn"] for t in found["search"]} == {"answers", "everything"}
    real = Build()
    found = instructions_smollm2(real)
    assert real.left == 0 and len(found["runs"]) == 2
    checks = Build()
    found = instructions_checks(checks)
    assert checks.left == 0 and len(found["after"]["shown"]) == 3
    start, _ = own_start(own.run)
    assert isinstance(start, Decoder) and isinstance(smollm2_chat(own.run)[1], Chat)


def refused(call, contains):
    with pytest.raises(FtkitError) as caught:
        call()
    assert contains in str(caught.value), str(caught.value)


def test_empty_keys_and_an_empty_question_pass():
    check_messages([dict(ask, content="", tool_calls=None), say], chatml)


@pytest.mark.parametrize(
    "messages, asked, contains",
    [
        ([ask, dict(role="bot", content="It is two.")], False, "Unknown role 'bot'"),
        ([ask, dict(role="assistant", content=" \n")], False, "empty answer"),
        ([ask, dict(role="assistant", content="two<|im_end|>")], False, "special token <|im_end|>"),
        ([ask, ask], False, "'assistant' was expected"),
        ([say, ask], True, "'user' was expected"),
        ([ask, brief, say], False, "may only come first"),
        ([ask], False, "no answer to learn from"),
        ([ask, say], True, "nothing to answer"),
        ([], False, "a list of messages"),
        ("Hello", False, "a list of messages"),
        ([dict(role="user")], True, "needs a role and a content"),
        ([dict(role="user", content=3)], True, "a text as content; it is 3"),
        ([dict(role="user", content=None)], True, "a text as content; it is None"),
        ([dict(role=["user"], content="Hm")], True, "Unknown role"),
        ([dict(ask, tool_calls=[])], True, "'tool_calls' beside role and content"),
    ],
)
def test_bad_conversations_are_refused_by_name(messages, asked, contains):
    refused(lambda: check_messages(messages, chatml, asked), contains)


@pytest.mark.parametrize(
    "turns, system, contains",
    [
        (dict(user=("Q", "\n")), "", "no turn for 'assistant'"),
        (dict(assistant=("A", "<e>")), "", "no turn for 'user'"),
        (dict(user=("Q", "\n"), assistant=("A", "\n")), "", "Nothing would end an answer"),
        (dict(user=("Q", "\n"), assistant=("A", "<e>")), "Be brief.", "no turn for 'system'"),
        (dict(user="Q", assistant="A"), "", "two texts"),
        (["user", "assistant"], "", "a dictionary of roles"),
    ],
)
def test_templates_that_can_not_teach_answers_are_refused(turns, system, contains):
    refused(lambda: ChatTemplate(turns, ["<e>"], system), contains)


def test_what_a_template_can_not_write_is_refused():
    around = dict(user=("Q", "\n"), assistant=("A", "<e>"))
    for special, contains in (("<e>", "a list of marks"), ([""], "at least one letter")):
        refused(lambda special=special: ChatTemplate(around, special), contains)
    for messages in ([dict(role="bot", content="a")], [dict(role="user")], ["Hello"]):
        refused(lambda messages=messages: chatml.text(messages), "Message 0")
    refused(lambda: as_smollm2.text([]), "no message")


def test_an_encode_that_writes_marks_is_refused(tokenizer):
    def finds_marks(text):
        return tokenizer(text)["input_ids"]

    def begins(text):
        return [1, *chat.encode(text)]

    chat = byte_chat()
    ids = {mark: tokenizer.convert_tokens_to_ids(mark) for mark in chatml.special}
    refused(lambda: Chat(chatml, finds_marks, tokenizer.decode, ids), "could write marks")
    refused(lambda: Chat(chatml, begins, chat.decode_text, chat.special), "switch them off")
    same = dict.fromkeys(chatml.special, 256)
    refused(lambda: Chat(chatml, chat.encode, chat.decode_text, same), "have one number")
    inside = dict(zip(chatml.special, (65, 66), strict=True))
    refused(lambda: Chat(chatml, chat.encode, chat.decode_text, inside), "of the plain text")


def test_tasks_that_can_not_be_drawn_are_refused():
    refused(lambda: drawn_tasks("tset", 8, 0), "Unknown part 'tset'")
    for number in (-8, 0, 4, 10):
        refused(lambda number=number: drawn_tasks("train", number, 0), "no multiple of 8")
    refused(lambda: drawn_tasks("train", 8, 0, phrasings=(5,)), "phrasings are some of")
    refused(lambda: Task("mean", (1, 2), 0).question, "Unknown kind of task 'mean'")


def test_what_can_not_be_asked_or_trained_is_refused():
    chat = byte_chat()
    refused(lambda: replies(nn.Linear(1, 1), chat, [[ask]]), "Linear")
    refused(lambda: written_after(small(), chat, [[1], []]), "Prompt 1 (counted from 0) is empty")
    refused(lambda: written_after(small(), chat, [[1] * 150], 32), "Prompt 0")
    for method in ("lora", LoRA):
        refused(lambda method=method: instruct(small(), chat, talks, method=method), "an object")
    for first in (0, 260, 999):
        bad = dict(method=LoRA(), new_from=first)
        refused(lambda bad=bad: instruct(small(), chat, talks, **bad), "no new token")
    refused(lambda: with_new_tokens(small(), 0), "At least 1")
    refused(lambda: collate_packed(chat_examples(chat, talks)), "no 'documents'")
    refused(lambda: document_mask(tensor([0, 0, 1])), "must be (B, T)")
    refused(lambda: document_positions(tensor([0, 0, 1])), "must be (B, T)")
    two = torch.zeros(1, 2, dtype=torch.long)
    refused(lambda: packed_logits(small(), two, two[:, :1]), "the shapes")


def test_other_bad_input_is_refused_by_name(tmp_path, tokenizer):
    chat = byte_chat()
    refused(lambda: chat.example([ask, say], context=20), "the model's context is 20")
    refused(lambda: chat.example([ask, say], learn="all"), "Unknown learn")
    refused(lambda: chat_examples(chat, [[ask, say], [ask]]), "Conversation 1")
    refused(lambda: chat_examples(chat, []), "no conversation")
    refused(lambda: Chat(short_template, chat.encode, chat.decode, marks), "has no number")
    refused(lambda: Chat.of(tokenizer, short_template), "no special token")
    refused(lambda: pack_rows(chat_examples(chat, talks), 20), "room for 20")
    refused(lambda: packed_logits(nn.Linear(1, 1), None, None), "Linear")
    refused(lambda: instruct(nn.Linear(1, 1), chat, talks), "Linear")
    bad = dict(method=LoRA(), new_from=256, weight_decay=0.1)
    refused(lambda: instruct(small(), chat, talks, **bad), "weight_decay=0")
    refused(lambda: in_words(-1), "from 0 to 99")
    file = tmp_path / "chats.jsonl"
    file.write_text("\n".join(json.dumps(dict(messages=talk)) for talk in talks))
    assert read_chats(file) == talks
    file.write_text(json.dumps(dict(messages=talks[0])) + "\n" + json.dumps(dict(messages=[ask])))
    refused(lambda: read_chats(file), "line 2: The last message")
    file.write_text("\n" + json.dumps(dict(messages=[ask])))
    refused(lambda: read_chats(file), "line 2: The last message")
    file.write_text(json.dumps(dict(conversations=[])))
    refused(lambda: read_chats(file), "Rename 'conversations'")
    file.write_text("")
    refused(lambda: read_chats(file), "a conversation was expected")
    file.write_text('{"text": "Hello"}')
    refused(lambda: read_chats(file), "no 'messages'")
    file.write_text("\n")
    refused(lambda: read_chats(file), "no conversation")
