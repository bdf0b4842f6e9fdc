"""Registered scopes of clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...errors import GlobusSDKUsageError
from ...paging import Pages, single
from .data import DependentScopeSpec, as_list
from .documents import ScopeDocument, ScopeEnvelope
from .tokens import AuthLoginClient

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("ScopeMethods",)


class ScopeMethods(AuthLoginClient):
    """Scopes. All calls require a token with the scope ``manage_projects``, or the client's own credentials."""

    def get_scopes(
        self,
        *,
        scope_strings: str | Iterable[str] | MissingType | None = MISSING,
        ids: UUID | str | Iterable[UUID | str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[ScopeDocument]:
        """
        List scopes: of the projects that the user administers, or by scope string or id. There is one page.

        Args:
            scope_strings: Scope strings, as an iterable or separated by commas.
            ids: UUIDs of scopes, as an iterable or separated by commas. Not together with ``scope_strings``.
            query_params: Additional query parameters.

        Returns:
            The scopes.

        Raises:
            GlobusSDKUsageError: Both are given.

        Example:
            >>> [scope["name"] async for scope in ac.get_scopes(ids=scope_id)]
            ['Run the engine']

        REST: `GET /v2/api/scopes <https://docs.globus.org/api/auth/reference/#get_scopes>`_
        """
        params = {"scope_strings": comma_joined(scope_strings), "ids": comma_joined(ids)}
        if all(params.values()):
            raise GlobusSDKUsageError("pass scope_strings or ids, not both")
        return self.listing(
            "/v2/api/scopes", ScopeDocument, style=single, params=params, query_params=query_params, items_key="scopes"
        )

    async def get_scope(
        self, scope_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ScopeEnvelope]:
        """
        Fetch a scope.

        Args:
            scope_id: Its UUID.
            query_params: Additional query parameters.

        Returns:
            The scope, under ``["scope"]``.

        Raises:
            NotFound: 404, it does not exist or the caller may not see it.

        Example:
            >>> (await ac.get_scope(scope_id))["scope"]["advertised"]
            True

        REST: `GET /v2/api/scopes/{id} <https://docs.globus.org/api/auth/reference/#get_scopes>`_
        """
        return await self.call(
            "GET", fill_path("/v2/api/scopes/{scope_id}", scope_id), ScopeEnvelope, query_params=query_params
        )

    async def create_scope(
        self,
        client_id: UUID | str,
        name: str,
        description: str,
        scope_suffix: str,
        *,
        required_domains: Iterable[str] | MissingType = MISSING,
        dependent_scopes: Iterable[DependentScopeSpec] | MissingType = MISSING,
        advertised: bool | MissingType = MISSING,
        allows_refresh_token: bool | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ScopeEnvelope]:
        """
        Create a scope of a client.

        Args:
            client_id: The client's UUID.
            name: The scope's name, shown to users when they consent.
            description: A description of what it allows, shown to users when they consent.
            scope_suffix: The last part of the scope string.
            required_domains: Domains; the user must have an identity of one of them.
            dependent_scopes: The scopes it depends on.
            advertised: Whether other users can find it.
            allows_refresh_token: Whether refresh tokens can be issued for it.
            query_params: Additional query parameters.

        Returns:
            The new scope, under ``["scope"]``.

        Raises:
            NotFound: 404, the client does not exist or the caller does not administer it.
            InvalidParameters: 400 or 422, a value is invalid; the message says which.

        Example:
            >>> made = await ac.create_scope(project_client_id, "Stop", description="Stop it", scope_suffix="stop")
            >>> made["scope"]["scope_string"].rpartition("/")[2]
            'stop'

        **Differs from globus-sdk:** ``description`` and ``scope_suffix`` are keyword-only.

        REST: `POST /v2/api/clients/{id}/scopes <https://docs.globus.org/api/auth/reference/#create_scope>`_
        """
        scope = {
            "name": name,
            "description": description,
            "scope_suffix": scope_suffix,
            "required_domains": as_list(required_domains),
            "dependent_scopes": dependent_scopes,
            "advertised": advertised,
            "allows_refresh_token": allows_refresh_token,
        }
        return await self.call(
            "POST",
            fill_path("/v2/api/clients/{client_id}/scopes", client_id),
            ScopeEnvelope,
            data={"scope": scope},
            query_params=query_params,
        )

    async def update_scope(
        self,
        scope_id: UUID | str,
        *,
        name: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        scope_suffix: str | MissingType = MISSING,
        required_domains: Iterable[str] | MissingType = MISSING,
        dependent_scopes: Iterable[DependentScopeSpec] | MissingType = MISSING,
        advertised: bool | MissingType = MISSING,
        allows_refresh_token: bool | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ScopeEnvelope]:
        """
        Change a scope. Omitted members stay unchanged.

        Args:
            scope_id: Its UUID.
            name: The scope's name, shown to users when they consent.
            description: A description of what it allows, shown to users when they consent.
            scope_suffix: The last part of the scope string.
            required_domains: Domains; the user must have an identity of one of them.
            dependent_scopes: The scopes it depends on, replacing the present ones.
            advertised: Whether other users can find it.
            allows_refresh_token: Whether refresh tokens can be issued for it.
            query_params: Additional query parameters.

        Returns:
            The updated scope, under ``["scope"]``.

        Raises:
            NotFound: 404, it does not exist or the caller does not administer it.
            InvalidParameters: 400 or 422, a value is invalid; the message says which.

        Example:
            >>> (await ac.update_scope(scope_id, name="Run"))["scope"]["name"]
            'Run'

        REST: `PUT /v2/api/scopes/{id} <https://docs.globus.org/api/auth/reference/#update_scope>`_
        """
        scope = {
            "name": name,
            "description": description,
            "scope_suffix": scope_suffix,
            "required_domains": as_list(required_domains),
            "dependent_scopes": dependent_scopes,
            "advertised": advertised,
            "allows_refresh_token": allows_refresh_token,
        }
        return await self.call(
            "PUT",
            fill_path("/v2/api/scopes/{scope_id}", scope_id),
            ScopeEnvelope,
            data={"scope": scope},
            query_params=query_params,
        )

    async def delete_scope(
        self, scope_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ScopeEnvelope]:
        """
        Delete a scope.

        Args:
            scope_id: Its UUID.
            query_params: Additional query parameters.

        Returns:
            The deleted scope.

        Raises:
            NotFound: 404, it does not exist or the caller does not administer it.

        Example:
            >>> (await ac.delete_scope(scope_id))["scope"]["id"] == scope_id
            True

        REST: `DELETE /v2/api/scopes/{id} <https://docs.globus.org/api/auth/reference/#delete_scope>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/api/scopes/{scope_id}", scope_id), ScopeEnvelope, query_params=query_params
        )
