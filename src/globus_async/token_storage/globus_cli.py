"""The login of globus-cli on this machine, whose tokens other programs may use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn
from uuid import UUID

from .._http.json_reader import decode_json, is_object
from ..config import get_environment
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_text, check_type
from ..secret import Secret
from .app_folder import globus_folder
from .errors import TokenStorageDamaged, TokenStorageError, TokenStorageUnavailable
from .sqlite import SQLiteTokenStorage

if TYPE_CHECKING:
    from ..clock import Clock
    from .file import HasEnvironment

__all__ = ("GlobusCLILogin", "GlobusCLITokenStorage")

_ENVIRONMENT: Final = "GLOBUS_SDK_ENVIRONMENT"
_PROFILE: Final = "GLOBUS_PROFILE"
_CLIENT: Final = "auth_client_data"


class GlobusCLITokenStorage(SQLiteTokenStorage):
    """
    The tokens of globus-cli: read, and replaced when they are refreshed, so that globus-cli continues to work.

    The file belongs to globus-cli: it is neither created nor moved aside here. globus-cli takes no leases, so it may
    refresh a token at the same moment.

    Args:
        environment: The Globus environment; by default that of the variable ``GLOBUS_SDK_ENVIRONMENT``, else
            ``production``.
        profile: The profile of globus-cli; by default that of the variable ``GLOBUS_PROFILE``, if it is set. An empty
            text is the login without a profile.
        client_id: The application that globus-cli acts as, instead of a user.
        filepath: The file; by default the one of this user's globus-cli.
        clock: The clock by which leases end; the default is the system's.

    Raises:
        GlobusSDKUsageError: The environment is unknown, or both ``profile`` and ``client_id`` are given.
        TokenStorageUnavailable: The user has no home directory.

    Example:
        >>> GlobusCLITokenStorage(environment="preview", profile="work").namespace
        'userprofile/preview/work'

    **Differs from globus-sdk:** new.
    """

    def __init__(
        self,
        *,
        environment: str | None = None,
        profile: str | None = None,
        client_id: UUID | str | None = None,
        filepath: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        check_text("environment", environment, optional=True)
        check_text("profile", profile, optional=True)
        self.environment: str = get_environment(environment or os.environ.get(_ENVIRONMENT) or "production")
        check_type("client_id", client_id, UUID | str | None, "a UUID or text")
        if client_id is not None and profile:
            raise GlobusSDKUsageError("profile and client_id exclude each other: applications have no profile")
        profile = os.environ.get(_PROFILE, "") if profile is None else profile
        namespace = f"userprofile/{self.environment}{f'/{profile}' if profile else ''}"
        if client_id is not None:
            namespace = f"clientprofile/{self.environment}/{client_id}"
        if filepath is None:
            filepath = globus_folder() / "cli" / "storage.db"
        super().__init__(filepath, namespace=namespace, clock=clock)

    @classmethod
    def for_globus_app(
        cls,
        *,
        app_name: str,  # noqa: ARG003 -- of the base class, as all of them
        config: HasEnvironment,  # noqa: ARG003
        client_id: UUID | str,  # noqa: ARG003
        namespace: str = "DEFAULT",  # noqa: ARG003
    ) -> NoReturn:
        """Refuse: the refresh tokens of globus-cli are of no use to the client of an app."""
        raise GlobusSDKUsageError("the tokens of globus-cli are no storage of an app; use GlobusCLICredentials")

    async def read_config(self, name: str) -> Mapping[str, Any] | None:
        """
        Return a setting that globus-cli has stored in the namespace; ``None`` if there is none.

        Args:
            name: The name of the setting, such as ``"auth_user_data"``.

        Raises:
            TokenStorageDamaged: It is not a JSON object.
            TokenStorageError: The storage cannot be used.
        """
        check_text("name", name)
        text = await self._read(partial(_config, namespace=self.namespace, name=name))
        if text is None:
            return None
        document = _document_of(text)
        if document is None:
            raise TokenStorageDamaged(f"the setting {name!r} of globus-cli in {self.filepath} is damaged{_REPAIR}")
        return document

    # in a worker thread

    def _create(self) -> NoReturn:
        raise TokenStorageError(f"the login of globus-cli in {self.filepath} was removed; log in with: globus login")

    def _set_aside(self, reason: str) -> TokenStorageDamaged:
        return TokenStorageDamaged(
            f"the file of globus-cli {self.filepath} is damaged: {reason}; move it away, and log in with: globus login"
        )


_REPAIR: Final = "; repair it with: globus login --force"


@dataclass(frozen=True, slots=True)
class GlobusCLILogin:
    """
    The login of a user to globus-cli, with what is needed to refresh its tokens.

    Attributes:
        token_storage: The tokens.
        client_id: The client id of this installation of globus-cli, to which the refresh tokens were issued.
        client_secret: Its client secret.
        resource_servers: The resource servers that there are tokens for.

    Example:
        >>> login = await GlobusCLILogin.read(filepath=cli_file, environment="production", profile="")
        >>> auth_client = ConfidentialAppAuthClient(login.client_id, login.client_secret)
        >>> authorizer = RefreshTokenAuthorizer(
        ...     None, auth_client, storage=login.token_storage, resource_server="transfer.api.globus.org"
        ... )

    **Differs from globus-sdk:** new.
    """

    token_storage: GlobusCLITokenStorage
    client_id: str
    client_secret: Secret
    resource_servers: frozenset[str]

    @classmethod
    async def read(
        cls,
        *,
        environment: str | None = None,
        profile: str | None = None,
        filepath: str | os.PathLike[str] | None = None,
    ) -> GlobusCLILogin | None:
        """
        Read the login of a user; return ``None`` if none is logged in.

        Args:
            environment: The Globus environment; see `GlobusCLITokenStorage`.
            profile: The profile of globus-cli; see `GlobusCLITokenStorage`.
            filepath: The file; by default the one of this user's globus-cli.

        Raises:
            GlobusSDKUsageError: The environment is unknown.
            TokenStorageDamaged: The login is incomplete, or the file is damaged.
            TokenStorageError: The file cannot be used.
        """
        try:
            storage = GlobusCLITokenStorage(environment=environment, profile=profile, filepath=filepath)
        except TokenStorageUnavailable:  # of a user without a home directory, as in containers
            return None
        tokens = await storage.get_token_data_by_resource_server()
        if not tokens:
            return None
        client = _client_of(await storage.read_config(_CLIENT))
        if client is None:
            raise TokenStorageDamaged(f"globus-cli has no application of its own in {storage.filepath}{_REPAIR}")
        return cls(storage, *client, frozenset(tokens))


def _config(database: sqlite3.Connection, namespace: str, name: str) -> Secret | None:
    """Return a setting, as text that no traceback shows: one of them has a client secret."""
    has_settings = database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'config_storage'")
    if has_settings.fetchone() is None:
        return None
    row = database.execute(
        "SELECT config_data_json FROM config_storage WHERE namespace = ? AND config_name = ?", (namespace, name)
    ).fetchone()
    return None if row is None else Secret.of(row[0])


def _document_of(text: Secret) -> dict[str, Any] | None:
    """Return the JSON object in a stored text; ``None`` if it is another one."""
    content: object = text.reveal()
    try:
        document = decode_json(content) if isinstance(content, bytes) else None
    except ValueError:
        return None
    return document if is_object(document) else None


def _client_of(document: Mapping[str, Any] | None) -> tuple[str, Secret] | None:
    """Return the id and the secret of a client; ``None`` if one is missing."""
    client_id, secret = (document or {}).get("client_id"), (document or {}).get("client_secret")
    if not isinstance(client_id, str) or not isinstance(secret, str) or not secret:
        return None
    try:
        return str(UUID(client_id)), Secret(secret)
    except ValueError:
        return None
