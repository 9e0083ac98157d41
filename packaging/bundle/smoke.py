"""Try the bundle as a stranger's computer would run it: an empty environment and no Python on the path.

    python packaging/bundle/smoke.py dist/carrel

It asks a question about a small document on the command line, finds known words in a file of each family of formats and
in a picture, and opens the window (on an invisible screen) until it says over its own socket that it is there, and
notices a file that is put into its folder.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

FORMATS = Path(__file__).resolve().parents[2] / "tests" / "data" / "formats"
WORDS = {
    "ledger.xlsx": "under the third stone",
    "talk.pptx": "Ketch | 11 m | 48",
    "rules.odt": "No anchors in the fairway",
    "rules.docx": "No anchors in the fairway",
    "rules.rtf": "No anchors in the fairway",
    "tides.epub": "The copper lantern of Skarholm burns four litres",
    "mail/mutt.eml": "the rent of the boathouse is 412 crowns",
    "mail/outlook.msg": "The code of the gate is 7731",
    "archives/papers.zip": "The deposit is 900 crowns",
    "archives/papers.tar.gz": "The jetty is 61 metres",
}
"""What stands in a file of each family of formats."""
PICTURE_WORDS = "The ferry leaves at seven"
QUESTION = "What colour is the lighthouse at Skerry Point?"
DOCUMENT = "# Skerry Point\n\nThe lighthouse at Skerry Point was painted green in 1931, and has stayed green since.\n"
ANSWER_TIMEOUT_S = 300
WINDOW_S = 12
NOTICED_S = 20


def main(bundle: Path) -> int:
    """Run all trials; returns an exit status."""
    executable = bundle.resolve() / ("carrel.exe" if os.name == "nt" else "carrel")
    with tempfile.TemporaryDirectory(prefix="carrel-smoke-") as folder:
        home = Path(folder)
        environment = empty_environment(home)
        trials = (try_answer, try_formats, try_window)
        failures = [failure for trial in trials for failure in trial(executable, home, environment)]
    for failure in failures:
        print(f"FAIL {failure}")
    size_mb = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6
    print(f"bundle: {size_mb:.0f} MB, {'failed' if failures else 'answers, reads every format and opens its window'}")
    return 1 if failures else 0


def empty_environment(home: Path) -> dict[str, str]:
    """Return what is left when nothing is set: a home, and on Windows what no process starts without."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), "PATH": str(home / "nothing")}


def try_answer(executable: Path, home: Path, environment: dict[str, str]) -> list[str]:
    """Ask about a document; returns what went wrong."""
    document = home / "lighthouse.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    command = [str(executable), "--json", "--data-dir", str(home / "data"), "ask", QUESTION, str(document)]
    result = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, timeout=ANSWER_TIMEOUT_S, check=False
    )
    if result.returncode != 0:
        return [f"ask ended with {result.returncode}: {result.stderr.decode(errors='replace')[-2000:]}"]
    answer = json.loads(result.stdout)
    print(f"asked: {QUESTION}\nanswered: {answer['answer']!r} ({answer['outcome']})")
    quoted = [each["document"] for each in answer["passages"]]
    return [] if "lighthouse.md" in quoted else [f"the document is not among the passages: {quoted}"]


def try_formats(executable: Path, home: Path, environment: dict[str, str]) -> list[str]:
    """Find known words in a file of each family and in a picture; returns what went wrong."""
    wanted = put_samples(home / "samples")
    questions = home / "questions.jsonl"
    lines = [json.dumps({"id": name, "question": words}) for name, words in wanted.items()]
    questions.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [str(executable), "--json", "--data-dir", str(home / "formats"), "search", "-k", "20"]
    started = time.monotonic()
    result = subprocess.run(
        [*command, "--questions", str(questions), str(home / "samples")],
        env=environment, cwd=home, capture_output=True, timeout=ANSWER_TIMEOUT_S, check=False,
    )  # fmt: skip
    print(f"{len(wanted)} files of other formats read and searched in {time.monotonic() - started:.0f} s")
    found = [json.loads(line) for line in result.stdout.decode().splitlines()]
    missing = set(wanted) - {each["id"] for each in found if holds(each, wanted[each["id"]])}
    errors = result.stderr.decode(errors="replace")[-2000:] if missing or result.returncode else ""
    failures = [f"nothing found in {name}" for name in sorted(missing)]
    return [*failures, f"search ended with {result.returncode}: {errors}"] if errors or result.returncode else failures


