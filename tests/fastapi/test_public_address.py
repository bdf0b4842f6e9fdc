"""Logins of applications below a path: behind a proxy that removes it, with a root path, and mounted."""

# no `from __future__ import annotations`: the annotations of routes use names that are local to a function

from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import Depends, FastAPI, Request, Response

from globus_async import GlobusSDKUsageError
from globus_async.fastapi import GlobusBackend, GlobusLogin, LoginFailed, Session
from globus_async.fastapi.public_address import PublicAddress
from tests.fastapi.conftest import ORIGIN, Deployment, Make

CLIENT = "11111111-1111-4111-8111-111111111111"


class Visitor:
    """A browser with public paths, and a proxy that may remove the beginning of a path."""

    def __init__(self, deployment: Deployment, app: Any, removed: str = "") -> None:
        self.deployment = deployment
        self.app = app
        self.removed = removed
        self.cookies: dict[str, tuple[str, str]] = {}

    async def request(self, path: str, method: str = "GET", **options: Any) -> httpx.Response:
        """Request a public path, with the cookies for it."""
        assert path == self.removed or path.startswith(f"{self.removed}/"), f"{path} is another application's"
        sent = "; ".join(f"{name}={value}" for name, (value, scope) in self.cookies.items() if covers(scope, path))
        transport = httpx.ASGITransport(self.app)
        headers = {"Host": "evil.example", "Cookie": sent, "Accept": "text/html", **options.pop("headers", {})}
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.5:8000") as client:
            inner = path.removeprefix(self.removed) or "/"
            response = await client.request(method, inner, headers=headers, **options)
        assert "evil" not in str(response.headers)
        for line in response.headers.get_list("set-cookie"):
            pair, *attributes = line.split("; ")
            name, _, value = pair.partition("=")
            scope = next(each.partition("=")[2] for each in attributes if each.startswith("Path="))
            assert covers(scope, path)
            assert not name.startswith("__Host-") or scope == "/"
            self.cookies[name] = value, scope
            if "Max-Age=0" in attributes:
                del self.cookies[name]
        return response

    async def log_in(self, page: str) -> str:
        """Open a page, log in, and return; return the path of the callback."""
        asked = await self.request(page)
        assert asked.status_code == 303
        started = await self.request(asked.headers["location"])
        assert started.status_code == 303
        wanted = urlsplit(parse_qs(urlsplit(started.headers["location"]).query)["redirect_uri"][0])
        assert f"{wanted.scheme}://{wanted.netloc}" == ORIGIN
        self.deployment.client.redirect_uris.append(wanted.geturl())
        back = await self.request(self.deployment.authorize(started.headers["location"]))
        assert back.status_code == 303, back.text
        assert back.headers["location"] == f"{ORIGIN}{page}"
        shown = await self.request(page)
        assert shown.json() == "ada@example.org"
        return wanted.path


def covers(scope: str, path: str) -> bool:
    return path == scope or path.startswith(scope if scope.endswith("/") else f"{scope}/")


def application(login: GlobusLogin) -> FastAPI:
    """Return an application with a page, and the routes of a login."""
    app = FastAPI()
    app.include_router(login.router)

    @app.get("/page")
    async def page(session: Annotated[Session, Depends(login.session)]) -> str:
        return session.username

    @app.get("/link")
    async def link(request: Request) -> str:
        return login.public_path(request, "/page?x=1")

    @app.get("/csrf")
    async def csrf(session: Annotated[Session, Depends(login.session)]) -> str:
        return session.csrf_token.reveal()

    @app.exception_handler(LoginFailed)
    async def failed(request: Request, error: LoginFailed) -> Response:
        return Response(error.detail, error.status_code)

    return app


