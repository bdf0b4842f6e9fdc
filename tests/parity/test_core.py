"""The base client, authorizers and responses have the members of those of globus-sdk, by name and by position."""

from __future__ import annotations

import inspect
from typing import Any

import globus_sdk
import globus_sdk.authorizers
import globus_sdk.gare
import globus_sdk.response
import globus_sdk.scopes
import pytest
import requests

import globus_async
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from tests.parity.core_differences import DIFFERENCES
from tests.parity.test_errors import ATTRIBUTES

SEED: dict[str, dict[str, list[str]]] = {
    "BaseClient": {
        "__init__": ["service", "environment", "base_path", "authorizer", "app_name"],
        "set_app_name": ["app_name"],
        "qjoin_path": [],
        "get": ["path", "params", "headers", "response_class", "retry_401"],
        "post": ["path", "json_body", "params", "headers", "text_body", "response_class", "retry_401"],
        "put": ["path", "json_body", "params", "headers", "text_body", "response_class", "retry_401"],
        "delete": ["path", "params", "headers", "response_class", "retry_401"],
    },
    "GlobusAuthorizer": {"set_authorization_header": ["header_dict"], "handle_missing_authorization": []},
    "RenewingAuthorizer": {"__init__": ["access_token", "expires_at", "on_refresh"]},
    "BasicAuthorizer": {"__init__": ["username", "password"]},
    "AccessTokenAuthorizer": {"__init__": ["access_token"]},
    "RefreshTokenAuthorizer": {
        "__init__": ["refresh_token", "auth_client", "access_token", "expires_at", "on_refresh"]
    },
    "ClientCredentialsAuthorizer": {
        "__init__": ["confidential_client", "scopes", "access_token", "expires_at", "on_refresh"]
    },
    "GlobusHTTPResponse": {"__init__": ["http_response"], "get": ["key", "default"]},
    "GlobusAPIError": {"__init__": ["r"]},
    "NetworkError": {"__init__": ["msg", "exc"]},
}
"""The parameters of release 1, all of which are positional."""

COMPARED = (
    *SEED,
    "NullAuthorizer",
    "IdentityMap",
    "IterableResponse",
    "ErrorSubdocument",
    "GlobusTimeoutError",
    "GlobusConnectionError",
    "GlobusConnectionTimeoutError",
    "GlobusSDKUsageError",
    "GARE",
    "GlobusAuthorizationParameters",
    "Scope",
    "ScopeParser",
)
"""The classes that are compared."""

RENAMED = {"params": "query_params", "json_body": "data", "header_dict": "headers"}
"""Parameters of release 1 that have the name of release 4 here."""

DIFFERENT: dict[tuple[str, str, str], str] = {
    # (generation, class and method, parameter or "*" for the method): the difference
    **{
        ("seed", "BaseClient.__init__", name): "base_client"
        for name in ("service", "environment", "base_path", "app_name")
    },
    ("seed", "BaseClient.qjoin_path", "*"): "qjoin_path",
    **{
        ("seed", f"BaseClient.{method}", name): "low_level"
        for method in ("get", "post", "put", "delete")
        for name in ("response_class", "text_body", "retry_401")
    },
    ("seed", "GlobusHTTPResponse.__init__", "*"): "made_here",
    ("seed", "GlobusAPIError.__init__", "*"): "made_here",
    ("seed", "NetworkError.__init__", "*"): "made_here",
    **{
        ("upstream", f"{cls}.__init__", "*"): "made_here"
        for cls in (
            "GlobusHTTPResponse",
            "IterableResponse",
            "ErrorSubdocument",
            "GlobusAPIError",
            "NetworkError",
            "GlobusTimeoutError",
            "GlobusConnectionError",
            "GlobusConnectionTimeoutError",
        )
    },
    ("upstream", "BaseClient.__init__", "retry_config"): "constructor",
    ("upstream", "BaseClient.close", "*"): "aclose",
    ("upstream", "RenewingAuthorizer.ensure_valid_token", "*"): "tokens",
    ("upstream", "RenewingAuthorizer.access_token", "*"): "tokens",
    ("upstream", "RefreshTokenAuthorizer.ensure_valid_token", "*"): "tokens",
    ("upstream", "RefreshTokenAuthorizer.access_token", "*"): "tokens",
    ("upstream", "ClientCredentialsAuthorizer.ensure_valid_token", "*"): "tokens",
    ("upstream", "ClientCredentialsAuthorizer.access_token", "*"): "tokens",
    ("upstream", "IterableResponse.default_iter_key", "*"): "iter_key",
    ("upstream", "GlobusAPIError.MESSAGE_FIELDS", "*"): "made_here",
    ("upstream", "GlobusAPIError.RECOGNIZED_AUTHZ_SCHEMES", "*"): "made_here",
    ("upstream", "ErrorSubdocument.DEFAULT_MESSAGE_FIELDS", "*"): "made_here",
}


MODULES = (
    globus_sdk,
    globus_sdk.authorizers,
    globus_sdk.exc,
    globus_sdk.response,
    globus_sdk.gare,
    globus_sdk.scopes,
)


def theirs_of(name: str) -> Any:
    """Return a class of globus-sdk."""
    for module in (
        globus_sdk,
        globus_sdk.authorizers,
        globus_sdk.exc,
        globus_sdk.response,
        globus_sdk.gare,
        globus_sdk.scopes,
    ):
        if hasattr(module, name):
            return getattr(module, name)
    raise AssertionError(f"globus-sdk has no {name}")


