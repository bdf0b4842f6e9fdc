"""What type checkers make of errors, by kind, by service and by both; never run."""

from __future__ import annotations

from typing import assert_type

import globus_async
from globus_async import ConsentRequired, GlobusAPIError, NotFound, TransferAPIError
from globus_async.errors import ErrorKinds
from globus_async.services import auth, transfer


class WidgetsAPIError(GlobusAPIError):
    """An error of a service of one's own."""


kinds = ErrorKinds(WidgetsAPIError, codes=[("^WidgetNotFound$", globus_async.NotFound)])


def by_both() -> None:
    """Two services' classes of one kind are two classes, and each is of its kind and of its service."""
    try:
        pass
    except transfer.NotFound as error:
        assert_type(error, transfer.NotFound)
        of_service: TransferAPIError = error
        of_kind: NotFound = error
        assert_type(error.code, str | None)
        assert [of_service, of_kind]
    except auth.NotFound as error:
        assert_type(error, auth.NotFound)
        of_auth: auth.AuthAPIError = error
        assert [of_auth]
    except NotFound as error:
        assert_type(error, NotFound)
        assert_type(error.http_status, int)


def by_service() -> None:
    """What a kind has beyond other errors is there."""
    try:
        pass
    except transfer.ConsentRequired as error:
        assert_type(error.required_scopes, list[str])
        wider: transfer.AuthorizationRequired = error
        assert [wider]
    except TransferAPIError as error:
        assert_type(error, TransferAPIError)
    except ConsentRequired as error:
        assert_type(error.required_scopes, list[str])


def of_ones_own(response: globus_async.RawResponse) -> None:
    """A table makes errors of its service's class."""
    assert_type(kinds(response), WidgetsAPIError)
    assert_type(kinds.class_for(404, "x"), type[WidgetsAPIError])
