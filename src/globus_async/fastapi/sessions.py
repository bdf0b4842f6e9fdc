"""Sessions and their stores. Their contents never leave the server."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self
from uuid import UUID

from ..clock import Clock, SystemClock
from ..errors import GlobusError
from ..errors.arguments import check_clock, check_whole
from ..secret import Secret

if TYPE_CHECKING:
    from ..services.auth.documents import TokenInfo

__all__ = (
    "MemorySessionStore",
    "Session",
    "SessionStore",
    "SessionStoreUnavailable",
    "StoredTokens",
    "store_key",
    "tokens_key",
)


class SessionStoreUnavailable(GlobusError):
    """The session store cannot be used at the moment; the response is 503. A store of your own may raise it, too."""


class SessionStore(Protocol):
    """
    A store of sessions: four coroutines for strings, which a database can implement as well as a dict.

    Keys are not secret: they start with a kind (``session:``, ``tokens:``, ``login:`` or ``lease:``), followed by a
    hash. Values are secret: store them encrypted, or at least readable only by the application. Of several concurrent
    callers, in one process or several, each `compare_and_set` and `pop` sees the effect of the previous one.
    """

    async def get(self, key: str) -> Secret | None:
        """Return the value of a key; ``None`` if there is none or it has expired."""
        ...

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Set or replace the value of a key; it expires after that many seconds."""
        ...

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        """
        Replace the value of a key if it is still ``old``; return whether it was.

        Args:
            key: The key.
            old: The expected value; ``None`` if there must be none.
            new: The new value; ``None`` to remove it.
            seconds: Seconds until the new value expires.
        """
        ...

    async def pop(self, key: str) -> Secret | None:
        """Remove and return the value of a key; of several concurrent callers, only one receives it."""
        ...


class MemorySessionStore:
    """
    A store in the memory of this process. Its sessions end with the process and are not shared with others.

    An application with several processes needs a store that they share, such as `SQLiteSessionStore`.

    Args:
        clock: The clock.
        max_entries: The maximum number of entries of each kind; the oldest are removed first.
    """

    def __init__(self, clock: Clock | None = None, *, max_entries: int = 100_000) -> None:
        if clock is not None:
            check_clock(clock)
        check_whole("max_entries", max_entries)
        self._clock: Clock = SystemClock() if clock is None else clock
        self._max_entries = max_entries
        self._entries: dict[str, OrderedDict[str, tuple[Secret, float]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def __repr__(self) -> str:
        return f"<MemorySessionStore: {len(self)} entries>"

    async def get(self, key: str) -> Secret | None:
        """Return the value of a key; ``None`` if there is none or it has expired."""
        return self._get(key)

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Set or replace the value of a key; it expires after that many seconds."""
        self._put(key, value, seconds)

    async def compare_and_set(self, key: str, old: Secret | None, new: Secret | None, *, seconds: float) -> bool:
        """Replace the value of a key if it is still ``old``; return whether it was. ``None`` stands for no value."""
        if self._get(key) != old:
            return False
        if new is None:
            self._pop(key)
        else:
            self._put(key, new, seconds)
        return True

    async def pop(self, key: str) -> Secret | None:
        """Remove and return the value of a key; of several concurrent callers, only one receives it."""
        return self._pop(key)

    def _get(self, key: str) -> Secret | None:
        value, until = self._of_same_kind(key).get(key, (None, 0.0))
        return value if self._clock.monotonic() < until else None

    def _put(self, key: str, value: Secret, seconds: float) -> None:
        entries, now = self._of_same_kind(key), self._clock.monotonic()
        entries.pop(key, None)
        # the oldest entries usually expire first: remove expired ones from the front
        while entries and (len(entries) >= self._max_entries or next(iter(entries.values()))[1] <= now):
            entries.popitem(last=False)
        entries[key] = value, now + seconds

    def _pop(self, key: str) -> Secret | None:
        value, until = self._of_same_kind(key).pop(key, (None, 0.0))
        return value if self._clock.monotonic() < until else None

    def _of_same_kind(self, key: str) -> OrderedDict[str, tuple[Secret, float]]:
        """Return the entries of a kind: unfinished logins must not displace sessions."""
        return self._entries.setdefault(key.partition(":")[0], OrderedDict())


def store_key(kind: str, *parts: Secret | str) -> str:
    """Return a key of the store; secret parts are hashed, so that the key does not reveal the cookie."""
    texts = (hashlib.sha256(part.reveal().encode()).hexdigest() if isinstance(part, Secret) else part for part in parts)
    return ":".join((kind, *texts))


@dataclass(frozen=True, slots=True)
class Session:
    """
    The session of a logged-in user.

    Attributes:
        identity_id: The UUID of the user's identity.
        username: The identity's username, such as ``ada@example.org``.
        name: The user's full name, or ``None``.
        email: The user's e-mail address, or ``None``.
        csrf_token: Must be contained in every form that changes state; ``csrf_token.reveal()`` returns its text.
        expires_at: The expiration time of the session, POSIX seconds.
        resource_servers: The resource servers of the user's tokens.
    """

    key: str = field(repr=False)
    identity_id: UUID
    username: str
    name: str | None
    email: str | None
    csrf_token: Secret
    expires_at: float
    resource_servers: tuple[str, ...]

    def dump(self) -> Secret:
        """Return it as JSON, for the store."""
        return _to_json(
            identity_id=str(self.identity_id),
            username=self.username,
            name=self.name,
            email=self.email,
            csrf_token=self.csrf_token.reveal(),
            expires_at=self.expires_at,
            resource_servers=list(self.resource_servers),
        )

    @classmethod
    def load(cls, key: str, text: Secret) -> Self:
        """Restore it from the JSON of `dump`."""
        data = json.loads(text.reveal())
        return cls(
            key=key,
            identity_id=UUID(data["identity_id"]),
            username=data["username"],
            name=data["name"],
            email=data["email"],
            csrf_token=Secret(data["csrf_token"]),
            expires_at=data["expires_at"],
            resource_servers=tuple(data["resource_servers"]),
        )


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """A user's tokens for one service."""

    access_token: Secret
    refresh_token: Secret | None
    expires_at: float

    @classmethod
    def from_response(cls, entry: TokenInfo) -> Self:
        """Create them from an entry of a token response, which contains the valid refresh token."""
        refresh_token = entry["refresh_token"]
        return cls(
            Secret(entry["access_token"]),
            Secret(refresh_token) if refresh_token else None,
            float(entry["expires_at_seconds"]),
        )

    def all(self) -> list[Secret]:
        """Return them in the order of their revocation."""
        return [self.access_token] if self.refresh_token is None else [self.refresh_token, self.access_token]

    def dump(self) -> Secret:
        """Return them as JSON, for the store."""
        return _to_json(
            access_token=self.access_token.reveal(),
            refresh_token=None if self.refresh_token is None else self.refresh_token.reveal(),
            expires_at=self.expires_at,
        )

    @classmethod
    def load(cls, text: Secret) -> Self:
        """Restore them from the JSON of `dump`."""
        data = json.loads(text.reveal())
        refresh_token = data["refresh_token"]
        return cls(
            Secret(data["access_token"]), None if refresh_token is None else Secret(refresh_token), data["expires_at"]
        )


def tokens_key(session_key: str, resource_server: str) -> str:
    """Return the key of the tokens of a session for one service."""
    return store_key("tokens", session_key.partition(":")[2], resource_server)


def _to_json(**members: Any) -> Secret:
    return Secret(json.dumps(members, separators=(",", ":")))
