"""Error classes by response, final errors, and authorization requirements of errors."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from globus_async import Attempt, GlobusAPIError, GlobusError
from globus_async.services import transfer
from globus_async.services.transfer import (
    AuthenticationFailed,
    AuthorizationRequired,
    Conflict,
    ConsentRequired,
    EndpointDisconnected,
    EndpointError,
    EndpointNotFound,
    NotFound,
    OperationPaused,
    PathExists,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
    TaskInactive,
    TooManyPendingJobs,
    TransferAPIError,
)
from globus_async.services.transfer.errors import error_kinds, may_have_been_executed
from tests.services.transfer.scripted import TASK, raw_response_of

SCOPE = "urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/x/data_access]"


@pytest.mark.parametrize(
    ("status", "code", "cls"),
    [
        (400, "BadRequest", TransferAPIError),
        (400, "ClientError.BadRequest.NoTransferItems", TransferAPIError),
        (400, "ClientError.AuthenticationFailed", AuthenticationFailed),
        (401, "AuthenticationFailed", AuthenticationFailed),
        (401, "", AuthenticationFailed),
        (403, "PermissionDenied", PermissionDenied),
        (403, "EndpointPermissionDenied", PermissionDenied),
        (502, "ExternalError.DirListingFailed.PermissionDenied", PermissionDenied),
        (403, "ConsentRequired", ConsentRequired),
        (403, "AuthPolicyFailed", AuthorizationRequired),
        (404, "EndpointNotFound", EndpointNotFound),
        (404, "EndpointDeleted", EndpointNotFound),
        (404, "ClientError.NotFound", NotFound),
        (404, "ClientError.NotFound.ServerNotFound", NotFound),
        (404, "TaskNotFound", NotFound),
        (404, "AccessRuleNotFound", NotFound),
        (404, "", NotFound),
        (409, "Conflict", Conflict),
        (409, "NotSupported", Conflict),
        (409, "NoCredException", Conflict),
        (409, "ClientError.Conflict.TooManyPendingJobs", TooManyPendingJobs),
        (409, "GCDisconnectedException", EndpointDisconnected),
        (502, "ExternalError.DirListingFailed.GCDisconnected", EndpointDisconnected),
        (409, "OperationPaused", OperationPaused),
        (429, "", RateLimited),
        (500, "InternalError", TransferAPIError),
        (502, "ExternalError", EndpointError),
        (502, "ExternalError.DirListingFailed.NotDirectory", EndpointError),
        (502, "ExternalError.MkdirFailed.Exists", PathExists),
        (502, "EndpointError", EndpointError),
        (503, "ServiceUnavailable", ServiceUnavailable),
        (418, "Teapot", TransferAPIError),
    ],
)
def test_classes(status: int, code: str, cls: type[TransferAPIError]) -> None:
    """The class is chosen by the code's last part or its family, otherwise by the status."""
    error = error_kinds(raw_response_of(status, {"code": code, "message": "about it", "request_id": "Abc123xyz"}))
    assert type(error) is cls
    assert error.message == "about it"
    assert error.request_id == "Abc123xyz"
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is cls
        assert str(other) == str(error)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"text"', b"{", b"<html>", json.dumps({"code": ["x"], "message": {}}).encode()]
)
@pytest.mark.parametrize("status", [400, 404, 500, 502])
def test_odd_bodies(status: int, body: bytes) -> None:
    """An invalid body still leads to an error by status."""
    response = raw_response_of(status, body)
    assert error_kinds(response).http_status == status
    assert error_kinds.is_final(response) is False


@pytest.mark.parametrize(
    "code", ["ExternalError", "ExternalError.DirListingFailed", "EndpointError", "Old.EndpointError.X"]
)
def test_final_errors(code: str) -> None:
    """Failures of a collection's server are not retried; failures of the service are."""
    assert error_kinds.is_final(raw_response_of(502, {"code": code}))
    assert not error_kinds.is_final(raw_response_of(502, {"code": "BadGateway"}))


def test_consent() -> None:
    """Required scopes are read from both of their places."""
    old = error_kinds(
        raw_response_of(403, {"code": "ConsentRequired", "message": "Missing consent", "required_scopes": [SCOPE]})
    )
    parameters = {"required_scopes": [SCOPE], "session_message": "Missing required data_access consent"}
    new = error_kinds(raw_response_of(403, {"code": "ConsentRequired", "authorization_parameters": parameters}))
    for error in (old, new):
        assert isinstance(error, ConsentRequired)
        assert error.required_scopes == [SCOPE]
        assert error.authorization_parameters.session_message
    bare = error_kinds(raw_response_of(403, {"code": "ConsentRequired"}))
    assert isinstance(bare, ConsentRequired)
    assert bare.required_scopes == []


@pytest.mark.parametrize(
    "document",
    [
        {"code": "AuthPolicyFailed", "authorization_parameters": {"session_required_policies": "p1,p2"}},
        {"code": "PermissionDenied", "authorization_parameters": {"session_required_policies": ["p1", "p2"]}},
        {
            "code": "ExternalError.DirListingFailed.LoginFailed",
            "message": "Login Failed\nDetails: GridFTP-JSON-Result: "
            '{"authorization_parameters": {"session_required_policies": ["p1", "p2"]}} and more\r\n',
        },
    ],
)
def test_sessions(document: dict[str, Any]) -> None:
    """With any code, an error with authorization parameters is an `AuthorizationRequired`."""
    error = error_kinds(raw_response_of(403, document))
    assert type(error) is AuthorizationRequired
    assert error.authorization_parameters.session_required_policies == ["p1", "p2"]


@pytest.mark.parametrize(
    ("status", "code", "attempts", "uncertain"),
    [
        (400, "BadRequest", [True], False),
        (429, "", [False], False),
        (429, "", [True, False], True),
        (503, "ServiceUnavailable", [False, False], False),
        (503, "ServiceUnavailable", [True, False], True),
        (500, "InternalError", [True], True),
        (502, "ExternalError", [True], False),
    ],
)
def test_may_have_been_executed(status: int, code: str, attempts: list[bool], uncertain: bool) -> None:
    """A refusal was not executed; other errors are uncertain if any attempt may have been executed."""
    made = tuple(Attempt("what came of it", None, executed) for executed in attempts)
    assert may_have_been_executed(error_kinds(raw_response_of(status, {"code": code}), made)) is uncertain


def test_inactive_task() -> None:
    """The error has the task's id in its message, and its document."""
    task: Any = {"task_id": TASK, "status": "INACTIVE", "nice_status_short_description": "credentials expired"}
    error = TaskInactive(task)
    assert TASK in str(error)
    assert "credentials expired" in str(error)
    assert pickle.loads(pickle.dumps(error)).task == task
    assert isinstance(error, GlobusError)
    assert not isinstance(error, GlobusAPIError)


def test_exports() -> None:
    """Every error class of the module is exported."""
    names = {cls.__name__ for cls in all_subclasses(TransferAPIError)}
    assert names <= set(transfer.__all__)


def all_subclasses(cls: type[TransferAPIError]) -> set[type[TransferAPIError]]:
    return {cls}.union(*map(all_subclasses, cls.__subclasses__()))
