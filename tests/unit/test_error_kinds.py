"""The kinds of errors that all services have in common."""

from __future__ import annotations

import pickle

import pytest

import globus_async
from globus_async import ErrorKinds, GlobusAPIError
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.services import auth, transfer
from globus_async.services.auth.errors import error_kinds as auth_error
from globus_async.services.transfer.errors import error_kinds as transfer_error

KINDS = {
    401: "AuthenticationFailed",
    403: "PermissionDenied",
    404: "NotFound",
}


def response(status: int, body: str = "{}") -> RawResponse:
    return RawResponse(method="GET", path="/x", status=status, reason="", headers=Headers([]), body=body.encode())


@pytest.mark.parametrize(("status", "kind"), KINDS.items())
def test_kinds_are_common_to_all_services(status: int, kind: str) -> None:
    """A caller can handle a kind of error for all services, or for each service."""
    for service, make, root in (
        (auth, auth_error, auth.AuthAPIError),
        (transfer, transfer_error, transfer.TransferAPIError),
    ):
        error = make(response(status))
        assert isinstance(error, getattr(globus_async, kind))
        assert isinstance(error, root)
        assert type(error) is getattr(service, kind)
        assert type(pickle.loads(pickle.dumps(error))) is type(error)


def test_a_missing_consent_has_its_scopes() -> None:
    """Both services' forms of the error have the same scopes."""
    from_transfer = transfer_error(response(403, '{"code": "ConsentRequired", "required_scopes": ["a[*b]"]}'))
    from_auth = auth_error(
        response(403, '{"errors": [{"code": "DEPENDENT_CONSENT_REQUIRED", "unapproved_scopes": ["a[*b]"]}]}')
    )
    for error in (from_transfer, from_auth):
        assert isinstance(error, globus_async.ConsentRequired)
        assert error.required_scopes == ["a[*b]"]


def test_a_table_does_not_take_the_kinds_of_another() -> None:
    """The base of one service may derive from the base of another, whose table is made later."""

    class General(GlobusAPIError):
        pass

    class Special(General):
        pass

    class Stated(General):
        pass

    class NotFound(globus_async.NotFound, Stated):
        pass

    special, stated, general = ErrorKinds(Special), ErrorKinds(Stated), ErrorKinds(General)
    assert not isinstance(general(response(404)), Special | Stated)
    assert not isinstance(general(response(403)), Special | Stated)
    assert isinstance(special(response(404)), Special)
    assert type(stated(response(404))) is NotFound
    assert type(ErrorKinds(General)(response(404))) is type(general(response(404)))


def test_every_code_of_an_error_counts() -> None:
    """An error with several codes is of the class of the first that has one, and final if one of them is."""
    raw = response(502, '{"errors": [{"code": "Other"}, {"code": "EndpointError"}]}')
    assert isinstance(transfer_error(raw), transfer.EndpointError)
    assert transfer_error.is_final(raw)
    assert transfer_error(raw).code is None
