"""Validation of definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from ...kit.fields import parse_time
from .choices import rule_problems
from .limits import MAX_DEPTH, is_too_deep
from .parameters import parameter_problems
from .paths import CONTEXT, parse_path

__all__ = ("ERROR_NAMES", "Problem", "definition_problems")

Problem: TypeAlias = tuple[tuple[str | int, ...], str]
"""A location in a document, and what is wrong there."""

ERROR_NAMES: Final = ("ActionUnableToRun", "ActionFailedException", "ActionTimeout", "States.ALL")
"""The errors that Action states catch by name, besides other names of the States language."""

_COMMON: Final = frozenset({"Type", "Comment"})
_ONWARD: Final = frozenset({"Next", "End"})
_MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "Action": _ONWARD
    | {
        "ActionUrl",
        "Parameters",
        "InputPath",
        "ResultPath",
        "WaitTime",
        "ExceptionOnActionFailure",
        "RunAs",
        "Catch",
        "ActionScope",
    },
    "Pass": _ONWARD | {"Parameters", "InputPath", "ResultPath"},
    "ExpressionEval": _ONWARD | {"Parameters", "ResultPath"},
    "Wait": frozenset({"Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Next", "End"}),
    "Choice": frozenset({"Choices", "Default"}),
    "Fail": frozenset({"Cause", "CausePath", "Error", "ErrorPath"}),
}
_WAITS: Final = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
_MAX_SECONDS: Final = 366 * 86400
"""Of a Wait and of ``WaitTime``: a run lasts a year at most."""


def definition_problems(definition: object) -> Iterator[Problem]:
    """Yield what is wrong with a definition, each with its location."""
    root: tuple[str | int, ...] = ("definition",)
    if not isinstance(definition, dict):
        yield root, "an object is required"
        return
    if is_too_deep(cast("object", definition)):
        yield root, f"more than {MAX_DEPTH} levels"
        return
    members = cast("dict[str, object]", definition)
    for name in members:
        if name not in {"StartAt", "States", "Comment"}:
            yield (*root, name), "extra fields not permitted"
    if "Comment" in members and not isinstance(members["Comment"], str):
        yield (*root, "Comment"), "a string is required"
    states = members.get("States")
    if not isinstance(states, dict) or not states:
        yield (*root, "States"), "an object with at least one state is required"
        return
    known = cast("dict[str, object]", states)
    if members.get("StartAt") is None:
        yield (*root, "StartAt"), "field required"
    else:
        yield from _target_problems(members["StartAt"], known, (*root, "StartAt"))
    for name, state in known.items():
        yield from _state_problems(state, known, (*root, "States", name))


def _state_problems(state: object, states: Mapping[str, object], where: tuple[str | int, ...]) -> Iterator[Problem]:
    if not isinstance(state, dict):
        yield where, "an object is required"
        return
    members = cast("dict[str, Any]", state)
    kind = members.get("Type")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        yield (*where, "Type"), f"{kind!r} is no type of state: one of {', '.join(_MEMBERS)} is required"
        return
    for name in members:
        if name not in _MEMBERS[kind] | _COMMON:
            yield (*where, name), "extra fields not permitted"
    if "Comment" in members and not isinstance(members["Comment"], str):
        yield (*where, "Comment"), "a string is required"
    if kind not in {"Choice", "Fail"}:
        yield from _onward_problems(kind, members, states, where)
    yield from _CHECKS[kind](members, states, where)
    if kind in {"Action", "Pass", "ExpressionEval"}:
        yield from _input_problems(kind, members, where)
        yield from _result_path_problems(members, where)


def _onward_problems(
    kind: str, state: Mapping[str, object], states: Mapping[str, object], where: tuple[str | int, ...]
) -> Iterator[Problem]:
    if "End" in state and not isinstance(state["End"], bool):
        yield (*where, "End"), "a boolean is required"
    if (state.get("End") is True) == ("Next" in state):
        message = f"A state of type '{kind}' must be defined as either terminal "
        yield where, message + '("End": true) or transitional ("Next": "NextStateId")'
    if "Next" in state:
        yield from _target_problems(state["Next"], states, (*where, "Next"))


def _target_problems(target: object, states: Mapping[str, object], where: tuple[str | int, ...]) -> Iterator[Problem]:
    if not isinstance(target, str):
        yield where, "the name of a state is required"
    elif target not in states:
        yield where, f"'{target}' is no state of this definition"


def _input_problems(kind: str, state: Mapping[str, Any], where: tuple[str | int, ...]) -> Iterator[Problem]:
    given = [name for name in ("Parameters", "InputPath") if name in state]
    if len(given) > 1 or (kind == "Action" and not given):
        yield where, f"A state of type '{kind}' must have exactly one of Parameters and InputPath"
    if "InputPath" in state:
        yield from _path_problems(state["InputPath"], (*where, "InputPath"))
    if "Parameters" in state:
        if not isinstance(state["Parameters"], dict):
            yield (*where, "Parameters"), "an object is required"
        yield from parameter_problems(
            cast("Any", state["Parameters"]), (*where, "Parameters"), expressions=kind != "Pass"
        )


def _result_path_problems(state: Mapping[str, object], where: tuple[str | int, ...]) -> Iterator[Problem]:
    if "ResultPath" not in state:
        return
    path = state["ResultPath"]
    problems = list(_path_problems(path, (*where, "ResultPath")))
    yield from problems
    if not problems and parse_path(str(path))[:1] == (CONTEXT,):
        yield (*where, "ResultPath"), f"'$.{CONTEXT}' cannot be changed"


def _path_problems(path: object, where: tuple[str | int, ...]) -> Iterator[Problem]:
    if not isinstance(path, str):
        yield where, "a path is required"
        return
    try:
        parse_path(path)
    except ValueError as error:
        yield where, str(error)


def _action_problems(
    state: Mapping[str, Any], states: Mapping[str, object], where: tuple[str | int, ...]
) -> Iterator[Problem]:
    url = state.get("ActionUrl")
    if not isinstance(url, str) or not _is_url(url):
        yield (*where, "ActionUrl"), "an https or http URL is required"
    if "ActionScope" in state and not isinstance(state["ActionScope"], str):
        yield (*where, "ActionScope"), "a string is required"
    if not isinstance(state.get("RunAs", "User"), str) or not state.get("RunAs", "User"):
        yield (*where, "RunAs"), "User, Flow, or the name of a role is required"
    if not isinstance(state.get("ExceptionOnActionFailure", False), bool):
        yield (*where, "ExceptionOnActionFailure"), "a boolean is required"
    if "WaitTime" in state and not _is_duration(state["WaitTime"]):
        yield (*where, "WaitTime"), "a number of seconds is required"
    catchers = state.get("Catch", [])
    if not isinstance(catchers, list):
        yield (*where, "Catch"), "a list is required"
        return
    for number, catcher in enumerate(cast("list[object]", catchers)):
        yield from _catcher_problems(catcher, states, (*where, "Catch", number))


def _catcher_problems(catcher: object, states: Mapping[str, object], where: tuple[str | int, ...]) -> Iterator[Problem]:
    if not isinstance(catcher, dict):
        yield where, "an object is required"
        return
    members = cast("dict[str, object]", catcher)
    for name in members:
        if name not in {"ErrorEquals", "Next", "ResultPath", "Comment"}:
            yield (*where, name), "extra fields not permitted"
    names = members.get("ErrorEquals")
    if (
        not isinstance(names, list)
        or not names
        or not all(isinstance(each, str) for each in cast("list[object]", names))
    ):
        yield (*where, "ErrorEquals"), "a list of names of errors is required"
    yield from _target_problems(members.get("Next"), states, (*where, "Next"))
    yield from _result_path_problems(members, where)


def _wait_problems(
    state: Mapping[str, Any], _states: Mapping[str, object], where: tuple[str | int, ...]
) -> Iterator[Problem]:
    given = [name for name in _WAITS if name in state]
    if len(given) != 1:
        yield where, f"A state of type 'Wait' must have exactly one of {', '.join(_WAITS)}"
        return
    name = given[0]
    if name.endswith("Path"):
        yield from _path_problems(state[name], (*where, name))
    elif name == "Seconds":
        if not _is_duration(state[name]):
            yield (*where, name), "a number of seconds is required"
    elif not _is_time(state[name]):
        yield (*where, name), "an ISO 8601 time is required"


def _choice_problems(
    state: Mapping[str, Any], states: Mapping[str, object], where: tuple[str | int, ...]
) -> Iterator[Problem]:
    rules = state.get("Choices")
    if not isinstance(rules, list) or not rules:
        yield (*where, "Choices"), "a list of rules is required"
    else:
        for number, rule in enumerate(cast("list[object]", rules)):
            problems = list(rule_problems(rule, (*where, "Choices", number)))
            yield from problems
            if not any(location[-1] == "Next" for location, _ in problems) and isinstance(rule, dict):
                target = cast("dict[str, object]", rule)["Next"]
                yield from _target_problems(target, states, (*where, "Choices", number, "Next"))
    if "Default" in state:
        yield from _target_problems(state["Default"], states, (*where, "Default"))


def _fail_problems(
    state: Mapping[str, Any], _states: Mapping[str, object], where: tuple[str | int, ...]
) -> Iterator[Problem]:
    for name in ("Cause", "Error"):
        if name in state and f"{name}Path" in state:
            yield where, f"A state of type 'Fail' has only one of {name} and {name}Path"
        if name in state and not isinstance(state[name], str):
            yield (*where, name), "a string is required"
        if f"{name}Path" in state:
            yield from _path_problems(state[f"{name}Path"], (*where, f"{name}Path"))


def _expression_problems(
    state: Mapping[str, Any], _states: Mapping[str, object], where: tuple[str | int, ...]
) -> Iterator[Problem]:
    for name in ("Parameters", "ResultPath"):
        if name not in state:
            yield (*where, name), "field required"


_Check: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, object], tuple[str | int, ...]], Iterator[Problem]]
_CHECKS: Final[Mapping[str, _Check]] = {
    "Action": _action_problems,
    "Wait": _wait_problems,
    "Choice": _choice_problems,
    "Fail": _fail_problems,
    "ExpressionEval": _expression_problems,
    "Pass": lambda _state, _states, _where: iter(()),
}


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"https", "http"} and bool(parts.hostname)
    except ValueError:
        return False


def _is_duration(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MAX_SECONDS


def _is_time(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parse_time(value)
    except ValueError:
        return False
    return True
