"""The document of a transfer, a dict that needs no client and does no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, overload
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ....errors import GlobusSDKUsageError
from ....errors.arguments import checked_members
from .items import TransferItem, add_all, add_transfer_item, each_item
from .submission_data import SubmissionData, checked_path, drop_missing, endpoints_after_client, id_text, utc_text

if TYPE_CHECKING:
    from ....client import BaseClient

__all__ = ("SyncLevel", "TransferData")

SyncLevel: TypeAlias = Literal["exists", "size", "mtime", "checksum", 0, 1, 2, 3]
"""Which files to copy: those that do not exist, differ in size, are newer, or differ in checksum."""

_SYNC_LEVELS: Final[Mapping[object, int]] = {"exists": 0, "size": 1, "mtime": 2, "checksum": 3}


class TransferData(SubmissionData):
    """
    A transfer document, to be submitted: endpoints, options and items.

    A dict with plain values, so that it can be stored as JSON. Its first submission adds a submission id to it, with
    which submitting the same document again never creates a second task.

    Args:
        source_endpoint: The source. UUID.
        destination_endpoint: The destination. UUID.
        transfer_client: Accepted as in globus-sdk 1 to 3, by name or before the endpoints, and ignored.
        items: What to transfer: a mapping of source paths to destination paths, or an iterable of such pairs, or of
            mappings with the arguments of `add_item`. In a pair, a source path with a trailing slash is a directory,
            transferred with its contents. More can be added.
        label: A name for the task, up to 128 characters.
        submission_id: From `TransferClient.get_submission_id`. UUID; by default fetched when the document is submitted.
        sync_level: Which files to copy: ``"exists"`` (0) those missing at the destination, ``"size"`` (1) also those of
            another size, ``"mtime"`` (2) also those that are newer, ``"checksum"`` (3) those with another checksum. By
            default all.
        verify_checksum: Compare checksums after the transfer.
        preserve_timestamp: Preserve modification times.
        encrypt_data: Encrypt the data in transit.
        deadline: When the task expires: an aware datetime, or ISO 8601 text. By default the service's: 24 hours without
            progress.
        skip_source_errors: Skip files that cannot be read instead of retrying them until the deadline.
        fail_on_quota_errors: Fail when a quota at the destination is exceeded instead of retrying.
        delete_destination_extra: Delete files of recursive items that exist at the destination but not at the source.
        notify_on_succeeded: E-mail on success. By default the service sends it.
        notify_on_failed: E-mail on failure. By default the service sends it.
        notify_on_inactive: E-mail when the task becomes inactive. By default the service sends it.
        store_base_path_info: Store the common base paths in the task document.
        source_local_user: The local account at the source, for mapped collections.
        destination_local_user: The local account at the destination, for mapped collections.
        recursive_symlinks: Legacy; the service supports only ``"ignore"``.
        skip_activation_check: Legacy; without effect since endpoints need no activation.
        additional_fields: Further members of the document.

    Raises:
        GlobusSDKUsageError: An endpoint or submission id that is not a UUID, an unknown sync level, a deadline without
            time zone, an invalid item.

    Example:
        >>> tdata = TransferData(source_id, destination_id, items={"/run1/": "/copy/"}, sync_level="checksum")
        >>> tdata.add_item("/readme.txt", "/copy/readme.txt")
        >>> [(item["source_path"], item.get("recursive")) for item in tdata.iter_items()]
        [('/run1/', True), ('/readme.txt', None)]
        >>> tdata["sync_level"]
        3

    **Differs from globus-sdk:** options that are not given are absent instead of ``MISSING``; deadlines must be aware
    and are written in UTC; options are keyword-only.

    REST: `Task submission <https://docs.globus.org/api/transfer/task_submit/#document_types>`_
    """

    @overload
    def __init__(
        self,
        source_endpoint: UUID | str,
        destination_endpoint: UUID | str,
        *,
        transfer_client: BaseClient | None = None,
        items: Mapping[str, str] | Iterable[TransferItem] = (),
        label: str | MissingType | None = MISSING,
        submission_id: UUID | str | MissingType | None = MISSING,
        sync_level: SyncLevel | MissingType | None = MISSING,
        verify_checksum: bool | MissingType = MISSING,
        preserve_timestamp: bool | MissingType = MISSING,
        encrypt_data: bool | MissingType = MISSING,
        deadline: datetime | str | MissingType | None = MISSING,
        skip_source_errors: bool | MissingType = MISSING,
        fail_on_quota_errors: bool | MissingType = MISSING,
        delete_destination_extra: bool | MissingType = MISSING,
        notify_on_succeeded: bool | MissingType = MISSING,
        notify_on_failed: bool | MissingType = MISSING,
        notify_on_inactive: bool | MissingType = MISSING,
        store_base_path_info: bool | MissingType = MISSING,
        source_local_user: str | MissingType | None = MISSING,
        destination_local_user: str | MissingType | None = MISSING,
        recursive_symlinks: Literal["ignore", "keep", "copy"] | MissingType = MISSING,
        skip_activation_check: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        transfer_client: BaseClient | None,
        /,
        source_endpoint: UUID | str,
        destination_endpoint: UUID | str,
        *,
        items: Mapping[str, str] | Iterable[TransferItem] = (),
        label: str | MissingType | None = MISSING,
        submission_id: UUID | str | MissingType | None = MISSING,
        sync_level: SyncLevel | MissingType | None = MISSING,
        verify_checksum: bool | MissingType = MISSING,
        preserve_timestamp: bool | MissingType = MISSING,
        encrypt_data: bool | MissingType = MISSING,
        deadline: datetime | str | MissingType | None = MISSING,
        skip_source_errors: bool | MissingType = MISSING,
        fail_on_quota_errors: bool | MissingType = MISSING,
        delete_destination_extra: bool | MissingType = MISSING,
        notify_on_succeeded: bool | MissingType = MISSING,
        notify_on_failed: bool | MissingType = MISSING,
        notify_on_inactive: bool | MissingType = MISSING,
        store_base_path_info: bool | MissingType = MISSING,
        source_local_user: str | MissingType | None = MISSING,
        destination_local_user: str | MissingType | None = MISSING,
        recursive_symlinks: Literal["ignore", "keep", "copy"] | MissingType = MISSING,
        skip_activation_check: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None: ...

    @endpoints_after_client("source_endpoint", "destination_endpoint")
    def __init__(
        self,
        source_endpoint: UUID | str,
        destination_endpoint: UUID | str,
        *,
        transfer_client: BaseClient | None = None,  # noqa: ARG002 -- accepted as globus-sdk 1 to 3 had it
        items: Mapping[str, str] | Iterable[TransferItem] = (),
        label: str | MissingType | None = MISSING,
        submission_id: UUID | str | MissingType | None = MISSING,
        sync_level: SyncLevel | MissingType | None = MISSING,
        verify_checksum: bool | MissingType = MISSING,
        preserve_timestamp: bool | MissingType = MISSING,
        encrypt_data: bool | MissingType = MISSING,
        deadline: datetime | str | MissingType | None = MISSING,
        skip_source_errors: bool | MissingType = MISSING,
        fail_on_quota_errors: bool | MissingType = MISSING,
        delete_destination_extra: bool | MissingType = MISSING,
        notify_on_succeeded: bool | MissingType = MISSING,
        notify_on_failed: bool | MissingType = MISSING,
        notify_on_inactive: bool | MissingType = MISSING,
        store_base_path_info: bool | MissingType = MISSING,
        source_local_user: str | MissingType | None = MISSING,
        destination_local_user: str | MissingType | None = MISSING,
        recursive_symlinks: Literal["ignore", "keep", "copy"] | MissingType = MISSING,
        skip_activation_check: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(
            "transfer",
            {
                "source_endpoint": source_endpoint,
                "destination_endpoint": destination_endpoint,
                "label": label,
                "submission_id": id_text("submission_id", submission_id),
                "sync_level": _sync_level(sync_level),
                "verify_checksum": verify_checksum,
                "preserve_timestamp": preserve_timestamp,
                "encrypt_data": encrypt_data,
                "deadline": utc_text("deadline", deadline),
                "skip_source_errors": skip_source_errors,
                "fail_on_quota_errors": fail_on_quota_errors,
                "delete_destination_extra": delete_destination_extra,
                "notify_on_succeeded": notify_on_succeeded,
                "notify_on_failed": notify_on_failed,
                "notify_on_inactive": notify_on_inactive,
                "store_base_path_info": store_base_path_info,
                "source_local_user": source_local_user,
                "destination_local_user": destination_local_user,
                "recursive_symlinks": recursive_symlinks,
                "skip_activation_check": skip_activation_check,
            },
            additional_fields,
        )
        add_all(
            each_item(items),
            partial(add_transfer_item, self.add_item),
            "pairs of source and destination path",
        )

    def add_item(
        self,
        source_path: str,
        destination_path: str,
        recursive: bool | MissingType = MISSING,
        *,
        external_checksum: str | MissingType | None = MISSING,
        checksum_algorithm: str | MissingType | None = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None:
        """
        Add a file or directory.

        Args:
            source_path: The path at the source.
            destination_path: The path at the destination: for a file its full new path, not that of the directory.
            recursive: Whether it is a directory. By default the service determines it.
            external_checksum: The checksum that the file must have, in hexadecimal. Not for directories.
            checksum_algorithm: The algorithm of ``external_checksum``, such as ``"SHA256"``. By default MD5.
            additional_fields: Further members of the item.

        Raises:
            GlobusSDKUsageError: An empty path.
        """
        self["DATA"].append(
            drop_missing(
                {
                    "DATA_TYPE": "transfer_item",
                    "source_path": checked_path("source_path", source_path),
                    "destination_path": checked_path("destination_path", destination_path),
                    "recursive": recursive,
                    "external_checksum": external_checksum,
                    "checksum_algorithm": checksum_algorithm,
                    **checked_members("additional_fields", additional_fields),
                }
            )
        )

    def add_symlink_item(self, source_path: str, destination_path: str) -> None:
        """
        Add a symlink, to be copied as a symlink.

        Legacy: the service no longer copies symlinks; globus-sdk 4 has no replacement.

        Args:
            source_path: The path of the symlink at the source.
            destination_path: Its path at the destination.

        Raises:
            GlobusSDKUsageError: An empty path.
        """
        self["DATA"].append(
            {
                "DATA_TYPE": "transfer_symlink_item",
                "source_path": checked_path("source_path", source_path),
                "destination_path": checked_path("destination_path", destination_path),
            }
        )

    def add_filter_rule(
        self,
        name: str,
        *,
        method: Literal["include", "exclude"] = "exclude",
        type: Literal["file", "dir"] | MissingType | None = MISSING,
    ) -> None:
        """
        Add a rule that includes or excludes entries of recursive items.

        The first rule that matches a name applies; names without a match are included.

        Args:
            name: A pattern of names: ``*``, ``?``, ``[abc]``, ``[!abc]``.
            method: Whether to include or exclude matching entries.
            type: The type of entries that the rule applies to. By default files and directories; an excluded directory
                is excluded with its contents.

        Raises:
            GlobusSDKUsageError: An unknown method or type.

        Example:
            >>> tdata = TransferData(source_id, destination_id)
            >>> tdata.add_filter_rule("*.txt", method="include", type="file")
            >>> tdata.add_filter_rule("*", type="file")
            >>> [rule["method"] for rule in tdata["filter_rules"]]
            ['include', 'exclude']
        """
        if method not in ("include", "exclude"):
            raise GlobusSDKUsageError(f"method must be 'include' or 'exclude', got {method!r}")
        if type not in ("file", "dir", None, MISSING):
            raise GlobusSDKUsageError(f"type must be 'file' or 'dir', got {type!r}")
        rule = drop_missing({"DATA_TYPE": "filter_rule", "method": method, "name": name, "type": type})
        self.setdefault("filter_rules", []).append(rule)


def _sync_level(value: object) -> int | MissingType | None:
    if value is None or isinstance(value, MissingType):
        return value
    level = value if isinstance(value, int) and not isinstance(value, bool) else -1
    if isinstance(value, str):
        level = _SYNC_LEVELS.get(value, -1)
    if level not in range(4):
        raise GlobusSDKUsageError(
            f"sync_level must be one of {', '.join(map(str, _SYNC_LEVELS))} or 0 to 3, got {value!r}"
        )
    return level
