"""The faults that an emulator injects into requests to come: which requests, how many, and by what chance."""

from __future__ import annotations

import fnmatch
import hashlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ("CONNECTION", "ZERO_COPY", "Fault", "Faults", "PendingFault")

Fault: TypeAlias = "Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]"
"""What happens to a request: any function ``(app, scope, receive, send)``, such as those of `faults`."""

CONNECTION: Final = "globus_async.connection"
"""The extension in the ASGI scope with the number of the request's connection; in process there is none."""
ZERO_COPY: Final = "http.response.zerocopysend"
"""The extension of ASGI, and the type of its messages, with which a file is sent without being read."""


@dataclass(slots=True)
class PendingFault:
    """A fault that is injected into requests to come."""

    id: int
    method: str
    path_pattern: str
    fault: Fault
    times: int | None
    """The number of requests that it is still injected into, or of connections if it is sticky; `None` for all."""
    after: int
    """The number of matching requests that are still processed without it first."""
    host_pattern: str = "*"
    share: float = 1.0
    """The share of the requests, or of the connections if it is sticky, that it is injected into."""
    sticky: bool = False
    seed: int = 0
    _draws: int = 0
    _connections: dict[object, bool] = field(default_factory=dict[object, bool])
    """Whether the connections so far have the fault, if it is sticky."""

    @property
    def name(self) -> str:
        """The name of the function that made the fault; empty if it has none."""
        return getattr(self.fault, "__qualname__", "").partition(".")[0]

    @property
    def is_pending(self) -> bool:
        """Whether it can still be injected into requests of any connection."""
        return self.times is None or self.times > 0

    def triggers(self, method: str, path: str, host: str = "", connection: object = None) -> bool:
        """
        Count a request that matches, and tell whether the fault is triggered.

        Args:
            method: Of the request.
            path: Of the request.
            host: Of the request.
            connection: Which of all connections it has come by; `None` for one of its own.
        """
        if (
            self.method not in {"*", method}
            or not fnmatch.fnmatchcase(path, self.path_pattern)
            or not fnmatch.fnmatchcase(host, self.host_pattern)
        ):
            return False
        if self.sticky and connection is not None and connection in self._connections:
            return self._connections[connection]
        if self.after > 0:
            self.after -= 1
            return False
        is_drawn = self.is_pending and self._draw()
        if is_drawn and self.times is not None:
            self.times -= 1
        if self.sticky and connection is not None:
            self._connections[connection] = is_drawn
        return is_drawn

    def _draw(self) -> bool:
        """Draw the next of the chances, which the seed fixes."""
        self._draws += 1
        digest = hashlib.blake2b(f"{self.seed}:{self._draws}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < self.share * 2**64


class Faults:
    """The faults to be injected, and the ASGI layer that does it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._entries: list[PendingFault] = []
        self._numbers = itertools.count(1)
        self.of_request: Callable[[Scope], Fault | None] = lambda _: None
        """Returns the fault that a request itself asks for; none does by default."""
        self.triggered: list[tuple[str, str]] = []
        """Method and path of every request that a fault was injected into."""

    def __repr__(self) -> str:
        return f"<Faults: {len(self.pending)} pending, {len(self.triggered)} triggered>"

    def add(
        self,
        method: str,
        path_pattern: str,
        fault: Fault,
        *,
        times: int | None = 1,
        after: int = 0,
        host: str = "*",
        share: float = 1.0,
        sticky: bool = False,
        seed: int = 0,
    ) -> int:
        """
        Inject a fault into requests to come; return its number, for `remove`.

        Args:
            method: The HTTP method of the requests; ``*`` for all.
            path_pattern: The paths, as a pattern in which ``*`` also matches slashes.
            fault: Made by a function of this module, or any function ``(app, scope, receive, send)``.
            times: The number of requests it is injected into; `None` for all to come.
            after: The number of matching requests that are processed without it first.
            host: The host of the requests, as a pattern, such as ``collection.https_host``.
            share: The share of the requests it is injected into, between 0 and 1: which ones, the seed fixes.
            sticky: Inject it into all requests of a connection, or into none of them: ``times`` and ``share`` are
                those of connections. In process each request is a connection of its own.
            seed: Another one makes the share hit other requests.

        Raises:
            ValueError: A share that is not between 0 and 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a share is between 0 and 1, not {share!r}")
        number = next(self._numbers)
        entry = PendingFault(number, method.upper(), path_pattern, fault, times, after, host, share, sticky, seed)
        self._entries.append(entry)
        return entry.id

    @property
    def pending(self) -> list[PendingFault]:
        """The faults that are still to be injected."""
        return [entry for entry in self._entries if entry.is_pending]

    def remove(self, number: int) -> None:
        """Remove a pending fault; no effect if there is none of this number."""
        self._entries = [entry for entry in self._entries if entry.id != number]

    def clear(self) -> None:
        """Remove all pending faults."""
        self._entries.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process a request with the faults that match it; those added first are the outermost layers."""
        app = self._app
        if scope["type"] == "http":
            method, path, extensions = scope["method"], scope["path"], scope.get("extensions", {})
            host = Headers(scope=scope).get("host", "").partition(":")[0].lower() if self._entries else ""
            connection = extensions.get(CONNECTION)
            faults = [entry.fault for entry in self._entries if entry.triggers(method, path, host, connection)]
            faults += filter(None, [self.of_request(scope)])
            if faults:
                self.triggered.append((method, path))
                # what is sent passes through the layers
                scope = {**scope, "extensions": {key: extensions[key] for key in extensions if key != ZERO_COPY}}
            for fault in reversed(faults):
                app = _around(app, fault)
        await app(scope, receive, send)


def _around(app: ASGIApp, fault: Fault) -> ASGIApp:
    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        await fault(app, scope, receive, send)

    return layer
