"""The benchmark works: its arithmetic, its harness, and a small form of figures; never how fast anything is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import __main__ as program
from tests.bench import places, synthetic, windows
from tests.bench.report import Figure, Options, at_least, at_most, percentile, times_as_fast, write_json
from tests.bench.sides import child

FIGURES = Path(__file__).parent / "figures"


def test_each_figure_has_a_module_and_a_name() -> None:
    assert sorted(program.FIGURES) == sorted(path.stem for path in FIGURES.glob("[a-z]*.py"))


def test_ratio_is_ours_to_the_other_where_more_is_better() -> None:
    measure = at_least("Speed", "tokens/s", 95.0, 100.0, "other", 0.95)
    assert measure.ratio == pytest.approx(0.95)
    assert measure.met


def test_ratio_of_times_is_the_other_to_ours() -> None:
    assert times_as_fast("Indexing", 50.0, 100.0, "other", 1.8).ratio == pytest.approx(2.0)
    assert not times_as_fast("Indexing", 90.0, 100.0, "other", 1.8).met


def test_a_limit_is_missed_when_ours_is_above_it() -> None:
    assert at_most("Delay", "ms", 150.0, 150.0, "limit").met
    assert not at_most("Delay", "ms", 151.0, 150.0, "limit").met


def test_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.95) == 95.0
    assert percentile([3.0], 0.95) == 3.0


def test_figure_is_written_with_both_sides_and_the_machine(tmp_path: Path) -> None:
    figure = Figure("speed", "Speed", (at_least("Speed", "tokens/s", 99.0, 100.0, "other", 0.95),), {"rounds": 5})
    record = json.loads(write_json(figure, tmp_path, 1.0).read_text(encoding="utf-8"))
    assert record["measures"][0]["ours"] == 99.0
    assert record["measures"][0]["other"] == 100.0
    assert record["measures"][0]["met"] is True
    assert record["machine"]["cores"]


def test_a_skipped_figure_says_why() -> None:
    assert "skipped: no compiler" in Figure("speed", "Speed", skipped="no compiler").text()


def test_unknown_figure_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["nonsense"])
    assert ended.value.code == 2
    assert "no such figure: nonsense" in capsys.readouterr().err


def test_a_side_that_fails_says_what_it_said() -> None:
    with pytest.raises(child.SideFailed, match="No module named"):
        child.measure("no_such_side", {})


def test_synthetic_documents_are_the_same_each_time(tmp_path: Path) -> None:
    first, second = (synthetic.write_notes(tmp_path / name, 1, 3)[0].read_bytes() for name in ("a", "b"))
    assert first == second
    assert first.count(b"## ") == 3


def test_synthetic_pdf_has_the_pages_asked_for(tmp_path: Path) -> None:
    import pypdf

    assert len(pypdf.PdfReader(synthetic.write_pdf(tmp_path / "made.pdf", 3)).pages) == 3


def test_models_of_the_comparison_are_found_without_importing_their_packages() -> None:
    assert places.chat_model().suffix == ".gguf"
    assert (places.embedding_model() / "tokenizer.json").exists()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["cache", "latency"])
def test_quick_form_of_a_figure_measures_both_sides(name: str, tmp_path: Path) -> None:
    figure = program.take(name, Options(quick=True), tmp_path)
    assert figure.skipped is None
    assert (tmp_path / f"{name}.json").exists()
    assert figure.measures
    assert all(measure.ours >= 0 and measure.other > 0 for measure in figure.measures)


def test_empty_window_is_watched_from_its_start_to_its_first_paint(tmp_path: Path) -> None:
    seen = windows.watch("empty", "timer", 0.5, tmp_path)
    assert seen["painted_s"] > 0
    assert seen["heavy"] == []
    assert len(seen["late_ms"]) > 1
