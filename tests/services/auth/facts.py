"""Facts about Auth for the tests of all clients."""

from __future__ import annotations

from typing import Any

import httpx

from globus_async import AccessTokenAuthorizer, ClientCredentialsAuthorizer, RefreshTokenAuthorizer, Secret
from globus_async.services import auth
from tests.services.auth.service import BASE, CLIENT_ID, ReceivedRequest, Service, token_document
from tests.services.auth.tokens import signed
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)

ID = "5e1f2a4c-0000-4000-8000-000000000001"


async def _objects(secrets: Canaries) -> list[object]:
    """Log in, refresh tokens, make calls; return all resulting objects."""
    document = token_document(access_token=secrets.access, refresh_token=secrets.refresh, id_token=signed())

    def respond(request: ReceivedRequest) -> Any:
        if request.path.endswith("/introspect"):
            return {"active": True, "sub": "x", "scope": "y"}
        if request.path.endswith("/credentials"):
            return {"credential": {"id": "x", "secret": secrets.created}}
        if request.path == "/v2/api/clients":
            return {"client": {"id": "x"}, "included": {"client_credential": {"secret": secrets.created}}}
        if "dependent" in request.form.get("grant_type", ""):
            return [document]
        content = document if request.path == "/v2/oauth2/token" else {"consents": [], "DATA": [], "identities": []}
        return httpx.Response(200, json=content, headers={"Set-Cookie": f"session={secrets.cookie}"})

    service = Service(respond)
    native = service.client(auth.NativeAppAuthClient, CLIENT_ID)
    app = service.client(auth.ConfidentialAppAuthClient, CLIENT_ID, secrets.client_secret)
    user = service.client(auth.AuthClient, CLIENT_ID, AccessTokenAuthorizer(secrets.access))
    refreshing = RefreshTokenAuthorizer(
        secrets.refresh, native, access_token=secrets.access, expires_at=service.clock.wall() + 9
    )
    for authorizer in (refreshing, RefreshTokenAuthorizer(secrets.refresh, native)):
        await authorizer.get_authorization_header()
    verifier = Secret(secrets.verifier)
    flow = native.oauth2_start_flow(verifier=verifier)
    web = app.oauth2_start_flow("https://portal.example.org/", "openid", verifier=verifier)
    tokens = await flow.exchange_code_for_tokens(secrets.code)
    objects: list[object] = [
        native,
        app,
        user,
        native.transport,
        refreshing,
        ClientCredentialsAuthorizer(app, "openid"),
        auth.AuthLoginClient(CLIENT_ID, refreshing, base_url=BASE, transport=native.transport),
        flow,
        web,
        auth.GlobusOAuthFlowManager(native, verifier=verifier),
        tokens,
        tokens.by_scopes,
        await app.oauth2_token({"grant_type": "x", "refresh_token": secrets.refresh}),
        await native.oauth2_refresh_token(secrets.refresh),
        await app.oauth2_client_credentials_tokens("openid"),
        await app.oauth2_get_dependent_tokens(secrets.access),
        await app.oauth2_token_introspect(secrets.access),
        await user.create_client_credential(CLIENT_ID, "x"),
        await native.create_native_app_instance(CLIENT_ID, "x"),
        user.get_consents(CLIENT_ID),
        await user.get_consents(CLIENT_ID),
        auth.IdentityMap(user, [CLIENT_ID]),
        auth.IDTokenDecoder(native),
        auth.DependentScopeSpec(CLIENT_ID, optional=True, requires_refresh_token=False),
    ]
    await app.transport.aclose()
    return objects


FACTS = ServiceFacts(
    values={
        "auth_code": "code",
        "contact_email": "ada@example.org",
        "description": "a description",
        "display_name": "Lab storage",
        "form_data": {"grant_type": "client_credentials"},
        "name": "a name",
        "project": ID,
        "refresh_token": "refresh",
        "scope_suffix": "suffix",
        "token": "token",
    },
    arguments={
        "create_child_client": {"public_client": True},
        "create_client": {"public_client": True},
        "get_client": {"client_id": ID},
        "get_identities": {"ids": [ID]},
        "get_identity_providers": {"ids": [ID]},
    },
    no_request=frozenset({"oauth2_get_authorize_url", "oauth2_start_flow"}),
    not_callable=dict.fromkeys(
        ("AuthClient.oauth2_exchange_code_for_tokens", "AuthLoginClient.oauth2_exchange_code_for_tokens"),
        "the client cannot start the login whose code it would exchange",
    ),
    preparation={
        "oauth2_exchange_code_for_tokens": lambda client: client.oauth2_start_flow(redirect_uri="http://127.0.0.1/")
    },
    repeated_writes={
        "oauth2_revoke_token": "idempotent",
        **dict.fromkeys(("oauth2_token_introspect", "oauth2_validate_token"), "read only"),
        # of these, grants that use up a code or a refresh token are sent once
        **dict.fromkeys(
            ("oauth2_client_credentials_tokens", "oauth2_get_dependent_tokens", "oauth2_token"),
            "the grant uses nothing up",
        ),
    },
    lists=frozenset({"oauth2_get_dependent_tokens"}),
    without_example={
        "AuthLoginClient": "the base class of the others",
        **dict.fromkeys(
            ("AuthLoginClient.oauth2_exchange_code_for_tokens", "AuthLoginClient.oauth2_token"),
            "shown in the examples of the methods that use it",
        ),
    },
    objects=_objects,
)
