"""Whether a process of an application can serve requests, for load balancers; and its shutdown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from .._single_flight import SingleFlight
from ..errors import ClientClosedError, GlobusError, GlobusSDKUsageError
from ..errors.arguments import check_bool, check_number, check_text, check_type
from .backend import GlobusBackend, RunningState, running_state
from .login import GlobusLogin
from .public_address import is_own_path
from .shutdown_signal import delayed_shutdown

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("Readiness",)

_log = logging.getLogger("globus_async")
_STORE_SECONDS: Final = 1.0
_AUTH_SECONDS: Final = 5.0
_MAX_AGE: Final = 1.0
_MAX_AGE_OF_AUTH: Final = 30.0
_PROBE_KEY: Final = "session:readiness"


class Readiness:
    """
    Responds to load balancers: whether this process can serve requests. Include its ``router``.

    The response to ``GET /ready`` is 200, or 503 with ``reasons``: ``shutting_down``, ``not_running``,
    ``session_store`` if the store does not respond within a second or has no tables, and ``globus_auth``. A result is
    used for a second, and only one check is made at a time, so that requests cause no load.

    It is not a check of liveness: a restart makes no store available. For that, use any route that needs nothing.

    At ``SIGTERM``, the check fails and `shutdown` is set at once. The server, which then refuses connections, receives
    the signal after ``drain_seconds``.

    Args:
        backend: The backend.
        login: The login whose session store is checked; ``None`` for an API with bearer tokens only.
        auth: Whether Globus Auth must be reachable. The result is used for 30 seconds. Usually it need not be: users
            with a session do not notice, and no other process is better off.
        drain_seconds: Seconds for which requests are still accepted after ``SIGTERM``, so that the load balancer
            notices in time: its interval times its threshold. By default the signal is not delayed. It needs a server
            whose handler of the signal is one of Python's, as that of uvicorn; Hypercorn's cannot be delayed.
            An application needs it once: the delays of several add up.
        path: The path of the route.

    Attributes:
        router: The route, for the outermost application: Starlette runs no lifespan of mounted ones.
        shutdown: An event that is set when the shutdown begins, for streams that would otherwise not end; there is
            another one when the application starts again.

    Example:
        >>> readiness = Readiness(globus, login, drain_seconds=10)
        >>> app.include_router(readiness.router)
    """

    def __init__(
        self,
        backend: GlobusBackend,
        login: GlobusLogin | None = None,
        *,
        auth: bool = False,
        drain_seconds: float = 0.0,
        path: str = "/ready",
    ) -> None:
        check_type("backend", backend, GlobusBackend, "a GlobusBackend")
        check_type("login", login, GlobusLogin | None, "a GlobusLogin")
        check_bool("auth", auth)
        check_number("drain_seconds", drain_seconds)
        check_text("path", path)
        if not is_own_path(path):
            raise GlobusSDKUsageError("path must begin with a slash, such as '/ready'")
        self._backend = backend
        self._store = None if login is None else login.store
        self._checks_auth = auth
        self._drain_seconds = drain_seconds
        self._checks: SingleFlight[tuple[str, ...]] = SingleFlight("readiness check")
        self._result: tuple[RunningState, float, tuple[str, ...]] | None = None
        self._auth_result: tuple[RunningState, float, bool] | None = None
        self._mistake = ""
        """What is wrong with the configuration of the store, as it was logged last."""
        self.shutdown: asyncio.Event = asyncio.Event()
        self.router: APIRouter = APIRouter(tags=["readiness"], lifespan=self._lifespan)
        self.router.add_api_route(path, self._respond, methods=["GET", "HEAD"], include_in_schema=False)

    def __repr__(self) -> str:
        return f"<Readiness of {self._backend!r}>"

    async def reasons(self) -> tuple[str, ...]:
        """Return why this process cannot serve requests; nothing if it can."""
        if self.shutdown.is_set():
            return ("shutting_down",)
        try:
            running = running_state(self._backend)
        except ClientClosedError:
            return ("not_running",)
        if running.transport.closed:
            return ("not_running",)
        if self._result is not None and self._result[0] is running:
            _, checked_at, reasons = self._result
            if running.transport.clock.monotonic() - checked_at < _MAX_AGE:
                return reasons
        return await self._checks.join("", lambda: self._check(running))

    async def _respond(self) -> JSONResponse:
        reasons = await self.reasons()
        if reasons:
            headers = {"Cache-Control": "no-store", "Retry-After": "1"}
            return JSONResponse({"status": "unavailable", "reasons": list(reasons)}, 503, headers)
        return JSONResponse({"status": "ready"}, headers={"Cache-Control": "no-store"})

    async def _check(self, running: RunningState) -> tuple[str, ...]:
        clock = running.transport.clock
        has_store, has_auth = await asyncio.gather(self._has_store(running, clock), self._has_auth(running, clock))
        found = {"session_store": has_store, "globus_auth": has_auth}
        reasons = tuple(name for name, is_available in found.items() if not is_available)
        self._result = (running, clock.monotonic(), reasons)
        return reasons

    async def _has_store(self, running: RunningState, clock: Clock) -> bool:
        if self._store is None:
            return True
        try:
            async with clock.timeout(_STORE_SECONDS):
                await running.guarded(self._store).get(_PROBE_KEY)
        except GlobusSDKUsageError as error:
            if str(error) != self._mistake:
                self._mistake = str(error)
                _log.error("the session store cannot be used: %s", error)  # no request may arrive that would say so
            return False
        except (GlobusError, TimeoutError):
            return False
        self._mistake = ""
        return True

    async def _has_auth(self, running: RunningState, clock: Clock) -> bool:
        if not self._checks_auth:
            return True
        if self._auth_result is not None and self._auth_result[0] is running:
            _, checked_at, is_reachable = self._auth_result
            if clock.monotonic() - checked_at < _MAX_AGE_OF_AUTH:
                return is_reachable
        try:
            async with clock.timeout(_AUTH_SECONDS):
                await running.auth_client.get_openid_configuration()
        except (GlobusError, TimeoutError):
            is_reachable = False
        else:
            is_reachable = True
        self._auth_result = (running, clock.monotonic(), is_reachable)
        return is_reachable

    @asynccontextmanager
    async def _lifespan(self, app: object) -> AsyncGenerator[None]:  # noqa: ARG002 -- FastAPI passes it
        try:
            with delayed_shutdown(self.shutdown.set, seconds=self._drain_seconds):
                yield
        finally:
            self.shutdown = asyncio.Event()  # the application may start again, in another event loop
