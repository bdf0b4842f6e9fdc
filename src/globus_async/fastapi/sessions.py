"""What an application remembers of a browser: nothing of it ever leaves the server."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self
from uuid import UUID

from ..clock import Clock, SystemClock
from ..secret import Secret

if TYPE_CHECKING:
    from ..services.auth.documents import TokenInfo

__all__ = ("MemorySessionStore", "PendingLogin", "Session", "SessionStore", "StoredTokens", "key_of")


class SessionStore(Protocol):
    """
    Where sessions are kept. Three coroutines over texts are all that it takes; a database does as well as a dict.

    Keys name what they lead to and are no secrets: ``session:``, ``login:`` or ``tokens:``, and the hash of what the
    browser holds. Values are secrets: keep them encrypted, or at least readable by the application only.
    """

    async def get(self, key: str) -> Secret | None:
        """Return what is kept under a key, if its time is not over."""
        ...

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Keep a value for so many seconds, in place of what was there."""
        ...

    async def pop(self, key: str) -> Secret | None:
        """Take a value out. Of several who try at once, one gets it."""
        ...


class MemorySessionStore:
    """
    Keeps sessions in this process: they end with it, and no other process sees them.

    Args:
        clock: Where the time comes from.
        most: How many of each kind are kept; those put first go first.
    """

    def __init__(self, clock: Clock | None = None, *, most: int = 100_000) -> None:
        self._clock: Clock = SystemClock() if clock is None else clock
        self._most = most
        self._kept: dict[str, OrderedDict[str, tuple[Secret, float]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._kept.values()))

    async def get(self, key: str) -> Secret | None:
        """Return what is kept under a key, if its time is not over."""
        value, until = self._of_kind(key).get(key, (None, 0.0))
        return value if self._clock.monotonic() < until else None

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        """Keep a value for so many seconds, in place of what was there."""
        kept, now = self._of_kind(key), self._clock.monotonic()
        kept.pop(key, None)
        # those put first mostly end first; what is over at the front makes room for what comes
        while kept and (len(kept) >= self._most or next(iter(kept.values()))[1] <= now):
            kept.popitem(last=False)
        kept[key] = value, now + seconds

    async def pop(self, key: str) -> Secret | None:
        """Take a value out. Of several who try at once, one gets it."""
        value, until = self._of_kind(key).pop(key, (None, 0.0))
        return value if self._clock.monotonic() < until else None

    def _of_kind(self, key: str) -> OrderedDict[str, tuple[Secret, float]]:
        """Logins that nobody finishes must not drive sessions out."""
        return self._kept.setdefault(key.partition(":")[0], OrderedDict())


def key_of(kind: str, *parts: Secret | str) -> str:
    """Return a key of the store; whoever reads it cannot say what the browser holds."""
    told = (hashlib.sha256(part.reveal().encode()).hexdigest() if isinstance(part, Secret) else part for part in parts)
    return ":".join((kind, *told))


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A login that a browser was sent away for."""

    browser: Secret
    """What the browser was given, and must bring back."""
    verifier: Secret
    scopes: str
    then: str

    def dump(self) -> Secret:
        """Write it as a text."""
        return _dumped(
            browser=self.browser.reveal(), verifier=self.verifier.reveal(), scopes=self.scopes, then=self.then
        )

    @classmethod
    def load(cls, text: Secret) -> Self:
        """Read it from a text."""
        data = json.loads(text.reveal())
        return cls(Secret(data["browser"]), Secret(data["verifier"]), data["scopes"], data["then"])


@dataclass(frozen=True, slots=True)
class Session:
    """
    A browser whose user has logged in.

    Attributes:
        identity_id: Who.
        username: The identity's name, such as ``ada@example.org``.
        name: The user's full name, if it is known.
        email: The user's address, if it is known.
        csrf_token: Goes into every form that changes something; ``csrf_token.reveal()`` is its text.
        expires_at: When the session ends, in POSIX seconds.
        resource_servers: Which services the user's tokens are for.
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
        """Write it as a text."""
        return _dumped(
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
        """Read it from a text."""
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
    def of(cls, entry: TokenInfo) -> Self:
        """Take them out of a token answer; that of a renewal has the refresh token that is in force from now on."""
        refresh_token = entry["refresh_token"]
        return cls(
            Secret(entry["access_token"]),
            Secret(refresh_token) if refresh_token else None,
            float(entry["expires_at_seconds"]),
        )

    def dump(self) -> Secret:
        """Write them as a text."""
        return _dumped(
            access_token=self.access_token.reveal(),
            refresh_token=None if self.refresh_token is None else self.refresh_token.reveal(),
            expires_at=self.expires_at,
        )

    @classmethod
    def load(cls, text: Secret) -> Self:
        """Read them from a text."""
        data = json.loads(text.reveal())
        refresh_token = data["refresh_token"]
        return cls(
            Secret(data["access_token"]), None if refresh_token is None else Secret(refresh_token), data["expires_at"]
        )


def _dumped(**members: Any) -> Secret:
    return Secret(json.dumps(members, separators=(",", ":")))
