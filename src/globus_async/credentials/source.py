"""The interface of the places that are searched for credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..errors import GlobusError

if TYPE_CHECKING:
    from ..authorizers import GlobusAuthorizer
    from ..transport import Transport

__all__ = ("CredentialSource", "HasAuthorizers", "NoCredentials")


class NoCredentials(GlobusError):
    """There are no credentials for a resource server: in one place, or in none of a chain."""


class CredentialSource(Protocol):
    """A place in which credentials may be. Its ``repr`` names it in reports."""

    async def find(self, resource_server: str, *, scopes: str | None, transport: Transport) -> GlobusAuthorizer:
        """
        Return an authorizer for a resource server.

        Args:
            resource_server: The resource server, such as ``"transfer.api.globus.org"``.
            scopes: The scopes that are needed, separated by spaces; ``None`` for the usual ones.
            transport: Makes the requests of the authorizer.

        Raises:
            NoCredentials: There are none in this place; another place is tried.
            GlobusError: There are some, but they cannot be used; no other place is tried.
        """
        ...


class HasAuthorizers(Protocol):
    """An object that has an authorizer for each resource server, such as a `GlobusApp`."""

    def get_authorizer(self, resource_server: str, /) -> GlobusAuthorizer:
        """Return the authorizer for a resource server."""
        ...
