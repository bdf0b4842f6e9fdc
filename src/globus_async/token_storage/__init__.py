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
    from .lease import Lease, Leases
    from .memory import MemoryTokenStorage
    from .sqlite import SQLiteTokenStorage
    from .system_keyring import Keyring, SystemKeyring
    from .token_data import TokenResponse, TokenStorageData
    from .validating import TokenDataValidator, TokenValidationContext, ValidatingTokenStorage
    from .validation_errors import (
        ExpiredTokenError,
        IdentityMismatchError,
        IdentityValidationError,
        MissingIdentityError,
        MissingTokenError,
        TokenValidationError,
        UnmetScopeRequirementsError,
    )
    from .validators import (
        HasRefreshTokensValidator,
        NotExpiredValidator,
        ScopeRequirementsValidator,
        UnchangingIdentityIDValidator,
    )

__all__ = (
    "EncryptedTokenStorage",
    "ExpiredTokenError",
    "FileTokenStorage",
    "GlobusCLILogin",
    "GlobusCLITokenStorage",
    "HasEnvironment",
    "HasRefreshTokensValidator",
    "IdentityMismatchError",
    "IdentityValidationError",
    "JSONTokenStorage",
    "KeyFile",
    "KeySource",
    "Keyring",
    "Lease",
    "LeaseLost",
    "Leases",
    "MemoryTokenStorage",
    "MissingIdentityError",
    "MissingTokenError",
    "NotExpiredValidator",
    "SQLiteTokenStorage",
    "ScopeRequirementsValidator",
    "SystemKeyring",
    "TokenDataValidator",
    "TokenResponse",
    "TokenStorage",
    "TokenStorageDamaged",
    "TokenStorageData",
    "TokenStorageError",
    "TokenStorageUnavailable",
    "TokenValidationContext",
    "TokenValidationError",
    "UnchangingIdentityIDValidator",
    "UnmetScopeRequirementsError",
    "ValidatingTokenStorage",
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
            "lease": ("Lease", "Leases"),
            "memory": ("MemoryTokenStorage",),
            "sqlite": ("SQLiteTokenStorage",),
            "system_keyring": ("Keyring", "SystemKeyring"),
            "token_data": ("TokenResponse", "TokenStorageData"),
            "validating": ("TokenDataValidator", "TokenValidationContext", "ValidatingTokenStorage"),
            "validation_errors": (
                "ExpiredTokenError",
                "IdentityMismatchError",
                "IdentityValidationError",
                "MissingIdentityError",
                "MissingTokenError",
                "TokenValidationError",
                "UnmetScopeRequirementsError",
            ),
            "validators": (
                "HasRefreshTokensValidator",
                "NotExpiredValidator",
                "ScopeRequirementsValidator",
                "UnchangingIdentityIDValidator",
            ),
        },
    )
