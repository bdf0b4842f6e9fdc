"""All routes of the emulated Transfer service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.routing import BaseRoute

from .call import Gate, RouteTable, starlette_routes
from .machine import TaskMachine
from .routes import endpoints, files, submissions, tasks
from .state import TransferState

__all__ = ("transfer_routes",)

_V0_10: Final[tuple[RouteTable, ...]] = (
    endpoints.ROUTES,
    files.ROUTES,
    submissions.ROUTES,
    tasks.ROUTES,
)


def transfer_routes(state: TransferState, machine: TaskMachine, gate: Gate) -> list[BaseRoute]:
    """Return the routes, with their absolute paths."""
    return [*starlette_routes("/v0.10", _merged(_V0_10), state, machine, gate)]


def _merged(tables: Iterable[RouteTable]) -> RouteTable:
    return [route for table in tables for route in table]
