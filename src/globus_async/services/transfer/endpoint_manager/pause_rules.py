"""Endpoint manager: pause rules, which pause the tasks and operations of users on a collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ...._http.path import fill_path
from ....client import BaseClient
from ....paging import Pages, single
from ..documents import PauseRuleDocument, ResultDocument

if TYPE_CHECKING:
    from ....response import GlobusHTTPResponse

__all__ = ("EndpointManagerPauseRuleMethods",)


class EndpointManagerPauseRuleMethods(BaseClient):
    """Pause rules on collections that the user manages."""

    def endpoint_manager_pause_rule_list(
        self,
        filter_endpoint: UUID | str | MissingType | None = MISSING,
        *,
        filter_host_endpoint: UUID | str | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[PauseRuleDocument]:
        """
        List the pause rules on collections that you monitor.

        Args:
            filter_endpoint: Only rules on this collection. UUID.
            filter_host_endpoint: Only rules on guest collections of this host. UUID.
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Raises:
            PermissionDenied: 403; you are not an activity monitor of it.

        Example:
            >>> [rule["message"] async for rule in tc.endpoint_manager_pause_rule_list(filter_endpoint=paused_id)]
            ['back at noon']

        REST: `GET /v0.10/endpoint_manager/pause_rule_list
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_pause_rules>`_
        """
        return self.listing(
            "/v0.10/endpoint_manager/pause_rule_list",
            PauseRuleDocument,
            style=single,
            params={"filter_endpoint": filter_endpoint, "filter_host_endpoint": filter_host_endpoint},
            query_params=query_params,
        )

    async def endpoint_manager_create_pause_rule(
        self, data: Mapping[str, Any] | None, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PauseRuleDocument]:
        """
        Create a pause rule, which pauses a collection for all users or for one.

        Args:
            data: A ``pause_rule`` document: ``message``, ``endpoint_id``, ``identity_id`` (``None`` for all users),
                ``start_time`` (``None`` for now), ``pause_ls``, ...
            query_params: Further query parameters.

        Returns:
            The new pause rule document, with its ``id``.

        Raises:
            PermissionDenied: 403; you are not an activity manager of it.

        Example:
            >>> rule = await tc.endpoint_manager_create_pause_rule({
            ...     "DATA_TYPE": "pause_rule",
            ...     "message": "Message to users explaining why tasks are paused",
            ...     "endpoint_id": destination_id,
            ...     "identity_id": None,
            ...     "start_time": None,
            ... })
            >>> rule["pause_ls"]
            True

        REST: `POST /v0.10/endpoint_manager/pause_rule
        <https://docs.globus.org/api/transfer/advanced_collection_management/#create_pause_rule>`_
        """
        return await self.call(
            "POST", "/v0.10/endpoint_manager/pause_rule", PauseRuleDocument, data=data, query_params=query_params
        )

    async def endpoint_manager_get_pause_rule(
        self, pause_rule_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PauseRuleDocument]:
        """
        Fetch a pause rule.

        Args:
            pause_rule_id: The pause rule. UUID.
            query_params: Further query parameters.

        Returns:
            The pause rule document.

        Raises:
            NotFound: 404 ``PauseRuleNotFound``.
            PermissionDenied: 403; you are not an activity manager of its collection.

        Example:
            >>> rule = await tc.endpoint_manager_get_pause_rule(pause_rule_id)
            >>> rule["message"]
            'back at noon'

        REST: `GET /v0.10/endpoint_manager/pause_rule/<pause_rule_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#get_pause_rule>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint_manager/pause_rule/{pause_rule_id}", pause_rule_id),
            PauseRuleDocument,
            query_params=query_params,
        )

    async def endpoint_manager_update_pause_rule(
        self,
        pause_rule_id: UUID | str,
        data: Mapping[str, Any] | None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[PauseRuleDocument]:
        """
        Update a pause rule.

        Args:
            pause_rule_id: The pause rule. UUID.
            data: The members to change; the service ignores members that cannot be changed.
            query_params: Further query parameters.

        Returns:
            The updated pause rule document.

        Raises:
            NotFound: 404 ``PauseRuleNotFound``.
            PermissionDenied: 403; you are not an activity manager of its collection.

        Example:
            >>> rule = await tc.endpoint_manager_update_pause_rule(pause_rule_id, {"pause_ls": False})
            >>> rule["pause_ls"]
            False

        REST: `PUT /v0.10/endpoint_manager/pause_rule/<pause_rule_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#update_pause_rule>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v0.10/endpoint_manager/pause_rule/{pause_rule_id}", pause_rule_id),
            PauseRuleDocument,
            data=data,
            query_params=query_params,
        )

    async def endpoint_manager_delete_pause_rule(
        self, pause_rule_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Delete a pause rule. Tasks that no other rule affects continue.

        Args:
            pause_rule_id: The pause rule, whose ``editable`` must be true. UUID.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Deleted"``.

        Raises:
            NotFound: 404 ``PauseRuleNotFound``, also if an earlier attempt of the same call has deleted it.
            PermissionDenied: 403; you are not an activity manager of its collection.

        Example:
            >>> result = await tc.endpoint_manager_delete_pause_rule(pause_rule_id)
            >>> result["code"]
            'Deleted'

        REST: `DELETE /v0.10/endpoint_manager/pause_rule/<pause_rule_id>
        <https://docs.globus.org/api/transfer/advanced_collection_management/#delete_pause_rule>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/v0.10/endpoint_manager/pause_rule/{pause_rule_id}", pause_rule_id),
            ResultDocument,
            query_params=query_params,
        )
