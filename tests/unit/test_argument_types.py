"""An argument of a wrong type is refused by the constructor, with an error of ours that names the argument."""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import math
import os
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from sqlalchemy.ext.asyncio import create_async_engine

import globus_async
from globus_async import MISSING, AccessTokenAuthorizer, GlobusSDKUsageError, NativeAppAuthClient, RateLimit, Transport
from globus_async._http.missing import MissingType
from globus_async.authorizers import GlobusAuthorizer
from globus_async.clock import SystemClock
from globus_async.fastapi import GlobusBackend
from globus_async.redis import RedisDatabase
from globus_async.services.auth import ConfidentialAppAuthClient
from globus_async.sql import SQLDatabase
from globus_async.token_storage import MemoryTokenStorage

ID: Final = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
SECRET: Final = "CANARY-0123456789-secret"
NATIVE: Final = NativeAppAuthClient(ID)
CONFIDENTIAL: Final = ConfidentialAppAuthClient(ID, "secret-of-the-app")


KEY: Final = "a-random-text-of-43-characters-for-the-tests"
BACKEND: Final = GlobusBackend(ID, "secret-of-the-app")
REDIS_CLIENT: Final = Redis(retry=Retry(NoBackoff(), 0))
REDIS: Final = RedisDatabase(REDIS_CLIENT)
ENGINE: Final = create_async_engine("sqlite+aiosqlite:///unused.db")
SQL: Final = SQLDatabase(ENGINE)


async def _call(*_: object) -> None:
    """Do nothing."""


NEEDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "AccessTokenAuthorizer": {"access_token": "AgX"},
    "BaseClient": {"base_url": "https://api.example.org"},
    "BasicAuthorizer": {"username": ID, "password": "secret"},
    "ClientApp": {"client_id": ID, "client_secret": SECRET},
    "ClientCredentialsAuthorizer": {"confidential_client": CONFIDENTIAL, "scopes": "openid"},
    "ConfidentialAppAuthClient": {"client_id": ID, "client_secret": "secret"},
    "BookmarkCreateDocument": {"collection": ID, "name": "Data", "path": "/data/"},
    "TunnelCreateDocument": {"initiator_stream_access_point": ID, "listener_stream_access_point": ID},
    "CreateTunnelData": {"initiator_stream_access_point": ID, "listener_stream_access_point": ID},
    "DynamicScopeCollection": {"resource_server": ID},
    "GCSCollectionClient": {"collection_id": ID, "collection_address": "files.example"},
    "GCSClient": {"gcs_address": "abc.def.data.globus.org"},
    "GCSCollectionScopes": {"resource_server": ID},
    "GCSEndpointScopes": {"resource_server": ID},
    "GlobusAuthorizationCodeFlowManager": {"auth_client": CONFIDENTIAL, "redirect_uri": "https://app.example.org/cb"},
    "GlobusConnectServerConnector": {"name": "POSIX", "connector_id": ID},
    "FlowTimer": {"flow_id": ID, "schedule": {"type": "once"}, "body": {}},
    "GlobusNativeAppFlowManager": {"auth_client": NATIVE},
    "GroupPolicies": {
        "is_high_assurance": False,
        "group_visibility": "private",
        "group_members_visibility": "managers",
        "join_requests": False,
        "signup_fields": [],
    },
    "IDTokenDecoder": {"auth_client": NATIVE},
    "IdentityMap": {"auth_client": NATIVE},
    "NativeAppAuthClient": {"client_id": ID},
    "RecurringTimerSchedule": {"interval_seconds": 60},
    "StreamBody": {"chunks": _call},
    "RefreshTokenAuthorizer": {"refresh_token": "AgX", "auth_client": NATIVE},
    "Scope": {"scope_string": "openid"},
    "Secret": {"value": "x"},
    "SpecificFlowClient": {"flow_id": ID},
    "SpecificFlowScopes": {"flow_id": ID},
    "TimerJob": {
        "callback_url": "https://actions.example.org/run",
        "callback_body": {},
        "start": "2027-01-01T00:00:00Z",
        "interval": 60,
    },
    "TransferTimer": {
        "schedule": {"type": "once"},
        "body": {"source_endpoint": ID, "destination_endpoint": ID, "DATA": []},
    },
    "UserApp": {"client_id": ID},
    "bulk": {"call": _call, "items": [1]},
    "GlobusBackend": {"client_id": ID, "client_secret": "secret"},
    "DirectoryStorage": {"root": "."},
    "GlobusLogin": {"backend": BACKEND, "public_url": "https://portal.example.org"},
    "Readiness": {"backend": BACKEND},
    "CommandLineLoginFlowManager": {"login_client": NATIVE},
    "DeferredLoginFlowManager": {"login_client": NATIVE, "redirect_uri": "https://app.example.org/cb"},
    "LocalServerLoginFlowManager": {"login_client": NATIVE},
    "RedisDatabase": {"client": REDIS_CLIENT},
    **{
        key: {"database": REDIS} for key in ("RedisLeases", "RedisRateLimits", "RedisSessionStore", "RedisTokenStorage")
    },
    "SQLDatabase": {"engine": ENGINE},
    **{key: {"database": SQL} for key in ("SQLLeases", "SQLRateLimits", "SQLSessionStore", "SQLTokenStorage")},
    **{key: {"filepath": "tokens.json"} for key in ("JSONTokenStorage", "SQLiteTokenStorage")},
    **{key: {"path": "file"} for key in ("KeyFile", "SQLiteSessionStore")},
    "EncryptedTokenStorage": {"token_storage": MemoryTokenStorage(), "key": KEY},
    "ValidatingTokenStorage": {"token_storage": MemoryTokenStorage()},
}
"""The arguments without which a constructor fails, by its name; each constructor of the public modules is tested."""

