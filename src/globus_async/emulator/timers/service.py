"""The emulated Globus Timers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..kit.authentication import Authenticator
from ..kit.grades import graded
from ..kit.service import Service
from ..kit.status import Column, StatusTable
from .documents import timer_document
from .errors import TimersError
from .models import TIMER_SCOPE
from .routes import ROUTES
from .seed import dump_timer, load_timer
from .state import TimersState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..kit.authentication import Caller
    from ..kit.errors import ServiceError
    from ..kit.fields import Fields
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Document, Platform, RouteTable

__all__ = ("TimersService",)

_SHOWN: Final = 200
"""The number of timers on the status page; the newest ones."""


class TimersService(Service[TimersState]):
    """
    The emulated Globus Timers.

    Args:
        platform: What it shares with the other services.
    """

    name = "timers"
    title = "Globus Timers"
    hosts: ClassVar[tuple[str, ...]] = ("timer.automate.globus.org",)
    url_variables: ClassVar[tuple[str, ...]] = ("GLOBUS_SDK_SERVICE_URL_TIMER",)
    errors: ClassVar[type[ServiceError]] = TimersError
    scopes: ClassVar[tuple[str, ...]] = (TIMER_SCOPE,)
    max_body: ClassVar[int | None] = 1 << 20
    grades: ClassVar[Mapping[str, Grade]] = graded(
        "recorded",
        recorded=(
            "POST /v2/timer",
            "GET /jobs/",
            "POST /jobs/",
            "GET /jobs/{job_id}",
            "PATCH /jobs/{job_id}",
            "DELETE /jobs/{job_id}",
            "POST /jobs/{job_id}/pause",
            "POST /jobs/{job_id}/resume",
        ),
    )

    def __init__(self, platform: Platform) -> None:
        state = TimersState(platform)
        super().__init__(platform, state, background=state.background)
        self._authenticator = Authenticator(platform.authority, errors=TimersError, scopes=self.scopes)

    def tables(self) -> Mapping[str, RouteTable[TimersState]]:
        """Return the routes."""
        return {"": ROUTES}

    def authenticate(self, request: Request) -> Caller | None:
        """
        Return the owner of a request's token.

        Raises:
            TimersError: There is no valid token.
        """
        return self._authenticator.authenticate(request.authorization)

    def seed_sections(self) -> Mapping[str, Callable[[Fields], None]]:
        """Return the section ``timers``."""
        return {"timers": lambda fields: load_timer(self.state, fields)}

    def dump_seed(self) -> dict[str, list[Document]]:
        """Return the timers of transfers and flows that have not ended, without their results."""
        timers = [each for each in self.state.timers.values() if each.kind != "generic" and each.status != "ended"]
        return {"timers": [dump_timer(self.state, each) for each in timers]}

    def work(self) -> dict[str, list[Document]]:
        """Return the documents of all timers, the newest first."""
        now = self.state.platform.clock.wall()
        return {"timers": [timer_document(each, now) for each in reversed(self.state.timers.values())]}

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the table of timers."""
        columns = (
            Column("Timer", "name", "name"),
            Column("Kind", "kind"),
            Column("Owner", "owner"),
            Column("Status", "status", "status"),
            Column("Runs", "runs", "number"),
            Column("Errors", "errors", "number"),
            Column("Last run", "last_run", "time"),
            Column("Next run", "next_run", "time"),
        )
        return [StatusTable("timers", "Timers", columns, self._rows, "No timers yet.")]

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "id": each.id,
                "name": each.name or each.kind.capitalize(),
                "kind": each.kind,
                "owner": self.state.platform.directory.username(each.owner_id),
                "status": each.status,
                "runs": each.n_runs,
                "errors": each.n_errors,
                "last_run": each.last_ran_at,
                "next_run": each.next_run,
            }
            for each in list(self.state.timers.values())[: -_SHOWN - 1 : -1]
        ]
