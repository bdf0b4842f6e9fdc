"""Requests for which a client has no method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from .._http.body import body_encoding, encode_body
from .._http.missing import MISSING
from .._http.path import split_path
from .._http.request import IDEMPOTENT_METHODS, Request, check_method
from ..errors import GlobusSDKUsageError
from ..response import GlobusHTTPResponse, read_any
from .core import ClientCore, check_headers

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = ("RawRequests",)

_VERSIONED: Final = re.compile(r"/?v\d[\d.]*(?:/|$)|https?:|//", re.IGNORECASE)
"""A path with a version of the service, or a URL."""


class RawRequests(ClientCore):
    """Requests for which a client has no method."""

    async def get(
        self,
        path: str,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        retry_401: bool = True,
        automatic_authorization: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """
        Make a ``GET`` request; see `request`.

        Example:
            >>> response = await tc.get(f"/v0.10/endpoint/{endpoint_id}")
            >>> response["display_name"]
            'Lab storage'
        """
        return await self.request(
            "GET",
            path,
            query_params=query_params,
            headers=headers,
            retry_401=retry_401,
            automatic_authorization=automatic_authorization,
        )

    async def delete(
        self,
        path: str,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        retry_401: bool = True,
        automatic_authorization: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """Make a ``DELETE`` request; see `request`."""
        return await self.request(
            "DELETE",
            path,
            query_params=query_params,
            headers=headers,
            retry_401=retry_401,
            automatic_authorization=automatic_authorization,
        )

    async def post(
        self,
        path: str,
        data: object = MISSING,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        encoding: str | None = None,
        retry_401: bool = True,
        automatic_authorization: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """Make a ``POST`` request; see `request`. It is not retried, unless it certainly did not reach the service."""
        return await self.request(
            "POST",
            path,
            data=data,
            query_params=query_params,
            headers=headers,
            encoding=encoding,
            retry_401=retry_401,
            automatic_authorization=automatic_authorization,
        )

    async def put(
        self,
        path: str,
        data: object = MISSING,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        encoding: str | None = None,
        retry_401: bool = True,
        automatic_authorization: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """Make a ``PUT`` request; see `request`."""
        return await self.request(
            "PUT",
            path,
            data=data,
            query_params=query_params,
            headers=headers,
            encoding=encoding,
            retry_401=retry_401,
            automatic_authorization=automatic_authorization,
        )

    async def patch(
        self,
        path: str,
        data: object = MISSING,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        encoding: str | None = None,
        retry_401: bool = True,
        automatic_authorization: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """Make a ``PATCH`` request; see `request`. It is not retried, unless it certainly did not reach the service."""
        return await self.request(
            "PATCH",
            path,
            data=data,
            query_params=query_params,
            headers=headers,
            encoding=encoding,
            retry_401=retry_401,
            automatic_authorization=automatic_authorization,
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        query_params: Mapping[str, object] | None = None,
        data: object = MISSING,
        headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
        idempotent: bool | None = None,
        allow_redirects: Literal[False] = False,
        stream: Literal[False] = False,
        retry_401: bool = True,
        automatic_authorization: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """
        Make any request.

        Redirects are not followed, and the whole body is read.

        Args:
            method: The HTTP method, in capitals.
            path: The path on the service, with or without a leading slash, or an absolute URL below the base URL. A
                path without a version is below the client's ``base_path``.
            query_params: Query parameters; ``None`` and `MISSING` are left out, a list repeats its key.
            data: The body. Text and bytes are sent as they are, everything else as JSON.
            headers: Further request headers.
            encoding: ``"json"``, ``"form"`` or ``"text"``; the default depends on the type of ``data``.
            idempotent: Whether the request may be executed twice without harm; see `call`.
            allow_redirects: A redirect is a `GlobusAPIError`, whose ``headers`` have the ``Location``: the token must
                not be sent where a response points to. So this is always false.
            stream: A response holds no connection, so this is always false.
            retry_401: After a 401, refresh the token and retry once.
            automatic_authorization: Send the ``Authorization`` header of the client's authorizer.

        Raises:
            GlobusSDKUsageError: A bad argument; nothing was sent.
            GlobusAPIError: The service returned an error.
            NetworkError: There was no usable response.
        """
        if allow_redirects or stream:
            raise GlobusSDKUsageError(
                "redirects are never followed, and the whole body is read: leave out allow_redirects= and stream=; the"
                " Location of a redirect is in the headers of its GlobusAPIError"
            )
        check_method(method)
        path, own_query = split_path(self._root, self._with_base_path(path))
        encoding = body_encoding(data, encoding)
        authorizer = self.authorizer if automatic_authorization else None
        check_headers(headers, authorizer)
        secrets: list[Secret] = []
        request = Request(
            method,
            self._url(path, own_query, query_params),
            self._headers(encoding, headers),
            encode_body(data, encoding, secrets),  # no local: a traceback would show it
            idempotent=method in IDEMPOTENT_METHODS if idempotent is None else idempotent,
            secrets=tuple(secrets),
        )
        return await self._exchange(request, authorizer, read_any, retry_401=retry_401)

    def _with_base_path(self, path: str) -> str:
        """Put the base path before a path without a version."""
        base = self.base_path
        if not base or not isinstance(path, str) or _VERSIONED.match(path) is not None:
            return path
        return f"{base}/{path.removeprefix('/')}"
