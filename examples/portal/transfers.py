"""Start transfers."""

# no `from __future__ import annotations`: FastAPI reads the annotations of routes at run time

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from globus_async import (
    AuthorizationRequired,
    GlobusAPIError,
    GlobusError,
    LoginRequired,
    NetworkError,
    SubmissionUncertain,
    TransferClient,
    TransferData,
)
from globus_async.fastapi import GlobusLogin, Session

from .browsing import MAX_ENTRIES
from .forms import TransferForm, noted_user, stored_form
from .listing import is_file_name
from .problems import required_login
from .watched import store_size

__all__ = ("transfers",)

MAX_LABEL = 128
"""Characters, for Globus as well."""
UNCERTAIN = (
    "Globus did not confirm the transfer. Please start it again, without changes: it will run once, even if it has been"
    " started already."
)
CHANGED = (
    "The transfer before this one may have been started. Please check the list of your transfers, and start"
    " this one if it is another."
)
NEW_SESSION = "Your session had ended, so nothing was started. Please check your selection and start the transfer."
REFUSED = frozenset({400, 403, 404, 409, 422})
"""Statuses of a submission that can be accepted after a change of the form, or later."""


def transfers(login: GlobusLogin) -> APIRouter:
    """Return the routes for users of a login."""
    router = APIRouter()

    @router.post("/transfers")
    async def start(
        *,
        request: Request,
        session: Annotated[Session | None, Depends(form_session(login))],
        source: Annotated[UUID, Form()],
        destination: Annotated[UUID, Form()],
        folder: Annotated[str, Form()],
        submission_id: Annotated[UUID, Form()],
        target: Annotated[str, Form()] = "",
        label: Annotated[str, Form()] = "",
        names: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        form = TransferForm(str(source), folder, str(destination), target, label, names or [])
        if session is None:
            return await with_new_session(login, request, form, submission_id)
        uncertain = await stored_form(login, session.identity_id, str(submission_id))
        if (message := message_for(form, uncertain)) is not None:
            path = await replace(form, message=message).store(login, request, session.identity_id)
            return RedirectResponse(path, 303)
        data = transfer_data(form, submission_id)
        tc = await login.client_for(TransferClient, session)
        size = await known_size(tc, form)
        try:
            task = await tc.submit_transfer(data)
        except GlobusError as error:
            return await after_failure(login, request, session, replace(form, submission_id=str(submission_id)), error)
        if size is not None:
            await store_size(login, task["task_id"], size)
        return RedirectResponse(login.public_path(request, "/tasks"), 303)

    return router


def form_session(login: GlobusLogin) -> Callable[[Request], Awaitable[Session | None]]:
    """Return a dependency that provides the session that a form belongs to; ``None`` if it has ended."""

    async def dependency(request: Request) -> Session | None:
        try:
            return await login.protected(request)
        except HTTPException as error:
            is_own = request.headers.getlist("origin") == [login.origin]
            if error.status_code == 401 or (error.status_code == 403 and is_own):  # of an earlier session
                return None
            raise  # made by another site

    return dependency


def message_for(form: TransferForm, uncertain: TransferForm | None) -> str | None:
    """Return what the user must do before the form can be submitted, after an uncertain submission with its id."""
    if not form.names:
        return "Please select at least one file or folder."
    if len(form.label) > MAX_LABEL:
        return f"Please choose a label of at most {MAX_LABEL} characters."
    return None if uncertain is None or uncertain.is_filled_like(form) else CHANGED


async def with_new_session(login: GlobusLogin, request: Request, form: TransferForm, submission_id: UUID) -> Response:
    """Return the way to the same form in another session of its user, through a login if there is none yet."""
    user_id = await noted_user(login, str(submission_id))
    path = login.public_path(request, f"/collections/{form.source}")
    if user_id is not None:
        uncertain = await stored_form(login, user_id, str(submission_id))
        if uncertain is None:
            form = replace(form, message=NEW_SESSION)
        else:
            form = uncertain if uncertain.is_filled_like(form) else replace(form, message=CHANGED)
        path = await form.store(login, request, user_id)
    if await login.optional_session(request) is not None:
        return RedirectResponse(path, 303)
    return await login.begin(request, next_path=path)


async def after_failure(
    login: GlobusLogin, request: Request, session: Session, form: TransferForm, error: GlobusError
) -> Response:
    """Return the response to a submission that failed: a login, or the form with the reason; else raise the error."""
    if isinstance(error, SubmissionUncertain):
        return RedirectResponse(await replace(form, message=UNCERTAIN).store(login, request, session.identity_id), 303)
    form = replace(form, submission_id="")
    if isinstance(error, AuthorizationRequired | LoginRequired):
        # the user consents at Globus, and returns to the same selection
        granted = replace(form, message="Access has been granted. Please check your selection and start the transfer.")
        path = await granted.store(login, request, session.identity_id)
        response = await required_login(login, request, error, next_path=path)
        if response is not None:
            return response
    elif isinstance(error, GlobusAPIError) and error.http_status in REFUSED:
        refused = replace(form, message=f"Globus did not accept the transfer: {error.message}")
        return RedirectResponse(await refused.store(login, request, session.identity_id), 303)
    raise error


def transfer_data(form: TransferForm, submission_id: UUID) -> TransferData:
    """Return the document of a filled-in form."""
    if not all(is_file_name(name.removesuffix("/"), form.folder) for name in form.names):
        raise HTTPException(400, "A selected item has no usable name")
    data = TransferData(
        source_endpoint=form.source,
        destination_endpoint=form.destination,
        label=form.label.strip() or default_label(form.names),
        submission_id=submission_id,
        sync_level="checksum",
        verify_checksum=True,
        encrypt_data=True,
    )
    for name in form.names:
        is_folder = name.endswith("/")
        place = str(PurePosixPath("/", form.target.strip("/"), name.strip("/")))
        data.add_item(f"{form.folder}{name}", f"{place}/" if is_folder else place, recursive=is_folder)
    return data


async def known_size(tc: TransferClient, form: TransferForm) -> int | None:
    """Return the size of the selected files; ``None`` if there are folders among them, or if a size is unknown."""
    if any(name.endswith("/") for name in form.names):
        return None
    with suppress(GlobusAPIError, NetworkError):  # the transfer is shown without its size
        entries = await tc.operation_ls(form.source, form.folder, limit=MAX_ENTRIES).list()
        # the server of the collection reports them, or not
        sizes = {entry["name"]: entry["size"] for entry in entries if isinstance(entry["size"], int)}
        return sum(sizes[name] for name in form.names) if sizes.keys() >= set(form.names) else None
    return None


def default_label(names: list[str]) -> str:
    """Return a label from the names of the items, no longer than a label may be."""
    first, *others = [name.strip("/") for name in names]
    rest = f" and {len(others)} more" if others else ""
    space = MAX_LABEL - len(rest)
    return (first if len(first) <= space else f"{first[: space - 1]}…") + rest
