"""The problems that an error document lists, each with its place in the request: lists of validation, and Search's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from .._http.json_reader import is_list, is_object
from .codes import text_member

__all__ = ("data_problems", "listed_problems", "located", "location")

_REMARKS: Final = ("cause", "constraint", "recommended_resolution")
_MAX_PROBLEMS: Final = 100
_MAX_DEPTH: Final = 20
_MAX_LOCATION: Final = 200
"""Limits of what is shown, since a document may repeat a long location many times."""


def located(place: str | None, message: str) -> str:
    """Return a message after its place: ``"body.name: Field required"``."""
    return f"{place}: {message}" if place else message


def location(entry: dict[str, Any]) -> str | None:
    """Return the ``loc`` of a problem, whose names and list indices are joined by dots; ``None`` if it has none."""
    parts = entry.get("loc")
    return _joined(parts) if is_list(parts) else None


def listed_problems(problems: object) -> list[str]:
    """Return the problems of a list of texts, or of ``{loc, msg, type}`` objects."""
    found = (_listed(each) for each in (problems if is_list(problems) else ()))
    return [*islice(filter(None, found), _MAX_PROBLEMS)]


def data_problems(error_data: object) -> list[str]:
    """
    Return the problems in the ``error_data`` of Search, then its remarks on cause, limit and remedy.

    Its ``messages`` have the structure of the refused document, with lists of texts in place of wrong values.
    """
    if is_list(error_data):
        return [*islice(_leaves(error_data, ()), _MAX_PROBLEMS)]
    if not is_object(error_data):
        return []
    remarks = filter(None, (text_member(error_data, name) for name in _REMARKS))
    return [*islice(_leaves(error_data.get("messages"), ()), _MAX_PROBLEMS), *remarks]


def _listed(problem: object) -> str | None:
    if is_object(problem):
        texts = (text_member(problem, name) for name in ("msg", "message", "detail"))
        message = next(filter(None, texts), None)
        return None if message is None else located(location(problem), message)
    return problem if isinstance(problem, str) else None


def _leaves(value: object, place: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, str):
        yield located(_joined(place), value)
    elif len(place) < _MAX_DEPTH:
        if is_object(value):
            for name, member in value.items():
                yield from _leaves(member, (*place, name))
        elif is_list(value):  # a list of texts is about the place itself, another one about its items
            for index, item in enumerate(value):
                yield from _leaves(item, place if isinstance(item, str) else (*place, str(index)))


def _joined(parts: Iterable[object]) -> str | None:
    names = (str(part) for part in parts if isinstance(part, str | int) and not isinstance(part, bool))
    return ".".join(islice(names, _MAX_DEPTH))[:_MAX_LOCATION] or None
