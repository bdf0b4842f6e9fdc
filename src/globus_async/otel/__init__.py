"""
Spans and metrics of calls with OpenTelemetry; requires the extra ``globus-async[otel]``.

`OpenTelemetryObserver` is the `Observer` of a transport: ``Transport(observer=OpenTelemetryObserver())``.
"""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .observer import OpenTelemetryObserver

__all__ = ("OpenTelemetryObserver",)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, {"observer": ("OpenTelemetryObserver",)}, extra="otel")
