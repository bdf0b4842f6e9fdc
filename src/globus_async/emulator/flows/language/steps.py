"""One state of a run: its input, its result, and the state after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...kit.fields import parse_time
from .choices import holds
from .failure import StateFailure
from .limits import check_size
from .parameters import PRIVATE_PARAMETERS, evaluate_parameters, value_at
from .paths import Scope, parse_path, store

__all__ = ("Act", "Caught", "Done", "Sleep", "begin", "catch", "complete", "private_names", "state_input")

_LONGEST_SLEEP: Final = 366 * 86400


@dataclass(frozen=True, slots=True)
class Done:
    """A state is completed."""

    data: Any
    """The state data after it."""
    output: Any
    """Its result."""
    next: str | None
    """The state after it; `None` if the run has succeeded."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """A Wait state: `complete` continues after it."""

    until: float
    """POSIX seconds."""


@dataclass(frozen=True, slots=True)
class Act:
    """An Action state: `complete` continues with the status of the action, or `catch` with an error."""

    body: Any


@dataclass(frozen=True, slots=True)
class Caught:
    """An error that the state has a handler for."""

    data: Any
    next: str


def private_names(state: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the parameters of a state that are hidden from status and logs."""
    parameters: Mapping[str, Any] = state.get("Parameters", {})
    return frozenset(parameters.get(PRIVATE_PARAMETERS, ()))


def state_input(state: Mapping[str, Any], scope: Scope) -> Any:
    """
    Return the input of a state: its parameters, the part of the data that it asks for, or all data.

    Raises:
        StateFailure: A path leads nowhere, an expression cannot be evaluated, or the input is too large.
    """
    if "Parameters" in state:
        value = evaluate_parameters(state["Parameters"], scope)
        check_size(value)
        return value
    path = state.get("InputPath", "$")
    return value_at(path, scope)


def begin(state: Mapping[str, Any], input: Any, scope: Scope, *, now: float) -> Done | Sleep | Act:
    """
    Execute a state as far as it goes without waiting.

    Args:
        state: The state of the definition.
        input: Its input, from `state_input`.
        scope: The state data and the context.
        now: POSIX seconds.

    Raises:
        StateFailure: It fails.
    """
    match state["Type"]:
        case "Action":
            return Act(input)
        case "Wait":
            return Sleep(_end_of_wait(state, scope, now))
        case "Choice":
            return Done(scope.data, scope.data, _choose(state, scope))
        case "Fail":
            raise StateFailure(
                _text(state, "Error", scope, "States.Failed"),
                _text(state, "Cause", scope, "The flow reached a Fail state"),
            )
        case _:
            return complete(state, scope.data, input)


def complete(state: Mapping[str, Any], data: Any, result: Any) -> Done:
    """
    Store the result of a state.

    Raises:
        StateFailure: There is no place for it, or the data become too large.
    """
    following = None if state.get("End") else state["Next"]
    if state["Type"] == "Wait":
        return Done(data, data, following)
    stored = store(parse_path(state.get("ResultPath", "$")), data, result)
    check_size(stored)
    return Done(stored, result, following)


def catch(state: Mapping[str, Any], data: Any, failure: StateFailure) -> Caught | None:
    """
    Return how a state handles an error; `None` if it does not.

    Raises:
        StateFailure: There is no place for the information on the error.
    """
    for catcher in state.get("Catch", ()):
        if {failure.error, "States.ALL"} & {*catcher["ErrorEquals"]}:
            stored = store(
                parse_path(catcher.get("ResultPath", "$")), data, {"Error": failure.error, "Cause": failure.cause}
            )
            check_size(stored)
            return Caught(stored, catcher["Next"])
    return None


def _choose(state: Mapping[str, Any], scope: Scope) -> str:
    for rule in state["Choices"]:
        if holds(rule, scope):
            following: str = rule["Next"]
            return following
    if "Default" not in state:
        raise StateFailure("States.NoChoiceMatched", "no rule holds, and there is no default")
    default: str = state["Default"]
    return default


def _end_of_wait(state: Mapping[str, Any], scope: Scope, now: float) -> float:
    if "Timestamp" in state or "TimestampPath" in state:
        text = state["Timestamp"] if "Timestamp" in state else value_at(state["TimestampPath"], scope)
        try:
            until = parse_time(text) if isinstance(text, str) else None
        except ValueError:
            until = None
        if until is None:
            raise StateFailure("States.Runtime", f"'{state['TimestampPath']}' leads to no ISO 8601 time")
    else:
        seconds = state["Seconds"] if "Seconds" in state else value_at(state["SecondsPath"], scope)
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise StateFailure("States.Runtime", f"'{state['SecondsPath']}' leads to no number of seconds")
        until = now + min(seconds, _LONGEST_SLEEP)
    return min(until, now + _LONGEST_SLEEP)


def _text(state: Mapping[str, Any], name: str, scope: Scope, default: str) -> str:
    value = value_at(state[f"{name}Path"], scope) if f"{name}Path" in state else state.get(name, default)
    return value if isinstance(value, str) else default
