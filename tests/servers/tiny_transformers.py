"""Make tiny models for `transformers serve`: random weights, one token a byte. Runs in that server's environment.

python tiny_transformers.py CACHE CONTEXT

CACHE gets what a cache of the hub holds, with two models in it: `tiny/llama`, whose positions have no end, and
`tiny/gpt2`, which has a place for each of its CONTEXT positions, and no further one.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

BEGIN, END, PAD = "<|im_start|>", "<|im_end|>", "<|pad|>"

#: As of the models that are served most: tools as JSON in a system text, calls and results as messages.
TEMPLATE = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content or '' }}"
    "{% for call in message.tool_calls or [] %}<tool_call>{{ call.function | tojson }}</tool_call>{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

#: What the models say: they never end by themselves.
SPOKEN = f" {string.ascii_lowercase}"


def make(cache: Path, context: int) -> None:
    torch.manual_seed(0)
    tokenizer = _tokenizer(context)
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    llama = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=context,
        **ends,
    )
    gpt2 = GPT2Config(vocab_size=len(tokenizer), n_positions=context, n_embd=64, n_layer=2, n_head=4, **ends)
    _save(cache / "models--tiny--llama", LlamaForCausalLM(llama), tokenizer)
    _save(cache / "models--tiny--gpt2", GPT2LMHeadModel(gpt2), tokenizer)


def _tokenizer(context: int) -> PreTrainedTokenizerFast:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bare = Tokenizer(models.BPE(vocab={letter: place for place, letter in enumerate(letters)}, merges=[]))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    bare.add_special_tokens([PAD, BEGIN, END])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bare, bos_token=BEGIN, eos_token=END, pad_token=PAD, model_max_length=context
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def _save(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
    spoken = set(tokenizer.encode(SPOKEN))
    model.generation_config = GenerationConfig(
        do_sample=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        suppress_tokens=[token for token in range(len(tokenizer)) if token not in spoken],
    )
    revision = "0" * 40
    snapshot = folder / "snapshots" / revision
    model.save_pretrained(snapshot)
    tokenizer.save_pretrained(snapshot)
    reference = folder / "refs" / "main"
    reference.parent.mkdir(parents=True)
    reference.write_text(revision)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))
