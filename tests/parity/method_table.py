"""
The table of all methods that globus-sdk has or had, and what they are here, for the documentation.

``python -m tests.parity.method_table`` prints it.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from globus_async.client import BaseClient
from globus_async.services import auth, transfer

__all__ = ("page", "rows")

_HERE: Final = Path(__file__).parent
_MODULES: Final[dict[str, ModuleType]] = {"transfer": transfer, "auth": auth}
INSTEAD: Final = {"add_app_data_access_scope": "`data_access_scope`, which returns the scope to log in with"}
"""What has another name here."""

_COMMON: Final = {*dir(BaseClient), *dir(dict), *dir(str)}
"""Methods of ours that say nothing of their class."""


def owners(service: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return the classes of a service, with the methods of both generations."""
    facts: dict[str, dict[str, dict[str, Any]]] = json.loads((_HERE / f"{service}_facts.json").read_text())
    names = dict.fromkeys([*facts["seed"], *facts["upstream"]])
    return {name: (facts["seed"].get(name, {}), facts["upstream"].get(name, {})) for name in names}


def rows(service: str, owner: str) -> Iterator[tuple[str, str, str, str]]:
    """Give each method of a class: its name, whether globus-sdk 1 and 4 have it, and how it is called here."""
    before, now = owners(service)[owner]
    ours = getattr(_MODULES[service], owner)
    further = {name for name in dir(ours) if name[0] != "_" and callable(getattr(ours, name))} - _COMMON
    if owner.startswith(("Native", "Confidential")):
        further -= set(dir(auth.AuthClient))
    for name in sorted(({*before, *now} | further) - {"__init__"}):
        yield name, _mark(name in before), _mark(name in now), _called(ours, name)


def _mark(is_there: bool) -> str:
    return "yes" if is_there else "no"


def _called(ours: type[Any], name: str) -> str:
    member = inspect.getattr_static(ours, name, None)
    if member is None:
        return INSTEAD.get(name, "not here: [why](auth_differences.md)")
    if not callable(getattr(ours, name)):
        return f"`.{name}`"
    if inspect.iscoroutinefunction(member):
        return f"`await {name}(...)`"
    returned = str(inspect.signature(getattr(ours, name)).return_annotation)
    if returned.startswith(("Pages", "DirectoryWalk", "TaskWatch")):
        return f"`async for ... in {name}(...)`"
    if returned.startswith("Bulk"):
        return f"`async with {name}(...)`"
    return f"`{name}(...)`"


def page() -> str:
    """Return the page, as Markdown."""
    lines = ["<!-- made by `python -m tests.parity.method_table`; a test compares -->", ""]
    for service in _MODULES:
        for owner in owners(service):
            found = list(rows(service, owner))
            if not found:
                continue
            lines += [f"### {owner}", "", "| Method | globus-sdk 1 | globus-sdk 4 | Here |", "|---|---|---|---|"]
            lines += [f"| `{name}` | {before} | {now} | {here} |" for name, before, now, here in found]
            lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page())
