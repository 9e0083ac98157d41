"""The start: what is imported before the window is seen, how long it takes, how much memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "transformers", "sentence_transformers", "onnxruntime", "chromadb", "llama_cpp", "rag.workspace"}
_OURS = """
import json, resource, sys
from gui.app import Program
from PySide6.QtWidgets import QApplication
from pathlib import Path
application = QApplication(["carrel"])
application.setStyle("Fusion")
program = Program(application, Path(sys.argv[1]))
program.window.painted.disconnect()
program.window.painted.connect(application.quit)
program.window.show()
application.exec()
print(json.dumps({"modules": list(sys.modules),
                  "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
program.close()
"""
_EMPTY = """
import json, resource, sys
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        application.quit()
application = QApplication(["empty"])
window = Window()
window.resize(1280, 800)
window.show()
application.exec()
print(json.dumps({"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def start(code: str, folder: Path) -> dict[str, object]:
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


@pytest.mark.skipif(sys.platform == "win32", reason="measures with the resource module")
def test_the_window_is_seen_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    ours, empty = start(_OURS, tmp_path), start(_EMPTY, tmp_path)
    loaded = {str(name) for name in ours["modules"]}
    assert loaded & HEAVY == set()
    assert float(str(ours["mb"])) <= 1.5 * float(str(empty["mb"])) + 150
