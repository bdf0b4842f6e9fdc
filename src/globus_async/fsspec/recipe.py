"""The names of credentials, from which each process makes its own authorizers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..credentials import CredentialChain, EnvironmentCredentials, StorageCredentials
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_bool, check_text
from ..services.auth import NativeAppAuthClient
from ..token_storage import JSONTokenStorage, SQLiteTokenStorage

if TYPE_CHECKING:
    from ..credentials import CredentialSource
    from ..token_storage import TokenStorage
    from ..transport import Transport

__all__ = ("Recipe",)

_DATABASES = (".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    The names of credentials; nothing of it is secret.

    Args:
        client_id: The native app that the stored tokens were issued to; with it they are refreshed.
        token_storage: The file of the tokens.
        namespace: The name of the login in it.
        environment: The Globus environment.
        anonymous: Whether files are read without credentials.
    """

    client_id: str | None = None
    token_storage: str | None = None
    namespace: str = "DEFAULT"
    environment: str | None = None
    anonymous: bool = False

    def __post_init__(self) -> None:
        check_text("client_id", self.client_id, optional=True)
        check_text("token_storage", self.token_storage, optional=True)
        check_text("namespace", self.namespace)
        check_text("environment", self.environment, optional=True)
        check_bool("anonymous", self.anonymous)
        if self.client_id is not None and self.token_storage is None:
            raise GlobusSDKUsageError("client_id is that of the tokens in a storage: pass token_storage=, too")

    @property
    def is_application(self) -> bool:
        """Whether the credentials are those of an application in the environment."""
        return self.token_storage is None

    def credentials(self, transport: Transport) -> CredentialChain:
        """
        Return the place to search for credentials: the storage that is named, else the environment variables.

        A storage without tokens is an error, whatever the environment has: a slip in its name must not let a process
        act as somebody else. Neither asks a person: a process without usable credentials fails at its first call.
        """
        source: CredentialSource = EnvironmentCredentials()
        if self.token_storage is not None:
            client = None
            if self.client_id is not None:
                client = NativeAppAuthClient(self.client_id, environment=self.environment, transport=transport)
            source = StorageCredentials(self._storage(self.token_storage), client)
        return CredentialChain([source], transport=transport)

    def _storage(self, path: str) -> TokenStorage:
        is_database = Path(path).suffix.lower() in _DATABASES
        return (SQLiteTokenStorage if is_database else JSONTokenStorage)(path, namespace=self.namespace)
