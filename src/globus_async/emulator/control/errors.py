"""The error format of the control plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kit.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ControlError",)


class ControlError(ServiceError):
    """An error of the control plane: ``{"code": ..., "message": ...}``."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_FIELD: (400, "INVALID_FIELD"),
        ErrorKind.UNKNOWN_FIELD: (400, "UNKNOWN_MEMBER"),
    }