def put_samples(folder: Path) -> dict[str, str]:
    """Copy a file of each family and draw a picture; returns what stands in each file, by its name."""
    folder.mkdir()
    for name in WORDS:
        shutil.copy(FORMATS / name, folder)
    picture = Image.new("L", (1200, 300), 255)
    ImageDraw.Draw(picture).text((60, 100), PICTURE_WORDS + ".", fill=0, font=ImageFont.load_default(60))
    picture.save(folder / "ferry.png", dpi=(150, 150))
    return {Path(name).name: words for name, words in WORDS.items()} | {"ferry.png": PICTURE_WORDS}


def holds(found: dict[str, Any], words: str) -> bool:
    """Tell whether the words were found in the file that they were asked of."""
    results = found.get("results", ())
    return any(each["document"] == found["id"] and words in " ".join(each["text"].split()) for each in results)


def try_window(executable: Path, home: Path, environment: dict[str, str]) -> list[str]:
    """Open the window and see that it stays; returns what went wrong."""
    data_dir = home / "window"
    command = [str(executable), "--data-dir", str(data_dir)]
    window = subprocess.Popen(
        command, env={**environment, "QT_QPA_PLATFORM": "offscreen"}, cwd=home, stderr=subprocess.PIPE
    )
    try:
        _, errors = window.communicate(timeout=WINDOW_S)
    except subprocess.TimeoutExpired:
        return talk_to_window(executable, data_dir, home, environment)
    finally:
        window.terminate()
        wait_or_kill(window)
    return [f"the window ended at once with {window.returncode}: {errors.decode(errors='replace')[-2000:]}"]


def talk_to_window(executable: Path, data_dir: Path, home: Path, environment: dict[str, str]) -> list[str]:
    """Run a command while the window owns the data folder: it must answer through the window."""
    started = time.monotonic()
    result = run_json(executable, data_dir, home, environment, "collections")
    if result.returncode != 0:
        return [f"the window does not answer: {(result.stdout + result.stderr).decode(errors='replace')[-2000:]}"]
    print(f"the window answered a command after {time.monotonic() - started:.1f} s")
    return put_and_find(executable, data_dir, home, environment)


def put_and_find(executable: Path, data_dir: Path, home: Path, environment: dict[str, str]) -> list[str]:
    """Put a file into a folder that the window watches: it must be found without being added."""
    folder = home / "watched"
    folder.mkdir()
    (folder / "first.txt").write_text("The first note.\n", encoding="utf-8")
    run_json(executable, data_dir, home, environment, "index", str(folder))
    (folder / "second.txt").write_text("The buoy was painted yellow.\n", encoding="utf-8")
    deadline = time.monotonic() + NOTICED_S
    while time.monotonic() < deadline:
        result = run_json(executable, data_dir, home, environment, "search", "buoy", "--collection", "watched")
        if b"second.txt" in result.stdout:
            print("the window noticed a new file")
            return []
        time.sleep(0.5)
    return [f"the window did not notice a new file: {(result.stdout + result.stderr).decode(errors='replace')[-2000:]}"]


def run_json(
    executable: Path, data_dir: Path, home: Path, environment: dict[str, str], *words: str
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command that writes JSON."""
    command = [str(executable), "--json", "--data-dir", str(data_dir), *words]
    return subprocess.run(
        command, env=environment, cwd=home, capture_output=True, timeout=ANSWER_TIMEOUT_S, check=False
    )


def wait_or_kill(process: "subprocess.Popen[bytes]") -> None:
    """Give a process time to end in order."""
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
