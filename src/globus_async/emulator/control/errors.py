"""The error format of the control plane."""

from __future__ import annotations

from typing import ClassVar

from ..kit.errors import ErrorKind, ServiceError

__all__ = ("ControlError",)


class ControlError(ServiceError):
    """An error of the control plane: ``{"code": ..., "message": ...}``."""

    codes: ClassVar = {ErrorKind.INVALID_FIELD: (400, "INVALID_FIELD")}
