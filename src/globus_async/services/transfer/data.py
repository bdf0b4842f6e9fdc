"""Documents that start work: transfers, deletions and tunnels. They are dicts, need no client, and do no I/O."""

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
"""When a file is copied: it is not there; its size differs; it is newer; its checksum differs."""

_SYNC_LEVELS: Final[Mapping[object, int]] = {"exists": 0, "size": 1, "mtime": 2, "checksum": 3}


class _Submission(dict[str, Any]):
    """What transfers and deletions have in common."""

    def __init__(
        self, kind: str, options: Mapping[str, object], additional_fields: Mapping[str, object] | None
    ) -> None:
        super().__init__(DATA_TYPE=kind, DATA=[])
        self.update(_given(options))
        self.update(_given(additional_fields or {}))

    def iter_items(self) -> Iterator[dict[str, Any]]:
        """Go through the items added so far."""
        return iter(self["DATA"])


class TransferData(_Submission):
    """
    A transfer to be submitted: what to copy, from where to where, and how.

    A plain dict with plain values, so it can be written as JSON, read back and submitted. The submission id is fetched
    when it is first submitted and stays in the document, so submitting the same document again cannot make a second
    task.

    Args:
        ends: The two endpoints, source first. A client in front of them is accepted, as in globus-sdk 1 to 3, and not
            used.
        transfer_client: Accepted for the same reason, and not used.
        source_endpoint: Where the files are. UUID.
        destination_endpoint: Where they go. UUID.
        label: A name for the task, up to 128 characters.
        submission_id: From `TransferClient.get_submission_id`. UUID; by default fetched when the document is submitted.
        sync_level: Which files to copy: ``"exists"`` (0) those not there, ``"size"`` (1) also those of another size,
            ``"mtime"`` (2) also those that are newer, ``"checksum"`` (3) those with another checksum. By default all.
        verify_checksum: Compare checksums after the transfer.
        preserve_timestamp: Keep modification times.
        encrypt_data: Encrypt on the way.
        deadline: When to give up: an aware datetime, or ISO 8601 text. By default the service's, 24 hours while nothing
            moves.
        skip_source_errors: Leave out files that cannot be read instead of retrying them until the deadline.
        fail_on_quota_errors: End the task when the destination is full instead of waiting for room.
        delete_destination_extra: Delete what is at the destination but not at the source (of recursive items).
        notify_on_succeeded: E-mail on success. The service's default is to send it.
        notify_on_failed: E-mail on failure. The service's default is to send it.
        notify_on_inactive: E-mail when the task needs attention. The service's default is to send it.
        store_base_path_info: Keep the common base paths in the task document.
        source_local_user: The local account at the source, for mapped collections.
        destination_local_user: The local account at the destination, for mapped collections.
        recursive_symlinks: Historic; the service no longer supports other values than ``"ignore"``.
        skip_activation_check: Historic, from the days of endpoint activation; without effect.
        additional_fields: Further members of the document.

    Raises:
        GlobusSDKUsageError: An endpoint or submission id that is no UUID, an unknown sync level, a deadline without
            time zone.

    Example:
        >>> tdata = TransferData(source_id, destination_id, label="nightly", sync_level="checksum")
        >>> tdata.add_item("/source/dir/", "/destination/dir/", recursive=True)
        >>> tdata["sync_level"]
        3

    **Differs from globus-sdk:** options that are not given are absent, not present as ``MISSING``; deadlines must be
    aware and are written in UTC; options are keyword-only.

    REST: `Task submission <https://docs.globus.org/api/transfer/task_submit/#document_types>`_
    """

    def __init__(
        self,
        *ends: UUID | str | BaseClient | None,
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
                **_ends(ends, source_endpoint=source_endpoint, destination_endpoint=destination_endpoint),
                "label": label,
                "submission_id": _id("submission_id", submission_id),
                "sync_level": _sync_level(sync_level),
                "verify_checksum": verify_checksum,
                "preserve_timestamp": preserve_timestamp,
                "encrypt_data": encrypt_data,
                "deadline": _instant("deadline", deadline),
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
        Add a file or a folder.

        Args:
            source_path: What to copy.
            destination_path: Where it goes: for a file its whole new path, not the folder it goes into.
            recursive: Whether it is a folder. By default the service looks.
            external_checksum: The checksum the file must have, in hexadecimal. Not for folders.
            checksum_algorithm: Which checksum, such as ``"SHA256"``. By default MD5.
            additional_fields: Further members of the item.

        Raises:
            GlobusSDKUsageError: An empty path.
        """
        self["DATA"].append(
            _given(
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

        Historic: the service no longer copies symlinks; globus-sdk 4 has nothing in its place.

        Args:
            source_path: The symlink.
            destination_path: Where it goes.

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
        Add a rule on what a recursive item includes.

        The first rule that matches a name decides; what matches none is included.

        Args:
            name: A pattern: ``*``, ``?``, ``[abc]``, ``[!abc]``.
            method: What to do with what matches.
            type: What the rule is for. By default files and folders; a folder left out hides all that is in it.

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
        rule = _given({"DATA_TYPE": "filter_rule", "method": method, "name": name, "type": type})
        self.setdefault("filter_rules", []).append(rule)


class DeleteData(_Submission):
    """
    A deletion to be submitted: what to delete, and where.

    A plain dict with plain values, so it can be written as JSON, read back and submitted. The submission id is fetched
    when it is first submitted and stays in the document, so submitting the same document again cannot make a second
    task.

    Args:
        ends: The endpoint. A client in front of it is accepted, as in globus-sdk 1 to 3, and not used.
        transfer_client: Accepted for the same reason, and not used.
        endpoint: Where to delete. UUID.
        label: A name for the task, up to 128 characters.
        submission_id: From `TransferClient.get_submission_id`. UUID; by default fetched when the document is submitted.
        recursive: Delete folders with all that is in them.
        ignore_missing: Do not fail over a path that is not there.
        interpret_globs: Expand ``*``, ``?`` and ``[abc]`` in the last component of each path; a backslash escapes.
        deadline: When to give up: an aware datetime, or ISO 8601 text. By default 24 hours.
        notify_on_succeeded: E-mail on success. The service's default is to send it.
        notify_on_failed: E-mail on failure. The service's default is to send it.
        notify_on_inactive: E-mail when the task needs attention. The service's default is to send it.
        store_base_path_info: Keep the common base path in the task document.
        local_user: The local account, for mapped collections.
        skip_activation_check: Historic, from the days of endpoint activation; without effect.
        additional_fields: Further members of the document.

    Raises:
        GlobusSDKUsageError: An endpoint or submission id that is no UUID, or a deadline without time zone.

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
        *ends: UUID | str | BaseClient | None,
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
                **_ends(ends, endpoint=endpoint),
                "label": label,
                "submission_id": _id("submission_id", submission_id),
                "recursive": recursive,
                "ignore_missing": ignore_missing,
                "interpret_globs": interpret_globs,
                "deadline": _instant("deadline", deadline),
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
        Add a file, a folder or a symlink; symlinks are deleted, never followed.

        Args:
            path: What to delete. A folder needs ``recursive=True`` on the document.
            additional_fields: Further members of the item.

        Raises:
            GlobusSDKUsageError: An empty path, which would mean the whole collection.
        """
        item = {"DATA_TYPE": "delete_item", "path": _path("path", path), **(additional_fields or {})}
        self["DATA"].append(_given(item))


class CreateTunnelData(dict[str, Any]):
    """
    A tunnel to be made between two stream access points.

    Args:
        initiator_stream_access_point: Where connections come from. UUID.
        listener_stream_access_point: Where they go. UUID.
        label: A name for the tunnel.
        submission_id: Any UUID. By default one is made when the document is submitted, and stays in the document.
        lifetime_mins: How long it stays open, in minutes. The service's default is 360.
        restartable: Whether it may be opened again.
        additional_fields: Further attributes.

    Raises:
        GlobusSDKUsageError: An id that is no UUID.

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
                "attributes": _given(attributes),
            }
        )


