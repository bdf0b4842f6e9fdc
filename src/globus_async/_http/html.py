"""
HTML for notebooks: tables and documents of a service's responses, all of whose text is escaped.

It has no colours and no style of its own, so that it is as readable in a dark notebook as in a light one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..errors.base import escape_control_characters
from .json_reader import is_list, is_object
from .readable import readable_size

__all__ = ("document_html", "items_html", "members_html", "progress_html")

_MAX_ROWS: Final = 50
_MAX_COLUMNS: Final = 8
_MAX_CELL: Final = 80
_MAX_DOCUMENT: Final = 20_000
_MAX_SIZE: Final = 1e18
"""A larger number is no size, and may be beyond the range of a float."""
_SIZES: Final = frozenset({"size", "bytes_checksummed", "bytes_transferred"})
_RATES: Final = frozenset({"effective_bytes_per_second"})
"""Members of documents that are bytes, and bytes per second."""


def document_html(title: str, document: object) -> str:
    """Return a document as indented JSON, or a text as it is, below a title; a long one is cut."""
    text = document if isinstance(document, str) else _start_of_json(document)
    return f"<div><b>{_text(title)}</b><pre>{_text(text, _MAX_DOCUMENT)}</pre></div>"


def _start_of_json(document: object) -> str:
    """Return the beginning of a document as JSON: of a large or deep one, not more is encoded than is shown."""
    parts: list[str] = []
    length = 0
    for part in json.JSONEncoder(indent=2, ensure_ascii=False, default=str).iterencode(document):
        parts.append(part)
        length += len(part)
        if length > _MAX_DOCUMENT:
            break
    return "".join(parts)


def items_html(title: str, items: Sequence[Any], *, remark: str = "") -> str:
    """
    Return a table of the first objects of a list.

    Its columns are members with values that are not documents; those without a value in any row are left out.

    Args:
        title: The heading.
        items: The objects.
        remark: A sentence below the table.
    """
    shown: list[Mapping[str, Any]] = [item for item in items[:_MAX_ROWS] if is_object(item)]
    first: Mapping[str, Any] = shown[0] if shown else {}
    names = [name for name in first if name != "DATA_TYPE" and any(_is_shown(item.get(name)) for item in shown)]
    names = names[:_MAX_COLUMNS]
    rows = (_row("td", (_readable(name, item.get(name, "")) for name in names)) for item in shown)
    more = f"{len(items) - len(shown)} more" if len(items) > len(shown) else ""
    below = "; ".join(filter(None, (more, remark)))
    return (
        f"<div><b>{_text(title)}</b><table>{_row('th', names)}{''.join(rows)}</table>"
        f"{f'<i>{_text(below)}</i>' if below else ''}</div>"
    )


def members_html(title: str, members: Mapping[str, object]) -> str:
    """Return a table of names and values."""
    rows = (_row("td", (name, _readable(name, value))) for name, value in members.items())
    return f"<div><b>{_text(title)}</b><table>{''.join(rows)}</table></div>"


def progress_html(title: str, done: float, total: float | None, members: Mapping[str, object]) -> str:
    """
    Return a progress bar and a table of names and values.

    Args:
        title: The heading.
        done: How much is done.
        total: How much there is to do; ``None`` if it is not known, for a bar without a length.
        members: Names and values.
    """
    extent = "" if not total else f' value="{min(done, total) / total:.4f}" max="1"'
    rows = "".join(_row("td", (name, _readable(name, value))) for name, value in members.items())
    return f"<div><b>{_text(title)}</b><br/><progress{extent}></progress><table>{rows}</table></div>"


def _is_shown(value: object) -> bool:
    return value is not None and not is_object(value) and not is_list(value)


def _readable(name: object, value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _MAX_SIZE:
        if name in _SIZES:
            return readable_size(value)
        if name in _RATES:
            return f"{readable_size(value)}/s"
    return value


def _row(tag: str, cells: Iterable[object]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_text(cell, _MAX_CELL)}</{tag}>' for cell in cells)}</tr>"


def _text(value: object, longest: int = _MAX_CELL) -> str:
    from html import escape  # noqa: PLC0415 -- for notebooks only

    text = value if isinstance(value, str) else "" if value is None else str(value)
    cut = text if len(text) <= longest else f"{text[: longest - 3]}..."
    return escape(escape_control_characters(cut).encode("utf-8", "backslashreplace").decode())
