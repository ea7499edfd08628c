"""Make a tiny model for llama.cpp: random weights, one token a character. Runs in that server's environment.

python tiny_gguf.py FILE CONTEXT
"""

from __future__ import annotations

import string
import sys

import numpy as np
from gguf import GGUFWriter, LlamaFileType, TokenType

BEGIN, END = "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] or '' }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WIDTH, HEADS, LAYERS, INNER = 128, 4, 2, 256

#: What the model says: it never ends by itself.
SPOKEN = ["▁", *string.ascii_lowercase]


def vocabulary() -> list[tuple[str, TokenType]]:
    return [
        ("<unk>", TokenType.UNKNOWN),
        (BEGIN, TokenType.CONTROL),
        (END, TokenType.CONTROL),
        *((f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)),
        *((letter, TokenType.NORMAL) for letter in SPOKEN),
    ]


def make(path: str, context: int) -> None:
    tokens = vocabulary()
    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([int(kind) for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
    for name, weights in _weights([text in SPOKEN for text, _ in tokens]).items():
        writer.add_tensor(name, weights.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _weights(spoken: list[bool]) -> dict[str, np.ndarray]:
    """Random, but that the first number of what passes through is always large: with it, a word can be ruled out."""
    random = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.normal(0, columns**-0.5, (rows, columns))

    embedding, output = random.normal(0, 1, (len(spoken), WIDTH)), matrix(len(spoken), WIDTH)
    embedding[:, 0] = 10
    output[:, 0] = np.where(spoken, 0, -20)
    weights = {"token_embd.weight": embedding, "output.weight": output, "output_norm.weight": np.ones(WIDTH)}
    for layer in range(LAYERS):
        block = {
            "attn_norm": np.ones(WIDTH),
            "attn_q": matrix(WIDTH, WIDTH),
            "attn_k": matrix(WIDTH, WIDTH),
            "attn_v": matrix(WIDTH, WIDTH),
            "attn_output": matrix(WIDTH, WIDTH),
            "ffn_norm": np.ones(WIDTH),
            "ffn_gate": matrix(INNER, WIDTH),
            "ffn_up": matrix(INNER, WIDTH),
            "ffn_down": matrix(WIDTH, INNER),
        }
        block["attn_output"][0] = block["ffn_down"][0] = 0
        weights |= {f"blk.{layer}.{name}.weight": values for name, values in block.items()}
    return weights


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]))
