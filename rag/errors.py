"""What can go wrong with documents, collections and the data folder, for reasons outside the program."""

from inference.api import KnownError


class DocumentError(KnownError):
    """A file cannot be read, or has nothing to read."""

    code = "document"


class EncryptedDocument(DocumentError):
    code = "document_encrypted"


class WrongPassword(EncryptedDocument):
    code = "document_wrong_password"


class DamagedDocument(DocumentError):
    code = "document_damaged"


class EmptyDocument(DocumentError):
    code = "document_empty"


class ScannedDocument(DocumentError):
    """Pictures of pages without text: it needs OCR."""

    code = "document_scanned"


class RecognitionUnavailable(DocumentError):
    """Text recognition is switched off, or no engine is installed."""

    code = "ocr_unavailable"


class RecognitionFailed(DocumentError):
    """No engine could read a page."""

    code = "ocr_failed"


class UnknownFormat(DocumentError):
    """No loader reads this kind of file, or its contents are not what its name says."""

    code = "document_format"


class UnreadableFile(DocumentError):
    """Permission, a vanished file or folder, or a read error of the disk."""

    code = "file_unreadable"


class ChangedFile(DocumentError):
    """The file was written while it was read."""

    code = "file_changed"


class DocumentGone(DocumentError):
    """The library no longer holds the document, or this page of it."""

    code = "document_gone"


class ReadingTimedOut(DocumentError):
    """The file took more time or memory than one file may."""

    code = "document_limits"


class UnpacksTooLarge(DocumentError):
    """A file whose packed members hold far more than a document does, as those made to fill a memory."""

    code = "document_too_large"


class StorageError(KnownError):
    code = "storage"


class DataFolderNewer(StorageError):
    """The data folder was written by a newer version of the program."""

    code = "data_folder_newer"


class DataFolderDamaged(StorageError):
    code = "data_folder_damaged"


class DataFolderInUse(StorageError):
    """Another running program owns the data folder.

    Attributes:
        address: Where the owner listens for commands, or None if it does not (yet).
    """

    code = "data_folder_in_use"
    address: str | None = None


class DiskFull(StorageError):
    code = "disk_full"


class FolderNotWritable(StorageError):
    code = "folder_not_writable"


class SettingsError(KnownError):
    code = "settings"


class UnknownCollection(KnownError):
    code = "collection_unknown"


class CollectionExists(KnownError):
    code = "collection_exists"


class RemovalOver(KnownError):
    """What was removed cannot come back any more."""

    code = "removal_over"


class ChatGone(KnownError):
    code = "chat_gone"


class QuestionTooLong(KnownError):
    code = "question_too_long"


class EmptyQuestion(KnownError):
    code = "question_empty"


class BundleError(KnownError):
    """A `.carrel` file cannot be written, read or used."""

    code = "bundle"


class BundleDamaged(BundleError):
    """The file is not what it says of itself: damaged, changed, or no collection at all."""

    code = "bundle_damaged"


class BundleNewer(BundleError):
    """A newer version of the program wrote the file."""

    code = "bundle_newer"


class BundleOlder(BundleError):
    """The collection is attached already, in a newer revision than the file's."""

    code = "bundle_older"
