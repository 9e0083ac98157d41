"""Which engine reads a page.

Measured (docs/ocr.md): Tesseract takes half the time and a third of the memory, and knows every script that it has
data for; RapidOCR reads noisy, small and coarse pages that Tesseract gives up on. So where both are there, Tesseract
reads, and RapidOCR reads again what came out doubtful: two tasks, since only one process at a time may hold RapidOCR's
models (`rag/ingestion/recognition.py`).
"""

import locale
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Protocol

from rag.errors import RecognitionFailed
from rag.ingestion.ocr.engine import Engine
from rag.ingestion.ocr.page_text import RecognisedText, assemble
from rag.ingestion.ocr.rapid import RapidOcr, rapidocr_installed
from rag.ingestion.ocr.tesseract import Tesseract, find_tesseract, installed_languages

if TYPE_CHECKING:
    from PIL import Image

SURE = 0.9
"""A page read with less confidence is given to the second engine too."""
_MOST_LANGUAGES = 4
"""Each language takes Tesseract more time."""
_LANGUAGES_OF_LOCALES = {
    "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "fi": "fin", "fr": "fra",
    "hu": "hun", "it": "ita", "ja": "jpn", "ko": "kor", "nb": "nor", "nl": "nld", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sv": "swe", "tr": "tur", "uk": "ukr", "zh": "chi_sim",
}  # fmt: skip


class OcrSettings(Protocol):
    """The settings that concern text recognition."""

    @property
    def ocr_engine(self) -> str: ...

    @property
    def ocr_languages(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class OcrOptions:
    """What the user chose: the engine, and languages by their names in Tesseract, none for a guess."""

    engine: str = "auto"
    languages: tuple[str, ...] = ()

    @property
    def holds_models(self) -> bool:
        """Whether a process that reads with this engine holds large models from then on."""
        return self.engine == "rapidocr"

    @classmethod
    def of(cls, settings: OcrSettings) -> "OcrOptions":
        """Return what the settings say."""
        return cls(settings.ocr_engine, settings.ocr_languages)


@dataclass(frozen=True)
class EngineState:
    """Whether text can be recognised here.

    Attributes:
        names: The engines that are used, in the order in which they are asked; none if it is off or there is none.
        languages: What Tesseract reads in; empty where it is not used.
        missing: Languages that were asked for and are not installed.
    """

    names: tuple[str, ...]
    languages: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def engine_state(options: OcrOptions) -> EngineState:
    """Return what is used for these options, on this computer, now."""
    if options.engine == "off":
        return EngineState(())
    names: list[str] = []
    languages: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    program = find_tesseract() if options.engine in {"auto", "tesseract"} else None
    if program is not None:
        languages, missing = chosen_languages(installed_languages(program), options.languages)
        names += ["tesseract"] if languages else []
    if options.engine in {"auto", "rapidocr"} and rapidocr_installed():
        names.append("rapidocr")
    return EngineState(tuple(names), languages, missing)


def chosen_languages(installed: Sequence[str], wanted: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the languages to read in, and those wanted that are not installed.

    Where none are wanted: all, if they are few, otherwise the computer's own language and English first.
    """
    if wanted:
        return tuple(name for name in wanted if name in installed), tuple(set(wanted) - set(installed))
    own = _LANGUAGES_OF_LOCALES.get((locale.getlocale()[0] or "en")[:2], "eng")
    first = [name for name in dict.fromkeys(("eng", own)) if name in installed]
    return tuple([*first, *(name for name in installed if name not in first)][:_MOST_LANGUAGES]), ()


def looks(options: OcrOptions) -> tuple[OcrOptions, ...]:
    """Return the options of each engine that is used here, for `recognise`, in the order in which they are asked."""
    return tuple(replace(options, engine=name) for name in engine_state(options).names)


def recognise(picture: "Image.Image", dots_per_inch: int, options: OcrOptions) -> RecognisedText:
    """Return what the first engine reads on a picture; raises `RecognitionFailed`. In a parse process only."""
    engine = _engine(options)
    try:
        if engine is not None:
            return assemble(engine.words(picture, dots_per_inch))
        reason = "there is no engine"
    except (OSError, ValueError, RuntimeError, subprocess.SubprocessError) as error:
        reason = str(error)
    raise RecognitionFailed(
        f"Text recognition failed: {reason}.",
        remedy="Run it again for this page, or choose another engine (setting ocr_engine).",
    )


@cache
def _engine(options: OcrOptions) -> Engine | None:
    """Return the first engine; kept, since its models take seconds to load."""
    state = engine_state(options)
    program = find_tesseract()
    if "tesseract" in state.names and program is not None:
        return Tesseract(program, state.languages)
    return RapidOcr() if "rapidocr" in state.names else None
