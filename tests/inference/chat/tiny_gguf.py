"""Writes very small GGUF files: whole ones that run, and ones that lack something."""

from pathlib import Path

import gguf
import numpy as np

WIDTH, HEADS, FORWARD = 32, 2, 64


def sentencepiece_vocabulary() -> list[tuple[str, int]]:
    """Return tokens and types of a small vocabulary that puts a blank before the start, as Llama 2 does."""
    special = [("<unk>", gguf.TokenType.UNKNOWN), ("<s>", gguf.TokenType.CONTROL), ("</s>", gguf.TokenType.CONTROL)]
    raw = [(f"<0x{byte:02X}>", gguf.TokenType.BYTE) for byte in range(256)]
    letters = [(letter, gguf.TokenType.NORMAL) for letter in "▁abcdefghijklmnopqrstuvwxyz.,"]
    pairs = [(f"▁{letter}", gguf.TokenType.NORMAL) for letter in "abcdefghijklmnopqrstuvwxyz"]
    return [(text, int(kind)) for text, kind in [*special, *raw, *letters, *pairs]]


def write_model(path: Path, *, architecture: str = "llama", tensors: bool = True, template: str | None = None) -> Path:
    """Write a model of one layer with random weights."""
    writer = gguf.GGUFWriter(path, architecture)
    vocabulary = sentencepiece_vocabulary()
    _write_shape(writer, len(vocabulary))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _kind in vocabulary])
    writer.add_token_scores([-float(index) for index in range(len(vocabulary))])
    writer.add_token_types([kind for _text, kind in vocabulary])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    if template is not None:
        writer.add_chat_template(template)
    if tensors:
        _write_tensors(writer, len(vocabulary))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_shape(writer: gguf.GGUFWriter, vocabulary: int) -> None:
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(vocabulary)


def _write_tensors(writer: gguf.GGUFWriter, vocabulary: int) -> None:
    shapes = {
        "token_embd": (vocabulary, WIDTH),
        "output": (vocabulary, WIDTH),
        "blk.0.attn_q": (WIDTH, WIDTH),
        "blk.0.attn_k": (WIDTH, WIDTH),
        "blk.0.attn_v": (WIDTH, WIDTH),
        "blk.0.attn_output": (WIDTH, WIDTH),
        "blk.0.ffn_gate": (FORWARD, WIDTH),
        "blk.0.ffn_up": (FORWARD, WIDTH),
        "blk.0.ffn_down": (WIDTH, FORWARD),
    }
    random = np.random.default_rng(1)
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.standard_normal(shape, dtype=np.float32) * 0.1)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, dtype=np.float32))
