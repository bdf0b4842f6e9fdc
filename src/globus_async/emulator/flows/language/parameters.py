"""Parameters of states: constants, paths (``name.$``) and expressions (``name.=``), at any level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from .expressions import ExpressionError, evaluate, parse_expression
from .failure import StateFailure
from .paths import Scope, parse_path

__all__ = (
    "PRIVATE_PARAMETERS",
    "evaluate_parameters",
    "is_private",
    "parameter_problems",
    "value_at",
    "without_private",
)

PRIVATE_PARAMETERS: Final = "__Private_Parameters"
"""The member of parameters that lists those which are hidden from all but administrators."""
_PRIVATE_PREFIX: Final = "_private"


def evaluate_parameters(parameters: object, scope: Scope) -> Any:
    """
    Return the values of parameters.

    Args:
        parameters: The parameters; of any type, for those within.
        scope: The state data and the context.

    Raises:
        StateFailure: A path leads nowhere, or an expression cannot be evaluated.
    """
    if isinstance(parameters, list):
        return [evaluate_parameters(each, scope) for each in cast("list[object]", parameters)]
    if not isinstance(parameters, Mapping):
        return parameters
    values: dict[str, Any] = {}
    for name, value in cast("Mapping[str, object]", parameters).items():
        if name == PRIVATE_PARAMETERS:
            continue
        if name.endswith(".$"):
            values[name[:-2]] = value_at(str(value), scope)
        elif name.endswith(".="):
            try:
                values[name[:-2]] = evaluate(str(value), scope)
            except ExpressionError as error:
                raise StateFailure("States.ParameterPathFailure", str(error)) from None
        else:
            values[name] = evaluate_parameters(value, scope)
    return values


def value_at(path: str, scope: Scope) -> Any:
    """
    Return the value at a path.

    Raises:
        StateFailure: There is none.
    """
    try:
        return scope.find(path)
    except LookupError:
        raise StateFailure("States.ParameterPathFailure", f"there is no value at '{path}'") from None


def parameter_problems(
    parameters: object, location: tuple[str | int, ...], *, expressions: bool
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """
    Yield what is wrong with parameters, each with its location.

    Args:
        parameters: The parameters.
        location: Their location in the document.
        expressions: Whether the state may have expressions.
    """
    if isinstance(parameters, list):
        for number, each in enumerate(cast("list[object]", parameters)):
            yield from parameter_problems(each, (*location, number), expressions=expressions)
    if not isinstance(parameters, dict):
        return
    members = cast("dict[str, object]", parameters)
    for name, value in members.items():
        where = (*location, name)
        if name == PRIVATE_PARAMETERS:
            names = cast("list[object]", value) if isinstance(value, list) else [None]
            if not all(isinstance(each, str) for each in names):
                yield where, "a list of names of parameters is required"
        elif name.endswith((".$", ".=")):
            if name[:-2] in members:
                yield where, f"the parameter '{name[:-2]}' is given twice"
            if problem := _value_problem(name, value, expressions=expressions):
                yield where, problem
        else:
            yield from parameter_problems(value, where, expressions=expressions)


def _value_problem(name: str, value: object, *, expressions: bool) -> str | None:
    if name.endswith(".=") and not expressions:
        return "a state of this type has no expressions"
    if not isinstance(value, str):
        return "a string is required"
    try:
        parse_path(value) if name.endswith(".$") else parse_expression(value)
    except ValueError as error:
        return str(error)
    return None


def is_private(name: str) -> bool:
    """Return whether a member of state data is hidden from status and logs."""
    return name.startswith(_PRIVATE_PREFIX)


def without_private(value: Any, names: frozenset[str] = frozenset()) -> Any:
    """
    Return a value without private members, and without those of these names at any level.

    Args:
        value: State data, parameters or a definition.
        names: Further names to leave out, also with the ending of a path or expression.
    """
    if isinstance(value, list):
        items = cast("list[object]", value)
        shown = [without_private(each, names) for each in items]
        # unchanged values are shared: logs of many states would fill the memory
        return items if all(new is old for new, old in zip(shown, items, strict=True)) else shown
    if not isinstance(value, Mapping):
        return value
    members = cast("Mapping[str, object]", value)
    kept = {
        name: without_private(each, names)
        for name, each in members.items()
        if not is_private(name) and name.removesuffix(".$").removesuffix(".=") not in names
    }
    return members if len(kept) == len(members) and all(kept[name] is members[name] for name in kept) else kept
