"""Submission of transfer and delete tasks: at most one task for each document, however often it is submitted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, MutableMapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast
from uuid import UUID

from ..._http.body import encode_json, json_body
from ..._http.missing import MISSING
from ..._http.path import fill_path, is_segment, is_uuid, uuid_text
from ...client import BaseClient
from ...client.observed import calls_of
from ...errors import (
    Attempt,
    GlobusSDKUsageError,
    NetworkError,
    ResponseDecodeError,
    SubmissionUncertain,
    TokenRefreshError,
)
from ...errors.arguments import refusal
from .data import is_document
from .documents import SubmissionIdDocument, SubmissionResultDocument
from .errors import TransferAPIError, may_have_been_executed

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = (
    "SubmissionMethods",
    "check_endpoints",
    "check_submission",
    "encode_document",
    "submission_id_of",
    "with_submission_id",
)

_ITEMS_PER_PIECE: Final = 500
_ENDPOINT_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "transfer": ("source_endpoint", "destination_endpoint"),
    "delete": ("endpoint",),
}


class SubmissionMethods(BaseClient):
    """Submission of tasks."""

    async def get_submission_id(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[SubmissionIdDocument]:
        """
        Fetch a submission id, with which the service creates at most one task.

        `submit_transfer` and `submit_delete` fetch one for a document without submission id.

        Args:
            query_params: Further query parameters.

        Returns:
            A document with the id as its ``value``.

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

        If the document has no submission id, one is fetched and added to it before it is sent: submitting the same
        document again never creates a second task.

        Args:
            data: A `TransferData`, or a dict of the same form.
            query_params: Further query parameters.

        Returns:
            A result with the ``task_id``; ``code`` is ``"Accepted"``, or ``"Duplicate"`` if the task existed already.

        Raises:
            SubmissionUncertain: The task may or may not exist. Submit the error's ``document`` again.
            GlobusSDKUsageError: An invalid document: no items, no endpoints, a naive deadline. Nothing was sent.
            ConsentRequired: 403; log in again with the error's ``required_scopes``.
            EndpointNotFound: 404.
            EndpointDisconnected: 409 ``GCDisconnectedException``; a collection is offline.
            TooManyPendingJobs: 409; wait for tasks to end.

        Example:
            >>> tdata = TransferData(source_id, destination_id, label="SDK example", sync_level="checksum")
            >>> tdata.add_item("/source/path/dir/", "/dest/path/dir/", recursive=True)
            >>> tdata.add_item("/source/path/file.txt", "/dest/path/file.txt")
            >>> result = await tc.submit_transfer(tdata)
            >>> result["code"], result["submission_id"] == tdata["submission_id"]
            ('Accepted', True)

        **Differs from globus-sdk:** retried after lost responses; an uncertain outcome raises its own error.

        REST: `POST /v0.10/transfer <https://docs.globus.org/api/transfer/task_submit/#submit_transfer_task>`_
        """
        return await self._submit("transfer", data, query_params)

    async def submit_delete(
        self, data: MutableMapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[SubmissionResultDocument]:
        """
        Submit a deletion.

        If the document has no submission id, one is fetched and added to it, as in `submit_transfer`.

        Args:
            data: A `DeleteData`, or a dict of the same form.
            query_params: Further query parameters.

        Returns:
            A result with the ``task_id``; ``code`` is ``"Accepted"``, or ``"Duplicate"`` if the task existed already.

        Raises:
            SubmissionUncertain: The task may or may not exist. Submit the error's ``document`` again.
            GlobusSDKUsageError: An invalid document: no items, no endpoint, a naive deadline. Nothing was sent.
            ConsentRequired: 403; log in again with the error's ``required_scopes``.
            EndpointNotFound: 404.
            TooManyPendingJobs: 409; wait for tasks to end.

        Example:
            >>> ddata = DeleteData(endpoint_id, recursive=True)
            >>> ddata.add_item("/~/project1/data/")
            >>> result = await tc.submit_delete(ddata)
            >>> await tc.task_wait(result["task_id"], timeout=60, polling_interval=1)
            True

        **Differs from globus-sdk:** retried after lost responses; an uncertain outcome raises its own error.

        REST: `POST /v0.10/delete <https://docs.globus.org/api/transfer/task_submit/#submit_delete_task>`_
        """
        return await self._submit("delete", data, query_params)

    async def _submit(
        self, kind: str, data: MutableMapping[str, Any], query_params: Mapping[str, object] | None
    ) -> GlobusHTTPResponse[SubmissionResultDocument]:
        _check(kind, data)
        document = await self._encode_with_id(data)
        return await self._submit_encoded(kind, document, method=f"submit_{kind}", data=data, query_params=query_params)

    async def _encode_with_id(self, data: MutableMapping[str, Any]) -> bytes:
        """Encode a document, to which a submission id is added if it has none."""
        # before a submission id is fetched: an invalid document is refused without a request
        document = await encode_document(data)
        if not data.get("submission_id"):
            submission_id = submission_id_of(await self.get_submission_id())
            # a concurrent submission of the same document may have set its id first; then both use that one
            if not data.get("submission_id"):
                data["submission_id"] = submission_id
        return with_submission_id(document, str(data["submission_id"]))

    async def _submit_encoded(
        self,
        kind: str,
        document: bytes,
        *,
        method: str,
        data: Mapping[str, Any] | None = None,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[SubmissionResultDocument]:
        """
        Send a document that is encoded and has a submission id.

        Args:
            kind: ``"transfer"`` or ``"delete"``.
            document: The document as JSON.
            method: The public method that submits it, for observers.
            data: The document for the error of an uncertain submission. By default decoded from ``document``.
            query_params: Further query parameters.

        Returns:
            A result with a ``task_id``, which can be a segment of a path.

        Raises:
            SubmissionUncertain: No response, or one without the id of a task.
        """
        try:
            with calls_of(method):
                result = await self.call(
                    "POST",
                    fill_path("/v0.10/{kind:text}", kind),
                    SubmissionResultDocument,
                    content=document,
                    query_params=query_params,
                    idempotent=True,
                )
            if is_segment(result.get("task_id")):
                return result
            no_task_id = result.raw.decode_error("it should have the id of the task")
            no_task_id.attempts = (Attempt(f"{result.http_status}, no id of a task", maybe_executed=True),)
            del result  # the document is not shown by the error's traceback
            raise no_task_id
        except (NetworkError, TransferAPIError, TokenRefreshError) as error:
            if not _may_have_created_task(error):
                raise
            _raise_uncertain(kind, json.loads(document) if data is None else data, error)


def submission_id_of(response: GlobusHTTPResponse[SubmissionIdDocument]) -> str:
    """Return the submission id in a response."""
    value: object = response.get("value")
    if not is_uuid(value):
        raise response.raw.decode_error("it should have a submission id, a UUID, as its value")
    return value


async def encode_document(data: Mapping[str, Any], *, sort_keys: bool = False) -> bytes:
    """
    Encode a document without its submission id, its items in pieces between which other tasks run.

    Args:
        data: The document.
        sort_keys: Whether to sort the members of objects by name.

    Raises:
        GlobusSDKUsageError: It has a value that JSON cannot express; the error names the member.
    """
    members = {name: value for name, value in data.items() if name != "submission_id"}
    given = cast("Sequence[object]", members["DATA"])
    items = [item for item in given if item is not MISSING]  # a copy: the caller may change it while others run
    encode = partial(json_body, sort_keys=True) if sort_keys else encode_json
    if len(items) <= _ITEMS_PER_PIECE:
        return encode(members)
    encoded = encode({name: value for name, value in members.items() if name != "DATA"})
    pieces = [encoded[:-1], b',"DATA":[']
    for start in range(0, len(items), _ITEMS_PER_PIECE):
        await asyncio.sleep(0)
        try:
            piece = encode(items[start : start + _ITEMS_PER_PIECE])
        except GlobusSDKUsageError:
            json_body({"DATA": items})  # the same error, with the name of the member in the whole document
            raise
        pieces += piece[1:-1], b","
    pieces[-1] = b"]}"
    return b"".join(pieces)


def with_submission_id(document: bytes, submission_id: str) -> bytes:
    """Add a submission id to an encoded document that has other members and no submission id."""
    return b"".join((memoryview(document)[:-1], b',"submission_id":', json_body(submission_id), b"}"))


def check_endpoints(kind: str, data: Mapping[str, Any]) -> None:
    """
    Check the endpoint ids of a document.

    Raises:
        GlobusSDKUsageError: An endpoint id is missing or is not a UUID.
    """
    for name in _ENDPOINT_MEMBERS[kind]:
        endpoint_id = data.get(name)
        if not isinstance(endpoint_id, (str, UUID)):
            raise GlobusSDKUsageError(f"the {kind} document has no {name}")
        uuid_text(name, endpoint_id)


def check_submission(data: object) -> str:
    """
    Check a document of either kind; return its kind.

    Raises:
        GlobusSDKUsageError: It cannot be submitted.
    """
    kind = data.get("DATA_TYPE") if is_document(data) else None
    if not isinstance(kind, str) or kind not in _ENDPOINT_MEMBERS:
        raise refusal("a document", data, "a TransferData, a DeleteData or a dict of the same form")
    _check(kind, data)
    return kind


def _check(kind: str, data: object) -> None:
    if not is_document(data):
        raise GlobusSDKUsageError(
            f"a {kind} document must be a TransferData, DeleteData or dict, got {type(data).__name__}"
        )
    given = data.get("DATA_TYPE")
    if given != kind and isinstance(given, str) and given in _ENDPOINT_MEMBERS:
        raise GlobusSDKUsageError(f"this is a {given} document, not a {kind} document; use submit_{given}")
    check_endpoints(kind, data)
    items = data.get("DATA")
    if items and not isinstance(items, (list, tuple)):
        raise GlobusSDKUsageError(f"DATA of the {kind} document must be a list of items, got {type(items).__name__}")
    if not items:
        raise GlobusSDKUsageError(f"the {kind} document has no items; add them with add_item()")
    if data.get("submission_id"):
        uuid_text("submission_id", data["submission_id"])


def _may_have_created_task(error: NetworkError | TransferAPIError | TokenRefreshError) -> bool:
    if isinstance(error, TransferAPIError):
        return may_have_been_executed(error)
    return any(attempt.maybe_executed for attempt in error.attempts)


def _raise_uncertain(
    kind: str, data: Mapping[str, Any], error: NetworkError | TransferAPIError | TokenRefreshError
) -> NoReturn:
    uncertain = SubmissionUncertain(
        f"the {kind} task may or may not have been created; submit the same document again: with its submission id"
        f" {data['submission_id']} the service creates at most one task ({type(error).__name__}: {error})",
        stage="response truncated" if isinstance(error, ResponseDecodeError) else "no response",
        idempotent=True,
        attempts=error.attempts,
    )
    uncertain.document = data
    raise uncertain from error
