"""The real default model, loaded once for each test file.

Tests run beside each other: threads of llama.cpp that wait by spinning would then slow each other down by far. The
OpenMP library reads this when it is loaded, so it is set before.
"""

import os
from collections.abc import Iterator

import pytest

from inference.api import CancelToken, ChatModel, FactFile, LlamaCppBackend, LoadSettings, ModelRef, ModelShelf

os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(scope="session")
def smollm(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    return ModelShelf(FactFile(tmp_path_factory.mktemp("shelf") / "facts.json")).default()


@pytest.fixture(scope="module")
def model(smollm: ModelRef) -> Iterator[ChatModel]:
    loaded = LlamaCppBackend().load(smollm, LoadSettings(context_tokens=2048), lambda _share: None, CancelToken())
    yield loaded
    loaded.close()
