"""Web inputs: questions that runs have for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...client import BaseClient
from ...paging import Pages, marker_or_null
from .data import Ids, Texts, joined_ids
from .documents import WebInputDocument, WebInputResponseDocument, WebInputSummaryDocument
from .listing import page_size

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("WebInputMethods",)

_MAX_IDS: Final = 10
_Role: TypeAlias = Literal["viewer", "respondent"]
_State: TypeAlias = Literal["open", "closed"]


class WebInputMethods(BaseClient):
    """Web inputs."""

    def list_web_inputs(
        self,
        *,
        filter_roles: _Role | Iterable[_Role] | MissingType = MISSING,
        filter_states: _State | Iterable[_State] | MissingType = MISSING,
        filter_flow_ids: Ids | MissingType = MISSING,
        filter_run_ids: Ids | MissingType = MISSING,
        orderby: Texts | MissingType = MISSING,
        per_page: int | MissingType = MISSING,
        num_results: int | None = None,
        marker: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[WebInputSummaryDocument]:
        """
        List web inputs.

        Args:
            filter_roles: Your role on them: ``"viewer"``, ``"respondent"``, or a list of both. By default either.
            filter_states: Their state: ``"open"``, ``"closed"``, or a list of both. By default the open ones.
            filter_flow_ids: One to ten flows. UUIDs.
            filter_run_ids: One to ten runs. UUIDs.
            orderby: The sort order, such as ``"created_timestamp DESC"``, or a list of such. Fields are
                ``created_timestamp``, ``edited_timestamp``, ``closed_timestamp``.
            per_page: Items per page. By default the service's.
            num_results: Maximum number of items; ``None`` for all.
            marker: The marker of a page, to continue a listing; all other parameters are then those of that listing.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the items of all pages, ``await`` returns the first page.

        Raises:
            GlobusSDKUsageError: More than ten ids, or one that is not a UUID.
            FlowsAPIError: 422 ``UNPROCESSABLE_ENTITY`` for an invalid filter.

        Example:
            >>> [web_input["title"] async for web_input in fc.list_web_inputs(filter_roles="respondent")]
            ['Publish the results?']

        **Differs from globus-sdk:** iterating fetches further pages.

        REST: `GET /web_inputs <https://docs.globus.org/api/flows/>`_
        """
        return self.listing(
            "/web_inputs",
            WebInputSummaryDocument,
            style=marker_or_null,
            params={
                "filter_roles": comma_joined(filter_roles),
                "filter_states": comma_joined(filter_states),
                "filter_flow_ids": joined_ids("filter_flow_ids", filter_flow_ids, maximum=_MAX_IDS),
                "filter_run_ids": joined_ids("filter_run_ids", filter_run_ids, maximum=_MAX_IDS),
                "orderby": comma_joined(orderby),
                "marker": marker,
            },
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(per_page, num_results),
            items_key="web_input_summaries",
        )

    async def get_web_input(
        self, web_input_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[WebInputDocument]:
        """
        Fetch a web input, with its options.

        Args:
            web_input_id: The web input. UUID.
            query_params: Further query parameters.

        Returns:
            The web input.

        Raises:
            NotFound: 404 ``NOT_FOUND``; it does not exist, or you may not see it.
            AuthorizationRequired: 403 ``AuthenticationPolicyRequired``; your session does not satisfy the policy of its
                flow.

        Example:
            >>> web_input = await fc.get_web_input(web_input_id)
            >>> [option["label"] for option in web_input["options"]]
            ['Yes', 'No']

        REST: `GET /web_inputs/{web_input_id} <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "GET", fill_path("/web_inputs/{web_input_id}", web_input_id), WebInputDocument, query_params=query_params
        )

    async def respond_to_web_input(
        self, web_input_id: UUID | str, value: object, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[WebInputResponseDocument]:
        """
        Respond to a web input, which closes it; its run goes on.

        Args:
            web_input_id: The web input. UUID.
            value: The response: the ``option_id`` of an option.
            query_params: Further query parameters.

        Returns:
            The result, with the status ``"ok"``.

        Raises:
            NotFound: 404 ``NOT_FOUND``; it does not exist, or you may not see it.
            Conflict: 409 ``STATE_CONFLICT``; it is closed.
            PermissionDenied: 403 ``FORBIDDEN``; you may see it only.
            FlowsAPIError: 422 ``UNPROCESSABLE_ENTITY``; it has no such option.

        Example:
            >>> web_input = await fc.get_web_input(web_input_id)
            >>> response = await fc.respond_to_web_input(web_input_id, web_input["options"][0]["option_id"])
            >>> response["status"]
            'ok'

        **Differs from globus-sdk:** is not sent again after a failure in which it may have been executed.

        REST: `POST /web_inputs/{web_input_id}/respond <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "POST",
            fill_path("/web_inputs/{web_input_id}/respond", web_input_id),
            WebInputResponseDocument,
            data={"response": {"value": value}},
            query_params=query_params,
        )
