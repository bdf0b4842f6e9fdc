"""The report of a token refresh to the observers of the calls that start it or wait for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Final, NamedTuple, Protocol

from .._http.path import is_uuid

__all__ = ("EndedRefresh", "ObservedCredentials", "RefreshReport", "current_credentials", "server_name")

_HOST_NAME: Final = re.compile(r"(?=.{4,64}$)[a-z0-9\-]+(?:\.[a-z0-9\-]+)+")


class EndedRefresh(NamedTuple):
    """
    A token refresh that has ended.

    Attributes:
        authorizer: The name of the class of the authorizer.
        resource_server: The resource server that the token is for; ``""`` if it is not known.
        started_at: POSIX time at which it began, in seconds.
        seconds: How long it took.
        error: The name of the class of the error; ``None`` if there is none.
    """

    authorizer: str
    resource_server: str
    started_at: float
    seconds: float
    error: str | None


class ObservedCredentials(Protocol):
    """A call that gets its credentials, and has an observer."""

    @property
    def observer(self) -> object:
        """The observer."""
        ...

    def refresh_ended(self, refresh: EndedRefresh, waiting: Sequence[ObservedCredentials], /) -> None:
        """Report a refresh to the observer, with all of its calls that waited for it."""
        ...


current_credentials: Final[ContextVar[ObservedCredentials | None]] = ContextVar("credentials", default=None)
"""The call for which an authorizer is asked for credentials, if it has an observer: authorizers may use others."""


class RefreshReport:
    """The calls with an observer that start the refresh of an authorizer or wait for it; empty between refreshes."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: dict[ObservedCredentials, bool] = {}

    def add(self, *, waits: bool) -> None:
        """Add the current call, if it has an observer: one that waits, or one that starts a refresh in background."""
        call = current_credentials.get()
        if call is not None:
            self._calls[call] = waits or self._calls.get(call, False)

    def end(self, refresh: EndedRefresh) -> None:
        """Report the refresh, once to each observer."""
        calls, self._calls = self._calls, {}
        by_observer: dict[int, list[ObservedCredentials]] = {}
        for call in calls:
            by_observer.setdefault(id(call.observer), []).append(call)
        for group in by_observer.values():
            group[0].refresh_ended(refresh, [call for call in group if calls[call]])


def server_name(value: object) -> str:
    """Return a resource server; ``""`` if it is neither a host name nor a UUID, as that of a response may be."""
    is_name = isinstance(value, str) and (is_uuid(value) or _HOST_NAME.fullmatch(value) is not None)
    return str(value) if is_name else ""
