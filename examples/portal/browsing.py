"""Pages to find and browse collections."""

# no `from __future__ import annotations`: FastAPI reads the annotations of routes at run time

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from globus_async import Pages, TransferClient
from globus_async.fastapi import GlobusLogin, Session
from globus_async.services.transfer.documents import EndpointDocument

from .forms import TransferForm, note_user, stored_form
from .pages import page

__all__ = ("browsing", "is_file_name")


MAX_COLLECTIONS = 1000
"""As many as a search returns."""
MAX_FOUND = 100
MAX_ENTRIES = 900
"""All of them can be selected: Starlette refuses forms with more than 1000 fields."""


def browsing(login: GlobusLogin) -> APIRouter:
    """Return the routes for users of a login."""
    router = APIRouter()
    user, as_user = Depends(login.session), Depends(login.client(TransferClient))

    @router.get("/collections")
    async def collections(
        request: Request, session: Annotated[Session, user], tc: Annotated[TransferClient, as_user], q: str = ""
    ) -> Response:
        text = q.strip()
        listing = tc.endpoint_search(text, num_results=MAX_FOUND) if text else own_collections(tc)
        found = await listing.list()
        return page(login, request, "collections.html", session, collections=found, more=listing.truncated, q=q)

    @router.get("/collections/{collection_id}")
    async def browse(
        *,
        request: Request,
        session: Annotated[Session, user],
        tc: Annotated[TransferClient, as_user],
        collection_id: UUID,
        path: str = "/",
        form: str = "",
    ) -> Response:
        filled = await stored_form(login, session.identity_id, form)
        path = path if filled is None else filled.folder
        folder = f"/{path.strip('/')}/" if path.strip("/") else "/"
        collection = await tc.get_endpoint(collection_id)
        listing = tc.operation_ls(collection_id, folder, orderby=["type", "name"], limit=MAX_ENTRIES)
        entries = await listing.list()
        mine = await own_collections(tc).list()
        # one id per form: submitted twice, by a double click or a reload, it still creates one task
        submission_id = filled.submission_id if filled else ""
        submission_id = submission_id or (await tc.get_submission_id())["value"]
        await note_user(login, session.identity_id, submission_id)
        blank = TransferForm(str(collection_id), folder, target=default_target(collection["display_name"] or ""))
        return page(
            login,
            request,
            "browse.html",
            session,
            collection=collection,
            folder=folder,
            crumbs=crumbs(folder),
            entries=[each for each in entries if is_file_name(each.get("name"), folder)],
            more=listing.truncated,
            form=filled or blank,
            destinations=[each for each in mine if each["id"] != str(collection_id)],
            submission_id=submission_id,
        )

    return router


def own_collections(tc: TransferClient) -> Pages[EndpointDocument]:
    """List the collections of the user."""
    return tc.endpoint_search(filter_scope="my-endpoints", num_results=MAX_COLLECTIONS)


def is_file_name(name: object, folder: str) -> bool:
    """Return whether a path made of a folder and this name leads into the folder; the collection reports the names."""
    if not isinstance(name, str) or "/" in name or "\0" in name:
        return False
    return name not in {"", ".", ".."} and f"{folder}{name}" != "/~"  # the home directory


def default_target(collection_name: str) -> str:
    """Return a destination folder named after a collection; the name may be any text."""
    name = re.sub(r"[^\w.-]+", "-", collection_name).strip(".-").lower()
    return f"/{name or 'transfer'}/"


def crumbs(folder: str) -> list[tuple[str, str]]:
    """Return the name and path of each folder above and including one."""
    parts = [part for part in folder.split("/") if part]
    return [(part, "/" + "/".join(parts[: number + 1]) + "/") for number, part in enumerate(parts)]
