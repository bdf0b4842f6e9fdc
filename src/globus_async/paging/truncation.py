"""The warning about a listing that ends although the service has more items, and the line of code that it names."""

from __future__ import annotations

import warnings
from inspect import currentframe
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._http.missing import MissingType

if TYPE_CHECKING:
    from types import FrameType

__all__ = (
    "UNKNOWN_CALLER",
    "CallSite",
    "Caller",
    "ItemLimit",
    "ListingTruncated",
    "call_site",
    "calling_method",
    "item_limit",
    "requested_number",
    "warn_truncated",
)

_PACKAGE: Final = __name__.partition(".")[0]


class ListingTruncated(UserWarning):
    """
    A listing ended at the default number of items of its method, or at the maximum of the service, and there are more.

    It is shown once per line of code that calls the method. No warning is issued where the number of items was an
    argument of the call; `Pages.truncated` and `Page.truncated` tell that as well.

    Example:
        >>> import warnings
        >>> warnings.simplefilter("error", ListingTruncated)  # an exception instead of a line on standard error
        >>> tasks = await tc.task_list(num_results=None).list()  # all items
        >>> tasks = await tc.task_list(num_results=1).list()  # at most one item
    """


class CallSite(NamedTuple):
    """A line of a program, for warnings; unlike a frame, it keeps no local variables alive."""

    file: str
    line: int
    names: dict[str, Any]
    """The global names of the module."""

    def warn(self, text: str) -> None:
        """Issue a `ListingTruncated` for this line; once, with the default filter."""
        registry = self.names.setdefault("__warningregistry__", {})
        warnings.warn_explicit(text, ListingTruncated, self.file, self.line, _module(self.names), registry)


def call_site() -> CallSite | None:
    """
    Return the innermost line outside of this package on the stack.

    ``None`` if there is none, as in a task that this package has started: its caller is the event loop or a thread.
    """
    return _site_of(currentframe())


class Caller(NamedTuple):
    """A method that lists, and the line that called it."""

    method: str = "the listing"
    site: CallSite | None = None


UNKNOWN_CALLER: Final = Caller()


def calling_method() -> Caller:
    """Return the method that called the caller of this function, and the line outside of this package above it."""
    frame = currentframe()
    for _ in range(2):
        frame = None if frame is None else frame.f_back
    return UNKNOWN_CALLER if frame is None else Caller(frame.f_code.co_name, _site_of(frame.f_back))


def _site_of(frame: FrameType | None) -> CallSite | None:
    while frame is not None and _top(frame) == _PACKAGE:
        frame = frame.f_back
    if frame is None or _top(frame) in {"asyncio", "concurrent", "threading"}:
        return None
    return CallSite(frame.f_code.co_filename, frame.f_lineno, frame.f_globals)


def _top(frame: FrameType) -> str:
    return _module(frame.f_globals).partition(".")[0]


def _module(names: dict[str, Any]) -> str:
    return str(names.get("__name__"))


class ItemLimit(NamedTuple):
    """
    The maximum number of items of a listing.

    Attributes:
        number: The number; ``None`` for all items.
        warning: The text of the warning if there are more; ``None`` if the number is the caller's own.
        is_service_maximum: Whether the service returns no further items, so that its pages may not tell of any.
    """

    number: int | None
    warning: str | None = None
    is_service_maximum: bool = False


def item_limit(
    method: str,
    num_results: int | MissingType | None,
    default_results: int | None,
    max_results: int | None,
    *,
    offset: int = 0,
    beyond: str = "use filters",
) -> ItemLimit:
    """
    Return the limit of a listing.

    Args:
        method: The name of the method that lists.
        num_results: The caller's number, ``None`` for all items, `MISSING` if the caller gives none.
        default_results: The number if the caller gives none.
        max_results: The number of items that the service returns at most, the skipped ones included.
        offset: The number of items that are skipped.
        beyond: How to get more than the maximum, for the warning.
    """
    number = default_results if isinstance(num_results, MissingType) else num_results
    if max_results is not None and (number is None or number > max_results - offset):
        text = f"{method}() ended at the service's maximum of {max_results} items, and there may be more; {beyond}"
        return ItemLimit(max(1, max_results - offset), text, is_service_maximum=True)
    if number is not None and isinstance(num_results, MissingType):
        text = f"{method}() ended at its default of {number} items, and there are more; num_results=None lists all"
        return ItemLimit(number, text)
    return ItemLimit(number)


def requested_number(num_results: int | MissingType | None, size: object = None) -> int | MissingType | None:
    """Return the number of items that a caller asked for; without one, the size of page among the query parameters."""
    text = str(size)
    is_number = text.isdecimal() and 0 < len(text.lstrip("0")) < 10
    return int(text) if isinstance(num_results, MissingType) and is_number else num_results


def warn_truncated(text: str, site: CallSite | None) -> None:
    """Issue a `ListingTruncated` for a line; if that is unknown, for the line that uses the listing."""
    site = site or call_site()
    if site is None:
        warnings.warn(text, ListingTruncated, stacklevel=2)
    else:
        site.warn(text)
