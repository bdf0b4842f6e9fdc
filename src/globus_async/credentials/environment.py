"""Credentials in environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NoReturn

from ..authorizers import AccessTokenAuthorizer, ClientCredentialsAuthorizer
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_type
from ..scopes import (
    AuthScopes,
    ComputeScopes,
    FlowsScopes,
    GroupsScopes,
    ScopeParser,
    SearchScopes,
    TimersScopes,
    TransferScopes,
)
from ..secret import Secret
from ..services.auth.confidential import ConfidentialAppAuthClient
from .source import NoCredentials

if TYPE_CHECKING:
    from ..authorizers import GlobusAuthorizer
    from ..transport import Transport

__all__ = ("EnvironmentCredentials",)

_TOKEN: Final = "GLOBUS_ASYNC_ACCESS_TOKEN_"  # noqa: S105 -- the name of a variable
_CLIENTS: Final = ("GLOBUS_ASYNC_CLIENT", "GLOBUS_CLI_CLIENT", "GLOBUS_COMPUTE_CLIENT")
"""The names of client ids and secrets, without ``_ID`` and ``_SECRET``; the first one that is set counts."""
_MAY_BE_HALF: Final = "GLOBUS_COMPUTE_CLIENT"
"""Its id alone replaces that of the application which users of Globus Compute log in to."""
_USUAL_SCOPES: Final[Mapping[str, str]] = {
    AuthScopes.resource_server: "openid profile email",
    ComputeScopes.resource_server: str(ComputeScopes.all),
    FlowsScopes.resource_server: str(FlowsScopes.all),
    GroupsScopes.resource_server: str(GroupsScopes.view_my_groups_and_memberships),
    SearchScopes.resource_server: str(SearchScopes.search),
    TimersScopes.resource_server: str(TimersScopes.timer),
    TransferScopes.resource_server: str(TransferScopes.all),
}
"""By resource server: those that globus-sdk's clients request by default."""


class EnvironmentCredentials:
    """
    Credentials in environment variables: an access token, or the client id and secret of an application.

    The first of these that is set counts:

    - ``GLOBUS_ASYNC_ACCESS_TOKEN_<RESOURCE_SERVER>``, with the name of the resource server in capital letters and
      ``_`` for all other characters: ``GLOBUS_ASYNC_ACCESS_TOKEN_TRANSFER_API_GLOBUS_ORG``;
    - ``GLOBUS_ASYNC_CLIENT_ID`` and ``GLOBUS_ASYNC_CLIENT_SECRET``;
    - ``GLOBUS_CLI_CLIENT_ID`` and ``GLOBUS_CLI_CLIENT_SECRET``, as for globus-cli;
    - ``GLOBUS_COMPUTE_CLIENT_ID`` and ``GLOBUS_COMPUTE_CLIENT_SECRET``, as for Globus Compute.

    An empty variable is not set. ``GLOBUS_COMPUTE_CLIENT_ID`` alone is not used: it names an application that users log
    in to. ``GLOBUS_SDK_ENVIRONMENT`` names the Globus environment.

    Args:
        environ: The variables; those of the process by default, as they are when credentials are needed.

    Example:
        >>> chain = CredentialChain([EnvironmentCredentials({"GLOBUS_ASYNC_CLIENT_ID": client_id})])
        >>> await chain.report("transfer.api.globus.org")
        Traceback (most recent call last):
        ...
        globus_async.errors.base.GlobusSDKUsageError: GLOBUS_ASYNC_CLIENT_ID is set, but GLOBUS_ASYNC_CLIENT_SECRET ...
    """

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        check_type("environ", environ, Mapping | None, "a mapping of names to values")
        self._environ = environ

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} may hold credentials and cannot be pickled")

    def __repr__(self) -> str:
        return "environment variables"

    async def find(self, resource_server: str, *, scopes: str | None, transport: Transport) -> GlobusAuthorizer:
        """
        Return an authorizer for a resource server.

        Raises:
            NoCredentials: None of the variables is set.
            GlobusSDKUsageError: One of a pair is not set, a value is malformed, or the scopes of the resource server
                are not known and must be given.
        """
        token_name = _TOKEN + re.sub("[^A-Z0-9]", "_", resource_server.upper())
        if token := self._get(token_name):
            return AccessTokenAuthorizer(Secret.token(token_name, token))
        for name in _CLIENTS:
            client_id, client_secret = self._get(f"{name}_ID"), self._get(f"{name}_SECRET")
            if client_id and client_secret:
                client = _client(name, client_id, client_secret, transport)
                return ClientCredentialsAuthorizer(client, _scopes(name, resource_server, scopes))
            if client_secret or (client_id and name != _MAY_BE_HALF):
                present, absent = ("_ID", "_SECRET") if client_id else ("_SECRET", "_ID")
                raise GlobusSDKUsageError(f"{name}{present} is set, but {name}{absent} is not: set both, or neither")
        pairs = ", ".join(f"{name}_ID with {name}_SECRET" for name in _CLIENTS)
        raise NoCredentials(f"none of {token_name}, {pairs} is set")

    def _get(self, name: str) -> Secret:
        return Secret.of((os.environ if self._environ is None else self._environ).get(name, ""))


def _client(name: str, client_id: Secret, client_secret: Secret, transport: Transport) -> ConfidentialAppAuthClient:
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", client_id.reveal()) is None:
        raise GlobusSDKUsageError(f"{name}_ID is not the UUID of an application")
    if not client_secret.reveal().isprintable():
        raise GlobusSDKUsageError(f"{name}_SECRET has line breaks or other control characters")
    return ConfidentialAppAuthClient(client_id.reveal(), client_secret, transport=transport)


def _scopes(name: str, resource_server: str, scopes: str | None) -> str:
    found = scopes or _USUAL_SCOPES.get(resource_server)
    if found is None:
        raise GlobusSDKUsageError(
            f"{name}_ID is set, but the scopes of {resource_server!r} are not known: pass"
            " get_authorizer(resource_server, scopes=...)"
        )
    return ScopeParser.serialize(found)
