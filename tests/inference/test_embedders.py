"""The embedders one by one: same vectors as the reference, same answer each time, clear refusals."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inference.embedders.catalogue import available_embedders, open_embedder
from inference.embedders.errors import EmbeddingModelUnusable, UnsafeModel
from inference.embedders.export import default_cache_dir, default_model_source, export_default
from inference.embedders.folder import read_facts
from inference.embedders.hashing import HashingEmbedder
from inference.embedders.onnx import OnnxEmbedder, batches_of_similar_length
from inference.embedders.sentence_transformers import SentenceTransformersEmbedder
from inference.errors import ModelCrashed, ModelError, ModelNotFound

TEXTS = [
    "The reading room opens at nine.",
    "",
    "  Spaces   and\nlines\t ",
    "Größe, naïve café – “quotes” 中文段落 हिन्दी 🙂",
    "[MASK] [SEP] [CLS]",
    "Lone surrogate \ud83d here",
    "long " * 600,
    "x" * 5_000,
    "Quarterly revenue rose by 4.2% to $1,234.5 million. " * 12,
]


@pytest.fixture(scope="module")
def default_folder() -> Path:
    """The folder that set-up prepares, made here where set-up has not run."""
    return export_default(default_cache_dir())


@pytest.fixture(scope="module")
def onnx(default_folder: Path) -> Iterator[OnnxEmbedder]:
    embedder = OnnxEmbedder(default_folder)
    yield embedder
    embedder.close()


@pytest.fixture(scope="module")
def reference() -> Iterator[SentenceTransformersEmbedder]:
    embedder = SentenceTransformersEmbedder(default_model_source())
    yield embedder
    embedder.close()


def test_onnx_gives_the_vectors_of_sentence_transformers(
    onnx: OnnxEmbedder, reference: SentenceTransformersEmbedder
) -> None:
    ours, theirs = onnx.embed(TEXTS, "passage"), reference.embed(TEXTS, "passage")
    assert (ours * theirs).sum(axis=1).min() >= 0.9999
    assert np.abs(ours - theirs).max() < 1e-5


def test_both_ways_of_running_one_model_share_a_revision(
    onnx: OnnxEmbedder, reference: SentenceTransformersEmbedder
) -> None:
    assert (onnx.revision, onnx.dimension, onnx.max_tokens) == (
        reference.revision,
        reference.dimension,
        reference.max_tokens,
    )
    assert (onnx.dimension, onnx.max_tokens, onnx.languages) == (384, 254, ("en",))


def test_reference_takes_no_texts_and_survives_them(reference: SentenceTransformersEmbedder) -> None:
    assert reference.embed([], "question").shape == (0, 384)
    assert reference.embed(["after"], "question").shape == (1, 384)


def test_child_that_dies_is_an_error_and_not_a_hang() -> None:
    embedder = SentenceTransformersEmbedder(default_model_source())
    embedder._child.kill()
    embedder._child.join()
    with pytest.raises(ModelCrashed, match="ended unexpectedly"):
        embedder.embed(["text"], "passage")
    embedder.close()


def test_text_beyond_max_tokens_is_not_read(onnx: OnnxEmbedder) -> None:
    read = "long " * onnx.max_tokens
    vectors = onnx.embed([read, read + "and something quite different", "long " * (onnx.max_tokens - 1)], "passage")
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-4


def test_vectors_are_float32_rows_of_length_one(onnx: OnnxEmbedder) -> None:
    vectors = onnx.embed(TEXTS, "passage")
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_no_texts_give_no_rows(onnx: OnnxEmbedder) -> None:
    assert onnx.embed([], "passage").shape == (0, 384)


def test_a_text_has_one_vector_whatever_stands_beside_it(onnx: OnnxEmbedder) -> None:
    together = onnx.embed(TEXTS, "passage")
    alone = np.stack([onnx.embed([text], "question")[0] for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_array_equal(together, onnx.embed(TEXTS, "passage"))


def test_tokenizer_file_counts_long_texts_whole(onnx: OnnxEmbedder) -> None:
    from tokenizers import Tokenizer

    assert onnx.tokenizer_file is not None
    encoding = Tokenizer.from_file(str(onnx.tokenizer_file)).encode("long " * 600, add_special_tokens=False)
    assert len(encoding.ids) == 600


def test_batches_keep_to_their_budget_and_hold_every_row_once() -> None:
    lengths = [5, 400, 90, 90, 90, 700, 5, 5]
    batches = list(batches_of_similar_length(lengths, 512))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= 512 for batch in batches)


def test_default_path_imports_no_torch(default_folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from inference.embedders.catalogue import open_embedder\n"
        f"e = open_embedder('all-MiniLM-L6-v2', cache_dir=Path({str(default_cache_dir())!r}), threads=1)\n"
        "assert e.embed(['a question'], 'question').shape == (1, 384)\n"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers', 'onnx') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_hashing_is_deterministic_and_nearer_for_shared_words() -> None:
    vectors = HashingEmbedder().embed(["red apple", "green apple", "steam engine", ""], "passage")
    np.testing.assert_array_equal(
        vectors, HashingEmbedder().embed(["red apple", "green apple", "steam engine", ""], "question")
    )
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_names_are_listed_and_opened(tmp_path: Path) -> None:
    assert {"all-MiniLM-L6-v2", "hashing"} <= set(available_embedders())
    assert open_embedder("hashing", cache_dir=tmp_path, threads=1).name == "hashing"


def test_exported_folder_opens_by_path(default_folder: Path, tmp_path: Path) -> None:
    embedder = open_embedder(default_folder, cache_dir=tmp_path, threads=1)
    assert isinstance(embedder, OnnxEmbedder)
    assert embedder.name == "all-MiniLM-L6-v2"


def test_folder_that_is_not_there_names_the_choices(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound) as raised:
        open_embedder(tmp_path / "nothing", cache_dir=tmp_path, threads=1)
    assert "all-MiniLM-L6-v2" in raised.value.remedy


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("sun")
    with pytest.raises(EmbeddingModelUnusable) as raised:
        open_embedder(tmp_path, cache_dir=tmp_path, threads=1)
    assert raised.value.path == tmp_path
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({"config.json": "{}", "pytorch_model.bin": "x"}, UnsafeModel),
        ({"config.json": '{"auto_map": {"AutoModel": "code.Model"}}', "model.safetensors": "x"}, UnsafeModel),
        ({"config.json": "{}"}, EmbeddingModelUnusable),
        ({"config.json": "{ broken"}, EmbeddingModelUnusable),
    ],
    ids=["pickle", "own code", "no weights", "broken settings"],
)
def test_unsafe_or_incomplete_folder_is_refused_before_anything_is_loaded(
    tmp_path: Path, files: dict[str, str], error: type[ModelError]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(error) as raised:
        open_embedder(tmp_path, cache_dir=tmp_path, threads=1)
    assert raised.value.remedy


def test_damaged_weights_are_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(EmbeddingModelUnusable) as raised:
        open_embedder(tmp_path, cache_dir=tmp_path, threads=1)
    assert str(tmp_path) in raised.value.message


def test_damaged_graph_is_a_clear_error(default_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(b"not a graph")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_bytes((default_folder / "tokenizer.json").read_bytes())
    with pytest.raises(EmbeddingModelUnusable, match="cannot load"):
        open_embedder(tmp_path, cache_dir=tmp_path, threads=1)


def test_facts_follow_the_folder(tmp_path: Path) -> None:
    prompts = {"prompts": {"query": "query: ", "document": "passage: "}}
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 128}')
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    (tmp_path / "README.md").write_text("---\nlanguage:\n- en\n- de\n---\n")
    facts = read_facts(tmp_path)
    assert facts.prefixes == {"question": "query: ", "passage": "passage: "}
    assert (facts.max_length, facts.pooling, facts.languages) == (128, "cls", ("en", "de"))
