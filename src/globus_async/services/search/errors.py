"""
The errors of Globus Search.

::

    SearchAPIError
        AuthorizationRequired         log in again, with `authorization_parameters`
            ConsentRequired           ... and consent to `required_scopes`
        AuthenticationFailed          the token is missing, expired or revoked
        PermissionDenied              a role on the index is missing, or a scope: `scope`
        NotFound                      no such index, subject, entry, task or role
        Conflict                      the request conflicts with the state of the index
            LimitExceeded             the user may own no more trial indices
            IncompatibleIndexStatus   the index is being deleted, or is not
        InvalidDocument               the document has mistakes, which the messages name
        RateLimited                   too many requests
        ServiceUnavailable            maintenance
"""

from __future__ import annotations

import re
from typing import Any, Final

from ... import errors
from ..._http.json_reader import is_object
from ...errors import ErrorKinds, GlobusAPIError
from ...scopes import SearchScopes

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "Conflict",
    "ConsentRequired",
    "IncompatibleIndexStatus",
    "InvalidDocument",
    "LimitExceeded",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "SearchAPIError",
    "ServiceUnavailable",
    "error_kinds",
)

_READS: Final = re.compile(r"/index_list$|/index/[^/]+(?:/(?:search|scroll|subject|entry))?$")
_INGEST: Final = re.compile(
    r"/task(?:_list)?/|/index/[^/]+/(?:ingest|delete_by_query|batch_delete_by_subject|subject|entry|mapping|field_budget)"
)


class SearchAPIError(GlobusAPIError):
    """
    Globus Search returned an error.

    The ``messages`` include the problems that ``error_data`` lists, each with its place in the document.
    """

    @property
    def error_data(self) -> Any:
        """The further data of the error: an object, a list, or ``None``."""
        return self.raw_json.get("error_data") if is_object(self.raw_json) else None


class AuthenticationFailed(errors.AuthenticationFailed, SearchAPIError): ...


class AuthorizationRequired(errors.AuthorizationRequired, SearchAPIError): ...


class ConsentRequired(errors.ConsentRequired, AuthorizationRequired): ...


class NotFound(errors.NotFound, SearchAPIError): ...


class Conflict(errors.Conflict, SearchAPIError): ...


class RateLimited(errors.RateLimited, SearchAPIError): ...


class ServiceUnavailable(errors.ServiceUnavailable, SearchAPIError): ...


class PermissionDenied(errors.PermissionDenied, SearchAPIError):
    """The user lacks a role on the index, or the token lacks the scope that the method needs."""

    @property
    def required_scope(self) -> str:
        """
        The scope that the method needs; ``SearchScopes.all`` includes it.

        A client with an app requires only ``SearchScopes.search`` of it: pass ``app_scopes=[SearchScopes.all]``, or
        call ``add_app_scope``, for methods that need more.
        """
        reads = self.method == "GET" or self.path.endswith(("/search", "/scroll"))
        if reads and _READS.search(self.path) is not None:
            return str(SearchScopes.search)
        return str(SearchScopes.ingest if _INGEST.search(self.path) is not None else SearchScopes.all)

    def __str__(self) -> str:
        return f"{super().__str__()}; it needs a role on the index, or a token with the scope {self.required_scope}"


class LimitExceeded(Conflict):
    """The user may own no more trial indices."""


class IncompatibleIndexStatus(Conflict):
    """The index is being deleted, so that it can only be reopened; or it is not, and need not be."""


class InvalidDocument(SearchAPIError):
    """The service refused a document or a query; the messages name each mistake and its place."""


error_kinds: ErrorKinds[SearchAPIError] = ErrorKinds(
    SearchAPIError,
    codes=(
        (r"LimitExceeded$", LimitExceeded),
        (r"IncompatibleIndexStatus$", IncompatibleIndexStatus),
        (r"^BadRequest", InvalidDocument),
        (r"^NotFound", NotFound),
        (r"^Conflict", Conflict),
        (r"^Forbidden", PermissionDenied),
    ),
    statuses={400: InvalidDocument, 422: InvalidDocument},
)
"""Makes the errors of Globus Search."""
