"""The small vocabulary: whatever people type, it never becomes an action or a special token."""

import random

import pytest
from transformers import AutoTokenizer

from omniactor.actions.embodied import ActionBins
from omniactor.model.presets import small_tokenizer
from omniactor.model.tokenizer import SPECIAL_TOKENS, train_tokenizer

BINS = 256
UNICODE = [
    "",
    " ",
    "\n\n",
    "a  b",
    "naïve café",
    "中文字符",
    "🦾🤖 ok",
    "\u200b\u2028",
    "\x00\x1f",
    "e\u0301",
    "العربية",
    "0123456789",
    "\U0010ffff",
]


@pytest.fixture(scope="module")
def tokenizer():
    return small_tokenizer()


def ids_of(tokenizer, text):
    """Encode as the processor does."""
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids


def typed_by_people():
    """200 strings, among them every name that could be mistaken for something else."""
    draw = random.Random(0)
    names = [f"[action_{i}]" for i in range(BINS)] + list(SPECIAL_TOKENS)
    pieces = [*names, *UNICODE, "action", "[", "_", "]", "<|", "|>", "Ġ", "put the bowl on the plate"]
    texts = ["".join(names), "".join(reversed(names)), " ".join(names), "long words " * 2000]
    texts += [draw.choice(" \n") + name for name in draw.sample(names, 40)] + list(UNICODE)
    while len(texts) < 200:
        characters = [
            chr(draw.choice([draw.randrange(128), draw.randrange(0xD800), draw.randrange(0xE000, 0x110000)])) for _ in range(9)
        ]
        texts.append("".join(draw.choices([*pieces, *characters], k=draw.randrange(1, 30))))
    return texts


def test_no_text_ever_gives_an_action_or_a_special_token(tokenizer):
    texts = typed_by_people()
    first = ActionBins.on_rarest_ids(tokenizer.vocab_size, BINS).first_id
    assert len(texts) == 200
    for text in texts:
        assert max(ids_of(tokenizer, text), default=0) < first, text[:80]


def test_every_text_comes_back_byte_for_byte(tokenizer):
    for text in typed_by_people():
        assert tokenizer.decode(ids_of(tokenizer, text), clean_up_tokenization_spaces=False) == text


def test_ordinary_ids_come_first_then_actions_then_special_tokens(tokenizer):
    assert (tokenizer.vocab_size, len(tokenizer)) == (1024, 1032)
    names = tokenizer.convert_ids_to_tokens(list(range(1032)))
    assert names[768:1024] == [f"[action_{i}]" for i in range(BINS)]
    assert names[1024:] == list(SPECIAL_TOKENS)
    assert not any(name.startswith("[action_") or name in SPECIAL_TOKENS for name in names[:768])
    bins = ActionBins.on_rarest_ids(tokenizer.vocab_size, BINS)
    assert (bins.first_id, bins.last_id) == (768, 1023)


def test_special_tokens_are_known_by_name_and_by_role(tokenizer):
    assert tokenizer.pad_token == "<|endoftext|>" and tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.padding_side == "left"
    assert tokenizer("<|im_start|>x<|im_end|>", add_special_tokens=False).input_ids[::2] == [1025, 1026]  # unless told to split


def test_digits_are_read_one_by_one(tokenizer):
    assert [tokenizer.decode([i]) for i in ids_of(tokenizer, "x=0.634")][-3:] == ["6", "3", "4"]


def test_the_same_texts_give_the_same_tokenizer():
    texts = ["put the bowl on the plate", "put the plate on the stove"] * 3
    first, second = (train_tokenizer(iter(texts), 300, 16) for _ in range(2))
    assert first.backend_tokenizer.to_str() == second.backend_tokenizer.to_str()
    assert first.get_vocab() == second.get_vocab()
    assert small_tokenizer().backend_tokenizer.to_str() == small_tokenizer().backend_tokenizer.to_str()


def test_few_texts_give_a_small_vocabulary_in_the_same_order():
    tokenizer = train_tokenizer(["ab"], vocabulary=1024, num_action_bins=4)
    assert tokenizer.vocab_size == 260 and len(tokenizer) == 268  # 256 bytes, no merge
    assert tokenizer.convert_ids_to_tokens([256, 259, 260]) == ["[action_0]", "[action_3]", "<|endoftext|>"]


def test_a_saved_tokenizer_is_the_same_after_loading(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert (loaded.vocab_size, len(loaded), loaded.padding_side) == (1024, 1032, "left")
    assert (loaded.pad_token_id, loaded.eos_token_id) == (tokenizer.pad_token_id, tokenizer.eos_token_id)
    assert loaded.get_vocab() == tokenizer.get_vocab()
    for text in typed_by_people():
        assert ids_of(loaded, text) == ids_of(tokenizer, text)
