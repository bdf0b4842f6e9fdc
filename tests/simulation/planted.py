"""Bugs to plant into the authorizers of a history: code without one of its guards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.mutants.mutation import PACKAGE, Guard, always, drop, never, swap
from tests.simulation.history import Authorizer, Plant
from tests.simulation.kinds import ENGINES

__all__ = ("BUGS", "Bug", "plant")

_SHARED: Final = "authorizers/shared_token.py:SharedToken"
_ACCESS: Final = "authorizers/storage_access.py:StorageAccess"
_GRANT: Final = "authorizers/stored_grants.py:StoredLogin"
_MODULES: Final = ("stored_token", "storage_access", "stored_grants", "shared_token")
"""The modules that a bug may be in; each one imports from those before it."""


@dataclass(frozen=True)
class Bug:
    """
    A bug.

    Attributes:
        name: What is wrong.
        guards: The code that is missing or changed.
        message: What the broken promise says.
        kinds: The kinds of storages whose histories find it.
        first: The first seed that is tried, of a bug that few histories find.
    """

    name: str
    guards: tuple[Guard, ...]
    message: str
    kinds: tuple[str, ...] = ("protocol",)
    first: int = 0

    def __str__(self) -> str:
        return self.name


_STORE_ANYWAY: Final = "not await self._access._storage.store_token_data_by_resource_server({new.resource_server: new})"

BUGS: Final = (
    Bug(
        "no second reading under the lease",
        (swap(f"{_SHARED}._refresh", r"stored = await self\._read\(\)\n    while", "stored = self._known\n    while"),),
        "replaced before it got the lease",
    ),
    Bug(
        "no lease",
        (swap(f"{_SHARED}.refresh", r"async with self\._access\.lease\(\) as lease:", "for lease in (None,):"),),
        "without the lease",
    ),
    Bug(
        "no compare-and-set",
        (swap(f"{_SHARED}._write", r"await self\._access\.compare_and_set\(stored, new\)", _STORE_ANYWAY),),
        "overwritten by the older",
    ),
    Bug(
        "overwriting after a failed comparison",
        (swap(f"{_SHARED}._write", r"stored = await self\._access\.read\(\)", f"stored = {_STORE_ANYWAY} and new"),),
        "overwritten by the older",
    ),
    Bug(
        "the lease is not looked at before the request",
        (swap(f"{_SHARED}._response", r"if \(seconds := .*\n.*\n", "seconds = None\n"),),
        "without the lease",
    ),
    Bug(
        "the request may last longer than the lease",
        (swap(f"{_SHARED}._response", r"timeout\(seconds\)", "timeout(None)"),),
        "without the lease",
    ),
    Bug(
        "the refresh token in memory is sent",
        (
            swap(f"{_GRANT}.refresh_token", r"(found = )(.*)\n", r"\1self._first = self._first or (\2)\n"),
            drop(f"{_GRANT}.note", r"^if"),
        ),
        "",
    ),
    Bug(
        "a received token is lost if its refresh is cancelled",
        (swap(f"{_SHARED}._store", r"run_to_end\(self\._write_twice\)", "self._write_twice()"),),
        "which was not stored",
    ),
    Bug(
        "the token of another process is not used",
        (never(f"{_SHARED}._usable", r"found is not None and"),),
        "although the stored one is fresh",
    ),
    Bug(
        "giving up after invalid_grant without reading again",
        (swap(f"{_SHARED}._refresh", r"stored = await self\._read\(\)\n +if self", "if self"),),
        "although a new login was stored",
        first=700,
    ),
    Bug(
        "a refresh token is used before it is stored",
        (
            swap(
                f"{_SHARED}._read",
                r"is_rotated\(\*unwritten\):\n( +)raise",
                r"is_rotated(*unwritten):\n\1return unwritten[1]",
            ),
        ),
        "",
    ),
    Bug(
        "a token that could not be stored stays so",
        (drop(f"{_SHARED}._store", r"^self\._writes"),),
        "not stored",
        first=720,
    ),
    Bug(
        "a call of the storage may hang",
        (swap(f"{_ACCESS}._bounded", r"timeout\(_CALL_SECONDS\)", "timeout(None)"),),
        "",
    ),
    Bug(
        "a refused token is taken from the storage again",
        (never("authorizers/stored_token.py:is_better", r"^found\.header == refused"),),
        "was given the refused token",
    ),
    Bug(
        "the release of the lease may hang",
        (swap(f"{_ACCESS}.lease", r"timeout\(_CALL_SECONDS\)", "timeout(None)"),),
        "",
    ),
    Bug(
        "an error of another type",
        (swap(f"{_ACCESS}._bounded", r"raise _typed\(error\) from None", "raise"),),
        "",
        first=720,
    ),
    Bug("the lease is not released", (drop(f"{_ACCESS}.lease", r"^await context\.__aexit__"),), "seconds"),
    Bug(
        "a refused login is never tried again",
        (swap(f"{_GRANT}.refresh_token", r"found == self\._rejected", "self._rejected is not None"),),
        "",
    ),
    Bug(
        "an old refresh token that a failover has brought back is sent",
        (always(f"{_SHARED}._read", r"^known is None or"),),
        "for which it had received another one",
        ENGINES,
        first=30,
    ),
    Bug(
        "a token is given up for an older one that a failover has brought back",
        (always(f"{_SHARED}._write", r"^not self\._is_outdated"),),
        "for which it had received another one",
        ("session",),
        first=300,
    ),
    Bug(
        "a token is not stored while a circuit breaker is open",
        (never(f"{_SHARED}._write_twice", r"TransientStorageError"),),
        "which was not stored",
        ("redis",),
        first=790,
    ),
    Bug(
        "what was stored before a replaced refresh token is used again",
        (drop(f"{_SHARED}._note_sent", r"^self\._replaced \+="),),
        "was used although a successor",
        ("session",),
        first=2_560,
    ),
)


def plant(bug: Bug) -> Plant:
    """Return a function that puts a bug into an authorizer."""
    modules: dict[str, ModuleType] = {}
    for name in _MODULES:
        path = Path(PACKAGE, "authorizers", f"{name}.py")
        source = path.read_text(encoding="utf-8")
        for guard in bug.guards:
            if guard.path == path:
                source = guard.mutant(source)
        module = modules[name] = ModuleType(f"globus_async.authorizers.planted_{name}")
        module.__package__ = "globus_async.authorizers"
        exec(compile(source, str(path), "exec"), vars(module))
        for earlier in modules.values():
            vars(module).update(
                {
                    key: value
                    for key, value in vars(earlier).items()
                    if key in vars(module) and key in getattr(earlier, "__all__", ())
                }
            )

    def put(authorizer: Authorizer) -> None:
        shared = authorizer._shared
        assert shared is not None
        shared.__class__ = modules["shared_token"].SharedToken
        shared._access.__class__ = modules["storage_access"].StorageAccess
        shared._grant.__class__ = getattr(modules["stored_grants"], type(shared._grant).__name__)

    return put
