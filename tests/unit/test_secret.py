"""Secrets, and the credentials that authorizers make of them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from globus_async.authorizers import (
    AccessTokenAuthorizer,
    BasicAuthorizer,
    ClientCredentialsAuthorizer,
    RefreshTokenAuthorizer,
)
from globus_async.errors import GlobusSDKUsageError
from globus_async.secret import Secret
from globus_async.services.auth import ConfidentialAppAuthClient, NativeAppAuthClient
from tests.toolkit.auth_clients import FakeAuth
from tests.toolkit.canaries import canary, leaks_of, leaks_of_error
from tests.toolkit.scripted import Scripted

BAD = ("", " ", "a b", " a", "a\n", "a\r\nX: y", "a\x00", "é", "a\u2028", "\ud800", "=a", "a\t", "a;b", "a,b", '"a"')


def test_only_reveal_returns_the_text() -> None:
    """Not repr, str, format, pprint, vars, json, pickle or a copy."""
    secret = Secret(canary("secret"))
    assert leaks_of(secret) == []
    assert leaks_of([secret, {"a": (secret,)}]) == []
    assert f"{secret}|{secret!r}|{secret:>5}" == "***|Secret('***')|  ***"


def test_copies_are_identical_and_pickles_are_masked() -> None:
    """A copy stays in the process; a pickle may leave it."""
    secret = Secret("AgX")
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    assert pickle.loads(pickle.dumps(secret)).reveal() == "***"


def test_equality() -> None:
    """By the text, and only between secrets."""
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("\ud800é") == Secret("\ud800é") != Secret("\ud801")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a")
    assert not Secret("")


def test_wrapping_twice_is_wrapping_once() -> None:
    """A secret is returned unchanged."""
    secret = Secret("AgX")
    assert Secret.of(secret) is secret
    assert Secret.token("t", secret) is secret


@pytest.mark.parametrize("value", ["a", "AgX1-._~+/", "abc==", "0" * 5000])
def test_tokens(value: str) -> None:
    """As in RFC 6750 section 2.1."""
    assert Secret.token("t", value).reveal() == value


@pytest.mark.parametrize("value", [*BAD, None, 5, b"a"])
def test_an_invalid_token_is_refused(value: Any) -> None:
    """Before anything is sent."""
    with pytest.raises(GlobusSDKUsageError, match="not a token"):
        Secret.token("t", value)


async def test_a_refused_token_is_not_shown() -> None:
    """Neither in the error nor in the locals of a frame, wherever it is passed."""
    async with Scripted().transport() as transport:
        auth = FakeAuth(transport)

        def held(bad: str) -> object:
            return RefreshTokenAuthorizer("rt", auth, access_token=bad, expires_at=1e9)

        def own(bad: str) -> object:
            return ClientCredentialsAuthorizer(auth, "s", access_token=bad, expires_at=1e9)

        def basic(bad: str) -> object:
            return BasicAuthorizer("me", bad)

        ways: list[Any] = [AccessTokenAuthorizer, lambda bad: RefreshTokenAuthorizer(bad, auth), held, own, basic]
        for way in ways:
            with pytest.raises(GlobusSDKUsageError) as caught:
                way(canary("broken") + "\n")
            assert leaks_of_error(caught.value) == []


async def test_a_token_refused_by_a_method_is_not_shown() -> None:
    """For every method of Globus Auth that takes a token or a code."""
    client_id = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
    service = Scripted()
    async with service.transport() as transport:
        native = NativeAppAuthClient(client_id, transport=transport)
        app = ConfidentialAppAuthClient(client_id, "secret", transport=transport)
        ways: list[Any] = [
            native.oauth2_refresh_token,
            native.oauth2_revoke_token,
            native.oauth2_validate_token,
            app.oauth2_get_dependent_tokens,
            app.oauth2_token_introspect,
        ]
        for way in ways:
            with pytest.raises(GlobusSDKUsageError, match="not a token") as caught:
                await way(canary("broken") + "\n")
            assert leaks_of_error(caught.value) == []
        with pytest.raises(GlobusSDKUsageError) as caught:
            ConfidentialAppAuthClient(client_id, canary("broken") + "\n", transport=transport)
        assert leaks_of_error(caught.value) == []
    assert not service.requests


@pytest.mark.parametrize(
    ("name", "password"), [("", "p"), ("a:b", "p"), ("a\n", "p"), ("a", "p\n"), ("a", "\x00"), ("a", "\ud800")]
)
def test_invalid_user_names_and_passwords(name: str, password: str) -> None:
    """They are sent in a header, with a colon between them."""
    with pytest.raises(GlobusSDKUsageError, match="user name and password"):
        BasicAuthorizer(name, password)


async def test_headers() -> None:
    """The header of each kind of credentials."""
    assert (await AccessTokenAuthorizer("AgX").get_authorization_header()).reveal() == "Bearer AgX"
    assert (await BasicAuthorizer("ada", "pä").get_authorization_header()).reveal() == "Basic YWRhOnDDpA=="


async def test_setting_the_header_in_a_mapping() -> None:
    """Replacing an existing one."""
    headers = {"Authorization": "old"}
    await AccessTokenAuthorizer("AgX").set_authorization_header(headers)
    assert headers == {"Authorization": "Bearer AgX"}


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: AccessTokenAuthorizer("AgX"), "<AccessTokenAuthorizer>"),
        (lambda: BasicAuthorizer("client-id", "secret"), "<BasicAuthorizer of client-id>"),
    ],
)
def test_authorizers_show_no_credentials_and_are_not_pickled(make: Any, shown: str) -> None:
    """They hold credentials, and a pickle may leave the process. A shallow copy is the same object."""
    authorizer = make()
    assert repr(authorizer) == shown
    assert copy.copy(authorizer) is authorizer
    for way in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            way(authorizer)
