"""The document of a deletion, a dict that needs no client and does no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, overload
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ....errors.arguments import checked_members
from .items import DeleteItem, add_all, add_delete_item
from .submission_data import SubmissionData, checked_path, drop_missing, endpoints_after_client, id_text, utc_text

if TYPE_CHECKING:
    from ....client import BaseClient

__all__ = ("DeleteData",)


class DeleteData(SubmissionData):
    """
    A delete document, to be submitted: endpoint, options and items.

    A dict with plain values, so that it can be stored as JSON. Its first submission adds a submission id to it, with
    which submitting the same document again never creates a second task.

    Args:
        endpoint: The endpoint. UUID.
        transfer_client: Accepted as in globus-sdk 1 to 3, by name or before the endpoint, and ignored.
        items: What to delete: paths, or mappings with the arguments of `add_item`. More can be added.
        label: A name for the task, up to 128 characters.
        submission_id: From `TransferClient.get_submission_id`. UUID; by default fetched when the document is submitted.
        recursive: Delete directories with their contents.
        ignore_missing: Ignore paths that do not exist.
        interpret_globs: Expand ``*``, ``?`` and ``[abc]`` in the last component of each path; a backslash escapes.
        deadline: When the task expires: an aware datetime, or ISO 8601 text. By default after 24 hours.
        notify_on_succeeded: E-mail on success. By default the service sends it.
        notify_on_failed: E-mail on failure. By default the service sends it.
        notify_on_inactive: E-mail when the task becomes inactive. By default the service sends it.
        store_base_path_info: Store the common base path in the task document.
        local_user: The local account, for mapped collections.
        skip_activation_check: Legacy; without effect since endpoints need no activation.
        additional_fields: Further members of the document.

    Raises:
        GlobusSDKUsageError: An endpoint or submission id that is not a UUID, a deadline without time zone, an invalid
            item.

    Example:
        >>> ddata = DeleteData(endpoint_id, items=["/dir/to/delete/"], recursive=True)
        >>> ddata.add_item("/another/")
        >>> [item["path"] for item in ddata.iter_items()]
        ['/dir/to/delete/', '/another/']

    **Differs from globus-sdk:** as `TransferData`.

    REST: `Task submission <https://docs.globus.org/api/transfer/task_submit/#document_types>`_
    """

    @overload
    def __init__(
        self,
        endpoint: UUID | str,
        *,
        transfer_client: BaseClient | None = None,
        items: Iterable[DeleteItem] = (),
        label: str | MissingType | None = MISSING,
        submission_id: UUID | str | MissingType | None = MISSING,
        recursive: bool | MissingType = MISSING,
        ignore_missing: bool | MissingType = MISSING,
        interpret_globs: bool | MissingType = MISSING,
        deadline: datetime | str | MissingType | None = MISSING,
        notify_on_succeeded: bool | MissingType = MISSING,
        notify_on_failed: bool | MissingType = MISSING,
        notify_on_inactive: bool | MissingType = MISSING,
        store_base_path_info: bool | MissingType = MISSING,
        local_user: str | MissingType | None = MISSING,
        skip_activation_check: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        transfer_client: BaseClient | None,
        /,
        endpoint: UUID | str,
        *,
        items: Iterable[DeleteItem] = (),
        label: str | MissingType | None = MISSING,
        submission_id: UUID | str | MissingType | None = MISSING,
        recursive: bool | MissingType = MISSING,
        ignore_missing: bool | MissingType = MISSING,
        interpret_globs: bool | MissingType = MISSING,
        deadline: datetime | str | MissingType | None = MISSING,
        notify_on_succeeded: bool | MissingType = MISSING,
        notify_on_failed: bool | MissingType = MISSING,
        notify_on_inactive: bool | MissingType = MISSING,
        store_base_path_info: bool | MissingType = MISSING,
        local_user: str | MissingType | None = MISSING,
        skip_activation_check: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None: ...

    @endpoints_after_client("endpoint")
    def __init__(
        self,
        endpoint: UUID | str,
        *,
        transfer_client: BaseClient | None = None,  # noqa: ARG002 -- accepted as globus-sdk 1 to 3 had it
        items: Iterable[DeleteItem] = (),
        label: str | MissingType | None = MISSING,
        submission_id: UUID | str | MissingType | None = MISSING,
        recursive: bool | MissingType = MISSING,
        ignore_missing: bool | MissingType = MISSING,
        interpret_globs: bool | MissingType = MISSING,
        deadline: datetime | str | MissingType | None = MISSING,
        notify_on_succeeded: bool | MissingType = MISSING,
        notify_on_failed: bool | MissingType = MISSING,
        notify_on_inactive: bool | MissingType = MISSING,
        store_base_path_info: bool | MissingType = MISSING,
        local_user: str | MissingType | None = MISSING,
        skip_activation_check: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(
            "delete",
            {
                "endpoint": endpoint,
                "label": label,
                "submission_id": id_text("submission_id", submission_id),
                "recursive": recursive,
                "ignore_missing": ignore_missing,
                "interpret_globs": interpret_globs,
                "deadline": utc_text("deadline", deadline),
                "notify_on_succeeded": notify_on_succeeded,
                "notify_on_failed": notify_on_failed,
                "notify_on_inactive": notify_on_inactive,
                "store_base_path_info": store_base_path_info,
                "local_user": local_user,
                "skip_activation_check": skip_activation_check,
            },
            additional_fields,
        )
        add_all(items, partial(add_delete_item, self.add_item), "a list of paths")

    def add_item(self, path: str, *, additional_fields: Mapping[str, object] | None = None) -> None:
        """
        Add a file, directory or symlink. A symlink is deleted, not followed.

        Args:
            path: The path to delete. A directory needs ``recursive=True`` on the document.
            additional_fields: Further members of the item.

        Raises:
            GlobusSDKUsageError: An empty path, which would be the whole collection.
        """
        item = {
            "DATA_TYPE": "delete_item",
            "path": checked_path("path", path),
            **checked_members("additional_fields", additional_fields),
        }
        self["DATA"].append(drop_missing(item))
