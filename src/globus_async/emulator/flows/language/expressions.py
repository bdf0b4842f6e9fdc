"""Expressions in parameters whose names end in ``.=``."""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from .limits import check_size

if TYPE_CHECKING:
    from .paths import Scope

__all__ = ("ExpressionError", "evaluate", "parse_expression")

_MAX_LENGTH: Final = 4096
_MAX_ITEMS: Final = 100_000
"""The longest text that an operator makes, and the number of values within a list."""
_MAX_BITS: Final = 4096
"""The largest integer that an operator makes."""
_NODES: Final[tuple[type[ast.AST], ...]] = (
    ast.Expr,
    ast.Name,
    ast.UnaryOp,
    ast.BinOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Subscript,
    ast.Slice,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Dict,
)
"""The parts of Python expressions that the language has, besides members and calls."""


class ExpressionError(ValueError):
    """An expression that cannot be parsed or evaluated."""


def parse_expression(text: str) -> ast.Expr:
    """
    Parse an expression.

    Raises:
        ExpressionError: It is none, or too long.
    """
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {_MAX_LENGTH} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in texts
            body = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"invalid expression: {error}") from None
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise ExpressionError("invalid expression: one value is required")
    return body[0]


def evaluate(text: str, scope: Scope) -> Any:
    """
    Return the value of an expression.

    Args:
        text: The expression.
        scope: The values that its names stand for.

    Raises:
        ExpressionError: It cannot be parsed or evaluated, takes too long, or its value is no JSON.
    """
    import simpleeval  # type: ignore[import-untyped]  # noqa: PLC0415 -- few emulators run flows with expressions

    parsed = parse_expression(text)
    functions = _functions(scope)
    # booleans and null may be written as in JSON
    names = {"true": True, "false": False, "null": None, **scope.names}
    evaluator = cast("Any", simpleeval).EvalWithCompoundTypes(operators=_OPERATORS, functions={}, names=names)
    recurse: Any = evaluator._eval  # noqa: SLF001 -- the way to extend the library
    known: dict[type[ast.AST], Any] = evaluator.nodes

    def member(node: ast.Attribute) -> object:
        container = recurse(node.value)
        if not isinstance(container, Mapping):
            raise ExpressionError(f"'{node.attr}' is asked of something else than an object")
        return cast("Mapping[str, object]", container)[node.attr]

    def call(node: ast.Call) -> object:
        if not isinstance(node.func, ast.Name) or node.func.id not in functions:
            raise ExpressionError("only the functions pathsplit, is_present and getattr can be called")
        if any(keyword.arg is None for keyword in node.keywords):
            raise ExpressionError("'**' is not supported")
        arguments = [recurse(each) for each in node.args]
        named = {str(each.arg): recurse(each.value) for each in node.keywords}
        return functions[node.func.id](*arguments, **named)

    evaluator.nodes = {**{kind: known[kind] for kind in _NODES}, ast.Attribute: member, ast.Call: call}
    # values are JSON only: without functions and modules, a search of all values at each step finds nothing
    evaluator._check_disallowed_items = _accept  # noqa: SLF001 -- as above
    try:
        made = evaluator.eval(text, previously_parsed=parsed)
        check_size(made)
        value = _plain(made)
    except ExpressionError:
        raise
    except Exception as error:  # noqa: BLE001 -- those of all operators, of the library, and of limits
        raise ExpressionError(f"cannot evaluate '{text[:200]}': {str(error) or type(error).__name__}") from None
    return value


def _plain(value: object) -> object:
    """Return a value with lists in place of tuples."""
    if not isinstance(value, list | tuple | dict):
        return value
    if not isinstance(value, dict):
        return [_plain(each) for each in cast("list[object]", value)]
    members = cast("dict[object, object]", value)
    if not all(isinstance(name, str) for name in members):
        raise ExpressionError("the names of an object are texts")
    return {name: _plain(each) for name, each in members.items()}


def _accept(_item: object) -> None: ...


def _functions(scope: Scope) -> dict[str, Callable[..., object]]:
    def find(path: object) -> object:
        if not isinstance(path, str):
            raise ExpressionError("a path is a text")
        return scope.find(path if path.startswith("$") else f"$.{path}")

    def is_present(path: object) -> bool:
        try:
            find(path)
        except LookupError:
            return False
        return True

    def get(path: object, default: object = None) -> object:
        try:
            return find(path)
        except LookupError:
            return default

    return {"pathsplit": _split_path, "is_present": is_present, "getattr": get}


def _split_path(path: object) -> list[str]:
    """Return directory and name of a path; ``/~/`` stays whole."""
    if not isinstance(path, str):
        raise ExpressionError("pathsplit takes a text")
    stripped = path.rstrip("/")
    if stripped in {"", "/~"}:
        return [path, ""]
    directory, slash, name = stripped.rpartition("/")
    return [directory + slash, name]


def _add(left: Any, right: Any) -> Any:
    _check_length(_length(left) + _length(right))
    return left + right


def _multiply(left: Any, right: Any) -> Any:
    for items, count in ((left, right), (right, left)):
        if isinstance(items, str | list | tuple) and isinstance(count, int):
            _check_length(_length(cast("object", items)) * count)
    _check_bits(_bits(left) + _bits(right))
    return left * right


def _power(left: Any, right: Any) -> Any:
    _numbers(left, right)
    _check_bits(_bits(left) * abs(int(right)))
    return left**right


def _modulo(left: Any, right: Any) -> Any:
    _numbers(left, right)  # of texts it would be formatting
    return left % right


def _divide(left: Any, right: Any) -> Any:
    return left / right


def _divide_down(left: Any, right: Any) -> Any:
    return left // right


def _contains(item: Any, container: Any) -> bool:
    return item in container


def _lacks(item: Any, container: Any) -> bool:
    return item not in container


def _numbers(*values: object) -> None:
    if not all(isinstance(each, int | float) for each in values):
        raise ExpressionError("numbers are required")


def _bits(value: object) -> int:
    return value.bit_length() if isinstance(value, int) else 1


def _check_bits(bits: int) -> None:
    if bits > _MAX_BITS:
        raise ExpressionError("a number is too large")


def _length(value: object) -> int:
    """Return the length of a text, or the number of all values within another one, if it is not above the limit."""
    if isinstance(value, str):
        return len(value)
    count, pending = 0, [value]
    while pending and count <= _MAX_ITEMS:
        each = pending.pop()
        if isinstance(each, list | tuple | dict):
            items = list(
                cast("dict[str, object]", each).values() if isinstance(each, dict) else cast("list[object]", each)
            )
            count += len(items)
            pending += items
    return count


def _check_length(length: int) -> None:
    if length > _MAX_ITEMS:
        raise ExpressionError("a text or list is too long")


_OPERATORS: Final[Mapping[type[ast.AST], Callable[..., Any]]] = {
    ast.Add: _add,
    ast.Sub: operator.sub,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.FloorDiv: _divide_down,
    ast.Mod: _modulo,
    ast.Pow: _power,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.In: _contains,
    ast.NotIn: _lacks,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
