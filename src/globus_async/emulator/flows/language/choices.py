"""The rules of Choice states."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from ...kit.fields import parse_time
from .parameters import value_at
from .paths import Scope, parse_path

__all__ = ("holds", "rule_problems")

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _timestamp(value: object) -> float | None:
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        return parse_time(value)
    except ValueError:
        return None


_TYPES: Final[Mapping[str, tuple[str, Callable[[object], Any]]]] = {
    "String": ("a string", _text),
    "Numeric": ("a number", _number),
    "Boolean": ("a boolean", _boolean),
    "Timestamp": ("an ISO 8601 time", _timestamp),
}
_VALUE_OPERATORS: Final[Mapping[str, tuple[str, str]]] = {
    f"{kind}{comparison}": (kind, comparison)
    for kind in _TYPES
    for comparison in _COMPARISONS
    if kind != "Boolean" or comparison == "Equals"
}
_TESTS: Final[Mapping[str, Callable[[object], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": lambda value: _number(value) is not None,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: _timestamp(value) is not None,
}
_JOINS: Final = ("And", "Or", "Not")
_OTHER_MEMBERS: Final = frozenset({"Variable", "Next", "Comment"})


def holds(rule: Mapping[str, Any], scope: Scope) -> bool:
    """
    Return whether a rule holds.

    Args:
        rule: The rule, which `rule_problems` finds nothing wrong with.
        scope: The state data and the context.

    Raises:
        StateFailure: A path leads nowhere.
    """
    if "And" in rule:
        return all(holds(each, scope) for each in rule["And"])
    if "Or" in rule:
        return any(holds(each, scope) for each in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], scope)
    name = next(each for each in rule if each not in _OTHER_MEMBERS)
    operand = rule[name]
    if name == "IsPresent":
        return _is_present(rule["Variable"], scope) is operand
    value = value_at(rule["Variable"], scope)
    if name in _TESTS:
        return _TESTS[name](value) is operand
    if name == "StringMatches":
        return isinstance(value, str) and _matches(value, operand)
    if name.endswith("Path"):
        name, operand = name.removesuffix("Path"), value_at(operand, scope)
    kind, comparison = _VALUE_OPERATORS[name]
    convert = _TYPES[kind][1]
    left, right = convert(value), convert(operand)
    return left is not None and right is not None and _COMPARISONS[comparison](left, right)


def _is_present(path: str, scope: Scope) -> bool:
    try:
        scope.find(path)
    except LookupError:
        return False
    return True


def _matches(text: str, pattern: str) -> bool:
    """Return whether a text matches a pattern, in which ``*`` is any text, and an escaped one is itself."""
    parts: list[str] = [""]
    escaped = False
    for char in pattern:
        if escaped:
            parts[-1] += char
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "*":
            parts.append("")
        else:
            parts[-1] += char
    first, *middle = parts
    if not middle:
        return text == first
    last = middle.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def rule_problems(
    rule: object, location: tuple[str | int, ...], *, top: bool = True
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """
    Yield what is wrong with a rule, each with its location.

    Args:
        rule: The rule.
        location: Its location in the document.
        top: Whether it is one of ``Choices``, which has ``Next``, and not within another one.
    """
    if not isinstance(rule, dict):
        yield location, "an object is required"
        return
    members = cast("dict[str, object]", rule)
    if top and not isinstance(members.get("Next"), str):
        yield (*location, "Next"), "a rule requires the name of the next state"
    if not top and "Next" in members:
        yield (*location, "Next"), "only a rule at the top has a next state"
    names = [each for each in members if each not in _OTHER_MEMBERS]
    if len(names) != 1:
        yield location, "a rule has exactly one of And, Or, Not and a comparison"
        return
    name = names[0]
    operand, where = members[name], (*location, name)
    if name in _JOINS:
        if "Variable" in members:
            yield (*location, "Variable"), f"a rule with {name} has no variable"
        yield from _join_problems(name, operand, where)
        return
    if problem := _path_problem(members.get("Variable")):
        yield (*location, "Variable"), problem
    if problem := _operand_problem(name, operand):
        yield where, problem


def _join_problems(
    name: str, operand: object, where: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if name == "Not":
        yield from rule_problems(operand, where, top=False)
    elif isinstance(operand, list) and operand:
        for number, each in enumerate(cast("list[object]", operand)):
            yield from rule_problems(each, (*where, number), top=False)
    else:
        yield where, "a list of rules is required"


def _operand_problem(name: str, operand: object) -> str | None:
    if name in _TESTS or name == "IsPresent":
        return None if isinstance(operand, bool) else "a boolean is required"
    if name == "StringMatches":
        return None if isinstance(operand, str) else "a string is required"
    if name.endswith("Path") and name.removesuffix("Path") in _VALUE_OPERATORS:
        return _path_problem(operand)
    if name not in _VALUE_OPERATORS:
        return f"'{name}' is no comparison"
    expected, convert = _TYPES[_VALUE_OPERATORS[name][0]]
    return None if convert(operand) is not None else f"{expected} is required"


def _path_problem(path: object) -> str | None:
    if not isinstance(path, str):
        return "a path is required"
    try:
        parse_path(path)
    except ValueError as error:
        return str(error)
    return None
