"""What can be wrong with a model that turns texts into vectors."""

from inference.errors import ModelError


class EmbeddingModelUnusable(ModelError):
    """The folder holds no such model, or one that cannot be run here."""

    code = "embedding_model_unusable"


class UnsafeModel(ModelError):
    """Loading the model would run code that came with it."""

    code = "model_unsafe"
