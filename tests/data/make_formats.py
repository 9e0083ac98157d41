"""Makes the small office files of `formats/` with LibreOffice: `python -m tests.data.make_formats`.

They are kept, since tests may not depend on LibreOffice; what they hold is what these sources say, one fact a place.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

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
        source = Path(home) / "ledger.fods"
        source.write_text(ledger(), encoding="utf-8")
        for target in ("xlsx", "xls", "ods"):
            convert(source, target, FOLDER)
        shutil.copy(source, FOLDER)


if __name__ == "__main__":
    main()
