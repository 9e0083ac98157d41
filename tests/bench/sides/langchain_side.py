"""The pipeline that a Python user would write: LangChain, pypdf, recursive splitter, sentence-transformers, Chroma.

Nothing of ours is imported; what it reads is counted after the clock has stopped.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.bench.sides.child import answer
from tests.bench.sides.tokens import WINDOW_TOKENS, count_tokens


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Index the PDFs of a folder; returns seconds for each part, passages, and tokens in the text and embedded."""
    from langchain_chroma import Chroma
    from langchain_community.document_loaders import PyPDFLoader
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    started = time.monotonic()
    pages = [page for path in arguments["files"] for page in PyPDFLoader(path).load()]
    read = time.monotonic()
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=150)
    passages = splitter.split_documents(pages)
    split = time.monotonic()
    embeddings = HuggingFaceEmbeddings(model_name=arguments["model"])
    loaded = time.monotonic()
    Chroma.from_documents(passages, embeddings, persist_directory=arguments["folder"])
    stored = time.monotonic()
    texts = [passage.page_content for passage in passages]
    counted = _count(Path(arguments["model"]), [page.page_content for page in pages], texts)
    return {
        "pages": len(pages),
        "passages": len(passages),
        "read_s": read - started,
        "split_s": split - read,
        "load_model_s": loaded - split,
        "embed_and_store_s": stored - loaded,
        "total_s": stored - started,
        **counted,
    }


def _count(model: Path, pages: list[str], passages: list[str]) -> dict[str, int]:
    # What lies beyond the model's window is cut off unseen.
    return {
        "tokens_in_text": sum(count_tokens(model, pages)),
        "tokens_embedded": sum(min(WINDOW_TOKENS, count) for count in count_tokens(model, passages)),
    }


if __name__ == "__main__":
    answer(work)
