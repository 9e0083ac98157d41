"""Files in files: each member of an archive or a message is read like a file, and its pages join those around it.

A member that cannot be read becomes one page that says why; one that is no document is listed as left out. Nothing
that a container holds is lost in silence, and nothing that it claims is trusted: depth, number and unpacked size have
limits. Members lie in a private folder while they are read.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from inference.api import KnownError
from rag.errors import DamagedDocument, DocumentGone, EmptyDocument, EncryptedDocument, ScannedDocument, UnknownFormat
from rag.ingestion.loaders import progress
from rag.ingestion.loaders.base import Container, Loader, Member, empty_document, has_words, loader_identity
from rag.ingestion.problems import known_error
from rag.ingestion.temporary import private_folder
from rag.types import LoadedDocument, Page, PageKind, Skipped

_MOST_NAMED = 50
"""So many parts that are no documents are named one by one; the others are counted by their endings."""
_NAME_BYTES = 120
_COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class MemberLimits:
    """What one file may make of itself.

    Attributes:
        depth: Containers in containers; the file itself is the first.
        members: Members, those of members counted.
        unpacked_bytes: Together.
        ratio: How many times its packed size a member may grow beyond `unsuspicious_bytes`.
        unsuspicious_bytes: Less than that is no bomb, however well it is packed.
        bombs: After so many, nothing more of the file is unpacked.
    """

    depth: int = 5
    members: int = 20_000
    unpacked_bytes: int = 2_000_000_000
    ratio: int = 200
    unsuspicious_bytes: int = 50_000_000
    bombs: int = 3


class MemberLoaders(Protocol):
    """What has to be known of the loaders to read members."""

    def wanted(self, path: Path) -> bool: ...

    def choose(self, path: Path) -> Loader: ...


class ContainerLoader(Loader, Container, Protocol):
    """A loader that is both."""


class _LimitReached(Exception):
    """A limit of the whole file; `args[0]` is what was reached, in words."""


class _Bomb(Exception):
    """A member grows beyond all measure."""


class _Budget:
    """What is left of the limits while one file is read."""

    def __init__(self, limits: MemberLimits, folder: Path) -> None:
        self.limits = limits
        self.folder = folder
        self.depth = 0
        self.spent_bytes = 0
        self.count = 0
        self.bombs = 0

    def begin_member(self) -> None:
        self.count += 1
        if self.count > self.limits.members:
            raise _LimitReached(f"The file holds more than {self.limits.members} members; this one was not read.")

    def spend(self, count: int) -> None:
        self.spent_bytes += count
        if self.spent_bytes > self.limits.unpacked_bytes:
            most = self.limits.unpacked_bytes / 1e9
            raise _LimitReached(f"Unpacked, the file has more than {most:g} GB; this member was not read.")

    def unpack(self, member: Member) -> Path:
        """Write a member's bytes to a file of its name in a folder of its own."""
        if self.bombs >= self.limits.bombs:
            raise _LimitReached("It was not read, since other members of the file are bombs.")
        path = _own_place(self.folder, member.file_name or member.names[-1])
        allowed = max(self.limits.unsuspicious_bytes, member.packed_bytes * self.limits.ratio)
        self._defuse(member, member.unpacked_bytes, allowed)
        written = 0
        with member.opened() as source, path.open("wb") as target:
            while portion := source.read(_COPY_BYTES):
                written += len(portion)
                self._defuse(member, written, allowed)
                self.spend(len(portion))
                target.write(portion)
        return path

    def _defuse(self, member: Member, size: int, allowed: int) -> None:
        if member.packed_bytes and size > allowed:
            self.bombs += 1
            raise _Bomb


