"""An application with an API and browser logins, and an emulated Globus, in this process."""

# no `from __future__ import annotations`: the annotations of routes use names that are local to a function

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import Depends, FastAPI, Request, Security

from globus_async import TransferClient
from globus_async.fastapi import GlobusBackend, GlobusLogin, MemorySessionStore, Principal, Session, add_error_handlers
from globus_async.fastapi.backend import running_state
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.scopes import TransferScopes
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage
from tests.toolkit.clock import threads_at_rest

T = TypeVar("T")
ORIGIN = "https://portal.example.org"
SECRET = "a-client-secret-of-the-tests"


@dataclass
class Deployment:
    """The application under test and its emulated Globus."""

    emulator: GlobusEmulator
    clock: ManualClock
    app: FastAPI
    globus: GlobusBackend
    login: GlobusLogin
    scope: str
    people: dict[str, Any]
    collections: dict[str, str]
    client: Any
    stack: AsyncExitStack = field(repr=False)
    stop: Callable[[], Awaitable[None]] = field(repr=False)
    """Stops the application, as a server does."""
    max_age: float = 60.0

    async def browser(self, origin: str = ORIGIN, **options: Any) -> httpx.AsyncClient:
        """Return a new browser without cookies."""
        wire = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        browser = httpx.AsyncClient(transport=wire, base_url=origin, **options)
        return await self.stack.enter_async_context(browser)

    async def get(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """Make a request without an HTTP client, for tests with thousands of requests."""
        got: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            got.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("portal.example.org", 443),
        }
        await self.app(scope, receive, send)
        return got[0]["status"], b"".join(message.get("body", b"") for message in got[1:])

    def arrival(self, method: str, path: str) -> asyncio.Event:
        """Return an event that is set when the next such request reaches Globus."""
        arrived = asyncio.Event()

        async def note(app: Any, scope: Any, receive: Any, send: Any) -> None:
            arrived.set()
            await app(scope, receive, send)

        self.emulator.faults.add(method, path, note)
        return arrived

    def token(self, who: str = "ada", *, scopes: tuple[str, ...] | None = None, **options: Any) -> str:
        """Return a token for the application's API with the required dependencies."""
        granted = scopes if scopes is not None else (f"{self.scope}[{TransferScopes.all}]",)
        return self.emulator.access_token(self.people[who], scopes=granted, **options)

    def bearer(self, who: str = "ada", **options: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(who, **options)}"}

    async def start_login(self, browser: httpx.AsyncClient, path: str = "/login") -> str:
        """Start a login; return the URL of Globus Auth to which the browser is redirected."""
        response = await browser.get(path)
        assert response.status_code == 303
        return response.headers["location"]

    def authorize(self, url: str, who: str = "ada") -> str:
        """Log in at Globus Auth and consent; return path and query of the redirect to the application."""
        back = urlsplit(self.emulator.auth.authorize(url, self.people[who]).url)
        assert f"{back.scheme}://{back.netloc}" == ORIGIN
        return f"{back.path}?{back.query}"

    async def run_with_clock(self, work: Awaitable[T], *, step: float = 1.0) -> T:
        """Advance the clock until an awaitable is done."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await threads_at_rest()
            await self.clock.advance(step)
        return await task

    async def another_process(self, *, backend: dict[str, Any] | None = None, **login: Any) -> "Deployment":
        """Start the application again, as another process with the same configuration; with its own memory."""
        clock = self.clock
        given: dict[str, Any] = {"rate_limit": None, **(backend or {})}
        globus = GlobusBackend(
            self.client.id,
            SECRET,
            scopes={self.scope: "Use the portal"},
            max_age=self.max_age,
            transport=lambda: self.emulator.transport(clock=clock),
            **given,
        )
        app = FastAPI(lifespan=globus.lifespan)
        add_error_handlers(app)
        options: dict[str, Any] = {"store": MemorySessionStore(clock), **login}
        door = GlobusLogin(globus, public_url=ORIGIN, **options)
        app.include_router(door.router)
        _routes(app, globus, door, self.scope)
        running = await self.stack.enter_async_context(AsyncExitStack())
        await running.enter_async_context(globus.lifespan(app))
        return replace(self, app=app, globus=globus, login=door, stop=running.aclose)

    async def revoked(self) -> None:
        """Wait until the tokens of ended sessions are revoked."""
        for _ in range(100_000):
            if len(running_state(self.globus).revocations) == 0:
                return
            await asyncio.sleep(0)
        raise TimeoutError

    async def log_in(self, browser: httpx.AsyncClient, who: str = "ada") -> httpx.Response:
        return await browser.get(self.authorize(await self.start_login(browser), who))


Make = Callable[..., Awaitable[Deployment]]


@pytest.fixture
async def make_deployment() -> AsyncIterator[Make]:
    """Create applications; everything is closed at the end of the test."""
    async with AsyncExitStack() as stack:

        async def make(
            *,
            max_age: float = 60.0,
            optional: bool = False,
            login: dict[str, Any] | None = None,
            emulator: dict[str, Any] | None = None,
        ) -> Deployment:
            clock = ManualClock()
            globe = await stack.enter_async_context(GlobusEmulator(clock=clock, **(emulator or {})))
            people = {name: globe.add_identity(f"{name}@example.org", name=name.title()) for name in ("ada", "bob")}
            collections = {
                name: globe.add_collection(
                    f"Storage of {name}",
                    storage=MemoryStorage({f"of-{name}.txt": "1"}),
                    owner=person,
                    members=[person],
                    public=False,
                ).id
                for name, person in people.items()
            }
            registered = globe.add_client("Portal", secret=SECRET, redirect_uris=[f"{ORIGIN}/callback"])
            transfer = [str(TransferScopes.all)]
            scope = globe.auth.add_scope(
                registered,
                "all",
                dependencies=() if optional else transfer,
                optional_dependencies=transfer if optional else (),
            ).scope_string
            globus = GlobusBackend(registered.id, SECRET)  # replaced by that of the first process
            deployment = Deployment(
                globe,
                clock,
                FastAPI(),
                globus,
                GlobusLogin(globus, public_url=ORIGIN),
                scope,
                people,
                collections,
                registered,
                stack,
                stack.aclose,
                max_age,
            )
            return await deployment.another_process(**(login or {}))

        yield make


@pytest.fixture
async def deployment(make_deployment: Make) -> Deployment:
    return await make_deployment()


def _routes(app: FastAPI, globus: GlobusBackend, login: GlobusLogin, scope: str) -> None:
    needs = Security(globus.principal, scopes=[scope])
    for_user = Security(globus.client(TransferClient, TransferScopes.all), scopes=[scope])

    @app.get("/me")
    async def me(user: Annotated[Principal, needs]) -> dict[str, Any]:
        return {"id": user.id, "username": user.username, "linked": sorted(user.identity_ids), "scopes": user.scopes}

    @app.get("/anyone")
    async def anyone(user: Annotated[Principal, Depends(globus.principal)]) -> str:
        return user.username

    @app.get("/admin")
    async def admin(user: Annotated[Principal, Security(globus.principal, scopes=[scope, f"{scope}-admin"])]) -> str:
        return user.username

    @app.get("/files/{collection_id}")
    async def files(
        collection_id: str, user: Annotated[Principal, needs], tc: Annotated[TransferClient, for_user]
    ) -> Any:
        return {"user": user.username, "names": [entry["name"] async for entry in tc.operation_ls(collection_id)]}

    @app.get("/endpoint/{collection_id}")
    async def endpoint(
        collection_id: str, user: Annotated[Principal, needs], tc: Annotated[TransferClient, for_user]
    ) -> Any:
        found = await tc.get_endpoint(collection_id)
        return {"user": user.username, "names": [found["display_name"]]}

    @app.get("/session")
    async def session(session: Annotated[Session, Depends(login.session)]) -> dict[str, Any]:
        return {"username": session.username, "csrf": session.csrf_token.reveal()}

    @app.get("/browse/{collection_id}")
    async def browse(collection_id: str, tc: Annotated[TransferClient, Depends(login.client(TransferClient))]) -> Any:
        return [entry["name"] async for entry in tc.operation_ls(collection_id)]

    @app.post("/change")
    async def change(session: Annotated[Session, Depends(login.protected)]) -> str:
        return session.username

    @app.get("/again")
    async def again(request: Request, next: str = "/", requirements: str = "{}") -> Any:
        parameters = GlobusAuthorizationParameters.from_dict(json.loads(requirements))
        return await login.begin(request, next_path=next, parameters=parameters)
