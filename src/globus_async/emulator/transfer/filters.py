"""The query parameters ``filter`` and ``orderby``, and full-text search."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from ..kit.fields import parse_time
from ..kit.service import Document
from .errors import TransferError

__all__ = (
    "Predicate",
    "event_filter",
    "file_filter",
    "invalid_filter",
    "search_rank",
    "sort_documents",
    "task_filter",
)

Predicate: TypeAlias = Callable[[Document], bool]

_FILE_FIELDS: Final = ("name", "type", "size", "last_modified", "permissions", "user", "group")


def invalid_filter(text: str) -> TransferError:
    """Return the error of an invalid filter."""
    return TransferError(400, "BadRequest", f"Invalid filter '{text}'")


def file_filter(clauses: Iterable[str]) -> Predicate:
    """
    Make the predicate of a directory listing: any of the filters matches, each with all of its clauses.

    Raises:
        TransferError: A clause is invalid.
    """
    alternatives = [_all([_file_clause(clause) for clause in _clauses(text)]) for text in clauses if text]
    if not alternatives:
        return lambda _: True
    return lambda document: any(test(document) for test in alternatives)


def _clauses(text: str) -> list[str]:
    """Split a filter into its clauses, which are separated by slashes."""
    return [clause for clause in text.split("/") if clause]


def _file_clause(clause: str) -> Predicate:
    field, colon, value = clause.partition(":")
    if not colon or field not in _FILE_FIELDS:
        raise invalid_filter(clause)
    if field == "last_modified":
        return _time_range(field, value, clause)
    if field == "size":
        return _number_test(field, value, clause)
    return _text_test(field, value)


def task_filter(text: str | None) -> Predicate:
    """
    Make the predicate of a task list; the default type is ``TRANSFER``.

    Raises:
        TransferError: A clause is invalid.
    """
    tests: list[Predicate] = []
    fields: set[str] = set()
    for clause in _clauses(text or ""):
        field, colon, value = clause.partition(":")
        fields.add(field)
        match field if colon else "":
            case "type" | "status":
                wanted = {item.strip().upper() for item in value.split(",")}
                allowed = {"TRANSFER", "DELETE"} if field == "type" else {"ACTIVE", "INACTIVE", "FAILED", "SUCCEEDED"}
                if not wanted <= allowed:
                    raise invalid_filter(clause)
                tests.append(_is_one_of(field, wanted))
            case "task_id":
                tests.append(_is_one_of(field, {item.strip().lower() for item in value.split(",")}))
            case "label":
                tests.append(_text_test(field, value))
            case "request_time" | "completion_time":
                tests.append(_time_range(field, value, clause))
            case _:
                raise invalid_filter(clause)
    if "type" not in fields:
        tests.append(_is_one_of("type", {"TRANSFER"}))
    return _all(tests)


def event_filter(text: str | None) -> bool | None:
    """
    Return whether the events that a filter selects are errors; `None` if it selects all.

    Raises:
        TransferError: A clause is not ``is_error:1`` or ``is_error:0``.
    """
    is_error: bool | None = None
    for clause in _clauses(text or ""):
        field, _, value = clause.partition(":")
        if field != "is_error" or value not in {"0", "1"}:
            raise invalid_filter(clause)
        is_error = value == "1"
    return is_error


def _all(tests: Sequence[Predicate]) -> Predicate:
    return lambda document: all(test(document) for test in tests)


def _is_one_of(field: str, wanted: set[str]) -> Predicate:
    return lambda document: document[field] in wanted


def _text_test(field: str, value: str) -> Predicate:
    """
    Make a predicate: ``a,b`` or ``=a`` equal to any, ``!a`` to none, ``~a*`` matches any, ``!~a*`` matches none.

    In a pattern ``*`` stands for any text and ``?`` for one character; all others mean themselves.
    """
    negated = value.startswith("!")
    rest = value[1:] if negated else value
    by_pattern = rest.startswith("~")
    rest = rest[1:] if rest[:1] in {"~", "="} else rest
    wanted = rest.split(",")
    patterns = [re.compile(re.escape(item).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL) for item in wanted]

    def test(document: Document) -> bool:
        text = str(document[field] if document[field] is not None else "")
        found = any(pattern.fullmatch(text) for pattern in patterns) if by_pattern else text in wanted
        return found is not negated

    return test


_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
}


def _number_test(field: str, value: str, clause: str) -> Predicate:
    operator, number = re.match(r"(>=|<=|>|<|!=|!|=|)(.*)", value, re.DOTALL).groups()  # type: ignore[union-attr]  # always matches
    try:
        numbers = [float(item) for item in number.split(",")]
    except ValueError:
        raise invalid_filter(clause) from None
    compare = _COMPARISONS.get(operator)
    if compare is not None:
        return lambda document: compare(document[field], numbers[0])
    negated = operator.startswith("!")
    return lambda document: (document[field] in numbers) is not negated


def _time_range(field: str, value: str, clause: str) -> Predicate:
    """Make a predicate for ``start,end``; each may be blank, and the end may be omitted."""
    first, _, last = value.partition(",")
    try:
        start = parse_time(first) if first else -math.inf
        end = parse_time(last) if last else math.inf
    except ValueError:
        raise invalid_filter(clause) from None

    def test(document: Document) -> bool:
        text = document[field]
        if text is None:
            return end == math.inf
        return start <= parse_time(text) <= end

    return test


def sort_documents(
    documents: list[Document], orderby: str | None, *, allowed: Sequence[str] | None = None
) -> list[Document]:
    """
    Sort documents by ``field [ASC|DESC],...``.

    Args:
        documents: The documents.
        orderby: The query parameter.
        allowed: The allowed fields; all fields of the documents by default.

    Raises:
        TransferError: A field or direction is invalid.
    """
    found = documents
    for part in reversed([part for part in (orderby or "").split(",") if part.strip()]):
        words = part.split()
        direction = words[1].upper() if len(words) == 2 else "ASC"
        known = allowed if allowed is not None else list(documents[0]) if documents else words[:1]
        if len(words) > 2 or direction not in {"ASC", "DESC"} or words[0] not in known:
            raise TransferError(400, "BadRequest", f"Invalid value for parameter 'orderby': '{part.strip()}'")
        found = sorted(found, key=_sort_key(words[0]), reverse=direction == "DESC")
    return found


def _sort_key(field: str) -> Callable[[Document], tuple[bool, Any]]:
    def key(document: Document) -> tuple[bool, Any]:
        value = document[field]
        return (value is not None, value if isinstance(value, (int, float)) else str(value or ""))

    return key


_SEARCHED: Final = (
    "display_name",
    "canonical_name",
    "description",
    "organization",
    "department",
    "keywords",
    "owner_string",
)
_WORD: Final = re.compile(r"\w+")


def search_rank(document: Document, text: str) -> int:
    """Return the rank of a collection in a search: 0 unless each word is a prefix of a word in its document."""
    words = [_stem(word) for word in _WORD.findall(text.lower())]
    found = [
        (field, _stem(word)) for field in _SEARCHED for word in _WORD.findall(str(document.get(field) or "").lower())
    ]
    rank = 0
    for word in words:
        hits = [field for field, candidate in found if candidate.startswith(word)]
        if not hits:
            return 0
        rank += 2 if "display_name" in hits else 1
    return rank or 1


def _stem(word: str) -> str:
    """Remove the most common English suffixes of a word."""
    for ending in ("ies", "ing", "es", "ed", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
