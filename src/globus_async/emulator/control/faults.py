"""Faults as JSON: the functions of `emulator.faults` by name, with their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import faults
from ..kit.fields import ANY, BOOLEAN, NUMBER, TEXT, FieldType, integer
from .errors import ControlError

if TYPE_CHECKING:
    from ..faults import Fault, PendingFault
    from ..kit.clock import Clock
    from ..kit.fields import Fields
    from ..kit.service import Document
    from .target import Target

__all__ = ("add_fault", "fault_document", "read_fault")

_SIZE: Final = integer(minimum=0)
_STATUS: Final = integer(minimum=200, maximum=599)
_COUNT: Final = integer(minimum=1)
_ARGUMENTS: Mapping[str, Mapping[str, FieldType[Any]]] = {
    "drop_after": {},
    "drop_before": {},
    "drop_within": {"size": _SIZE},
    "empty": {},
    "expire_token": {},
    "html": {"code": _STATUS},
    "latency": {"seconds": NUMBER},
    "malformed": {},
    "revoke_token": {},
    "slow_body": {"size": _COUNT, "pause": NUMBER},
    "status": {"code": _STATUS, "retry_after": ANY, "document": ANY, "as_date": BOOLEAN},
    "truncated": {"size": _SIZE},
}
"""The arguments of each function."""
_REQUIRED: Final = {"latency": {"seconds"}, "status": {"code"}, "truncated": {"size"}}
_FAULT: Final = frozenset({"fault", "arguments"})
"""The members that describe a fault."""
_BY_CLOCK: Final = {"latency", "slow_body", "status"}


def add_fault(target: Target, fields: Fields) -> int:
    """
    Inject a fault into requests to come; return its number.

    Raises:
        ControlError: There is no such fault, or an argument is missing, unknown or wrong.
    """
    fields.check_known({"method", "path", "times", "after", *_FAULT})
    fault = read_fault(target, fields.part(_FAULT))
    return target.faults.add(
        fields.optional("method", TEXT, "*"),
        fields.required("path", TEXT),
        fault,
        times=fields.optional("times", _COUNT, 1),
        after=fields.optional("after", _SIZE, 0),
    )


def read_fault(target: Target, fields: Fields) -> Fault:
    """
    Return the fault of a document with its name (``fault``) and its ``arguments``.

    Raises:
        ControlError: There is no such fault, or an argument is missing, unknown or wrong.
    """
    fields.check_known(_FAULT)
    name = fields.required("fault", TEXT)
    if name not in _ARGUMENTS:
        raise ControlError.invalid_field("fault", f"one of {', '.join(sorted(_ARGUMENTS))}")
    given = fields.object("arguments")
    types = _ARGUMENTS[name]
    given.check_known(types)
    required = _REQUIRED.get(name, set[str]())
    arguments = {key: given.required(key, types[key]) for key in types if key in given or key in required}
    retry_after = arguments.get("retry_after")
    if not isinstance(retry_after, str | int | float | None) or isinstance(retry_after, bool):
        raise ControlError.invalid_field("arguments.retry_after", "a number or a string")
    make: Callable[..., Fault] = getattr(faults, name)
    if name in {"expire_token", "revoke_token"}:
        return make(_CurrentTokens(target))
    clock: dict[str, Clock] = {"clock": target.clock} if name in _BY_CLOCK else {}
    try:
        return make(**arguments, **clock)
    except ValueError as error:
        raise ControlError(400, "INVALID_FIELD", f"Invalid arguments of the fault '{name}': {error}") from None


class _CurrentTokens:
    """The tokens of an emulator whose resources can be replaced."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def revoke(self, token: str) -> None:
        """Revoke a token."""
        self._target.auth.revoke(token)

    def expire(self, token: str) -> None:
        """Let a token expire now."""
        self._target.auth.expire(token)


def fault_document(pending: PendingFault) -> Document:
    """Return the document of a pending fault, which may have been added by a test in this process."""
    return {
        "id": pending.id,
        "method": pending.method,
        "path": pending.path_pattern,
        "fault": pending.name,
        "times": pending.times,
        "after": pending.after,
    }