FURTHER: Final[Mapping[str, tuple[str, ...]]] = {
    "fastapi": ("AuthorizerCache", "GlobusBackend", "GlobusLogin", "Readiness"),
    "login_flows": ("CommandLineLoginFlowManager", "DeferredLoginFlowManager", "LocalServerLoginFlowManager"),
    "redis": ("RedisDatabase", "RedisLeases", "RedisRateLimits", "RedisSessionStore", "RedisTokenStorage"),
    "session_store": ("MemorySessionStore", "SQLiteSessionStore"),
    "sql": ("SQLDatabase", "SQLLeases", "SQLRateLimits", "SQLSessionStore", "SQLTokenStorage"),
    "token_storage": (
        "EncryptedTokenStorage",
        "GlobusCLITokenStorage",
        "JSONTokenStorage",
        "KeyFile",
        "MemoryTokenStorage",
        "NotExpiredValidator",
        "SQLiteTokenStorage",
        "SystemKeyring",
        "ValidatingTokenStorage",
    ),
}
"""Classes of packages that the root does not have."""

TOGETHER: Final[Mapping[str, Mapping[str, Any]]] = {
    "access_token": {"expires_at": 1e9},
    "expires_at": {"access_token": "AgX"},
}
"""Further arguments of a parameter."""

SECRETS: Final = {"access_token", "client_secret", "password", "refresh_token", "value", "verifier"}

MADE_BY_US: Final = {
    "Attempt", "BatchSubmission", "Bulk", "ConsentRequiredInfo", "DependentScopeSpec", "DirectoryWalk", "ErrorInfo",
    "ErrorSubdocument", "IssuedToken", "Outcome", "Page", "Pages", "Progress", "RawResponse", "RenewingAuthorizer",
    "RetryBudget", "SubmittedTask", "TaskOutcome", "TaskProgress", "TaskWatch", "TokensByScope", "Consents",
    "GlobusOAuthFlowManager", "GlobusApp", "GlobusAuthorizer", "ErrorKinds", "PagingStyle", "GARE",
    "GlobusAuthorizationParameters", "CreateTunnelData", "DeleteData", "DocumentSubmission", "TransferData",
    "ObservedAttempt", "ObservedCall", "ObservedRefresh", "BatchOutcome", "BatchProgress", "MembershipResult", "RunLog",
    "RunOutcome", "RunWatch", "SearchTaskOutcome", "StreamedCall", "StreamedResponse", "SubmittedBatches",
    "TimerOutcome", "ComputeTaskOutcome", "GCSDocument", "DownloadedFile", "FileProgress", "FileStream", "UploadedFile",
}  # fmt: skip
"""Classes that users do not instantiate, bases whose subclasses are tested, documents, and tables of new clients."""

WRONG: Final[tuple[object, ...]] = (
    None, True, 0, 3, -1, 2.5, math.nan, math.inf, 10**400, "", "text", SECRET, "\ud800", b"bytes", [], ["x", 3],
    (), {}, {"a": 1}, {3: "b"}, object(), type, GlobusAuthorizer, AccessTokenAuthorizer, httpx.AsyncClient, _call,
    RateLimit(), Transport(), SystemClock(), NATIVE, UUID(ID), MISSING,
)  # fmt: skip


