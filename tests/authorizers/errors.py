"""Errors of token requests."""

from __future__ import annotations

import json

from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.errors import GlobusAPIError

__all__ = ("api_error",)


def api_error(status: int, document: object, *, retry_after: str | None = None) -> GlobusAPIError:
    """Return the error of a token request."""
    body = json.dumps(document).encode()
    headers = Headers([] if retry_after is None else [(b"Retry-After", retry_after.encode())])
    return GlobusAPIError(RawResponse(method="POST", path="/t", status=status, reason="No", headers=headers, body=body))
