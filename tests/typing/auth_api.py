"""What type checkers make of the Auth clients; never run."""

from __future__ import annotations

from typing import Any, assert_type
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from globus_async import (
    GARE,
    AuthClient,
    ConfidentialAppAuthClient,
    GetConsentsResponse,
    GlobusHTTPResponse,
    IdentityMap,
    NativeAppAuthClient,
    Page,
    Pages,
    RefreshTokenAuthorizer,
    Scope,
    ScopeParser,
    Secret,
)
from globus_async.gare import to_gare
from globus_async.scopes import GCSCollectionScopes, TransferScopes
from globus_async.scopes.consents import ConsentForest
from globus_async.services.auth import (
    GlobusAuthorizationCodeFlowManager,
    GlobusNativeAppFlowManager,
    IntrospectionResponse,
    OAuthAuthorizationCodeResponse,
    OAuthClientCredentialsResponse,
    OAuthDependentTokenResponse,
    OAuthRefreshTokenResponse,
    OAuthTokenResponse,
)
from globus_async.services.auth.documents import (
    ActiveDocument,
    ClientDocument,
    ConsentDocument,
    IdentityDocument,
    IdTokenClaims,
    JwkSetDocument,
    ProjectDocument,
    ProjectEnvelope,
    TokenInfo,
    UserinfoDocument,
)


async def logins(native: NativeAppAuthClient, app: ConfidentialAppAuthClient) -> None:
    """Each client starts its own kind of flow, whose tokens are plain text for the caller."""
    assert_type(native.oauth2_start_flow(), GlobusNativeAppFlowManager)
    flow = app.oauth2_start_flow("https://portal.example.org/", [Scope("openid"), "email"])
    assert_type(flow, GlobusAuthorizationCodeFlowManager)
    assert_type(flow.verifier, Secret)
    assert_type(flow.state, str)
    assert_type(flow.get_authorize_url(session_required_policies=[UUID(int=1)]), str)
    tokens = await flow.exchange_code_for_tokens("code", state=None)
    assert_type(tokens, OAuthAuthorizationCodeResponse)
    assert_type(tokens.by_resource_server, dict[str, TokenInfo])
    assert_type(tokens.by_resource_server["x"]["access_token"], str)
    assert_type(tokens.by_resource_server["x"]["refresh_token"], str | None)
    assert_type(tokens.by_resource_server["x"]["expires_at_seconds"], int)
    assert_type(tokens.by_scopes["openid"], TokenInfo)
    assert_type(await tokens.decode_id_token(), IdTokenClaims)


async def grants(native: NativeAppAuthClient, app: ConfidentialAppAuthClient) -> None:
    """Each grant has a response class."""
    assert_type(await native.oauth2_refresh_token("AgR"), OAuthRefreshTokenResponse)
    assert_type(await app.oauth2_client_credentials_tokens(TransferScopes.all), OAuthClientCredentialsResponse)
    assert_type(await app.oauth2_get_dependent_tokens(Secret("AgT")), OAuthDependentTokenResponse)
    assert_type(await app.oauth2_token({"grant_type": "x"}), OAuthTokenResponse)
    assert_type(
        await app.oauth2_token({"grant_type": "x"}, response_class=OAuthDependentTokenResponse),
        OAuthDependentTokenResponse,
    )
    introspection = await app.oauth2_token_introspect("AgT", include=["identity_set"])
    assert_type(introspection, IntrospectionResponse)
    assert_type(introspection.active, bool)
    assert_type(await native.oauth2_revoke_token("AgT"), GlobusHTTPResponse[ActiveDocument])
    assert_type(await app.get_jwk(), JwkSetDocument)
    assert_type(await app.get_jwk(as_pem=True), RSAPublicKey)
    RefreshTokenAuthorizer("AgR", native)
    RefreshTokenAuthorizer("AgR", app)


async def resources(ac: AuthClient) -> None:
    """One thing is a response of its envelope, several are pages of documents."""
    assert_type(await ac.userinfo(), GlobusHTTPResponse[UserinfoDocument])
    assert_type(ac.get_identities(ids=UUID(int=1)), Pages[IdentityDocument])
    assert_type(await ac.get_identities(usernames=["a@b"]), Page[IdentityDocument])
    async for identity in ac.get_identities(usernames="a@b"):
        assert_type(identity["name"], str | None)
    assert_type(await ac.get_project(UUID(int=1)), GlobusHTTPResponse[ProjectEnvelope])
    assert_type((await ac.get_project("x")).data["project"], ProjectDocument)
    assert_type((await ac.get_client(client_id="x")).data["client"], ClientDocument)
    page = await ac.get_consents("x")
    assert_type(page, GetConsentsResponse)
    assert_type(page.to_forest(), ConsentForest)
    async for consent in ac.get_consents("x", all=True):
        assert_type(consent, ConsentDocument)


async def identity_maps(ac: AuthClient) -> None:
    """What is not found is the default, or ``None``."""
    idmap = IdentityMap(ac, ["ada@example.org", UUID(int=1)])
    assert_type(await idmap.get("x"), IdentityDocument | None)
    assert_type(await idmap.get("x", "nobody"), IdentityDocument | str)
    assert_type(await idmap["x"], IdentityDocument)


def scopes() -> None:
    """Scopes are values; requirements are read out of anything."""
    assert_type(Scope.parse("a[b]").with_dependency(Scope("c")).with_optional(True), Scope)
    assert_type(ScopeParser.parse("a b"), list[Scope])
    assert_type(TransferScopes.all, Scope)
    assert_type(GCSCollectionScopes(UUID(int=1)).data_access, Scope)
    document: dict[str, Any] = {}
    assert_type(to_gare(document), GARE | None)


def mistakes(ac: AuthClient, native: NativeAppAuthClient) -> None:
    """Each of these is an error to a type checker."""
    ac.get_identities(identities=["x"])  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    native.oauth2_start_flow("openid", nonce=5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    Scope("a").with_dependency("b")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    IdentityMap(native.transport)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
