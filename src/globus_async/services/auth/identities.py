"""Who people are: userinfo, identities, identity providers, and what people have consented to."""

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
    """A listing of consents; awaited, it gives a `GetConsentsResponse`, which can make trees of them."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, GetConsentsResponse]:
        page = yield from super().__await__()
        return GetConsentsResponse(page.answer, page.data, "consents", None)


class IdentityMethods(AuthLoginClient):
    """Userinfo, identities, identity providers and consents."""

    async def userinfo(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[UserinfoDocument]:
        """
        Fetch who the token's user is.

        What is told depends on the scopes of the token: ``profile``, ``email``, ``view_identity_set``.

        Args:
            query_params: Further query parameters.

        Returns:
            The user; ``sub`` is the id of the identity that logged in.

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
        Fetch who the token's user is: the older name of `userinfo`.

        Args:
            query_params: Further query parameters.

        Returns:
            The user; ``sub`` is the id of the identity that logged in.

        Example:
            >>> (await ac.oauth2_userinfo())["name"]
            'Ada Lovelace'

        **Differs from globus-sdk:** removed there in release 4, where only `userinfo` is left.

        REST: `GET /v2/oauth2/userinfo <https://docs.globus.org/api/auth/reference/#userinfo>`_
        """
        return await self.userinfo(query_params=query_params)

    def get_identities(
        self,
        usernames: str | Iterable[str] | MissingType | None = MISSING,
        ids: UUID | str | Iterable[UUID | str] | MissingType | None = MISSING,
        *,
        provision: bool = False,
        include: str | Iterable[str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[IdentityDocument]:
        """
        Look up identities, by usernames or by ids. `IdentityMap` does so for many at once.

        Args:
            usernames: Such as ``"ada@example.org"``; several as an iterable, or separated by commas.
            ids: UUIDs; several as an iterable, or separated by commas. Not together with ``usernames``.
            provision: Create identities for usernames that are not known, with status ``unused``.
            include: ``"identity_provider"`` for the providers, beside the identities in the document.
            query_params: Further query parameters.

        Returns:
            The identities, in no particular order; those that are not known are left out. All on one page.

        Raises:
            GlobusSDKUsageError: Both kinds of names are given, or none.
            AuthenticationFailed: 401, no token and no client credentials, or they are no good.

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
            key="identities",
        )

    async def get_identity(
        self, identity_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[IdentityEnvelope]:
        """
        Fetch one identity.

        Args:
            identity_id: Its UUID.
            query_params: Further query parameters.

        Returns:
            The identity, under ``["identity"]``.

        Raises:
            NotFound: 404, there is none.

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
        Look up the organizations at which users log in, by domains or by ids.

        Args:
            domains: Such as ``"example.org"``; several as an iterable, or separated by commas.
            ids: UUIDs; several as an iterable, or separated by commas. Not together with ``domains``.
            query_params: Further query parameters.

        Returns:
            The providers; those that are not known are left out. All on one page.

        Raises:
            GlobusSDKUsageError: Both are given, or none.

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
            key="identity_providers",
        )

    def get_consents(
        self,
        identity_id: UUID | str,
        *,
        all: bool = False,
        query_params: Mapping[str, object] | None = None,
    ) -> Consents:
        """
        List what a user has consented to.

        Args:
            identity_id: The user's UUID.
            all: For all clients, not only the one that asks; needs the scope ``view_consents``.
            query_params: Further query parameters.

        Returns:
            The consents; awaited, they can make trees of themselves with ``to_forest()``.

        Raises:
            PermissionDenied: 403, the token lacks a scope for consents, or is another user's.

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
            key="consents",
        )

        async def fetch(_: Cursor) -> Page[ConsentDocument]:
            return await pages

        return Consents(fetch, style=single)


def _one_of(
    first: str,
    first_value: UUID | str | Iterable[UUID | str] | MissingType | None,
    second: str,
    second_value: UUID | str | Iterable[UUID | str] | MissingType | None,
    query_params: Mapping[str, object] | None,
) -> dict[str, object]:
    """Join the one of two lists of names that is given."""
    found: dict[str, object] = {first: comma_joined(first_value), second: comma_joined(second_value)}
    if sum(value is not None and value is not MISSING for value in found.values()) > 1:
        raise GlobusSDKUsageError(f"give {first} or {second}, not both")
    if not any(found.values()) and not {first, second}.intersection(query_params or ()):
        raise GlobusSDKUsageError(f"give {first} or {second}: nothing to look up")
    return found
