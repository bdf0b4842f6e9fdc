"""A cache of token introspections; concurrent requests with the same token share one introspection."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from .._single_flight import SingleFlight
from ..errors import GlobusTimeoutError
from .introspection_queue import IntrospectionQueue
from .principal import Principal
from .shared_introspections import SharedIntrospection, SharedIntrospections

if TYPE_CHECKING:
    from .._http.response import RawResponse
    from ..clock import Clock
    from ..secret import Secret

__all__ = ("IntrospectionCache",)

_INACTIVE_SECONDS: Final = 5.0
_LEEWAY_SECONDS: Final = 60.0
"""Tolerated difference between the clocks of Globus and of this machine, for the start of a token's validity."""
_MALFORMED: Final = (ValueError, AttributeError, TypeError, OverflowError)
_log = logging.getLogger("globus_async")
_CONCURRENT: Final = 20
"""Below the calls that a transport allows to one service, so that introspections never delay the calls of logins."""
_MAX_WAITING: Final = 200


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

    def is_current(self, clock: Clock) -> bool:
        """Return whether the entry may be used."""
        return clock.wall() < self.wall_until and clock.monotonic() < self.monotonic_until


class IntrospectionCache:
    """
    A cache of introspections, by the hash of the token.

    An entry is used for ``max_age`` seconds from the start of its request, at most until the token expires. Inactive
    tokens are cached for five seconds, failed requests not at all. At most 20 introspections are under way and 200
    wait; tokens that were active before go first.

    Args:
        introspect: Introspects a token.
        clock: The clock.
        max_age: Seconds for which a revoked token may still be accepted.
        timeout: Maximum seconds to wait for an introspection.
        max_entries: The maximum number of active tokens, and likewise of inactive ones, which cannot displace the
            active ones.
        shared: The introspections of all processes, which are looked up before a token is introspected.
    """

    def __init__(
        self,
        introspect: Callable[[Secret], Awaitable[_Introspected]],
        clock: Clock,
        *,
        max_age: float,
        timeout: float = 5.0,
        max_entries: int = 10_000,
        shared: SharedIntrospections | None = None,
    ) -> None:
        self._introspect = introspect
        self._clock = clock
        self._max_age = max_age
        self._timeout = timeout
        self._queue = IntrospectionQueue(slots=_CONCURRENT, max_waiting=_MAX_WAITING)
        self._max_entries = max_entries
        self._active: OrderedDict[bytes, _Entry] = OrderedDict()
        self._inactive: OrderedDict[bytes, _Entry] = OrderedDict()
        self._shared = shared
        self._requests: SingleFlight[Principal | None] = SingleFlight("token introspection")

    async def principal_of(self, token: Secret) -> Principal | None:
        """
        Return the principal of a token; ``None`` if the token is not active.

        Raises:
            GlobusError: The introspection failed, or too many of them wait.
        """
        key = hashlib.sha256(token.reveal().encode()).digest()
        for entries in (self._active, self._inactive):
            if (entry := entries.get(key)) is not None and entry.is_current(self._clock):
                entries.move_to_end(key)
                return entry.principal
        try:
            async with self._clock.timeout(self._timeout):
                return await self._requests.join(key, lambda: self._fetch(key, token))
        except TimeoutError:
            raise GlobusTimeoutError(
                "the introspection of an access token took too long", stage="no response"
            ) from None

    async def aclose(self) -> None:
        """Wait for the running requests."""
        await self._requests.aclose()

    async def _fetch(self, key: bytes, token: Secret) -> Principal | None:
        # an entry that is out of date shows that the token was active
        async with self._queue.slot(known=key in self._active):
            principal = await self._fetch_shared(key, token)
            if principal is not None:
                return principal
            wall, monotonic = self._clock.wall(), self._clock.monotonic()
            response = await self._introspect(token)
        principal = self._principal_from(token, response) if response.active else None
        seconds = _INACTIVE_SECONDS if principal is None else min(self._max_age, principal.expires_at - wall)
        self._keep(key, _Entry(principal, wall + seconds, monotonic + seconds))
        if principal is not None and self._shared is not None:
            found = SharedIntrospection(response.data, wall)
            await self._shared.add(key, token, found, until=wall + seconds)
        return principal

    async def _fetch_shared(self, key: bytes, token: Secret) -> Principal | None:
        """Return the principal of a token that another process has introspected; ``None`` if there is none."""
        found = None if self._shared is None else await self._shared.find(key)
        if found is None:
            return None
        try:
            principal = self._valid_principal(token, found.document)
        except _MALFORMED:
            _log.error("an introspection is malformed in its store, and counts as missing")
            return None
        if principal is not None:
            wall_until = min(found.requested_at + self._max_age, principal.expires_at)
            seconds = wall_until - self._clock.wall()
            self._keep(key, _Entry(principal, wall_until, self._clock.monotonic() + seconds))
        return principal

    def _keep(self, key: bytes, entry: _Entry) -> None:
        entries, others = (self._active, self._inactive) if entry.principal else (self._inactive, self._active)
        others.pop(key, None)
        entries[key] = entry
        entries.move_to_end(key)
        if len(entries) > self._max_entries:
            entries.popitem(last=False)

    def _principal_from(self, token: Secret, response: _Introspected) -> Principal | None:
        try:
            return self._valid_principal(token, response.data)
        except _MALFORMED:
            raise response.raw.decode_error(
                "it should have 'sub' (a UUID), 'exp' and, if at all, 'nbf' (POSIX seconds)"
            ) from None

    def _valid_principal(self, token: Secret, document: Mapping[str, Any]) -> Principal | None:
        """Return the principal, ``None`` before and after the time in which its token is valid."""
        principal = Principal.from_introspection(token, document)
        not_before = float(document.get("nbf") or 0)
        now = self._clock.wall()
        # in this order, because a comparison with "nan" is false
        return principal if not_before <= now + _LEEWAY_SECONDS and now < principal.expires_at else None
