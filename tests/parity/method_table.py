"""
The tables of all methods that globus-sdk has or had, and their form here, for the documentation.

``python -m tests.parity.method_table`` writes them: a page ``docs/methods/<service>.md`` for each service.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from globus_async.client import BaseClient
from tests.clients import SERVICES, Service
from tests.parity.official import members_of
from tests.source import ROOT

__all__ = ("owners", "page", "path_of", "rows")

_COMMON: Final = {*dir(BaseClient), *dir(dict), *dir(str)}
"""Methods that are not specific to a class."""


def owners(service: Service) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return the classes of a service, with their methods in both generations of globus-sdk; all clients are there."""
    seed, upstream = members_of(service, "seed"), members_of(service, "upstream")
    clients = [str(client) for client in service.clients]
    return {name: (seed.get(name, {}), upstream.get(name, {})) for name in dict.fromkeys([*seed, *upstream, *clients])}


def rows(service: Service, owner: str) -> Iterator[tuple[str, str, str, str]]:
    """
    Yield each method of a class: its name, whether globus-sdk 1 and 4 have it, and how it is called here.

    Methods that only this package has are listed with the client that defines them, not with those that inherit them.
    """
    before, now = owners(service)[owner]
    ours = getattr(service.module, owner)
    further = {name for name in dir(ours) if name[0] != "_" and callable(getattr(ours, name, None))} - _COMMON
    for client in service.clients:
        if str(client) == owner:
            further -= {name for base in client.bases for name in dir(base.kind)}
    for name in sorted(({*before, *now} | further) - {"__init__"}):
        yield name, _mark(name in before), _mark(name in now), _called(service, ours, name)


def _mark(is_there: bool) -> str:
    return "yes" if is_there else "no"


def _called(service: Service, ours: type[Any], name: str) -> str:
    member = inspect.getattr_static(ours, name, None)
    if member is None:
        return service.parity.renamed.get(name, f"not here: [why](../{service}_differences.md)")
    if not callable(getattr(ours, name, None)):
        return f"`.{name}`"
    if inspect.iscoroutinefunction(member):
        return f"`await {name}(...)`"
    returned = str(inspect.signature(getattr(ours, name)).return_annotation)
    if returned.startswith(("Pages", "DirectoryWalk", "TaskWatch")):
        return f"`async for ... in {name}(...)`"
    if returned.startswith("Bulk"):
        return f"`async with {name}(...)`"
    return f"`{name}(...)`"


def path_of(service: Service) -> Path:
    """Return the path of a service's page."""
    return ROOT / "docs" / "methods" / f"{service}.md"


def page(service: Service) -> str:
    """Return the page of a service, as Markdown."""
    title = f"# All methods: {service.name.capitalize()}"
    lines = [title, "", "<!-- made by `python -m tests.parity.method_table`; a test compares -->", ""]
    for owner in owners(service):
        found = list(rows(service, owner))
        if not found:
            continue
        lines += [f"## {owner}", "", "| Method | globus-sdk 1 | globus-sdk 4 | Here |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {before} | {now} | {here} |" for name, before, now, here in found]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Write the pages of all services."""
    for service in SERVICES:
        path_of(service).write_text(page(service))


if __name__ == "__main__":
    main()