def _public() -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield every public class that users instantiate, and `bulk`."""
    for name in globus_async.__all__:
        thing = getattr(globus_async, name)
        if name == "bulk":
            yield name, thing
        if not inspect.isclass(thing) or issubclass(thing, (BaseException, globus_async.GlobusHTTPResponse)):
            continue
        if typing.is_typeddict(thing) or hasattr(thing, "__members__") or getattr(thing, "_is_protocol", False):
            continue
        if name not in MADE_BY_US and inspect.signature(thing).parameters:
            yield name, thing
    for package, names in FURTHER.items():
        module = importlib.import_module(f"globus_async.{package}")
        yield from ((name, getattr(module, name)) for name in names)


CONSTRUCTORS: Final = dict(_public())


def _matches(value: object, hint: Any) -> bool:
    """Return whether a value may be passed where this type is declared."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    kind = origin or hint
    is_protocol = getattr(kind, "_is_protocol", False)
    if origin is types.UnionType or str(origin) == "typing.Union":
        return any(_matches(value, each) for each in arguments)
    if origin is typing.Literal:
        return value in arguments
    if hint in {int, float} and isinstance(value, bool):
        return False
    if hint is float:
        return isinstance(value, (int, float))
    if origin is collections.abc.Callable:
        return callable(value)
    if is_protocol and kind is not os.PathLike:
        members = {name for base in kind.__mro__ for name in vars(base) if not name.startswith("_")}
        return not isinstance(value, type) and all(hasattr(value, name) for name in members)
    return isinstance(kind, typing.TypeVar) or kind in {Any, object} or isinstance(value, kind)


def _hints(make: Callable[..., object]) -> dict[str, Any]:
    function = make.__init__ if inspect.isclass(make) else make
    module = importlib.import_module(make.__module__)
    names = {**vars(typing), **vars(collections.abc), **vars(globus_async), "MissingType": MissingType, "UUID": UUID}
    names |= {name: getattr(globus_async, name) for name in globus_async.__all__}
    return typing.get_type_hints(function, {**names, "os": os, "httpx": httpx, **_type_checking_names(module)}, {})


def _type_checking_names(module: types.ModuleType) -> dict[str, Any]:
    documents = importlib.import_module("globus_async.services.auth.documents")
    names = {
        "AsyncEngine": type(ENGINE),
        "Client": Redis,
        "KeySource": importlib.import_module("globus_async.token_storage").KeySource,
        "App": importlib.import_module("globus_async.client").App,
        "Clock": importlib.import_module("globus_async.clock").Clock,
        "RateLimitStore": importlib.import_module("globus_async.transport").RateLimitStore,
        "Scopes": importlib.import_module("globus_async.scopes").Scopes,
        "Texts": importlib.import_module("globus_async.services.gcs.arguments").Texts,
        "LoginClient": NativeAppAuthClient | ConfidentialAppAuthClient,
    }
    return {**names, **vars(documents), **vars(module)}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_every_argument_of_every_constructor(name: str) -> None:
    """A value of another type is a `GlobusSDKUsageError` with the argument's name, and never with a secret."""
    make, hints = CONSTRUCTORS[name], _hints(CONSTRUCTORS[name])
    taken: list[str] = []
    for parameter in inspect.signature(make).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL or parameter.name == "http_client":  # which has a test of its own
            continue
        for value in WRONG:
            right = _matches(value, hints[parameter.name])
            further = TOGETHER.get(parameter.name, {}) if "expires_at" in hints else {}
            arguments = {**NEEDED.get(name, {}), **further, parameter.name: value}
            by_place = [arguments.pop(parameter.name)] if parameter.kind is parameter.POSITIONAL_ONLY else []
            try:
                make(*by_place, **arguments)
            except GlobusSDKUsageError as error:
                if SECRET in str(error) and parameter.name in SECRETS:
                    taken.append(f"{parameter.name}: shown by its error")
                if not right and parameter.name not in str(error):
                    taken.append(f"{parameter.name}={value!r:.60}: not named by {error}")
            except Exception as error:  # noqa: BLE001 -- any other is the failure
                taken.append(f"{parameter.name}={value!r:.60}: {type(error).__name__}: {error}")
            else:
                if not right:
                    taken.append(f"{parameter.name}={value!r:.60}: taken")
    assert taken == []


def test_a_missing_and_an_unknown_argument() -> None:
    """They are Python's own errors."""
    for name, make in CONSTRUCTORS.items():
        with pytest.raises(TypeError):
            make(**NEEDED.get(name, {}), no_such_argument=1)
