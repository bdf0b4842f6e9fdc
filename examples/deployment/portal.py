"""A web application with logins, pages and an API, configured by environment variables."""

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from html import escape
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, FastAPI, Request, Response, Security
from fastapi.responses import HTMLResponse

from globus_async import TransferClient
from globus_async.fastapi import (
    CancelOnDisconnect,
    GlobusBackend,
    GlobusLogin,
    Principal,
    Readiness,
    Session,
    SessionStore,
    SQLiteSessionStore,
    add_error_handlers,
)
from globus_async.transport import RateLimitStore


class State(NamedTuple):
    """What all workers share."""

    connections: AbstractAsyncContextManager[Any]
    sessions: SessionStore
    rate_limits: RateLimitStore | None


def state_at(url: str, keys: list[str]) -> State:
    """Return the state in Redis, in PostgreSQL, or in a file of this machine; nothing is opened yet."""
    match url.partition("://")[0]:
        case "redis" | "rediss":
            from globus_async.redis import RedisDatabase, RedisRateLimits, RedisSessionStore

            redis = RedisDatabase.from_url(url, prefix="portal")
            return State(redis, RedisSessionStore(redis, key=keys), RedisRateLimits(redis))
        case "postgresql" | "postgresql+asyncpg":
            from globus_async.sql import SQLDatabase, SQLRateLimits, SQLSessionStore

            sql = SQLDatabase.from_url(url)
            return State(sql, SQLSessionStore(sql, key=keys), SQLRateLimits(sql))
        case _:
            file = SQLiteSessionStore(url, key=keys)
            return State(file, file, None)


logging.basicConfig(format="%(asctime)s %(process)d %(levelname)s %(message)s")
logging.getLogger("globus_async").setLevel("INFO")

API_SCOPE = os.environ["PORTAL_API_SCOPE"]
keys = os.environ["PORTAL_KEYS"].split()  # the first encrypts, all of them decrypt
state = state_at(os.environ["PORTAL_STATE"], keys)
globus = GlobusBackend(
    os.environ["GLOBUS_CLIENT_ID"],
    os.environ["GLOBUS_CLIENT_SECRET"],
    scopes={API_SCOPE: "Use the portal"},
    app_name="Portal",
    introspection_store=state.sessions,
    rate_limit_store=state.rate_limits,
)
login = GlobusLogin(globus, public_url=os.environ["PORTAL_URL"], store=state.sessions, key=keys)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open the connections when a worker starts, and close them when it stops."""
    async with state.connections, globus.lifespan(app):
        yield


app = FastAPI(lifespan=lifespan, redirect_slashes=False)
app.add_middleware(CancelOnDisconnect)
app.include_router(login.router)
app.include_router(Readiness(globus, login).router)
add_error_handlers(app)


@app.get("/", response_class=HTMLResponse)
async def home(request: Request, session: Annotated[Session, Depends(login.session)]) -> str:
    """Show a page to a user who is logged in; others are sent to the login first."""
    return f"""<!doctype html><title>Portal</title><p>Hello, {escape(session.username)}!</p>
<form method="post" action="{login.public_path(request, "/logout")}">
<input type="hidden" name="csrf_token" value="{session.csrf_token.reveal()}"><button>Log out</button></form>"""


@app.get("/tasks")
async def tasks(tc: Annotated[TransferClient, Depends(login.client(TransferClient))]) -> list[str]:
    """Call Transfer for the user of the session."""
    return [task["task_id"] async for task in tc.task_list(num_results=None)]


@app.get("/me")
async def me(user: Annotated[Principal, Security(globus.principal, scopes=[API_SCOPE])]) -> dict[str, str]:
    """Name the user of a bearer token."""
    return {"id": str(user.id), "username": user.username}


@app.get("/live")
async def live() -> Response:
    """Report that this worker responds: without it, the worker is to be restarted."""
    return Response(status_code=204)


async def create_tables() -> None:
    """Create the tables in PostgreSQL: once, before the first start."""
    async with state.connections as database:
        await database.create_tables()
