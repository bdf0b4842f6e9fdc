"""Pages to watch transfers and to cancel them."""

# no `from __future__ import annotations`: FastAPI reads the annotations of routes at run time

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from globus_async import TransferClient
from globus_async.fastapi import GlobusLogin, Session
from globus_async.services.transfer.documents import EventDocument, SkippedErrorDocument, SuccessfulTransferDocument

from .live import LivePages, Update
from .pages import fragment, page
from .watched import WatchedTask, heading, summary, watch

__all__ = ("task_pages",)

MAX_TASKS = 12
MAX_ROWS = 100
"""Events, files and errors on the page of a transfer."""
IDLE_SECONDS = 5.0
"""Seconds between two polls while no transfer is running."""


@dataclass(frozen=True)
class Details:
    """A transfer, its latest events, and the files that it has transferred or left out."""

    task: WatchedTask
    events: list[EventDocument]
    files: list[SuccessfulTransferDocument]
    errors: list[SkippedErrorDocument]


def task_pages(login: GlobusLogin, live: LivePages) -> APIRouter:
    """Return the routes for users of a login."""
    router = APIRouter()
    user, as_user = Depends(login.session), Depends(login.client(TransferClient))
    own_form = Depends(login.protected)  # refuses requests made by other sites

    @router.get("/tasks")
    async def tasks(
        request: Request, session: Annotated[Session, user], tc: Annotated[TransferClient, as_user]
    ) -> Response:
        found = await recent_tasks(login, tc)
        return page(login, request, "tasks.html", session, tasks=found, summary=summary(found), maximum=MAX_TASKS)

    @router.get("/tasks/events")
    async def events(
        request: Request, session: Annotated[Session, user], tc: Annotated[TransferClient, as_user]
    ) -> Response:
        shared = live.shared_poll((session.identity_id, "tasks"), interval)

        async def update() -> Update:
            found: list[WatchedTask] = await shared.latest(lambda previous: recent_tasks(login, tc, previous))
            html = fragment(login, request, "parts/tasks.html", session, tasks=found)
            return Update(html, heading(found, "Transfers"), summary(found))

        return live.stream(request, session, update)

    @router.get("/tasks/{task_id}")
    async def task(
        request: Request, session: Annotated[Session, user], tc: Annotated[TransferClient, as_user], task_id: UUID
    ) -> Response:
        found = await task_details(login, tc, task_id)
        return page(login, request, "task.html", session, details=found, summary=summary([found.task]), rows=MAX_ROWS)

    @router.get("/tasks/{task_id}/events")
    async def task_events(
        request: Request, session: Annotated[Session, user], tc: Annotated[TransferClient, as_user], task_id: UUID
    ) -> Response:
        shared = live.shared_poll((session.identity_id, task_id), lambda found: interval(found and [found.task]))

        async def update() -> Update:
            found: Details = await shared.latest(lambda previous: task_details(login, tc, task_id, previous))
            html = fragment(login, request, "parts/task.html", session, details=found, rows=MAX_ROWS)
            return Update(html, heading([found.task], found.task.label), summary([found.task]))

        return live.stream(request, session, update)

    @router.post("/tasks/{task_id}/cancel", dependencies=[own_form])
    async def cancel(request: Request, tc: Annotated[TransferClient, as_user], task_id: UUID) -> Response:
        await tc.cancel_task(task_id)
        return RedirectResponse(login.public_path(request, "/tasks"), 303)

    def interval(found: Sequence[WatchedTask] | None) -> float:
        return IDLE_SECONDS if found is not None and all(each.is_done for each in found) else live.seconds

    return router


async def recent_tasks(
    login: GlobusLogin, tc: TransferClient, previous: list[WatchedTask] | None = None
) -> list[WatchedTask]:
    """Return the latest tasks, in one request for all of them."""
    documents = await tc.task_list(MAX_TASKS, orderby="request_time DESC").list()
    return await watch(login, documents, previous)


async def task_details(
    login: GlobusLogin, tc: TransferClient, task_id: UUID, previous: Details | None = None
) -> Details:
    """Return the details of a task; those of a task that is done do not change."""
    if previous is not None and previous.task.is_done:
        return previous
    document = (await tc.get_task(task_id)).data
    (task,) = await watch(login, [document], None if previous is None else [previous.task])
    events = await tc.task_event_list(task_id, MAX_ROWS).list()
    if not task.is_done:
        return Details(task, events, [], [])
    files = await tc.task_successful_transfers(task_id, MAX_ROWS).list()
    errors = await tc.task_skipped_errors(task_id, MAX_ROWS).list()
    return Details(task, events, files, errors)
