"""A Globus of one's own: an emulator of Globus Auth and Transfer for tests and demonstrations (extra ``emulator``)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .globus import GlobusEmulator as GlobusEmulator
    from .kit.clock import ManualClock as ManualClock
    from .recorder import RecordedRequest as RecordedRequest
    from .server import LoopbackServer as LoopbackServer
    from .transfer.machine import Pace as Pace
    from .transfer.memory_storage import MemoryStorage as MemoryStorage
    from .transfer.model import Collection as Collection
    from .transfer.model import Task as Task
    from .transfer.real_storage import RealStorage as RealStorage
    from .transfer.state import Limits as Limits
    from .transfer.storage import Storage as Storage
    from .transfer.storage import StorageError as StorageError

_HOMES = {
    "Collection": ".transfer.model",
    "GlobusEmulator": ".globus",
    "Limits": ".transfer.state",
    "LoopbackServer": ".server",
    "ManualClock": ".kit.clock",
    "MemoryStorage": ".transfer.memory_storage",
    "Pace": ".transfer.machine",
    "RealStorage": ".transfer.real_storage",
    "RecordedRequest": ".recorder",
    "Storage": ".transfer.storage",
    "StorageError": ".transfer.storage",
    "Task": ".transfer.model",
}

__all__ = (
    "Collection",
    "GlobusEmulator",
    "Limits",
    "LoopbackServer",
    "ManualClock",
    "MemoryStorage",
    "Pace",
    "RealStorage",
    "RecordedRequest",
    "Storage",
    "StorageError",
    "Task",
)


def __getattr__(name: str) -> object:
    """Load a public name on its first use: without the extra, importing this package costs and breaks nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value: object = getattr(import_module(home, __name__), name)
    except ModuleNotFoundError as error:
        if error.name in {"starlette", "uvicorn"}:
            error.add_note("the emulator needs an extra: pip install 'globus-async[emulator]'")
        raise
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
