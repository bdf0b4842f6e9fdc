"""Conversion of errors into responses of an application."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

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
)
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.fastapi import add_error_handlers, error_response
from globus_async.services.auth import LoginRefused
from globus_async.services.auth.errors import error_kinds as auth_error
from globus_async.services.transfer.errors import error_kinds as transfer_error


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
        (GlobusSDKUsageError("a bad id"), 422),
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


async def test_other_errors_are_not_handled() -> None:
    """Errors of the application itself are raised."""
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/ours")
    async def ours() -> None:
        raise PaginationStalled("round and round")

    @app.get("/own")
    async def own() -> None:
        raise KeyError("own")

    wire = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=wire, base_url="http://x") as browser:
        assert (await browser.get("/ours")).status_code == 502
        assert (await browser.get("/own")).status_code == 500
