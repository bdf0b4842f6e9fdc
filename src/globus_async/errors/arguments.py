"""Checks of the types of arguments, so that a wrong one is refused where it is passed and not where it is used."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Mapping
from types import UnionType
from typing import Final, cast

from .._http.missing import MISSING
from .base import GlobusSDKUsageError

__all__ = (
    "check_bool",
    "check_callable",
    "check_callback",
    "check_clock",
    "check_file_path",
    "check_iterable",
    "check_members",
    "check_number",
    "check_text",
    "check_type",
    "check_whole",
    "checked_members",
    "refusal",
)

_CLOCK: Final = ("wall", "monotonic", "sleep", "timeout")


def check_type(name: str, value: object, types: type | UnionType | tuple[type, ...], expected: str) -> None:
    """
    Check the type of an argument.

    Args:
        name: The name of the argument.
        value: The argument; the error does not quote it, since it may be confidential.
        types: Its type or types.
        expected: The expected value, for the error: ``"must be a ..."``.

    Raises:
        GlobusSDKUsageError: It is of another type.
    """
    if not isinstance(value, types):
        raise refusal(name, value, expected)


def check_members(name: str, value: object, members: tuple[str, ...], expected: str) -> None:
    """Check that an argument is an object with these members, which is all that is needed of it."""
    if isinstance(value, type) or not all(hasattr(value, member) for member in members):
        raise refusal(name, value, expected)


def check_iterable(name: str, value: object, types: type | UnionType, expected: str) -> None:
    """Check the type of an argument that consists of several; a single text is iterable too, and a mistake."""
    if isinstance(value, (str, bytes)):
        raise GlobusSDKUsageError(f"{name} is a single string; pass a list")
    check_type(name, value, types, expected)


def checked_members(name: str, value: Mapping[str, object] | object) -> Mapping[str, object]:
    """Return an argument that is a mapping of names to values; an empty one if it is ``None`` or missing."""
    if value is None or value is MISSING:
        return {}
    check_type(name, value, Mapping, "a mapping of names to values")
    if not all(isinstance(key, str) for key in cast("Mapping[object, object]", value)):
        raise GlobusSDKUsageError(f"{name} must be a mapping whose names are text")
    return cast("Mapping[str, object]", value)


def check_clock(value: object) -> None:
    """Check the argument ``clock``."""
    check_members("clock", value, _CLOCK, "a clock such as SystemClock()")


def check_text(name: str, value: object, *, optional: bool = False) -> None:
    """Check an argument that is text, or ``None`` if it is optional."""
    if not (isinstance(value, str) or (optional and value is None)):
        raise refusal(name, value, "text (str)")


def check_bool(name: str, value: object) -> None:
    """Check an argument that is ``True`` or ``False``."""
    if not isinstance(value, bool):
        raise refusal(name, value, "True or False")


def check_callable(name: str, value: object, *, optional: bool = True) -> None:
    """Check an argument that is a function, or ``None`` if it is optional."""
    if not (callable(value) or (optional and value is None)):
        raise refusal(name, value, "a function")


def check_callback(name: str, value: object) -> None:
    """Check an optional argument that is a function whose result is not awaited."""
    check_callable(name, value)
    called = getattr(type(value), "__call__", None)  # noqa: B004 -- of an object
    if inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(called):
        raise GlobusSDKUsageError(f"{name} must be a plain function, which is not awaited: write def, not async def")


def check_whole(name: str, value: object, *, minimum: int = 1, maximum: float = math.inf) -> None:
    """Check an argument that is a whole number from a minimum to a maximum."""
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        limit = f"{minimum} or more" if maximum == math.inf else f"from {minimum} to {maximum}"
        raise refusal(name, value, f"a whole number, {limit}")


def check_number(
    name: str, value: object, *, positive: bool = False, finite: bool = True, minimum: float = 0.0
) -> None:
    """Check an argument that is a number, 0 or a minimum or more, or above 0 if positive; of seconds, usually."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        is_large_enough = value > 0 if positive else value >= minimum
        if is_large_enough and (value < _MAX or (value == math.inf and not finite)):
            return
    raise refusal(name, value, f"a number, {'above 0' if positive else f'{minimum:g} or more'}")


def check_file_path(name: str, value: object, *, optional: bool = False) -> None:
    """Check an argument that is the path of a file, which no operating system has with a NUL or lone surrogates."""
    if value is None and optional:
        return
    check_type(name, value, str | os.PathLike, "the path of a file")
    path: object = os.fspath(cast("str | os.PathLike[str]", value))
    try:
        is_usable = isinstance(path, str) and "\0" not in path and bool(os.fsencode(path))
    except UnicodeEncodeError:
        is_usable = False
    if not is_usable:
        raise GlobusSDKUsageError(
            f"{name} must be the path of a file, as text that is not empty, without NUL and lone surrogates"
        )


_MAX: Final = 1e300
"""A larger whole number is beyond the range of a float."""


def refusal(name: str, value: object, expected: str) -> GlobusSDKUsageError:
    """Return the error for an argument; it names the type of the value, and quotes no more than numbers."""
    if isinstance(value, type):
        found = f"the class {value.__name__}, not an instance of it"
    elif value is None or isinstance(value, (bool, int, float)):
        found = f"{value!r:.40}" if not isinstance(value, int) or abs(value) < _MAX else "a very large number"
    else:
        kind = type(value)
        package = "globus_sdk." if kind.__module__.startswith("globus_sdk.") else ""
        found = f"a value of type {package}{kind.__name__}"
    return GlobusSDKUsageError(f"{name} must be {expected}; got {found}")
