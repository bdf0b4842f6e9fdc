"""The logins of an app: one at a time, however many callers wait for one."""

from __future__ import annotations

import contextvars
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from .._single_flight import SingleFlight, copy_error
from ..errors import GlobusError, NetworkError
from ..gare import GlobusAuthorizationParameters
from ..scopes import ScopeParser

if TYPE_CHECKING:
    from ..scopes import Scope
    from ..transport import Transport

__all__ = ("Logins", "asked_scopes", "in_login")

T = TypeVar("T")

_LOGIN: Final = "login"
_MAX_CLOSING_SECONDS: Final = 30.0
_LISTS: Final = (
    "session_required_identities",
    "session_required_policies",
    "session_required_single_domain",
)

in_login: contextvars.ContextVar[bool] = contextvars.ContextVar("in_login", default=False)
"""Whether the current task is part of a login, or of the handler that decides on one: it causes no further login."""

asked_scopes: contextvars.ContextVar[Collection[str] | None] = contextvars.ContextVar("asked_scopes", default=None)
"""The scopes that the login asked for whose tokens the current task stores; ``None`` outside of a login."""


class _Login:
    """A login that is running or will run next, for all callers that want it."""

    __slots__ = ("error", "is_done", "waiters", "wanted")

    def __init__(self, wanted: GlobusAuthorizationParameters) -> None:
        self.wanted = wanted
        self.waiters = 0
        self.is_done = False
        self.error: BaseException | None = None

    def end(self, error: BaseException | None = None) -> None:
        """Record its outcome."""
        if not self.is_done:
            self.is_done, self.error = True, error


class Logins:
    """
    Runs logins one after another. A caller who wants nothing that the running one lacks waits for that.

    What several callers want besides is one further login. A login ends along with the last caller who waits for it,
    but not any more when its code is being exchanged for tokens: that is completed, and awaited on close.

    Args:
        run: Logs in with these parameters, and calls `complete`.
        transport: Awaits the completion of a login before it closes.
    """

    def __init__(self, run: Callable[[GlobusAuthorizationParameters], Awaitable[None]], transport: Transport) -> None:
        self._run = run
        self._clock = transport.clock
        self._tasks: SingleFlight[None] = SingleFlight(_LOGIN, continues=True)
        self._completions: SingleFlight[None] = SingleFlight("login", owner=transport)
        self._running: _Login | None = None
        self._next: _Login | None = None
        self._ending: GlobusError | None = None
        self._done: GlobusAuthorizationParameters | None = None
        self.ended_at: float = float("-inf")

    async def log_in(self, wanted: GlobusAuthorizationParameters, *, age: float = 0.0) -> None:
        """
        Wait for a login with these parameters; one that is running already may do.

        Args:
            wanted: The parameters.
            age: Seconds since the reason for the login; one that has ended since then may do, too.

        Raises:
            GlobusError: The login failed.
        """
        if self._done is not None and self._clock.monotonic() - self.ended_at < age and _covers(self._done, wanted):
            return
        login = self._login_for(wanted)
        login.waiters += 1
        try:
            while not login.is_done:
                with suppress(NetworkError):  # that task was cancelled; the next one may be that of this login
                    await self._tasks.join(_LOGIN, self._run_next)
        finally:
            login.waiters -= 1
            if not login.waiters and not login.is_done:
                self._abandon(login)
        if login.error is not None:
            raise copy_error(login.error) if isinstance(login.error, GlobusError) else login.error

    async def complete(self, function: Callable[[], Awaitable[None]]) -> None:
        """Exchange a code and store the tokens: from now on the login does not end along with its callers."""
        login = self._running

        async def completed() -> None:
            in_login.set(True)
            if login is not None:
                asked_scopes.set({scope.scope_string for scope in _scopes_of(login.wanted)})
            await function()
            self.ended_at = self._clock.monotonic()
            if login is not None:
                self._done = login.wanted
                login.end()
                if self._next is not None and _covers(login.wanted, self._next.wanted):
                    self._next.end()  # it was wanted when the callers of this one had been cancelled
                    self._next = None

        await self._completions.join(object(), completed)

    async def end(self, reason: GlobusError) -> None:
        """End the running login, unless it is being completed: then wait for that. Callers get the reason."""
        self._ending = reason
        try:
            if self._next is not None:
                self._next.end(reason)
                self._next = None
            if (task := self._tasks.running(_LOGIN)) is not None:
                task.cancel()
            with suppress(TimeoutError):
                async with self._clock.timeout(_MAX_CLOSING_SECONDS):
                    await self._tasks.aclose()
                    await self._completions.aclose()
        finally:
            self._ending = None

    def _login_for(self, wanted: GlobusAuthorizationParameters) -> _Login:
        running = self._running if self._tasks.running(_LOGIN) is not None else None  # not that of the parent of a fork
        if running is not None and running.waiters and _covers(running.wanted, wanted):
            return running
        if self._next is None:
            self._next = _Login(wanted)
        else:
            self._next.wanted = _merge(self._next.wanted, wanted)
        return self._next

    def _abandon(self, login: _Login) -> None:
        if self._next is login:
            self._next = None
        elif self._running is login and (task := self._tasks.running(_LOGIN)) is not None:
            task.cancel()

    async def _run_next(self) -> None:
        in_login.set(True)
        login, self._next = self._next, None
        if login is None:
            return
        self._running = login
        try:
            await self._run(login.wanted)
            login.end()
        except Exception as error:  # noqa: BLE001 -- each caller gets it, of a login flow manager of their own, too
            login.end(error.with_traceback(None) if isinstance(error, GlobusError) else error)
        finally:
            try:
                await self._completions.aclose()  # it is cancelled, but its code is being exchanged
            finally:
                self._running = None
                login.end(self._ending or GlobusError("the login was cancelled"))


def _covers(done: GlobusAuthorizationParameters, wanted: GlobusAuthorizationParameters) -> bool:
    """Return whether a login with some parameters has what others want."""
    if _merged_scopes(done, wanted) != _merged_scopes(done):
        return False
    session = wanted.for_authorize_url()
    return not session or session == done.for_authorize_url()


def _merge(
    first: GlobusAuthorizationParameters, second: GlobusAuthorizationParameters
) -> GlobusAuthorizationParameters:
    """Return the parameters of a login that does for both."""
    lists = {
        name: [*dict.fromkeys([*(getattr(first, name) or ()), *(getattr(second, name) or ())])] or None
        for name in _LISTS
    }
    return GlobusAuthorizationParameters(
        session_message=first.session_message or second.session_message,
        session_required_mfa=first.session_required_mfa or second.session_required_mfa,
        prompt=first.prompt or second.prompt,
        required_scopes=_merged_scopes(first, second),
        extra={**second.extra, **first.extra},
        **lists,
    )


def _merged_scopes(*parameters: GlobusAuthorizationParameters) -> list[str]:
    """Return the required scopes, each once with all of its dependencies."""
    return [str(scope) for scope in _scopes_of(*parameters)]


def _scopes_of(*parameters: GlobusAuthorizationParameters) -> list[Scope]:
    return ScopeParser.parse(" ".join(scope for each in parameters for scope in each.required_scopes or ()))
