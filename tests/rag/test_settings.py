"""Settings: their file, what they allow, and their table in the docs."""

from dataclasses import fields
from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import RagSettings, check_settings, load_settings, save_settings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_every_setting_stands_in_the_docs_with_its_meaning() -> None:
    text = DOCS.read_text("utf-8")
    for each in fields(RagSettings):
        assert f"| `{each.name}` |" in text
        assert each.metadata["description"] in text


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    chosen = RagSettings(passages_per_answer=3, model_files=("a.gguf",), models_at_start=False, temperature=1)
    save_settings(chosen, tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json") == chosen
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    "values",
    [{"passages_per_answer": 0}, {"passages_per_answer": True}, {"temperature": "hot"}, {"models_at_start": 1}],
)
def test_a_value_that_is_not_allowed_is_refused_by_name(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(values))):
        check_settings(**values)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match="colour"):
        check_settings(colour="red")
