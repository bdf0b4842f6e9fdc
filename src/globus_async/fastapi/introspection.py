"""What tokens stand for, asked of Globus Auth once for all requests that bring the same one."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from .._single_flight import SingleFlight
from .principal import Principal

if TYPE_CHECKING:
    from .._http.response import RawResponse
    from ..clock import Clock
    from ..secret import Secret

__all__ = ("Introspections",)

_INACTIVE_SECONDS: Final = 5.0


class _Introspected(Protocol):
    @property
    def active(self) -> bool: ...
    @property
    def data(self) -> Any: ...
    @property
    def raw(self) -> RawResponse: ...


class _Known(NamedTuple):
    principal: Principal | None
    wall_until: float
    monotonic_until: float


class Introspections:
    """
    A cache of introspections, by the hash of the token.

    What is known is used for ``max_age`` seconds, counted from the start of the request, and never beyond the end of
    the token. A token that is not active is remembered for five seconds; a failed request not at all.

    Args:
        ask: Introspects a token.
        clock: Where the time comes from.
        max_age: Seconds for which a token that was revoked meanwhile may still be taken for good.
        most: How many tokens are remembered; as many again that are not active, so that bad ones drive no good one out.
    """

    def __init__(
        self, ask: Callable[[Secret], Awaitable[_Introspected]], clock: Clock, *, max_age: float, most: int = 10_000
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._max_age = max_age
        self._most = most
        self._active: OrderedDict[bytes, _Known] = OrderedDict()
        self._inactive: OrderedDict[bytes, _Known] = OrderedDict()
        self._requests: SingleFlight[Principal | None] = SingleFlight("token introspection")

    async def of(self, token: Secret) -> Principal | None:
        """
        Return who a token belongs to; ``None`` if it is not active.

        Raises:
            GlobusError: Globus Auth could not be asked.
        """
        key = hashlib.sha256(token.reveal().encode()).digest()
        for known in (self._active, self._inactive):
            if (found := known.get(key)) is not None:
                if self._clock.wall() < found.wall_until and self._clock.monotonic() < found.monotonic_until:
                    known.move_to_end(key)
                    return found.principal
                del known[key]
        return await self._requests.join(key, lambda: self._fetch(key, token))

    async def aclose(self) -> None:
        """Wait for the requests under way."""
        await self._requests.aclose()

    async def _fetch(self, key: bytes, token: Secret) -> Principal | None:
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        response = await self._ask(token)
        principal = None
        if response.active:
            try:
                principal = Principal.of(token, response.data)
            except (ValueError, AttributeError, TypeError, OverflowError):
                raise response.raw.decode_error("it should say whose token it is, and until when") from None
            if principal.expires_at <= self._clock.wall():
                principal = None
        seconds = _INACTIVE_SECONDS if principal is None else min(self._max_age, principal.expires_at - wall)
        known = self._inactive if principal is None else self._active
        known[key] = _Known(principal, wall + seconds, monotonic + seconds)
        if len(known) > self._most:
            known.popitem(last=False)
        return principal
