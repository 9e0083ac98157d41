"""Opens OpenDocument packages that are protected by a password, in memory.

Each member is deflated, then encrypted on its own with AES in CBC mode; the manifest says with what. What LibreOffice
writes since 2024 (one encrypted member that holds the package) is recognised, but not opened.
"""

import hashlib
import zipfile
import zlib
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import EncryptedDocument, WrongPassword
from rag.ingestion.loaders.base import damaged_document
from rag.ingestion.loaders.packages import DOCUMENT_LIMITS, encrypted_package, open_package, unpacks_too_large

if TYPE_CHECKING:
    from lxml.etree import _Element

_MANIFEST = "META-INF/manifest.xml"
_M = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_MOST_ITERATIONS = 10_000_000
_CHECKED_BYTES = 1024
_HASHES = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}


def unlocked(data: bytes, path: Path, password: str | None, kind: str) -> bytes:
    """Return the package without encryption; the same bytes if it has none.

    Raises:
        EncryptedDocument: It needs a password, or is encrypted in a way that is not known here.
        WrongPassword: The password is another one.
        DamagedDocument: It is no package, or what is encrypted is broken.
    """
    from lxml import etree

    with open_package(data, path, kind=kind) as package:
        if _MANIFEST not in package:
            return data
        manifest = package.xml(_MANIFEST)
        entries = [entry for entry in manifest if entry.find(_M + "encryption-data") is not None]
        if not entries:
            return data
        if password is None:
            raise encrypted_package(path)
        plain: dict[str, bytes] = {}
        for entry in entries:
            name = entry.get(_M + "full-path") or ""
            if name in package:
                plain[name] = _opened(entry, package.read(name), password, path, kind)
        if not plain:
            raise _unsupported(path)
        for entry in entries:
            for encryption in entry.findall(_M + "encryption-data"):
                entry.remove(encryption)
        plain[_MANIFEST] = etree.tostring(manifest)
        target = BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name in package.names:
                archive.writestr(name, plain[name] if name in plain else package.read(name))
    return target.getvalue()


def _opened(entry: "_Element", locked: bytes, password: str, path: Path, kind: str) -> bytes:
    encryption = entry.find(_M + "encryption-data")
    algorithm = None if encryption is None else encryption.find(_M + "algorithm")
    if encryption is None or algorithm is None or not _value(algorithm, "algorithm-name").endswith("aes256-cbc"):
        raise _unsupported(path)
    try:
        packed = _decrypted(
            locked, _key(encryption, password, path), b64decode(_value(algorithm, "initialisation-vector"))
        )
    except ValueError as exc:
        raise damaged_document(path, kind) from exc
    if not _is_right(encryption, packed):
        raise WrongPassword(
            f"The password does not open “{path.name}”.", remedy="Check its spelling, and try again.", path=path
        )
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(packed, DOCUMENT_LIMITS.member_bytes)
    except zlib.error as exc:
        raise damaged_document(path, kind) from exc
    if not inflater.eof and len(data) >= DOCUMENT_LIMITS.member_bytes:
        raise unpacks_too_large(path, len(data))
    return data


def _key(encryption: "_Element", password: str, path: Path) -> bytes:
    derivation, start = encryption.find(_M + "key-derivation"), encryption.find(_M + "start-key-generation")
    if derivation is None or not _value(derivation, "key-derivation-name").lower().endswith("pbkdf2"):
        raise _unsupported(path)
    name = "sha1" if start is None else _value(start, "start-key-generation-name").lower().rpartition("#")[2]
    iterations = int(_value(derivation, "iteration-count") or 1024)
    if name not in _HASHES or not 0 < iterations < _MOST_ITERATIONS:
        raise _unsupported(path)
    first = _HASHES[name](password.encode()).digest()
    return hashlib.pbkdf2_hmac("sha1", first, b64decode(_value(derivation, "salt")), iterations, 32)


def _decrypted(locked: bytes, key: bytes, vector: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    # What pads the last block lies behind the end of the deflated data, which ends itself.
    return decryptor.update(locked[: len(locked) // 16 * 16]) + decryptor.finalize()


def _is_right(encryption: "_Element", packed: bytes) -> bool:
    """Compare the checksum of the first kilobyte; padding counts neither in it nor where the data is shorter."""
    kind = _value(encryption, "checksum-type").lower()
    expected = b64decode(_value(encryption, "checksum"))
    digest = hashlib.sha256 if "sha256" in kind else hashlib.sha1
    padding = packed[-1] if packed else 0
    data = packed[: len(packed) - padding] if 0 < padding <= 16 else packed
    return digest(data[:_CHECKED_BYTES]).digest() == expected


def _value(element: "_Element", name: str) -> str:
    return str(element.get(_M + name) or "")


def _unsupported(path: Path) -> EncryptedDocument:
    return EncryptedDocument(
        f"“{path.name}” is protected by a password in a way that is not known here.",
        remedy="Open it in LibreOffice, save it without the password, and add that.",
        path=path,
    )
