"""Submissions of tasks, which are sent once, at the rate that the service allows."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeVar
from uuid import UUID, uuid4

from ..._http.path import fill_path
from ...client import BaseClient
from ...client.observed import calls_of
from ...errors import NetworkError, ResponseDecodeError, TokenRefreshError
from ...transport import RateLimit
from .documents import ComputeSubmissionResultDocument, ComputeSubmissionResultDocumentV3
from .errors import ComputeAPIError, TasksUncertain
from .requests import check_submission, check_submission_v3

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("SUBMISSION_RATE_LIMIT", "SubmissionMethods", "SubmissionMethodsV3")

D = TypeVar("D", ComputeSubmissionResultDocument, ComputeSubmissionResultDocumentV3)

SUBMISSION_RATE_LIMIT: Final = RateLimit(calls=20, seconds=10)
"""The rate of submissions that the service documents."""


class _Submitting(BaseClient):
    """What submissions of both versions have in common."""

    @cached_property
    def _submitting(self) -> Self:
        """This client with the rate limit of submissions."""
        own = self.rate_limit
        return self.with_options(
            rate_limit=SUBMISSION_RATE_LIMIT if own is None and self.transport.default_rate_limits else own
        )

    @contextmanager
    def _sent_once(self, document: Mapping[str, Any], task_group_id: str | None) -> Generator[None]:
        """
        Name the call of this block, and raise an error of its own if the tasks may or may not have been submitted.

        Raises:
            TasksUncertain: No response, or one without tasks.
        """
        try:
            with calls_of("submit"):
                yield
        except (NetworkError, ComputeAPIError, TokenRefreshError) as error:
            if not _may_have_been_executed(error):
                raise
            _raise_uncertain(error, document, task_group_id)


def _checked(response: GlobusHTTPResponse[D]) -> GlobusHTTPResponse[D]:
    if not isinstance(response.get("task_group_id"), str):
        raise response.raw.decode_error("it should have the id of the task group")
    return response


def _may_have_been_executed(error: NetworkError | ComputeAPIError | TokenRefreshError) -> bool:
    if isinstance(error, NetworkError):
        return error.maybe_executed
    return any(attempt.maybe_executed for attempt in error.attempts)


def _raise_uncertain(
    error: NetworkError | ComputeAPIError | TokenRefreshError, document: Mapping[str, Any], task_group_id: str | None
) -> NoReturn:
    how = (
        "without a task_group_id in the submission nothing can tell"
        if task_group_id is None
        else f"find_submitted_tasks(error) finds them in the task group {task_group_id}"
    )
    uncertain = TasksUncertain(
        f"the tasks may or may not have been submitted; {how} ({type(error).__name__}: {error})",
        stage="response truncated" if isinstance(error, ResponseDecodeError) else "no response",
        idempotent=True,  # the message says what to do, instead of the usual sentence
        attempts=error.attempts,
    )
    uncertain.document, uncertain.task_group_id = document, task_group_id
    raise uncertain from error


class SubmissionMethods(_Submitting):
    """Submissions with version 2, to several endpoints at once."""

    async def submit(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ComputeSubmissionResultDocument]:
        """
        Submit tasks. `wait_for_tasks` waits for their ends. `ComputeClientV3.submit` is newer.

        They are sent once: where the service may have taken them although there is no response, the call raises
        `TasksUncertain` instead of starting them twice. So that they can be found then, they get a task group of their
        own unless the document names one.

        Args:
            data: A `SubmissionDocument`: ``tasks``, a list of ``[function id, endpoint id, arguments]``.
            query_params: Further query parameters.

        Returns:
            The ``task_group_id``, and the tasks as ``results``, in the same order.

        Raises:
            TasksUncertain: The tasks may or may not have been submitted. `find_submitted_tasks` finds them.
            GlobusSDKUsageError: A document of another form, or arguments of more than 10 MB together; nothing was sent.
            TaskPayloadTooLarge: 413; the service finds them too large.
            PermissionDenied: 403; you may not use the endpoint or the function.
            NotFound: 404; no such endpoint or function.

        Example:
            >>> submitted = await compute.submit({"tasks": [[function_id, endpoint_id, "arguments"]]})
            >>> [task["status"] for task in submitted["results"]]
            ['success']

        **Differs from globus-sdk:** is sent once; a random ``task_group_id`` is sent if the document has none;
        submissions observe the service's rate limit, 20 in ten seconds.

        REST: `POST /v2/submit
        <https://compute.api.globus.org/redoc#tag/Root/operation/submit_batch_v2_submit_post>`_
        """
        task_group_id = check_submission(data) or str(uuid4())
        document = {**data, "task_group_id": task_group_id}
        with self._sent_once(document, task_group_id):
            return _checked(
                await self._submitting.call(
                    "POST", "/v2/submit", ComputeSubmissionResultDocument, data=document, query_params=query_params
                )
            )


class SubmissionMethodsV3(_Submitting):
    """Submissions with version 3, to one endpoint."""

    async def submit(
        self, endpoint_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ComputeSubmissionResultDocumentV3]:
        """
        Submit tasks to an endpoint. `wait_for_tasks` waits for their ends.

        They are sent once: where the service may have taken them although there is no response, the call raises
        `TasksUncertain` instead of starting them twice. The tasks can be found then if the document names a task group,
        which must be that of an earlier submission.

        Args:
            endpoint_id: The endpoint. UUID.
            data: A `SubmissionDocumentV3`: ``tasks``, lists of arguments by the id of the function.
            query_params: Further query parameters.

        Returns:
            The ``task_group_id``, and the ids of the tasks as ``tasks``, by the id of the function, in the same order.

        Raises:
            TasksUncertain: The tasks may or may not have been submitted. `find_submitted_tasks` finds them.
            GlobusSDKUsageError: A document of another form, or arguments of more than 10 MB together; nothing was sent.
            TaskPayloadTooLarge: 413; the service finds them too large.
            PermissionDenied: 403; you may not use the endpoint or the function.
            NotFound: 404; no such endpoint, function or task group.

        Example:
            >>> submitted = await compute_v3.submit(endpoint_id, {"tasks": {function_id: ["arguments"]}})
            >>> len(submitted["tasks"][function_id])
            1

        **Differs from globus-sdk:** is sent once; submissions observe the service's rate limit, 20 in ten seconds.

        REST: `POST /v3/endpoints/<endpoint_id>/submit
        <https://compute.api.globus.org/redoc#tag/Endpoints/operation/submit_batch_v3_endpoints__endpoint_uuid__submit_post>`_
        """
        with self._sent_once(data, check_submission_v3(data)):
            return _checked(
                await self._submitting.call(
                    "POST",
                    fill_path("/v3/endpoints/{endpoint_id}/submit", endpoint_id),
                    ComputeSubmissionResultDocumentV3,
                    data=data,
                    query_params=query_params,
                )
            )
