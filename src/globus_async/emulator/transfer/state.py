"""The state of the emulated Transfer service."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .errors import endpoint_not_found
from .models import AdminCancel, Bookmark, Collection, Document, PauseRule, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...clock import Clock

__all__ = (
    "Limits",
    "TransferState",
    "format_file_time",
    "format_time",
    "local_username",
    "parse_time",
    "request_id",
)

_LETTERS: Final = string.ascii_letters + string.digits


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


@dataclass(eq=False)
class TransferState:
    """The collections, tasks and other resources of the service."""

    clock: Clock
    limits: Limits = field(default_factory=Limits)
    collections: dict[str, Collection] = field(default_factory=dict[str, Collection])
    deleted_collections: set[str] = field(default_factory=set[str])
    running: dict[str, Task] = field(default_factory=dict[str, Task])
    """The tasks that have not ended."""
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    submissions: dict[tuple[str, str], Task] = field(default_factory=dict[tuple[str, str], Task])
    bookmarks: dict[str, Bookmark] = field(default_factory=dict[str, Bookmark])
    pause_rules: dict[str, PauseRule] = field(default_factory=dict[str, PauseRule])
    admin_cancels: dict[str, AdminCancel] = field(default_factory=dict[str, AdminCancel])
    subscriptions: dict[str, Document] = field(default_factory=dict[str, Document])
    tunnels: dict[str, Document] = field(default_factory=dict[str, Document])
    access_points: dict[str, Document] = field(default_factory=dict[str, Document])
    usernames: dict[str, str] = field(default_factory=dict[str, str])
    groups: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Members of groups, for roles and permissions whose principal is a group."""
    satisfies_policy: Callable[[str, Any], bool] = field(default=lambda _policy, _caller: True)
    """Whether a caller's session is what an authentication policy asks for."""
    still_satisfies_policy: Callable[[str, Any], bool] = field(default=lambda _policy, _caller: True)
    """Whether this is so now for somebody who called earlier, if only by another login."""
    still_consents: Callable[[str, Any], bool] = field(default=lambda _scope, _caller: True)
    """Whether the service may use a scope elsewhere, now, for somebody who called earlier."""
    counters: Counter[str] = field(default_factory=Counter[str])

    def now(self) -> float:
        """Return the current time in POSIX seconds."""
        return self.clock.wall()

    def collection(self, endpoint_id: str) -> Collection:
        """
        Return a collection.

        Raises:
            ServiceError: 404 ``EndpointNotFound`` or ``EndpointDeleted``.
        """
        found = self.collections.get(endpoint_id.lower())
        if found is None:
            raise endpoint_not_found(endpoint_id, deleted=endpoint_id.lower() in self.deleted_collections)
        return found

    def username(self, identity_id: str) -> str:
        """Return the user name of an identity."""
        return self.usernames.get(identity_id, f"{identity_id}@identities.invalid")

    def next_number(self, sequence: str) -> int:
        """Return the next number of a sequence, starting with 1."""
        self.counters[sequence] += 1
        return self.counters[sequence]


def request_id() -> str:
    """Return a new request id of nine characters."""
    return "".join(secrets.choice(_LETTERS) for _ in range(9))


def local_username(identity_id: str) -> str:
    """Return the local user name of an identity: ``u_`` and its UUID in base 32."""
    try:
        raw = uuid.UUID(identity_id).bytes
    except ValueError:
        raw = identity_id.encode()
    return "u_" + base64.b32encode(raw).decode().rstrip("=").lower()


def format_time(moment: float | None) -> str | None:
    """Format a time as in the documents of tasks and events."""
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC).isoformat()


def format_file_time(moment: float | None) -> str | None:
    """Format a time as in the documents of files."""
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC).isoformat(sep=" ")


def parse_time(text: str) -> float:
    """
    Parse an ISO 8601 time or date into POSIX seconds; without a time zone it is UTC.

    Raises:
        ValueError: The text is neither a time nor a date.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).timestamp()
    except OverflowError:
        raise ValueError(f"{text} is outside the years 1 to 9999 in UTC") from None
