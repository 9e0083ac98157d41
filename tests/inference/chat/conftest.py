"""The real default model, loaded once for each test file, and ways to ask it."""

from collections.abc import Iterator

import pytest

from inference.api import CancelToken, ChatModel, FactFile, LlamaCppBackend, LoadSettings, ModelRef, ModelShelf


@pytest.fixture(scope="session")
def smollm(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    return ModelShelf(FactFile(tmp_path_factory.mktemp("shelf") / "facts.json")).default()


@pytest.fixture(scope="module")
def model(smollm: ModelRef) -> Iterator[ChatModel]:
    loaded = LlamaCppBackend().load(smollm, LoadSettings(context_tokens=2048), lambda _share: None, CancelToken())
    yield loaded
    loaded.close()
