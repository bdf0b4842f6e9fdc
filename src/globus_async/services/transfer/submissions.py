"""Submitting work: exactly one task for each document, however often it is submitted."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final, NoReturn
from uuid import UUID

from ..._http.body import json_body
from ..._http.path import fill_path, uuid_text
from ...client import BaseClient
from ...errors import GlobusSDKUsageError, NetworkError, ResponseDecodeError, SubmissionUncertain
from .data import is_document
from .documents import SubmissionIdDocument, SubmissionResultDocument
from .errors import TransferAPIError, may_have_been_executed

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("SubmissionMethods", "id_of")

_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "transfer": ("source_endpoint", "destination_endpoint"),
    "delete": ("endpoint",),
}


class SubmissionMethods(BaseClient):
    """Submission of tasks."""

    async def get_submission_id(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[SubmissionIdDocument]:
        """
        Fetch a submission id: what makes the service accept a document once only.

        `submit_transfer` and `submit_delete` do so by themselves where a document has none.

        Args:
            query_params: Further query parameters.

        Returns:
            The document with the id as its ``value``.

        Example:
            >>> response = await tc.get_submission_id()
            >>> len(response["value"])
            36

        REST: `GET /v0.10/submission_id <https://docs.globus.org/api/transfer/task_submit/#get_submission_id>`_
        """
        return await self.call("GET", "/v0.10/submission_id", SubmissionIdDocument, query_params=query_params)

    async def submit_transfer(
        self, data: MutableMapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[SubmissionResultDocument]:
        """
        Submit a transfer.

        A document without a submission id gets one, which is written into it before it is sent: submitting the same
        document again, after whatever happened, cannot make a second task.

        Args:
            data: A `TransferData`, or a dict of the same form.
            query_params: Further query parameters.

        Returns:
            A result with the ``task_id``; ``code`` is ``"Accepted"``, or ``"Duplicate"`` if the task was there already.

        Raises:
            SubmissionUncertain: Nobody knows whether the task exists. Submit the error's ``document`` again.
            GlobusSDKUsageError: A document that cannot be right: no items, no endpoints, a naive deadline. Nothing was
                sent.
            ConsentRequired: 403, log in again with the error's ``required_scopes``.
            EndpointNotFound: 404.
            EndpointDisconnected: 409 ``GCDisconnectedException``, a collection is offline.
            TooManyPendingJobs: 409, wait for tasks to end.

        Example:
            >>> tdata = TransferData(source_id, destination_id, label="SDK example", sync_level="checksum")
            >>> tdata.add_item("/source/path/dir/", "/dest/path/dir/", recursive=True)
            >>> tdata.add_item("/source/path/file.txt", "/dest/path/file.txt")
            >>> result = await tc.submit_transfer(tdata)
            >>> result["code"], result["submission_id"] == tdata["submission_id"]
            ('Accepted', True)

        **Differs from globus-sdk:** safe to repeat over lost answers, and an unknown outcome has an error of its own.

        REST: `POST /v0.10/transfer <https://docs.globus.org/api/transfer/task_submit/#submit_transfer_task>`_
        """
        return await self._submit("transfer", data, query_params)

    async def submit_delete(
        self, data: MutableMapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[SubmissionResultDocument]:
        """
        Submit a deletion.

        A document without a submission id gets one, as with `submit_transfer`.

        Args:
            data: A `DeleteData`, or a dict of the same form.
            query_params: Further query parameters.

        Returns:
            A result with the ``task_id``; ``code`` is ``"Accepted"``, or ``"Duplicate"`` if the task was there already.

        Raises:
            SubmissionUncertain: Nobody knows whether the task exists. Submit the error's ``document`` again.
            GlobusSDKUsageError: A document that cannot be right: no items, no endpoint, a naive deadline. Nothing was
                sent.
            ConsentRequired: 403, log in again with the error's ``required_scopes``.
            EndpointNotFound: 404.
            TooManyPendingJobs: 409, wait for tasks to end.

        Example:
            >>> ddata = DeleteData(endpoint_id, recursive=True)
            >>> ddata.add_item("/~/project1/data/")
            >>> result = await tc.submit_delete(ddata)
            >>> await tc.task_wait(result["task_id"], timeout=60, polling_interval=1)
            True

        **Differs from globus-sdk:** safe to repeat over lost answers, and an unknown outcome has an error of its own.

        REST: `POST /v0.10/delete <https://docs.globus.org/api/transfer/task_submit/#submit_delete_task>`_
        """
        return await self._submit("delete", data, query_params)

    async def _submit(
        self, kind: str, data: MutableMapping[str, Any], query_params: Mapping[str, object] | None
    ) -> GlobusHTTPResponse[SubmissionResultDocument]:
        _check(kind, data)
        if not data.get("submission_id"):
            submission_id = id_of(await self.get_submission_id())
            # another submission of the same document may have been faster; then both go by its id
            if not data.get("submission_id"):
                data["submission_id"] = submission_id
        try:
            return await self.call(
                "POST",
                fill_path("/v0.10/{kind:text}", kind),
                SubmissionResultDocument,
                data=data,
                query_params=query_params,
                idempotent=True,
            )
        except NetworkError as error:
            if not any(attempt.maybe_executed for attempt in error.attempts):
                raise
            _uncertain(kind, data, error)
        except TransferAPIError as error:
            if not may_have_been_executed(error):
                raise
            _uncertain(kind, data, error)


def id_of(response: GlobusHTTPResponse[SubmissionIdDocument]) -> str:
    """Return the submission id that the service gave."""
    value: object = response.get("value")
    if not isinstance(value, str) or not value:
        raise response.answer.unusable("it should have a submission id as its value")
    return value


def _check(kind: str, data: object) -> None:
    """Refuse a document that cannot be right, before anything is sent."""
    if not is_document(data):
        raise GlobusSDKUsageError(
            f"a {kind} is submitted as TransferData, DeleteData or dict, got {type(data).__name__}"
        )
    for name in _ENDS[kind]:
        end = data.get(name)
        if not isinstance(end, (str, UUID)):
            raise GlobusSDKUsageError(f"the {kind} document has no {name}")
        uuid_text(name, end)
    if not data.get("DATA"):
        raise GlobusSDKUsageError(f"the {kind} document has no items; add_item() adds one")
    if data.get("submission_id"):
        uuid_text("submission_id", data["submission_id"])
    else:
        json_body(data)  # before an id is fetched for it


def _uncertain(kind: str, data: Mapping[str, Any], error: NetworkError | TransferAPIError) -> NoReturn:
    uncertain = SubmissionUncertain(
        f"the {kind} task may or may not have been created; submit the same document again,"
        f" its submission id {data['submission_id']} keeps it from being done twice ({type(error).__name__}: {error})",
        stage="answer cut" if isinstance(error, ResponseDecodeError) else "no answer",
        idempotent=True,
        attempts=error.attempts,
    )
    uncertain.document = data
    raise uncertain from error
