"""Start, watch and cancel transfers."""

# no `from __future__ import annotations`: FastAPI reads the annotations of routes at run time

import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from globus_async import GlobusError, TransferClient, TransferData
from globus_async.fastapi import GlobusBackend, GlobusLogin, Session

from .browsing import is_file_name
from .pages import HEADERS, human_size, page

__all__ = ("transfers",)

POLLING_SECONDS = 1.0


def transfers(globus: GlobusBackend, login: GlobusLogin) -> APIRouter:
    """Return the routes for users of a login."""
    router = APIRouter()
    user, as_user = Depends(login.session), Depends(login.client(TransferClient))
    own_form = Depends(login.protected)  # refuses requests made by other sites

    @router.post("/transfers", dependencies=[own_form])
    async def start(
        *,
        tc: Annotated[TransferClient, as_user],
        source: Annotated[UUID, Form()],
        destination: Annotated[UUID, Form()],
        folder: Annotated[str, Form()],
        target: Annotated[str, Form()],
        submission_id: Annotated[UUID, Form()],
        label: Annotated[str, Form()] = "",
        names: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        if not names:
            return RedirectResponse(f"/collections/{source}", 303)
        if not all(is_file_name(name.removesuffix("/")) for name in names):
            raise HTTPException(400, "A selected item has no usable name")
        data = TransferData(
            source_endpoint=source,
            destination_endpoint=destination,
            label=label.strip() or default_label(names),
            submission_id=submission_id,
            sync_level="checksum",
        )
        for name in names:
            is_folder = name.endswith("/")
            place = str(PurePosixPath("/", target.strip("/"), name.strip("/")))
            data.add_item(f"{folder}{name}", f"{place}/" if is_folder else place, recursive=is_folder)
        await tc.submit_transfer(data)
        return RedirectResponse("/tasks", 303)

    @router.get("/tasks")
    async def tasks(
        request: Request, session: Annotated[Session, user], tc: Annotated[TransferClient, as_user]
    ) -> Response:
        return page(request, "tasks.html", session, tasks=await recent_tasks(tc))

    @router.get("/tasks/events")
    async def events(request: Request, tc: Annotated[TransferClient, as_user]) -> Response:
        async def stream() -> AsyncGenerator[str]:
            sent = ""
            while await login.optional_session(request) is not None:  # until the logout
                try:
                    state = json.dumps(await recent_tasks(tc))
                except GlobusError:
                    return  # the page shows it, and the browser reconnects in a few seconds
                if state != sent:
                    yield f"data: {state}\n\n"
                    sent = state
                await globus.transport.clock.sleep(POLLING_SECONDS)
            yield "event: logout\ndata: {}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream", headers=HEADERS)

    @router.post("/tasks/{task_id}/cancel", dependencies=[own_form])
    async def cancel(tc: Annotated[TransferClient, as_user], task_id: UUID) -> Response:
        await tc.cancel_task(task_id)
        return RedirectResponse("/tasks", 303)

    return router


async def recent_tasks(tc: TransferClient) -> list[dict[str, Any]]:
    """Return the latest tasks, in one request for all of them."""
    return [summary(task) async for task in tc.task_list(12, orderby="request_time DESC")]


def summary(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a task that the page shows."""
    total, done = task["subtasks_total"], task["subtasks_succeeded"]
    # the open items of a task that failed for another reason count as canceled too
    is_canceled = task["status"] == "FAILED" and task["fatal_error"] is None and task["subtasks_canceled"] > 0
    return {
        "id": task["task_id"],
        "label": task["label"] or "Transfer",
        "state": "CANCELED" if is_canceled else task["status"],
        "source": task["source_endpoint_display_name"] or "",
        "destination": task["destination_endpoint_display_name"] or "",
        "percent": 100 if task["status"] == "SUCCEEDED" else int(99 * done / max(total, 1)),
        "files": f"{task['files_transferred'] or 0} of {task['files'] or 0} files",
        "moved": human_size(task["bytes_transferred"]),
        "speed": f"{human_size(task['effective_bytes_per_second'])}/s",
        "faults": task["faults"],
        "is_done": task["status"] in {"SUCCEEDED", "FAILED"},
    }


def default_label(names: list[str]) -> str:
    """Return a label from the names of the items."""
    first, *others = [name.strip("/") for name in names]
    return f"{first} and {len(others)} more" if others else first
