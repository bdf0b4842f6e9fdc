"""The OpenAPI document of an application with everything."""

# no `from __future__ import annotations`: the annotations of routes use names that are local to a function

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Security, WebSocket
from openapi_spec_validator import validate

from globus_async import TransferClient
from globus_async.fastapi import GlobusBackend, GlobusLogin, Principal, Readiness, Session, add_error_handlers
from globus_async.scopes import TransferScopes

SCOPE = "https://auth.globus.org/scopes/11111111-1111-4111-8111-111111111111/all"
ADMIN = f"{SCOPE}-admin"


def described(public_url: str = "https://portal.example.org") -> FastAPI:
    """Return an application with routes of all kinds."""
    globus = GlobusBackend(
        "11111111-1111-4111-8111-111111111111", "secret", scopes={SCOPE: "Use", ADMIN: "Administrate"}
    )
    login = GlobusLogin(globus, public_url=public_url)
    app = FastAPI(lifespan=globus.lifespan)
    add_error_handlers(app)
    app.include_router(login.router)
    app.include_router(Readiness(globus, login).router)
    client = globus.client(TransferClient, TransferScopes.all)

    async def token(
        user: Annotated[Principal, Security(globus.principal, scopes=[SCOPE])],
        tc: Annotated[TransferClient, Security(client, scopes=[SCOPE, ADMIN])],
    ) -> str:
        return f"{user}{tc}"

    async def session(
        session: Annotated[Session, Depends(login.protected)],
        tc: Annotated[TransferClient, Depends(login.client(TransferClient))],
    ) -> str:
        return f"{session}{tc}"

    async def both(
        session: Annotated[Session, Depends(login.session)],
        user: Annotated[Principal, Security(globus.principal, scopes=[SCOPE])],
    ) -> str:
        return f"{session}{user}"

    async def neither() -> str:
        return ""

    async def socket(socket: WebSocket, session: Annotated[Session, Depends(login.session)]) -> None:
        raise AssertionError

    app.add_api_route("/token", token, methods=["GET"], responses={403: {"description": "My own"}})
    app.add_api_route("/session", session, methods=["POST"])
    app.add_api_route("/both", both)
    app.add_api_route("/neither", neither)
    app.add_api_websocket_route("/socket", socket)
    app.mount("/inner", FastAPI())
    return app


def statuses(operation: dict[str, Any]) -> set[str]:
    return set(operation["responses"])


def test_the_document() -> None:
    """It is valid, and has the schemes, scopes and responses of the routes."""
    app = described()
    document = app.openapi()
    validate(document)
    paths = document["paths"]
    assert set(paths) == {"/token", "/session", "/both", "/neither"}
    token = paths["/token"]["get"]
    assert token["security"] == [{"Globus": [SCOPE, ADMIN]}]
    assert statuses(token) == {"200", "400", "401", "403", "503"}
    assert token["responses"]["403"] == {"description": "My own"}
    assert paths["/session"]["post"]["security"] == [{"Session": []}]
    assert statuses(paths["/session"]["post"]) == {"200", "401", "403", "503"}
    assert paths["/both"]["get"]["security"] == [{"Session": [], "Globus": [SCOPE]}]
    assert statuses(paths["/neither"]["get"]) == {"200"}
    schemes = document["components"]["securitySchemes"]
    assert schemes["Session"] == {"type": "apiKey", "in": "cookie", "name": "__Host-globus_session"}
    assert schemes["Globus"]["flows"]["authorizationCode"]["scopes"] == {SCOPE: "Use", ADMIN: "Administrate"}
    responses = document["components"]["responses"]
    assert "Retry-After" in responses["GlobusUnavailable"]["headers"]
    assert "WWW-Authenticate" in responses["GlobusUnauthenticated"]["headers"]


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("https://lab.example.org/portal", "__Secure-globus_session"),
        ("http://localhost:8000", "globus_session"),
    ],
)
def test_the_name_of_the_cookie(public_url: str, name: str) -> None:
    """As browsers send it."""
    document = described(public_url).openapi()
    assert document["components"]["securitySchemes"]["Session"]["name"] == name


def test_the_document_is_made_once() -> None:
    """And further calls change nothing; nor has an application without our routes anything of ours."""
    app = described()
    first = app.openapi()
    before = repr(first)
    assert app.openapi() is first
    assert repr(first) == before
    plain = FastAPI()
    add_error_handlers(plain)
    assert "components" not in plain.openapi()


def test_a_route_that_names_its_security_itself() -> None:
    """The token is checked elsewhere, such as in a middleware, so there is no scheme of a dependency."""
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/me", openapi_extra={"security": [{"Globus": []}]})
    async def me() -> None: ...

    responses = app.openapi()["paths"]["/me"]["get"]["responses"]
    assert responses["503"] == {"$ref": "#/components/responses/GlobusUnavailable"}
