"""Paths of requests: filled and quoted; values that would reach another resource are refused."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Mapping
from typing import Final, TypeGuard
from urllib.parse import SplitResult, parse_qs, quote, urlsplit
from uuid import UUID

from ..errors import GlobusSDKUsageError

__all__ = (
    "FilledPath",
    "checked_path",
    "fill_path",
    "is_segment",
    "is_uuid",
    "number_text",
    "quote_path",
    "shown",
    "split_path",
    "uuid_text",
)

_UUID: Final = re.compile("-".join(f"[0-9a-fA-F]{{{count}}}" for count in (8, 4, 4, 4, 12)))  # faster than with groups
_FIELD: Final = re.compile(r"\{(?P<name>\w+)(?P<text>:text)?\}")
_UNSAFE_IN_SEGMENT: Final = re.compile(r"[\x00-\x20\x7f-\x9f/\\?#%;]|^\.{0,2}$")
_PLAIN: Final = re.compile(r"(?:/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*+)++")
"""A usual path, which is quoted and safe: this takes a fifth of the time of the expressions for all paths."""
_QUOTED: Final = re.compile(r"/[A-Za-z0-9\-._~/:@!$&'()*+,;=%]*")
_UNSAFE_IN_PATH: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\?#]|(?:^|/)\.{1,2}(?:[/;]|$)|//|%(?:2[ef]|5c|00)", re.IGNORECASE
)


@functools.lru_cache(maxsize=256)
def _template(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, bool], ...]]:
    """
    Split a path template into its literal parts and its fields, as (name, is any text).

    Raises:
        GlobusSDKUsageError: It has braces that are no field.
    """
    literals: list[str] = []
    fields: list[tuple[str, bool]] = []
    end = 0
    for match in _FIELD.finditer(text):
        literals.append(text[end : match.start()])
        fields.append((match["name"], match["text"] is not None))
        end = match.end()
    literals.append(text[end:])
    if any("{" in literal or "}" in literal for literal in literals):
        raise GlobusSDKUsageError(f"a field of a path is {{name}} or {{name:text}}, got {shown(text)}")
    return tuple(literals), tuple(fields)


class FilledPath(str):
    """
    A path that was made from a template.

    Attributes:
        template: The template.
    """

    __slots__ = ("template",)

    template: str


def fill_path(template: str, *values: UUID | str | int) -> str:
    """
    Return the path of a resource, from a template and the values of its fields.

    A value cannot lead to another resource: it becomes one segment of the path, or is refused.

    Args:
        template: The path, with ``{name}`` for a UUID and ``{name:text}`` for any other segment, which is quoted.
        *values: The values of the fields, in order.

    Raises:
        GlobusSDKUsageError: A value is empty, malformed, or more than one segment; or there are more or fewer values
            than fields.

    Example:
        >>> fill_path("/v2/widgets/{widget_id}/parts/{name:text}", "ddb59aef-6d04-11e5-ba46-22000b92c6ec", "left+rear")
        '/v2/widgets/ddb59aef-6d04-11e5-ba46-22000b92c6ec/parts/left%2Brear'
    """
    literals, fields = _template(template)
    if len(fields) != len(values):
        raise GlobusSDKUsageError(f"the path {template} has {len(fields)} fields, got {len(values)} values")
    parts = [literals[0]]
    for (name, is_text), value, literal in zip(fields, values, literals[1:], strict=True):
        parts += (_segment(name, value) if is_text else uuid_text(name, value), literal)
    path = FilledPath("".join(parts))
    path.template = template
    return path


def is_uuid(value: object) -> TypeGuard[str]:
    """Return whether a value, such as a member of a response, is a UUID as text."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_segment(value: object) -> TypeGuard[str]:
    """Return whether a value, such as an id in a response, is text that can be one segment of a path."""
    return isinstance(value, str) and value.isascii() and _UNSAFE_IN_SEGMENT.search(value) is None


