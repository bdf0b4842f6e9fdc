"""HTML for notebooks: tables and documents of a service's responses, all of whose text is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..errors.base import escape_control_characters
from .json_reader import is_object

__all__ = ("document_html", "items_html", "members_html")

_MAX_ROWS: Final = 50
_MAX_COLUMNS: Final = 8
_MAX_CELL: Final = 80
_MAX_DOCUMENT: Final = 20_000


def document_html(title: str, document: object) -> str:
    """Return a document as indented JSON, or a text as it is, below a title; a long one is cut."""
    text = document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False, default=str)
    return f"<div><b>{_text(title)}</b><pre>{_text(text, _MAX_DOCUMENT)}</pre></div>"


def items_html(title: str, items: Sequence[Any]) -> str:
    """Return a table of the first objects of a list; its columns are members whose values are no documents."""
    shown: list[Mapping[str, Any]] = [item for item in items[:_MAX_ROWS] if is_object(item)]
    first: Mapping[str, Any] = shown[0] if shown else {}
    names = [name for name, value in first.items() if not isinstance(value, dict | list)][:_MAX_COLUMNS]
    rows = (_row("td", (item.get(name, "") for name in names)) for item in shown)
    more = f"<i>{len(items) - len(shown)} more</i>" if len(items) > len(shown) else ""
    return f"<div><b>{_text(title)}</b><table>{_row('th', names)}{''.join(rows)}</table>{more}</div>"


def members_html(title: str, members: Mapping[str, object]) -> str:
    """Return a table of names and values."""
    rows = (_row("td", pair) for pair in members.items())
    return f"<div><b>{_text(title)}</b><table>{''.join(rows)}</table></div>"


def _row(tag: str, cells: Iterable[object]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_text(cell, _MAX_CELL)}</{tag}>' for cell in cells)}</tr>"


def _text(value: object, longest: int = _MAX_CELL) -> str:
    from html import escape  # noqa: PLC0415 -- for notebooks only

    text = value if isinstance(value, str) else "" if value is None else str(value)
    cut = text if len(text) <= longest else f"{text[: longest - 3]}..."
    return escape(escape_control_characters(cut).encode("utf-8", "backslashreplace").decode())
