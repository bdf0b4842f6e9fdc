"""The root of all errors, and the errors of wrong use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

__all__ = (
    "ClientClosedError",
    "GlobusError",
    "GlobusSDKUsageError",
    "PaginationStalled",
    "WrongEventLoopError",
    "escape_control_characters",
)

_CONTROL_CHARACTER: Final = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"


class GlobusError(Exception):
    """
    Root of all errors that this library raises on purpose.

    Attributes:
        resume_from: The cursor of the page at which a listing failed; pass it to ``pages(after=...)`` to continue.
        url: The URL of the call that failed, without its query, which may be confidential; ``None`` without a call.
        elapsed: Seconds that this call took, with all attempts and waits; ``None`` without a call.
    """

    resume_from: Mapping[str, object] | None = None
    url: str | None = None
    elapsed: float | None = None

    def __reduce__(self) -> tuple[Callable[..., GlobusError], tuple[type[Self], tuple[Any, ...], dict[str, Any]]]:
        return _restore, (type(self), self.args, self.__dict__)


def _restore(cls: type[GlobusError], args: tuple[Any, ...], state: dict[str, Any]) -> GlobusError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    if "__notes__" in state:
        error.__dict__["__notes__"] = [*state["__notes__"]]  # a copy has a list of its own
    return error


class GlobusSDKUsageError(GlobusError, ValueError):
    """Wrong use, such as an invalid argument; nothing was sent."""


class WrongEventLoopError(GlobusSDKUsageError):
    """A client was used from a second event loop or thread; make one client per event loop."""


class ClientClosedError(GlobusSDKUsageError):
    """The client, or the transport that it shares, has been closed; nothing was sent."""


class PaginationStalled(GlobusError):
    """A listing leads back to an earlier page, or a walk to ever deeper directories; it stops instead of looping."""


def escape_control_characters(text: str) -> str:
    """Escape the characters that a terminal acts on; tabs and line breaks stay."""
    return re.sub(_CONTROL_CHARACTER, lambda match: ascii(match[0])[1:-1], text)
