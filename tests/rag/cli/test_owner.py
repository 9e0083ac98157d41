"""Commands while another process owns the data folder, and the terminal chat, as real processes."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rag.api import CommandService, Workspace, raise_window
from tests.rag.cli.conftest import Carrel

REPOSITORY = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "import sys; from rag.cli.main import main; sys.exit(main(sys.argv[1:]))"]


def run_process(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])},
    )


def test_command_runs_through_the_owner_of_the_data_folder(data_dir: Path, folder: Path) -> None:
    workspace = Workspace.open(data_dir)
    service = CommandService(workspace)
    service.start()
    try:
        done = run_process("--data-dir", data_dir, "search", "crane", folder, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["results"][0]["document"] == "crane.txt"
        assert [each.kind for each in workspace.collections()] == ["adhoc"]
        wrong = run_process("--data-dir", data_dir, "search", "x", "--collection", "nowhere", "--json")
        assert wrong.returncode == 1
        assert json.loads(wrong.stdout)["error"]["code"] == "collection_unknown"
    finally:
        service.stop()
        workspace.close()


def test_second_start_raises_the_first_window(data_dir: Path) -> None:
    workspace = Workspace.open(data_dir)
    service = CommandService(workspace)
    service.start()
    raised = threading.Event()
    try:
        assert not raise_window(data_dir)
        workspace.on_raise(raised.set)
        assert raise_window(data_dir)
        assert raised.is_set()
    finally:
        service.stop()
        workspace.close()
    assert not raise_window(data_dir)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows guards its pipes otherwise")
def test_socket_and_key_are_for_this_user_alone(data_dir: Path) -> None:
    workspace = Workspace.open(data_dir)
    service = CommandService(workspace)
    service.start()
    try:
        socket = Path(service._address)
        assert socket.parent.stat().st_mode & 0o077 == 0
        assert (data_dir / "command.key").stat().st_mode & 0o077 == 0
    finally:
        service.stop()
        workspace.close()


def test_chat_without_a_terminal_takes_one_question_a_line(data_dir: Path) -> None:
    done = run_process(
        "--data-dir", data_dir, "chat", "--samples", stdin="Who keeps the bread?\n\nWhat of the boiler?\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("> ") >= 2


def test_chat_speaks_json_when_asked(data_dir: Path) -> None:
    done = run_process("--data-dir", data_dir, "chat", "--samples", "--json", stdin="What of the boiler?\n")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 1
    assert lines[0]["question"] == "What of the boiler?"


def test_password_file_opens_encrypted_documents(carrel: Carrel, tmp_path: Path) -> None:
    from pypdf import PdfWriter
    from reportlab.pdfgen.canvas import Canvas

    plain = tmp_path / "plain.pdf"
    canvas = Canvas(str(plain))
    canvas.drawString(72, 700, "The vault holds eleven silver spoons.")
    canvas.save()
    writer = PdfWriter(clone_from=plain)
    writer.encrypt("open sesame")
    papers = tmp_path / "vault"
    papers.mkdir()
    writer.write(papers / "secret.pdf")
    locked = carrel("index", papers, "--json")
    assert (locked.code, locked.json["failed"][0]["code"]) == (3, "document_encrypted")
    password = tmp_path / "password.txt"
    password.write_text("open sesame\n")
    opened = carrel("index", papers, "--password-file", password, "--json")
    assert (opened.code, opened.json["failed"]) == (0, [])
    assert "silver spoons" in carrel("search", "spoons", "--json").json["results"][0]["text"]
    for stored in (tmp_path / "data").rglob("*"):
        assert stored.is_dir() or b"open sesame" not in stored.read_bytes()
