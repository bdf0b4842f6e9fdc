"""Flows: create, fetch, list, update, delete and validate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...client import BaseClient
from ...paging import Pages, marker_has_next
from .data import Texts, members, object_of, texts
from .documents import DeletedFlowDocument, FlowDocument, FlowValidationDocument
from .listing import page_size

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("FlowMethods",)


class FlowMethods(BaseClient):
    """Flows."""

    async def create_flow(  # noqa: PLR0917 -- the order of globus-sdk
        self,
        title: str,
        definition: Mapping[str, Any],
        input_schema: Mapping[str, Any],
        subtitle: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        flow_viewers: Texts | MissingType = MISSING,
        flow_starters: Texts | MissingType = MISSING,
        flow_administrators: Texts | MissingType = MISSING,
        run_managers: Texts | MissingType = MISSING,
        run_monitors: Texts | MissingType = MISSING,
        keywords: Texts | MissingType = MISSING,
        subscription_id: UUID | str | MissingType | None = MISSING,
        authentication_policy_id: UUID | str | MissingType | None = MISSING,
        additional_fields: Mapping[str, object] | None = None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[FlowDocument]:
        """
        Create a flow.

        Args:
            title: Its name, 1 to 128 characters; several flows may have the same.
            definition: Its states, in the definition language of Globus Flows.
            input_schema: The JSON Schema of the input of its runs; ``{}`` for any input.
            subtitle: A summary, at most 128 characters.
            description: A description, at most 4096 characters.
            flow_viewers: One or more principal URNs, or ``"public"``: who may see the flow.
            flow_starters: One or more principal URNs, or ``"all_authenticated_users"``: who may start runs.
            flow_administrators: One or more principal URNs: who may change the flow.
            run_managers: One or more principal URNs: who may manage all its runs.
            run_monitors: One or more principal URNs: who may see all its runs.
            keywords: One or more terms to find it by, together at most 1024 characters.
            subscription_id: The subscription that it belongs to. UUID. Without one, it ends after 30 days.
            authentication_policy_id: The policy that sessions of its users must satisfy. UUID.
            additional_fields: Further members of the document.
            query_params: Further query parameters.

        Returns:
            The flow; its ``id`` is the argument of `SpecificFlowClient`.

        Raises:
            FlowsAPIError: 422 ``UNPROCESSABLE_ENTITY`` for an invalid definition, schema or principal; the messages
                name each place.
            PermissionDenied: 403; the token lacks the scope ``manage_flows``, or a limit is reached.

        Example:
            >>> definition = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
            >>> flow = await fc.create_flow("Nothing at all", definition, {}, keywords=["test"])
            >>> flow["title"], flow["keywords"]
            ('Nothing at all', ['test'])

        **Differs from globus-sdk:** is not sent again after a failure in which a flow may have been created; a single
        text is a list of one.

        REST: `POST /flows <https://docs.globus.org/api/flows/>`_
        """
        flow = {
            "title": title,
            "definition": object_of("definition", definition),
            "input_schema": object_of("input_schema", input_schema),
            "subtitle": subtitle,
            "description": description,
            "flow_viewers": texts("flow_viewers", flow_viewers),
            "flow_starters": texts("flow_starters", flow_starters),
            "flow_administrators": texts("flow_administrators", flow_administrators),
            "run_managers": texts("run_managers", run_managers),
            "run_monitors": texts("run_monitors", run_monitors),
            "keywords": texts("keywords", keywords),
            "subscription_id": subscription_id,
            "authentication_policy_id": authentication_policy_id,
        }
        return await self.call(
            "POST", "/flows", FlowDocument, data=members(flow, additional_fields), query_params=query_params
        )

    async def get_flow(
        self, flow_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[FlowDocument]:
        """
        Fetch a flow.

        Args:
            flow_id: The flow. UUID.
            query_params: Further query parameters.

        Returns:
            The flow. Lists of principals are empty unless you administer it.

        Raises:
            NotFound: 404 ``NOT_FOUND``; the flow does not exist, or you may not see it.
            AuthorizationRequired: 403 ``AuthenticationPolicyRequired``; your session does not satisfy its policy.

        Example:
            >>> flow = await fc.get_flow(flow_id)
            >>> flow["title"]
            'Say hello'

        REST: `GET /flows/{flow_id} <https://docs.globus.org/api/flows/>`_
        """
        return await self.call("GET", fill_path("/flows/{flow_id}", flow_id), FlowDocument, query_params=query_params)

    def list_flows(
        self,
        *,
        filter_roles: Texts | MissingType = MISSING,
        filter_fulltext: Texts | MissingType = MISSING,
        filter_title: Texts | MissingType = MISSING,
        filter_subtitle: Texts | MissingType = MISSING,
        filter_description: Texts | MissingType = MISSING,
        filter_keywords: Texts | MissingType = MISSING,
        filter_scope_string: Texts | MissingType = MISSING,
        orderby: Texts | MissingType = MISSING,
        per_page: int | MissingType = MISSING,
        num_results: int | None = None,
        marker: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[FlowDocument]:
        """
        List flows. The text filters are substrings in any case; a flow must contain at least one of several.

        Args:
            filter_roles: Your role on the flows, one or any of several: ``"flow_owner"``, ``"flow_viewer"``,
                ``"flow_starter"``, ``"flow_administrator"``, ``"run_manager"``, ``"run_monitor"``. By default only
                flows that you own.
            filter_fulltext: Text in title, subtitle, description, id, owner or administrators.
            filter_title: Text in the title.
            filter_subtitle: Text in the subtitle.
            filter_description: Text in the description.
            filter_keywords: Text in a keyword.
            filter_scope_string: Text in the scope.
            orderby: The sort order, such as ``"updated_at DESC"``, or a list of such. Fields are ``id``, ``title``,
                ``scope_string``, ``flow_owner``, ``flow_administrators``, ``created_at``, ``updated_at``.
            per_page: Flows per page. By default the service's, 20.
            num_results: Maximum number of flows; ``None`` for all.
            marker: The marker of a page, to continue a listing; all other parameters are then those of that listing.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the flows of all pages, ``await`` returns the first page.

        Raises:
            FlowsAPIError: 400 or 422 for an invalid filter.
            PaginationStalled: The service says that there is a next page, but not where it begins.

        Example:
            >>> flows = fc.list_flows(filter_roles=["flow_owner", "flow_viewer"], orderby="title ASC")
            >>> [flow["title"] async for flow in flows]
            ['Approve', 'Move files', 'Say hello']

        **Differs from globus-sdk:** iterating fetches further pages; several criteria of ``orderby`` are joined with
        commas; has the filters and the page size of the service.

        REST: `GET /flows <https://docs.globus.org/api/flows/>`_
        """
        return self.listing(
            "/flows",
            FlowDocument,
            style=marker_has_next,
            params={
                "filter_roles": comma_joined(filter_roles),
                "filter_fulltext": comma_joined(filter_fulltext),
                "filter_title": comma_joined(filter_title),
                "filter_subtitle": comma_joined(filter_subtitle),
                "filter_description": comma_joined(filter_description),
                "filter_keywords": comma_joined(filter_keywords),
                "filter_scope_string": comma_joined(filter_scope_string),
                "orderby": comma_joined(orderby),
                "marker": marker,
            },
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(per_page, num_results),
            items_key="flows",
        )

    async def update_flow(
        self,
        flow_id: UUID | str,
        *,
        title: str | MissingType = MISSING,
        definition: Mapping[str, Any] | MissingType = MISSING,
        input_schema: Mapping[str, Any] | MissingType = MISSING,
        subtitle: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        flow_owner: str | MissingType = MISSING,
        flow_viewers: Texts | MissingType = MISSING,
        flow_starters: Texts | MissingType = MISSING,
        flow_administrators: Texts | MissingType = MISSING,
        run_managers: Texts | MissingType = MISSING,
        run_monitors: Texts | MissingType = MISSING,
        keywords: Texts | MissingType = MISSING,
        subscription_id: UUID | str | MissingType | None = MISSING,
        authentication_policy_id: UUID | str | MissingType | None = MISSING,
        additional_fields: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[FlowDocument]:
        """
        Change a flow. What is not given stays; lists replace the present ones, and ``[]`` clears them.

        Runs that have started keep the definition that they were started with.

        Args:
            flow_id: The flow. UUID.
            title: As in `create_flow`.
            definition: As in `create_flow`.
            input_schema: As in `create_flow`.
            subtitle: As in `create_flow`.
            description: As in `create_flow`.
            flow_owner: The new owner: your own principal URN, if you administer the flow.
            flow_viewers: As in `create_flow`.
            flow_starters: As in `create_flow`.
            flow_administrators: As in `create_flow`.
            run_managers: As in `create_flow`.
            run_monitors: As in `create_flow`.
            keywords: As in `create_flow`.
            subscription_id: The subscription. UUID, or ``"DEFAULT"`` for the only one that you have.
            authentication_policy_id: As in `create_flow`.
            additional_fields: Further members of the document.
            query_params: Further query parameters.

        Returns:
            The flow.

        Raises:
            FlowsAPIError: 422 ``UNPROCESSABLE_ENTITY``; the messages name each place.
            PermissionDenied: 403 ``FORBIDDEN``; you do not administer the flow.
            NotFound: 404 ``NOT_FOUND``; the flow does not exist, or you may not see it.

        Example:
            >>> flow = await fc.update_flow(flow_id, subtitle="to everybody", flow_viewers="public")
            >>> flow["subtitle"], flow["flow_viewers"]
            ('to everybody', ['public'])

        REST: `PUT /flows/{flow_id} <https://docs.globus.org/api/flows/>`_
        """
        flow = {
            "title": title,
            "definition": object_of("definition", definition),
            "input_schema": object_of("input_schema", input_schema),
            "subtitle": subtitle,
            "description": description,
            "flow_owner": flow_owner,
            "flow_viewers": texts("flow_viewers", flow_viewers),
            "flow_starters": texts("flow_starters", flow_starters),
            "flow_administrators": texts("flow_administrators", flow_administrators),
            "run_managers": texts("run_managers", run_managers),
            "run_monitors": texts("run_monitors", run_monitors),
            "keywords": texts("keywords", keywords),
            "subscription_id": subscription_id,
            "authentication_policy_id": authentication_policy_id,
        }
        return await self.call(
            "PUT",
            fill_path("/flows/{flow_id}", flow_id),
            FlowDocument,
            data=members(flow, additional_fields),
            query_params=query_params,
        )

    async def delete_flow(
        self, flow_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[DeletedFlowDocument]:
        """
        Delete a flow. Its runs stay.

        Args:
            flow_id: The flow. UUID.
            query_params: Further query parameters.

        Returns:
            The flow, with ``DELETED``.

        Raises:
            PermissionDenied: 403 ``FORBIDDEN``; you are not its owner.
            NotFound: 404 ``NOT_FOUND``; the flow does not exist, or you may not see it.

        Example:
            >>> (await fc.delete_flow(flow_id))["DELETED"]
            True

        REST: `DELETE /flows/{flow_id} <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "DELETE", fill_path("/flows/{flow_id}", flow_id), DeletedFlowDocument, query_params=query_params
        )

    async def validate_flow(
        self,
        definition: Mapping[str, Any],
        input_schema: Mapping[str, Any] | MissingType = MISSING,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[FlowValidationDocument]:
        """
        Check the definition and the input schema of a flow; nothing is created.

        Args:
            definition: The states, in the definition language of Globus Flows.
            input_schema: The JSON Schema of the input of runs.
            query_params: Further query parameters.

        Returns:
            The scopes that runs would require.

        Raises:
            FlowsAPIError: 422 ``UNPROCESSABLE_ENTITY``; the messages name each place.

        Example:
            >>> checked = await fc.validate_flow({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
            >>> checked["scopes"]["User"]
            []

        REST: `POST /flows/validate <https://docs.globus.org/api/flows/>`_
        """
        flow = {
            "definition": object_of("definition", definition),
            "input_schema": object_of("input_schema", input_schema),
        }
        return await self.call(
            "POST", "/flows/validate", FlowValidationDocument, data=flow, query_params=query_params, idempotent=True
        )
