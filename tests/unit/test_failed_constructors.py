"""Tracebacks with locals show objects whose constructor failed: their repr must not fail."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from globus_async import BaseClient, RetryPolicy, Transport, globus_app, login_flows, redis, sql, token_storage
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.authorizers import AccessTokenAuthorizer, BasicAuthorizer
from globus_async.errors import GlobusError
from globus_async.paging import Pages, single
from globus_async.response import IterableResponse
from globus_async.services.auth import ConfidentialAppAuthClient, NativeAppAuthClient, responses
from globus_async.services.transfer import TransferClient

ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
NOTHING: Any = None
ANYTHING: Any = []
RESPONSE = RawResponse(method="GET", path="/x", status=200, reason="", headers=Headers([]), body=b"")


async def _never(*_: object) -> Any:
    raise AssertionError("it was used")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Transport(max_in_flight=0),
        lambda: RetryPolicy(max_retries=-1),
        lambda: BaseClient(base_url="x"),
        lambda: TransferClient(base_url="x"),
        lambda: NativeAppAuthClient(ID, base_url="x"),
        lambda: ConfidentialAppAuthClient(ID, "secret", base_url="x"),
        lambda: AccessTokenAuthorizer(""),
        lambda: BasicAuthorizer("", ""),
        lambda: Pages(_never, style=single, num_results=0),
        lambda: IterableResponse(RESPONSE, {"DATA": 1}),
        lambda: responses.OAuthTokenResponse(RESPONSE, {}),
        lambda: responses.OAuthTokenResponse(RESPONSE, {"error": "x"}),
        lambda: responses.OAuthDependentTokenResponse(RESPONSE, {}),
        lambda: responses.IntrospectionResponse(RESPONSE, {}),
        lambda: responses.ClientResponse(RESPONSE, []),
        lambda: sql.SQLDatabase(NOTHING),
        lambda: sql.SQLLeases(NOTHING),
        lambda: sql.SQLSessionStore(NOTHING),
        lambda: sql.SQLTokenStorage(NOTHING),
        lambda: token_storage.MemoryTokenStorage(NOTHING),
        lambda: token_storage.JSONTokenStorage(NOTHING),
        lambda: token_storage.EncryptedTokenStorage(NOTHING, "k" * 32),
        lambda: token_storage.EncryptedTokenStorage(token_storage.MemoryTokenStorage(), ""),
        lambda: token_storage.GlobusCLITokenStorage(environment="nowhere"),
        lambda: token_storage.KeyFile(NOTHING),
        lambda: token_storage.SQLiteTokenStorage(NOTHING),
        lambda: token_storage.SystemKeyring(NOTHING),
        lambda: token_storage.TokenStorageData("x", None, "", NOTHING, None, 0, None),
        lambda: token_storage.ValidatingTokenStorage(NOTHING),
        lambda: token_storage.ScopeRequirementsValidator(NOTHING, NOTHING),
        lambda: redis.RedisDatabase(NOTHING),
        lambda: redis.RedisLeases(NOTHING),
        lambda: redis.RedisSessionStore(NOTHING),
        lambda: redis.RedisTokenStorage(NOTHING),
        lambda: globus_app.GlobusAppConfig(token_storage=ANYTHING),
        lambda: globus_app.UserApp(NOTHING),
        lambda: globus_app.ClientApp("Service", client_id=ID),
        lambda: login_flows.CommandLineLoginFlowManager(NOTHING),
        lambda: login_flows.LocalServerLoginFlowManager(NOTHING),
    ],
)
def test_repr_of_an_incomplete_object(make: Callable[[], object]) -> None:
    """Its repr works with what there is of it."""
    with pytest.raises(GlobusError) as caught:
        make()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "self = " in "".join(shown.format())
