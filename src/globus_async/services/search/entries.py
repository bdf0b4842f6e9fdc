"""Entries and subjects: ingest, fetch and delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_iterable, check_text, checked_members
from .documents import EntryDocument, HitDocument, TaskSubmissionDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("EntryMethods", "checked_subjects")


class EntryMethods(BaseClient):
    """Entries and subjects."""

    async def ingest(
        self, index_id: UUID | str, data: Mapping[str, object], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[TaskSubmissionDocument]:
        """
        Create or replace entries, by a task.

        The response tells that the task was created, not that it succeeds: see `wait_for_task`. `ingest_entries`
        ingests any number of entries.

        Args:
            index_id: The index. UUID.
            data: ``{"ingest_type": "GMetaEntry", "ingest_data": entry}``, or ``{"ingest_type": "GMetaList",
                "ingest_data": {"gmeta": [entry, ...]}}``, at most 10 MB as JSON.
            query_params: Further query parameters.

        Returns:
            The ``task_id``.

        Raises:
            InvalidDocument: 400; the messages name each mistake and its place.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> entry = {"subject": "https://example.org/samples/4", "visible_to": ["public"], "content": {}}
            >>> task = await sc.ingest(index_id, {"ingest_type": "GMetaEntry", "ingest_data": entry})
            >>> (await sc.wait_for_task(task["task_id"])).reason
            <SearchTaskEndReason.SUCCESS: 'success'>

        REST: `POST /v1/index/<index_id>/ingest <https://docs.globus.org/api/search/reference/ingest/>`_
        """
        return await self.call(
            "POST",
            fill_path("/v1/index/{index_id}/ingest", index_id),
            TaskSubmissionDocument,
            data=data,
            query_params=query_params,
        )

    async def create_entry(
        self,
        index_id: UUID | str,
        data: EntryDocument | Mapping[str, object],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[TaskSubmissionDocument]:
        """
        Create or replace one entry, by a task, as `update_entry` does.

        Args:
            index_id: The index. UUID.
            data: The entry: its ``subject``, ``visible_to``, ``content``, and maybe ``id`` and ``principal_sets``.
            query_params: Further query parameters.

        Returns:
            The ``task_id``.

        Raises:
            InvalidDocument: 400; the messages name each mistake and its place.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> entry = {"subject": "https://example.org/samples/4", "visible_to": ["public"], "content": {}}
            >>> task = await sc.create_entry(index_id, entry)
            >>> (await sc.wait_for_task(task["task_id"])).is_success
            True

        **Differs from globus-sdk:** which had this method until its version 3.

        REST: `POST /v1/index/<index_id>/entry
        <https://docs.globus.org/api/search/reference/create_or_update_entry/>`_
        """
        return await self.call(
            "POST",
            fill_path("/v1/index/{index_id}/entry", index_id),
            TaskSubmissionDocument,
            data=data,
            idempotent=False,
            query_params=query_params,
        )

    async def update_entry(
        self,
        index_id: UUID | str,
        data: EntryDocument | Mapping[str, object],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[TaskSubmissionDocument]:
        """
        Create or replace one entry, by a task.

        Args:
            index_id: The index. UUID.
            data: The entry: its ``subject``, ``visible_to``, ``content``, and maybe ``id`` and ``principal_sets``.
            query_params: Further query parameters.

        Returns:
            The ``task_id``.

        Raises:
            InvalidDocument: 400; the messages name each mistake and its place.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> entry = {"subject": "https://example.org/samples/4", "visible_to": ["public"], "content": {}}
            >>> task = await sc.update_entry(index_id, entry)
            >>> (await sc.wait_for_task(task["task_id"])).is_success
            True

        **Differs from globus-sdk:** which had this method until its version 3.

        REST: `PUT /v1/index/<index_id>/entry
        <https://docs.globus.org/api/search/reference/create_or_update_entry/>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v1/index/{index_id}/entry", index_id),
            TaskSubmissionDocument,
            data=data,
            idempotent=False,
            query_params=query_params,
        )

    async def batch_delete_by_subject(
        self,
        index_id: UUID | str,
        subjects: str | Iterable[str],
        additional_params: Mapping[str, object] | None = None,
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[TaskSubmissionDocument]:
        """
        Delete subjects with all their entries, by a task.

        Args:
            index_id: The index. UUID.
            subjects: The subjects; a single text is one subject.
            additional_params: Further members of the document.
            query_params: Further query parameters.

        Returns:
            The ``task_id``.

        Raises:
            InvalidDocument: 400.
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> task = await sc.batch_delete_by_subject(index_id, ["https://example.org/samples/1"])
            >>> (await sc.wait_for_task(task["task_id"])).is_success
            True

        REST: `POST /v1/index/<index_id>/batch_delete_by_subject
        <https://docs.globus.org/api/search/reference/batch_delete_by_subject/>`_
        """
        document = {"subjects": checked_subjects(subjects), **checked_members("additional_params", additional_params)}
        return await self.call(
            "POST",
            fill_path("/v1/index/{index_id}/batch_delete_by_subject", index_id),
            TaskSubmissionDocument,
            data=document,
            query_params=query_params,
        )

    async def get_subject(
        self,
        index_id: UUID | str,
        subject: str,
        *,
        bypass_visible_to: bool | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[HitDocument]:
        """
        Fetch a subject with its entries.

        Args:
            index_id: The index. UUID.
            subject: The subject.
            bypass_visible_to: Whether to return entries that the caller may not see; for admins and owners.
            query_params: Further query parameters.

        Returns:
            The subject, with its ``entries``.

        Raises:
            NotFound: 404; there is no such subject, or none that the caller may see.
            PermissionDenied: 403; the token lacks the scope ``search``.

        Example:
            >>> subject = await sc.get_subject(index_id, "https://example.org/samples/1")
            >>> subject["entries"][0]["content"]["material"]
            'copper'

        REST: `GET /v1/index/<index_id>/subject <https://docs.globus.org/api/search/reference/get_subject/>`_
        """
        params = {"subject": _subject(subject), "bypass_visible_to": bypass_visible_to}
        return await self.call(
            "GET",
            fill_path("/v1/index/{index_id}/subject", index_id),
            HitDocument,
            params=params,
            query_params=query_params,
        )

    async def delete_subject(
        self, index_id: UUID | str, subject: str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[TaskSubmissionDocument]:
        """
        Delete a subject with all its entries, also those that the caller may not see, by a task.

        Args:
            index_id: The index. UUID.
            subject: The subject.
            query_params: Further query parameters.

        Returns:
            The ``task_id``.

        Raises:
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> task = await sc.delete_subject(index_id, "https://example.org/samples/1")
            >>> (await sc.wait_for_task(task["task_id"])).is_success
            True

        REST: `DELETE /v1/index/<index_id>/subject <https://docs.globus.org/api/search/reference/delete_subject/>`_
        """
        params = {"subject": _subject(subject)}
        return await self.call(
            "DELETE",
            fill_path("/v1/index/{index_id}/subject", index_id),
            TaskSubmissionDocument,
            params=params,
            query_params=query_params,
        )

    async def get_entry(
        self,
        index_id: UUID | str,
        subject: str,
        *,
        entry_id: str | MissingType = MISSING,
        bypass_visible_to: bool | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[HitDocument]:
        """
        Fetch one entry of a subject.

        Args:
            index_id: The index. UUID.
            subject: The subject.
            entry_id: The id of the entry. By default that without an id.
            bypass_visible_to: Whether to return an entry that the caller may not see; for admins and owners.
            query_params: Further query parameters.

        Returns:
            The subject, with this entry as the only one of its ``entries``.

        Raises:
            NotFound: 404; there is no such entry, or the caller may not see it.
            PermissionDenied: 403; the token lacks the scope ``search``.

        Example:
            >>> found = await sc.get_entry(index_id, "https://example.org/samples/2")
            >>> found["entries"][0]["content"]["material"]
            'glass'

        REST: `GET /v1/index/<index_id>/entry <https://docs.globus.org/api/search/reference/get_entry/>`_
        """
        params = {"subject": _subject(subject), "entry_id": entry_id, "bypass_visible_to": bypass_visible_to}
        return await self.call(
            "GET",
            fill_path("/v1/index/{index_id}/entry", index_id),
            HitDocument,
            params=params,
            query_params=query_params,
        )

    async def delete_entry(
        self,
        index_id: UUID | str,
        subject: str,
        *,
        entry_id: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[TaskSubmissionDocument]:
        """
        Delete one entry of a subject, by a task.

        Args:
            index_id: The index. UUID.
            subject: The subject.
            entry_id: The id of the entry. By default that without an id.
            query_params: Further query parameters.

        Returns:
            The ``task_id``.

        Raises:
            PermissionDenied: 403; the caller is no writer, or the token lacks the scope ``ingest``.

        Example:
            >>> task = await sc.delete_entry(index_id, "https://example.org/samples/2")
            >>> (await sc.wait_for_task(task["task_id"])).is_success
            True

        REST: `DELETE /v1/index/<index_id>/entry <https://docs.globus.org/api/search/reference/delete_entry/>`_
        """
        params = {"subject": _subject(subject), "entry_id": entry_id}
        return await self.call(
            "DELETE",
            fill_path("/v1/index/{index_id}/entry", index_id),
            TaskSubmissionDocument,
            params=params,
            query_params=query_params,
        )


def checked_subjects(subjects: object) -> list[str]:
    """Return the subjects to delete; a single text is one subject."""
    if isinstance(subjects, str):
        return [_subject(subjects)]
    check_iterable("subjects", subjects, Iterable, "a list of subjects")
    found = [_subject(subject) for subject in cast("Iterable[object]", subjects)]
    if not found:
        raise GlobusSDKUsageError("subjects is empty")
    return found


def _subject(value: object) -> str:
    check_text("subject", value)
    if not value:
        raise GlobusSDKUsageError("subject is empty")
    return str(value)
