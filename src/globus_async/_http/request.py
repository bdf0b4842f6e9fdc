"""A request as a value: everything that is sent but the credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = ("Request",)


@dataclass(frozen=True, slots=True)
class Request:
    """One call, ready for the exchange: everything but the credentials."""

    method: str
    url: str
    headers: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    idempotent: bool = False
    """May be sent a second time even if the first may have been executed."""
    bypass_limits: bool = False
    """Goes past the gate: a renewal, which calls in flight may be waiting for."""
    secrets: tuple[Secret, ...] = ()
    """What the body holds and no error may show."""

    @property
    def path(self) -> str:
        """The path of the URL, for messages: no query, which may hold what is nobody else's business."""
        return urlsplit(self.url).path
