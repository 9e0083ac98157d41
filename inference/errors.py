"""What can go wrong for reasons outside the program, as facts.

A `KnownError` is the environment's fault or the user's choice: a missing file, a model that does not fit, a folder
that cannot be written. It says what happened, to which file or setting, and what to do; every face of the program
(window, command line) shows it as it is. Anything else that is raised is a bug and is let through.
"""

from pathlib import Path


class KnownError(Exception):
    """A failure that the user can understand and mend.

    Attributes:
        code: A stable, machine-readable name, such as `model_not_gguf`.
        message: One plain sentence: what happened, to what.
        remedy: One plain sentence: what to do now.
        path: The file or folder concerned, if there is one.
    """

    code = "error"

    def __init__(self, message: str, *, remedy: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders; keyword-only arguments need help to be pickled.
        return (_rebuild, (type(self), self.message, self.remedy, self.path, self.__dict__.copy()))


def _rebuild(
    kind: type[KnownError], message: str, remedy: str, path: Path | None, state: dict[str, object]
) -> KnownError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    error.message, error.remedy, error.path = message, remedy, path
    return error


class ModelError(KnownError):
    """A chat or embedding model cannot be used."""

    code = "model"


class ModelNotFound(ModelError):
    code = "model_not_found"


class NotAModelFile(ModelError):
    """The file is no GGUF chat model at all.

    Attributes:
        detail: What the file looks like instead, such as `an HTML page`.
    """

    code = "model_not_gguf"

    def __init__(self, message: str, *, remedy: str, path: Path | None = None, detail: str = "") -> None:
        super().__init__(message, remedy=remedy, path=path)
        self.detail = detail


class ModelDamaged(ModelError):
    """The file is a GGUF, but truncated or corrupted."""

    code = "model_damaged"


class UnknownArchitecture(ModelError):
    """The file is whole, but of a kind that this version of llama.cpp does not run as a chat model.

    Attributes:
        architecture: Its name as the file gives it.
    """

    code = "model_architecture_unknown"

    def __init__(self, message: str, *, remedy: str, path: Path | None = None, architecture: str = "") -> None:
        super().__init__(message, remedy=remedy, path=path)
        self.architecture = architecture


class ModelTooLarge(ModelError):
    """The model needs more memory than is free.

    Attributes:
        needed_mb: What it needs with the smallest useful context.
        free_mb: What is free now.
    """

    code = "model_too_large"

    def __init__(
        self, message: str, *, remedy: str, path: Path | None = None, needed_mb: int = 0, free_mb: int = 0
    ) -> None:
        super().__init__(message, remedy=remedy, path=path)
        self.needed_mb = needed_mb
        self.free_mb = free_mb


class ContextTooLarge(ModelError):
    """The context asked for needs more memory, or more positions, than there are.

    Attributes:
        largest_tokens: The largest context that can be had.
    """

    code = "context_too_large"

    def __init__(self, message: str, *, remedy: str, path: Path | None = None, largest_tokens: int = 0) -> None:
        super().__init__(message, remedy=remedy, path=path)
        self.largest_tokens = largest_tokens


class ModelCrashed(ModelError):
    """The trial in a child process died while it loaded or ran the model."""

    code = "model_crashed"


class PromptTooLong(ModelError):
    """The prompt does not fit into the model's context.

    Attributes:
        prompt_tokens: Length of the prompt.
        context_tokens: Length of the context, answer included.
    """

    code = "prompt_too_long"

    def __init__(
        self,
        message: str,
        *,
        remedy: str,
        path: Path | None = None,
        prompt_tokens: int = 0,
        context_tokens: int = 0,
    ) -> None:
        super().__init__(message, remedy=remedy, path=path)
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens


class NoModelLoaded(ModelError):
    """A question came while no chat model was loaded."""

    code = "no_model_loaded"


class UnknownBackend(ModelError):
    """A model names a way of loading that is not installed."""

    code = "backend_unknown"


class TemplateUnusable(ModelError):
    """The model's own chat template fails on an ordinary conversation."""

    code = "chat_template"


class GrammarInvalid(ModelError):
    """The grammar that the answer shall follow is not valid GBNF."""

    code = "grammar_invalid"


class ChecksumMismatch(ModelError):
    code = "model_checksum"


class Cancelled(Exception):
    """The user stopped a load or a job; nobody's fault and never shown as an error."""
