"""
The application: sessions, pages and error pages.

The portal stores nothing but sessions, forms that await a consent, and the sizes of transfers: every page shows the
current state at Globus, whichever process serves it.
"""

# no `from __future__ import annotations`: FastAPI reads the annotations of routes at run time

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from globus_async.fastapi import CancelOnDisconnect, GlobusBackend, GlobusLogin, Readiness, Session

from .browsing import browsing
from .live import LivePages
from .pages import HERE, page
from .problems import add_error_pages
from .tasks import task_pages
from .transfers import transfers

__all__ = ("make_app",)


def make_app(
    globus: GlobusBackend,
    login: GlobusLogin,
    *,
    store: AbstractAsyncContextManager[object] | None = None,
    live_seconds: float = 1.0,
) -> FastAPI:
    """
    Return the application.

    Args:
        globus: The backend.
        login: The login.
        store: The login's store, to be opened when the application starts; by default it needs no opening.
        live_seconds: Seconds between two updates of a live page.
    """
    readiness = Readiness(globus, login)
    live = LivePages(globus, login, readiness, seconds=live_seconds)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with store or nullcontext(), globus.lifespan(app):
            yield

    app = FastAPI(
        title="Meridian",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # it redirects to the host in the request's headers, and knows no path of a proxy
    )
    app.add_middleware(CancelOnDisconnect)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.include_router(login.router)
    app.include_router(readiness.router)
    app.include_router(browsing(login))
    app.include_router(transfers(login))
    app.include_router(task_pages(login, live))
    add_error_pages(app, login)

    @app.get("/")
    async def home(request: Request, session: Annotated[Session | None, Depends(login.optional_session)]) -> Response:
        if session is None:
            # the session at Globus outlives that of the portal, and logs in again without a question
            query = {"client_id": globus.client_id, "redirect_uri": f"{login.origin}{login.public_path(request, '/')}"}
            logout = f"{globus.auth_url}v2/web/logout?{urlencode({**query, 'redirect_name': 'Meridian'})}"
            return page(login, request, "home.html", None, globus_logout=logout)
        return RedirectResponse(login.public_path(request, "/collections"), 303)

    return app
