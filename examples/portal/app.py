"""
The application: sessions, pages and error pages.

The portal keeps no state but the sessions: every page shows the current state at Globus.
"""

# no `from __future__ import annotations`: FastAPI reads the annotations of routes at run time

import json
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from globus_async import GlobusAPIError, GlobusError, GlobusSDKUsageError, LoginRequired
from globus_async.fastapi import CancelOnDisconnect, GlobusBackend, GlobusLogin, LoginFailed, Session, error_response
from globus_async.gare import to_gare

from .browsing import browsing
from .pages import HERE, page
from .transfers import transfers

__all__ = ("make_app",)


def make_app(globus: GlobusBackend, login: GlobusLogin) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="Meridian", lifespan=globus.lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(CancelOnDisconnect)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.include_router(login.router)
    app.include_router(browsing(login))
    app.include_router(transfers(globus, login))

    @app.get("/")
    async def home(request: Request, session: Annotated[Session | None, Depends(login.optional_session)]) -> Response:
        return page(request, "home.html", None) if session is None else RedirectResponse("/collections", 303)

    @app.exception_handler(GlobusError)
    async def problem(request: Request, error: GlobusError) -> Response:
        session = await login.optional_session(request)
        gare = to_gare(error) if isinstance(error, GlobusAPIError) else None
        if request.method == "GET" and session is not None and gare is not None:
            # Globus requires a consent or a certain login: request it, and return to this page
            with suppress(GlobusSDKUsageError):  # a collection's server may require something that is not a scope
                return await login.begin(
                    request, next_path=login.current_path(request), parameters=gare.authorization_parameters
                )
        if request.method == "GET" and isinstance(error, LoginRequired):
            return await login.begin(request, next_path=login.current_path(request))
        response = error_response(error)
        detail = json.loads(bytes(response.body))["detail"]
        return page(request, "problem.html", session, response.status_code, detail=detail)

    @app.exception_handler(LoginFailed)
    async def refused(request: Request, error: LoginFailed) -> Response:
        return page(request, "problem.html", None, error.status_code, detail=error.detail)

    return app