def is_document(value: object) -> TypeIs[MutableMapping[str, Any]]:
    """Whether it can be submitted: a document of this module, or any dict."""
    return isinstance(value, MutableMapping)


def _given(members: Mapping[str, object]) -> dict[str, Any]:
    """Leave out what was not given; write ids as text."""
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in members.items()
        if value is not MISSING
    }


def _ends(positional: tuple[object, ...], **named: UUID | str | MissingType) -> dict[str, str]:
    """Sort out the endpoints, given by position (after a client, perhaps) or by name."""
    rest = list(positional)
    if rest and not isinstance(rest[0], (str, UUID)):
        del rest[0]
    ends: dict[str, str] = {}
    for name, by_name in named.items():
        if rest and by_name is not MISSING:
            raise GlobusSDKUsageError(f"{name} is given twice, by position and by name")
        value = rest.pop(0) if rest else by_name
        if not isinstance(value, (str, UUID)):
            raise GlobusSDKUsageError(f"{name} is missing")
        ends[name] = uuid_text(name, value)
    if rest:
        raise GlobusSDKUsageError(f"{len(rest)} too many positional arguments; give options by name")
    return ends


def _id(name: str, value: UUID | str | MissingType | None) -> str | MissingType:
    return MISSING if value is None or isinstance(value, MissingType) else uuid_text(name, value)


def _instant(name: str, value: datetime | str | MissingType | None) -> str | MissingType | None:
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
