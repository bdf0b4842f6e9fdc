"""The one consistent state behind all routes of the emulated Transfer service."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .errors import no_such_endpoint
from .models import AdminCancel, Bookmark, Collection, Document, PauseRule, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...clock import Clock

__all__ = (
    "Limits",
    "TransferState",
    "iso",
    "iso_with_blank",
    "local_username",
    "parse_time",
    "request_id",
)

_LETTERS: Final = string.ascii_letters + string.digits


@dataclass(slots=True)
class Limits:
    """The numbers of the service, to be made smaller by tests."""

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
    """Collections, tasks and everything else that the service remembers."""

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
        """Return POSIX seconds."""
        return self.clock.wall()

    def collection(self, endpoint_id: str) -> Collection:
        """
        Find a collection.

        Raises:
            ServiceError: There is none, or it was deleted.
        """
        found = self.collections.get(endpoint_id.lower())
        if found is None:
            raise no_such_endpoint(endpoint_id, deleted=endpoint_id.lower() in self.deleted_collections)
        return found

    def username(self, identity_id: str) -> str:
        """Return the user name of an identity."""
        return self.usernames.get(identity_id, f"{identity_id}@identities.invalid")

    def next_number(self, of: str) -> int:
        """Count on."""
        self.counters[of] += 1
        return self.counters[of]


def request_id() -> str:
    """Make the nine characters that name a request."""
    return "".join(secrets.choice(_LETTERS) for _ in range(9))


def local_username(identity_id: str) -> str:
    """Return the name that the service makes of an identity, ``u_`` and base 32."""
    try:
        raw = uuid.UUID(identity_id).bytes
    except ValueError:
        raw = identity_id.encode()
    return "u_" + base64.b32encode(raw).decode().rstrip("=").lower()


def iso(moment: float | None) -> str | None:
    """Write a time as tasks and events have it."""
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC).isoformat()


def iso_with_blank(moment: float | None) -> str | None:
    """Write a time as files have it."""
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC).isoformat(sep=" ")


def parse_time(text: str) -> float:
    """
    Read a time or a date; without a zone it is UTC.

    Raises:
        ValueError: It is neither.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).timestamp()
    except OverflowError:
        raise ValueError(f"{text} is outside the years 1 to 9999 in UTC") from None
