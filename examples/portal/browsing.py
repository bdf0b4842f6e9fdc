"""Pages to find and browse collections."""

# no `from __future__ import annotations`: FastAPI reads the annotations of routes at run time

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from globus_async import AuthorizationRequired, Pages, TransferClient
from globus_async.fastapi import GlobusLogin, Session
from globus_async.services.transfer import errors
from globus_async.services.transfer.documents import EndpointDocument

from .forms import TransferForm, note_user, stored_form
from .listing import columns, crumbs, default_target, entry_of, folder_path, orders_of
from .pages import page
from .problems import Link, problem_page, status_of

__all__ = ("MAX_ENTRIES", "browsing")


MAX_COLLECTIONS = 1000
"""As many as a search returns."""
MAX_FOUND = 100
MAX_ENTRIES = 900
"""All of them can be selected: Starlette refuses forms with more than 1000 fields."""

UNREADABLE: Mapping[type[errors.TransferAPIError], tuple[str, str]] = {
    errors.EndpointDisconnected: (
        "This collection is offline",
        "Its computer is switched off or has no connection. Try again later, or ask the owner of the collection.",
    ),
    errors.PermissionDenied: ("You may not read this folder", "Ask the owner of the collection for access to it."),
    errors.NotFound: ("This folder does not exist", "It may have been moved, renamed or deleted."),
    errors.OperationPaused: (
        "This collection is paused",
        "One of its managers paused it. Try again later, or ask them.",
    ),
    errors.EndpointError: (
        "The collection could not list this folder",
        "Its server reported an error. Try again later, or ask the owner of the collection.",
    ),
}
"""Title and advice for the errors of a listing; the first class that fits."""

Sort = Literal["name", "-name", "size", "-size", "modified", "-modified"]


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
        sort: Sort = "name",
        form: str = "",
    ) -> Response:
        filled = await stored_form(login, session.identity_id, form)
        folder = folder_path(path if filled is None else filled.folder)
        collection = await tc.get_endpoint(collection_id)
        listing = tc.operation_ls(collection_id, folder, orderby=orders_of(sort), limit=MAX_ENTRIES)
        try:
            documents = await listing.list()
        except AuthorizationRequired:
            raise  # a login may help
        except errors.TransferAPIError as error:
            return await unreadable_folder(login, request, collection["display_name"] or "", folder, error)
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
            columns=columns(sort),
            sort=sort,
            entries=[entry for each in documents if (entry := entry_of(each, folder)) is not None],
            more=listing.truncated,
            form=filled or blank,
            destinations=[each for each in mine if each["id"] != str(collection_id)],
            submission_id=submission_id,
        )

    return router


def own_collections(tc: TransferClient) -> Pages[EndpointDocument]:
    """List the collections of the user."""
    return tc.endpoint_search(filter_scope="my-endpoints", num_results=MAX_COLLECTIONS)


async def unreadable_folder(
    login: GlobusLogin, request: Request, name: str, folder: str, error: errors.TransferAPIError
) -> Response:
    """Return a page that says why the collection did not list a folder, with the ways back."""
    words = next((words for kind, words in UNREADABLE.items() if isinstance(error, kind)), None)
    if words is None:
        raise error
    links = [Link("All collections", login.public_path(request, "/collections"))]
    if folder != "/":
        text, path = [(name or "the collection", "/"), *crumbs(folder)][-2]
        links.insert(0, Link(f"Back to {text}", f"?{urlencode({'path': path})}"))
    title, advice = words
    detail = name if folder == "/" else f"{name}: {folder}"
    return await problem_page(login, request, status_of(error), detail, title=title, advice=advice, links=links)
