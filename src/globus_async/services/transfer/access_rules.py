"""Access rules: permissions on the directories of a guest collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.path import fill_path
from ...client import BaseClient
from ...paging import Pages, single
from .documents import AccessCreateResultDocument, AccessDocument, ResultDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("AccessRuleMethods",)


class AccessRuleMethods(BaseClient):
    """Access rules of collections."""

    def endpoint_acl_list(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[AccessDocument]:
        """
        List the access rules of a collection, including those derived from roles.

        Args:
            endpoint_id: The collection. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Raises:
            PermissionDenied: 403; you do not manage its access.
            EndpointNotFound: 404.

        Example:
            >>> async for rule in tc.endpoint_acl_list(guest_collection_id):
            ...     print(rule["path"], rule["permissions"], rule["role_type"])
            / rw administrator
            /dataset0/ r None

        REST: `GET /v0.10/endpoint/<endpoint_id>/access_list
        <https://docs.globus.org/api/transfer/permissions/#rest_access_get_list>`_
        """
        return self.listing(
            fill_path("/v0.10/endpoint/{endpoint_id}/access_list", endpoint_id),
            AccessDocument,
            style=single,
            query_params=query_params,
        )

    async def get_endpoint_acl_rule(
        self, endpoint_id: UUID | str, rule_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[AccessDocument]:
        """
        Fetch an access rule.

        Args:
            endpoint_id: The collection. UUID.
            rule_id: The access rule.
            query_params: Further query parameters.

        Returns:
            The access document.

        Raises:
            NotFound: 404 ``AccessRuleNotFound``.
            PermissionDenied: 403; you do not manage its access.

        Example:
            >>> rule = await tc.get_endpoint_acl_rule(guest_collection_id, rule_id)
            >>> rule["permissions"]
            'r'

        REST: `GET /v0.10/endpoint/<endpoint_id>/access/<rule_id>
        <https://docs.globus.org/api/transfer/permissions/#get_access_rule_by_id>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint/{endpoint_id}/access/{rule_id:text}", endpoint_id, rule_id),
            AccessDocument,
            query_params=query_params,
        )

    async def add_endpoint_acl_rule(
        self, endpoint_id: UUID | str, rule_data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[AccessCreateResultDocument]:
        """
        Create an access rule: permission to read, or to read and write, below a directory.

        Args:
            endpoint_id: The collection. UUID.
            rule_data: An ``access`` document: ``principal_type``, ``principal``, ``path`` (a directory, ending in
                ``/``), ``permissions`` (``"r"`` or ``"rw"``) and optionally ``notify_email``, ``expiration_date``, ...
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Created"`` and the ``access_id`` of the new rule.

        Raises:
            PermissionDenied: 403; you do not manage its access.
            Conflict: 409; the rule exists already.

        Example:
            >>> result = await tc.add_endpoint_acl_rule(guest_collection_id, {
            ...     "DATA_TYPE": "access",
            ...     "principal_type": "identity",
            ...     "principal": identity_id,
            ...     "path": "/dataset1/",
            ...     "permissions": "rw",
            ... })
            >>> result["code"]
            'Created'

        REST: `POST /v0.10/endpoint/<endpoint_id>/access
        <https://docs.globus.org/api/transfer/permissions/#rest_access_create>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/endpoint/{endpoint_id}/access", endpoint_id),
            AccessCreateResultDocument,
            data=rule_data,
            query_params=query_params,
        )

    async def update_endpoint_acl_rule(
        self,
        endpoint_id: UUID | str,
        rule_id: UUID | str,
        rule_data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Change the permissions of an access rule.

        Args:
            endpoint_id: The collection. UUID.
            rule_id: The access rule.
            rule_data: The members to change; only ``permissions`` and ``expiration_date`` can be changed.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Updated"``.

        Raises:
            PermissionDenied: 403; you do not manage its access.
            NotFound: 404 ``AccessRuleNotFound``.

        Example:
            >>> result = await tc.update_endpoint_acl_rule(guest_collection_id, rule_id, {"permissions": "rw"})
            >>> result["code"]
            'Updated'

        REST: `PUT /v0.10/endpoint/<endpoint_id>/access/<rule_id>
        <https://docs.globus.org/api/transfer/permissions/#update_access_rule>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v0.10/endpoint/{endpoint_id}/access/{rule_id:text}", endpoint_id, rule_id),
            ResultDocument,
            data=rule_data,
            query_params=query_params,
        )

    async def delete_endpoint_acl_rule(
        self, endpoint_id: UUID | str, rule_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Delete an access rule.

        Args:
            endpoint_id: The collection. UUID.
            rule_id: The access rule.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Deleted"``.

        Raises:
            PermissionDenied: 403; you do not manage its access.
            NotFound: 404 ``AccessRuleNotFound``, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> result = await tc.delete_endpoint_acl_rule(guest_collection_id, rule_id)
            >>> result["code"]
            'Deleted'

        REST: `DELETE /v0.10/endpoint/<endpoint_id>/access/<rule_id>
        <https://docs.globus.org/api/transfer/permissions/#delete_access_rule>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/v0.10/endpoint/{endpoint_id}/access/{rule_id:text}", endpoint_id, rule_id),
            ResultDocument,
            query_params=query_params,
        )
