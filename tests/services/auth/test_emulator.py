"""The Auth clients against the emulator, over real sockets: every grant, from the login to the revocation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from globus_async import AccessTokenAuthorizer, RefreshTokenAuthorizer, TransferClient, Transport
from globus_async.errors import IdTokenError, LoginRequired
from globus_async.scopes import AuthScopes, Scope, TransferScopes
from globus_async.services.auth import (
    AuthClient,
    AuthenticationFailed,
    ConfidentialAppAuthClient,
    ConsentRequired,
    IdentityMap,
    InvalidClient,
    InvalidGrant,
    NativeAppAuthClient,
    NotFound,
    PermissionDenied,
)
from globus_async.testing import GlobusEmulator
from tests.services.auth.world import SCOPES

pytestmark = pytest.mark.slow

SECRET = "secret-of-the-confidential-client"
CALLBACK = "https://portal.example.org/callback"
TRANSFER, AUTH = "transfer.api.globus.org", "auth.globus.org"


@dataclass
class Deployment:
    """A served emulator and its clients."""

    emulator: GlobusEmulator
    url: str
    transport: Transport
    native: NativeAppAuthClient
    app: ConfidentialAppAuthClient
    ada: Any

    def user(self, token: str) -> AuthClient:
        return AuthClient(authorizer=AccessTokenAuthorizer(token), base_url=self.url, transport=self.transport)

    def code(self, url: str) -> str:
        """Consent to everything, as the user."""
        return str(self.emulator.auth.authorize(url).code)


@pytest.fixture
async def deployment() -> AsyncIterator[Deployment]:
    async with (
        GlobusEmulator(rotate_refresh_tokens=True) as emulator,
        emulator.serve() as server,
        Transport() as transport,
    ):
        ada = emulator.add_identity("ada@example.org", name="Ada Lovelace")
        native = emulator.add_client("Laptop")
        app = emulator.add_client("Service", secret=SECRET, redirect_uris=[CALLBACK])
        yield Deployment(
            emulator,
            server.url,
            transport,
            NativeAppAuthClient(native.id, base_url=server.url, transport=transport),
            ConfidentialAppAuthClient(app.id, SECRET, base_url=server.url, transport=transport),
            ada,
        )


async def test_a_complete_native_login(deployment: Deployment) -> None:
    """Login, id_token, a call, token refresh with rotation, revocation."""
    flow = deployment.native.oauth2_start_flow(refresh_tokens=True, nonce="n-1")
    tokens = await flow.exchange_code_for_tokens(deployment.code(flow.get_authorize_url()), state=flow.state)
    assert sorted(tokens.by_resource_server) == [AUTH, TRANSFER]
    assert tokens.missing_scopes(flow.requested_scopes) == []
    claims = await tokens.decode_id_token()
    assert (claims["sub"], claims.get("nonce")) == (deployment.ada.id, "n-1")
    assert await tokens.decode_id_token() == claims
    assert deployment.emulator.auth.key_requests == 1
    assert (await deployment.user(tokens.by_resource_server[AUTH]["access_token"]).userinfo())[
        "sub"
    ] == deployment.ada.id

    refresh_token = tokens.by_resource_server[TRANSFER]["refresh_token"]
    assert refresh_token is not None
    authorizer = RefreshTokenAuthorizer(refresh_token, deployment.native)
    async with TransferClient(authorizer=authorizer, base_url=deployment.url, transport=deployment.transport) as tc:
        await asyncio.gather(*(tc.get("/v0.10/task_list") for _ in range(20)))
        rotated = authorizer.refresh_token
        assert rotated is not None
        assert rotated.reveal() != refresh_token
        await deployment.native.oauth2_revoke_token(rotated)
        with pytest.raises(LoginRequired):
            await tc.get("/v0.10/task_list")
    assert deployment.emulator.auth.replays == 0


async def test_a_code_is_valid_once_and_only_for_its_login(deployment: Deployment) -> None:
    """Another verifier, another redirect URI and a second use are refused."""
    mine, other = (deployment.native.oauth2_start_flow("openid") for _ in range(2))
    code = deployment.code(mine.get_authorize_url())
    with pytest.raises(InvalidGrant, match="this flow has made no login URL"):
        await other.exchange_code_for_tokens(code)
    code = deployment.code(mine.get_authorize_url())
    await mine.exchange_code_for_tokens(code)
    with pytest.raises(InvalidGrant):
        await mine.exchange_code_for_tokens(code)


async def test_a_hundred_concurrent_web_logins(deployment: Deployment) -> None:
    """One client, a hundred users: each login returns the tokens of its own identity."""
    people = [deployment.emulator.add_identity(f"user{n}@example.org") for n in range(100)]

    async def log_in(person: Any) -> str:
        flow = deployment.app.oauth2_start_flow(CALLBACK, "openid")
        redirect = deployment.emulator.auth.authorize(flow.get_authorize_url(prompt="login"), person)
        await asyncio.sleep(0)
        tokens = await flow.exchange_code_for_tokens(redirect.code, state=flow.state)
        return (await tokens.decode_id_token())["sub"]

    assert await asyncio.gather(*map(log_in, people)) == [person.id for person in people]


async def test_a_client_acts_as_itself(deployment: Deployment) -> None:
    """Client credentials, introspection, and the identity of the client."""
    tokens = await deployment.app.oauth2_client_credentials_tokens([TransferScopes.all, "openid"])
    access_token = tokens.by_scopes[str(TransferScopes.all)]["access_token"]
    introspection = await deployment.app.oauth2_token_introspect(access_token)
    assert introspection.active
    assert introspection["username"] == f"{deployment.app.client_id}@clients.auth.globus.org"
    assert (await deployment.app.oauth2_validate_token(access_token))["active"] is True
    assert (await deployment.app.oauth2_revoke_token(access_token))["active"] is False
    assert not (await deployment.app.oauth2_token_introspect(access_token)).active
    with pytest.raises(InvalidClient):
        await ConfidentialAppAuthClient(
            deployment.app.client_id or "", "wrong", base_url=deployment.url, transport=deployment.transport
        ).oauth2_client_credentials_tokens("openid")


async def test_dependent_tokens_require_a_consent(deployment: Deployment) -> None:
    """A service calls another one for its user, who must have consented."""
    auth, app = deployment.emulator.auth, deployment.emulator.auth.registry.clients[deployment.app.client_id or ""]
    scope = auth.add_scope(app, "run", dependencies=[str(TransferScopes.all)]).scope_string
    native = auth.registry.clients[deployment.native.client_id or ""]
    granted = str(Scope(scope).with_dependency(TransferScopes.all))
    good = auth.access_token(deployment.ada, scopes=[granted], client=native)
    tokens = await deployment.app.oauth2_get_dependent_tokens(good, refresh_tokens=True)
    assert list(tokens.by_resource_server) == [TRANSFER]
    assert tokens.by_resource_server[TRANSFER]["refresh_token"]
    bob = deployment.emulator.add_identity("bob@example.org")
    optional = auth.add_scope(app, "ask", optional_dependencies=[str(TransferScopes.all)]).scope_string
    bare = auth.access_token(bob, scopes=[optional], client=native)
    with pytest.raises(ConsentRequired) as caught:
        await deployment.app.oauth2_get_dependent_tokens(bare, scope=TransferScopes.all)
    assert caught.value.info.consent_required.required_scopes
    with pytest.raises((InvalidGrant, AuthenticationFailed)):
        await deployment.app.oauth2_get_dependent_tokens("AgUnknown")


async def test_replaced_signing_keys(deployment: Deployment) -> None:
    """A new signing key is found within a minute, and forged tokens cause no more requests."""
    flow = deployment.native.oauth2_start_flow("openid")
    tokens = await flow.exchange_code_for_tokens(deployment.code(flow.get_authorize_url()))
    await tokens.decode_id_token()
    deployment.emulator.auth.rotate_keys(keep=0)
    with pytest.raises(IdTokenError):
        await (await flow.exchange_code_for_tokens(deployment.code(flow.get_authorize_url()))).decode_id_token()
    assert deployment.emulator.auth.key_requests == 1
    fresh = NativeAppAuthClient(
        deployment.native.client_id or "", base_url=deployment.url, transport=deployment.transport
    )
    flow = fresh.oauth2_start_flow("openid")
    tokens = await flow.exchange_code_for_tokens(deployment.code(flow.get_authorize_url()))
    assert (await tokens.decode_id_token())["sub"] == deployment.ada.id


async def test_batched_identity_look_ups(deployment: Deployment) -> None:
    """300 look-ups of 150 identities are two requests; unknown ones are not found."""
    people = [deployment.emulator.add_identity(f"user{n}@example.org") for n in range(150)]
    token = deployment.emulator.access_token(deployment.ada, scopes=SCOPES)
    idmap = IdentityMap(deployment.user(token))
    before = len(deployment.emulator.requests)
    found = await asyncio.gather(*(idmap.get(person.id) for person in [*people, *people]))
    assert [one and one["username"] for one in found] == [f"user{n}@example.org" for n in range(150)] * 2
    assert len(deployment.emulator.requests) == before + 2
    assert await idmap.get("00000000-0000-0000-0000-000000000000") is None


async def test_error_responses(deployment: Deployment) -> None:
    """No token, an expired token, a missing scope, and an unknown resource have an error class each."""
    with pytest.raises(AuthenticationFailed):
        await deployment.user("AgUnknown").userinfo()
    with pytest.raises((PermissionDenied, AuthenticationFailed)):
        await deployment.user(deployment.emulator.access_token(deployment.ada)).get_projects()
    admin = deployment.user(deployment.emulator.access_token(deployment.ada, scopes=SCOPES))
    with pytest.raises(NotFound):
        await admin.get_project("00000000-0000-0000-0000-000000000000")
    with pytest.raises(InvalidGrant):
        await deployment.native.oauth2_refresh_token("AgUnknown")
    assert [str(scope) for scope in AuthScopes][:1] == ["openid"]
