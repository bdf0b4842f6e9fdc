"""An authorizer that refreshes its access token: one request at a time, shared by all calls, safe from cancellation."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from .._single_flight import SingleFlight, copy_error
from ..clock import SystemClock
from ..errors import (
    ApplicationRefused,
    ClientClosedError,
    GlobusAPIError,
    GlobusError,
    GlobusSDKUsageError,
    LoginRequired,
    NetworkError,
    TokenRefreshError,
    TransientStorageError,
    WrongEventLoopError,
)
from ..errors.arguments import check_callable, check_clock, check_members
from ..secret import Secret
from .base import GlobusAuthorizer
from .refresh_report import EndedRefresh, RefreshReport, server_name
from .refusals import refusal_of
from .token import Freshness, HeldToken, IssuedToken, parse_lifetime

if TYPE_CHECKING:
    from .._single_flight import TaskOwner
    from ..clock import Clock

__all__ = ("OnRefresh", "RenewingAuthorizer")

OnRefresh = Callable[[Any], Awaitable[object] | object]
"""Called with every token response, before the waiting calls use the new token; may be a coroutine function."""

_log = logging.getLogger("globus_async")
_REFRESH: Final = "token refresh"
_HOOKS: Final = ("_request_token", "_get_token_response")
"""One of them is defined by each subclass."""
_PAUSE: Final = 30.0
"""Seconds after a failed refresh until the next one; fewer after the first failures if there is no token to use."""
_MAX_INSTANT: Final = 1e12
_MAX_RETRY_AFTER: Final = 600.0
_CALLBACK_SECONDS: Final = 30.0

_current_refresh: contextvars.ContextVar[asyncio.Task[Any] | None] = contextvars.ContextVar("refresh", default=None)
"""The refresh task that the current task is, or was started by: tasks that ``on_refresh`` starts are part of it."""


class RenewingAuthorizer(GlobusAuthorizer):
    """
    An authorizer that requests a new access token when its own expires or is refused.

    There is one refresh at a time, under an asyncio lock and in a task that no caller can cancel; all calls that need
    the token wait for it. In the last five minutes of a token's lifetime the refresh runs in the background, in the
    last minute calls wait for it. If it fails, a token that has not expired stays in use. Without one, calls fail with
    copies of the error until the refresh is tried again: after 1 second, then after 2, 4, ... and at most 30 seconds,
    or when the service's ``Retry-After`` says.

    A subclass defines `_get_token_response`, which requests a token.

    Args:
        access_token: An access token to start with.
        expires_at: When it expires, in POSIX seconds; required with ``access_token``.
        on_refresh: Called with every token response, so that it can be stored.
        clock: The clock that decides when a token has expired; the default is the system's.
        task_owner: Awaits a running refresh before it closes, such as a `Transport`; without one, a refresh that is
            running when the event loop ends is cancelled.

    Example:
        >>> class KeyServerAuthorizer(RenewingAuthorizer):
        ...     async def _get_token_response(self):
        ...         return {"access_token": "AgX1", "expires_in": 3600}
        >>> await KeyServerAuthorizer().get_authorization_header()
        Secret('***')
    """

    _sees_logins: bool = False
    """Whether a new login may be noticed, so that it is worth while to try again after `LoginRequired`."""

    def __init__(
        self,
        access_token: str | Secret | None = None,
        expires_at: float | None = None,
        on_refresh: OnRefresh | None = None,
        *,
        clock: Clock | None = None,
        task_owner: TaskOwner | None = None,
    ) -> None:
        access_token = None if access_token is None else Secret.of(access_token)
        if all(getattr(type(self), hook) is getattr(RenewingAuthorizer, hook) for hook in _HOOKS):
            raise TypeError(f"{type(self).__name__} must define _get_token_response()")
        clock = SystemClock() if clock is None else clock
        check_clock(clock)
        if task_owner is not None:
            check_members("task_owner", task_owner, ("adopt",), "an object that adopts tasks, such as a Transport")
        check_callable("on_refresh", on_refresh)
        if access_token is not None:
            access_token.check("access_token")
        if (access_token is None) != (expires_at is None):
            raise GlobusSDKUsageError("access_token and expires_at (POSIX seconds) go together: give both or neither")
        is_number = isinstance(expires_at, (int, float)) and not isinstance(expires_at, bool)
        if expires_at is not None and (not is_number or abs(expires_at) > _MAX_INSTANT):
            raise GlobusSDKUsageError("expires_at must be POSIX seconds, such as the token's expires_at_seconds")
        self.on_refresh = on_refresh
        self._clock = clock
        self._held: HeldToken | None = None
        self._refused: Secret | None = None
        """The header that was refused last, though it had not expired."""
        if access_token is not None and expires_at is not None:
            wall = clock.wall()
            self._held = HeldToken.bearer(
                Secret.token("access_token", access_token),
                parse_lifetime(expires_at - wall),
                wall=wall,
                monotonic=clock.monotonic(),
            )
        self._lock = asyncio.Lock()
        self._refreshes: SingleFlight[None] = SingleFlight(_REFRESH, owner=task_owner, continues=True)
        self._report = RefreshReport()
        self._resource_server: object = None
        self._calling_on_refresh = False
        self._failure: TokenRefreshError | None = None
        self._failed_at = 0.0
        self._failures = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{self._owner_text()}: {self._state_text()}>"

    def _owner_text(self) -> str:
        """Return the owner of the tokens, for ``repr``."""
        return ""

    def _state_text(self) -> str:
        held = getattr(self, "_held", None)  # a constructor may have failed
        if held is None:
            return "no access token" if getattr(self, "_failure", None) is None else "the refresh failed"
        if held.lifetime is None:
            return "an access token without a known lifetime"
        remaining = held.remaining(wall=self._clock.wall(), monotonic=self._clock.monotonic())
        return f"an access token for {remaining:.0f} seconds" if remaining > 0 else "an expired access token"

    async def _new_token(self) -> tuple[HeldToken, Any]:
        """Return a new token, and the response for ``on_refresh``; ``None`` if another process received it."""
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        issued, response = await self._request_token()
        return HeldToken.bearer(issued.access_token, issued.lifetime, wall=wall, monotonic=monotonic), response

    async def _request_token(self) -> tuple[IssuedToken, Any]:
        """Make one token request; return the token, and the response for ``on_refresh``."""
        response = self._get_token_response()
        if inspect.isawaitable(response):
            response = await response
        data = self._extract_token_data(response)
        expires_at = data.get("expires_at_seconds")
        lifetime = data.get("expires_in") if expires_at is None else expires_at - self._clock.wall()
        return IssuedToken(Secret.token("access_token", data["access_token"]), parse_lifetime(lifetime)), response

    def _get_token_response(self) -> Any:
        """Request a token; return the response, or a coroutine of it, such as a method of an Auth client."""
        raise NotImplementedError

    def _extract_token_data(self, res: Any) -> Mapping[str, Any]:
        """
        Return the token of a response: ``access_token``, and ``expires_at_seconds`` (POSIX) or ``expires_in``.

        Args:
            res: What `_get_token_response` returned: by default a token response with one token, or a mapping.

        Raises:
            ValueError: The response has tokens for several resource servers.
        """
        tokens = getattr(res, "by_resource_server", None)
        if tokens is None:
            return res  # type: ignore[no-any-return]
        if len(tokens) != 1:
            raise ValueError("the response has tokens for several resource servers")
        token: Mapping[str, Any] = next(iter(tokens.values()))
        return token

    async def get_authorization_header(self) -> Secret:
        """
        Return the header with a valid token, after refreshing it if necessary.

        Raises:
            LoginRequired: The grant is invalid or expired; a new login is needed.
            ApplicationRefused: The application's id or secret is wrong, or its registration.
            TokenRefreshError: No access token could be obtained at the moment.
        """
        for _ in range(2):  # the 401 of another call may discard a new token before this call has used it
            if (held := self._usable()) is not None:
                return held.header
            if not self._may_refresh():
                raise self._failure_copy()
            failure = await self._refreshed()
            held = self._held
            if held is not None and (failure is None or self._freshness(held) is not Freshness.EXPIRED):
                return held.header
            if failure is not None:
                raise failure
        raise TokenRefreshError("the new tokens were refused before they could be used")

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        """Discard the refused token, unless another one has replaced it; return whether a new one may be had."""
        held = self._held
        if held is not None and (refused is None or held.header == refused):
            self._held, self._refused = None, held.header
        return self._held is not None or not isinstance(self._failure, LoginRequired) or self._may_refresh()

    def is_refreshing(self) -> bool:
        """Return whether the current task is part of a running refresh, as the calls made by ``on_refresh`` are."""
        task = self._refreshes.running(_REFRESH)
        return task is not None and task is _current_refresh.get()

    def _usable(self) -> HeldToken | None:
        """Return the token if no refresh need be awaited; start one in the background when it is due."""
        held = self._held
        if held is None:
            return None
        match self._freshness(held):
            case Freshness.FRESH:
                return held
            case Freshness.REFRESH_SOON:
                if self._may_refresh():
                    self._add_to_report(waits=False)
                    self._refreshes.start(_REFRESH, self._refresh)
                return held
            case Freshness.REFRESH_NOW:
                return None if self._may_refresh() and not self._is_new_token_held() else held
            case Freshness.EXPIRED:
                return held if self._is_new_token_held() else None

    def _freshness(self, held: HeldToken) -> Freshness:
        return held.freshness(wall=self._clock.wall(), monotonic=self._clock.monotonic())

    def _may_refresh(self) -> bool:
        """Return whether a refresh is running, or may be started: the pause after the last failure has passed."""
        return self._failure is None or self._pause_left() <= 0 or self._refreshes.running(_REFRESH) is not None

    def _pause_left(self) -> float:
        """Return the seconds until the refresh may be tried again after its failure."""
        failure = self._failure
        if isinstance(failure, LoginRequired) and not self._sees_logins:
            return math.inf
        held = self._held
        if held is None or self._freshness(held) is Freshness.EXPIRED:
            pause = min(_PAUSE, 2.0 ** (self._failures - 1))
        else:
            pause = _PAUSE
        cause = None if failure is None else failure.__cause__
        if isinstance(cause, GlobusAPIError | TransientStorageError):
            pause = max(pause, min(cause.retry_after or 0.0, _MAX_RETRY_AFTER))
        return self._failed_at + pause - self._clock.monotonic()

    def _discard_failure(self) -> None:
        """Let the next call try the refresh again, since what it depends on has changed."""
        self._failure, self._failures = None, 0

    def _failure_copy(self) -> TokenRefreshError:
        """Return a copy of the last failure, which says when the refresh is tried again."""
        error = copy_error(self._failure or TokenRefreshError("the access token could not be refreshed"))
        left = self._pause_left()
        error.retry_after = None if math.isinf(left) else max(left, 0.0)
        return error

    def _is_new_token_held(self) -> bool:
        """Return whether the running refresh has its token already, and only ``on_refresh`` has yet to finish."""
        return self._calling_on_refresh and self._refreshes.running(_REFRESH) is not None

    async def _refreshed(self) -> TokenRefreshError | None:
        """Wait for the running refresh, or for a new one; return the error if it failed."""
        if self.is_refreshing():
            return TokenRefreshError("the new token was refused while on_refresh was using it")
        self._add_to_report(waits=True)
        try:
            await self._refreshes.join(_REFRESH, self._refresh)
        except (TokenRefreshError, NetworkError) as error:  # the latter: the refresh task was cancelled from outside
            return self._error_of(error)
        return None

    async def _refresh(self) -> None:
        """
        Request a token, keep it, and call ``on_refresh``.

        Raises:
            TokenRefreshError: The request failed.
        """
        _current_refresh.set(asyncio.current_task())
        if self._lock.locked():  # by a refresh that ended with its event loop, or that a fork left in the parent
            self._lock = asyncio.Lock()
        started_at, began = self._clock.wall(), self._clock.monotonic()
        failure: str | None = None
        try:
            async with self._lock:
                await self._refresh_locked()
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            server, seconds = server_name(self._resource_server), self._clock.monotonic() - began
            self._report.end(EndedRefresh(type(self).__name__, server, started_at, seconds, failure))

    def _add_to_report(self, *, waits: bool) -> None:
        """Report the running refresh, or the one that is started now, to the observer of the current call."""
        task = self._refreshes.running(_REFRESH)
        if task is None or task.get_loop() is asyncio.get_running_loop():
            self._report.add(waits=waits)

    async def _refresh_locked(self) -> None:
        self._calling_on_refresh = False
        try:
            held, response = await self._new_token()
        except Exception as error:  # noqa: BLE001 -- a caller's own auth client may raise anything
            failure = self._error_of(error)
        else:
            self._held = held
            self._note_resource_server(response)
            self._discard_failure()
            self._calling_on_refresh = True
            try:
                await self._call_on_refresh(response)
            finally:
                self._calling_on_refresh = False
            return
        if not isinstance(failure.__cause__, (ClientClosedError, WrongEventLoopError)):  # nothing was sent
            self._failure, self._failed_at = failure, self._clock.monotonic()
            self._failures = min(self._failures + 1, 10)
            failure = self._failure_copy()
        _log.warning("%s", failure)
        raise failure

    def _note_resource_server(self, response: Any) -> None:
        """Note the resource server of a token response, unless it is known."""
        servers: dict[object, object] | None = getattr(response, "by_resource_server", None)
        if self._resource_server is None and servers is not None and len(servers) == 1:
            self._resource_server = next(iter(servers))

    def _error_of(self, error: Exception) -> TokenRefreshError:
        """Return the error for a failed token request, without its frames, whose locals hold tokens."""
        if isinstance(error, TokenRefreshError):
            return copy_error(error)
        failure: TokenRefreshError
        match refusal_of(error):
            case "application":
                failure = ApplicationRefused(
                    f"Globus Auth refused the application ({error}); correct the client's id and secret, or its"
                    " registration"
                )
            case "grant":
                failure = self._grant_refused(error)
            case _:
                why = error if isinstance(error, GlobusError) else type(error).__name__
                failure = TokenRefreshError(f"the access token could not be refreshed: {why}")
        failure.__cause__ = copy_error(error) if isinstance(error, GlobusError) else _without_frames(error)
        return failure

    def _grant_refused(self, error: Exception) -> TokenRefreshError:
        """Return the error for a grant that is invalid or has ended."""
        return LoginRequired(f"Globus Auth refused to refresh the access token ({error}); log in again")

    async def _call_on_refresh(self, response: Any) -> None:
        if self.on_refresh is None or response is None:
            return
        try:
            async with self._clock.timeout(_CALLBACK_SECONDS):
                done = self.on_refresh(response)
                if inspect.isawaitable(done):
                    await done
        except asyncio.CancelledError:
            _log.error("on_refresh was cancelled; the new token is in use all the same")
            raise
        except Exception as error:  # noqa: BLE001 -- an error of the caller's callback must not discard the token
            _log.error("on_refresh failed with %s; the new token is in use all the same", type(error).__name__)


def _without_frames(error: Exception) -> Exception:
    """Drop the frames of an error of another library and of all errors that it is made of."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = None
        waiting += (other for other in (one.__cause__, one.__context__) if other is not None)
        if isinstance(one, BaseExceptionGroup):
            waiting += cast("BaseExceptionGroup[BaseException]", one).exceptions
    return error