class Gathered:
    """The pages of a container and of its members, in reading order; made by `MemberReader.gather`.

    Attributes:
        pages: Numbered by index, each with its members in `inside`.
        outline: As in `LoadedDocument`.
        skipped: What was left out, with reasons.
    """

    def __init__(self, loaders: MemberLoaders, budget: _Budget, password: str | None) -> None:
        self._loaders = loaders
        self._budget = budget
        self._password = password
        self._others: Counter[tuple[str, str]] = Counter()
        self._named = 0
        self._errors: list[KnownError] = []
        self.pages: list[Page] = []
        self.outline: list[tuple[int, str, int]] = []
        self._skipped: list[Skipped] = []

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        rest = [_counted(ending, count, reason) for (ending, reason), count in sorted(self._others.items())]
        return (*self._skipped, *rest)

    def page(self, page: Page) -> None:
        """Add a page of the container itself."""
        self.pages.append(replace(page, index=len(self.pages)))

    def add(self, part: Member | Skipped) -> None:
        """Read a member, or note what was left out."""
        if isinstance(part, Skipped):
            self._skip(part)
            return
        try:
            self._budget.begin_member()
            if not part.chosen and not self._loaders.wanted(Path(PurePosixPath(part.names[-1]).name)):
                self._skip(Skipped(part.names[-1], "It is no document.", part.names[:-1]))
                return
            self._read(part)
        except _LimitReached as reached:
            self._skip(Skipped(part.names[-1], str(reached), part.names[:-1]))
        except _Bomb:
            self._skip(
                Skipped(part.names[-1], "It unpacks to far more than a document would: a bomb.", part.names[:-1])
            )
        except UnknownFormat as error:
            self._skip(Skipped(part.names[-1], error.message, part.names[:-1]))
        except Exception as error:  # noqa: BLE001 - members are whatever people have, and their parsers may do anything.
            self._fail(part.names, known_error(error, Path(PurePosixPath(part.names[-1]).name)))

    def refuse_if_empty(self, path: Path) -> None:
        """Raise `DocumentError` if there is not one word, nor a page that could be recognised."""
        if any(has_words(page.text) or page.kind == "scanned" for page in self.pages):
            return
        locked = next((error for error in self._errors if isinstance(error, EncryptedDocument)), None)
        if locked is not None:
            raise type(locked)(
                f"“{path.name}” cannot be read without a password. {locked.message}",
                remedy="Enter its password to have it read.",
                path=path,
            )
        if self._errors:
            first = self._errors[0]
            empty = all(isinstance(error, EmptyDocument) for error in self._errors)
            kind = EmptyDocument if empty else DamagedDocument
            raise kind(f"“{path.name}” holds nothing that can be read. {first.message}", remedy=first.remedy, path=path)
        raise self._nothing(path)

    def _nothing(self, path: Path) -> EmptyDocument:
        if not self.skipped:
            return empty_document(path)
        first = self.skipped[0]
        return EmptyDocument(
            f"“{path.name}” holds no document that can be read. {first.name}: {first.reason}",
            remedy="Unpack it and add what you want to have read.",
            path=path,
        )

    def _read(self, member: Member) -> None:
        budget = self._budget
        path = budget.unpack(member)
        try:
            loader = self._loaders.choose(path)
            if isinstance(loader, Container) and budget.depth >= budget.limits.depth:
                raise _LimitReached(f"It lies more than {budget.limits.depth} containers deep.")
            with progress.within(budget.count, 0):
                self._join(member.names, loader.load(path, self._password))
        finally:
            # The folder goes at the end in any case; a parser that still holds the file must not spoil its text.
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()
        progress.step(budget.count, 0)

    def _join(self, names: tuple[str, ...], document: LoadedDocument) -> None:
        first = len(self.pages)
        for page in document.pages:
            self.pages.append(replace(page, index=len(self.pages), inside=(*names, *page.inside)))
        self.outline.append((len(names), names[-1], first))
        self.outline.extend((level + len(names), title, first + index) for level, title, index in document.outline)
        for each in document.skipped:
            self._skip(replace(each, inside=(*names, *each.inside)))

    def _fail(self, names: tuple[str, ...], error: KnownError) -> None:
        self._errors.append(error)
        kind: PageKind = "failed"
        if isinstance(error, EmptyDocument):
            kind = "empty"
        elif isinstance(error, ScannedDocument):
            kind = "scanned"
        note = f"{error.message} {error.remedy}".strip()
        self.pages.append(Page(len(self.pages), None, names[-1], "", kind, note=note, inside=names))

    def _skip(self, skipped: Skipped) -> None:
        self._named += 1
        if self._named <= _MOST_NAMED:
            self._skipped.append(skipped)
        else:
            self._others[PurePosixPath(skipped.name).suffix.lower(), skipped.reason] += 1


