"""The emulated Flows service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..kit.authentication import Authenticator
from ..kit.grades import graded
from ..kit.service import Service, merge_tables
from ..kit.status import Column, StatusTable
from .documents import run_document
from .errors import FlowsError
from .routes import flows, registered_apis, runs, web_inputs
from .routes.access import SCOPE_PREFIX
from .seed import dump_sections, seed_sections
from .state import FlowsState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..kit.authentication import Caller
    from ..kit.errors import ServiceError
    from ..kit.fields import Fields
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Document, Platform, RouteTable

__all__ = ("FlowsService",)

_NAMES: Final = ("all", "manage_flows", "view_flows", "run", "run_status", "run_manage")
_SHOWN: Final = 200
"""The number of rows of a table on the status page; the newest ones."""


class FlowsService(Service[FlowsState]):
    """
    The emulated Flows service.

    Args:
        platform: What it shares with the other services.
    """

    name = "flows"
    title = "Globus Flows"
    hosts: ClassVar[tuple[str, ...]] = ("flows.automate.globus.org", "flows.globus.org")
    url_variables: ClassVar[tuple[str, ...]] = ("GLOBUS_SDK_SERVICE_URL_FLOWS",)
    errors: ClassVar[type[ServiceError]] = FlowsError
    scopes: ClassVar[tuple[str, ...]] = tuple(f"{SCOPE_PREFIX}{name}" for name in _NAMES)
    max_body: ClassVar[int | None] = 1 << 20
    grades: ClassVar[Mapping[str, Grade]] = graded(
        "recorded",
        recorded=(
            "POST /flows",
            "GET /flows",
            "GET /flows/{flow_id}",
            "PUT /flows/{flow_id}",
            "DELETE /flows/{flow_id}",
            "POST /flows/validate",
            "POST /flows/{flow_id}/run",
            "POST /flows/{flow_id}/validate_run",
            "GET /runs",
            "GET /runs/{run_id}",
            "PUT /runs/{run_id}",
            "GET /runs/{run_id}/definition",
            "GET /runs/{run_id}/log",
            "POST /runs/{run_id}/cancel",
            "POST /runs/{run_id}/resume",
            "POST /runs/{run_id}/release",
            "GET /web_inputs",
            "GET /web_inputs/{web_input_id}",
            "POST /web_inputs/{web_input_id}/respond",
            "GET /registered_apis",
            "GET /registered_apis/{registered_api_id}",
        ),
        documented=(
            "GET /flows/{flow_id}/runs",
            "GET /flows/{flow_id}/runs/{run_id}/log",
            "POST /flows/{flow_id}/{run_id}/resume",
            "POST /batch/runs",
            "POST /registered_apis",
            "PATCH /registered_apis/{registered_api_id}",
            "DELETE /registered_apis/{registered_api_id}",
        ),
    )

    def __init__(self, platform: Platform) -> None:
        state = FlowsState(platform)
        super().__init__(platform, state, background=state.background)
        self._authenticator = Authenticator(platform.authority, errors=FlowsError)

    def tables(self) -> Mapping[str, RouteTable[FlowsState]]:
        """Return the tables of routes by prefix."""
        return {"": merge_tables(flows.ROUTES, runs.ROUTES, web_inputs.ROUTES, registered_apis.ROUTES)}

    def authenticate(self, request: Request) -> Caller | None:
        """
        Return the owner of a request's token.

        Raises:
            FlowsError: There is no valid token.
        """
        return self._authenticator.authenticate(request.authorization)

    def seed_sections(self) -> Mapping[str, Callable[[Fields], None]]:
        """Return the sections of flows and registered APIs."""
        return seed_sections(self.state)

    def dump_seed(self) -> dict[str, list[Document]]:
        """Return all flows and registered APIs."""
        return dump_sections(self.state)

    def work(self) -> dict[str, list[Document]]:
        """Return the documents of all runs, the newest first."""
        return {"runs": [run_document(each, frozenset()) for each in reversed(self.state.runs.values())]}

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the tables of flows and runs."""
        flow_columns = (
            Column("Flow", "name", "name"),
            Column("Owner", "owner"),
            Column("States", "states", "number"),
            Column("Runs", "runs", "number"),
        )
        run_columns = (
            Column("Run", "name", "name"),
            Column("Flow", "flow"),
            Column("Owner", "owner"),
            Column("Status", "status", "status"),
            Column("State", "state"),
            Column("Log entries", "entries", "number"),
            Column("Time", "seconds", "duration"),
        )
        return [
            StatusTable("flows", "Flows", flow_columns, self._flow_rows, "No flows yet."),
            StatusTable("runs", "Runs", run_columns, self._run_rows, "No runs yet."),
        ]

    def _flow_rows(self) -> list[dict[str, Any]]:
        runs = list(self.state.runs.values())
        return [
            {
                "id": flow.id,
                "name": flow.title,
                "owner": self._username(flow.owner),
                "states": len(flow.definition["States"]),
                "runs": sum(run.flow is flow for run in runs),
            }
            for flow in list(self.state.flows.values())[: -_SHOWN - 1 : -1]
        ]

    def _run_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "id": run.id,
                "name": run.label or run.flow.title,
                "flow": run.flow.title,
                "owner": self._username(run.owner),
                "status": run.status if run.status == "ACTIVE" else f"{run.status} ({run.details['code']})",
                "state": run.state_name,
                "entries": len(run.log),
                "seconds": max((self.state.now() if run.ended is None else run.ended) - run.started, 0.0),
            }
            for run in list(self.state.runs.values())[: -_SHOWN - 1 : -1]
        ]

    def _username(self, principal: str) -> str:
        return self.platform.directory.username(principal.rpartition(":")[2])
