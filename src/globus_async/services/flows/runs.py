"""Runs of flows: fetch, update, cancel and delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path, uuid_text
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_bool, check_iterable
from .data import Texts, members, texts
from .documents import BatchUpdateDocument, RunDefinitionDocument, RunDocument
from .run_listings import RunListingMethods

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("RunMethods",)


class RunMethods(RunListingMethods):
    """Runs."""

    async def get_run(
        self,
        run_id: UUID | str,
        *,
        include_flow_description: bool | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[RunDocument]:
        """
        Fetch a run.

        Args:
            run_id: The run. UUID.
            include_flow_description: Whether to add the description of its flow, as ``flow_description``.
            query_params: Further query parameters.

        Returns:
            The run.

        Raises:
            NotFound: 404 ``NOT_FOUND``; the run does not exist, or you may not see it.
            PermissionDenied: 403 ``MISSING_SCOPE``; the message names the scope that the token lacks.

        Example:
            >>> run = await fc.get_run(run_id, include_flow_description=True)
            >>> run["status"], run["flow_description"]["title"]
            ('SUCCEEDED', 'Say hello')

        **Differs from globus-sdk:** sends ``true`` instead of ``True``.

        REST: `GET /runs/{run_id} <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "GET",
            fill_path("/runs/{run_id}", run_id),
            RunDocument,
            params={"include_flow_description": include_flow_description},
            query_params=query_params,
        )

    async def get_run_definition(
        self, run_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[RunDefinitionDocument]:
        """
        Fetch the definition and the input schema that the flow of a run had when the run was started.

        Args:
            run_id: The run. UUID.
            query_params: Further query parameters.

        Returns:
            The definition, the input schema, and the id of the flow.

        Raises:
            NotFound: 404 ``NOT_FOUND``; the run does not exist, or you may not see it.

        Example:
            >>> (await fc.get_run_definition(run_id))["definition"]["StartAt"]
            'Greet'

        REST: `GET /runs/{run_id}/definition <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "GET", fill_path("/runs/{run_id}/definition", run_id), RunDefinitionDocument, query_params=query_params
        )

    async def update_run(
        self,
        run_id: UUID | str,
        *,
        label: str | MissingType = MISSING,
        tags: Texts | MissingType = MISSING,
        run_monitors: Texts | MissingType = MISSING,
        run_managers: Texts | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[RunDocument]:
        """
        Change the label, tags or roles of a run. What is not given stays; lists replace the present ones.

        Args:
            run_id: The run. UUID.
            label: Its label.
            tags: One or more tags; ``[]`` removes all.
            run_monitors: One or more principal URNs: who may see the run.
            run_managers: One or more principal URNs: who may manage the run.
            additional_fields: Further members of the document.
            query_params: Further query parameters.

        Returns:
            The run.

        Raises:
            FlowsAPIError: 422 ``UNPROCESSABLE_ENTITY``; the messages name each place.
            NotFound: 404 ``NOT_FOUND``; the run does not exist, or you may not see it.
            PermissionDenied: 403 ``FORBIDDEN``; you do not manage the run.

        Example:
            >>> run = await fc.update_run(run_id, tags="done")
            >>> run["tags"]
            ['done']

        **Differs from globus-sdk:** a single text is a list of one.

        REST: `PUT /runs/{run_id} <https://docs.globus.org/api/flows/>`_
        """
        run = {
            "label": label,
            "tags": texts("tags", tags),
            "run_monitors": texts("run_monitors", run_monitors),
            "run_managers": texts("run_managers", run_managers),
        }
        return await self.call(
            "PUT",
            fill_path("/runs/{run_id}", run_id),
            RunDocument,
            data=members(run, additional_fields),
            query_params=query_params,
        )

    async def update_runs(
        self,
        run_ids: Iterable[UUID | str],
        *,
        cancel: bool = False,
        tags: Texts | MissingType = MISSING,
        run_managers: Texts | MissingType = MISSING,
        run_monitors: Texts | MissingType = MISSING,
        add_tags: Texts | MissingType = MISSING,
        add_run_managers: Texts | MissingType = MISSING,
        add_run_monitors: Texts | MissingType = MISSING,
        remove_tags: Texts | MissingType = MISSING,
        remove_run_managers: Texts | MissingType = MISSING,
        remove_run_monitors: Texts | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[BatchUpdateDocument]:
        """
        Change or cancel many runs with one request. The service may make the changes later.

        Args:
            run_ids: The runs. UUIDs.
            cancel: Whether to cancel them.
            tags: One or more tags, which replace the present ones.
            run_managers: One or more principal URNs, which replace the present ones.
            run_monitors: One or more principal URNs, which replace the present ones.
            add_tags: One or more tags.
            add_run_managers: One or more principal URNs.
            add_run_monitors: One or more principal URNs.
            remove_tags: One or more tags.
            remove_run_managers: One or more principal URNs.
            remove_run_monitors: One or more principal URNs.
            query_params: Further query parameters.

        Returns:
            An empty document.

        Raises:
            GlobusSDKUsageError: No run, or no change.
            FlowsAPIError: 422; the messages name each place.
            PermissionDenied: 403 ``FORBIDDEN``; you do not manage one of the runs.

        Example:
            >>> response = await fc.update_runs([run_id, active_run_id], add_tags=["beamline 7"])
            >>> (await fc.get_run(active_run_id))["tags"]
            ['beamline 7']

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /batch/runs <https://docs.globus.org/api/flows/>`_
        """
        check_iterable("run_ids", run_ids, Iterable, "an iterable of UUIDs")
        check_bool("cancel", cancel)
        ids = [uuid_text("run_ids", run_id) for run_id in run_ids]
        changes: dict[str, dict[str, object]] = {
            "set": {
                "tags": texts("tags", tags),
                "run_managers": texts("run_managers", run_managers),
                "run_monitors": texts("run_monitors", run_monitors),
                "status": "cancel" if cancel else MISSING,
            },
            "add": {
                "tags": texts("add_tags", add_tags),
                "run_managers": texts("add_run_managers", add_run_managers),
                "run_monitors": texts("add_run_monitors", add_run_monitors),
            },
            "remove": {
                "tags": texts("remove_tags", remove_tags),
                "run_managers": texts("remove_run_managers", remove_run_managers),
                "run_monitors": texts("remove_run_monitors", remove_run_monitors),
            },
        }
        given = {
            name: change for name, change in changes.items() if any(each is not MISSING for each in change.values())
        }
        if not ids or not given:
            raise GlobusSDKUsageError("update_runs() needs at least one run and one change")
        return await self.call(
            "POST",
            "/batch/runs",
            BatchUpdateDocument,
            data={"filters": {"run_ids": ids}, **given},
            query_params=query_params,
        )

    async def cancel_run(
        self, run_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[RunDocument]:
        """
        Cancel a run. It ends later, as ``FAILED``; wait for it with `wait_for_run`.

        Args:
            run_id: The run. UUID.
            query_params: Further query parameters.

        Returns:
            The run.

        Raises:
            NotFound: 404 ``NOT_FOUND``; the run does not exist, or you may not see it.
            PermissionDenied: 403 ``FORBIDDEN``; you do not manage the run.

        Example:
            >>> run = await fc.cancel_run(active_run_id)
            >>> outcome = await fc.wait_for_run(active_run_id, timeout=60)
            >>> outcome.reason
            <RunEndReason.CANCELED: 'canceled'>

        REST: `POST /runs/{run_id}/cancel <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "POST", fill_path("/runs/{run_id}/cancel", run_id), RunDocument, query_params=query_params, idempotent=True
        )

    async def delete_run(
        self, run_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[RunDocument]:
        """
        Remove the record of a run that has ended, with its log.

        Args:
            run_id: The run. UUID.
            query_params: Further query parameters.

        Returns:
            The last document of the run.

        Raises:
            Conflict: 409 ``STATE_CONFLICT``; the run has not ended.
            NotFound: 404 ``NOT_FOUND``; the run does not exist, or you may not see it.

        Example:
            >>> (await fc.delete_run(run_id))["status"]
            'SUCCEEDED'

        **Differs from globus-sdk:** is not sent again after a failure in which it may have been executed.

        REST: `POST /runs/{run_id}/release <https://docs.globus.org/api/flows/>`_
        """
        return await self.call(
            "POST", fill_path("/runs/{run_id}/release", run_id), RunDocument, query_params=query_params
        )
