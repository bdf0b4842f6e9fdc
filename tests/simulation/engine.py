"""
A simulated engine of a database, with what real ones do besides: they fail over, evict keys, and their clocks step.

A failover loses the writes of the last seconds, leases and tokens alike, which the replica did not have. It does not
lose what no client could save, since stored tokens have no order by which an old one could be told from a new login:

- a login, which no process may have read yet;
- two replacements of a refresh token in succession: a process that has seen neither would send the oldest token, and
  Auth would revoke the login, since the one after it was used;
- a replacement whose new token was sent already, for the same reason, unless its sender knows the old one to be
  replaced, since it has read it before, and goes on, without a pause, to store what it receives.

Its clock is set back by half a minute at most: leases last longer by as much, and a call has to end in ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from globus_async.token_storage import TokenStorageData
from globus_async.token_storage.stored_tokens import decode_entry
from tests.simulation.world import Process, World

__all__ = ("Connection", "Grant", "SimulatedEngine")

T = TypeVar("T")
NEVER: Final = float("inf")


@dataclass(eq=False)
class Grant:
    """A lease as the engine has granted it; a failover or an eviction may lose it, and grant it again."""

    holder: str
    granted_at: float
    ends_at: float


@dataclass(eq=False)
class _Write:
    """A write, and what undoes it."""

    at: float
    key: str
    before: Any
    superseded: str | None
    is_login: bool


@dataclass(eq=False, repr=False)
class SimulatedEngine:
    """
    Keys and values, of which one has the tokens of the login, and one the lease.

    Attributes:
        world: The time.
        tokens: The key of the tokens.
        decode: Returns the text of the tokens in the value of that key.
        fault: Returns what happens to a call, given whether it writes: ``""``, ``"unsent"``, ``"lost"``, ``"hangs"``,
            ``"late"``.
        replaced: Called when the tokens are replaced, with the old ones and the new ones.
        superseded: When each refresh token of a former entry was replaced, in the history that the engine has kept.
        lost: Called with the refresh tokens that a failover or an eviction has lost.
        may_lose: Returns whether a failover may lose a refresh token, given the one that it would bring back.
        scripts: The scripts that it knows.
    """

    world: World
    tokens: str
    decode: Callable[[Any], bytes | None]
    fault: Callable[[bool], str] = lambda _: ""
    replaced: Callable[[TokenStorageData | None, TokenStorageData], None] = lambda *_: None
    lost: Callable[[set[str]], None] = lambda _: None
    may_lose: Callable[[str, str], bool] = lambda *_: True
    superseded: dict[str, float] = field(default_factory=dict)
    scripts: set[str] = field(default_factory=set)
    clock_offset: float = 0.0
    _values: dict[str, tuple[Any, float]] = field(default_factory=dict)
    _writes: list[_Write] = field(default_factory=list)
    _grants: dict[Process, Grant] = field(default_factory=dict)
    _is_login: bool = False

    # the commands

    def clock(self) -> float:
        """Return the time of the engine, by which keys expire."""
        return self.world.now + self.clock_offset

    def get(self, key: str) -> Any:
        """Return the value of a key; ``None`` if there is none, or it has expired."""
        value, ends_at = self._values.get(key, (None, NEVER))
        return value if ends_at > self.clock() else None

    def seconds_left(self, key: str) -> float:
        """Return the seconds until a key expires."""
        return self._values[key][1] - self.clock()

    def set(self, key: str, value: Any, seconds: float = NEVER) -> None:
        """Set the value of a key."""
        self._write(key, (value, self.clock() + seconds))

    def delete(self, key: str) -> None:
        """Delete a key."""
        self._write(key, None)

    def _write(self, key: str, after: tuple[Any, float] | None) -> None:
        superseded = None
        if key == self.tokens and after is not None:
            superseded = self._note_replaced(self._tokens_in(self.get(key)), self._tokens_in(after[0]))
        self._writes.append(_Write(self.world.now, key, self._values.get(key), superseded, self._is_login))
        self._put(key, after)

    def _put(self, key: str, entry: tuple[Any, float] | None) -> None:
        if entry is None:
            self._values.pop(key, None)
        else:
            self._values[key] = entry

    def _note_replaced(self, old: TokenStorageData | None, new: TokenStorageData | None) -> str | None:
        assert new is not None
        self.replaced(old, new)
        before, after = _refresh_token(old), _refresh_token(new)
        if before is None or before == after:
            return None
        self.superseded.setdefault(before, self.world.now)
        return before

    # the tokens and the lease

    @property
    def entry(self) -> TokenStorageData | None:
        """The tokens of the login."""
        return self._tokens_in(self.get(self.tokens))

    def _tokens_in(self, value: Any) -> TokenStorageData | None:
        text = None if value is None else self.decode(value)
        return None if text is None else decode_entry(text)

    def log_in(self, store: Callable[[], None]) -> None:
        """Store the tokens of a login, which no failover loses."""
        self._is_login = True
        store()
        self._is_login = False

    def granted(self, process: Process, holder: str, seconds: float) -> None:
        """Note that a process was granted the lease."""
        self._grants[process] = Grant(holder, self.world.now, self.world.now + seconds)

    def released(self, process: Process, holder: str) -> None:
        """Note that a process has released the lease."""
        grant = self._grants.get(process)
        if grant is not None and grant.holder == holder:
            del self._grants[process]

    def holds(self, process: Process) -> Grant | None:
        """Return the lease that a process was granted, if its time has not run out, whoever else has it."""
        grant = self._grants.get(process)
        return grant if grant is not None and grant.ends_at > self.world.now else None

    def process_died(self, process: Process) -> None:
        """Do nothing: an engine does not know whether a holder lives."""

    # what happens to it

    def fail_over(self, seconds: float) -> None:
        """Lose the writes of the last seconds."""
        lost: set[str] = set()
        self.scripts.clear()
        while self._writes and self._writes[-1].at > self.world.now - seconds:
            write = self._writes[-1]
            if write.is_login:
                break
            if write.superseded is not None and (lost or not self.may_lose(self.newest(), write.superseded)):
                break
            self._writes.pop()
            if write.superseded is not None:
                lost.add(self.newest())
                self.superseded.pop(write.superseded, None)
            self._put(write.key, write.before)
        self.lost(lost)

    def newest(self) -> str:
        """Return the stored refresh token; an empty text if there is none."""
        return _refresh_token(self.entry) or ""

    def evict(self, *, tokens: bool) -> None:
        """Remove the keys of leases, or also that of the tokens, as a full memory or its administrator does."""
        for key in [*self._values]:
            if "lease" in key or (tokens and key == self.tokens):
                if key == self.tokens:
                    self.lost({_refresh_token(self.entry) or "", *self.superseded})
                self._values.pop(key)
        self._writes.clear()  # the replica has no more than that

    def step_clock(self, seconds: float) -> None:
        """Set its clock forward or back."""
        self.clock_offset += seconds


def _refresh_token(data: TokenStorageData | None) -> str | None:
    return None if data is None or data.refresh_token is None else data.refresh_token.reveal()


class Connection:
    """
    The connections of one process to an engine.

    Args:
        engine: The engine.
        process: The process.
        errors: What failing calls raise: exceptions or their classes.
    """

    def __init__(
        self, engine: SimulatedEngine, process: Process, errors: tuple[Callable[[], BaseException], ...]
    ) -> None:
        self.engine = engine
        self.process = process
        self.failures = 0
        """The number of calls that failed, or had no response in time."""
        self.seen: set[str] = set()
        """The refresh tokens that were stored when the process has read from the engine."""
        self._errors = errors

    async def call(self, effect: Callable[[], T], *, writes: bool) -> T:
        """Let the engine do something, and return its response; or fail, before or after it has been done."""
        world, fault = self.engine.world, self.engine.fault(writes)
        before, after = world.random.uniform(0.005, 0.05), world.random.uniform(0.005, 0.05)
        if fault:
            self.failures += 1
        match fault:
            case "unsent":
                await self.process.sleep(before)
                raise self._error()
            case "lost":  # a commit without a response: it was done, or it was not
                await world.call(
                    self.process, effect if world.random.random() < 0.7 else lambda: None, before=before, after=after
                )
                raise self._error()
            case "hangs":
                before = NEVER
            case "late":
                before = world.random.uniform(1, 60)
            case _:
                pass
        newest, response = await world.call(
            self.process, lambda: (self.engine.newest(), effect()), before=before, after=after
        )
        if not writes:
            self.seen.add(newest)
        return response

    def _error(self) -> BaseException:
        return self.engine.world.random.choice(self._errors)()
