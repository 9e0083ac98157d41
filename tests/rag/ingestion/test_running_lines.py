"""Headers and footers of pages: out of passages where they repeat, kept where they stand first."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.running_lines import body_spans
from rag.ingestion.token_counter import WordTokenCounter
from rag.types import LoadedDocument, Page

SHIPS = (
    *("Albatross", "Bittern", "Curlew", "Dunlin", "Egret", "Fulmar", "Gannet"),
    *("Heron", "Ibis", "Jacana", "Kestrel", "Lapwing", "Merlin", "Noddy"),
)


def pages(texts: Sequence[str]) -> list[Page]:
    return [Page(index, index + 1, str(index + 1), text) for index, text in enumerate(texts)]


def body(number: int) -> str:
    ship = SHIPS[number % len(SHIPS)]
    lines = (f"{ship} lay in the roads.", f"{number * 7919 % 613} casks came off the {ship}.", "The fog came in.")
    return "\n".join((*lines, "The keeper wrote it down.", f"Then the {ship} sailed for port {number * 31 % 17}."))


def bodies(texts: Sequence[str]) -> list[str]:
    made = pages(texts)
    return [page.text[start:end].strip() for page, (start, end) in zip(made, body_spans(made), strict=True)]


def test_a_header_stays_only_where_it_stands_first() -> None:
    found = bodies([f"Harbour report 2021\n{body(number)}" for number in range(6)])
    assert found[0].startswith("Harbour report 2021")
    assert found[1:] == [body(number) for number in range(1, 6)]


def test_page_numbers_run_although_they_change() -> None:
    found = bodies([f"{body(number)}\nPage {number} of 300" for number in range(7, 20)])
    assert found[0].endswith("Page 7 of 300")
    assert found[1:] == [body(number) for number in range(8, 20)]


def test_roman_page_numbers_run_too() -> None:
    numerals = ("i", "ii", "iii", "iv", "v", "vi", "vii")
    found = bodies([f"{body(number)}\n- {numeral} -" for number, numeral in enumerate(numerals)])
    assert found[1:] == [body(number) for number in range(1, 7)]


def test_left_and_right_headers_alternate() -> None:
    found = bodies([f"{('The tide', 'Chapter 2')[n % 2]}\n{body(n)}\n{n + 40}" for n in range(10)])
    assert found[2:] == [body(number) for number in range(2, 10)]


def test_numbers_of_a_table_are_no_page_numbers() -> None:
    texts = [f"{body(number)}\n{(number * 7919) % 1000}" for number in range(12)]
    assert bodies(texts) == texts


def test_a_title_that_counts_is_no_page_number() -> None:
    texts = [f"Lesson {number + 1}\n{body(number)}\nInvoice {number + 1001}" for number in range(12)]
    assert bodies(texts) == texts


def test_a_line_of_a_few_pages_is_no_header() -> None:
    texts = [f"{'Costs' if number < 3 else 'Of the ' + SHIPS[number]}\n{body(number)}" for number in range(14)]
    assert bodies(texts) == texts


def test_pages_that_all_say_the_same_keep_their_words() -> None:
    assert bodies(["Confidential"] * 5) == ["Confidential"] * 5


def test_two_pages_have_no_headers() -> None:
    assert bodies([f"Report\n{body(1)}", f"Report\n{body(2)}"])[1].startswith("Report")


def test_each_member_has_its_own_headers() -> None:
    made = [Page(n, n + 1, None, f"Report\n{body(n)}", inside=(f"{n // 2}.pdf",)) for n in range(8)]
    assert body_spans(made) == [(0, len(page.text)) for page in made]


def test_no_passage_holds_a_header_of_a_later_page() -> None:
    made = tuple(pages([f"Harbour report 2021\n{body(number)}\n{number + 1}" for number in range(9)]))
    passages = chunk(LoadedDocument("Log", "pdf", "pdf-1", made), WordTokenCounter(), ChunkingOptions(60))
    assert ["Harbour" in passage.text for passage in passages if passage.page_index > 0] == [False] * 8
    assert [passage.text for passage in passages] == [made[p.page_index].text[p.start : p.end] for p in passages]


@given(st.lists(st.text("ab1\n \u0661ivx_", max_size=40), max_size=9))
def test_bodies_are_spans_of_their_pages(texts: list[str]) -> None:
    for text, (start, end) in zip(texts, body_spans(pages(texts)), strict=True):
        assert 0 <= start <= end <= len(text)