def with_root_path(app: Any, root: str, *, full_path: bool) -> Any:
    """Return the application as a server with a root path calls it, with or without it in the path."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        path = root + scope["path"] if full_path else scope["path"]
        await app({**scope, "root_path": root, "path": path}, receive, send)

    return serve


@pytest.mark.parametrize("with_address", [False, True])
@pytest.mark.parametrize("how", ["server", "server, path not restored", "nothing"])
async def test_a_proxy_that_removes_a_path(deployment: Deployment, how: str, with_address: bool) -> None:
    """The server, the application or only ``public_url`` knows of it."""
    if how == "nothing" and not with_address:
        return
    login = GlobusLogin(deployment.globus, public_url=f"{ORIGIN}/app" if with_address else ORIGIN)
    app: Any = application(login)
    if how.startswith("server"):
        app = with_root_path(app, "/app", full_path=how == "server")
    visitor = Visitor(deployment, app, "/app")
    assert await visitor.log_in("/app/page") == "/app/callback"
    assert {scope for _, scope in visitor.cookies.values()} == {"/app"}
    assert set(visitor.cookies) == {"__Secure-globus_session"}
    assert (await visitor.request("/app/link")).json() == "/app/page?x=1"
    if with_address:
        assert login.redirect_uri == f"{ORIGIN}/app/callback"
    csrf = (await visitor.request("/app/csrf")).json()
    left = await visitor.request("/app/logout", "POST", data={"csrf_token": csrf})
    assert (left.status_code, left.headers["location"]) == (303, f"{ORIGIN}/app/")
    assert visitor.cookies == {}
    assert (await visitor.request("/app/page")).headers["location"] == "/app/login?next=/app/page"


@pytest.mark.parametrize("public", ["", "/portal"])
async def test_a_mounted_application(deployment: Deployment, public: str) -> None:
    """With its own login."""
    login = GlobusLogin(deployment.globus, public_url=f"{ORIGIN}{public}", prefix="/auth", after_login="/home")
    outer = FastAPI()
    outer.mount("/portal", application(login))
    visitor = Visitor(deployment, outer)
    assert await visitor.log_in("/portal/page") == "/portal/auth/callback"
    assert (await visitor.request("/portal/link")).json() == "/portal/page?x=1"
    csrf = (await visitor.request("/portal/csrf")).json()
    left = await visitor.request("/portal/auth/logout", "POST", data={"csrf_token": csrf})
    assert left.headers["location"] == f"{ORIGIN}/portal/"
    started = await visitor.request("/portal/auth/login")
    back = await visitor.request(deployment.authorize(started.headers["location"]))
    assert back.headers["location"] == f"{ORIGIN}/portal/home"


@pytest.mark.parametrize("root", ["", "/app"])
async def test_a_login_beside_a_mounted_application(deployment: Deployment, root: str) -> None:
    """The mounted application uses the login of the outer one, also below a root path, and the reverse."""
    login = GlobusLogin(deployment.globus, public_url=ORIGIN)
    outer = application(login)
    outer.mount("/inner", using(login))
    visitor = Visitor(deployment, with_root_path(outer, root, full_path=True) if root else outer, root)
    assert await visitor.log_in(f"{root}/inner/other") == f"{root}/callback"
    assert (await visitor.request(f"{root}/page")).json() == "ada@example.org"

    login = GlobusLogin(deployment.globus, public_url=ORIGIN)
    outer = using(login)
    outer.mount("/inner", application(login))
    visitor = Visitor(deployment, with_root_path(outer, root, full_path=True) if root else outer, root)
    assert await visitor.log_in(f"{root}/other") == f"{root}/inner/callback"


def using(login: GlobusLogin) -> FastAPI:
    """Return an application that uses the login of another one."""
    app = FastAPI()

    @app.get("/other")
    async def other(session: Annotated[Session, Depends(login.session)]) -> str:
        return session.username

    return app


async def test_a_kept_path(deployment: Deployment) -> None:
    """A proxy that keeps the path needs only the prefix."""
    login = GlobusLogin(deployment.globus, public_url=ORIGIN, prefix="/app")
    app = FastAPI()
    app.include_router(login.router)
    visitor = Visitor(deployment, app)
    assert (await visitor.request("/app/login?next=/app/x")).status_code == 303


@pytest.mark.parametrize(
    "path",
    ["/other", "/", "/apple", "/app/../other", "/app/%2e%2e/other", "/app/./x", "/app/..", "/app/.%2E", "//app/x"],
)
async def test_the_page_after_a_login_is_below_the_path(deployment: Deployment, path: str) -> None:
    """Other applications of the same host are other sites."""
    login = GlobusLogin(deployment.globus, public_url=f"{ORIGIN}/app")
    visitor = Visitor(deployment, application(login), "/app")
    response = await visitor.request(f"/app/login?next={path}")
    assert (response.status_code, response.headers.get("set-cookie")) == (400, None)


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/x", "/app?x=/../y", "/app/..x/y"])
async def test_pages_below_the_path(deployment: Deployment, path: str) -> None:
    """Dots in names and queries are none."""
    login = GlobusLogin(deployment.globus, public_url=f"{ORIGIN}/app/")
    visitor = Visitor(deployment, application(login), "/app")
    assert (await visitor.request(f"/app/login?next={path}")).status_code == 303


@pytest.mark.parametrize("root", ["//evil.example", "/\\evil.example", "/a/../..", "/x\r\ny"])
async def test_a_root_path_that_is_none(deployment: Deployment, root: str) -> None:
    """A mount with parameters takes its path from the request; it never leads to another site."""
    login = GlobusLogin(deployment.globus, public_url=ORIGIN)
    app = application(login)
    scope = {"type": "http", "path": "/login", "root_path": root, "headers": [], "query_string": b""}
    address = PublicAddress(ORIGIN, route="x", route_path="/login")
    for path in (address.login_root(Request(scope)), address.server_root(Request(scope))):
        assert urlsplit(f"{ORIGIN}{path}/login").netloc == urlsplit(ORIGIN).netloc
        assert ".." not in path
    wire = httpx.ASGITransport(with_root_path(app, root, full_path=False))
    async with httpx.AsyncClient(transport=wire, base_url=ORIGIN) as client:
        got = await client.get("/login")
    redirect = parse_qs(urlsplit(got.headers["location"]).query)["redirect_uri"][0]
    assert urlsplit(redirect).netloc == urlsplit(ORIGIN).netloc


@pytest.mark.parametrize("path", ["/a/../b", "//evil.example", "/a b", "/a?b", "/a#b", "/%2e%2e/x"])
def test_the_path_of_the_public_url_is_plain(path: str) -> None:
    """It becomes part of redirects and cookies."""
    with pytest.raises(GlobusSDKUsageError, match="public_url"):
        GlobusLogin(GlobusBackend(CLIENT, "secret"), public_url=f"{ORIGIN}{path}")


async def test_cookies_without_a_path(make_deployment: Make) -> None:
    """Without a path they have the prefix ``__Host-``: no sibling domain can set them."""
    deployment = await make_deployment()
    browser = await deployment.browser()
    await deployment.log_in(browser)
    assert set(browser.cookies) == {"__Host-globus_session"}
