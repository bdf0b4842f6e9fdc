"""Conversion of errors into responses of an application."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, WebSocket

from globus_async import (
    ClientClosedError,
    GlobusConnectionError,
    GlobusError,
    GlobusSDKUsageError,
    GlobusTimeoutError,
    LoginRequired,
    PaginationStalled,
    ResponseDecodeError,
    TokenRefreshError,
    WrongEventLoopError,
)
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.fastapi import SessionStoreUnavailable, add_error_handlers, error_response
from globus_async.services.auth import LoginRefused
from globus_async.services.auth.errors import error_kinds as auth_error
from globus_async.services.files.errors import error_kinds as files_error
from globus_async.services.transfer.errors import error_kinds as transfer_error
from globus_async.token_storage import TokenStorageUnavailable


def response(status: int, document: object = None, headers: tuple[tuple[bytes, bytes], ...] = ()) -> RawResponse:
    """Return a response of a service."""
    return RawResponse(
        method="GET",
        path="/x",
        status=status,
        reason="",
        headers=Headers([(b"Content-Type", b"application/json"), *headers]),
        body=json.dumps(
            document if document is not None else {"code": "Oops", "message": "what the service says"}
        ).encode(),
        started_at=0.0,
        received_at=0.0,
    )


def body(error: GlobusError) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bytes(error_response(error).body))
    return document


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (GlobusSDKUsageError("a bad id"), 500),
        (WrongEventLoopError("another loop"), 500),
        (ClientClosedError("closed"), 503),
        (GlobusConnectionError("broke", stage="no response"), 502),
        (GlobusTimeoutError("late", stage="no response"), 504),
        (ResponseDecodeError("cut", stage="response truncated"), 502),
        (PaginationStalled("round and round"), 502),
        (TokenRefreshError("not now"), 503),
        (LoginRequired("gone"), 401),
        (LoginRefused("another state"), 400),
        *((transfer_error(response(status)), status) for status in (400, 403, 404, 409)),
        (transfer_error(response(401)), 401),
        *((transfer_error(response(status)), 502) for status in (402, 405, 418, 500, 502, 504)),
        *((transfer_error(response(status)), 503) for status in (429, 503)),
        (files_error(response(404, {"message": "GlobusError: v=1 c=PATH_NOT_FOUND"})), 404),
        (files_error(response(404, {"message": "GlobusError: v=1 c=ENDPOINT_ERROR"})), 503),
        (files_error(response(404, {"message": "Not Found"})), 502),
        (auth_error(response(401, {"error": "invalid_client"})), 502),
        (auth_error(response(400, {"error": "unauthorized_client"})), 502),
    ],
)
def test_each_error_has_its_status(error: GlobusError, status: int) -> None:
    """And a message, as JSON."""
    response = error_response(error)
    assert response.status_code == status
    assert body(error)["detail"]
    assert ("www-authenticate" in response.headers) == (status == 401)


def test_the_cause_of_a_failed_refresh_decides() -> None:
    """Globus Auth is busy: 503 with Retry-After; a consent is missing: 403."""
    busy = TokenRefreshError("no fresh access token")
    busy.__cause__ = auth_error(response(503, headers=((b"Retry-After", b"7"),)))
    assert error_response(busy).status_code == 503
    assert error_response(busy).headers["retry-after"] == "7"
    document = {
        "error": "dependent_consent_required",
        "errors": [{"code": "DEPENDENT_CONSENT_REQUIRED", "unapproved_scopes": ["ours[theirs]"], "detail": "Consent"}],
    }
    for outer in (TokenRefreshError("no"), LoginRequired("no")):
        outer.__cause__ = auth_error(response(403, document))
        assert error_response(outer).status_code == 403
        assert body(outer)["authorization_parameters"] == {"required_scopes": ["ours[theirs]"]}


def failed_refresh(cause: GlobusError) -> TokenRefreshError:
    error = TokenRefreshError("no fresh access token")
    error.__cause__ = cause
    return error


def waiting(error: GlobusError, seconds: float) -> GlobusError:
    assert isinstance(error, TokenRefreshError | SessionStoreUnavailable | TokenStorageUnavailable)
    error.retry_after = seconds
    return error


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (ClientClosedError("closed"), 503, "5"),
        (TokenRefreshError("not now"), 503, "5"),
        (waiting(TokenRefreshError("not now"), 12.5), 503, "13"),
        (SessionStoreUnavailable("away"), 503, "5"),
        (waiting(SessionStoreUnavailable("away"), 0.2), 503, "1"),
        (waiting(TokenStorageUnavailable("away"), float("inf")), 503, "5"),
        (failed_refresh(waiting(TokenStorageUnavailable("away"), 2)), 503, "2"),
        # without a refreshed token the call itself was not sent: it is Globus Auth that is unavailable
        (failed_refresh(GlobusConnectionError("broke", stage="no response")), 503, "5"),
        (failed_refresh(GlobusTimeoutError("late", stage="no response")), 503, "5"),
        (failed_refresh(ResponseDecodeError("cut", stage="response truncated")), 503, "5"),
        (failed_refresh(ClientClosedError("closed")), 503, "5"),
        (transfer_error(response(503)), 503, "5"),
        (transfer_error(response(429, headers=((b"Retry-After", b"30"),))), 503, "30"),
        (transfer_error(response(503, headers=((b"Retry-After", b"0"),))), 503, "1"),
        (GlobusTimeoutError("late", stage="not sent"), 504, "5"),
        (GlobusTimeoutError("late", stage="no response"), 504, None),  # it may have been executed
        (GlobusConnectionError("broke", stage="no response"), 502, None),
    ],
)
def test_when_to_try_again(error: GlobusError, status: int, retry_after: str | None) -> None:
    """Every 503 has Retry-After."""
    found = error_response(error)
    assert (found.status_code, found.headers.get("retry-after")) == (status, retry_after)


def test_requirements_of_the_service_are_passed_on() -> None:
    """Session requirements reach the client library unchanged."""
    parameters = {"session_required_single_domain": ["example.org"], "session_message": "Use your work account"}
    error = transfer_error(response(403, {"code": "AuthPolicyFailed", "authorization_parameters": parameters}))
    assert body(error)["authorization_parameters"] == parameters
    assert body(error)["code"] == "AuthPolicyFailed"


def test_maybe_executed() -> None:
    """The response contains whether the call may have been executed."""
    assert body(GlobusConnectionError("x", stage="not sent"))["maybe_executed"] is False
    assert body(GlobusTimeoutError("x", stage="no response"))["maybe_executed"] is True


ADDRESS = "https://auth.internal.example:8443"


@pytest.mark.parametrize(
    "error",
    [
        GlobusConnectionError(f"POST {ADDRESS}: no connection", stage="not sent"),
        GlobusTimeoutError(f"POST {ADDRESS}: late", stage="no response"),
        ResponseDecodeError(f"POST {ADDRESS}: cut", stage="response truncated"),
        ClientClosedError(f"closed {ADDRESS}"),
        PaginationStalled(f"GET {ADDRESS}"),
        TokenRefreshError(f"POST {ADDRESS}: no"),
        GlobusSDKUsageError(f"not {ADDRESS}"),
        *(transfer_error(response(status, {"code": "E", "message": ADDRESS})) for status in (429, 500, 502, 503)),
        auth_error(response(500, {"error": "server_error", "error_description": ADDRESS})),
    ],
)
def test_addresses_stay_inside(error: GlobusError) -> None:
    """A response from 500 on has a general text, also for the cause of a failed token refresh."""
    refresh = TokenRefreshError(f"POST {ADDRESS}: no")
    refresh.__cause__ = error
    for each in (error, refresh):
        assert error_response(each).status_code >= 500
        assert ADDRESS not in bytes(error_response(each).body).decode()


async def test_uncaught_errors(caplog: pytest.LogCaptureFixture) -> None:
    """Failures of Globus are responses, which are logged; mistakes of the application are raised."""
    errors = {
        "ours": PaginationStalled("round and round"),
        "denied": transfer_error(response(403)),
        "own": KeyError("own"),
        "usage": GlobusSDKUsageError("a bad id"),
        "loop": WrongEventLoopError("another loop"),
    }
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/{name}")
    async def fail(name: str) -> None:
        raise errors[name]

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as browser:
        assert (await browser.get("/denied")).status_code == 403
        assert not caplog.records
        assert (await browser.get("/ours")).status_code == 502
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert record.getMessage() == "/ours: 502, because of PaginationStalled: round and round"
        for name in ("own", "usage", "loop"):
            with pytest.raises(type(errors[name])) as caught:
                await browser.get(f"/{name}")
            assert caught.traceback[-1].name == "fail"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (transfer_error(response(403)), 1008),
        (LoginRequired("gone"), 1008),
        (GlobusConnectionError("broke", stage="no response"), 1011),
        (transfer_error(response(503)), 1013),
    ],
)
async def test_errors_on_websockets(error: GlobusError, code: int) -> None:
    """The connection is closed with a code, before or after it was accepted; not twice."""
    app = FastAPI()
    add_error_handlers(app)

    @app.websocket("/{steps}")
    async def fail(connection: WebSocket, steps: int) -> None:
        if steps > 0:
            await connection.accept()
        if steps > 1:
            await connection.close(1000)
        raise error

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    for steps, codes in enumerate([[code], [code], [1000]]):
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        scope = {"type": "websocket", "path": f"/{steps}", "headers": [], "query_string": b"", "subprotocols": []}
        await app(scope, receive, send)
        assert [message["code"] for message in sent if message["type"] == "websocket.close"] == codes
