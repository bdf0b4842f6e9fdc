"""What all clients have: the declaration of their service, its address, credentials and transport."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar

from .._http.body import CONTENT_TYPES
from .._http.headers import Fields, default_headers, merge_headers
from .._http.missing import MISSING, MissingType
from .._http.query import encode_query
from ..authorizers import GlobusAuthorizer
from ..config import checked_base_url, get_environment, get_service_url
from ..errors import ErrorKinds, GlobusAPIError, GlobusSDKUsageError
from ..errors.arguments import check_number, check_text, check_type, checked_members
from ..porting import AsyncContextOnly, PortedClient
from ..scopes import ScopeParser
from ..transport import RateLimit, RetryPolicy, Transport, exchange
from .app import App, check_app
from .observed import observed_call

if TYPE_CHECKING:
    from .._http.request import Request
    from .._http.response import RawResponse
    from ..scopes import Scope

__all__ = ("ClientCore", "check_headers")

R = TypeVar("R")


class _BaseURL:
    """
    The attribute `ClientCore.base_url`: the URL of a client, and of a class the one that it declares.

    A subclass assigns text to it, which becomes its ``default_base_url``; that of a client cannot be changed.
    """

    def __get__(self, client: ClientCore | None, cls: type[ClientCore]) -> str:
        if client is None:
            return cls.default_base_url or "_base"
        return f"{vars(client)['_root']}/"

    def __set__(self, client: ClientCore, value: object) -> NoReturn:
        raise AttributeError("the base_url of a client cannot be changed; make another client")


class ClientCore(PortedClient, AsyncContextOnly):
    """The declaration of a service, and a client's address, credentials and transport; see `BaseClient`."""

    service_name: ClassVar[str] = "_base"
    base_path: ClassVar[str] = ""
    scopes: ClassVar[Any] = None
    resource_server: ClassVar[Any] = None
    error_class: ClassVar[type[GlobusAPIError]] = GlobusAPIError
    error_kinds: ClassVar[ErrorKinds[Any]] = ErrorKinds(GlobusAPIError)
    default_base_url: ClassVar[str | None] = None
    default_rate_limit: ClassVar[RateLimit | None] = None

    if TYPE_CHECKING:
        base_url: str
    else:
        base_url = _BaseURL()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if isinstance(url := own.get("base_url"), str):
            cls.default_base_url = url
            del cls.base_url
        if own.get("scopes") is not None and "resource_server" not in own:
            cls.resource_server = cls.scopes.resource_server
        if "error_class" in own and "error_kinds" not in own:
            cls.error_kinds = ErrorKinds(cls.error_class)
        elif "error_kinds" in own:
            cls.error_class = cls.error_kinds.base

    def __init__(
        self,
        authorizer: GlobusAuthorizer | None = None,
        *,
        app: App | None = None,
        app_scopes: Iterable[Scope] | None = None,
        environment: str | None = None,
        base_url: str | None = None,
        app_name: str | None = None,
        transport: Transport | None = None,
        retry: RetryPolicy | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
    ) -> None:
        check_app(app)
        if app_scopes is not None and app is None:
            raise GlobusSDKUsageError("app_scopes are scopes for an app: pass app=, too")
        check_text("environment", environment, optional=True)
        if environment is None and app is not None:
            environment = app.config.environment
        self._environment = environment
        url = (
            get_service_url(self.service_name, environment, default=self.default_base_url)
            if base_url is None
            else checked_base_url(base_url, source="base_url")
        )
        self._root = url.removesuffix("/")
        check_type(
            "authorizer", authorizer, GlobusAuthorizer | None, "an authorizer, such as AccessTokenAuthorizer(token)"
        )
        check_type("transport", transport, Transport | None, "a Transport, such as Transport(http_client=...)")
        _check_options(retry, rate_limit)
        self.authorizer: GlobusAuthorizer | None = authorizer
        self._owns_transport = transport is None and app is None
        if transport is None:
            transport = Transport() if app is None else app.transport
        self.transport: Transport = transport
        self.retry: RetryPolicy = RetryPolicy() if retry is None else retry
        default_limit = self.default_rate_limit if self.transport.default_rate_limits else None
        self.rate_limit: RateLimit | None = default_limit if isinstance(rate_limit, MissingType) else rate_limit
        self._timeout: float | None = None
        self._own_headers: Mapping[str, str] = {}
        self.app_name = app_name
        self._app: App | None = None
        self.app_scopes: list[Scope] | None = None
        if app is not None:
            self.attach_globus_app(app, app_scopes=app_scopes)

    def with_options(
        self,
        *,
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """
        Return a copy of this client whose calls have other options.

        The copy is cheap, and shares transport, credentials and app with this client. Closing it does nothing: this
        client, or the owner of the transport, is to be closed. Options can be combined, and a copy be copied again.

        Args:
            retry: When to retry a failed attempt; by default as before.
            timeout: Total seconds of each call, instead of the ``total_timeout`` of the transport; ``math.inf`` for no
                limit. A method that makes several calls, such as a wait for a task, may take longer.
            rate_limit: The rate limit; ``None`` for no limit. Calls with different limits are counted separately.
            headers: Headers of each call, in addition to those of earlier copies.

        Raises:
            GlobusSDKUsageError: A bad argument, or headers with ``Authorization`` or ``Content-Type``.

        Example:
            >>> patient = tc.with_options(timeout=600, retry=RetryPolicy(max_retries=10))
            >>> endpoint = await patient.get_endpoint(endpoint_id)
        """
        _check_options(retry, rate_limit)
        if timeout is not None:
            check_number("timeout", timeout, positive=True, finite=False)
        check_headers(headers, None)
        if refused := {"authorization", "content-type"}.intersection(map(str.lower, headers or ())):
            raise GlobusSDKUsageError(
                f"{refused.pop().title()} cannot be an option of all calls: credentials are those of the client's"
                " authorizer=, and the type of a body is an argument of its call"
            )
        client = copy.copy(self)
        own: dict[str, object] = vars(client)
        for name in (*own,):
            if isinstance(getattr(type(self), name, None), cached_property):
                own.pop(name)  # it may refer to this client, as the poller of tasks does
        own["_owns_transport"] = False
        if retry is not None:
            client.retry = retry
        if timeout is not None:
            own["_timeout"] = timeout
        if not isinstance(rate_limit, MissingType):
            client.rate_limit = rate_limit
        if headers:
            names = {name.lower() for name in headers}
            kept = {name: value for name, value in self._own_headers.items() if name.lower() not in names}
            own["_own_headers"] = {**kept, **headers}
            client.app_name = self.app_name  # makes the headers of each call
        return client

    @property
    def environment(self) -> str:
        """The Globus environment."""
        return get_environment(self._environment)

    @property
    def default_scope_requirements(self) -> list[Scope]:
        """
        The scopes that an app requires for this client, unless ``app_scopes`` names others.

        Raises:
            GlobusSDKUsageError: The class of the client has none.
        """
        raise GlobusSDKUsageError(f"{type(self).__name__} has no default scopes: pass app_scopes=[...]")

    def attach_globus_app(self, app: App, app_scopes: Iterable[Scope] | None = None) -> None:
        """
        Take the credentials from an app, and add the scopes of this client to its requirements.

        Args:
            app: The app.
            app_scopes: The scopes to require, instead of `default_scope_requirements`.

        Raises:
            GlobusSDKUsageError: The client has an app or an authorizer already, has no ``resource_server``, or is for
                another environment.
        """
        self._check_app(app)
        if self.resource_server is None:
            raise GlobusSDKUsageError(f"{type(self).__name__} has no resource_server: set it in the class")
        scopes = (
            self.default_scope_requirements
            if app_scopes is None
            else ScopeParser.parse(ScopeParser.serialize(app_scopes, reject_empty=False))
        )
        app.add_scope_requirements({self.resource_server: scopes})
        self.authorizer = app.get_authorizer(self.resource_server)
        self._app, self.app_scopes = app, scopes
        if self.app_name is None:
            self.app_name = app.app_name

    def _check_app(self, app: App) -> None:
        """Check that an app can supply the credentials of this client."""
        check_app(app)
        if self.authorizer is not None:
            raise GlobusSDKUsageError(
                "app and authorizer exclude each other, and a client has one app: make another client with app="
            )
        if self.environment != app.config.environment:
            raise GlobusSDKUsageError(
                f"the client is for the environment {self.environment!r}, the app for {app.config.environment!r}"
            )

    def add_app_scope(self, scope_collection: str | Scope | Iterable[str | Scope]) -> Self:
        """
        Add scopes of this client's service to the requirements of its app.

        Args:
            scope_collection: A scope, a scope string, or an iterable of both.

        Returns:
            This client.

        Raises:
            GlobusSDKUsageError: The client has no app.
        """
        if self._app is None:
            raise GlobusSDKUsageError("the client has no app: pass app= when you make it")
        self._app.add_scope_requirements({self.resource_server: scope_collection})
        return self

    @property
    def app_name(self) -> str | None:
        """The application's name, sent in the ``User-Agent`` header."""
        return self._app_name

    @app_name.setter
    def app_name(self, name: str | None) -> None:
        self._default_headers = merge_headers(default_headers(name), self._own_headers)
        self._app_name = name

    def set_app_name(self, app_name: str) -> None:
        """Set the application's name, which is sent in the ``User-Agent`` header."""
        self.app_name = app_name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {getattr(self, '_root', 'no base URL')}>"  # a constructor may have failed

    async def __aenter__(self) -> Self:
        self.transport.check()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the transport, if this client made it; idempotent."""
        if self._owns_transport:
            await self.transport.aclose()

    def _exchange(
        self,
        request: Request,
        authorizer: GlobusAuthorizer | None,
        read: Callable[[RawResponse], Awaitable[R]],
        *,
        path: str | None = None,
        method: str | None = None,
        retry_401: bool = True,
    ) -> Awaitable[R]:
        """
        Return the `exchange` to be awaited: no coroutine of its own, for short tracebacks.

        Args:
            request: The request.
            authorizer: Supplies the credentials.
            read: Makes the result.
            path: The path, a constant or made by `fill_path`, for the observer; ``None`` for the caller's own.
            method: The name of the client method, for the observer, if it is not on the stack.
            retry_401: Whether to try again with fresh credentials after a 401.
        """
        is_observed = self.transport.observer is not None
        return exchange(
            request,
            transport=self.transport,
            authorizer=authorizer,
            retry=self.retry,
            rate_limit=self.rate_limit,
            error_kinds=self.error_kinds,
            read=read,
            retry_401=retry_401,
            timeout=self._timeout,
            observed=observed_call(self, request, path, method) if is_observed else None,
        )

    def _url(self, path: str, params: Mapping[str, object] | None, more: Mapping[str, object] | None) -> str:
        if params is None and more is None:
            return self._root + path
        query = encode_query({**(params or {}), **checked_members("query_params", more)})
        return f"{self._root}{path}?{query}" if query else self._root + path

    def _headers(self, encoding: str | None, headers: Mapping[str, str] | None) -> Fields:
        fields = self._default_headers
        if encoding is not None:
            fields = (*fields, (b"Content-Type", CONTENT_TYPES[encoding]))
        return merge_headers(fields, headers) if headers else fields


def _check_options(retry: RetryPolicy | None, rate_limit: RateLimit | MissingType | None) -> None:
    check_type("retry", retry, RetryPolicy | None, "a RetryPolicy, such as RetryPolicy(max_retries=3)")
    check_type("rate_limit", rate_limit, RateLimit | MissingType | None, "a RateLimit, or None for no limit")


def check_headers(headers: Mapping[str, str] | None, authorizer: GlobusAuthorizer | None) -> None:
    """Refuse headers that are not text, and a second ``Authorization`` header."""
    check_type("headers", headers, Mapping | None, "a mapping of names to values")
    if not all(isinstance(part, str) for pair in (headers or {}).items() for part in pair):
        raise GlobusSDKUsageError("headers must be text, both names and values")
    if authorizer is not None and any(name.lower() == "authorization" for name in headers or ()):
        raise GlobusSDKUsageError(
            "this client's authorizer sends the Authorization header; to send your own, use"
            " request(..., automatic_authorization=False)"
        )
