"""Makes the small office files of `formats/` with LibreOffice: `python -m tests.data.make_formats`.

They are kept, since tests may not depend on LibreOffice; what they hold is what these sources say, one fact a place.
`locked.*` are the ledger and the rules saved by hand from LibreOffice with the password "harbour".
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pptx
from pptx.util import Inches

FOLDER = Path(__file__).parent / "formats"

LEDGER = """<?xml version="1.0" encoding="UTF-8"?>
<office:document office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0">
<office:automatic-styles>
<number:date-style style:name="day"><number:year number:style="long"/><number:text>-</number:text>
<number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/></number:date-style>
<style:style style:name="day-cell" style:family="table-cell" style:data-style-name="day"/>
<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/></style:style>
</office:automatic-styles>
<office:body><office:spreadsheet>
%s
</office:spreadsheet></office:body></office:document>
"""


def cell(value: object, spans: str = "") -> str:
    """Return a cell; a text like 2024-05-01 is a date."""
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        return f'<table:table-cell {spans} office:value-type="float" office:value="{value}"/>'
    text = str(value)
    if text[:4].isdigit() and text[4:5] == "-":
        return f'<table:table-cell table:style-name="day-cell" office:value-type="date" office:date-value="{text}"/>'
    return f'<table:table-cell {spans} office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def sheet(name: str, rows: list[list[object]], style: str = "") -> str:
    """Return a sheet; a row that is a single text is written as it is."""
    lines = [row[0] if len(row) == 1 and str(row[0]).startswith("<") else "".join(map(cell, row)) for row in rows]
    body = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    return f'<table:table table:name="{name}" {style}>{body}</table:table>'


def ledger() -> str:
    """Two sheets with titles above the header, a gap, dates, fractions and a merged cell; and a hidden one."""
    costs: list[list[object]] = [
        ["Harbour costs 2024"],
        [None],
        ["Item", "Place", "Paid on", "Amount", "Share"],
        ["Rope", "East wall", "2024-03-09", 12.0, 0.25],
        ["Lantern", "Lighthouse", "2024-05-01", 48.5, 0.1],
        [None],
        ["Paint", "Boat shed", "2024-06-30", 1234567, 0.3],
    ]
    north = cell("North", 'table:number-rows-spanned="2" table:number-columns-spanned="1"')
    crew: list[list[object]] = [
        ["Watch", "Name"],
        [north + cell("Ada")],
        ["<table:covered-table-cell/>" + cell("Grace")],
        ["South", "Edsger"],
    ]
    secret: list[list[object]] = [["Key", "Where"], ["Spare key", "under the third stone"]]
    return LEDGER % (
        sheet("Costs", costs) + sheet("Crew 2024", crew) + sheet("Notes", secret, 'table:style-name="hidden"')
    )


LETTER = """<?xml version="1.0" encoding="UTF-8"?>
<office:document office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:meta><dc:title>Rules of the harbour</dc:title><meta:initial-creator>Ada</meta:initial-creator></office:meta>
<office:body><office:text>
<text:h text:outline-level="1">Harbour rules</text:h>
<text:p>Boats moor at the east wall.<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>
<text:note-body><text:p>The west wall fell in 1953.</text:p></text:note-body></text:note></text:p>
<text:list><text:list-item><text:p>No anchors in the fairway</text:p></text:list-item>
<text:list-item><text:p>Lanterns are lit at dusk<office:annotation><dc:creator>Grace</dc:creator>
<text:p>Which dusk?</text:p></office:annotation></text:p></text:list-item></text:list>
<text:h text:outline-level="2">Fees</text:h>
<text:p>Straße und Möwen, Łódź, Ωmega, 港の灯台: the keeper’s names for the piers.</text:p>
<table:table table:name="Fees"><table:table-column table:number-columns-repeated="3"/>
%s</table:table>
<text:p>Fees are due in March.</text:p>
<text:p><draw:frame svg:width="6cm" svg:height="2cm" text:anchor-type="paragraph"><draw:text-box>
<text:p>The harbour master lives in the mill.</text:p></draw:text-box></draw:frame></text:p>
</office:text></office:body></office:document>
"""

FEES = (("Boat", "Length", "Fee"), ("Dinghy", "4 m", "12"), ("Ketch", "11 m", "48"))


def fees() -> str:
    return "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{each}</text:p></table:table-cell>" for each in row)
        + "</table:table-row>"
        for row in FEES
    )


def slides(path: Path) -> None:
    """Three slides: boxes in another order than they stand in, notes, a table, a chart, a group; the last is hidden."""
    deck = pptx.Presentation()
    deck.core_properties.title = "Winter at the harbour"
    deck.core_properties.author = "Ada"
    one = deck.slides.add_slide(deck.slide_layouts[5])
    one.shapes.title.text = "Winter work"
    box(one.shapes, "The lower line comes second", 5.0)
    box(one.shapes, "The upper line comes first", 3.0)
    one.notes_slide.notes_text_frame.text = "Mention the storm of 1953."
    two = deck.slides.add_slide(deck.slide_layouts[5])
    two.shapes.title.text = "What boats pay"
    table = two.shapes.add_table(3, 3, Inches(1), Inches(2), Inches(6), Inches(1)).table
    for row, values in enumerate(FEES):
        for column, value in enumerate(values):
            table.cell(row, column).text = value
    group = two.shapes.add_group_shape()
    box(group.shapes, "Paid at the mill", 5.0)
    three = deck.slides.add_slide(deck.slide_layouts[5])
    three.shapes.title.text = "Kept back"
    box(three.shapes, "The mill will be sold in spring", 2.0)
    three._element.set("show", "0")
    deck.save(str(path))


def box(shapes: Any, text: str, top: float) -> None:
    shapes.add_textbox(Inches(1), Inches(top), Inches(6), Inches(0.5)).text_frame.text = text


def convert(source: Path, target: str, folder: Path) -> None:
    """Have LibreOffice write a source in another format."""
    subprocess.run(
        ["soffice", "--headless", "--convert-to", target, "--outdir", str(folder), str(source)],
        check=True,
        capture_output=True,
        timeout=180,
    )


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for name, text, targets in (
            ("ledger.fods", ledger(), ("xlsx", "xls", "ods")),
            ("rules.fodt", LETTER % fees(), ("odt", "docx", "rtf", "doc")),
        ):
            source = Path(home) / name
            source.write_text(text, encoding="utf-8")
            for target in targets:
                convert(source, target, FOLDER)
        shutil.copy(Path(home) / "rules.fodt", FOLDER)
        slides(Path(home) / "talk.pptx")
        for target in ("odp", "pptx"):
            convert(Path(home) / "talk.pptx", target, FOLDER)


if __name__ == "__main__":
    main()
