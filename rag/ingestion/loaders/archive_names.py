"""Names of members of archives: which lead out of the archive, which nobody means, and in what encoding they are."""

import stat
from collections import Counter
from pathlib import PurePosixPath

from rag.ingestion.loaders.mail_words import body_text
from rag.ingestion.loaders.members import numbered
from rag.ingestion.loaders.packages import is_unsafe_name
from rag.ingestion.walker import is_junk
from rag.types import Skipped

_KINDS = {
    stat.S_IFLNK: "It is a link, and links are not followed.",
    stat.S_IFCHR: "It is a device.",
    stat.S_IFBLK: "It is a device.",
    stat.S_IFIFO: "It is a pipe.",
    stat.S_IFSOCK: "It is a socket.",
}
UNNAMED = "member without a name"
OUTSIDE = "Its name leads out of the archive."


class Names:
    """The names that were given out in one archive, so that each member has one of its own."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def own(self, name: str) -> str:
        """Return the name as it is shown, with a number where the archive has it twice."""
        shown = name.replace("\\", "/").removeprefix("./")
        self._seen[shown] += 1
        return numbered(shown, self._seen[shown])


def is_meant(name: str) -> bool:
    """Tell whether somebody wanted this member: no hidden file, no resource fork, no folder of a program's own."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in {".", "..", "/"}]
    return not any(is_junk(part) for part in parts)


def refusal(name: str, mode: int) -> Skipped | None:
    """Return why a member is not read by its name or its kind (`mode` as in `os.stat`); None if it is a file."""
    kind = _KINDS.get(stat.S_IFMT(mode))
    if kind is not None:
        return Skipped(name, kind)
    return Skipped(name, OUTSIDE) if is_unsafe_name(name) else None


def decoded(raw: bytes, otherwise: str) -> str:
    """Return a name's bytes as text: UTF-8, which many programs write without saying so, else `otherwise`."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return otherwise or body_text(raw, None)
