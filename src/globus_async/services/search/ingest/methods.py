"""The methods that ingest or delete any number of entries."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from ...._http.body import json_body
from ...._http.path import fill_path, is_uuid, uuid_text
from ...._polling.waiting import check_wait_options
from ....client.observed import calls_of
from ....errors import GlobusSDKUsageError
from ....errors.arguments import (
    check_bool,
    check_callback,
    check_file_path,
    check_whole,
    checked_members,
)
from ..documents import EntryDocument, TaskSubmissionDocument
from ..waiting import TaskWaitMethods

if TYPE_CHECKING:
    from ...._polling.repeated_poll import PollingInterval
    from ....response import GlobusHTTPResponse
    from ....token_storage import Leases
    from .batches import ItemKind
    from .outcomes import BatchProgress
    from .submission import SubmittedBatches

__all__ = ("IngestMethods",)

_MAX_BATCH: Final = 9_900_000
_MAX_BYTES: Final = 10_000_000
_MIN_BYTES: Final = 1000
_GEO: Final = ("geo_point", "geo_shape")


class IngestMethods(TaskWaitMethods):
    """Ingest and deletion in batches."""

    def ingest_entries(
        self,
        index_id: UUID | str,
        entries: Iterable[EntryDocument | Mapping[str, object]] | AsyncIterable[EntryDocument | Mapping[str, object]],
        *,
        journal: str | os.PathLike[str] | None = None,
        leases: Leases | None = None,
        field_mapping: Mapping[str, Literal["geo_point", "geo_shape"]] | None = None,
        max_batch_bytes: int = _MAX_BATCH,
        max_batch_entries: int | None = None,
        max_pending: int = 4,
        invalid: Literal["raise", "report"] = "raise",
        retry_failed: bool = False,
        wait: bool = True,
        timeout: float | None = None,
        polling_interval: PollingInterval = (1, 30),
        progress: Callable[[BatchProgress], object] | None = None,
    ) -> SubmittedBatches:
        """
        Ingest any number of entries, in tasks of limited size; on request with a journal that survives a crash.

        Entries are read as batches are submitted, and each is checked and encoded once. Batches are submitted one after
        the other, in the order of the input, and the tasks of an index run in that order. No more than one batch is in
        memory at a time.

        With a journal, each batch is recorded before and after it is sent. After a crash or an error, call this again
        with the same arguments and the same entries in the same order: batches that the journal has are not sent again,
        except the one that was being sent, and the remaining ones follow. As an entry replaces that of the same subject
        and id, each is in the index once.

        Args:
            index_id: The index. UUID.
            entries: The entries: dicts with ``subject`` (at most 500 bytes), ``visible_to`` (principals: ``public``,
                ``all_authenticated_users``, URNs of identities and groups), ``content`` (an object), and maybe ``id``
                and ``principal_sets``.
            journal: Path of the journal, which is created if it does not exist. It has the sizes and digests of
                batches, no entries; one submission at a time may use it.
            leases: Locks the journal for one submission on all machines, such as `RedisLeases`, `SQLLeases` or a token
                storage that they share. By default the kernel locks it, for this machine.
            field_mapping: The fields that are geographical: ``"geo_point"`` or ``"geo_shape"`` by the paths of fields.
            max_batch_bytes: Maximum size of a batch, as JSON, in bytes. The service accepts 10 MB.
            max_batch_entries: Maximum number of entries of a batch; ``None`` for no maximum.
            max_pending: Maximum number of unfinished tasks; further batches wait.
            invalid: Whether an entry that the service would refuse raises an error (``"raise"``), or becomes an outcome
                (``"report"``), without a batch.
            retry_failed: Whether to send those batches again of which the journal says that their tasks failed.
            wait: Whether to wait for the end of tasks; else an outcome follows the creation of its task.
            timeout: Seconds to wait for each task, at least 1; ``None`` for no time limit.
            polling_interval: As in `wait_for_task`.
            progress: Called after each batch and each outcome. An exception that it raises is raised here.

        Returns:
            An async iterator over the outcomes of batches, in order; a failed task is an outcome like any other. Or
            await it for all outcomes.

        Raises:
            GlobusSDKUsageError: An entry is invalid; entries or options differ from those of the journal; the file is
                not a journal or is damaged (it is not changed); another submission is using it; or an argument is
                invalid.
            JournalError: The journal cannot be read, written or locked: no permission, a full disk.
            NetworkError: The connection failed, and the last batch may have been ingested; iterate further, or call
                this again: it is then sent again, which is harmless.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.
            SearchAPIError: The service refused a batch for another reason than its content, which would be an outcome.

        Example:
            >>> def entries():
            ...     for number in range(1000):
            ...         subject = f"https://example.org/rocks/{number}"
            ...         yield {"subject": subject, "visible_to": ["public"], "content": {"weight": number}}
            >>> async for batch in sc.ingest_entries(index_id, entries(), journal=journal_path, max_batch_entries=400):
            ...     print(batch.number, len(batch.positions), batch.reason)
            0 400 success
            1 400 success
            2 200 success

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /v1/index/<index_id>/ingest <https://docs.globus.org/api/search/reference/ingest/>`_
        """
        from .batches import ItemKind  # noqa: PLC0415 -- few programs submit in batches
        from .entries import encoded_entry  # noqa: PLC0415 -- as above

        index_id = uuid_text("index_id", index_id).lower()
        mapping = dict(checked_members("field_mapping", field_mapping))
        if not all(kind in _GEO for kind in mapping.values()):
            raise GlobusSDKUsageError("field_mapping must have the values 'geo_point' and 'geo_shape' only")
        own = b"" if not mapping else b'"field_mapping":' + json_body(mapping, sort_keys=True) + b","
        head = b"{" + own + b'"ingest_type":"GMetaList","ingest_data":{"gmeta":['
        return self._submit_batches(
            ItemKind("entries", encoded_entry, head, b"]}}"),
            entries,
            subject={"ingest": {"index_id": index_id, "field_mapping": mapping}},
            submit=partial(self._ingest_batch, index_id),
            journal=journal,
            leases=leases,
            max_batch_bytes=max_batch_bytes,
            max_batch_items=max_batch_entries,
            max_pending=max_pending,
            invalid=invalid,
            retry_failed=retry_failed,
            wait=wait,
            timeout=timeout,
            polling_interval=polling_interval,
            progress=progress,
        )

    def delete_subjects(
        self,
        index_id: UUID | str,
        subjects: Iterable[str] | AsyncIterable[str],
        *,
        journal: str | os.PathLike[str] | None = None,
        leases: Leases | None = None,
        max_batch_subjects: int = 10_000,
        max_pending: int = 4,
        invalid: Literal["raise", "report"] = "raise",
        retry_failed: bool = False,
        wait: bool = True,
        timeout: float | None = None,
        polling_interval: PollingInterval = (1, 30),
        progress: Callable[[BatchProgress], object] | None = None,
    ) -> SubmittedBatches:
        """
        Delete any number of subjects with all their entries, in tasks of limited size.

        Args:
            index_id: The index. UUID.
            subjects: The subjects.
            journal: As in `ingest_entries`.
            leases: As in `ingest_entries`.
            max_batch_subjects: Maximum number of subjects of a batch.
            max_pending: Maximum number of unfinished tasks; further batches wait.
            invalid: As in `ingest_entries`.
            retry_failed: As in `ingest_entries`.
            wait: As in `ingest_entries`.
            timeout: As in `ingest_entries`.
            polling_interval: As in `wait_for_task`.
            progress: As in `ingest_entries`.

        Returns:
            An async iterator over the outcomes of batches, as in `ingest_entries`.

        Raises:
            GlobusSDKUsageError: As in `ingest_entries`.
            JournalError: The journal cannot be read, written or locked.
            NetworkError: The connection failed, and the last batch may have been deleted; iterate further, or call this
                again.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> subjects = (f"https://example.org/samples/{number}" for number in (1, 2))
            >>> [batch.is_success for batch in await sc.delete_subjects(index_id, subjects)]
            [True]

        **Differs from globus-sdk:** which has no such method.

        REST: `POST /v1/index/<index_id>/batch_delete_by_subject
        <https://docs.globus.org/api/search/reference/batch_delete_by_subject/>`_
        """
        from .batches import ItemKind  # noqa: PLC0415 -- few programs submit in batches
        from .entries import encoded_subject  # noqa: PLC0415 -- as above

        index_id = uuid_text("index_id", index_id).lower()
        return self._submit_batches(
            ItemKind("subjects", encoded_subject, b'{"subjects":[', b"]}"),
            subjects,
            subject={"delete": {"index_id": index_id}},
            submit=partial(self._delete_batch, index_id),
            journal=journal,
            leases=leases,
            max_batch_bytes=_MAX_BATCH,
            max_batch_items=max_batch_subjects,
            max_pending=max_pending,
            invalid=invalid,
            retry_failed=retry_failed,
            wait=wait,
            timeout=timeout,
            polling_interval=polling_interval,
            progress=progress,
        )

    def _submit_batches(
        self,
        kind: ItemKind,
        items: Iterable[Any] | AsyncIterable[Any],
        *,
        subject: Mapping[str, object],
        submit: Callable[[bytes], Awaitable[str]],
        journal: str | os.PathLike[str] | None,
        leases: Leases | None,
        max_batch_bytes: int,
        max_batch_items: int | None,
        max_pending: int,
        invalid: str,
        retry_failed: bool,
        wait: bool,
        timeout: float | None,
        polling_interval: PollingInterval,
        progress: Callable[[BatchProgress], object] | None,
    ) -> SubmittedBatches:
        from ....token_storage.lease import check_leases  # noqa: PLC0415 -- few programs submit in batches
        from .batches import BatchReader  # noqa: PLC0415 -- as above
        from .journal import BatchJournal  # noqa: PLC0415 -- as above
        from .submission import BatchOptions, SubmittedBatches  # noqa: PLC0415 -- as above

        check_whole("max_batch_bytes", max_batch_bytes, minimum=_MIN_BYTES, maximum=_MAX_BYTES)
        if max_batch_items is not None:
            check_whole(f"max_batch_{kind.plural}", max_batch_items)
        check_whole("max_pending", max_pending)
        if invalid not in ("raise", "report"):
            raise GlobusSDKUsageError("invalid must be 'raise' or 'report'")
        check_bool("retry_failed", retry_failed)
        check_bool("wait", wait)
        check_wait_options(timeout, polling_interval, None)
        check_callback("progress", progress)
        check_file_path("journal", journal, optional=True)
        if leases is not None:
            check_leases(leases)
        return SubmittedBatches(
            BatchReader(items, kind, max_bytes=max_batch_bytes, max_items=max_batch_items),
            kind,
            BatchOptions(max_pending, wait, invalid == "report", retry_failed, progress),
            journal=None if journal is None else BatchJournal(Path(journal), subject, leases),
            submit=submit,
            wait_for_task=partial(self.wait_for_task, timeout=timeout, polling_interval=polling_interval),
        )

    async def _ingest_batch(self, index_id: str, document: bytes) -> str:
        with calls_of("ingest_entries"):
            response = await self.call(
                "POST",
                fill_path("/v1/index/{index_id}/ingest", index_id),
                TaskSubmissionDocument,
                content=document,
            )
        return _task_of(response)

    async def _delete_batch(self, index_id: str, document: bytes) -> str:
        with calls_of("delete_subjects"):
            response = await self.call(
                "POST",
                fill_path("/v1/index/{index_id}/batch_delete_by_subject", index_id),
                TaskSubmissionDocument,
                content=document,
            )
        return _task_of(response)


def _task_of(response: GlobusHTTPResponse[TaskSubmissionDocument]) -> str:
    task_id: object = response.get("task_id")
    if not is_uuid(task_id):
        raise response.raw.decode_error("it should have the id of a task")
    return task_id
