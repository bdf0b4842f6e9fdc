"""A token's life: how long it is, and when to ask for the next one. Without a clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..secret import Secret

__all__ = ("Freshness", "Grant", "HeldToken", "lifetime_of")

_ADVISORY: Final = 300.0
_MANDATORY: Final = 60.0
_LONGEST: Final = 366 * 86400.0


class Freshness(Enum):
    """What to do with a token that is held."""

    GOOD = "use it"
    DUE = "use it, and renew it meanwhile"
    LATE = "renew it first; it may still do if that fails"
    OVER = "renew it first"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a renewal brought."""

    access_token: Secret
    lifetime: float | None
    """Seconds from the start of the request; ``None`` if the answer does not say."""


def lifetime_of(expires_in: object) -> float | None:
    """
    Read ``expires_in``; odd values become what can be lived with.

    Returns:
        Seconds, 0 at least and a year at most; ``None`` when there is nothing to go by: then the token is used until
        it is refused.
    """
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float, str)):
        return None
    try:
        seconds = float(expires_in)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _LONGEST)


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A token that is held, with its life on two clocks: the wall may step, the monotonic may sleep."""

    header: Secret
    lifetime: float | None
    wall: float
    monotonic: float

    @classmethod
    def bearer(cls, token: Secret, lifetime: float | None, *, wall: float, monotonic: float) -> HeldToken:
        """Hold an access token whose life of so many seconds began then."""
        return cls(Secret(f"Bearer {token.reveal()}"), lifetime, wall, monotonic)

    def freshness(self, *, wall: float, monotonic: float) -> Freshness:
        """Say what to do with it; the clock that says less is left decides."""
        if self.lifetime is None:
            return Freshness.GOOD
        left = self.lifetime - max(wall - self.wall, monotonic - self.monotonic)
        # never more than half of a life is early, else a short-lived token is renewed without end
        half = self.lifetime / 2
        if left > min(_ADVISORY, half):
            return Freshness.GOOD
        if left > min(_MANDATORY, half):
            return Freshness.DUE
        return Freshness.LATE if left > 0 else Freshness.OVER
