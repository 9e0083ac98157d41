"""Books, notebooks, subtitles, markup and data: one known fact at a known place in each; and what may be wrong."""

import json
import zipfile
from pathlib import Path

import pytest

from rag.errors import DamagedDocument, DocumentError, EmptyDocument, EncryptedDocument
from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.loaders.text_pages import LONGEST
from rag.ingestion.token_counter import WordTokenCounter
from rag.types import LoadedDocument, Locator, Passage

FORMATS = Path(__file__).parents[2] / "data" / "formats"
FACT = "four litres"


def load(path: Path) -> LoadedDocument:
    return default_loaders().choose(path).load(path)


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def passages(document: LoadedDocument, limit: int = 64) -> list[Passage]:
    return chunk(document, WordTokenCounter(), ChunkingOptions(limit))


def fact(document: LoadedDocument, words: str = FACT) -> Passage:
    (found,) = [passage for passage in passages(document) if words in passage.text]
    return found


# --- Files that programs made -----------------------------------------------------------------------------------------


def line_of(path: Path) -> int:
    lines = path.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if "copper lantern" in line)


@pytest.mark.parametrize("name", ["tides.rst", "tides.org", "tides.tex", "tides.asciidoc"])
def test_markup_is_located_by_lines_under_its_headings(name: str) -> None:
    path = FORMATS / name
    document = load(path)
    passage = fact(document)
    first, _, last = passage.locator.value.partition("-")
    assert passage.locator.kind == "lines"
    assert int(first) <= line_of(path) <= int(last or first)
    assert passage.section.split(" › ")[-1] == "Flow"
    titles = [heading.title for heading in document.pages[0].headings]
    assert titles[-4:] == ["Ebb", "Ropes", "Flow", "Slack water"]


@pytest.mark.parametrize("name", ["tides.rst", "tides.org", "tides.tex", "tides.asciidoc", "tides.epub"])
def test_titles_come_from_the_document(name: str) -> None:
    assert load(FORMATS / name).title == "The Tide Book"


def test_a_book_has_chapters_in_order() -> None:
    document = load(FORMATS / "tides.epub")
    passage = fact(document)
    page = document.pages[passage.page_index]
    assert passage.locator == Locator("chapter", str(page.number))
    assert (page.label, page.locator_kind, document.author) == ("Flow", "chapter", "Ada Marsh")
    assert [title for _, title, _ in document.outline] == ["Ebb", "Ropes", "Flow", "Slack water"]
    assert [page.label for page in document.pages][-3:] == ["Ebb", "Flow", "Slack water"]


def test_a_book_of_libreoffice_is_read() -> None:
    document = load(FORMATS / "tides-libreoffice.epub")
    assert (document.kind, document.title) == ("epub", "The Tide Book")
    assert fact(document).locator == Locator("chapter", "1")


def test_a_notebook_of_pandoc_is_read() -> None:
    assert "four litres" in load(FORMATS / "tides.ipynb").pages[0].text


# --- EPUB -------------------------------------------------------------------------------------------------------------

CHAPTER = "<html><head><title>{0}</title></head><body><p>{1}</p></body></html>"
OPF = """<package xmlns="http://www.idpf.org/2007/opf" version="2.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Sea Tales</dc:title></metadata><manifest>
<item id="a" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>
<spine toc="n"><itemref idref="b"/><itemref idref="a"/></spine></package>"""
NCX = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>The storm</text></navLabel>
<content src="text/two.xhtml#top"/></navPoint><navPoint><navLabel><text>The calm</text></navLabel>
<content src="text/one%20a.xhtml"/></navPoint></navMap></ncx>"""
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OPS/book.opf"/></rootfiles></container>"""


def book(path: Path, **changes: str | None) -> Path:
    members: dict[str, str | None] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OPS/book.opf": OPF,
        "OPS/toc.ncx": NCX,
        "OPS/text/one a.xhtml": CHAPTER.format("x", "Then the sea was calm."),
        "OPS/text/two.xhtml": CHAPTER.format("x", "The mast broke at noon."),
    }
    members.update({name.replace("__", "/"): content for name, content in changes.items()})
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def test_chapters_follow_the_spine_and_are_called_by_the_ncx(tmp_path: Path) -> None:
    document = load(book(tmp_path / "sea.epub"))
    assert [(page.number, page.label, page.text) for page in document.pages] == [
        (1, "The storm", "The mast broke at noon."),
        (2, "The calm", "Then the sea was calm."),
    ]
    assert document.outline == ((1, "The storm", 0), (1, "The calm", 1))


