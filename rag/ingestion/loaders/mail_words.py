"""Words of mail headers and bodies, as real programs write them: encodings that lie, words cut in half, bare bytes.

The standard library's own header parser raises on what some programs send; this one always returns something.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_ENCODED = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SAYS_MORE = 2.0
_TRIFLING_WORDS = 25
_SIGNATURE = "-- "
_REPLY = re.compile(
    r"^\s*(?:(?:re|aw|sv|antw|fw|fwd|wg|tr|rv|enc|odp|vs|vl|ref|res|回复|答复|转发)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]\s*)+",
    re.IGNORECASE,
)
_LIST_TAG = re.compile(r"^\s*\[[^\]]{1,40}\]\s*")


def header_words(raw: str) -> str:
    """Return a header's value as people read it; `raw` is as the `email` package keeps it, surrogates included."""
    unfolded = _FOLD.sub(" ", _bare_bytes(raw))
    decoded = "".join(_pieces(unfolded))
    return re.sub(r"\s+", " ", _CONTROLS.sub(" ", decoded)).strip()


def body_text(data: bytes, charset: str | None) -> str:
    """Return the text of a body's bytes: in the charset that it names, unless that is plainly wrong."""
    if charset and (codec := _codec(charset)) not in {None, "ascii"}:
        try:
            return _clean(data.decode(str(codec)))
        except UnicodeDecodeError:
            pass
    for guess in ("utf-8", _codec(charset or "") or "cp1252"):
        try:
            return _clean(data.decode(guess))
        except UnicodeDecodeError:
            continue
    return _clean(data.decode("cp1252", "replace"))


def unflowed(text: str, *, delete_space: bool) -> str:
    """Join the lines of a `format=flowed` body (RFC 3676) where they were only broken to fit."""
    lines: list[str] = []
    depths: list[int] = []
    open_depth = -1
    for raw in text.split("\n"):
        depth = len(raw) - len(raw.lstrip(">"))
        line = raw[depth:].removeprefix(" ")
        if depth == open_depth and line != _SIGNATURE:
            lines[-1] += line
        else:
            lines.append(line)
            depths.append(depth)
        open_depth = depth if line.endswith(" ") and line != _SIGNATURE else -1
        if open_depth >= 0 and delete_space:
            lines[-1] = lines[-1][:-1]
    quoted = ((">" * depth + " " if depth else "") + line for depth, line in zip(depths, lines, strict=True))
    return "\n".join(quoted)


def thread_subject(subject: str) -> str:
    """Return a subject without "Re:" and its like in front, and without the tag of a mailing list."""
    shown = subject
    while True:
        shorter = _LIST_TAG.sub("", _REPLY.sub("", shown), count=1)
        if not shorter:
            return shown.strip()
        if shorter == shown:
            return shown.strip()
        shown = shorter


def says_more(longer: str, plain: str) -> bool:
    """Tell whether another form of a message holds much that its plain text does not."""
    return len(longer.split()) > max(_TRIFLING_WORDS, _SAYS_MORE * len(plain.split()))


@dataclass
class _Run:
    """Encoded words side by side in one charset; a character may be cut in half between them."""

    charset: str
    data: bytes


def _pieces(text: str) -> Iterator[str]:
    run: _Run | None = None
    end = 0
    for match in _ENCODED.finditer(text):
        between = text[end : match.start()]
        data = _decoded_word(match[2], match[3])
        if run is not None and (between.strip() or run.charset != match[1].lower()):
            yield body_text(run.data, run.charset)
            run = None
        if between.strip() or end == 0:
            yield between
        run = _Run(match[1].lower(), (run.data if run else b"") + data)
        end = match.end()
    if run is not None:
        yield body_text(run.data, run.charset)
    yield text[end:]


def _decoded_word(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "bB":
        clean = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        if len(clean) % 4 == 1:
            clean = clean[:-1]
        try:
            return base64.b64decode(clean + b"=" * (-len(clean) % 4))
        except binascii.Error:
            return data
    return binascii.a2b_qp(data, header=True)


def _bare_bytes(raw: str) -> str:
    """Decode bytes that no header may hold, which the `email` package keeps as surrogates."""
    if not re.search(r"[\udc80-\udcff]", raw):
        return re.sub(r"[\ud800-\udfff]", "\ufffd", raw)
    return body_text(raw.encode("utf-8", "surrogateescape"), None)


def _codec(charset: str) -> str | None:
    name = charset.strip("\"' ").lower().removeprefix("cs")
    name = {"iso-8859-8-i": "iso-8859-8", "ks_c_5601-1987": "cp949", "gb2312": "gb18030", "x-gbk": "gb18030"}.get(
        name, name
    )
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # Latin-1 in mail means Windows' own set: its extra signs are quotation marks and dashes.
    if codec.name == "iso8859-1":
        return "cp1252"
    return codec.name if codec._is_text_encoding else None


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return re.sub(r"[\ud800-\udfff]", "\ufffd", _CONTROLS.sub(" ", text))
