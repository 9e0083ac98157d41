"""The manifest of a `.carrel` file: what it holds, and the digest over all of it that people can compare by eye."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from rag.storage.bundles.checks import Fields, Malformed, parse_json

FORMAT = "carrel-collection"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
SETTINGS = "settings.json"
DOCUMENTS = "documents.jsonl"
VECTORS = "vectors.f32"
VECTOR_INDEX = "vectors.index"
ORIGINALS = "originals/"
FIXED_MEMBERS = (SETTINGS, DOCUMENTS, VECTORS, VECTOR_INDEX)
HASH_BYTES = 16
"""How long the key of a vector is."""

_MOST = 2**53
_LONGEST_NAME = 1_000


@dataclass(frozen=True)
class Member:
    """A member of the archive, as it is uncompressed."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Counts:
    """How much a bundle holds; `left_out` counts files of the collection that had no text to take along."""

    files: int
    documents: int
    pages: int
    passages: int
    vectors: int
    originals: int
    left_out: int


@dataclass(frozen=True)
class Manifest:
    """What stands first in a bundle.

    Attributes:
        program: Who wrote it, for people.
        collection_id: The same for all revisions of one collection.
        revision: Raised with each export that holds something new.
        created: When it was written, UTC.
        embedder: The identity of the model that made the vectors; "" where there are none.
        dimension: Numbers in a vector; 0 where there are none.
        chunking: How passages were cut.
        members: All other members, by name.
        digest: SHA-256 over the canonical JSON of everything else in the manifest, and so over every member.
    """

    program: str
    collection_id: str
    name: str
    revision: int
    created: datetime
    embedder: str
    dimension: int
    chunking: str
    counts: Counts
    members: tuple[Member, ...]
    digest: str = ""

    @property
    def embedder_bytes(self) -> int:
        """How long a vector is."""
        return self.dimension * 4

    @property
    def contents(self) -> str:
        """SHA-256 over the sorted members alone: equal for two exports of the same things."""
        lines = sorted(f"{each.sha256}  {each.size}  {each.name}\n" for each in self.members)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def member(self, name: str) -> Member:
        """Return a member that every bundle has."""
        return next(each for each in self.members if each.name == name)


def fingerprint(digest: str) -> str:
    """Return a digest as people compare it: eight groups of four."""
    return " ".join(digest[start : start + 4] for start in range(0, 32, 4))


def sealed(manifest: Manifest) -> Manifest:
    """Return the manifest with its digest."""
    return replace(manifest, digest=_digest(_fields(manifest)))


def encode(manifest: Manifest) -> bytes:
    """Return a sealed manifest as the bytes of its member."""
    return json.dumps({**_fields(manifest), "digest": manifest.digest}, indent=1, ensure_ascii=False).encode()


def format_version(data: bytes) -> int:
    """Return the version of the format; raises `Malformed` if this is no manifest."""
    fields = Fields(parse_json(data), "the manifest")
    if fields.text("format", 100) != FORMAT:
        raise Malformed("the manifest names another format")
    return fields.integer("format_version", 1, _MOST)


def decode(data: bytes) -> Manifest:
    """Return the manifest in `data`, of this program's format version; raises `Malformed`, also if it was changed."""
    parsed = parse_json(data)
    fields = Fields(parsed, "the manifest")
    digest = fields.digest("digest")
    if digest != _digest({name: value for name, value in parsed.items() if name != "digest"}):
        raise Malformed("the manifest was changed: it does not agree with its own digest")
    fields.text("format", 100)
    fields.integer("format_version", FORMAT_VERSION, FORMAT_VERSION)
    collection, embedder = fields.inner("collection"), fields.inner("embedder")
    manifest = Manifest(
        fields.text("program", 200),
        collection.hexadecimal("id", 32),
        collection.text("name", _LONGEST_NAME),
        collection.integer("revision", 1, _MOST),
        _moment(collection.text("created", 40)),
        embedder.text("identity", 500),
        embedder.integer("dimension", 0, 65_536),
        fields.text("chunking", 500),
        _counts(fields.inner("counts")),
        tuple(_member(each) for each in fields.inners("members")),
        digest,
    )
    for part in (fields, collection, embedder):
        part.nothing_else()
    return manifest


def _fields(manifest: Manifest) -> dict[str, object]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "program": manifest.program,
        "collection": {
            "id": manifest.collection_id,
            "name": manifest.name,
            "revision": manifest.revision,
            "created": manifest.created.astimezone(UTC).isoformat(timespec="seconds"),
        },
        "embedder": {"identity": manifest.embedder, "dimension": manifest.dimension},
        "chunking": manifest.chunking,
        "counts": asdict(manifest.counts),
        "members": [asdict(each) for each in sorted(manifest.members, key=lambda each: each.name)],
    }


def _digest(fields: dict[str, object]) -> str:
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _counts(fields: Fields) -> Counts:
    names = tuple(Counts.__dataclass_fields__)
    counts = Counts(**{name: fields.integer(name, 0, _MOST) for name in names})
    fields.nothing_else()
    return counts


def _member(fields: Fields) -> Member:
    member = Member(fields.text("name", 200), fields.integer("size", 0, _MOST), fields.digest("sha256"))
    fields.nothing_else()
    return member


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise Malformed("the manifest's date is none") from exc
    if moment.tzinfo is None:
        raise Malformed("the manifest's date has no time zone")
    return moment
