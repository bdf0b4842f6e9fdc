"""An emulator of Globus for tests and demonstrations (extra ``emulator``); it needs nothing of the client."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .auth.models import ClientApp as ClientApp
    from .auth.models import Credential as Credential
    from .globus import GlobusEmulator as GlobusEmulator
    from .injection import Fault as Fault
    from .injection import Faults as Faults
    from .kit.clock import ManualClock as ManualClock
    from .kit.directory import Identity as Identity
    from .kit.errors import ServiceError as ServiceError
    from .kit.service import Platform as Platform
    from .kit.service import Service as Service
    from .recorder import RecordedRequest as RecordedRequest
    from .registry import Emulator as Emulator
    from .server import LoopbackServer as LoopbackServer
    from .traffic import Traffic as Traffic
    from .transfer.models import Collection as Collection
    from .transfer.models import Task as Task
    from .transfer.state import Limits as Limits
    from .transfer.state import Pace as Pace
    from .transfer.storage.directory import DirectoryStorage as DirectoryStorage
    from .transfer.storage.memory import MemoryStorage as MemoryStorage
    from .transfer.storage.protocol import Storage as Storage
    from .transfer.storage.protocol import StorageError as StorageError

_MODULES = {
    "ClientApp": ".auth.models",
    "Collection": ".transfer.models",
    "Credential": ".auth.models",
    "DirectoryStorage": ".transfer.storage.directory",
    "Emulator": ".registry",
    "Fault": ".injection",
    "Faults": ".injection",
    "GlobusEmulator": ".globus",
    "Identity": ".kit.directory",
    "Limits": ".transfer.state",
    "LoopbackServer": ".server",
    "ManualClock": ".kit.clock",
    "MemoryStorage": ".transfer.storage.memory",
    "Pace": ".transfer.state",
    "Platform": ".kit.service",
    "RecordedRequest": ".recorder",
    "Service": ".kit.service",
    "ServiceError": ".kit.errors",
    "Storage": ".transfer.storage.protocol",
    "StorageError": ".transfer.storage.protocol",
    "Task": ".transfer.models",
    "Traffic": ".traffic",
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
    "Traffic",
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
