"""An emulator of Globus for tests, with its storages, faults and clock (extra ``emulator``)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .. import emulator
from ..porting import raise_missing

if TYPE_CHECKING:
    from ..emulator import ClientApp as ClientApp
    from ..emulator import Collection as Collection
    from ..emulator import Credential as Credential
    from ..emulator import DirectoryStorage as DirectoryStorage
    from ..emulator import Emulator as Emulator
    from ..emulator import Fault as Fault
    from ..emulator import Faults as Faults
    from ..emulator import Identity as Identity
    from ..emulator import Limits as Limits
    from ..emulator import LoopbackServer as LoopbackServer
    from ..emulator import ManualClock as ManualClock
    from ..emulator import MemoryStorage as MemoryStorage
    from ..emulator import Pace as Pace
    from ..emulator import Platform as Platform
    from ..emulator import RecordedRequest as RecordedRequest
    from ..emulator import Service as Service
    from ..emulator import ServiceError as ServiceError
    from ..emulator import Storage as Storage
    from ..emulator import StorageError as StorageError
    from ..emulator import Task as Task
    from ..emulator import Traffic as Traffic
    from .globus import GlobusEmulator as GlobusEmulator
    from .login import EmulatedLogin as EmulatedLogin

__all__ = (
    "ClientApp",
    "Collection",
    "Credential",
    "DirectoryStorage",
    "EmulatedLogin",
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
    if name not in __all__:
        raise_missing(__name__, name, sys._getframe(1))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    if name == "EmulatedLogin":
        from .login import EmulatedLogin  # noqa: PLC0415 -- imports the clients

        return EmulatedLogin
    value: object = getattr(emulator, name)  # before ours: its error names the extra
    if name == "GlobusEmulator":
        from .globus import GlobusEmulator  # noqa: PLC0415 -- imports the transport

        value = GlobusEmulator
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
