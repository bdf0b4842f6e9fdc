"""Faults as JSON: the functions of `emulator.faults` by name, with their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .. import faults, file_faults
from ..kit.fields import ANY, BOOLEAN, NUMBER, TEXT, FieldType, integer
from .errors import ControlError

if TYPE_CHECKING:
    from ..injection import Fault, PendingFault
    from ..kit.clock import Clock
    from ..kit.fields import Fields
    from ..kit.service import Document
    from .target import Target

__all__ = ("add_fault", "fault_document", "read_fault")

_SIZE: Final = integer(minimum=0)
_STATUS: Final = integer(minimum=200, maximum=599)
_COUNT: Final = integer(minimum=1)
_ARGUMENTS: Mapping[str, Mapping[str, FieldType[Any]]] = {
    "cut": {"after": _SIZE},
    "cut_upload": {"after": _SIZE},
    "drop_after": {},
    "drop_before": {},
    "drop_within": {"size": _SIZE},
    "empty": {},
    "expire_token": {},
    "false_404": {"kind": TEXT},
    "hollow": {},
    "html": {"code": _STATUS},
    "latency": {"seconds": NUMBER},
    "login_redirect": {},
    "malformed": {},
    "revoke_token": {},
    "short": {"after": _SIZE},
    "slow_body": {"size": _COUNT, "pause": NUMBER},
    "stall": {"after": _SIZE},
    "status": {"code": _STATUS, "retry_after": ANY, "document": ANY, "as_date": BOOLEAN},
    "throttle": {"bytes_per_second": NUMBER, "size": _COUNT},
    "truncated": {"size": _SIZE},
}
"""The arguments of each function."""
_REQUIRED: Final = {"latency": {"seconds"}, "status": {"code"}, "throttle": {"bytes_per_second"}, "truncated": {"size"}}
_FAULT: Final = frozenset({"fault", "arguments"})
"""The members that describe a fault."""
_BY_CLOCK: Final = {"latency", "slow_body", "status", "throttle"}


def add_fault(target: Target, fields: Fields) -> int:
    """
    Inject a fault into requests to come; return its number.

    Raises:
        ControlError: There is no such fault, or an argument is missing, unknown or wrong.
    """
    fields.check_known({"method", "path", "times", "after", "host", "share", "sticky", "seed", *_FAULT})
    fault = read_fault(target, fields.part(_FAULT))
    share = fields.optional("share", NUMBER, 1.0)
    if not 0 <= share <= 1:
        raise ControlError.invalid_field("share", "a number between 0 and 1")
    return target.faults.add(
        fields.optional("method", TEXT, "*"),
        fields.required("path", TEXT),
        fault,
        times=fields.nullable("times", _COUNT, 1),
        after=fields.optional("after", _SIZE, 0),
        host=fields.optional("host", TEXT, "*"),
        share=share,
        sticky=fields.optional("sticky", BOOLEAN, default=False),
        seed=fields.optional("seed", _SIZE, 0),
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
    make: Callable[..., Fault] = getattr(file_faults if name in file_faults.__all__ else faults, name)
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
        "host": pending.host_pattern,
        "share": pending.share,
        "sticky": pending.sticky,
    }