def upstream_members(cls: Any) -> dict[str, list[str] | None]:
    """Return the public members of a class, with the parameters of methods; ``*`` before those passed by name only."""
    members: dict[str, list[str] | None] = {}
    for name in dir(cls):
        if name != "__init__" and (name.startswith("_") or hasattr(Exception, name)):
            continue
        member = inspect.getattr_static(cls, name)
        if name == "__init__" and not inspect.isfunction(member):
            continue
        members[name] = _parameters(getattr(cls, name)) if callable(getattr(cls, name, None)) else None
    return members


def _parameters(function: Any) -> list[str]:
    if inspect.isclass(function):
        return []
    parameters = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    positional = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    by_name = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    return [*positional, *(["*", *by_name] if by_name else [])]


CASES = [
    *(("seed", cls, name, parameters) for cls, members in SEED.items() for name, parameters in members.items()),
    *(
        ("upstream", cls, name, parameters)
        for cls in COMPARED
        for name, parameters in upstream_members(theirs_of(cls)).items()
    ),
]


def is_listed(generation: str, where: str, parameter: str) -> bool:
    """Whether a member or parameter is different here, deliberately."""
    key = DIFFERENT.get((generation, where, parameter))
    if key is not None:
        assert DIFFERENCES.reasons(key)
    return key is not None


@pytest.mark.parametrize(("generation", "cls", "name", "parameters"), CASES, ids=lambda value: str(value)[:40])
def test_member(generation: str, cls: str, name: str, parameters: list[str] | None) -> None:
    """The member is here; a method takes the same parameters, by name and by position."""
    where = f"{cls}.{name}"
    ours = getattr(globus_async, cls, None) or getattr(globus_async.errors, cls)
    if is_listed(generation, where, "*"):
        return
    of_instances = cls == "GlobusAPIError" and name in ATTRIBUTES  # which another test compares
    assert hasattr(ours, name) or of_instances, f"{cls} has no {name}"
    if parameters is None:
        return
    star = parameters.index("*") if "*" in parameters else len(parameters)
    names = [RENAMED.get(each, each) if generation == "seed" else each for each in parameters]
    taken = [each for each in names[:star] if not is_listed(generation, where, each)]
    mine = [each for each in inspect.signature(getattr(ours, name)).parameters.values() if each.name != "self"]
    positional = [each.name for each in mine if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert positional[: len(taken)] == taken
    missing = {each for each in names if each != "*" and not is_listed(generation, where, each)} - {
        each.name for each in mine
    }
    assert not missing


def test_every_exception_is_one() -> None:
    """Each listed member or parameter exists in globus-sdk."""
    known = {("upstream", "IterableResponse.default_iter_key")}  # declared, not defined
    known |= {(generation, f"{cls}.{name}") for generation, cls, name, _ in CASES}
    assert [key for key in DIFFERENT if key[:2] not in known] == []


def both_responses(content: bytes, content_type: str) -> tuple[Any, Any]:
    """Make a response of globus-sdk and one of this package."""
    raw = requests.Response()
    raw.status_code, raw._content, raw.headers["Content-Type"] = 200, content, content_type
    headers = Headers([(b"Content-Type", content_type.encode())])
    mine = RawResponse(method="GET", path="/x", status=200, reason="", headers=headers, body=content)
    data = mine.json() if mine.is_json else None
    return globus_sdk.GlobusHTTPResponse(raw, globus_sdk.TransferClient()), globus_async.GlobusHTTPResponse(mine, data)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"a": [1, {"b": null}], "c": "\\u00e9"}', "application/json"),
        (b'[{"a": 1}, 2]', "application/json"),
        (b"{}", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"text"', "application/json"),
        (b"plain text", "text/plain; charset=utf-8"),
        (b"", "text/plain"),
    ],
)
def test_responses(content: bytes, content_type: str) -> None:
    """Data, text, truth, membership, items and the printed form are the same."""
    theirs, mine = both_responses(content, content_type)
    assert (mine.data, mine.text, bool(mine), mine.binary_content) == (
        theirs.data,
        theirs.text,
        bool(theirs),
        theirs.binary_content,
    )
    assert str(mine) == str(theirs)
    assert (mine.http_status, mine.content_type) == (theirs.http_status, theirs.content_type)
    if theirs.data is None or isinstance(theirs.data, dict | list):
        assert (mine.get("a"), mine.get("a", 5)) == (theirs.get("a"), theirs.get("a", 5))
        assert ("a" in mine) == ("a" in theirs)
    if isinstance(theirs.data, list):
        array = globus_sdk.response.ArrayResponse(theirs)
        assert ([*mine], len(mine), mine[:1]) == ([*array], len(array.data), array[:1])


def test_lookups_of_an_identity_map() -> None:
    """The names to look up are the same, and the batch size may be left out."""
    names = ["5E1F2A4C-0000-4000-8000-000000000001".lower(), "ada@example.org", "ada@example.org"]
    theirs = globus_sdk.IdentityMap(globus_sdk.AuthClient(), names, id_batch_size=None)
    mine = globus_async.IdentityMap(globus_async.AuthClient(), names, id_batch_size=None)
    for each in (theirs, mine):
        each.add("bob@example.org")
    assert mine.unresolved_ids == theirs.unresolved_ids
    assert mine.unresolved_usernames == theirs.unresolved_usernames
    assert mine.id_batch_size == theirs.id_batch_size == 100
