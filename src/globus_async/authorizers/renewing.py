"""Renewing a token once, however many calls need it, whoever of them is cancelled."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import inspect
import logging
import os
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from .._http.json_reader import is_object
from ..errors import (
    GlobusAPIError,
    GlobusError,
    GlobusSDKUsageError,
    LoginRequired,
    TokenRefreshError,
    WrongEventLoopError,
)
from ..secret import Secret
from .base import GlobusAuthorizer
from .token import Freshness, Grant, HeldToken, lifetime_of

if TYPE_CHECKING:
    from ..transport import Transport

__all__ = ("OnRefresh", "RenewingAuthorizer")

OnRefresh = Callable[[Any], Awaitable[object] | object]
"""Called with every token answer, before the new token is used by those who waited; may be a coroutine function."""

_log = logging.getLogger("globus_async")
_PAUSE: Final = 30.0
_CALLBACK_SECONDS: Final = 30.0
_WRONG_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client"})
_GONE: Final = _WRONG_CLIENT | {"invalid_grant", "access_denied"}

_renewal: contextvars.ContextVar[asyncio.Task[Any] | None] = contextvars.ContextVar("renewal", default=None)
"""The renewal that the current task is or comes from: what ``on_refresh`` does in tasks of its own is part of it."""


class RenewingAuthorizer(GlobusAuthorizer):
    """
    An authorizer that gets a fresh token when the one it holds ends or is refused.

    One renewal at a time, in a task of its own that no caller can cancel: all who need the token wait for that one.
    In the last five minutes of a token's life the renewal runs beside the calls; in the last one they wait for it.
    If it fails, a token that still lives goes on being used.

    Args:
        transport: Whose clock counts, and which waits for a renewal under way before it closes.
        access_token: A token to begin with.
        expires_at: When it ends, in POSIX seconds; goes with ``access_token``.
        on_refresh: Called with every token answer, so that it can be stored.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        access_token: str | Secret | None = None,
        expires_at: float | None = None,
        on_refresh: OnRefresh | None = None,
    ) -> None:
        access_token = None if access_token is None else Secret.of(access_token)
        if (access_token is None) != (expires_at is None):
            raise GlobusSDKUsageError("access_token and expires_at (POSIX seconds) go together: give both or neither")
        if isinstance(expires_at, bool) or not isinstance(expires_at, (int, float, type(None))):
            raise GlobusSDKUsageError("expires_at must be POSIX seconds, such as the token's expires_at_seconds")
        self.on_refresh = on_refresh
        self._transport = transport
        self._clock = transport.clock
        self._held: HeldToken | None = None
        if access_token is not None and expires_at is not None:
            wall = self._clock.wall()
            self._held = HeldToken.bearer(
                Secret.token("access_token", access_token),
                lifetime_of(expires_at - wall),
                wall=wall,
                monotonic=self._clock.monotonic(),
            )
        self._lock = asyncio.Lock()
        self._pid = 0
        self._flight: asyncio.Task[TokenRefreshError | None] | None = None
        self._landed = False
        self._not_before = float("-inf")
        self._lost: LoginRequired | None = None

    @abstractmethod
    async def _renew(self) -> tuple[Grant, Any]:
        """Make one token request; return what it brought, and the answer for ``on_refresh``."""

    async def get_authorization_header(self) -> Secret:
        """
        Return the header with a token that is good, renewing it first if it must be.

        Raises:
            LoginRequired: The grant is gone; a new login is needed.
            TokenRefreshError: No fresh token could be had just now.
        """
        for _ in range(2):  # another call's 401 may take a new token away before this call gets hold of it
            if (held := self._usable()) is not None:
                return held.header
            if self._lost is not None:
                raise _own(self._lost)
            failure = await self._joined()
            held = self._held
            if held is not None and (failure is None or self._freshness(held) is not Freshness.OVER):
                return held.header
            if failure is not None:
                raise _own(failure)
        raise TokenRefreshError("the new tokens were refused before they could be used")

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        """Forget the token that was refused, unless another is held by now; say whether another can be had."""
        held = self._held
        if held is not None and (refused is None or held.header == refused):
            self._held = None
        return self._held is not None or self._lost is None

    def is_renewing(self) -> bool:
        """Say whether the current task is part of the renewal, as are the calls that ``on_refresh`` makes."""
        return self._flight is not None and self._flight is _renewal.get()

    def _usable(self) -> HeldToken | None:
        """Return the token if no renewal need be waited for; start one beside the calls when it is due."""
        held = self._held
        if held is None:
            return None
        match self._freshness(held):
            case Freshness.GOOD:
                return held
            case Freshness.DUE:
                if self._flight is None and self._may_try():
                    self._take_off()
                return held
            case Freshness.LATE:
                return None if self._may_try() and not self._landed else held
            case Freshness.OVER:
                return held if self._landed else None

    def _freshness(self, held: HeldToken) -> Freshness:
        return held.freshness(wall=self._clock.wall(), monotonic=self._clock.monotonic())

    def _may_try(self) -> bool:
        return self._lost is None and self._clock.monotonic() >= self._not_before

    async def _joined(self) -> TokenRefreshError | None:
        """Wait for the renewal under way, or for a new one; being cancelled here does not touch it."""
        flight = self._flight
        if flight is not None and flight.get_loop() is not asyncio.get_running_loop():
            if not flight.get_loop().is_closed() and self._pid == os.getpid():
                raise WrongEventLoopError("this authorizer is renewing its token in another event loop")
            flight, self._lock = None, asyncio.Lock()  # cut off by the end of its loop, or left behind by a fork
        if flight is None:
            flight = self._take_off()
        elif self.is_renewing():
            return TokenRefreshError("the new token was refused while on_refresh was using it")
        try:
            return await asyncio.shield(flight)
        except asyncio.CancelledError:
            if flight.cancelled() and not _being_cancelled():
                return TokenRefreshError("the renewal was cancelled from outside")
            raise

    def _take_off(self) -> asyncio.Task[TokenRefreshError | None]:
        # an empty context: what the first caller traces or logs with is not the renewal's
        flight = asyncio.get_running_loop().create_task(
            self._fly(), name="globus_async renewal", context=contextvars.Context()
        )
        self._flight, self._pid = flight, os.getpid()
        flight.add_done_callback(self._down)
        self._transport.adopt(flight)
        return flight

    def _down(self, flight: asyncio.Task[TokenRefreshError | None]) -> None:
        if not flight.cancelled():
            flight.exception()  # every waiter may be gone; then nobody else would fetch it
        if self._flight is flight:
            self._flight = None
            self._landed = False

    async def _fly(self) -> TokenRefreshError | None:
        """Renew, tell ``on_refresh``; return what went wrong, for each waiter to raise its own."""
        _renewal.set(asyncio.current_task())
        async with self._lock:
            wall, monotonic = self._clock.wall(), self._clock.monotonic()
            try:
                grant, answer = await self._renew()
            except Exception as error:  # noqa: BLE001 -- also what a client of the caller's own may raise
                failure = _refresh_error(error)
            else:
                self._held = HeldToken.bearer(grant.access_token, grant.lifetime, wall=wall, monotonic=monotonic)
                self._landed = True  # from here on a caller, on_refresh among them, need not wait
                self._lost = None
                self._not_before = float("-inf")
                await self._tell(answer)
                return None
            self._not_before = self._clock.monotonic() + _PAUSE
            if isinstance(failure, LoginRequired):
                self._lost = failure
            _log.warning("the access token could not be renewed: %s", failure)
            return failure

    async def _tell(self, answer: Any) -> None:
        if self.on_refresh is None:
            return
        try:
            async with self._clock.timeout(_CALLBACK_SECONDS):
                done = self.on_refresh(answer)
                if inspect.isawaitable(done):
                    await done
        except asyncio.CancelledError:
            _log.error("on_refresh was cancelled; the new token is in use all the same")
            raise
        except Exception as error:  # noqa: BLE001 -- the caller's own code must not cost the token
            _log.error("on_refresh failed with %s; the new token is in use all the same", type(error).__name__)


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _refresh_error(error: Exception) -> TokenRefreshError:
    """Say what a failed token request means; nothing of its frames, which know tokens, is kept."""
    if isinstance(error, TokenRefreshError):
        return _own(error)
    failure: TokenRefreshError
    if isinstance(error, GlobusAPIError) and (codes := _codes(error)) & _GONE:
        advice = "correct the client's id and secret" if codes & _WRONG_CLIENT else "log in again"
        failure = LoginRequired(f"Globus Auth will not renew this login ({error}); {advice}")
    elif isinstance(error, GlobusError):
        failure = TokenRefreshError(f"no fresh access token: {error}")
    else:
        failure = TokenRefreshError(f"no fresh access token: {type(error).__name__}")
    failure.__cause__ = _bare(error)
    return failure


def _codes(error: GlobusAPIError) -> set[object]:
    """Return what Globus Auth says, in either of its two formats."""
    short = error.raw_json.get("error") if is_object(error.raw_json) else None
    return {error.code.lower(), short if isinstance(short, str) else None}


def _own(error: TokenRefreshError) -> TokenRefreshError:
    """Return a copy for one caller alone, so that nobody's notes and traceback are another's."""
    own = copy.copy(error)
    own.__cause__ = _bare(error.__cause__)
    return own


def _bare(error: BaseException | None) -> BaseException | None:
    """Return a copy without traceback of an error of ours."""
    return copy.copy(error) if isinstance(error, GlobusError) else error
