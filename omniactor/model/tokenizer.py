"""A small vocabulary of our own: byte-pair tokens, K ids for actions, Qwen2-VL's special tokens.

It follows the rule of the big vocabulary (`ActionBins.on_rarest_ids`): the K last ordinary ids are the
least frequent. Here they are never produced by text at all, because no merge leads to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

SPECIAL_TOKENS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>",
    "<|video_pad|>",
)  # fmt: skip
"""Those of Qwen2-VL that a prompt needs, in the same order as there."""


def train_tokenizer(texts: Iterable[str], vocabulary: int = 1024, num_action_bins: int = 256) -> PreTrainedTokenizerFast:
    """Train byte-pair merges on texts and add the action ids and special tokens behind them.

    Args:
        texts: what the model will read and write.
        vocabulary: text tokens to aim for, 256 bytes included; fewer when the texts hold no more repeated pairs.
        num_action_bins: K.

    Returns:
        A tokenizer whose `vocab_size` counts text and action ids; special tokens follow. The same texts
        give the same tokenizer.
    """
    tokenizer = Tokenizer(models.BPE())
    # Digits one by one, as Qwen2 splits them: a coordinate is read off digit by digit.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False, min_frequency=2)
    tokenizer.train_from_iterator(texts, trainer)
    content = json.loads(tokenizer.to_str())
    first = len(content["model"]["vocab"])
    content["model"]["vocab"].update({f"[action_{index}]": first + index for index in range(num_action_bins)})
    tokenizer = Tokenizer.from_str(json.dumps(content))
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side="left",
        additional_special_tokens=list(SPECIAL_TOKENS),
    )  # fmt: skip