class MemberReader:
    """Reads members of containers, and members of members; one thread.

    Args:
        loaders: Gives all loaders; asked when the first member is read, since containers are among them.
        limits: What one file may make of itself.
    """

    def __init__(self, loaders: Callable[[], MemberLoaders], limits: MemberLimits | None = None) -> None:
        self._loaders = loaders
        self._limits = limits or MemberLimits()
        self._budget: _Budget | None = None

    @contextmanager
    def gather(self, password: str | None = None) -> Iterator[Gathered]:
        """Give what pages and members are added to, for a container that is read now; containers nest."""
        with self._budget_of_the_file() as budget:
            budget.depth += 1
            try:
                yield Gathered(self._loaders(), budget, password)
            finally:
                budget.depth -= 1

    def load(self, container: ContainerLoader, path: Path, password: str | None) -> LoadedDocument:
        """Return the document of a file that is nothing but its members, as archives are."""
        with self.gather(password) as gathered:
            for part in container.members(path, password):
                gathered.add(part)
            gathered.refuse_if_empty(path)
        return LoadedDocument(
            path.stem.removesuffix(".tar"),
            container.name,
            loader_identity(container),
            tuple(gathered.pages),
            outline=tuple(gathered.outline),
            skipped=gathered.skipped,
        )

    def extract(self, path: Path, inside: tuple[str, ...], folder: Path, password: str | None = None) -> Path:
        """Write the member that `inside` leads to into `folder`, and return its path.

        Raises:
            DocumentGone: There is no such member (any more).
            DocumentError: The way to it cannot be read.
        """
        budget = _Budget(self._limits, folder)
        current = path
        while inside:
            member = self._find(current, inside, password)
            try:
                with member as found:
                    budget.begin_member()
                    current = budget.unpack(found)
                    inside = inside[len(found.names) :]
            except (_LimitReached, _Bomb) as exc:
                raise _gone(path, inside) from exc
        return current

    @contextmanager
    def _find(self, path: Path, inside: tuple[str, ...], password: str | None) -> Iterator[Member]:
        loader = self._loaders().choose(path)
        if not isinstance(loader, Container):
            raise _gone(path, inside)
        for part in loader.members(path, password):
            if isinstance(part, Member) and part.names == inside[: len(part.names)]:
                yield part
                return
        raise _gone(path, inside)

    @contextmanager
    def _budget_of_the_file(self) -> Iterator[_Budget]:
        if self._budget is not None:
            yield self._budget
            return
        with private_folder() as folder:
            self._budget = _Budget(self._limits, folder)
            try:
                yield self._budget
            finally:
                self._budget = None


def numbered(name: str, count: int) -> str:
    """Return the name of the `count`-th member that is called so."""
    if count == 1:
        return name
    path = PurePosixPath(name)
    return f"{name[: len(name) - len(path.suffix)]} ({count}){path.suffix}"


def _own_place(folder: Path, name: str) -> Path:
    """Return a path that no member can choose: only the last part of its name is kept, without what is special."""
    clean = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    clean = clean.encode("utf-8", "replace").decode() or "member"
    ending = PurePosixPath(clean).suffix[:16]
    stem = clean[: len(clean) - len(PurePosixPath(clean).suffix)]
    stem = stem.encode()[: _NAME_BYTES - len(ending.encode())].decode("utf-8", "ignore")
    return Path(tempfile.mkdtemp(dir=folder)) / f"{stem}{ending}"


def _counted(ending: str, count: int, reason: str) -> Skipped:
    what = f"{ending} files" if ending else "files without ending"
    return Skipped(f"{count} more {what}", reason)


def _gone(path: Path, inside: tuple[str, ...]) -> DocumentGone:
    return DocumentGone(
        f"“{inside[-1]}” is not in “{path.name}” any more.",
        remedy="Look for changes again, so that the file is read anew.",
        path=path,
    )
