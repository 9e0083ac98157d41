"""Formats without pages: Markdown, HTML, Word, plain text and code; encodings and disguises."""

import codecs
import zipfile
from pathlib import Path

import docx
import pytest

from rag.errors import DamagedDocument, EmptyDocument, EncryptedDocument, UnknownFormat, UnreadableFile
from rag.ingestion.loaders.registry import default_loaders
from rag.types import LoadedDocument, locate
from tests.rag.ingestion import files


def load(path: Path) -> LoadedDocument:
    return default_loaders().choose(path).load(path)


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- Markdown ---------------------------------------------------------------------------------------------------------

MARKDOWN = """---
title: "Sea log"
---
# Log of the *Albatross*

Set sail.

Storms
------
```
# no heading
```
## 2. [Calm](http://x)
"""


def test_markdown_headings_are_spans_of_the_source(tmp_path: Path) -> None:
    document = load(written(tmp_path / "log.md", MARKDOWN))
    page = document.pages[0]
    assert page.text == MARKDOWN
    assert [(heading.title, heading.level) for heading in page.headings] == [
        ("Log of the Albatross", 1),
        ("Storms", 2),
        ("2. Calm", 2),
    ]
    assert page.text[page.headings[1].start : page.headings[1].end] == "Storms\n------"
    assert document.title == "Sea log"


def test_markdown_is_located_by_lines(tmp_path: Path) -> None:
    page = load(written(tmp_path / "log.md", MARKDOWN)).pages[0]
    start = page.text.index("Set sail")
    assert locate(page, start, start + 9).value == "6"
    assert page.number is None


# --- HTML -------------------------------------------------------------------------------------------------------------

HTML = """<html><head><title>Tide tables</title><style>p {color: red}</style></head><body>
<script>var hidden = 1;</script><h1>Tides</h1><p>High   water<br>at noon.</p><p hidden>secret</p>
<div style="display: none">secret too</div><ul><li>ebb</li><li>flow</li></ul>
<table><tr><th>Day</th><th>Height</th></tr><tr><td><p>Monday</p></td><td>3 m</td></tr></table>tail</body></html>"""


def test_html_gives_what_is_seen(tmp_path: Path) -> None:
    document = load(written(tmp_path / "tides.html", HTML))
    assert document.title == "Tide tables"
    assert document.pages[0].text == (
        "Tides\n\nHigh water\nat noon.\n\n- ebb\n\n- flow\n\nDay | Height\nMonday | 3 m\n\ntail"
    )
    # Where the table begins and ends, text is parted by headings without a title.
    assert [heading.title for heading in document.pages[0].headings if heading.title] == ["Tides"]


def test_html_keeps_its_declared_encoding(tmp_path: Path) -> None:
    page = '<html><head><meta charset="windows-1251"></head><body><p>Привет, маяк на берегу</p></body></html>'
    assert "Привет, маяк" in load(written(tmp_path / "a.html", page.encode("cp1251"))).pages[0].text


def test_html_nested_a_thousand_deep_is_read(tmp_path: Path) -> None:
    page = "<div>" * 5000 + "deep words" + "</div>" * 5000
    assert "deep words" in load(written(tmp_path / "a.html", page)).pages[0].text


def test_html_without_words_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument):
        load(written(tmp_path / "a.html", "<html><script>x = 1</script></html>"))


# --- Word -------------------------------------------------------------------------------------------------------------


def test_word_gives_headings_paragraphs_and_rows(tmp_path: Path) -> None:
    document = load(files.word(tmp_path / "rules.docx"))
    page = document.pages[0]
    # Where the table begins and ends, text is parted by headings without a title.
    titled = [(heading.title, heading.level) for heading in page.headings if heading.title]
    assert titled == [("Harbour rules", 1), ("Fees", 2)]
    assert "Boat | Length | Fee\nDinghy | 4 m | 12\nKetch | 11 m | 48" in page.text
    assert document.title == "Harbour rules"
    assert document.author == "Ada"


def test_word_is_located_by_paragraphs(tmp_path: Path) -> None:
    page = load(files.word(tmp_path / "rules.docx")).pages[0]
    start = page.text.index(files.STORY)
    assert locate(page, start, start + 9).value == "4"


