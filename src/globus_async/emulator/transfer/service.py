"""All routes of the emulated Transfer service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .call import Gate, RouteTable, starlette_routes
from .routes import (
    access,
    activation,
    bookmarks,
    endpoints,
    files,
    manager,
    pause_rules,
    roles,
    servers,
    streams,
    submissions,
    tasks,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.routing import BaseRoute

    from .state import TransferState
    from .work.task_runner import TaskRunner

__all__ = ("transfer_routes",)

_V0_10: Final[tuple[RouteTable, ...]] = (
    endpoints.ROUTES,
    access.ROUTES,
    roles.ROUTES,
    servers.ROUTES,
    activation.ROUTES,
    bookmarks.ROUTES,
    files.ROUTES,
    submissions.ROUTES,
    tasks.ROUTES,
    manager.ROUTES,
    pause_rules.ROUTES,
)
_V2: Final[tuple[RouteTable, ...]] = (bookmarks.V2_ROUTES, streams.ROUTES)


def transfer_routes(state: TransferState, task_runner: TaskRunner, gate: Gate) -> list[BaseRoute]:
    """Return the routes, with their absolute paths."""
    return [
        *starlette_routes("/v0.10", _merged(_V0_10), state, task_runner, gate),
        *starlette_routes("/v2", _merged(_V2), state, task_runner, gate),
    ]


def _merged(tables: Iterable[RouteTable]) -> RouteTable:
    return [route for table in tables for route in table]