def uuid_text(name: str, value: UUID | str | int) -> str:
    """Return a UUID argument as text; refuse any other value."""
    text = value if isinstance(value, str) else number_text(name, value)
    if _UUID.fullmatch(text) is None:
        given: object = value
        hint = "; await it first" if isinstance(given, Awaitable) else ""
        if isinstance(given, Mapping) or hasattr(given, "data"):
            hint = "; pass the id in it, such as response['task_id']"
        raise GlobusSDKUsageError(
            f"{name} must be a UUID such as 'ddb59aef-6d04-11e5-ba46-22000b92c6ec', got {shown(value)}{hint}"
        )
    return text


def _segment(name: str, value: object) -> str:
    if not isinstance(value, str | int | UUID) or isinstance(value, bool):
        raise GlobusSDKUsageError(f"{name} must be text, a number or a UUID, got {shown(value)}")
    text = value if isinstance(value, str) else number_text(name, value)
    if _UNSAFE_IN_SEGMENT.search(text) is not None:
        raise GlobusSDKUsageError(f"{name} must be one plain path segment, got {shown(value)}")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise GlobusSDKUsageError(f"{name} is not valid Unicode text, got {shown(value)}") from None


def checked_path(path: str) -> str:
    """
    Return the path of a client method, a constant or made by `fill_path`.

    Raises:
        GlobusSDKUsageError: It has no leading slash, so that it would become part of the host; is not quoted; has a
            query; or leads out of the service.
    """
    if isinstance(path, str) and _PLAIN.fullmatch(path) is not None:
        return path
    if not isinstance(path, str) or _QUOTED.fullmatch(path) is None or _UNSAFE_IN_PATH.search(path) is not None:
        raise GlobusSDKUsageError(
            "path must be a constant with a leading slash, without a query, or made by fill_path(); got " + shown(path)
        )
    return path


def split_path(root: str, path: str) -> tuple[str, Mapping[str, list[str]]]:
    """
    Return a caller's path, quoted, and its query.

    Args:
        root: The base URL of the service, without a trailing slash.
        path: A path, with or without a leading slash, or an absolute URL below the base URL.

    Raises:
        GlobusSDKUsageError: The path leads out of the service, or the URL is not below the base URL.
    """
    if not isinstance(path, str) or not path.lower().startswith(("http:", "https:", "//")):
        return quote_path(path), {}
    parts = _relative_to(root, path)
    if parts is None:
        raise GlobusSDKUsageError(
            f"this client sends requests and credentials to {root}/ only; make a client for the other URL"
        )
    return quote_path(parts.path), parse_qs(parts.query, keep_blank_values=True)


def _relative_to(root: str, url: str) -> SplitResult | None:
    """Return a URL with its path relative to a root; ``None`` if it is not below the root."""
    own = urlsplit(root)
    try:
        parts = urlsplit(url)
        same = (parts.scheme, parts.hostname, parts.port, parts.username) == (own.scheme, own.hostname, own.port, None)
    except ValueError:
        return None
    if not same or "\\" in url or not f"{parts.path}/".startswith(f"{own.path}/"):
        return None
    return parts._replace(path=parts.path.removeprefix(own.path))


def quote_path(text: str) -> str:
    """Quote a caller's path, with or without a leading slash; refuse one that could leave the service."""
    if not isinstance(text, str) or _UNSAFE_IN_PATH.search(text) is not None:
        raise GlobusSDKUsageError(
            "path must be a plain path on the service, without '..', '//', '?', '#' or control characters;"
            f" got {shown(text)}"
        )
    try:
        return "/" + quote(text.removeprefix("/"), safe="/~:@!$&'()*+,;=%")
    except UnicodeEncodeError:
        raise GlobusSDKUsageError(f"path is not valid Unicode text, got {shown(text)}") from None


def number_text(name: str, value: float | UUID) -> str:
    """Return a number or a UUID as text; refuse an ``int`` of more digits than Python converts."""
    try:
        return str(value)
    except ValueError:
        raise GlobusSDKUsageError(f"{name} has too many digits") from None


def shown(value: object) -> str:
    """Return a refused value for a message, escaped and shortened."""
    try:
        text = ascii(value)
    except ValueError:  # an int of more digits than Python converts
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
