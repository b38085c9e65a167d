"""What must survive a power cut: the journal of everything that happened, and the tables that follow from it."""

from storage.credentials import Argon2Cost
from storage.errors import InvalidRecord, SecretsError, StorageClosed, StorageError, StorageFull, StorageInUse
from storage.journal import Envelope, JournalReport, Stamp
from storage.lastgood import LastGood
from storage.secrets import Secrets
from storage.store import Store

__all__ = [
    "Argon2Cost",
    "Envelope",
    "InvalidRecord",
    "JournalReport",
    "LastGood",
    "Secrets",
    "SecretsError",
    "Stamp",
    "StorageClosed",
    "StorageError",
    "StorageFull",
    "StorageInUse",
    "Store",
]
