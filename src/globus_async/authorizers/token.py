"""An access token and its lifetime, and when to refresh it: pure values, without a clock."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..secret import Secret

__all__ = ("Freshness", "HeldToken", "IssuedToken", "parse_lifetime")

_REFRESH_SOON_SECONDS: Final = 300.0
_REFRESH_NOW_SECONDS: Final = 60.0
_NUMBER: Final = re.compile(r" *-?[0-9]+(?:\.[0-9]+)? *")
_MAX_LIFETIME: Final = 366 * 86400.0


class Freshness(Enum):
    """The state of a token, by its remaining lifetime: whether to refresh it before a call."""

    FRESH = "use it"
    REFRESH_SOON = "use it, and refresh it in the background"
    REFRESH_NOW = "refresh it first; use it if that fails"
    EXPIRED = "refresh it first"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The access token of a token response."""

    access_token: Secret
    lifetime: float | None
    """Seconds from the start of the request; ``None`` if the response does not say."""


def parse_lifetime(expires_in: object) -> float | None:
    """
    Parse ``expires_in``, tolerating invalid values.

    Returns:
        Seconds, from 0 to 366 days; ``None`` if there is no usable value: the token is then used until it is refused.
    """
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float, str)):
        return None
    if isinstance(expires_in, str) and _NUMBER.fullmatch(expires_in) is None:
        return None  # Python would take digits of any script, underscores, exponents and infinity
    try:
        seconds = float(expires_in)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _MAX_LIFETIME)


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A token in use; its age is measured on two clocks: the wall clock may step, the monotonic one may stop."""

    header: Secret
    lifetime: float | None
    wall: float
    monotonic: float

    @classmethod
    def bearer(cls, token: Secret, lifetime: float | None, *, wall: float, monotonic: float) -> HeldToken:
        """
        Return an access token as it is sent.

        Args:
            token: The access token.
            lifetime: Its lifetime in seconds.
            wall: When the lifetime began, in POSIX seconds.
            monotonic: The same instant on the monotonic clock.
        """
        return cls(Secret(f"Bearer {token.reveal()}"), lifetime, wall, monotonic)

    def remaining(self, *, wall: float, monotonic: float) -> float:
        """Return the seconds until it expires, on the clock on which fewer remain; infinite if that is unknown."""
        if self.lifetime is None:
            return math.inf
        return self.lifetime - max(wall - self.wall, monotonic - self.monotonic)

    def freshness(self, *, wall: float, monotonic: float) -> Freshness:
        """Return what to do with it now; the clock on which less time remains decides."""
        if self.lifetime is None:
            return Freshness.FRESH
        remaining = self.remaining(wall=wall, monotonic=monotonic)
        # at most half of a lifetime in advance: otherwise a short-lived token is refreshed continually
        half = self.lifetime / 2
        if remaining > min(_REFRESH_SOON_SECONDS, half):
            return Freshness.FRESH
        if remaining > min(_REFRESH_NOW_SECONDS, half):
            return Freshness.REFRESH_SOON
        return Freshness.REFRESH_NOW if remaining > 0 else Freshness.EXPIRED
