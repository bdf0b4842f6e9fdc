"""Indices: create, change, delete, reopen, list, and their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...client import BaseClient
from ...errors.arguments import check_text
from ...paging import Pages, single
from .documents import FieldBudgetDocument, FieldMappingsDocument, IndexChangeDocument, IndexDocument, IndexRole
from .query.clauses import checked_field

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("IndexMethods",)


class IndexMethods(BaseClient):
    """Indices."""

    async def create_index(
        self, display_name: str, description: str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[IndexDocument]:
        """
        Create an index, of which the caller becomes the owner.

        It is a trial index, of 1 MB; a user may own three of them. Globus support makes it a full index.

        Args:
            display_name: Its name.
            description: A description.
            query_params: Further query parameters.

        Returns:
            The index document.

        Raises:
            LimitExceeded: 409; the user owns three trial indices.
            PermissionDenied: 403; the token lacks the scope ``all``.

        Example:
            >>> index = await sc.create_index("Samples", "Samples of the laboratory")
            >>> index["status"], index["is_trial"]
            ('open', True)

        REST: `POST /v1/index <https://docs.globus.org/api/search/reference/index_create/>`_
        """
        check_text("display_name", display_name)
        check_text("description", description)
        document = {"display_name": display_name, "description": description}
        return await self.call("POST", "/v1/index", IndexDocument, data=document, query_params=query_params)

    async def update_index(
        self,
        index_id: UUID | str,
        *,
        display_name: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[IndexDocument]:
        """
        Change the name or the description of an index.

        Args:
            index_id: The index. UUID.
            display_name: Its name.
            description: A description.
            query_params: Further query parameters.

        Returns:
            The index document.

        Raises:
            IncompatibleIndexStatus: 409; the index is being deleted.
            PermissionDenied: 403; the caller is no admin or owner, or the token lacks the scope ``all``.

        Example:
            >>> (await sc.update_index(index_id, display_name="Samples 2026"))["display_name"]
            'Samples 2026'

        REST: `PATCH /v1/index/<index_id> <https://docs.globus.org/api/search/reference/index_update/>`_
        """
        document = {"display_name": display_name, "description": description}
        return await self.call(
            "PATCH",
            fill_path("/v1/index/{index_id}", index_id),
            IndexDocument,
            data=document,
            query_params=query_params,
        )

    async def delete_index(
        self, index_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[IndexChangeDocument]:
        """
        Delete an index, with all of its entries.

        Its tasks are cancelled, and it can only be reopened from now on: for minutes if it is a trial index, else for
        30 days.

        Args:
            index_id: The index. UUID.
            query_params: Further query parameters.

        Returns:
            The acknowledgement.

        Raises:
            PermissionDenied: 403; the caller is no owner, or the token lacks the scope ``all``.
            IncompatibleIndexStatus: 409; it is being deleted already.

        Example:
            >>> (await sc.delete_index(index_id))["acknowledged"]
            True

        REST: `DELETE /v1/index/<index_id> <https://docs.globus.org/api/search/reference/index_delete/>`_
        """
        return await self.call(
            "DELETE", fill_path("/v1/index/{index_id}", index_id), IndexChangeDocument, query_params=query_params
        )

    async def reopen_index(
        self, index_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[IndexChangeDocument]:
        """
        Cancel the deletion of an index.

        Args:
            index_id: The index. UUID.
            query_params: Further query parameters.

        Returns:
            The acknowledgement.

        Raises:
            PermissionDenied: 403; the caller is no owner, or the token lacks the scope ``all``.
            IncompatibleIndexStatus: 409; it is not being deleted.

        Example:
            >>> await sc.delete_index(index_id)
            GlobusHTTPResponse({...})
            >>> (await sc.reopen_index(index_id))["acknowledged"]
            True

        REST: `POST /v1/index/<index_id>/reopen <https://docs.globus.org/api/search/reference/index_reopen/>`_
        """
        return await self.call(
            "POST", fill_path("/v1/index/{index_id}/reopen", index_id), IndexChangeDocument, query_params=query_params
        )

    async def get_index(
        self, index_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[IndexDocument]:
        """
        Fetch an index.

        Args:
            index_id: The index. UUID.
            query_params: Further query parameters.

        Returns:
            The index document.

        Raises:
            NotFound: 404 ``NotFound.NoSuchIndex``.

        Example:
            >>> (await sc.get_index(index_id))["display_name"]
            'Samples'

        REST: `GET /v1/index/<index_id> <https://docs.globus.org/api/search/reference/index_show/>`_
        """
        return await self.call(
            "GET", fill_path("/v1/index/{index_id}", index_id), IndexDocument, query_params=query_params
        )

    def index_list(
        self,
        filter_roles: IndexRole | Iterable[IndexRole] | MissingType = MISSING,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[IndexDocument]:
        """
        List the indices on which the caller has a role, at most 100.

        Args:
            filter_roles: List only those on which the caller has one of these roles: ``owner``, ``admin``, ``writer``.
            query_params: Further query parameters.

        Returns:
            The listing, with the caller's roles as ``permissions``.

        Example:
            >>> [index["display_name"] async for index in sc.index_list(filter_roles="owner")]
            ['Samples']

        REST: `GET /v1/index_list <https://docs.globus.org/api/search/reference/index_list/>`_
        """
        return self.listing(
            "/v1/index_list",
            IndexDocument,
            style=single,
            params={"filter_roles": comma_joined(filter_roles)},
            query_params=query_params,
            items_key="index_list",
        )

    async def get_mapping(
        self,
        index_id: UUID | str,
        field_name: str | MissingType = MISSING,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[FieldMappingsDocument]:
        """
        Fetch the types of the fields of an index.

        The first value of a field decides its type.

        Args:
            index_id: The index. UUID.
            field_name: A single field. By default all fields.
            query_params: Further query parameters.

        Returns:
            The types as ``mappings``, by the paths of fields.

        Raises:
            PermissionDenied: 403; the caller has no role on the index, or the token lacks the scope ``ingest``.

        Example:
            >>> (await sc.get_mapping(index_id))["mappings"]["year"]
            'integer'

        **Differs from globus-sdk:** which has no such method. The service calls it a beta.

        REST: `GET /beta/index/<index_id>/mapping <https://docs.globus.org/api/search/reference/>`_
        """
        if isinstance(field_name, MissingType):
            return await self.call(
                "GET",
                fill_path("/beta/index/{index_id}/mapping", index_id),
                FieldMappingsDocument,
                query_params=query_params,
            )
        return await self.call(
            "GET",
            fill_path("/beta/index/{index_id}/mapping/{field_name:text}", index_id, checked_field(field_name)),
            FieldMappingsDocument,
            query_params=query_params,
        )

    async def get_field_budget(
        self, index_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[FieldBudgetDocument]:
        """
        Fetch the number of fields that an index may have, and has.

        An ingest that would need more fails, as a task.

        Args:
            index_id: The index. UUID.
            query_params: Further query parameters.

        Returns:
            The ``budget``, and how many fields of it are ``used`` and ``remaining``.

        Raises:
            PermissionDenied: 403; the caller has no role on the index, or the token lacks the scope ``ingest``.

        Example:
            >>> (await sc.get_field_budget(index_id))["budget"]
            1000

        **Differs from globus-sdk:** which has no such method. The service calls it a beta.

        REST: `GET /beta/index/<index_id>/field_budget <https://docs.globus.org/api/search/reference/>`_
        """
        return await self.call(
            "GET",
            fill_path("/beta/index/{index_id}/field_budget", index_id),
            FieldBudgetDocument,
            query_params=query_params,
        )
