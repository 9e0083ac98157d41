"""Reads a `.carrel` archive of a stranger: nothing of it is used before all of it was found to be what it says.

The archive's own structure is checked first (which members, how large, how compressed), then each member against the
manifest, then every record against its format. What is wrong is told by name.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np

from rag.bundles import BundleSummary
from rag.errors import BundleDamaged, BundleError, BundleNewer
from rag.storage.bundles import manifest as format_of
from rag.storage.bundles.checks import Malformed
from rag.storage.bundles.manifest import (
    DOCUMENTS,
    FIXED_MEMBERS,
    HASH_BYTES,
    MANIFEST,
    ORIGINALS,
    SETTINGS,
    VECTOR_INDEX,
    VECTORS,
    Manifest,
    fingerprint,
)
from rag.storage.bundles.records import LONGEST_LINE, BundledDocument, read_documents
from rag.storage.bundles.settings import read_settings
from rag.storage.text import text_hash
from rag.types import FolderRules

Check = Callable[[int], None]
"""Called with the bytes read since the last call; may raise to end the work."""

_PIECE = 1 << 20
_MOST_MANIFEST_BYTES = 64 << 20
_MOST_SETTINGS_BYTES = 1 << 20
_FREE_BYTES = 64 << 20
_MOST_RATIO = 200
"""Text shrinks to a quarter, tables of numbers to a fiftieth; what shrinks more, and is large, is a bomb."""
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)


class Archive:
    """An open `.carrel` file whose manifest agrees with its list of members; one thread.

    Attributes:
        path: The file, as it is named in messages.
        manifest: What it says of itself.
    """

    def __init__(self, file: Path, shown_as: Path | None = None) -> None:
        """Open a file and compare its list of members with its manifest.

        Raises:
            BundleDamaged: It is no such file, or what it lists is not what it says.
            BundleNewer: A newer version of the program wrote it.
            BundleError: The system does not let it be read.
        """
        self.path = shown_as or file
        with self._reading():
            self._file = file.open("rb")
        try:
            with self._reading("it is no archive, or its end is missing"):
                self._zip = zipfile.ZipFile(self._file)
                self._infos = self._checked_list()
            self.manifest = self._read_manifest()
            self._compare_lists()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()
        self._file.close()

    def verify(self, check: Check) -> None:
        """Compare each member with the manifest, and each record with its format; raises `BundleDamaged`."""
        for member in self.manifest.members:
            digest, size = hashlib.sha256(), 0
            for piece in self.pieces(member.name, check):
                size += len(piece)
                digest.update(piece)
            if size != member.size or digest.hexdigest() != member.sha256:
                raise self.damaged(f"its part “{member.name}” is not what its manifest says")
        self.settings()
        self._verify_texts(check)

    def pieces(self, name: str, check: Check = lambda _: None) -> Iterator[bytes]:
        """Yield a member's bytes, never more than the manifest says there are."""
        left = self.manifest.member(name).size
        with self._reading(f"its part “{name}” is broken"), self._zip.open(name) as member:
            while piece := member.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    break
                check(len(piece))
                yield piece
        if left:
            raise self.damaged(f"its part “{name}” has not the size that its manifest says")

    def documents(self, check: Check = lambda _: None) -> Iterator[tuple[BundledDocument, bytes]]:
        """Yield each document, and the SHA-256 of its lines; raises `BundleDamaged`."""
        try:
            for bundled, lines in read_documents(self._lines(DOCUMENTS, check)):
                digest = hashlib.sha256()
                for line in lines:
                    digest.update(line)
                yield bundled, digest.digest()
        except Malformed as exc:
            raise self.damaged(f"its part “{DOCUMENTS}” is malformed: {exc}") from exc

    def vector_rows(self) -> dict[bytes, int]:
        """Return the row of each vector by the hash of its text."""
        index = b"".join(self.pieces(VECTOR_INDEX))
        return {index[at : at + HASH_BYTES]: at // HASH_BYTES for at in range(0, len(index), HASH_BYTES)}

    def vectors(self, rows: Sequence[int]) -> list[bytes]:
        """Return these rows of the vectors, little-endian float32 each."""
        width = self.manifest.embedder_bytes
        found = []
        with self._reading(f"its part “{VECTORS}” is broken"):
            for row in rows:
                self._file.seek(self._vectors_at + row * width)
                found.append(self._file.read(width))
        return found

    def damaged(self, what: str) -> BundleDamaged:
        return BundleDamaged(
            f"“{self.path.name}” was changed or is damaged: {what}.",
            remedy="Get the file again from where it came from; nothing of it was taken in.",
            path=self.path,
        )

    # --- The list of members ------------------------------------------------------------------------------------------

    def _checked_list(self) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        by_place = sorted(infos, key=lambda info: info.header_offset)
        names = {info.filename: info for info in infos}
        if not infos or by_place[0].filename != MANIFEST:
            raise self.damaged(f"it does not begin with “{MANIFEST}”")
        if len(names) != len(infos):
            raise self.damaged("it holds two parts of one name")
        end = 0
        for info in by_place:
            self._check_info(info)
            if info.header_offset < end:
                raise self.damaged(f"its part “{info.filename[:80]}” lies inside another one")
            end = info.header_offset + 30 + info.compress_size
        return names

    def _check_info(self, info: zipfile.ZipInfo) -> None:
        name = info.filename[:80]
        if info.flag_bits & 0x1:
            raise self.damaged(f"its part “{name}” is encrypted")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise self.damaged(f"its part “{name}” is compressed in an unknown way")
        if info.file_size > _FREE_BYTES and info.file_size > info.compress_size * _MOST_RATIO:
            raise self.damaged(f"its part “{name}” would unpack to {info.file_size // 1_000_000:,} MB")

    def _read_manifest(self) -> Manifest:
        if self._infos[MANIFEST].file_size > _MOST_MANIFEST_BYTES:
            raise self.damaged("its manifest is too large")
        with self._reading("its manifest is broken"), self._zip.open(MANIFEST) as member:
            data = member.read(_MOST_MANIFEST_BYTES)
        try:
            version = format_of.format_version(data)
            if version > format_of.FORMAT_VERSION:
                raise self._newer(version)
            return format_of.decode(data)
        except Malformed as exc:
            raise self.damaged(str(exc)) from exc

    def _newer(self, version: int) -> BundleNewer:
        return BundleNewer(
            f"“{self.path.name}” was written by a newer version of Carrel (format {version}; this one reads "
            f"{format_of.FORMAT_VERSION}).",
            remedy="Install the newest version of Carrel, or ask for the file in an older format.",
            path=self.path,
        )

    def _compare_lists(self) -> None:
        manifest = self.manifest
        told = {member.name: member for member in manifest.members}
        if len(told) != len(manifest.members):
            raise self.damaged("its manifest names a part twice")
        for name in (*FIXED_MEMBERS, *told):
            if name not in told or name not in self._infos:
                raise self.damaged(f"its part “{name}” is missing")
        for name, info in self._infos.items():
            if name != MANIFEST and name not in told:
                raise self.damaged(f"“{name[:80]}” was added to it")
            if name != MANIFEST and info.file_size != told[name].size:
                raise self.damaged(f"its part “{name}” has not the size that its manifest says")
        for member in manifest.members:
            if member.name not in FIXED_MEMBERS and member.name != ORIGINALS + member.sha256:
                raise self.damaged(f"its part “{member.name[:80]}” has no place in the format")
        self._compare_vectors()

    def _compare_vectors(self) -> None:
        manifest, count = self.manifest, self.manifest.counts.vectors
        sizes = manifest.member(VECTORS).size, manifest.member(VECTOR_INDEX).size
        if sizes != (count * manifest.embedder_bytes, count * HASH_BYTES) or bool(count) != bool(manifest.dimension):
            raise self.damaged("its vectors are not as many as its manifest says")
        if self._infos[VECTORS].compress_type != zipfile.ZIP_STORED:
            raise self.damaged(f"its part “{VECTORS}” is compressed")
        with self._reading("its list of parts is broken"):
            at = self._infos[VECTORS].header_offset
            self._file.seek(at)
            header = self._file.read(30)
            self._vectors_at = (
                at + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
            )

    # --- The records --------------------------------------------------------------------------------------------------

    def settings(self) -> FolderRules:
        """Return the settings of the collection; raises `BundleDamaged`."""
        if self.manifest.member(SETTINGS).size > _MOST_SETTINGS_BYTES:
            raise self.damaged(f"its part “{SETTINGS}” is too large")
        try:
            return read_settings(b"".join(self.pieces(SETTINGS)))
        except Malformed as exc:
            raise self.damaged(f"its part “{SETTINGS}” is malformed: {exc}") from exc

    def _verify_texts(self, check: Check) -> None:
        rows = self.vector_rows()
        counts = self.manifest.counts
        if len(rows) != counts.vectors:
            raise self.damaged("it has two vectors for one text")
        unused, bytes_of, names = set(rows), set[str](), set[str]()
        files = documents = pages = passages = 0
        for bundled, _ in self.documents(check):
            documents, files = documents + 1, files + len(bundled.files)
            pages, passages = pages + len(bundled.document.pages), passages + len(bundled.passages)
            unused -= {text_hash(passage.context, passage.text) for passage in bundled.passages}
            names |= {file.name for file in bundled.files}
            bytes_of.add(bundled.sha256)
        if (files, documents, pages, passages) != (counts.files, counts.documents, counts.pages, counts.passages):
            raise self.damaged("its texts are not as many as its manifest says")
        if len(names) != files or any(parent in names for name in names for parent in _folders(name)):
            raise self.damaged("two of its files have one name")
        if unused:
            raise self.damaged("it has vectors of texts that it does not hold")
        originals = {name for name in self._infos if name.startswith(ORIGINALS)}
        if len(originals) != counts.originals or not originals <= {ORIGINALS + each for each in bytes_of}:
            raise self.damaged("its originals are not those of its documents")
        self._verify_numbers()

    def _verify_numbers(self) -> None:
        rest = b""
        for piece in self.pieces(VECTORS):
            data = rest + piece
            whole = len(data) // 4 * 4
            if not np.isfinite(np.frombuffer(data[:whole], "<f4")).all():
                raise self.damaged("its vectors hold numbers that are none")
            rest = data[whole:]

    def _lines(self, name: str, check: Check) -> Iterator[bytes]:
        rest: list[bytes] = []
        length = 0
        for piece in self.pieces(name, check):
            *whole, last = piece.split(b"\n")
            for line in whole:
                yield b"".join([*rest, line])
                rest, length = [], 0
            rest.append(last)
            length += len(last)
            if length > LONGEST_LINE:
                raise Malformed("a line is too long")
        if length:
            raise Malformed("its last line has no end")

    @contextmanager
    def _reading(self, what: str = "it cannot be read") -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise BundleError(
                f"“{self.path}” cannot be read: {exc.strerror or type(exc).__name__}.",
                remedy="Check its name, that its disk is connected, and that you may read it.",
                path=self.path,
            ) from exc
        except _UNREADABLE as exc:
            raise self.damaged(what) from exc


def summary(path: Path) -> BundleSummary:
    """Return what a file says of itself; raises `BundleError`. Its parts are not verified yet."""
    with Archive(path) as archive:
        manifest = archive.manifest
    counts = manifest.counts
    return BundleSummary(
        path,
        manifest.name,
        manifest.revision,
        manifest.created,
        manifest.digest,
        fingerprint(manifest.digest),
        manifest.program,
        counts.files,
        counts.passages,
        counts.originals,
        manifest.embedder,
    )


def _folders(name: str) -> Iterator[str]:
    """Yield the folders that a name leads through."""
    at = name.find("/")
    while at >= 0:
        yield name[:at]
        at = name.find("/", at + 1)
