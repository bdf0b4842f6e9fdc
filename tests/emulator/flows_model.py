"""A simple recursive interpreter of flow definitions, and random definitions, to compare the emulator with."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

ACTIONS = "https://actions.example.org"
SLOW = 10
"""Seconds that the slow action takes, with polls after 1, 3, 7 and 15 seconds."""
MAX_STEPS = 20
MAX_SIZE = 2_000
"""Characters of the state data; cycles that store all data in a part of them double it each time."""

BUGS = (
    "result path ignored",
    "last rule wins",
    "default before rules",
    "catches all errors",
    "error not stored",
    "failure always raises",
    "wait ignored",
    "wait time ignored",
    "missing path is null",
    "or as and",
    "not ignored",
    "less than or equal",
    "input path ignored",
    "private members logged",
    "booleans are numbers",
    "end goes on",
)
"""Differences that can be planted in the interpreter."""

EXPRESSIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a + 1": lambda data: data["a"] + 1,
    "a * 2 - b": lambda data: data["a"] * 2 - data["b"],
    "b if a else c": lambda data: data["b"] if data["a"] else data["c"],
    "is_present('c')": lambda data: "c" in data,
    "getattr('c', 7)": lambda data: data.get("c", 7),
    "[a, b][0]": lambda data: [data["a"], data["b"]][0],
    "c.x": lambda data: data["c"]["x"],
    "pathsplit('/d/e/f')": lambda _data: ["/d/e/", "f"],
    "a == b and not b": lambda data: data["a"] == data["b"] and not data["b"],
}

NAMES = ["S0", "S1", "S2", "S3", "S4"]
PATHS = ("$.a", "$.b", "$.c", "$.c.x", "$.r", "$.r.details", "$['b']")
PLACES = ("$", "$.r", "$.a", "$.c.x", "$.new.deep", "$._private_note")
VALUES = (0, 1, 2, "t", "two", True, None, {"x": 1}, {"x": {"y": 2}})
ERRORS = ("ActionUnableToRun", "ActionFailedException", "ActionTimeout", "States.ALL")


class Generator:
    """
    Random valid definitions of one to five states, which may have cycles, and inputs.

    Args:
        seed: The same seed gives the same definition.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._names = NAMES[: self._random.randint(1, len(NAMES))]

    def case(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a definition and an input."""
        definition = {"StartAt": "S0", "States": {name: self._state() for name in self._names}}
        names = ["a", "b", *self._some("c", "_private_key")]
        return definition, {name: self._of(VALUES) for name in names}

    def _of(self, values: Sequence[Any]) -> Any:
        return self._random.choice(values)

    def _some(self, *names: str) -> list[str]:
        return [name for name in names if self._random.random() < 0.5]

    def _any(self, **members: Callable[[], Any]) -> dict[str, Any]:
        return {name: members[name]() for name in self._some(*members)}

    def _place(self) -> str:
        return str(self._of(PLACES))

    def _onward(self) -> dict[str, Any]:
        return {"End": True} if self._random.random() < 0.3 else {"Next": self._of(self._names)}

    def _parameters(self, *, expressions: bool) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name in self._some("k", "p.$", "n", *(["e.="] if expressions else [])):
            match name:
                case "k":
                    made[name] = self._of(VALUES)
                case "p.$":
                    made[name] = self._of(PATHS)
                case "n":
                    made[name] = {"q.$": self._of(PATHS)}
                case _:
                    made[name] = self._of(sorted(EXPRESSIONS))
        return made

    def _rule(self, depth: int = 2) -> dict[str, Any]:
        if depth and self._random.random() < 0.4:
            kind = self._of(["And", "Or", "Not"])
            inner = [self._rule(depth - 1) for _ in range(self._random.randint(1, 2))]
            return {kind: inner[0] if kind == "Not" else inner}
        name = self._of(["NumericLessThan", "StringEquals", "IsPresent", "IsNumeric", "NumericEqualsPath"])
        operands: dict[str, Sequence[Any]] = {
            "NumericLessThan": (0, 1, 2, 3),
            "StringEquals": ("t", "u"),
            "NumericEqualsPath": PATHS,
        }
        return {"Variable": self._of(PATHS), name: self._of(operands.get(name, (True, False)))}

    def _catchers(self) -> list[dict[str, Any]]:
        return [
            {
                "ErrorEquals": [self._of(ERRORS) for _ in range(self._random.randint(1, 2))],
                "Next": self._of(self._names),
                **self._any(ResultPath=self._place),
            }
            for _ in range(self._random.randint(0, 2))
        ]

    def _state(self) -> dict[str, Any]:
        kind = self._of(["Action", "Action", "Pass", "Choice", "ExpressionEval", "Wait", "Fail"])
        state: dict[str, Any] = {"Type": kind}
        match kind:
            case "Action":
                state["ActionUrl"] = f"{ACTIONS}/{self._of(['echo', 'fail', 'refuse', 'slow'])}"
                state["Parameters"] = self._parameters(expressions=True)
                state |= self._any(
                    ResultPath=self._place,
                    Catch=self._catchers,
                    ExceptionOnActionFailure=lambda: self._of([True, False]),
                    WaitTime=lambda: self._of([5, 50]),
                )
            case "Pass":
                state |= self._any(ResultPath=self._place)
                state |= self._of(
                    [{}, {"InputPath": self._of(PATHS)}, {"Parameters": self._parameters(expressions=False)}]
                )
            case "ExpressionEval":
                state |= {"Parameters": self._parameters(expressions=True), "ResultPath": self._place()}
            case "Wait":
                state |= self._of([{"Seconds": 5}, {"SecondsPath": "$.a"}])
            case "Choice":
                rules = [{**self._rule(), "Next": self._of(self._names)} for _ in range(self._random.randint(1, 3))]
                return {**state, "Choices": rules, **self._any(Default=lambda: self._of(self._names))}
            case _:
                return {**state, **self._any(Error=lambda: "Mine", Cause=lambda: "because")}
        return {**state, **self._onward()}


class Failed(Exception):
    """A state has failed."""

    def __init__(self, error: str, cause: Any) -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


class TooLong(Exception):
    """The run has too many steps, or too large data."""


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("['", ".").replace("']", "").split(".")[1:] if part]


def _value(path: str, data: Any, bug: str | None) -> Any:
    for part in _parts(path):
        if not isinstance(data, dict) or part not in data:
            if bug == "missing path is null":
                return None
            raise Failed("States.ParameterPathFailure", None)
        data = data[part]
    return data


def _stored(path: str, data: Any, value: Any) -> Any:
    parts = _parts(path)
    if not parts:
        return value
    if not isinstance(data, dict):
        raise Failed("States.ResultPathMatchFailure", None)
    data = json.loads(json.dumps(data))  # deepcopy() keeps what is shared, and a change would be one of both
    here = data
    for part in parts[:-1]:
        here = here.setdefault(part, {})
        if not isinstance(here, dict):
            raise Failed("States.ResultPathMatchFailure", None)
    here[parts[-1]] = value
    return data


def _evaluated(parameters: Any, data: Any, bug: str | None) -> Any:
    if not isinstance(parameters, dict):
        return parameters
    found = {}
    for name, value in parameters.items():
        if name.endswith(".$"):
            found[name[:-2]] = _value(value, data, bug)
        elif name.endswith(".="):
            try:
                found[name[:-2]] = EXPRESSIONS[value](data if isinstance(data, dict) else {})
            except (TypeError, LookupError, AttributeError):
                raise Failed("States.ParameterPathFailure", None) from None
        else:
            found[name] = _evaluated(value, data, bug)
    return found


def _is_number(value: Any, bug: str | None) -> bool:
    return isinstance(value, int) and (bug == "booleans are numbers" or not isinstance(value, bool))


def _holds(rule: dict[str, Any], data: Any, bug: str | None) -> bool:  # noqa: PLR0911 -- one for each operator
    if "And" in rule or ("Or" in rule and bug == "or as and"):
        return all(_holds(each, data, bug) for each in rule.get("And") or rule["Or"])
    if "Or" in rule:
        return any(_holds(each, data, bug) for each in rule["Or"])
    if "Not" in rule:
        return _holds(rule["Not"], data, bug) == (bug == "not ignored")
    try:
        value = _value(rule["Variable"], data, None if "IsPresent" in rule else bug)
    except Failed:
        if "IsPresent" in rule:
            return rule["IsPresent"] is False
        raise
    if "IsPresent" in rule:
        return rule["IsPresent"] is True
    if "IsNumeric" in rule:
        return _is_number(value, bug) is rule["IsNumeric"]
    if "StringEquals" in rule:
        return isinstance(value, str) and value == rule["StringEquals"]
    if "NumericEqualsPath" in rule:
        other = _value(rule["NumericEqualsPath"], data, bug)
        return _is_number(value, bug) and _is_number(other, bug) and value == other
    limit = rule["NumericLessThan"] + (bug == "less than or equal")
    return _is_number(value, bug) and value < limit


def _shown(value: Any, bug: str | None) -> Any:
    if isinstance(value, dict):
        return {
            name: _shown(each, bug)
            for name, each in value.items()
            if bug == "private members logged" or not name.startswith("_private")
        }
    return value


class Interpretation:
    """
    What a run does, as a recursion over its states.

    Args:
        definition: The definition.
        data: The input.
        bug: One of `BUGS`, to be found.
    """

    def __init__(self, definition: dict[str, Any], data: dict[str, Any], bug: str | None = None) -> None:
        self._states = definition["States"]
        self._bug = bug
        self._left = MAX_STEPS
        self.seconds = 0.0
        self.log: list[tuple[float, str, Any]] = []
        self._note("FlowStarted", _shown(data, bug))
        self.status, self.result = self._from(definition["StartAt"], data)

    def _note(self, code: str, details: Any) -> None:
        self.log.append((self.seconds, code, copy.deepcopy(details)))

    def _from(self, name: str, data: Any) -> tuple[str, Any]:
        self._left -= 1
        if self._left < 0 or len(repr(data)) > MAX_SIZE:
            raise TooLong
        state = self._states[name]
        try:
            following, data = self._state(name, state, data)
        except Failed as failure:
            if state["Type"] != "Fail":
                self._note(f"{state['Type']}Failed", (name, failure.error))
            caught = next(
                (
                    each
                    for each in state.get("Catch", [])
                    if self._bug == "catches all errors"
                    or failure.error in each["ErrorEquals"]
                    or "States.ALL" in each["ErrorEquals"]
                ),
                None,
            )
            error = failure.error
            if caught is not None:
                information = {"Error": failure.error, "Cause": failure.cause}
                try:
                    if self._bug != "error not stored":
                        data = _stored(caught.get("ResultPath", "$"), data, information)
                    return self._from(caught["Next"], data)
                except Failed as second:
                    error = second.error
            self._note("FlowFailed", (name, error))
            return "FAILED", error
        if following is None:
            self._note("FlowSucceeded", _shown(data, self._bug))
            return "SUCCEEDED", _shown(data, self._bug)
        return self._from(following, data)

    def _state(self, name: str, state: dict[str, Any], data: Any) -> tuple[str | None, Any]:
        kind, bug = state["Type"], self._bug
        if "Parameters" in state:
            given = _evaluated(state["Parameters"], data, bug)
        elif "InputPath" in state and bug != "input path ignored":
            given = _value(state["InputPath"], data, bug)
        else:
            given = data
        self._note(f"{kind}Started", (name, _shown(given, bug)))
        if kind == "Fail":
            raise Failed(state.get("Error", "States.Failed"), state.get("Cause"))
        if kind == "Choice":
            following = self._choice(state, data)
            self._note("ChoiceCompleted", (name, _shown(data, bug)))
            return following, data
        result = given
        if kind == "Wait":
            self._wait(state, data)
            result = data
        elif kind == "Action":
            result = {"state_name": name, **self._action(name, state, given)}
        if kind != "Wait":
            data = result if bug == "result path ignored" else _stored(state.get("ResultPath", "$"), data, result)
        self._note(f"{kind}Completed", (name, _shown(result, bug)))
        if bug == "end goes on" and state.get("End") and name != "S0":
            return "S0", data
        return state.get("Next"), data

    def _choice(self, state: dict[str, Any], data: Any) -> str:
        chosen: str | None = None
        if self._bug == "default before rules" and "Default" in state:
            return str(state["Default"])
        for rule in state["Choices"]:
            if (chosen is None or self._bug == "last rule wins") and _holds(rule, data, self._bug):
                chosen = rule["Next"]
        if chosen is None and "Default" not in state:
            raise Failed("States.NoChoiceMatched", None)
        return str(chosen or state["Default"])

    def _wait(self, state: dict[str, Any], data: Any) -> None:
        seconds = state["Seconds"] if "Seconds" in state else _value(state["SecondsPath"], data, self._bug)
        if not _is_number(seconds, None):
            raise Failed("States.Runtime", None)
        if self._bug != "wait ignored":
            self.seconds += seconds

    def _action(self, name: str, state: dict[str, Any], body: Any) -> dict[str, Any]:
        kind = state["ActionUrl"].rpartition("/")[2]
        if kind == "refuse":
            raise Failed("ActionUnableToRun", "no")
        if kind == "slow":
            limit = state.get("WaitTime", 300)
            if limit < SLOW and self._bug != "wait time ignored":
                self.seconds += limit
                raise Failed("ActionTimeout", f"the action has not ended within the WaitTime of '{name}'")
            self.seconds += 15
        if kind == "fail":
            result = {"status": "FAILED", "details": "failed"}
            if state.get("ExceptionOnActionFailure", self._bug == "failure always raises"):
                raise Failed("ActionFailedException", {"state_name": name, **result})
            return result
        return {"status": "SUCCEEDED", "details": body}
