"""Names and habits of globus-sdk that this package does not have, and what to write instead: the errors say it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

__all__ = (
    "ELSEWHERE",
    "AsyncContextOnly",
    "AsyncIterationOnly",
    "EnteredOnly",
    "PortedApp",
    "PortedAuthorizer",
    "PortedClient",
    "PortedStorage",
    "advice",
    "missing_from",
    "raise_missing",
)

_GUIDE: Final = "see 'Coming from globus-sdk' in the docs"
_APPS: Final = "import it from globus_async.globus_app"
_STORAGES: Final = "import it from globus_async.token_storage"
_ADAPTERS: Final = "use JSONTokenStorage or SQLiteTokenStorage of globus_async.token_storage, on the same file"
_LOGINS: Final = "import it from globus_async.login_flows"
_PAGES: Final = "methods that list return Pages: use 'async for item in client.METHOD(...)' or .pages()"
_RETRIES: Final = "retries are set with retry=RetryPolicy(...)"
_TRANSPORT: Final = "there is no requests library: use Transport(...)"
_NO_LOCAL: Final = "Globus Connect Personal on this machine is not looked up; pass the endpoint's id"
_TYPED: Final = "responses are GlobusHTTPResponse, and listings IterableResponse, of a document type"
_EMULATOR: Final = "use the emulator of globus_async.testing, or mock responses of httpx"
_INFO: Final = "use globus_async.gare: GlobusAuthorizationParameters, ConsentRequiredInfo, ErrorInfo"

_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("TokenStorageProvider LoginFlowManagerProvider IDTokenDecoderProvider TokenValidationErrorHandler", _APPS),
    ("LoginFlowManager CommandLineLoginFlowManager LocalServerLoginFlowManager", _LOGINS),
    ("CommandLineLoginFlowEOFError LocalServerLoginError LocalServerEnvironmentalLoginError", _LOGINS),
    ("TokenStorage TokenStorageData FileTokenStorage JSONTokenStorage SQLiteTokenStorage", _STORAGES),
    ("MemoryTokenStorage ValidatingTokenStorage TokenValidationContext TokenDataValidator", _STORAGES),
    ("TokenValidationError HasRefreshTokensValidator NotExpiredValidator ScopeRequirementsValidator", _STORAGES),
    ("UnchangingIdentityIDValidator", _STORAGES),
    ("MissingTokenError ExpiredTokenError UnmetScopeRequirementsError IdentityMismatchError", _STORAGES),
    ("StorageAdapter FileAdapter SimpleJSONFileAdapter SQLiteAdapter MemoryAdapter tokenstorage legacy", _ADAPTERS),
    ("GlobusConnectPersonalOwnerInfo LocalGlobusConnectPersonal local_endpoint", _NO_LOCAL),
    ("ComputeClient", "it is ComputeClientV3, or ComputeClientV2"),
    ("IterableFlowsResponse IterableRegisteredAPIsResponse IterableRunLogsResponse IterableRunsResponse", _TYPED),
    ("IterableWebInputsResponse", _TYPED),
    ("GetIdentitiesResponse IterableTransferResponse TransferResponse GlobusResponse", _TYPED),
    ("Paginator PaginatorTable PaginatedResource has_paginator MarkerPaginator NullableMarkerPaginator", _PAGES),
    ("NextTokenPaginator LastKeyPaginator HasNextPaginator LimitOffsetTotalPaginator JSONAPIPaginator", _PAGES),
    ("RetryConfig RetryCheck RetryCheckCollection RetryCheckFlags RetryCheckResult RetryCheckRunner", _RETRIES),
    ("RetryContext set_retry_check_flags", _RETRIES),
    ("RequestsTransport RequestCallerInfo RequestEncoder JSONRequestEncoder FormRequestEncoder", _TRANSPORT),
    ("GlobusClientInfo", "set app_name= of a client"),
    ("get_last_request construct_error ResponseSet ResponseList RegisteredResponse load_response_set", _EMULATOR),
    ("load_response get_response_set register_response_set", _EMULATOR),
    ("ErrorInfoContainer AuthorizationParameterInfo ErrorInfo ConsentRequiredInfo", _INFO),
    ("exc", "errors are in globus_async.errors, and at the root of the package"),
    ("experimental", _GUIDE),
    ("StaticGlobusAuthorizer", "derive from GlobusAuthorizer, or use AccessTokenAuthorizer"),
    ("EnvConfig", "set base_url in the class of a client, or GLOBUS_SDK_SERVICE_URL_<NAME>"),
    ("get_environment_name", "it is get_environment() of globus_async.config"),
    ("get_ssl_verify", "certificates are set with Transport(verify=)"),
    ("get_http_timeout", "time limits are those of Transport(connect_timeout=, read_timeout=, total_timeout=)"),
    ("ValidationError", "wrong arguments are GlobusSDKUsageError"),
    ("InvalidDocumentBodyError", "wrong arguments are GlobusSDKUsageError"),
    ("GlobusOptionalDependencyError", "id_tokens need no extra"),
    ("convert_request_exception", "errors of HTTP libraries never reach the caller; they are NetworkError"),
    ("RemovedInV5Warning warn_deprecated", "nothing is deprecated here"),
    ("GlobusConfigParser", "use get_environment() and get_service_url() of globus_async.config"),
)

ELSEWHERE: Final[dict[str, str]] = {
    "credentials": "CredentialChain EnvironmentCredentials GlobusCLICredentials NoCredentials StorageCredentials",
    "fastapi": "CancelOnDisconnect GlobusBackend GlobusLogin Principal Readiness Session add_error_handlers",
    "gare": "to_gare",
    "login_flows": "DeferredLoginFlowManager InteractiveLoginRequired",
    "otel": "OpenTelemetryObserver",
    "redis": "RedisDatabase RedisLeases RedisRateLimits RedisSessionStore RedisTokenStorage",
    "scopes": "AuthScopes GroupsScopes SearchScopes TransferScopes",
    "services.search": "Boost DeleteByQuery Facet Filter Sort",
    "session_store": "SessionStoreUnavailable",
    "sql": "SQLDatabase SQLLeases SQLRateLimits SQLSessionStore SQLTokenStorage",
    "sync": "blocking",
    "testing": "GlobusEmulator ManualClock MemoryStorage",
    "token_storage": "EncryptedTokenStorage TokenStorageError TokenStorageUnavailable",
}
"""Names of subpackages that are easily expected at the root."""

_OF_CLIENTS: Final[dict[str, str]] = {
    "paginated": _PAGES,
    "close": "use 'async with', or 'await client.aclose()'",
    "retry_config": "the retry policy is client.retry; it is set with retry=RetryPolicy(...)",
    "qjoin_path": "use fill_path(), or pass the whole path",
}

_OF_APPS: Final[dict[str, str]] = {
    "close": "use 'async with', or 'await app.aclose()'",
    "get_client_retry_checks": "the redrive of GAREs is set with GlobusAppConfig(auto_redrive_gares=True)",
}

_OF_STORAGES: Final[dict[str, str]] = {
    "close": "use 'async with', or 'await storage.aclose()'",
    "user_only_umask": "files are readable by their owner only, whatever the umask is",
}

_HEADER: Final = "use 'await authorizer.get_authorization_header()', a Secret, whose reveal() returns the text"
_OF_AUTHORIZERS: Final[dict[str, str]] = {
    "access_token": _HEADER,
    "access_token_hash": _HEADER,
    "header_val": _HEADER,
    "password": _HEADER,
    "ensure_valid_token": "'await authorizer.get_authorization_header()' refreshes the token if necessary",
    "check_expiration_time": "'await authorizer.get_authorization_header()' refreshes the token if necessary",
    "expires_at": "store the expires_at_seconds of the responses that on_refresh receives",
}


def advice(name: str) -> str | None:
    """Return what to write instead of a name of globus-sdk that this package does not have."""
    return next((sentence for names, sentence in _NAMES if name in names.split()), None)


def missing_from(module: str) -> Callable[[str], NoReturn]:
    """Return the ``__getattr__`` of a module: it says what to write instead of a name of globus-sdk."""

    def __getattr__(name: str) -> NoReturn:  # noqa: N807 -- it is one
        raise_missing(module, name, sys._getframe(1))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    return __getattr__


def raise_missing(module: str, name: str, frame: Any) -> NoReturn:
    """
    Raise the error for a name that a module does not have.

    Args:
        module: The module.
        name: The name.
        frame: The frame that asks for it: ``from module import name`` shows the message of an `ImportError` only.

    Raises:
        AttributeError: The name is missing.
        ImportError: Likewise, in an import of a name that globus-sdk or a subpackage has.
    """
    instead = advice(name)
    home = next((home for home, names in ELSEWHERE.items() if name in names.split()), None)
    if instead is None and home is None:
        raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name, obj=sys.modules[module])
    message = f"module {module!r} has no {name!r} of globus-sdk: {instead}"
    if instead is None:
        message = f"module {module!r} has no {name!r}: write 'from globus_async.{home} import {name}'"
    from opcode import opmap  # noqa: PLC0415 -- for this error only

    if frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]:
        raise ImportError(message, name=module)
    raise AttributeError(message, name=name)


def _raise_missing_attribute(owner: object, name: str, instead: str | None) -> NoReturn:
    what = "has no attribute" if instead is None else "does not have globus-sdk's"
    message = f"{type(owner).__name__!r} object {what} {name!r}" + (f": {instead}" if instead else "")
    raise AttributeError(message, name=name, obj=owner)


class PortedClient:
    """A client: an attribute that only those of globus-sdk have says what to write instead."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            _raise_missing_attribute(self, name, _OF_CLIENTS.get(name))


