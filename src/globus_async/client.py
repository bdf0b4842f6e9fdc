"""What every service client is: a base URL, credentials bound to it, and a way to send."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar, overload
from urllib.parse import SplitResult, parse_qs, urlsplit

from ._http.body import CONTENT_TYPES, encoded, kind_of
from ._http.headers import Fields, default_headers, merge_headers
from ._http.missing import MISSING, MissingType
from ._http.path import user_path
from ._http.query import drop_missing, encode_query
from ._http.request import Request
from .config import checked_base_url, get_service_url
from .errors import ErrorKinds, GlobusAPIError, GlobusSDKUsageError
from .paging import Cursor, Page, Pages, PagingStyle
from .response import GlobusHTTPResponse, read_any, read_document
from .secret import Secret
from .transport import RateLimit, RetryPolicy, Transport, exchange

if TYPE_CHECKING:
    from types import TracebackType

    from ._http.response import RawResponse
    from .authorizers import GlobusAuthorizer

__all__ = ("BaseClient",)

D = TypeVar("D")
R = TypeVar("R", bound=GlobusHTTPResponse[Any])
T = TypeVar("T")

_REPLAYABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_METHOD: Final = re.compile(r"[A-Z]{1,16}")


class BaseClient:
    """
    The common part of all service clients, and the low-level way to call anything a service offers.

    Args:
        environment: Which Globus to talk to; the default is ``GLOBUS_SDK_ENVIRONMENT`` or ``production``.
        base_url: The service's address, instead of the environment's. Credentials go there and nowhere else.
        authorizer: Supplies the ``Authorization`` header; may be shared by any number of clients.
        app_name: Told to the service in the ``User-Agent``.
        transport: A transport to share; without one the client makes its own and closes it.
        retry: When calls are sent again.
        rate_limit: How many calls may go out, counted together for all clients that share authorizer and transport;
            ``None`` for no limit. The default is what the service asks of its users, if it says.
    """

    service_name: ClassVar[str] = "_base"
    error_kinds: ClassVar[ErrorKinds[Any]] = ErrorKinds(GlobusAPIError)
    default_base_url: ClassVar[str | None] = None
    default_rate_limit: ClassVar[RateLimit | None] = None

    def __init__(
        self,
        *,
        environment: str | None = None,
        base_url: str | None = None,
        authorizer: GlobusAuthorizer | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
    ) -> None:
        given = base_url if base_url is not None else self.default_base_url
        url = (
            get_service_url(self.service_name, environment)
            if given is None
            else checked_base_url(given, source="base_url")
        )
        self._root = url.removesuffix("/")
        self.authorizer = authorizer
        self.transport = Transport() if transport is None else transport
        self.retry = RetryPolicy() if retry is None else retry
        self.rate_limit = self.default_rate_limit if isinstance(rate_limit, MissingType) else rate_limit
        self._owns_transport = transport is None
        self.app_name = app_name

    @property
    def base_url(self) -> str:
        """The service's address, fixed when the client is made."""
        return f"{self._root}/"

    @property
    def app_name(self) -> str | None:
        """The application's name, as told to the service."""
        return self._app_name

    @app_name.setter
    def app_name(self, name: str | None) -> None:
        self._plain = default_headers(name)
        self._app_name = name

    def set_app_name(self, app_name: str) -> None:
        """Tell the service the application's name, in the ``User-Agent``."""
        self.app_name = app_name

    def __repr__(self) -> str:
        # a traceback may show one whose constructor failed
        return f"<{type(self).__name__} of {getattr(self, '_root', 'nowhere yet')}>"

    async def __aenter__(self) -> Self:
        self.transport.check()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the transport, if this client made it; idempotent."""
        if self._owns_transport:
            await self.transport.aclose()

    async def get(
        self,
        path: str,
        *,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        retry_401: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """
        Make a ``GET`` request.

        Args:
            path: The path on the service, with or without a leading slash.
            query_params: Query parameters; ``None`` and `MISSING` are left out.
            headers: Further headers.
            retry_401: Try once more with a fresh token if the first is refused.

        Raises:
            GlobusAPIError: The service answered with an error.
            NetworkError: There was no usable answer.

        Example:
            >>> response = await tc.get(f"/v0.10/endpoint/{endpoint_id}")
            >>> response["display_name"]
            'Lab storage'
        """
        return await self.request("GET", path, query_params=query_params, headers=headers, retry_401=retry_401)

    async def delete(
        self,
        path: str,
        *,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        retry_401: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """Make a ``DELETE`` request; see `get`."""
        return await self.request("DELETE", path, query_params=query_params, headers=headers, retry_401=retry_401)

    async def post(
        self,
        path: str,
        data: object = MISSING,
        *,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
        retry_401: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """
        Make a ``POST`` request. It is sent once only, unless it surely never reached the service.

        Args:
            path: The path on the service, with or without a leading slash.
            data: The body. Text and bytes are sent as they are, everything else as JSON.
            query_params: Query parameters; ``None`` and `MISSING` are left out.
            headers: Further headers.
            encoding: ``"json"``, ``"form"`` or ``"text"``, when the kind of ``data`` does not say.
            retry_401: Try once more with a fresh token if the first is refused.
        """
        return await self.request(
            "POST", path, data=data, query_params=query_params, headers=headers, encoding=encoding, retry_401=retry_401
        )

    async def put(
        self,
        path: str,
        data: object = MISSING,
        *,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
        retry_401: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """Make a ``PUT`` request; see `post`."""
        return await self.request(
            "PUT", path, data=data, query_params=query_params, headers=headers, encoding=encoding, retry_401=retry_401
        )

    async def patch(
        self,
        path: str,
        data: object = MISSING,
        *,
        query_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
        retry_401: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """Make a ``PATCH`` request; see `post`. It is sent once only, unless it surely never reached the service."""
        return await self.request(
            "PATCH", path, data=data, query_params=query_params, headers=headers, encoding=encoding, retry_401=retry_401
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
        retry_401: bool = True,
        automatic_authorization: bool = True,
    ) -> GlobusHTTPResponse[Any]:
        """
        Make any request.

        Args:
            method: The HTTP method, in capitals.
            path: The path on the service, with or without a leading slash; an absolute URL on the service's own origin
                will do too.
            query_params: Query parameters; ``None`` and `MISSING` are left out, a list repeats its key.
            data: The body. Text and bytes are sent as they are, everything else as JSON.
            headers: Further headers.
            encoding: ``"json"``, ``"form"`` or ``"text"``, when the kind of ``data`` does not say.
            retry_401: Try once more with a fresh token if the first is refused.
            automatic_authorization: Send the client's credentials.

        Raises:
            GlobusSDKUsageError: A bad argument; nothing was sent.
            GlobusAPIError: The service answered with an error.
            NetworkError: There was no usable answer.
        """
        if _METHOD.fullmatch(method) is None:
            raise GlobusSDKUsageError(f"the HTTP method must be in capitals, got {method!r}")
        where, own_query = self._own(path)
        url = self._url(where, own_query, query_params)
        kind = kind_of(data, encoding)
        authorizer = self.authorizer if automatic_authorization else None
        if authorizer is not None and any(name.lower() == "authorization" for name in headers or ()):
            raise GlobusSDKUsageError(
                "this client's authorizer sends the Authorization header; for one of your own call"
                " request(..., automatic_authorization=False)"
            )
        request = Request(
            method, url, self._fields(kind, headers), encoded(data, kind), idempotent=method in _REPLAYABLE
        )
        return await self._exchange(request, authorizer, read_any, retry_401=retry_401)

    @overload
    async def call(
        self,
        method: str,
        path: str,
        response_type: type[R],
        *,
        params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
        data: object = MISSING,
        content: bytes | None = None,
        form: Mapping[str, object] | None = None,
        idempotent: bool | None = None,
        bypass_limits: bool = False,
        authorizer: GlobusAuthorizer | MissingType | None = MISSING,
    ) -> R: ...

    @overload
    async def call(
        self,
        method: str,
        path: str,
        response_type: type[D],
        *,
        params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
        data: object = MISSING,
        content: bytes | None = None,
        form: Mapping[str, object] | None = None,
        idempotent: bool | None = None,
        bypass_limits: bool = False,
        authorizer: GlobusAuthorizer | MissingType | None = MISSING,
    ) -> GlobusHTTPResponse[D]: ...

    async def call(
        self,
        method: str,
        path: str,
        response_type: type[Any],
        *,
        params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
        data: object = MISSING,
        content: bytes | None = None,
        form: Mapping[str, object] | None = None,
        idempotent: bool | None = None,
        bypass_limits: bool = False,
        authorizer: GlobusAuthorizer | MissingType | None = MISSING,
    ) -> Any:
        """
        Make the call of an endpoint method.

        Args:
            method: The HTTP method.
            path: Made by `fill_path`.
            response_type: The type of the document, or the response class that reads it.
            params: The method's own query parameters.
            query_params: The caller's further ones.
            data: The JSON body.
            content: The JSON body, already encoded.
            form: The form body; its `Secret` values are revealed only there.
            idempotent: Whether it may be carried out twice without harm; the default goes by the method.
            bypass_limits: Ignore the limits on calls in flight and on the rate, for renewals.
            authorizer: Instead of the client's.
        """
        kind = "form" if form is not None else None if data is MISSING and content is None else "json"
        request = Request(
            method,
            self._url(path, params, query_params),
            self._fields(kind, None),
            content or encoded(data if form is None else form, kind),  # no local variable: a traceback would show it
            idempotent=method in _REPLAYABLE if idempotent is None else idempotent,
            bypass_limits=bypass_limits,
            secrets=tuple(value for value in (form or {}).values() if isinstance(value, Secret)),
        )
        used = self.authorizer if isinstance(authorizer, MissingType) else authorizer
        return await self._exchange(
            request, used, partial(read_document, response_type, reject_duplicate_keys=form is not None)
        )

    def listing(
        self,
        path: str,
        item: type[T],  # noqa: ARG002 -- says the type of the items to type checkers
        *,
        style: PagingStyle,
        params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
        num_results: int | None = None,
        page_size: int | None = None,
        max_results: int | None = None,
        key: str = "DATA",
    ) -> Pages[T]:
        """
        Make the listing of an endpoint method; nothing is sent until it is used.

        Args:
            path: Made by `fill_path`.
            item: The type of an item.
            style: How the service pages it.
            params: The method's own query parameters.
            query_params: The caller's further ones.
            num_results: Most items; ``None`` for all there are.
            page_size: Items to ask for at a time.
            max_results: Most items that the service gives.
            key: The member that holds the items.
        """
        own = drop_missing({**(params or {}), **(query_params or {})})
        self._url(path, own, None)  # refuses bad parameters now, not at the first page
        start = {name: own.pop(name) for name, _ in style.start if name in own}
        size = style.size_parameter
        fixed = {size: own[size]} if size is not None and size in (query_params or {}) and size in own else None
        fields = self._fields(None, None)

        async def fetch(cursor: Cursor, read: Callable[[RawResponse], Awaitable[Page[T]]]) -> Page[T]:
            # the cursor wins over the caller's parameters: their offset is that of the first page only
            request = Request("GET", self._url(path, {**own, **cursor}, fixed), fields, idempotent=True)
            return await self._exchange(request, self.authorizer, read)

        return Pages(
            fetch,
            style=style,
            items_key=key,
            start=start,
            num_results=num_results,
            page_size=page_size,
            max_results=max_results,
        )

    def _exchange(
        self,
        request: Request,
        authorizer: GlobusAuthorizer | None,
        read: Callable[[RawResponse], Awaitable[R]],
        *,
        retry_401: bool = True,
    ) -> Awaitable[R]:
        """Return the `exchange` to be awaited: no coroutine of its own, for short tracebacks."""
        return exchange(
            request,
            transport=self.transport,
            authorizer=authorizer,
            retry=self.retry,
            rate_limit=self.rate_limit,
            error_kinds=self.error_kinds,
            read=read,
            retry_401=retry_401,
        )

    def _url(self, path: str, params: Mapping[str, object] | None, more: Mapping[str, object] | None) -> str:
        if params is None and more is None:
            return self._root + path
        asked = encode_query({**(params or {}), **(more or {})})
        return f"{self._root}{path}?{asked}" if asked else self._root + path

    def _own(self, path: str) -> tuple[str, Mapping[str, object]]:
        """Split a caller's path, or an absolute URL on this service's origin, into path and query."""
        if not isinstance(path, str) or not path.lower().startswith(("http:", "https:", "//")):
            return user_path(path), {}
        own = _below(self._root, path)
        if own is None:
            raise GlobusSDKUsageError(
                f"this client talks to {self.base_url} only, its credentials go nowhere else;"
                " make a client for the other"
            )
        return user_path(own.path), parse_qs(own.query, keep_blank_values=True)

    def _fields(self, kind: str | None, headers: Mapping[str, str] | None) -> Fields:
        fields = self._plain if kind is None else (*self._plain, (b"Content-Type", CONTENT_TYPES[kind]))
        return merge_headers(fields, headers) if headers else fields


def _below(root: str, url: str) -> SplitResult | None:
    """Return what of a URL stands below a root; ``None`` if it is on another origin, or beside the root."""
    own = urlsplit(root)
    try:
        parts = urlsplit(url)
        same = (parts.scheme, parts.hostname, parts.port, parts.username) == (own.scheme, own.hostname, own.port, None)
    except ValueError:
        return None
    if not same or "\\" in url or not f"{parts.path}/".startswith(f"{own.path}/"):
        return None
    return parts._replace(path=parts.path.removeprefix(own.path))
