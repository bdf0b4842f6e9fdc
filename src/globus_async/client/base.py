"""The base class of all service clients: requests to one service, with credentials, retries and limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from .._http.body import encode_body, only_body_encoding, with_members
from .._http.headers import merge_headers
from .._http.missing import MISSING, MissingType
from .._http.path import checked_path
from .._http.query import drop_missing
from .._http.request import DEFAULT_MAX_RESPONSE_BYTES, IDEMPOTENT_METHODS, Request, check_method
from .._http.stream_body import body_of
from ..errors import GlobusSDKUsageError
from ..errors.arguments import checked_members
from ..paging import Cursor, Page, Pages, PagingStyle
from ..paging.truncation import calling_method, requested_number
from ..response import GlobusHTTPResponse, read_document
from .core import check_headers
from .observed import method_on_stack
from .raw_requests import RawRequests

if TYPE_CHECKING:
    from .._http.response import RawResponse
    from .._http.stream_body import StreamBody
    from ..authorizers import GlobusAuthorizer
    from ..secret import Secret
    from ..transport import StreamedCall

__all__ = ("BaseClient",)

D = TypeVar("D")
R = TypeVar("R", bound=GlobusHTTPResponse[Any])
T = TypeVar("T")


class BaseClient(RawRequests):
    """
    The base class of all service clients, and the way to make requests for which no client has a method.

    To write a client of another service, derive from this class, set the class attributes, and write each method with
    `call` or `listing`.

    Args:
        environment: The Globus environment; the default is ``GLOBUS_SDK_ENVIRONMENT``, or ``production``.
        base_url: The base URL of the service, instead of the environment's. Credentials are sent to it only.
        authorizer: Supplies the ``Authorization`` header; may be shared by any number of clients.
        app: Supplies the credentials, instead of ``authorizer``, and the connections, unless there is a ``transport``.
            The scopes of the client are added to its requirements.
        app_scopes: The scopes to require of the app, instead of `default_scope_requirements`.
        app_name: The application's name, sent in the ``User-Agent`` header.
        transport: A transport to share; without one the client makes its own, and closes it.
        retry: When to retry a failed attempt.
        rate_limit: The rate limit of requests, shared by all clients with the same authorizer and transport; ``None``
            for no limit. The default is the limit of the service; none with ``Transport(default_rate_limits=False)``.

    Attributes:
        service_name: The name of the service in Globus environments and in ``GLOBUS_SDK_SERVICE_URL_<NAME>``.
        base_url: The base URL of the service, with a trailing slash. A subclass for a service outside of Globus sets
            it, or ``default_base_url``.
        default_base_url: The base URL of a service outside of Globus, unless that variable is set.
        base_path: Put before paths without a version in `request`, `get`, `post` ...
        scopes: The scopes of the service.
        resource_server: The name under which token responses have the token for the service; by default that of
            ``scopes``.
        error_class: The class of the errors of the service; a subclass sets it, or ``error_kinds``.
        default_rate_limit: The rate limit that the service documents.
        error_kinds: Makes the errors of the service.
        authorizer: Supplies the ``Authorization`` header; ``None`` for requests without credentials.
        app_scopes: The scopes that were required of the app; ``None`` without an app.
        transport: The connections and their limits.
        retry: When to retry a failed attempt.
        rate_limit: The rate limit; ``None`` for no limit.
    """

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
        headers: Mapping[str, str] | None = None,
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
        headers: Mapping[str, str] | None = None,
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
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        bypass_limits: bool = False,
        authorizer: GlobusAuthorizer | MissingType | None = MISSING,
    ) -> Any:
        """
        Make the request of a client method, and read the response.

        Args:
            method: The HTTP method, in capitals.
            path: The path on the service, a constant or made by `fill_path`.
            response_type: The type of the document, such as a ``TypedDict``, or a subclass of `GlobusHTTPResponse`.
            params: The query parameters of the method; ``None`` and `MISSING` are left out.
            query_params: Further query parameters, from the caller of the method; they take precedence.
            data: The body, sent as JSON without `MISSING` members; `Secret` values are revealed; errors redact them.
            content: The body, JSON that is encoded already.
            form: The body, sent as a form, secrets as above. The response must not have two members of the same name.
            headers: Further request headers.
            idempotent: Whether the request may be executed twice without harm, so that it can be retried after it may
                have been executed; by default ``GET``, ``HEAD``, ``PUT`` and ``DELETE``.
            bypass_limits: Ignore the limits of concurrent requests and of their rate, as token refreshes must.
            authorizer: The authorizer of this request, instead of the client's; ``None`` for no credentials.

        Returns:
            The response, whose document must be a JSON object; or an instance of ``response_type``.

        Raises:
            GlobusSDKUsageError: A bad argument; nothing was sent.
            GlobusAPIError: The service returned an error, of the class that ``error_kinds`` chooses.
            NetworkError: There was no usable response.

        Example:
            >>> class Bookmarks(BaseClient):
            ...     service_name = "transfer"
            ...
            ...     async def get(self, bookmark_id: str) -> GlobusHTTPResponse[dict[str, Any]]:
            ...         path = fill_path("/v0.10/bookmark/{bookmark_id}", bookmark_id)
            ...         return await self.call("GET", path, dict[str, Any])
            >>> bookmarks = Bookmarks(authorizer=authorizer, transport=transport)
            >>> (await bookmarks.get(bookmark_id))["name"]
            'results'
        """
        check_method(method)
        encoding = only_body_encoding(data, content, form)
        authorizer = self.authorizer if isinstance(authorizer, MissingType) else authorizer
        check_headers(headers, authorizer)
        secrets: list[Secret] = []
        request = Request(
            method,
            self._url(checked_path(path), params, query_params),
            self._headers(encoding, headers),
            # no local: a traceback would show it
            content if content is not None else encode_body(data if form is None else form, encoding, secrets),
            idempotent=method in IDEMPOTENT_METHODS if idempotent is None else idempotent,
            bypass_limits=bypass_limits,
            secrets=tuple(secrets),
        )
        read = partial(read_document, response_type, reject_duplicate_keys=form is not None)
        return await self._exchange(request, authorizer, read, path=path)

    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
        content: bytes | StreamBody | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        authorizer: GlobusAuthorizer | MissingType | None = MISSING,
    ) -> StreamedCall:
        """
        Make a request whose response is read as it arrives, and whose body may be read while it is sent.

        Credentials, retries, limits and errors are those of `call`, until the status and the headers of a successful
        response have arrived. From then on, nothing is retried, and the only limit is that of the seconds without a
        byte, ``read_timeout`` of the transport. The same holds while the body is sent: the total timeout stands still.
        The call counts as in flight until the block is left. Leaving it early closes the connection.

        Args:
            method: The HTTP method, in capitals.
            path: The path on the service, a constant or made by `fill_path`.
            params: The query parameters of the method; ``None`` and `MISSING` are left out.
            query_params: Further query parameters, from the caller of the method; they take precedence.
            content: The body: bytes, or a `StreamBody`. One that is not repeatable is sent at most once.
            headers: Further request headers. By default any type of response is accepted, without compression, and
                ``Content-Type`` is ``application/octet-stream``.
            idempotent: Whether the request may be executed twice without harm; see `call`.
            authorizer: The authorizer of this request, instead of the client's; ``None`` for no credentials.

        Returns:
            A context manager for ``async with``, which makes the call and returns the `StreamedResponse`.

        Raises:
            GlobusSDKUsageError: A bad argument; nothing was sent. From the ``async with``: the `StreamBody` yielded
                more or fewer bytes than its size.
            GlobusAPIError: From the ``async with``: the service returned an error.
            NetworkError: From the ``async with``: there was no usable response. From the iteration: the rest of the
                body did not arrive.

        Example:
            >>> async with tc.stream("GET", "/v0.10/task_list", query_params={"limit": 5}) as response:
            ...     size = sum([len(chunk) async for chunk in response])
            >>> response.http_status, size == response.bytes_received
            (200, True)
        """
        from ..transport import StreamedCall, streamed  # noqa: PLC0415 -- few programs stream

        check_method(method)
        authorizer = self.authorizer if isinstance(authorizer, MissingType) else authorizer
        check_headers(headers, authorizer)
        body, source = body_of(content)
        defaults = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if content is not None:
            defaults["Content-Type"] = "application/octet-stream"
        fields = self._default_headers
        for more in (defaults, self._own_headers, headers or {}):
            fields = merge_headers(fields, more)
        request = Request(
            method,
            self._url(checked_path(path), params, query_params),
            fields,
            body,
            idempotent=method in IDEMPOTENT_METHODS if idempotent is None else idempotent,
            source=source,
            is_streamed=True,
        )
        name = None if self.transport.observer is None else method_on_stack(self)
        return StreamedCall(lambda: self._exchange(request, authorizer, streamed, path=path, method=name))

    def listing(
        self,
        path: str,
        item_type: type[T],  # noqa: ARG002 -- for type checkers
        *,
        style: PagingStyle,
        method: str = "GET",
        data: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
        query_params: Mapping[str, object] | None = None,
        num_results: int | MissingType | None = None,
        default_results: int | None = None,
        page_size: int | None = None,
        max_results: int | None = None,
        beyond_maximum: str = "use filters",
        items_key: str = "DATA",
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
    ) -> Pages[T]:
        """
        Return the listing of a client method; no request is made until it is awaited or iterated.

        Args:
            path: The path on the service, a constant or made by `fill_path`.
            item_type: The type of an item, such as a ``TypedDict``.
            style: How the service splits the listing into pages.
            method: ``GET``, or ``POST`` for a query that is a document; it must change nothing, so that it may be
                executed twice without harm.
            data: The document of ``POST``. The position and the size of a page become members of it, not parameters.
            params: The query parameters of the method; ``None`` and `MISSING` are left out.
            query_params: Further query parameters, from the caller of the method; they take precedence.
            num_results: The maximum number of items; ``None`` for all, `MISSING` for ``default_results``.
            default_results: The maximum number of items for callers who give none; `ListingTruncated` warns of more.
            page_size: The number of items to request at a time; ``None`` for the service's default.
            max_results: The number of items that the service returns at most; it rejects requests beyond it.
            beyond_maximum: How to get more than ``max_results``, for the warning.
            items_key: The member of the document that has the items.
            max_response_bytes: The largest page, after decompression, unless the transport has a limit of its own.

        Raises:
            GlobusSDKUsageError: A bad argument; nothing was sent.

        Example:
            >>> class Bookmarks(BaseClient):
            ...     service_name = "transfer"
            ...
            ...     def list(self) -> Pages[dict[str, Any]]:
            ...         return self.listing("/v0.10/bookmark_list", dict[str, Any], style=single)
            >>> bookmarks = Bookmarks(authorizer=authorizer, transport=transport)
            >>> [bookmark["name"] async for bookmark in bookmarks.list()]
            ['results']
        """
        if method not in {"GET", "POST"} or (data is not None and method == "GET"):
            raise GlobusSDKUsageError("a listing is a GET without data, or a POST")
        further = checked_members("query_params", query_params)
        own = drop_missing({**(params or {}), **further})
        self._url(checked_path(path), own, None)  # bad parameters are refused here, not at the first page
        document = {key: value for key, value in (data or {}).items() if value is not MISSING}
        start_in = document if method == "POST" else own
        start = {name: start_in.pop(name) for name, _ in style.start if name in start_in}
        size = style.size_parameter
        fixed = {size: own[size]} if size is not None and size in further and size in own else None
        num_results = requested_number(num_results, *(fixed or {}).values())
        if method == "POST" and size is not None and size in document:
            own_size: Any = document.pop(size)
            page_size = page_size or own_size  # `Pages` checks it
        secrets: list[Secret] = []
        # encoded once: a document that is changed later does not change the pages that follow
        encoding = "json" if method == "POST" else None
        body = encode_body(document, encoding, secrets)
        headers = self._headers(encoding, None)
        caller = calling_method()
        name = None if self.transport.observer is None else method_on_stack(self)

        async def fetch(cursor: Cursor, read: Callable[[RawResponse], Awaitable[Page[T]]]) -> Page[T]:
            # the cursor wins over the caller's parameters: their offset is that of the first page only
            request = Request(
                method,
                self._url(path, own if body is not None else {**own, **cursor}, fixed),
                headers,
                None if body is None else with_members(body, drop_missing(cursor)),
                idempotent=True,
                secrets=tuple(secrets),
                max_response_bytes=max_response_bytes,
            )
            return await self._exchange(request, self.authorizer, read, path=path, method=name)

        return Pages(
            fetch,
            style=style,
            items_key=items_key,
            start=start,
            num_results=num_results,
            default_results=default_results,
            page_size=page_size,
            max_results=max_results,
            beyond_maximum=beyond_maximum,
            caller=caller,
        )
