"""A Globus of one's own: an emulator of Globus Auth and Transfer for tests and demonstrations (extra ``emulator``)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .globus import GlobusEmulator as GlobusEmulator
    from .kit.clock import ManualClock as ManualClock
    from .recorder import RecordedRequest as RecordedRequest
    from .server import LoopbackServer as LoopbackServer
    from .transfer.models import Collection as Collection
    from .transfer.models import Task as Task
    from .transfer.state import Limits as Limits
    from .transfer.storage.directory import DirectoryStorage as DirectoryStorage
    from .transfer.storage.memory import MemoryStorage as MemoryStorage
    from .transfer.storage.protocol import Storage as Storage
    from .transfer.storage.protocol import StorageError as StorageError
    from .transfer.work.task_runner import Pace as Pace

_HOMES = {
    "Collection": ".transfer.models",
    "DirectoryStorage": ".transfer.storage.directory",
    "GlobusEmulator": ".globus",
    "Limits": ".transfer.state",
    "LoopbackServer": ".server",
    "ManualClock": ".kit.clock",
    "MemoryStorage": ".transfer.storage.memory",
    "Pace": ".transfer.work.task_runner",
    "RecordedRequest": ".recorder",
    "Storage": ".transfer.storage.protocol",
    "StorageError": ".transfer.storage.protocol",
    "Task": ".transfer.models",
}

__all__ = (
    "Collection",
    "DirectoryStorage",
    "GlobusEmulator",
    "Limits",
    "LoopbackServer",
    "ManualClock",
    "MemoryStorage",
    "Pace",
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
