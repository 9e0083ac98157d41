"""Makes the files of text-like formats in this folder by real programs, pandoc and LibreOffice: run it as a script.

The tests use the files, so neither program is needed to run them.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
BOOK = """---
title: The Tide Book
author: Ada Marsh
lang: en
---

# Ebb

The keeper counted eleven ships before the fog came in from the north.

## Ropes

Each rope is twelve fathoms long and tarred in May.

# Flow

The copper lantern of Skarholm burns four litres of oil in a winter night.

# Slack water

Nothing moves between the tides.
"""
OFFICE = "<h1>Ebb</h1><p>The keeper counted eleven ships.</p><p>The copper lantern of Skarholm burns four litres.</p>"


def main() -> None:
    for name in ("tides.epub", "tides.rst", "tides.org", "tides.tex", "tides.asciidoc", "tides.ipynb"):
        command = ["pandoc", "--from", "markdown", "--standalone", "--output", str(HERE / name), "-"]
        subprocess.run(command, input=BOOK, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "office.html")
        page.write_text(f"<html><head><title>The Tide Book</title></head><body>{OFFICE}</body></html>", "utf-8")
        for source, target in (("office.html", "odt"), ("office.odt", "epub")):
            command = ["soffice", "--headless", "--convert-to", target, "--outdir", folder, str(Path(folder, source))]
            subprocess.run(command, check=True, capture_output=True)
        Path(folder, "office.epub").replace(HERE / "tides-libreoffice.epub")


if __name__ == "__main__":
    sys.exit(main())
