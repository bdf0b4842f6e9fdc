"""A cache of token introspections; concurrent requests with the same token share one introspection."""

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

__all__ = ("IntrospectionCache",)

_INACTIVE_SECONDS: Final = 5.0


class _Introspected(Protocol):
    @property
    def active(self) -> bool: ...
    @property
    def data(self) -> Any: ...
    @property
    def raw(self) -> RawResponse: ...


class _Entry(NamedTuple):
    principal: Principal | None
    wall_until: float
    monotonic_until: float


class IntrospectionCache:
    """
    A cache of introspections, by the hash of the token.

    An entry is used for ``max_age`` seconds from the start of its request, at most until the token expires. Inactive
    tokens are cached for five seconds, failed requests not at all.

    Args:
        introspect: Introspects a token.
        clock: The clock.
        max_age: Seconds for which a revoked token may still be accepted.
        max_entries: The maximum number of active tokens, and likewise of inactive ones, which cannot displace the
            active ones.
    """

    def __init__(
        self,
        introspect: Callable[[Secret], Awaitable[_Introspected]],
        clock: Clock,
        *,
        max_age: float,
        max_entries: int = 10_000,
    ) -> None:
        self._introspect = introspect
        self._clock = clock
        self._max_age = max_age
        self._max_entries = max_entries
        self._active: OrderedDict[bytes, _Entry] = OrderedDict()
        self._inactive: OrderedDict[bytes, _Entry] = OrderedDict()
        self._requests: SingleFlight[Principal | None] = SingleFlight("token introspection")

    async def principal_of(self, token: Secret) -> Principal | None:
        """
        Return the principal of a token; ``None`` if the token is not active.

        Raises:
            GlobusError: The introspection failed.
        """
        key = hashlib.sha256(token.reveal().encode()).digest()
        for entries in (self._active, self._inactive):
            if (entry := entries.get(key)) is not None:
                if self._clock.wall() < entry.wall_until and self._clock.monotonic() < entry.monotonic_until:
                    entries.move_to_end(key)
                    return entry.principal
                del entries[key]
        return await self._requests.join(key, lambda: self._fetch(key, token))

    async def aclose(self) -> None:
        """Wait for the running requests."""
        await self._requests.aclose()

    async def _fetch(self, key: bytes, token: Secret) -> Principal | None:
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        response = await self._introspect(token)
        principal = None
        if response.active:
            try:
                principal = Principal.from_introspection(token, response.data)
            except (ValueError, AttributeError, TypeError, OverflowError):
                raise response.raw.decode_error("it should have 'sub' (a UUID) and 'exp' (POSIX seconds)") from None
            if principal.expires_at <= self._clock.wall():
                principal = None
        seconds = _INACTIVE_SECONDS if principal is None else min(self._max_age, principal.expires_at - wall)
        entries = self._inactive if principal is None else self._active
        entries[key] = _Entry(principal, wall + seconds, monotonic + seconds)
        if len(entries) > self._max_entries:
            entries.popitem(last=False)
        return principal
