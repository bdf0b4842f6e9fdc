"""Documents to submit: transfers, deletions and tunnels, as dicts that need no client and do no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from uuid import UUID

from typing_extensions import TypeIs

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ..._http.query import utc
from ...errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from ...client import BaseClient

__all__ = ("CreateTunnelData", "DeleteData", "SyncLevel", "TransferData", "is_document")

SyncLevel: TypeAlias = Literal["exists", "size", "mtime", "checksum", 0, 1, 2, 3]
"""Which files to copy: those that do not exist, differ in size, are newer, or differ in checksum."""

_SYNC_LEVELS: Final[Mapping[object, int]] = {"exists": 0, "size": 1, "mtime": 2, "checksum": 3}


class _Submission(dict[str, Any]):
    """The common part of transfers and deletions."""

    def __init__(
        self, kind: str, options: Mapping[str, object], additional_fields: Mapping[str, object] | None
    ) -> None:
        super().__init__(DATA_TYPE=kind, DATA=[])
        self.update(_drop_missing(options))
        self.update(_drop_missing(additional_fields or {}))

    def iter_items(self) -> Iterator[dict[str, Any]]:
        """Iterate over the items."""
        return iter(self["DATA"])


class TransferData(_Submission):
    """
    A transfer document, to be submitted: endpoints, options and items.

    A dict with plain values, so that it can be stored as JSON. Its first submission adds a submission id to it, with
    which submitting the same document again never creates a second task.

    Args:
        endpoints: The source and the destination endpoint, by position. A client before them is accepted, as in
            globus-sdk 1 to 3, and ignored.
        transfer_client: Accepted as in globus-sdk 1 to 3, and ignored.
        source_endpoint: The source, by name. UUID.
        destination_endpoint: The destination, by name. UUID.
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
            time zone.

    Example:
        >>> tdata = TransferData(source_id, destination_id, label="nightly", sync_level="checksum")
        >>> tdata.add_item("/source/dir/", "/destination/dir/", recursive=True)
        >>> tdata["sync_level"]
        3

    **Differs from globus-sdk:** options that are not given are absent instead of ``MISSING``; deadlines must be aware
    and are written in UTC; options are keyword-only.

    REST: `Task submission <https://docs.globus.org/api/transfer/task_submit/#document_types>`_
    """

    def __init__(
        self,
        *endpoints: UUID | str | BaseClient | None,
        transfer_client: BaseClient | None = None,  # noqa: ARG002 -- accepted as globus-sdk 1 to 3 had it
        source_endpoint: UUID | str | MissingType = MISSING,
        destination_endpoint: UUID | str | MissingType = MISSING,
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
                **_endpoint_ids(endpoints, source_endpoint=source_endpoint, destination_endpoint=destination_endpoint),
                "label": label,
                "submission_id": _id("submission_id", submission_id),
                "sync_level": _sync_level(sync_level),
                "verify_checksum": verify_checksum,
                "preserve_timestamp": preserve_timestamp,
                "encrypt_data": encrypt_data,
                "deadline": _utc_text("deadline", deadline),
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

    def add_item(
        self,
        source_path: str,
        destination_path: str,
        *,
        recursive: bool | MissingType = MISSING,
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
            _drop_missing(
                {
                    "DATA_TYPE": "transfer_item",
                    "source_path": _path("source_path", source_path),
                    "destination_path": _path("destination_path", destination_path),
                    "recursive": recursive,
                    "external_checksum": external_checksum,
                    "checksum_algorithm": checksum_algorithm,
                    **(additional_fields or {}),
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
                "source_path": _path("source_path", source_path),
                "destination_path": _path("destination_path", destination_path),
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
        rule = _drop_missing({"DATA_TYPE": "filter_rule", "method": method, "name": name, "type": type})
        self.setdefault("filter_rules", []).append(rule)


class DeleteData(_Submission):
    """
    A delete document, to be submitted: endpoint, options and items.

    A dict with plain values, so that it can be stored as JSON. Its first submission adds a submission id to it, with
    which submitting the same document again never creates a second task.

    Args:
        endpoints: The endpoint, by position. A client before it is accepted, as in globus-sdk 1 to 3, and ignored.
        transfer_client: Accepted as in globus-sdk 1 to 3, and ignored.
        endpoint: The endpoint, by name. UUID.
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
        GlobusSDKUsageError: An endpoint or submission id that is not a UUID, or a deadline without time zone.

    Example:
        >>> ddata = DeleteData(endpoint_id, recursive=True)
        >>> ddata.add_item("/dir/to/delete/")
        >>> [item["path"] for item in ddata.iter_items()]
        ['/dir/to/delete/']

    **Differs from globus-sdk:** as `TransferData`.

    REST: `Task submission <https://docs.globus.org/api/transfer/task_submit/#document_types>`_
    """

    def __init__(
        self,
        *endpoints: UUID | str | BaseClient | None,
        transfer_client: BaseClient | None = None,  # noqa: ARG002 -- accepted as globus-sdk 1 to 3 had it
        endpoint: UUID | str | MissingType = MISSING,
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
                **_endpoint_ids(endpoints, endpoint=endpoint),
                "label": label,
                "submission_id": _id("submission_id", submission_id),
                "recursive": recursive,
                "ignore_missing": ignore_missing,
                "interpret_globs": interpret_globs,
                "deadline": _utc_text("deadline", deadline),
                "notify_on_succeeded": notify_on_succeeded,
                "notify_on_failed": notify_on_failed,
                "notify_on_inactive": notify_on_inactive,
                "store_base_path_info": store_base_path_info,
                "local_user": local_user,
                "skip_activation_check": skip_activation_check,
            },
            additional_fields,
        )

    def add_item(self, path: str, *, additional_fields: Mapping[str, object] | None = None) -> None:
        """
        Add a file, directory or symlink. A symlink is deleted, not followed.

        Args:
            path: The path to delete. A directory needs ``recursive=True`` on the document.
            additional_fields: Further members of the item.

        Raises:
            GlobusSDKUsageError: An empty path, which would be the whole collection.
        """
        item = {"DATA_TYPE": "delete_item", "path": _path("path", path), **(additional_fields or {})}
        self["DATA"].append(_drop_missing(item))


class CreateTunnelData(dict[str, Any]):
    """
    A tunnel document, to be submitted: a tunnel between two stream access points.

    Args:
        initiator_stream_access_point: The side that opens connections. UUID.
        listener_stream_access_point: The side that accepts connections. UUID.
        label: A name for the tunnel.
        submission_id: Any UUID. By default one is generated when the document is submitted, and added to it.
        lifetime_mins: Minutes for which the tunnel stays open. By default the service's, 360.
        restartable: Whether the tunnel may be started again.
        additional_fields: Further attributes.

    Raises:
        GlobusSDKUsageError: An id that is not a UUID.

    REST: `Tunnels <https://docs.globus.org/api/transfer/>`_
    """

    def __init__(
        self,
        initiator_stream_access_point: UUID | str,
        listener_stream_access_point: UUID | str,
        *,
        label: str | MissingType | None = MISSING,
        submission_id: UUID | str | MissingType | None = MISSING,
        lifetime_mins: int | MissingType = MISSING,
        restartable: bool | MissingType = MISSING,
        additional_fields: Mapping[str, object] | None = None,
    ) -> None:
        listener = uuid_text("listener_stream_access_point", listener_stream_access_point)
        initiator = uuid_text("initiator_stream_access_point", initiator_stream_access_point)
        attributes = {
            "label": label,
            "submission_id": _id("submission_id", submission_id),
            "restartable": restartable,
            "lifetime_mins": lifetime_mins,
            **(additional_fields or {}),
        }
        super().__init__(
            data={
                "type": "Tunnel",
                "relationships": {
                    "listener": {"data": {"type": "StreamAccessPoint", "id": listener}},
                    "initiator": {"data": {"type": "StreamAccessPoint", "id": initiator}},
                },
                "attributes": _drop_missing(attributes),
            }
        )


def is_document(value: object) -> TypeIs[MutableMapping[str, Any]]:
    """Return whether a value can be submitted: a document of this module or another mutable mapping."""
    return isinstance(value, MutableMapping)


def _drop_missing(members: Mapping[str, object]) -> dict[str, Any]:
    """Return the members without `MISSING`; UUIDs become text."""
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in members.items()
        if value is not MISSING
    }


def _endpoint_ids(positional: tuple[object, ...], **named: UUID | str | MissingType) -> dict[str, str]:
    """Return endpoint ids that are given by position, perhaps after a client, or by name."""
    rest = list(positional)
    if rest and not isinstance(rest[0], (str, UUID)):
        del rest[0]
    ids: dict[str, str] = {}
    for name, by_name in named.items():
        if rest and by_name is not MISSING:
            raise GlobusSDKUsageError(f"{name} is given twice, by position and by name")
        value = rest.pop(0) if rest else by_name
        if not isinstance(value, (str, UUID)):
            raise GlobusSDKUsageError(f"{name} is missing")
        ids[name] = uuid_text(name, value)
    if rest:
        raise GlobusSDKUsageError(f"{len(rest)} too many positional arguments; give options by name")
    return ids


def _id(name: str, value: UUID | str | MissingType | None) -> str | MissingType:
    return MISSING if value is None or isinstance(value, MissingType) else uuid_text(name, value)


def _utc_text(name: str, value: datetime | str | MissingType | None) -> str | MissingType | None:
    if value is None or isinstance(value, MissingType):
        return value
    if isinstance(value, (str, datetime)):
        return utc(name, value)
    raise GlobusSDKUsageError(f"{name} must be a datetime with time zone or ISO 8601 text, got {type(value).__name__}")


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


def _path(name: str, value: str) -> str:
    if not isinstance(value, str) or not value:
        raise GlobusSDKUsageError(f"{name} must be a path such as '/~/file.txt', got {value!r}")
    return value
