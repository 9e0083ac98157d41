"""Where the messages of a mailbox file begin and end; found block by block, so that its size does not matter."""

import re
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK_BYTES = 4 << 20
_LINE_BYTES = 400
_SEPARATOR = re.compile(rb"From (?:- |-?\r?\n|[^\n]{0,300}?\d{1,2}:\d{2}[^\n]{0,60}\d{4})")
"""What parts messages: "From", whoever sent it, and when. Old Thunderbirds write "From -", and some nothing more."""
_ESCAPED = re.compile(rb"(?m)^>(>*From )")

Span = tuple[int, int]


def message_spans(file: BinaryIO) -> list[Span]:
    """Return offsets and ends of all messages, the separating lines left out, in order."""
    starts = list(_separators(file))
    end = file.seek(0, 2)
    ends = [start for start, _ in starts[1:]] + [end]
    return [(text, stop) for (_, text), stop in zip(starts, ends, strict=True)]


def message_bytes(file: BinaryIO, span: Span) -> bytes:
    """Return one message as it was before it was put into the mailbox."""
    file.seek(span[0])
    return _ESCAPED.sub(rb"\1", file.read(span[1] - span[0]))


def is_separator(line: bytes) -> bool:
    """Tell whether a file that begins so is a mailbox."""
    return _SEPARATOR.match(line) is not None


def _separators(file: BinaryIO) -> Iterator[Span]:
    """Yield start and end of each separating line: at the very start, or below an empty line."""
    file.seek(0)
    offset = 0
    # The first line has no empty line above it; give it one.
    kept, first = b"\n\n", 1
    while block := file.read(_BLOCK_BYTES):
        window = kept + block
        base = offset - len(kept)
        offset += len(block)
        safe = len(window) - _LINE_BYTES if len(block) == _BLOCK_BYTES else len(window)
        at = window.find(b"\nFrom ", first)
        while 0 <= at < safe:
            if _below_empty_line(window, at) and _SEPARATOR.match(window, at + 1):
                line_end = window.find(b"\n", at + 1)
                yield base + at + 1, base + (len(window) if line_end < 0 else line_end + 1)
            at = window.find(b"\nFrom ", at + 1)
        # Three characters before the place where the search goes on tell what stands above it.
        kept, first = window[safe - 3 :], 3


def _below_empty_line(window: bytes, at: int) -> bool:
    return window[at - 1 : at] == b"\n" or window[at - 2 : at] == b"\n\r"
