"""Token storages: tokens that outlive the process, and that several processes share."""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .base import TokenStorage
    from .encrypted import EncryptedTokenStorage
    from .errors import LeaseLost, TokenStorageDamaged, TokenStorageError, TokenStorageUnavailable
    from .file import FileTokenStorage, HasEnvironment
    from .globus_cli import GlobusCLILogin, GlobusCLITokenStorage
    from .json import JSONTokenStorage
    from .key_file import KeyFile
    from .keys import KeySource
    from .lease import Lease
    from .memory import MemoryTokenStorage
    from .sqlite import SQLiteTokenStorage
    from .system_keyring import Keyring, SystemKeyring
    from .token_data import TokenResponse, TokenStorageData

__all__ = (
    "EncryptedTokenStorage",
    "FileTokenStorage",
    "GlobusCLILogin",
    "GlobusCLITokenStorage",
    "HasEnvironment",
    "JSONTokenStorage",
    "KeyFile",
    "KeySource",
    "Keyring",
    "Lease",
    "LeaseLost",
    "MemoryTokenStorage",
    "SQLiteTokenStorage",
    "SystemKeyring",
    "TokenResponse",
    "TokenStorage",
    "TokenStorageDamaged",
    "TokenStorageData",
    "TokenStorageError",
    "TokenStorageUnavailable",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "base": ("TokenStorage",),
            "encrypted": ("EncryptedTokenStorage",),
            "errors": ("LeaseLost", "TokenStorageDamaged", "TokenStorageError", "TokenStorageUnavailable"),
            "file": ("FileTokenStorage", "HasEnvironment"),
            "globus_cli": ("GlobusCLILogin", "GlobusCLITokenStorage"),
            "json": ("JSONTokenStorage",),
            "key_file": ("KeyFile",),
            "keys": ("KeySource",),
            "lease": ("Lease",),
            "memory": ("MemoryTokenStorage",),
            "sqlite": ("SQLiteTokenStorage",),
            "system_keyring": ("Keyring", "SystemKeyring"),
            "token_data": ("TokenResponse", "TokenStorageData"),
        },
    )
