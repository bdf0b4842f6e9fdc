"""An emulator of Globus for tests, with its storages, faults and clock (extra ``emulator``)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..emulator.auth.models import ClientApp as ClientApp
    from ..emulator.auth.models import Credential as Credential
    from ..emulator.faults import Fault as Fault
    from ..emulator.faults import Faults as Faults
    from ..emulator.kit.clock import ManualClock as ManualClock
    from ..emulator.kit.directory import Identity as Identity
    from ..emulator.kit.errors import ServiceError as ServiceError
    from ..emulator.kit.service import Platform as Platform
    from ..emulator.kit.service import Service as Service
    from ..emulator.recorder import RecordedRequest as RecordedRequest
    from ..emulator.registry import Emulator as Emulator
    from ..emulator.server import LoopbackServer as LoopbackServer
    from ..emulator.transfer.models import Collection as Collection
    from ..emulator.transfer.models import Task as Task
    from ..emulator.transfer.state import Limits as Limits
    from ..emulator.transfer.state import Pace as Pace
    from ..emulator.transfer.storage.directory import DirectoryStorage as DirectoryStorage
    from ..emulator.transfer.storage.memory import MemoryStorage as MemoryStorage
    from ..emulator.transfer.storage.protocol import Storage as Storage
    from ..emulator.transfer.storage.protocol import StorageError as StorageError
    from .emulator import GlobusEmulator as GlobusEmulator

_MODULES = {
    "ClientApp": "..emulator.auth.models",
    "Collection": "..emulator.transfer.models",
    "Credential": "..emulator.auth.models",
    "DirectoryStorage": "..emulator.transfer.storage.directory",
    "Emulator": "..emulator.registry",
    "Fault": "..emulator.faults",
    "Faults": "..emulator.faults",
    "GlobusEmulator": ".emulator",
    "Identity": "..emulator.kit.directory",
    "Limits": "..emulator.transfer.state",
    "LoopbackServer": "..emulator.server",
    "ManualClock": "..emulator.kit.clock",
    "MemoryStorage": "..emulator.transfer.storage.memory",
    "Pace": "..emulator.transfer.state",
    "Platform": "..emulator.kit.service",
    "RecordedRequest": "..emulator.recorder",
    "Service": "..emulator.kit.service",
    "ServiceError": "..emulator.kit.errors",
    "Storage": "..emulator.transfer.storage.protocol",
    "StorageError": "..emulator.transfer.storage.protocol",
    "Task": "..emulator.transfer.models",
}

__all__ = (
    "ClientApp",
    "Collection",
    "Credential",
    "DirectoryStorage",
    "Emulator",
    "Fault",
    "Faults",
    "GlobusEmulator",
    "Identity",
    "Limits",
    "LoopbackServer",
    "ManualClock",
    "MemoryStorage",
    "Pace",
    "Platform",
    "RecordedRequest",
    "Service",
    "ServiceError",
    "Storage",
    "StorageError",
    "Task",
)


def __getattr__(name: str) -> object:
    """Import a public name on its first use: without the extra, importing this package costs and breaks nothing."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value: object = getattr(import_module(module, __name__), name)
    except ModuleNotFoundError as error:
        if error.name in {"starlette", "uvicorn"}:
            error.add_note("the emulator needs an extra: pip install 'globus-async[emulator]'")
        raise
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