def test_word_insertions_count_and_deletions_do_not(tmp_path: Path) -> None:
    path = tmp_path / "changes.docx"
    document = docx.Document()
    document.add_paragraph("kept ")
    document.save(str(path))
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    change = "<w:ins><w:r><w:t>inserted</w:t></w:r></w:ins><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
    _rewrite(path, "word/document.xml", lambda xml: xml.replace("</w:p>", change + "</w:p>", 1))
    assert namespace
    text = load(path).pages[0].text
    assert "inserted" in text
    assert "deleted" not in text


def test_word_text_in_content_controls_is_read(tmp_path: Path) -> None:
    path = tmp_path / "control.docx"
    docx.Document().save(str(path))
    control = "<w:sdt><w:sdtContent><w:p><w:r><w:t>inside</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    _rewrite(path, "word/document.xml", lambda xml: xml.replace("<w:body>", "<w:body>" + control, 1))
    assert load(path).pages[0].text == "inside"


def test_a_broken_word_file_is_damaged(tmp_path: Path) -> None:
    whole = files.word(tmp_path / "a.docx").read_bytes()
    with pytest.raises(DamagedDocument) as caught:
        load(written(tmp_path / "half.docx", whole[: len(whole) // 2]))
    assert "half.docx" in caught.value.message


def test_a_protected_word_file_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    path = files.locked(files.word(tmp_path / "locked.docx"), "harbour")
    with pytest.raises(EncryptedDocument) as caught:
        load(path)
    assert "locked.docx" in caught.value.message


def test_an_empty_word_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "blank.docx"
    docx.Document().save(str(path))
    with pytest.raises(EmptyDocument):
        load(path)


# --- Text, code, encodings, disguises ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-16-le", b""),
        ("cp1252", b""),
    ],
)
def test_encodings_are_recognised(tmp_path: Path, encoding: str, mark: bytes) -> None:
    words = "Über die Brücke führt ein schmaler Weg, und die Möwen schreien über dem Hafen. " * 5
    text = load(written(tmp_path / "a.txt", mark + words.encode(encoding))).pages[0].text
    assert text == words


def test_line_ends_become_newlines(tmp_path: Path) -> None:
    page = load(written(tmp_path / "a.txt", b"one\r\ntwo\rthree\n")).pages[0]
    assert page.text == "one\ntwo\nthree\n"
    assert page.unit_starts == (0, 4, 8)


def test_binary_named_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat) as caught:
        load(written(tmp_path / "data.txt", files.noise_bytes(20_000)))
    assert "data.txt" in caught.value.message


def test_high_bytes_without_meaning_are_refused(tmp_path: Path) -> None:
    noise = bytes(byte | 0x80 for byte in files.noise_bytes(3000) if byte) + bytes(range(1, 9)) * 200
    with pytest.raises(UnknownFormat):
        load(written(tmp_path / "data.txt", noise))


def test_a_picture_is_called_a_picture(tmp_path: Path) -> None:
    with pytest.raises(DamagedDocument) as caught:
        load(written(tmp_path / "photo.md", b"\x89PNG\r\n\x1a\n" + bytes(100)))
    assert "a picture" in caught.value.message


def test_a_format_that_is_not_read_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "letter.pages"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Index/Document.iwa", "x")
    with pytest.raises(UnknownFormat) as caught:
        load(path)
    assert "Pages" in caught.value.message
    assert "PDF" in caught.value.remedy


def test_code_has_its_definitions_as_headings(tmp_path: Path) -> None:
    source = "class Tide:\n    def rise(self):\n        pass\n\nasync def main():\n    pass\n"
    page = load(written(tmp_path / "tide.py", source)).pages[0]
    assert [heading.title for heading in page.headings] == ["class Tide", "def rise", "def main"]
    assert page.headings[0].level < page.headings[1].level


def test_a_text_of_unknown_ending_is_a_text(tmp_path: Path) -> None:
    assert load(files.text(tmp_path / "notes.xyz")).kind == "text"


def test_zero_bytes_of_text_are_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument):
        load(written(tmp_path / "a.txt", b""))


def test_a_vanished_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        load(tmp_path / "gone.txt")
    assert "gone.txt" in caught.value.message


def _rewrite(path: Path, name: str, change: object) -> None:
    with zipfile.ZipFile(path) as archive:
        contents = {entry: archive.read(entry) for entry in archive.namelist()}
    contents[name] = change(contents[name].decode()).encode()  # type: ignore[operator]
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in contents.items():
            archive.writestr(entry, data)
