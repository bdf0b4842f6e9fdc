"""An error response makes the same error in globus-sdk and here, but for listed differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import globus_sdk
import pytest
import requests
from requests.structures import CaseInsensitiveDict

import globus_async
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.services.auth.errors import error_kinds as auth_kinds
from globus_async.services.transfer.errors import error_kinds as transfer_kinds
from tests.parity.core_differences import DIFFERENCES
from tests.parity.error_bodies import ErrorBody, error_bodies

CLASSES = (
    (globus_sdk.GlobusAPIError, globus_async.BaseClient.error_kinds),
    (globus_sdk.TransferAPIError, transfer_kinds),
    (globus_sdk.AuthAPIError, auth_kinds),
)
ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "http_status": lambda error: error.http_status,
    "http_reason": lambda error: error.http_reason,
    "content_type": lambda error: error.content_type,
    "headers": lambda error: {name.lower(): value for name, value in error.headers.items()},
    "code": lambda error: error.code,
    "message": lambda error: error.message,
    "messages": lambda error: error.messages,
    "request_id": lambda error: error.request_id,
    "raw_json": lambda error: error.raw_json,
    "text": lambda error: error.text,
    "binary_content": lambda error: error.binary_content,
    "errors.raw": lambda error: [entry.raw for entry in error.errors],
    "errors.code": lambda error: [entry.code for entry in error.errors],
    "errors.message": lambda error: [entry.message for entry in error.errors],
    "errors.get": lambda error: [(entry.get("id"), entry.get("no such", 5)) for entry in error.errors],
    "info": lambda error: _truth(error.info.authorization_parameters),
    "info.session_message": lambda error: error.info.authorization_parameters.session_message,
    "info.identities": lambda error: error.info.authorization_parameters.session_required_identities,
    "info.domains": lambda error: error.info.authorization_parameters.session_required_single_domain,
    "info.policies": lambda error: error.info.authorization_parameters.session_required_policies,
    "info.mfa": lambda error: error.info.authorization_parameters.session_required_mfa,
    "info.consent_required": lambda error: _truth(error.info.consent_required),
    "info.required_scopes": lambda error: error.info.consent_required.required_scopes,
}
"""What is compared."""


def _truth(value: object) -> bool:
    return bool(value)


def theirs_of(body: ErrorBody, cls: type[globus_sdk.GlobusAPIError]) -> globus_sdk.GlobusAPIError:
    """Make the error of globus-sdk."""
    response = requests.Response()
    response.status_code, response.reason = body.status, body.reason
    response._content = body.content
    response.headers = CaseInsensitiveDict(headers_of(body))
    response.url = "https://transfer.api.globus.org/v0.10/x"
    response.request = requests.Request("GET", response.url).prepare()
    return cls(response)


def ours_of(body: ErrorBody, kinds: Any) -> globus_async.GlobusAPIError:
    """Make the error of this package."""
    fields = [(name.encode(), value.encode()) for name, value in headers_of(body).items()]
    raw = RawResponse(
        method="GET",
        path="/v0.10/x",
        status=body.status,
        reason=body.reason,
        headers=Headers(fields),
        body=body.content,
    )
    error: globus_async.GlobusAPIError = kinds(raw)
    return error


def headers_of(body: ErrorBody) -> dict[str, str]:
    """Return the headers of the response."""
    headers = {"Content-Type": body.content_type, "X-Request-Id": body.request_id}
    return {name: value for name, value in headers.items() if value is not None}


def _is_json(body: ErrorBody) -> bool:
    """Whether the content type is one that globus-sdk decodes."""
    kind = (body.content_type or "").partition(";")[0].strip()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _documents(body: ErrorBody) -> list[dict[str, Any]]:
    """The document and the objects in its list of errors."""
    document = body.document
    if not isinstance(document, dict):
        return []
    entries = document.get("errors")
    return (
        [document, *(each for each in entries if isinstance(each, dict))] if isinstance(entries, list) else [document]
    )


def _is_object(document: dict[str, Any], name: str) -> bool:
    return isinstance(document.get(name), dict)


OAUTH = ("error", "error_description", "description")

EXPLAINED: dict[str, Callable[[ErrorBody, str, Any, Any], bool]] = {
    "content_type": lambda body, name, _, ours: (
        not _is_json(body) and body.document is not None and name.startswith(("code", "errors", "mess", "raw", "info"))
    ),
    "strict_json": lambda body, name, _, ours: (
        (b"NaN" in body.content or b"\xef\xbb\xbf" in body.content)
        and name.startswith(("code", "errors", "mess", "raw"))
    ),
    "message": lambda body, name, theirs, ours: (
        name == "message" and not theirs and ours == (body.reason or "the response has no message")
    ),
    "oauth": lambda body, name, theirs, ours: (
        name in {"code", "message", "messages"}
        and not theirs
        and any(isinstance(each.get(key), str) for each in _documents(body) for key in OAUTH)
    ),
    "request_id": lambda body, name, _, ours: (
        name == "request_id"
        and ours is not None
        and (
            ours == body.request_id
            or any(ours in {each.get("id"), each.get("request_id"), each.get("debug_id")} for each in _documents(body))
            or ours == _documents(body)[0].get("meta", {}).get("request_id")
        )
    ),
    "nested": lambda body, name, _, ours: (
        name.startswith(("code", "message", "errors")) and any(_is_object(each, "error") for each in _documents(body))
    ),
    "problems": lambda body, name, _, ours: (
        name.startswith(("message", "errors"))
        and any(isinstance(each.get("detail"), list) or _is_object(each, "error_data") for each in _documents(body))
    ),
    "charset": lambda body, name, _, ours: (
        name in {"text", "binary_content"}
        and (ours.encode() if isinstance(ours, str) else ours) == body.content.decode("utf-8", "replace").encode()
    ),
    "requirements": lambda body, name, theirs, ours: (
        name.startswith("info") and (not theirs or (name == "info" and not ours))
    ),
}
"""When a listed difference explains that an attribute is not the same."""

BODIES = error_bodies()


def unexplained(body: ErrorBody, cls: Any, kinds: Any, used: set[str]) -> list[str]:
    """Compare one error; return the attributes that differ without a listed difference."""
    ours = ours_of(body, kinds)
    try:
        theirs = theirs_of(body, cls)
    except TypeError:  # globus-sdk cannot make an AuthAPIError whose id is an object
        return []
    found = []
    for name, read in ATTRIBUTES.items():
        try:
            expected = read(theirs)
        except AttributeError:  # globus-sdk fails on authorization_parameters that are no object
            expected = None
        value = read(ours)
        if value == expected and type(value) is type(expected):
            continue
        keys = [key for key, explains in EXPLAINED.items() if explains(body, name, expected, value)]
        used.update(keys)
        if not keys:
            found.append(f"{cls.__name__}.{name}: {expected!r}, here {value!r} for {body}")
    return found


@pytest.mark.parametrize(("cls", "kinds"), CLASSES, ids=["any", "Transfer", "Auth"])
def test_every_body(cls: Any, kinds: Any) -> None:
    """Each attribute is the same, or a listed difference explains it."""
    used: set[str] = set()
    assert [line for body in BODIES for line in unexplained(body, cls, kinds, used)] == []
    assert used == set(EXPLAINED), "a difference that no body shows"


def test_how_many() -> None:
    """Hundreds of bodies are compared, and each accepted difference is in the documentation."""
    assert len(BODIES) > 300
    assert DIFFERENCES.reasons(*EXPLAINED)
