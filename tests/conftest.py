"""What every test gets: folders of its own, no network, no unexpected warnings, no threads left behind.

Each test has its own home, data and settings folders. Only the cache of exported models is shared, with the program
itself: making it takes seconds and its content depends on nothing but the weights.
"""

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

GUARD = Path(__file__).parent / "guard"
sys.path.insert(0, str(GUARD))
import netguard  # noqa: E402

THREAD_GRACE_S = 3.0
# Threads of ours carry these names; daemon or not, they must end with what started them.
OUR_THREADS = re.compile(
    r"^(carrel|commands?|embed|ingest|job|llm|pages|read|server|socket|trial|watch)\b", re.IGNORECASE
)
# Pools of libraries that live as long as the process.
LASTING_THREADS = re.compile(r"^(pytest_timeout|QThread|Dummy-|tqdm|asyncio_|grpc|execnet|hypothesis)", re.IGNORECASE)


def _real_cache_dir() -> Path:
    if override := os.environ.get("CARREL_CACHE_DIR"):
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_cache_dir("carrel", appauthor=False))


def pytest_configure(config: pytest.Config) -> None:
    """Set what must be there before any module of the program is imported."""
    os.environ["CARREL_CACHE_DIR"] = str(_real_cache_dir())
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH", "")]))
    netguard.install()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home, with data, settings and runtime folders below it; returns the home."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    places = {
        "XDG_DATA_HOME": "data",
        "XDG_CONFIG_HOME": "config",
        "XDG_STATE_HOME": "state",
        "XDG_CACHE_HOME": "cache",
        "XDG_RUNTIME_DIR": "run",
        "CARREL_DATA_DIR": "carrel",
    }
    for variable, name in places.items():
        (folder / name).mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(folder / name))
    return folder


@pytest.fixture
def data_dir(home: Path) -> Path:
    """Return the data folder that the program uses in this test."""
    return home / "carrel"


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Fail a test during which anything, child processes included, tried to leave; gives the list of attempts."""
    attempts = tmp_path_factory.mktemp("network") / "attempts.txt"
    os.environ[netguard.ATTEMPTS_VARIABLE] = str(attempts)
    yield attempts
    if attempts.exists() and not request.node.get_closest_marker("network"):
        pytest.fail("Tried to reach the network:\n" + attempts.read_text(encoding="utf-8"), pytrace=False)


class _Recorder(logging.Handler):
    """Keeps what was logged at WARNING or above; any thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def expect_log(request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """Fail a test that logs a warning nobody expected; call it, or use the marker, with a pattern to expect one."""
    patterns = [str(marker.args[0]) for marker in request.node.iter_markers("expect_log")]
    recorder = _Recorder()
    root = logging.getLogger()
    root.addHandler(recorder)
    try:
        yield patterns.append
    finally:
        root.removeHandler(recorder)
    lines = [f"{record.levelname} {record.name}: {record.getMessage()}" for record in recorder.records]
    unexpected = [line for line in lines if not any(re.search(pattern, line) for pattern in patterns)]
    unseen = [pattern for pattern in patterns if not any(re.search(pattern, line) for line in lines)]
    if unexpected:
        pytest.fail("Logged unexpectedly:\n" + "\n".join(unexpected), pytrace=False)
    if unseen:
        pytest.fail("Expected but not logged: " + ", ".join(unseen), pytrace=False)


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread behind: one that would keep the process alive, or one of ours."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREAD_GRACE_S
    left = [thread for thread in threading.enumerate() if thread not in before and _must_end(thread)]
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    if alive := [thread.name for thread in left if thread.is_alive()]:
        pytest.fail(f"Threads left running: {', '.join(alive)}", pytrace=False)


def _must_end(thread: threading.Thread) -> bool:
    if LASTING_THREADS.match(thread.name):
        return False
    return not thread.daemon or bool(OUR_THREADS.match(thread.name))
