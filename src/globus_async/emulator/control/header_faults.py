"""
A fault for one request, which its header ``X-Emulator-Fault`` asks for.

Such a request needs no earlier request to the control plane, whose faults tests at the same time would share. The
header does what its sender could do by the control plane, to its own request only, and is obeyed for the same senders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from starlette.datastructures import Headers

from .. import faults
from ..kit.fields import Fields
from ..kit.strict_json import parse_json
from .errors import ControlError
from .faults import read_fault
from .senders import check_sender

if TYPE_CHECKING:
    from typing import Any

    from starlette.types import Scope

    from ..injection import Fault
    from .target import Target

__all__ = ("HEADER", "HeaderFaults")

HEADER: Final = "x-emulator-fault"
_LONGEST: Final = 4096
"""Of its values, in bytes."""


class HeaderFaults:
    """
    The faults that requests ask for themselves.

    Args:
        target: The emulator.
        remote: Obey requests from other machines, too.
    """

    def __init__(self, target: Target, *, remote: bool = False) -> None:
        self._target = target
        self._remote = remote

    def __call__(self, scope: Scope) -> Fault | None:
        """Return the fault for a request: `None` without the header, a response with an error if it is invalid."""
        headers = Headers(scope=scope)
        values = headers.getlist(HEADER)
        if not values:
            return None
        try:
            check_sender((scope.get("client") or [None])[0], headers, remote=self._remote)
            return read_fault(self._target, _fields(values))
        except ControlError as error:
            document = error.document(path=scope["path"], request_id="")
            return faults.status(error.status, document=document)


def _fields(values: list[str]) -> Fields:
    if len(values) > 1 or len(values[0]) > _LONGEST:
        raise ControlError(400, "INVALID_HEADER", f"Send one header {HEADER}, of at most {_LONGEST} bytes")
    try:
        document = parse_json(values[0].encode("latin-1"))
    except (ValueError, RecursionError) as error:
        raise ControlError(400, "INVALID_HEADER", f"The header {HEADER} is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise ControlError(400, "INVALID_HEADER", f"The header {HEADER} must be a JSON object")
    return Fields(cast("dict[str, Any]", document), ControlError)
