"""Characters and stop strings, whatever the pieces in which they come."""

from hypothesis import given
from hypothesis import strategies as st

from inference.backends.llama_cpp.streaming import CharacterStream, StopStrings


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces = []
    for size in sizes:
        pieces.append(text[:size])
        text = text[size:]
    return [*pieces, text]


@given(st.text(alphabet="ab<|>", max_size=40), st.lists(st.integers(1, 5), max_size=20))
def test_text_up_to_the_first_stop_string_passes_whatever_the_pieces(text: str, sizes: list[int]) -> None:
    stops = StopStrings(("<|>", "bb"))
    passed = "".join(stops.feed(piece) for piece in cut(text, sizes) if not stops.stopped) + stops.rest()
    ends = [at for stop in ("<|>", "bb") if (at := text.find(stop)) >= 0]
    if not ends:
        assert passed == text
    assert text.startswith(passed)
    assert "<|>" not in passed
    assert "bb" not in passed
    assert stops.stopped == bool(ends)


def test_the_beginning_of_a_stop_string_is_held_back_until_it_is_clear() -> None:
    stops = StopStrings(("STOP",))
    assert stops.feed("see ST") == "see "
    assert stops.feed("ART") == "START"


def test_empty_stop_strings_are_ignored() -> None:
    stops = StopStrings(("",))
    assert stops.feed("text") == "text"
    assert not stops.stopped


@given(st.text(max_size=30), st.lists(st.integers(1, 3), max_size=40))
def test_characters_come_whole_whatever_the_bytes_of_the_pieces(text: str, sizes: list[int]) -> None:
    data, stream, out = text.encode("utf-8", "ignore"), CharacterStream(), ""
    for size in [*sizes, len(data)]:
        out += stream.feed(data[:size])
        data = data[size:]
    assert out == text.encode("utf-8", "ignore").decode()
    assert stream.whole
