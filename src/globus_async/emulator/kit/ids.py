"""
Identifiers: UUIDs, request ids, and random texts.

They are random, unless the emulator has a seed (``GlobusEmulator(id_seed=1)``): then `Ids` derives them from it. The
functions take them from the emulator on whose behalf they are called, which a context variable holds: `Ids.use` sets it
around every request, around the start of background work, and, with the decorator `own_ids`, around methods of states
for tests. A request or job has a sequence of its own (`Ids.fork`), so that those at the same time do not mix theirs.
"""

from __future__ import annotations

import functools
import random
import re
import secrets
import string
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ("Ids", "current_ids", "is_uuid", "named_id", "new_id", "own_ids", "random_text", "request_id", "time_id")

_NAMESPACE: Final = UUID("5a1c7e0e-7d0c-5b0e-9a53-6d2f7f3c9b10")
_LETTERS: Final = string.ascii_letters + string.digits
_SINCE_1582: Final = 0x01B21DD213814000
"""Units of 100 nanoseconds from the start of the Gregorian calendar to 1970 (RFC 9562, section 5.1)."""
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Ids:
    """
    The source of ids of an emulator, or of one of its requests and jobs.

    Args:
        seed: Makes it the same in every run; random by default.
        root: The source of the whole emulator; by default this one.
    """

    def __init__(self, seed: str | None = None, *, root: Ids | None = None) -> None:
        self._seed = seed
        self.root: Ids = self if root is None else root
        self._forks = 0
        self.random: random.Random = secrets.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 -- no secret
        """The randomness itself."""

    def __repr__(self) -> str:
        return f"<Ids, {'random' if self._seed is None else 'from a seed'}>"

    @property
    def is_seeded(self) -> bool:
        """Whether they are the same in every run."""
        return self._seed is not None

    def named(self, name: str) -> Ids:
        """Return the source of this name, the same each time."""
        return self if self._seed is None else Ids(f"{self._seed}/{name}", root=self.root)

    def fork(self) -> Ids:
        """Return a source of its own, for a request or job: the next one of this source."""
        self._forks += 1
        return self.named(f"{self._forks}")

    @contextmanager
    def use(self) -> Generator[None]:
        """Let the functions of this module take ids from this source, in this context until the end of the block."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_RANDOM: Final = Ids()
_current: Final[ContextVar[Ids]] = ContextVar("ids of the emulator", default=_RANDOM)


def current_ids() -> Ids:
    """Return the source in use: of the request, job or method for tests that is executed; else a random one."""
    return _current.get()


F = TypeVar("F", bound="Callable[..., Any]")


def own_ids(method: F) -> F:
    """
    Decorate a method that tests call, outside any request, so that the ids it makes are those of its emulator.

    Args:
        method: A method of an object with a ``platform``, such as the state of a service.
    """

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        ids: Ids = self.platform.ids
        if current_ids().root is ids:  # in a request, or in another method for tests
            return method(self, *args, **kwargs)
        with ids.use():
            return method(self, *args, **kwargs)

    return cast("F", call)


def new_id() -> str:
    """Return a new UUID."""
    return str(UUID(int=_current.get().random.getrandbits(128), version=4))


def time_id(now: float) -> str:
    """
    Return a new UUID of version 1, which contains the time, as those of Transfer's tasks do.

    Args:
        now: POSIX seconds.
    """
    ticks = (int(now * 10_000_000) + _SINCE_1582) & (1 << 60) - 1
    clock_and_node = 1 << 63 | _current.get().random.getrandbits(62)
    high = (ticks & 0xFFFFFFFF) << 32 | (ticks >> 32 & 0xFFFF) << 16 | 1 << 12 | ticks >> 48
    return str(UUID(int=high << 64 | clock_and_node))


def named_id(*names: str) -> str:
    """Return the UUID of these names: the same in every run."""
    return str(uuid5(_NAMESPACE, "\n".join(names)))


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID in its usual form, with hyphens."""
    return _UUID.fullmatch(text) is not None


def request_id() -> str:
    """Return a new request id: nine letters and digits."""
    return random_text(9)


def random_text(length: int) -> str:
    """Return ASCII letters and digits: for tokens, codes and other secrets."""
    return "".join(_current.get().random.choices(_LETTERS, k=length))
