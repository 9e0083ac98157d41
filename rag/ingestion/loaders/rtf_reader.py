r"""Reads the control words of Rich Text: paragraphs, headings, table rows, footnotes and comments, in all encodings.

Groups nest; what a group changes ends with it. Text goes to the innermost "destination": the document, a note, a list
of fonts or styles, or nowhere (pictures, headers, data of other programs).
"""

import codecs
import re
from dataclasses import dataclass, field, replace

from rag.ingestion.loaders.text_builder import TextBuilder

_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,10})?[ ]?|\\'(?P<hex>[0-9A-Fa-f]{2})|\\(?P<sign>[^A-Za-z])"
    r"|(?P<open>\{)|(?P<close>\})|(?P<text>[^\\{}\r\n]+)",
    re.DOTALL,
)
_NOWHERE_NAMES = """colortbl pict header headerl headerr headerf footer footerl footerr footerf themedata datastore
colorschememapping latentstyles filetbl revtbl rsidtbl listtable listoverridetable generator xmlnstbl objdata fldinst
objclass bkmkstart bkmkend shppict nonshppict sp atnid atnref atndate atntime atrfstart atrfend factoidname template
ftnsep ftnsepc aftnsep aftnsepc passwordhash mmathpr pgptbl"""
_NOWHERE = frozenset(_NOWHERE_NAMES.split())
_KEPT_NAMES = (
    "shpinst shptxt footnote annotation atnauthor fldrslt result shprslt pntext listtext nesttableprops shp ud"
)
_STARRED = frozenset(_KEPT_NAMES.split())
"""Destinations that are read although the file says that programs may pass over them."""
_SIGN_WORDS = {
    **{"tab": "\t", "line": "\n", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•"},
    **{"endash": "–", "emdash": "—", "enspace": " ", "emspace": " ", "qmspace": " "},
}
_SIGNS = {"~": "\u00a0", "_": "-", "\\": "\\", "{": "{", "}": "}", "\t": "\t"}
_CHARSETS = {
    **{0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "cp950", 161: "cp1253"},
    **{162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874"},
    **{238: "cp1250", 255: "cp437"},
}
_PARAGRAPH_ENDS = frozenset({"par", "sect", "page", "column"})
_DEEPEST = 2000


@dataclass
class _Note:
    """What a footnote or comment says."""

    kind: str
    parts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Group:
    """What holds within one pair of braces."""

    destination: str = "body"
    note: _Note | None = None
    encoding: str | None = None
    fallback: int = 1
    style: int | None = None
    level: int | None = None
    in_table: bool = False
    nested: bool = False


class RtfReader:
    """Reads one file; `title` and `author` are what it says of itself.

    Args:
        builder: Takes what is read.
    """

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._groups = [_Group()]
        self._encoding = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._levels: dict[int, int] = {}
        self._paragraph: list[str] = []
        self._bytes = bytearray()
        self._bullet = False
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._notes: list[_Note] = []
        self._author_of_note = ""
        self._style_name: list[str] = []
        self._about: dict[str, list[str]] = {"title": [], "author": []}
        self._skip = 0
        self._starred = False

    @property
    def title(self) -> str:
        return "".join(self._about["title"]).strip()

    @property
    def author(self) -> str:
        return "".join(self._about["author"]).strip()

    def read(self, data: bytes) -> None:
        """Read a file's bytes to their end, wherever that is."""
        source = data.decode("latin-1")
        at = 0
        while match := _TOKEN.search(source, at):
            at = match.end()
            kind = match.lastgroup
            if match["word"]:
                number = None if match["number"] is None else int(match["number"])
                if match["word"] == "bin" and number:
                    at += max(0, number)
                else:
                    self._word(match["word"], number)
            elif kind == "hex":
                self._byte(int(match["hex"], 16))
            elif kind == "sign":
                self._sign(match["sign"])
            elif kind == "open":
                self._flush()
                if len(self._groups) < _DEEPEST:
                    self._groups.append(self._groups[-1])
                else:
                    raise RecursionError
            elif kind == "close":
                self._close()
            else:
                self._text(match["text"])
        self._end_paragraph()
        self._end_table()
        self._add_notes()

    @property
    def _group(self) -> _Group:
        return self._groups[-1]

    def _change(self, **changes: object) -> None:
        self._groups[-1] = replace(self._group, **changes)  # type: ignore[arg-type]

    # --- Words --------------------------------------------------------------------------------------------------------

    def _word(self, word: str, number: int | None) -> None:
        if word == "u" and number is not None:
            self._unicode(number)
            return
        self._flush()
        self._skip = 0
        starred, self._starred = self._starred, False
        if self._enter_destination(word, starred) or self._group.destination == "nowhere":
            return
        if word in _SIGN_WORDS:
            self._put(_SIGN_WORDS[word])
        elif word == "uc":
            self._change(fallback=max(0, number or 0))
        elif word in {"f", "fcharset", "ansicpg", "mac", "pc", "pca"}:
            self._set_encoding(word, number)
        elif self._group.destination == "stylesheet":
            self._define_style(word, number)
        else:
            self._layout(word, number)

    def _enter_destination(self, word: str, starred: bool) -> bool:
        if word in _NOWHERE or (starred and word not in _STARRED):
            self._change(destination="nowhere")
        elif word in {"footnote", "annotation"}:
            note = _Note(word)
            self._notes.append(note)
            self._change(destination="note", note=note, in_table=False)
        elif word in {"listtext", "pntext"}:
            self._bullet = True
            self._change(destination="nowhere")
        elif word in {"fonttbl", "stylesheet", "info", "atnauthor"}:
            if word == "atnauthor":
                self._author_of_note = ""
            self._change(destination=word)
        elif self._group.destination == "info":
            self._change(destination=word if word in self._about else "nowhere")
        else:
            return False
        return True

    def _set_encoding(self, word: str, number: int | None) -> None:
        if word == "f":
            self._font = number or 0
            self._change(encoding=self._fonts.get(self._font))
        elif word == "fcharset" and self._group.destination == "fonttbl":
            self._fonts[self._font] = _CHARSETS.get(number or 0, self._encoding)
        elif word == "ansicpg" and number:
            self._encoding = _known_encoding(f"cp{number}")
        elif word in {"mac", "pc", "pca"}:
            self._encoding = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]

    def _define_style(self, word: str, number: int | None) -> None:
        if word == "s":
            self._change(style=number)
        elif word == "outlinelevel" and self._group.style is not None and number is not None and number < 9:
            self._levels[self._group.style] = number + 1

    def _layout(self, word: str, number: int | None) -> None:
        if word in _PARAGRAPH_ENDS:
            self._end_paragraph()
        elif word == "pard":
            self._change(style=None, level=None, in_table=False, nested=False)
        elif word == "s":
            self._change(style=number)
        elif word == "outlinelevel":
            self._change(level=None if number is None or number > 8 else number + 1)
        elif word == "intbl":
            self._change(in_table=True)
        elif word == "itap":
            self._change(nested=(number or 0) > 1)
        elif word in {"cell", "nestcell"}:
            self._end_cell(nested=word == "nestcell")
        elif word == "row":
            self._end_row()

    # --- Text ---------------------------------------------------------------------------------------------------------

    def _unicode(self, number: int) -> None:
        self._flush()
        self._put(chr(number % 65536))
        self._skip = self._group.fallback

    def _byte(self, value: int) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._bytes.append(value)

    def _sign(self, sign: str) -> None:
        self._flush()
        if sign == "*":
            self._starred = True
        elif self._skip and sign not in "\r\n":
            self._skip -= 1
        elif sign in "\r\n":
            self._end_paragraph()
        else:
            self._put(_SIGNS.get(sign, ""))

    def _text(self, text: str) -> None:
        if self._skip:
            skipped = min(self._skip, len(text))
            self._skip -= skipped
            text = text[skipped:]
        if self._bytes or not text.isascii():
            self._bytes += text.encode("latin-1")
            self._flush()
        else:
            self._put(text)

    def _flush(self) -> None:
        if self._bytes:
            data = bytes(self._bytes)
            self._bytes.clear()
            self._put(data.decode(self._group.encoding or self._encoding, "replace"))

    def _put(self, text: str) -> None:
        group = self._group
        if group.destination == "note" and group.note is not None:
            group.note.parts.append(text)
        elif group.destination == "body":
            self._paragraph.append(text)
        elif group.destination == "atnauthor":
            self._author_of_note += text
        elif group.destination in self._about:
            self._about[group.destination].append(text)
        elif group.destination == "stylesheet" and group.style is not None:
            self._name_style(group.style, text)

    def _name_style(self, style: int, text: str) -> None:
        named = re.match(r"(?:heading|Heading|Überschrift|Titre) ([1-9]);?$", text.strip())
        if named:
            self._levels.setdefault(style, int(named[1]))

    # --- Blocks -------------------------------------------------------------------------------------------------------

    def _close(self) -> None:
        self._flush()
        if len(self._groups) > 1:
            closed = self._groups.pop()
            if closed.note is not None and self._group.note is None and closed.note.kind == "annotation":
                closed.note.parts.insert(
                    0, f"Comment by {self._author_of_note}: " if self._author_of_note else "Comment: "
                )
        self._skip = 0
        self._starred = False

    def _end_paragraph(self) -> None:
        self._flush()
        group = self._group
        if group.destination == "note" and group.note is not None:
            group.note.parts.append("\n")
        elif group.destination == "body" and (group.in_table or self._cells):
            self._paragraph.append("\n")
        elif group.destination == "body":
            self._end_table()
            self._add_paragraph(_joined(self._paragraph), group)
            self._paragraph.clear()
            self._bullet = False

    def _add_paragraph(self, text: str, group: _Group) -> None:
        level = group.level or self._levels.get(-1 if group.style is None else group.style)
        if level is not None:
            self._builder.heading(text, level)
        else:
            self._builder.paragraph(f"- {text}" if self._bullet and text else text)

    def _end_cell(self, *, nested: bool) -> None:
        self._flush()
        if nested:
            # A table in a cell is read with its cell.
            self._paragraph.append(" ")
            return
        self._cells.append(_joined(self._paragraph))
        self._paragraph.clear()
        self._bullet = False

    def _end_row(self) -> None:
        if self._cells:
            self._rows.append(self._cells)
            self._cells = []

    def _end_table(self) -> None:
        self._end_row()
        if self._rows:
            self._builder.table(self._rows)
            self._rows = []

    def _add_notes(self) -> None:
        for note in self._notes:
            text = _joined(note.parts)
            if text and text not in {"Comment:", f"Comment by {self._author_of_note}:"}:
                self._builder.paragraph(text)


def _joined(parts: list[str]) -> str:
    """Return the text; signs beyond 65,535 are written as two halves, which are put together here."""
    return "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "").strip()


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup("utf-8" if name == "cp65001" else name).name
    except LookupError:
        return "cp1252"
