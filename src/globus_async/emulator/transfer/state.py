"""The state of the emulated Transfer service."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..kit.ids import named_id, new_id, own_ids
from .errors import endpoint_not_found
from .models import (
    ENDPOINT_DEFAULTS,
    AdminCancel,
    Bookmark,
    Collection,
    PauseRule,
    Task,
)
from .storage import paths
from .tunnels import AccessPoint, Tunnel

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from ..kit.clock import Clock
    from ..kit.directory import Directory
    from ..kit.service import Platform
    from .storage.protocol import Storage

__all__ = (
    "Limits",
    "Pace",
    "TaskControl",
    "TransferState",
)


@dataclass(slots=True)
class Limits:
    """The limits of the service; tests may reduce them."""

    ls_entries: int = 100_000
    page: int = 1000
    marker_page: int = 100
    search_results: int = 1000
    running_tasks: int = 3
    pending_tasks: int = 100
    access_rules: int = 1000
    admin_task_ids: int = 50
    history_days: int = 30
    default_deadline_hours: int = 24


@dataclass(slots=True)
class Pace:
    """The speed of tasks, in seconds of the emulator's clock."""

    start_delay: float = 0.0
    """Seconds between the start of a task and its first file."""
    seconds_per_file: float = 0.0
    """The additional duration of each file."""
    bytes_per_second: float | None = None
    """The rate of each file; unlimited by default."""
    retry_delay: float = 5.0
    """Seconds before failed files are retried; doubled after each retry, up to ten minutes."""
    workers: int = 4
    """The number of files of one task that are processed concurrently."""


class TaskControl(Protocol):
    """The control of running tasks, as operations use it."""

    def submit(self, task: Task) -> None:
        """Start a task."""
        ...

    async def cancel(self, task: Task, details: str, *, max_wait: float = 5.0) -> bool:
        """Cancel a task; return whether its execution has ended."""
        ...

    def update_deadline(self, task: Task) -> None:
        """Apply a changed deadline of a task."""
        ...

    def update_pauses(self) -> None:
        """Pause, suspend or resume tasks after a change of rules or credentials; callable from any thread."""
        ...


