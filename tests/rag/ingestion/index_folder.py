"""Indexes a folder in a process of its own, to be killed at any moment: `python -m ... DATA_FOLDER DOCUMENTS`."""

import sys
from pathlib import Path

from rag.settings import RagSettings
from tests.rag.ingestion.conftest import Desk


def main() -> None:
    desk = Desk(Path(sys.argv[1]), RagSettings())
    print("started", flush=True)
    desk.add(Path(sys.argv[2]))
    print("ready", flush=True)
    desk.close()


if __name__ == "__main__":
    main()