class PortedApp:
    """An app: an attribute that only those of globus-sdk have says what to write instead."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            _raise_missing_attribute(self, name, _OF_APPS.get(name))


class PortedStorage:
    """A token storage: an attribute that only those of globus-sdk have says what to write instead."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            _raise_missing_attribute(self, name, _OF_STORAGES.get(name))


class PortedAuthorizer:
    """An authorizer: an attribute that only those of globus-sdk have says what to write instead."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            _raise_missing_attribute(self, name, _OF_AUTHORIZERS.get(name))


class AsyncContextOnly:
    """A context manager for ``async with``: ``with`` says so."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __enter__(self) -> NoReturn:
            raise TypeError(
                f"use 'async with {type(self).__name__}(...)', not 'with'; programs without an event loop use"
                " blocking() of globus_async.sync"
            )

        def __exit__(self, *_: object) -> None: ...


class AsyncIterationOnly:
    """
    An iterable for ``async for``: ``for`` says so.

    It has ``__getitem__`` instead of ``__iter__``, so that it is no ``Iterable`` for programs that ask.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getitem__(self, key: object) -> NoReturn:
            if key == 0 and isinstance(key, int):  # where a 'for' begins
                raise TypeError(f"use 'async for', not 'for': {type(self).__name__} makes requests as it is iterated")
            if hasattr(type(self), "__await__"):
                raise TypeError(f"await the {type(self).__name__} first: (await ...)[{key!r}]")
            raise TypeError(f"use 'async for': a {type(self).__name__} has no {key!r}")


class EnteredOnly(AsyncContextOnly, AsyncIterationOnly):
    """A context manager for ``async with`` whose result is iterated: an iteration without it says so."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __aiter__(self) -> NoReturn:
            name = type(self).__name__
            raise TypeError(
                f"enter the {name}, and iterate over the result: 'async with bulk(...) as outcomes:', and in the block"
                f" 'async for outcome in outcomes:'; or await the {name} for a list"
            )

        def __getitem__(self, key: object) -> NoReturn:
            if key == 0 and isinstance(key, int):  # where a 'for' begins
                aiter(self)
            super().__getitem__(key)