def test_a_missing_chapter_costs_itself_only(tmp_path: Path) -> None:
    document = load(book(tmp_path / "sea.epub", **{"OPS/text/two.xhtml": None}))
    assert [page.kind for page in document.pages] == ["failed", "text"]
    assert document.pages[0].note


def test_a_book_locked_by_its_shop_says_so(tmp_path: Path) -> None:
    encryption = '<encryption><EncryptedData><EncryptionMethod Algorithm="{}"/></EncryptedData></encryption>'
    locked = encryption.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    with pytest.raises(EncryptedDocument, match="DRM"):
        load(book(tmp_path / "locked.epub", **{"META-INF/encryption.xml": locked}))
    fonts = encryption.format("http://www.idpf.org/2008/embedding")
    assert load(book(tmp_path / "fonts.epub", **{"META-INF/encryption.xml": fonts})).pages


def test_a_truncated_book_is_damaged(tmp_path: Path) -> None:
    data = (FORMATS / "tides.epub").read_bytes()
    with pytest.raises(DamagedDocument):
        load(written(tmp_path / "half.epub", data[: len(data) // 2]))


def test_a_book_by_another_name_is_read_as_a_book(tmp_path: Path) -> None:
    assert load(written(tmp_path / "book.zip", (FORMATS / "tides.epub").read_bytes())).kind == "epub"


@pytest.mark.parametrize("member", ["OPS/book.opf", "META-INF/container.xml"])
def test_a_book_whose_entities_explode_is_refused(tmp_path: Path, member: str) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l11;</x>'
    with pytest.raises(DocumentError):
        load(book(tmp_path / "bomb.epub", **{member: bomb}))


# --- Notebooks --------------------------------------------------------------------------------------------------------


def notebook(*cells: dict[str, object], **more: object) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4, "nbformat_minor": 5, "metadata": {}, **more})


CELLS: tuple[dict[str, object], ...] = (
    {"cell_type": "markdown", "source": ["# Oil\n", "What the lantern burns.\n", "```\n# no heading\n```"]},
    {"cell_type": "code", "source": "", "outputs": []},
    {
        "cell_type": "code",
        "source": "nights * litres",
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["It burns \x1b[31mfour litres\x1b[0m.\n"]},
            {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": ["<Figure>"]}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no oil", "traceback": ["..."]},
        ],
    },
)


def test_notebook_cells_are_numbered_with_what_they_printed(tmp_path: Path) -> None:
    document = load(written(tmp_path / "oil.ipynb", notebook(*CELLS)))
    page = document.pages[0]
    assert [heading.title for heading in page.headings] == ["Oil"]
    assert "It burns four litres.\n<Figure>\nValueError: no oil" in page.text
    assert page.unit_numbers == (1, 3)
    assert document.title == "Oil"
    assert fact(document).locator.kind == "paragraph"
    assert fact(document).locator.value in {"3", "1-3"}


def test_notebooks_of_the_third_format_are_read(tmp_path: Path) -> None:
    old = json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": ["oil = 4"], "outputs": []}]}]})
    assert load(written(tmp_path / "old.ipynb", old)).pages[0].text == "oil = 4"


@pytest.mark.parametrize("content", ["{", "[1]", '{"cells": [{"source": 7}]}' + "x", "[" * 100_000])
def test_no_notebook_is_damaged(tmp_path: Path, content: str) -> None:
    with pytest.raises(DamagedDocument):
        load(written(tmp_path / "bad.ipynb", content))


def test_a_notebook_without_text_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument):
        load(written(tmp_path / "blank.ipynb", notebook({"cell_type": "code", "source": "", "outputs": []})))


# --- Subtitles --------------------------------------------------------------------------------------------------------

SRT = """1
00:00:01,000 --> 00:00:03,000
<i>The lantern burns</i>
four litres.

2
00:01:05,000 --> 00:01:06,000
No.
"""
VTT = """WEBVTT

NOTE made by hand

STYLE
::cue { color: red }

00:01.000 --> 00:03.000 align:start
<v Ada>It burns four litres.
"""
ASS = r"""[Script Info]
Title: x

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,Ada,0,0,0,,It burns,{\i1}\Nfour litres.
"""


