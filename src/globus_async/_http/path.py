"""Paths of requests: templates filled and quoted, and whatever could reach another resource refused."""

from __future__ import annotations

import functools
import re
from typing import Final
from urllib.parse import quote
from uuid import UUID

from ..errors import GlobusSDKUsageError

__all__ = (
    "fill_path",
    "shown",
    "user_path",
    "uuid_text",
)

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


_FIELD: Final = re.compile(r"\{(?P<name>\w+)(?P<text>:text)?\}")


_UNSAFE_IN_SEGMENT: Final = re.compile(r"[\x00-\x20\x7f-\x9f/\\?#%;]|^\.{0,2}$")


_UNSAFE_IN_PATH: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\?#]|(?:^|/)\.{1,2}(?:[/;]|$)|//|%(?:2[ef]|5c|00)", re.IGNORECASE
)


@functools.lru_cache(maxsize=256)
def _template(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, bool], ...]]:
    """Split a path template into its literal parts and its (name, is free text) fields."""
    literals: list[str] = []
    fields: list[tuple[str, bool]] = []
    end = 0
    for match in _FIELD.finditer(text):
        literals.append(text[end : match.start()])
        fields.append((match["name"], match["text"] is not None))
        end = match.end()
    return (*literals, text[end:]), tuple(fields)


def fill_path(template: str, *values: UUID | str | int) -> str:
    """
    Fill the fields of a path template; refuse what could reach another resource.

    ``{name}`` takes a UUID, ``{name:text}`` any single path segment, which is quoted.

    Raises:
        GlobusSDKUsageError: A value is empty, malformed, or would change the path.
    """
    literals, fields = _template(template)
    parts = [literals[0]]
    for (name, is_text), value, literal in zip(fields, values, literals[1:], strict=True):
        parts += (_segment(name, value) if is_text else uuid_text(name, value), literal)
    return "".join(parts)


def uuid_text(name: str, value: UUID | str | int) -> str:
    """Return the text of a UUID argument; refuse everything that is not one."""
    text = value if isinstance(value, str) else str(value)
    if _UUID.fullmatch(text) is None:
        raise GlobusSDKUsageError(
            f"{name} must be a UUID such as 'ddb59aef-6d04-11e5-ba46-22000b92c6ec', got {shown(value)}"
        )
    return text


def _segment(name: str, value: UUID | str | int) -> str:
    text = value if isinstance(value, str) else str(value)
    if _UNSAFE_IN_SEGMENT.search(text) is not None:
        raise GlobusSDKUsageError(f"{name} must be one plain path segment, got {shown(value)}")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise GlobusSDKUsageError(f"{name} is not valid Unicode text, got {shown(value)}") from None


def user_path(text: str) -> str:
    """Quote a caller's own path, with or without a leading slash; refuse what could leave the service."""
    if not isinstance(text, str) or _UNSAFE_IN_PATH.search(text) is not None:
        raise GlobusSDKUsageError(
            "path must be a plain path on the service, without '..', '//', '?', '#' or control characters;"
            f" got {shown(text)}"
        )
    try:
        return "/" + quote(text.removeprefix("/"), safe="/~:@!$&'()*+,;=%")
    except UnicodeEncodeError:
        raise GlobusSDKUsageError(f"path is not valid Unicode text, got {shown(text)}") from None


def shown(value: object) -> str:
    """Show a refused value, escaped and shortened."""
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
