"""Pictures of the window at work: the real program on the sample documents, light and dark, wide and narrow.

`python -m tests.screenshots [FOLDER]` writes PNG files into build/screenshots. Without a display it starts itself
again under Xvfb.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SCREEN = "1400x900x24"


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/screenshots")
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        return _under_xvfb(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="carrel-screenshots-") as work:
        from tests.screenshots.scenes import take_all

        take_all(folder, Path(work))
    for picture in sorted(folder.glob("*.png")):
        print(picture)
    return 0


def _under_xvfb(folder: Path) -> int:
    if shutil.which("xvfb-run") is None:
        print("Pictures need a display. Install Xvfb: apt-get install xvfb", file=sys.stderr)
        return 1
    command = ["xvfb-run", "-a", "-s", f"-screen 0 {SCREEN}", sys.executable, "-m", "tests.screenshots", str(folder)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb"}
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