@dataclass(eq=False)
class TransferState:
    """The collections, tasks and other resources of the service."""

    platform: Platform
    limits: Limits = field(default_factory=Limits)
    collections: dict[str, Collection] = field(default_factory=dict[str, Collection])
    deleted_collections: set[str] = field(default_factory=set[str])
    running: dict[str, Task] = field(default_factory=dict[str, Task])
    """The tasks that have not ended."""
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    submissions: dict[tuple[str, str], Task] = field(default_factory=dict[tuple[str, str], Task])
    """The tasks by owner and submission id."""
    bookmarks: dict[str, Bookmark] = field(default_factory=dict[str, Bookmark])
    pause_rules: dict[str, PauseRule] = field(default_factory=dict[str, PauseRule])
    admin_cancels: dict[str, AdminCancel] = field(default_factory=dict[str, AdminCancel])
    tunnels: dict[str, Tunnel] = field(default_factory=dict[str, Tunnel])
    access_points: dict[str, AccessPoint] = field(default_factory=dict[str, AccessPoint])
    counters: Counter[str] = field(default_factory=Counter[str])
    task_control: TaskControl = field(init=False)
    """Set by the service."""

    @property
    def clock(self) -> Clock:
        """The clock of the emulator."""
        return self.platform.clock

    @property
    def directory(self) -> Directory:
        """The identities, groups and subscriptions of the emulator."""
        return self.platform.directory

    def now(self) -> float:
        """Return the current time in POSIX seconds."""
        return self.clock.wall()

    def collection(self, endpoint_id: str) -> Collection:
        """
        Return a collection.

        Raises:
            TransferError: 404 ``EndpointNotFound`` or ``EndpointDeleted``.
        """
        found = self.collections.get(endpoint_id.lower())
        if found is None:
            raise endpoint_not_found(endpoint_id, deleted=endpoint_id.lower() in self.deleted_collections)
        return found

    def next_number(self, sequence: str) -> int:
        """Return the next number of a sequence, starting with 1."""
        self.counters[sequence] += 1
        return self.counters[sequence]

    # For tests.

    @own_ids
    def add_collection(
        self,
        display_name: str,
        *,
        owner_id: str,
        path: str | os.PathLike[str] | None = None,
        storage: Storage | None = None,
        id: str | None = None,
        home: str = "/",
        host: Collection | None = None,
        host_path: str = "/",
        member_ids: Iterable[str] | None = None,
        needs_data_access: bool = False,
        **document_fields: Any,
    ) -> Collection:
        """
        Add a collection.

        Args:
            display_name: The display name.
            owner_id: The identity that is its administrator.
            path: The directory with its files.
            storage: The storage of its files instead of a directory. Without both, a mapped collection is disconnected.
            id: The UUID; a random one by default.
            home: The path of ``/~/``.
            host: The mapped collection of a guest collection.
            host_path: The path of the guest collection on its host.
            member_ids: The identities with an account on a mapped collection; all identities by default.
            needs_data_access: Require the ``data_access`` consent.
            document_fields: Members of its document, such as ``public=False``.

        Raises:
            TypeError: Both ``path`` and ``storage`` were given, or an unknown member of the document.
        """
        if path is not None and storage is not None:
            raise TypeError("pass a path or a storage, not both")
        unknown = set(document_fields) - {"name", *ENDPOINT_DEFAULTS}
        if unknown:
            raise TypeError(f"an endpoint document has no member {min(unknown)!r}")
        host_parts = paths.parse(host_path)
        if host is not None and host.storage is not None:
            storage = host.storage.subtree(host_parts)
        elif path is not None:
            # Not available on all platforms, and not needed for storages in memory.
            from .storage.directory import DirectoryStorage  # noqa: PLC0415 -- as above

            storage = DirectoryStorage(path)
        collection = Collection(
            id=new_id() if id is None else id.lower(),
            owner_id=owner_id,
            fields={
                **ENDPOINT_DEFAULTS,
                "entity_type": "GCSv5_mapped_collection" if host is None else "GCSv5_guest_collection",
                "is_globus_connect": str(document_fields.get("entity_type", "")).startswith("GCP"),
                **document_fields,
                "display_name": display_name,
            },
            storage=storage,
            home=paths.parse(home),
            host=host,
            host_path=host_parts if host is not None else (),
            members=None if member_ids is None else frozenset(member_ids),
            needs_data_access=needs_data_access,
        )
        if "https_server" not in document_fields:
            self.serve_https(collection)
        self.collections[collection.id] = collection
        return collection

    def serve_https(self, collection: Collection, *, domain: str | None = None) -> None:
        """
        Give a collection an HTTPS server.

        Args:
            collection: The collection.
            domain: The domain of its endpoint; one made from the id of its mapped collection by default.
        """
        root = collection if collection.host is None else collection.host
        domain = domain or f"{named_id('domain', root.id)[:6]}.data.globus.org"
        kind = "m" if collection.host is None else "g"
        collection.https_host = f"{kind}-{named_id('https', collection.id)[:6]}.{domain}"
        collection.address_of = self.platform.address_of

    @own_ids
    def add_stream_access_point(
        self, display_name: str, *, host_endpoint: str, id: str | None = None, **attributes: Any
    ) -> str:
        """
        Add a stream access point; return its id.

        Args:
            display_name: The display name.
            host_endpoint: The id of its endpoint.
            id: The UUID; a random one by default.
            attributes: Further attributes of its resource.
        """
        point = AccessPoint(new_id() if id is None else id, display_name, host_endpoint, attributes)
        self.access_points[point.id] = point
        return point.id

    def suspend(self, task_id: str, code: str = "CONSENT_REQUIRED") -> None:
        """
        Make a task inactive, as the service does when a consent or session has expired.

        Args:
            task_id: The task; it stops before its next file.
            code: Its ``nice_status``.
        """
        self.tasks[task_id].suspended = code
        self.task_control.update_pauses()

    def resume(self, task_id: str) -> None:
        """Resume a suspended task, as the service does when its owner has logged in again."""
        self.tasks[task_id].suspended = None
        self.task_control.update_pauses()