@pytest.mark.parametrize(
    ("name", "content", "text", "line"),
    [
        ("a.srt", SRT, "00:00:01  The lantern burns four litres.\n00:01:05  No.\n", 3),
        ("a.vtt", VTT, "00:01  It burns four litres.\n", 9),
        ("a.ass", ASS, "0:00:01  Ada: It burns, four litres.\n", 6),
        ("a.sbv", "0:00:01.000,0:00:03.000\nIt burns four litres.\n", "0:00:01  It burns four litres.\n", 2),
    ],
)
def test_subtitles_are_cues_with_times_at_their_lines(
    tmp_path: Path, name: str, content: str, text: str, line: int
) -> None:
    page = load(written(tmp_path / name, content)).pages[0]
    assert page.text == text
    assert page.unit_numbers[0] == line


def test_subtitles_without_cues_are_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedDocument):
        load(written(tmp_path / "a.srt", "just words\n"))


# --- Data -------------------------------------------------------------------------------------------------------------

FILLER = "The keeper wrote down each ship that passed the island in the morning fog. " * 6


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps({"ships": [FILLER], "lamp": {"oil": "It burns four litres.", "x": FILLER}}, indent=2)),
        ("a.yaml", f"ships:\n  - {FILLER}\nlamp:\n  oil: It burns four litres.\n  x: {FILLER}\n"),
        ("a.toml", f'[ships]\nx = "{FILLER}"\n\n[lamp]\noil = "It burns four litres."\nx = "{FILLER}"\n'),
        ("a.ini", f"[ships]\nx={FILLER}\n[lamp] ; of copper\noil=It burns four litres.\nx={FILLER}\n"),
    ],
)
def test_data_has_its_outermost_keys_as_sections(tmp_path: Path, name: str, content: str) -> None:
    path = written(tmp_path / name, content)
    document = load(path)
    passage = fact(document)
    line = next(number for number, line in enumerate(content.split("\n"), 1) if FACT in line)
    first, _, last = passage.locator.value.partition("-")
    assert passage.section == "lamp"
    assert int(first) <= line <= int(last or first)


def test_escaped_letters_of_json_are_read(tmp_path: Path) -> None:
    content = json.dumps({"place": "Café Škoda 灯台 😀", "path": "C:\\u00e9", "quote": '"\n'})
    text = load(written(tmp_path / "a.json", content)).pages[0].text
    assert "Café Škoda 灯台 😀" in text
    assert "\\\\u00e9" in text
    assert '\\"\\n' in text


def test_a_long_line_of_json_is_cut_at_its_items(tmp_path: Path) -> None:
    content = json.dumps([{"ship": f"Albatross{number}"} for number in range(20_000)], separators=(",", ":"))
    document = load(written(tmp_path / "a.json", content))
    found = passages(document)
    assert len(document.pages) > 1
    assert "".join(page.text for page in document.pages) == content
    assert all(passage.text.startswith(("{", "[", '"')) for passage in found[:50])


def test_deep_and_exploding_data_is_only_text(tmp_path: Path) -> None:
    assert load(written(tmp_path / "deep.json", "[" * 200_000 + '"oil"')).kind == "json"
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    assert load(written(tmp_path / "bomb.xml", laughs)).pages[0].text == laughs
    assert load(written(tmp_path / "bomb.yaml", "a: &a [x, x]\nb: &b [*a, *a]\n")).pages[0].headings


# --- Long texts -------------------------------------------------------------------------------------------------------


def long_text(lines: int) -> str:
    return "".join(f"Line {number}: ship {number * 7919 % 10007} passed the light.\n" for number in range(1, lines + 1))


def test_a_long_text_has_several_pages_and_true_line_numbers(tmp_path: Path) -> None:
    text = long_text(20_000)
    document = load(written(tmp_path / "log.txt", text))
    assert len(document.pages) > 2
    assert "".join(page.text for page in document.pages) == text
    assert max(len(page.text) for page in document.pages) <= LONGEST
    passage = fact(document, "Line 15000:")
    first, last = passage.locator.value.split("-")
    assert f"Line {first}:" in passage.text.split("\n")[0]
    assert f"Line {last}:" in passage.text.split("\n")[-1]


def test_a_new_line_at_the_top_moves_no_later_page(tmp_path: Path) -> None:
    before = load(written(tmp_path / "a.txt", long_text(20_000)))
    after = load(written(tmp_path / "b.txt", "A new line.\n" + long_text(20_000)))
    assert len({page.text for page in after.pages} - {page.text for page in before.pages}) <= 2


def test_a_line_longer_than_a_page_is_parted(tmp_path: Path) -> None:
    text = "x" * (LONGEST + 5)
    document = load(written(tmp_path / "a.txt", text))
    assert [len(page.text) for page in document.pages] == [LONGEST, 5]
    assert document.pages[1].unit_starts == (0,)
