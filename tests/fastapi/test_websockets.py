"""Dependencies in routes of WebSockets: bearer tokens, sessions, clients, and pages of other sites."""

# no `from __future__ import annotations`: the annotations of routes use names that are local to a function

from collections.abc import Mapping
from typing import Annotated, Any

import pytest
from fastapi import Depends, Security, WebSocket, WebSocketDisconnect

from globus_async import NetworkError, TransferClient
from globus_async.fastapi import Principal, Session
from globus_async.scopes import TransferScopes
from tests.fastapi.conftest import ORIGIN, Deployment

FOREIGN = "https://evil.example"
SIBLING = "https://blog.example.org"


async def connect(deployment: Deployment, path: str, headers: Mapping[str, str]) -> Any:
    """Open a WebSocket and return the text that it sends; or the status of the refusal and its headers."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("portal.example.org", 443),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    await deployment.app(scope, receive, send)
    if sent[0]["type"] == "websocket.accept":
        return [message["text"] for message in sent if message["type"] == "websocket.send"]
    assert sent[0]["type"] == "websocket.http.response.start"
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered.get("www-authenticate", "").partition(" ")[0]


@pytest.fixture
def sockets(deployment: Deployment) -> Deployment:
    """The application, with WebSockets that tell who is connected."""
    globus, login, scope = deployment.globus, deployment.login, deployment.scope

    async def tell(socket: WebSocket, text: str) -> None:
        await socket.accept()
        await socket.send_text(text)
        await socket.close()

    @deployment.app.websocket("/ws/bearer")
    async def bearer(socket: WebSocket, user: Annotated[Principal, Security(globus.principal, scopes=[scope])]) -> None:
        await tell(socket, user.username)

    for_user = Security(globus.client(TransferClient, TransferScopes.all), scopes=[scope])

    @deployment.app.websocket("/ws/bearer/{collection_id}")
    async def bearer_client(socket: WebSocket, collection_id: str, tc: Annotated[TransferClient, for_user]) -> None:
        await tell(socket, str((await tc.get_endpoint(collection_id))["display_name"]))

    @deployment.app.websocket("/ws/optional")
    async def optional(socket: WebSocket, session: Annotated[Session | None, Depends(login.optional_session)]) -> None:
        await tell(socket, session.username if session else "anonymous")

    @deployment.app.websocket("/ws/session")
    async def session(socket: WebSocket, session: Annotated[Session, Depends(login.session)]) -> None:
        await tell(socket, session.username)

    @deployment.app.websocket("/ws/protected")
    async def protected(socket: WebSocket, session: Annotated[Session, Depends(login.protected)]) -> None:
        await tell(socket, session.username)

    @deployment.app.websocket("/ws/session/{collection_id}")
    async def session_client(
        socket: WebSocket, collection_id: str, tc: Annotated[TransferClient, Depends(login.client(TransferClient))]
    ) -> None:
        await tell(socket, str((await tc.get_endpoint(collection_id))["display_name"]))

    return deployment


async def test_bearer_tokens(sockets: Deployment) -> None:
    """A token is checked as that of a request is, and gives a client of its user."""
    collection = sockets.collections["ada"]
    assert await connect(sockets, "/ws/bearer", sockets.bearer()) == ["ada@example.org"]
    assert await connect(sockets, f"/ws/bearer/{collection}", sockets.bearer()) == ["Storage of ada"]
    for path in ("/ws/bearer", f"/ws/bearer/{collection}"):
        assert await connect(sockets, path, {}) == (401, "Bearer")
        assert await connect(sockets, path, {"Authorization": "Bearer wrong"}) == (401, "Bearer")
        assert await connect(sockets, path, {"Authorization": "Bearer a b"}) == (401, "Bearer")


async def test_sessions(sockets: Deployment) -> None:
    """With the cookie, in every dependency; without one, the handshake is refused and not redirected."""
    browser = await sockets.browser()
    await sockets.log_in(browser)
    own = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()), "Origin": ORIGIN}
    ada = ["ada@example.org"]
    for path in ("/ws/optional", "/ws/session", "/ws/protected"):
        assert await connect(sockets, path, own) == ada
        assert await connect(sockets, path, {**own, "Sec-Fetch-Site": "same-origin"}) == ada
    assert await connect(sockets, f"/ws/session/{sockets.collections['ada']}", own) == ["Storage of ada"]
    assert await connect(sockets, "/ws/optional", {"Origin": ORIGIN}) == ["anonymous"]
    for path in ("/ws/session", "/ws/protected"):
        assert await connect(sockets, path, {"Origin": ORIGIN, "Accept": "text/html"}) == (401, "Cookie")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Origin": SIBLING},
        {"Origin": "null"},
        {"Origin": ORIGIN.replace("https", "http")},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_websocket_of_another_site_has_no_session(sockets: Deployment, headers: dict[str, str]) -> None:
    """Its page could read what the WebSocket sends, and learns not even whether somebody is logged in."""
    browser = await sockets.browser()
    await sockets.log_in(browser)
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    for sent in (headers, headers | cookie):
        assert await connect(sockets, "/ws/optional", sent) == ["anonymous"]
        for path in ("/ws/session", "/ws/protected", f"/ws/session/{sockets.collections['ada']}"):
            assert await connect(sockets, path, sent) == (403, "")


@pytest.mark.parametrize("gone", [False, True])
async def test_an_error_after_the_client_has_gone(sockets: Deployment, gone: bool) -> None:
    """Nothing is sent to it, which servers report as an error; a client that is there is told."""
    arriving = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001} if gone else {}]
    sent: list[str] = []

    @sockets.app.websocket("/ws/failing")
    async def failing(socket: WebSocket) -> None:
        await socket.accept()
        if gone:
            with pytest.raises(WebSocketDisconnect):
                await socket.receive_text()
        raise NetworkError("the connection was lost", stage="no response")

    async def receive() -> Any:
        return arriving.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/ws/failing", "query_string": b"", "headers": [], "subprotocols": []}
    await sockets.app(scope, receive, send)
    assert sent == ["websocket.accept"] + ([] if gone else ["websocket.close"])
