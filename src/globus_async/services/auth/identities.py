"""Userinfo, identities, identity providers and consents."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...errors import GlobusSDKUsageError
from ...paging import Cursor, Page, Pages, single
from .documents import ConsentDocument, IdentityDocument, IdentityEnvelope, IdentityProviderDocument, UserinfoDocument
from .responses import GetConsentsResponse
from .tokens import AuthLoginClient

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("Consents", "IdentityMethods")


class Consents(Pages[ConsentDocument]):
    """A listing of consents; awaiting it returns a `GetConsentsResponse`, which builds the consent trees."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, GetConsentsResponse]:
        page = yield from super().__await__()
        return GetConsentsResponse(page.raw, page.data, "consents")


class IdentityMethods(AuthLoginClient):
    """Userinfo, identities, identity providers and consents."""

    async def userinfo(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[UserinfoDocument]:
        """
        Fetch information about the token's user.

        Its extent depends on the scopes of the token: ``profile``, ``email``, ``view_identity_set``.

        Args:
            query_params: Additional query parameters.

        Returns:
            The user; ``sub`` is the UUID of the identity that logged in.

        Raises:
            AuthenticationFailed: 401, the token is expired or revoked.
            PermissionDenied: 403 ``FORBIDDEN``, the token lacks the scope ``openid``.

        Example:
            >>> (await ac.userinfo())["preferred_username"]
            'ada@example.org'

        REST: `GET /v2/oauth2/userinfo <https://docs.globus.org/api/auth/reference/#userinfo>`_
        """
        return await self.call("GET", "/v2/oauth2/userinfo", UserinfoDocument, query_params=query_params)

    async def oauth2_userinfo(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[UserinfoDocument]:
        """
        Fetch information about the token's user; an alias of `userinfo`.

        Args:
            query_params: Additional query parameters.

        Returns:
            The user; ``sub`` is the UUID of the identity that logged in.

        Example:
            >>> (await ac.oauth2_userinfo())["name"]
            'Ada Lovelace'

        **Differs from globus-sdk:** removed there in release 4 in favor of `userinfo`.

        REST: `GET /v2/oauth2/userinfo <https://docs.globus.org/api/auth/reference/#userinfo>`_
        """
        return await self.userinfo(query_params=query_params)

    def get_identities(
        self,
        usernames: str | Iterable[str] | MissingType | None = MISSING,
        ids: UUID | str | Iterable[UUID | str] | MissingType | None = MISSING,
        provision: bool = False,
        *,
        include: str | Iterable[str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[IdentityDocument]:
        """
        Look up identities by usernames or ids. For large numbers of identities use `IdentityMap`.

        Args:
            usernames: Usernames such as ``"ada@example.org"``, as an iterable or separated by commas.
            ids: UUIDs, as an iterable or separated by commas. Not together with ``usernames``.
            provision: Whether to create identities for unknown usernames, with status ``unused``.
            include: ``"identity_provider"`` to add the identity providers to the document.
            query_params: Additional query parameters.

        Returns:
            The identities, in no particular order and without unknown ones. There is one page.

        Raises:
            GlobusSDKUsageError: Both ``usernames`` and ``ids`` are given, or neither and no ``query_params``.
            AuthenticationFailed: 401, no valid token and no valid client credentials.

        Example:
            >>> async for identity in ac.get_identities(usernames=["ada@example.org"]):
            ...     print(identity["name"])
            Ada Lovelace

        REST: `GET /v2/api/identities <https://docs.globus.org/api/auth/reference/#get_identities>`_
        """
        params = _one_of("usernames", usernames, "ids", ids, query_params)
        if params["usernames"]:
            params["provision"] = provision
        return self.listing(
            "/v2/api/identities",
            IdentityDocument,
            style=single,
            params={**params, "include": comma_joined(include)},
            query_params=query_params,
            items_key="identities",
        )

    async def get_identity(
        self, identity_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[IdentityEnvelope]:
        """
        Fetch a identity.

        Args:
            identity_id: Its UUID.
            query_params: Additional query parameters.

        Returns:
            The identity, under ``["identity"]``.

        Raises:
            NotFound: 404, it does not exist.

        Example:
            >>> (await ac.get_identity(identity_id))["identity"]["username"]
            'ada@example.org'

        **Differs from globus-sdk:** not there.

        REST: `GET /v2/api/identities/{id} <https://docs.globus.org/api/auth/reference/#get_identity>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/api/identities/{identity_id}", identity_id),
            IdentityEnvelope,
            query_params=query_params,
        )

    def get_identity_providers(
        self,
        *,
        domains: str | Iterable[str] | MissingType | None = MISSING,
        ids: UUID | str | Iterable[UUID | str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[IdentityProviderDocument]:
        """
        Look up identity providers, the organizations at which users log in, by domains or ids.

        Args:
            domains: Domains such as ``"example.org"``, as an iterable or separated by commas.
            ids: UUIDs, as an iterable or separated by commas. Not together with ``domains``.
            query_params: Additional query parameters.

        Returns:
            The identity providers, without unknown ones. There is one page.

        Raises:
            GlobusSDKUsageError: Both are given, or neither and no ``query_params``.

        Example:
            >>> providers = await ac.get_identity_providers(domains="globusid.org").list()
            >>> providers[0]["name"]
            'Globus ID'

        REST: `GET /v2/api/identity_providers <https://docs.globus.org/api/auth/reference/#get_identity_providers>`_
        """
        return self.listing(
            "/v2/api/identity_providers",
            IdentityProviderDocument,
            style=single,
            params=_one_of("domains", domains, "ids", ids, query_params),
            query_params=query_params,
            items_key="identity_providers",
        )

    def get_consents(
        self,
        identity_id: UUID | str,
        *,
        all: bool = False,
        query_params: Mapping[str, object] | None = None,
    ) -> Consents:
        """
        List the consents of a user.

        Args:
            identity_id: The user's UUID.
            all: Whether to list consents for all clients, not only for this one; requires the scope ``view_consents``.
            query_params: Additional query parameters.

        Returns:
            The consents; ``to_forest()`` of the awaited response builds the consent trees.

        Raises:
            PermissionDenied: 403, the token lacks a scope for consents, or belongs to another user.

        Example:
            >>> forest = (await ac.get_consents(identity_id)).to_forest()
            >>> forest.meets_scope_requirements("openid")
            True

        REST: `GET /v2/api/identities/{id}/consents
        <https://docs.globus.org/api/auth/reference/#get_identity_consents>`_
        """
        pages = self.listing(
            fill_path("/v2/api/identities/{identity_id}/consents", identity_id),
            ConsentDocument,
            style=single,
            params={"all": all},
            query_params=query_params,
            items_key="consents",
        )

        async def fetch(_cursor: Cursor, _read: object) -> Page[ConsentDocument]:
            return await pages

        return Consents(fetch, style=single)


def _one_of(
    first: str,
    first_value: UUID | str | Iterable[UUID | str] | MissingType | None,
    second: str,
    second_value: UUID | str | Iterable[UUID | str] | MissingType | None,
    query_params: Mapping[str, object] | None,
) -> dict[str, object]:
    """Return the parameters for two lists, of which exactly one must be given."""
    found: dict[str, object] = {first: comma_joined(first_value), second: comma_joined(second_value)}
    if sum(value is not None and value is not MISSING for value in found.values()) > 1:
        raise GlobusSDKUsageError(f"pass {first} or {second}, not both")
    if not any(found.values()) and not query_params:
        raise GlobusSDKUsageError(f"pass {first} or {second}: there is nothing to look up")
    return found
