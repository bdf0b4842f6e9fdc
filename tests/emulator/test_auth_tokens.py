"""Tokens of the emulated Globus Auth: grants, rotation, introspection, revocation, id_tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest

from globus_async.emulator.kit.authentication import AuthenticationFailure
from tests.emulator.auth_world import (
    AUTH,
    CALLBACK,
    CODE_PAGE,
    DATA_ACCESS,
    GROUPS,
    OPENID,
    SECRET,
    TRANSFER,
    VIEW_IDENTITY_SET,
    World,
    open_world,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


def is_active(world: World, token: str) -> bool:
    try:
        world.caller(token)
    except AuthenticationFailure:
        return False
    return True


class TestRefresh:
    async def test_a_refresh_token_can_be_used_repeatedly(self, world: World) -> None:
        """Each use returns a new access token and, as in the real service, the same refresh token."""
        document = await world.log_in(access_type="offline")
        tokens = {document["access_token"]}
        for _ in range(3):
            refreshed = (await world.refresh(document["refresh_token"])).json()
            assert refreshed["refresh_token"] == document["refresh_token"]
            assert refreshed["scope"] == TRANSFER
            assert refreshed["other_tokens"] == []
            tokens.add(refreshed["access_token"])
        assert len(tokens) == 4
        assert all(is_active(world, token) for token in tokens)
        assert world.state.token_requests == {"authorization_code": 1, "refresh_token": 3}

    async def test_access_tokens_expire_after_two_days(self, world: World) -> None:
        """A refresh then returns an active one."""
        document = await world.log_in(access_type="offline")
        await world.clock.advance(172_799)
        assert is_active(world, document["access_token"])
        await world.clock.advance(1)
        assert not is_active(world, document["access_token"])
        refreshed = (await world.refresh(document["refresh_token"])).json()
        assert is_active(world, refreshed["access_token"])

    async def test_refresh_tokens_expire_after_half_a_year_without_use(self, world: World) -> None:
        """Each use extends the lifetime."""
        document = await world.log_in(access_type="offline")
        for _ in range(2):
            await world.clock.advance(15_000_000)
            assert (await world.refresh(document["refresh_token"])).status_code == 200
        await world.clock.advance(15_552_000)
        assert (await world.refresh(document["refresh_token"])).json() == {"error": "invalid_grant"}

    async def test_a_refresh_token_belongs_to_its_client(self, world: World) -> None:
        """401 for another client and for none."""
        document = await world.log_in(access_type="offline")
        other = world.state.add_client("Other")
        assert (await world.refresh(document["refresh_token"], client_id=other.id)).status_code == 401
        nobody = await world.token({"grant_type": "refresh_token", "refresh_token": document["refresh_token"]})
        assert (nobody.status_code, nobody.json()) == (401, {"error": "invalid_client"})
        unknown = await world.refresh("AgUnknown")
        assert (unknown.status_code, unknown.json()) == (400, {"error": "invalid_grant"})

    async def test_scopes_can_be_reduced_but_not_extended(self, world: World) -> None:
        """RFC 6749, section 6."""
        document = await world.log_in(OPENID, access_type="offline")
        narrow = (await world.refresh(document["refresh_token"], scope="openid email")).json()
        assert set(narrow["scope"].split()) == {"openid", "email"}
        wide = await world.refresh(document["refresh_token"], scope=f"openid {TRANSFER}")
        assert (wide.status_code, wide.json()) == (400, {"error": "invalid_scope"})

    async def test_scopes_without_refresh_tokens(self, world: World) -> None:
        """Other scopes of the same login have one."""
        scope = world.state.add_scope(world.portal, "once", allows_refresh_token=False)
        document = await world.log_in(f"{TRANSFER} {scope.scope_string}", access_type="offline")
        assert "refresh_token" in document
        assert "refresh_token" not in document["other_tokens"][0]


class TestRotation:
    @pytest.fixture
    async def world(self) -> AsyncIterator[World]:
        async with open_world(rotate_refresh_tokens=True, rotation_grace=10) as world:
            yield world

    async def test_each_use_replaces_the_refresh_token(self, world: World) -> None:
        """A chain of refresh tokens, each used once, is no replay."""
        token = (await world.log_in(access_type="offline"))["refresh_token"]
        seen = {token}
        for _ in range(5):
            token = (await world.refresh(token)).json()["refresh_token"]
            seen.add(token)
        assert len(seen) == 6
        assert world.state.replays == 0

    async def test_a_replay_revokes_the_whole_family(self, world: World) -> None:
        """All refresh and access tokens since the login (RFC 9700, section 4.14)."""
        document = await world.log_in(access_type="offline")
        first = (await world.refresh(document["refresh_token"])).json()
        second = (await world.refresh(first["refresh_token"])).json()
        response = await world.refresh(document["refresh_token"])
        assert (response.status_code, response.json()) == (400, {"error": "invalid_grant"})
        assert world.state.replays == 1
        assert (await world.refresh(second["refresh_token"])).status_code == 400
        assert not any(is_active(world, each["access_token"]) for each in (document, first, second))

    async def test_a_replay_does_not_affect_other_families(self, world: World) -> None:
        """A family is the tokens of one login for one resource server."""
        lost = await world.log_in(f"{TRANSFER} {GROUPS}", access_type="offline")
        kept = await world.log_in(access_type="offline")
        await world.refresh(lost["refresh_token"])
        await world.clock.advance(10)
        assert (await world.refresh(lost["refresh_token"])).status_code == 400
        assert is_active(world, lost["other_tokens"][0]["access_token"])
        assert (await world.refresh(lost["other_tokens"][0]["refresh_token"])).status_code == 200
        assert (await world.refresh(kept["refresh_token"])).status_code == 200

    async def test_a_replaced_token_can_be_used_during_the_grace_period(self, world: World) -> None:
        """It returns the same successor, until the successor is used."""
        token = (await world.log_in(access_type="offline"))["refresh_token"]
        successor = (await world.refresh(token)).json()["refresh_token"]
        await world.clock.advance(9)
        again = (await world.refresh(token)).json()
        assert again["refresh_token"] == successor
        assert is_active(world, again["access_token"])
        assert world.state.replays == 0
        assert (await world.refresh(successor)).status_code == 200
        assert (await world.refresh(token)).status_code == 400
        assert world.state.replays == 1

    async def test_the_grace_period_ends(self, world: World) -> None:
        """Its last second does not belong to it."""
        token = (await world.log_in(access_type="offline"))["refresh_token"]
        await world.refresh(token)
        await world.clock.advance(10)
        assert (await world.refresh(token)).status_code == 400
        assert world.state.replays == 1

    async def test_a_replay_without_revocation(self) -> None:
        """An option: only the replayed token is refused."""
        async with open_world(rotate_refresh_tokens=True, revoke_family_on_replay=False) as world:
            token = (await world.log_in(access_type="offline"))["refresh_token"]
            successor = (await world.refresh(token)).json()["refresh_token"]
            assert (await world.refresh(token)).status_code == 400
            assert (await world.refresh(successor)).status_code == 200

    async def test_a_refused_refresh_does_not_rotate(self, world: World) -> None:
        """The refresh token stays valid after invalid_scope."""
        token = (await world.log_in(access_type="offline"))["refresh_token"]
        assert (await world.refresh(token, scope=GROUPS)).status_code == 400
        assert (await world.refresh(token)).status_code == 200


class TestClientCredentials:
    async def test_tokens_for_the_identity_of_a_client(self, world: World) -> None:
        """One for each resource server, and no refresh token."""
        response = await world.as_portal(
            "/v2/oauth2/token", grant_type="client_credentials", scope=f"{TRANSFER} openid"
        )
        document = response.json()
        assert document["resource_server"] == "auth.globus.org"
        assert document["other_tokens"][0]["resource_server"] == "transfer.api.globus.org"
        assert "refresh_token" not in document
        assert "state" not in document
        caller = world.caller(document["other_tokens"][0]["access_token"])
        assert caller.identity_id == world.portal.id
        assert caller.username == f"{world.portal.id}@clients.auth.globus.org"

    @pytest.mark.parametrize("secret", ["wrong", "", SECRET[:-1], "%"])
    async def test_a_wrong_secret_is_refused(self, world: World, secret: str) -> None:
        """401 with a challenge."""
        response = await world.token(
            {"grant_type": "client_credentials", "scope": TRANSFER}, auth=(world.portal.id, secret)
        )
        assert (response.status_code, response.json()) == (401, {"error": "invalid_client"})
        assert response.headers["www-authenticate"].startswith("Basic")

    async def test_credentials_may_be_form_encoded(self, world: World) -> None:
        """RFC 6749, section 2.3.1 requires it; most clients omit it."""
        encoded = SECRET.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D").replace(":", "%3A")
        form = {"grant_type": "client_credentials", "scope": TRANSFER}
        for secret in (SECRET, encoded):
            assert (await world.token(form, auth=(world.portal.id, secret))).status_code == 200

    async def test_a_native_client_may_not(self, world: World) -> None:
        """It has no secret."""
        response = await world.token({"grant_type": "client_credentials", "scope": TRANSFER, "client_id": world.app.id})
        assert (response.status_code, response.json()["error"]) == (400, "unauthorized_client")

    @pytest.mark.parametrize(("scope", "code"), [("nothing", "UNKNOWN_SCOPE_ERROR"), (f"{TRANSFER}]", "INVALID_SCOPE")])
    async def test_scopes_must_exist(self, world: World, scope: str, code: str) -> None:
        """400, with the code of the error."""
        response = await world.as_portal("/v2/oauth2/token", grant_type="client_credentials", scope=scope)
        assert response.status_code == 400
        assert response.json()["errors"][0]["code"] == code

    async def test_a_scope_is_required(self, world: World) -> None:
        """There are no default scopes."""
        response = await world.as_portal("/v2/oauth2/token", grant_type="client_credentials")
        assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password", "username": "a", "password": "b"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
    ],
)
async def test_unknown_grant_types_are_refused(world: World, form: dict[str, str], status: int, error: str) -> None:
    """They are counted as unknown."""
    response = await world.as_portal("/v2/oauth2/token", **form)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert world.state.token_requests == {"unknown": 1}


@pytest.mark.parametrize("body", [b"grant_type=refresh_token&grant_type=password", b"\xff\xfe", b"grant_type=%ff"])
async def test_malformed_forms_are_refused(world: World, body: bytes) -> None:
    """400 in the format of OAuth."""
    response = await world.http.post("/v2/oauth2/token", content=body)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


async def test_large_bodies_are_refused(world: World) -> None:
    """413, without reading the whole body."""
    response = await world.http.post("/v2/oauth2/token", content=b"x" * (2 << 20))
    assert response.status_code == 413


class TestIdToken:
    async def decode(self, world: World, token: str, *, audience: str | None = None) -> dict[str, Any]:
        keys = (await world.http.get("/jwk.json")).json()["keys"]
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(keys[0]).key,
            algorithms=["RS512"],
            audience=audience or world.app.id,
            issuer=AUTH,
            options={"verify_exp": False, "verify_iat": False},
        )
        return claims

    async def test_the_claims_of_an_id_token(self, world: World) -> None:
        """All claims of the real service, for the granted scopes."""
        document = await world.log_in(f"{OPENID} {VIEW_IDENTITY_SET}", nonce="n-0S6_WzA2Mj")
        claims = await self.decode(world, document["id_token"])
        assert jwt.get_unverified_header(document["id_token"]) == {"alg": "RS512", "typ": "JWT"}
        now = int(world.clock.wall())
        digest = hashlib.sha512(document["access_token"].encode()).digest()[:32]
        assert claims == {
            "sub": world.alice.id,
            "preferred_username": "alice@example.org",
            "name": "Alice Liddell",
            "email": "alice@example.org",
            "organization": "Wonderland",
            "identity_provider": world.alice.identity_provider.id,
            "identity_provider_display_name": "example.org",
            "last_authentication": now,
            "identity_set": claims["identity_set"],
            "iss": AUTH,
            "aud": world.app.id,
            "iat": now,
            "exp": now + 172_800,
            "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "nonce": "n-0S6_WzA2Mj",
        }
        assert [each["sub"] for each in claims["identity_set"]] == [world.alice.id]

    async def test_claims_depend_on_scopes(self, world: World) -> None:
        """With openid alone there are no names."""
        claims = await self.decode(world, (await world.log_in("openid"))["id_token"])
        assert not {"name", "email", "preferred_username", "identity_set", "nonce"} & claims.keys()

    async def test_refreshes_and_client_credentials_have_an_id_token(self, world: World) -> None:
        """Each for its own access token, without a nonce."""
        document = await world.log_in("openid", access_type="offline", nonce="once")
        refreshed = (await world.refresh(document["refresh_token"])).json()
        claims = await self.decode(world, refreshed["id_token"])
        digest = hashlib.sha512(refreshed["access_token"].encode()).digest()[:32]
        assert claims["at_hash"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert "nonce" not in claims
        response = await world.as_portal("/v2/oauth2/token", grant_type="client_credentials", scope="openid")
        assert (await self.decode(world, response.json()["id_token"], audience=world.portal.id))[
            "sub"
        ] == world.portal.id

    async def test_key_rotation(self, world: World) -> None:
        """New tokens are signed with the new key; the previous one stays published."""
        old = (await world.log_in("openid"))["id_token"]
        before = (await world.http.get("/jwk.json")).json()["keys"]
        world.state.rotate_keys()
        new = (await world.log_in("openid"))["id_token"]
        after = (await world.http.get("/jwk.json")).json()["keys"]
        assert after[1:] == before
        assert (await self.decode(world, new))["sub"] == world.alice.id
        with pytest.raises(jwt.InvalidSignatureError):
            await self.decode(world, old)
        world.state.rotate_keys(keep=0)
        assert len((await world.http.get("/jwk.json")).json()["keys"]) == 1
        assert world.state.key_requests == 5

    async def test_key_ids_are_optional(self, world: World) -> None:
        """The real service has no kid; with key_ids the id_token and the key set have the same one."""
        assert "kid" not in (await world.http.get("/jwk.json")).json()["keys"][0]
        async with open_world(key_ids=True) as named:
            token = (await named.log_in("openid"))["id_token"]
            key = (await named.http.get("/jwk.json")).json()["keys"][0]
            assert jwt.get_unverified_header(token)["kid"] == key["kid"]

    async def test_discovery(self) -> None:
        """All URLs are below the issuer, which may change while the service runs."""
        async with open_world() as world:
            world.platform.url = "http://127.0.0.1:8000/"
            document = (await world.http.get("/.well-known/openid-configuration")).json()
        assert document["issuer"] == "http://127.0.0.1:8000"
        assert document["jwks_uri"] == "http://127.0.0.1:8000/jwk.json"
        assert document["id_token_signing_alg_values_supported"] == ["RS512"]
        ends = {key: value for key, value in document.items() if key.endswith("_endpoint")}
        assert len(ends) == 4
        assert all(value.startswith("http://127.0.0.1:8000/v2/oauth2/") for value in ends.values())


class TestIntrospection:
    async def test_an_active_token(self, world: World) -> None:
        """All members, for the client of the token."""
        token = (await world.portal_log_in(OPENID))["access_token"]
        now = int(world.clock.wall())
        assert await world.introspect(token) == {
            "active": True,
            "token_type": "Bearer",
            "scope": OPENID,
            "client_id": world.portal.id,
            "sub": world.alice.id,
            "username": "alice@example.org",
            "name": "Alice Liddell",
            "email": "alice@example.org",
            "exp": now + 172_800,
            "iat": now,
            "nbf": now,
            "aud": ["auth.globus.org", world.portal.id],
            "iss": AUTH,
        }
        assert world.state.introspections == 1

    async def test_optional_members(self, world: World) -> None:
        """The identity set, its details, and the session."""
        world.state.link(world.alice, world.bob)
        token = (await world.portal_log_in(OPENID))["access_token"]
        document = await world.introspect(token, include="identity_set,identity_set_detail,session_info")
        assert document["identity_set"] == [world.alice.id, world.bob.id]
        assert [each["username"] for each in document["identity_set_detail"]] == [
            "alice@example.org",
            "bob@uni.example.edu",
        ]
        assert set(document["session_info"]["authentications"]) == {world.alice.id}

    async def test_an_inactive_token(self, world: World) -> None:
        """Unknown, expired, revoked and foreign tokens have the same response."""
        expired, revoked = [(await world.portal_log_in(OPENID))["access_token"] for _ in range(2)]
        foreign = (await world.log_in(OPENID))["access_token"]
        world.state.expire(expired)
        world.state.revoke(revoked)
        for token in ("", "nothing", expired, revoked, foreign):
            assert await world.introspect(token, include="identity_set") == {"active": False}

    async def test_a_resource_server_may_introspect_its_tokens(self, world: World) -> None:
        """The response has a cache id, which changes with the consents for dependent tokens."""
        scope = world.state.add_scope(world.portal, "use", dependencies=[GROUPS]).scope_string
        token = (await world.log_in(scope))["access_token"]
        document = await world.introspect(token)
        assert document["aud"] == [world.portal.id, world.app.id]
        cache_id = document["dependent_tokens_cache_id"]
        assert len(cache_id) == 64
        assert (await world.introspect(token))["dependent_tokens_cache_id"] == cache_id
        await world.clock.advance(1)
        await world.log_in(f"{scope}[{TRANSFER}]")
        assert (await world.introspect(token))["dependent_tokens_cache_id"] != cache_id

    async def test_introspection_requires_a_client_secret(self, world: World) -> None:
        """401 for a native client, a wrong secret, and no client."""
        token = (await world.portal_log_in(OPENID))["access_token"]
        for auth in (httpx.USE_CLIENT_DEFAULT, (world.portal.id, "wrong"), (world.app.id, "")):
            response = await world.http.post(
                "/v2/oauth2/token/introspect", data={"token": token, "client_id": world.app.id}, auth=auth
            )
            assert (response.status_code, response.json()) == (401, {"error": "invalid_client"})

    async def test_validation(self, world: World) -> None:
        """Access and refresh tokens, also for native clients."""
        document = await world.log_in(access_type="offline")
        for token, active in ((document["access_token"], True), (document["refresh_token"], True), ("other", False)):
            response = await world.http.post(
                "/v2/oauth2/token/validate", data={"token": token, "client_id": world.app.id}
            )
            assert response.json() == {"active": active}


class TestRevocation:
    async def revoke(self, world: World, token: str, client_id: str | None = None) -> Any:
        return await world.http.post(
            "/v2/oauth2/token/revoke", data={"token": token, "client_id": client_id or world.app.id}
        )

    async def test_a_revoked_access_token_is_inactive(self, world: World) -> None:
        """The refresh token is not affected."""
        document = await world.log_in(access_type="offline")
        response = await self.revoke(world, document["access_token"])
        assert (response.status_code, response.json()) == (200, {"active": False})
        assert not is_active(world, document["access_token"])
        assert (await world.refresh(document["refresh_token"])).status_code == 200

    async def test_revoking_a_refresh_token_revokes_its_access_tokens(self, world: World) -> None:
        """Tokens of other resource servers are not affected."""
        document = await world.log_in(f"{TRANSFER} {GROUPS}", access_type="offline")
        refreshed = (await world.refresh(document["refresh_token"])).json()
        await self.revoke(world, document["refresh_token"])
        assert (await world.refresh(document["refresh_token"])).status_code == 400
        assert not is_active(world, document["access_token"])
        assert not is_active(world, refreshed["access_token"])
        assert is_active(world, document["other_tokens"][0]["access_token"])

    async def test_revoking_unknown_tokens(self, world: World) -> None:
        """200 for unknown and for revoked tokens (RFC 7009, section 2.2)."""
        assert (await self.revoke(world, "nothing")).status_code == 200
        token = (await world.log_in())["access_token"]
        assert [(await self.revoke(world, token)).status_code for _ in range(2)] == [200, 200]

    async def test_any_client_may_revoke_a_token(self, world: World) -> None:
        """The official command line revokes tokens of its other clients. An unknown client may not."""
        token = (await world.portal_log_in(TRANSFER))["access_token"]
        assert (await self.revoke(world, token, "nobody")).status_code == 401
        assert is_active(world, token)
        assert (await self.revoke(world, token)).status_code == 200
        assert not is_active(world, token)
        assert (await self.revoke(world, "")).json() == {"active": False}


class TestUserinfo:
    async def userinfo(self, world: World, token: str | None) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await world.http.get("/v2/oauth2/userinfo", headers=headers)

    async def test_members_depend_on_scopes(self, world: World) -> None:
        """With openid alone there are only an id and the last login."""
        little = (await self.userinfo(world, (await world.log_in("openid"))["access_token"])).json()
        assert little.keys() == {"sub", "last_authentication"}
        document = await world.log_in(f"{OPENID} {VIEW_IDENTITY_SET}")
        much = (await self.userinfo(world, document["access_token"])).json()
        assert much["preferred_username"] == "alice@example.org"
        assert much["identity_set"][0].keys() == {
            "sub",
            "username",
            "name",
            "email",
            "organization",
            "status",
            "identity_provider",
            "identity_provider_display_name",
            "last_authentication",
        }

    async def test_an_active_token_with_openid_is_required(self, world: World) -> None:
        """401 without a token, 403 without the scope."""
        for token in (None, "nothing"):
            response = await self.userinfo(world, token)
            assert response.status_code == 401
            assert response.headers["www-authenticate"].startswith("Bearer")
            document = response.json()
            assert document["errors"][0] == {
                "status": "401",
                "id": document["errors"][0]["id"],
                "code": "UNAUTHORIZED",
                "title": "Unauthorized",
                "detail": "Call must be authenticated",
            }
            assert (document["error"], document["error_description"]) == ("unauthorized", "Unauthorized")
        response = await self.userinfo(world, (await world.log_in(TRANSFER))["access_token"])
        assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "FORBIDDEN")


class TestDependentTokens:
    GRANT = "urn:globus:auth:grant_type:dependent_token"

    @pytest.fixture
    def scope(self, world: World) -> str:
        """A scope of the portal, which needs Groups and can use Transfer."""
        return world.state.add_scope(
            world.portal, "use", dependencies=[GROUPS], optional_dependencies=[TRANSFER]
        ).scope_string

    async def test_dependent_tokens(self, world: World, scope: str) -> None:
        """A list of tokens for the consented scopes, which expire with the token of the user."""
        token = (await world.log_in(scope))["access_token"]
        await world.clock.advance(172_000)
        response = await world.as_portal("/v2/oauth2/token", grant_type=self.GRANT, token=token)
        (document,) = response.json()
        assert document == {
            "access_token": document["access_token"],
            "scope": GROUPS,
            "expires_in": 800,
            "token_type": "Bearer",
            "resource_server": "groups.api.globus.org",
        }
        caller = world.caller(document["access_token"])
        assert (caller.identity_id, caller.client_id) == (world.alice.id, world.portal.id)

    async def test_dependent_refresh_tokens(self, world: World, scope: str) -> None:
        """With offline access; the resource server can use them."""
        token = (await world.log_in(scope))["access_token"]
        response = await world.as_portal("/v2/oauth2/token", grant_type=self.GRANT, token=token, access_type="offline")
        refreshed = await world.as_portal(
            "/v2/oauth2/token", grant_type="refresh_token", refresh_token=response.json()[0]["refresh_token"]
        )
        assert refreshed.status_code == 200
        assert refreshed.json()["scope"] == GROUPS

    async def test_missing_consents_are_listed(self, world: World, scope: str) -> None:
        """403 with unapproved_scopes; a login with these scopes gives the consents."""
        token = (await world.log_in(scope))["access_token"]
        form = {"grant_type": self.GRANT, "token": token, "scope": TRANSFER}
        response = await world.as_portal("/v2/oauth2/token", **form)
        document = response.json()
        assert response.status_code == 403
        assert document["error"] == "dependent_consent_required"
        assert document["errors"][0]["code"] == "DEPENDENT_CONSENT_REQUIRED"
        assert document["errors"][0]["unapproved_scopes"] == [f"{scope}[{TRANSFER}]"]
        await world.log_in(" ".join(document["errors"][0]["unapproved_scopes"]))
        response = await world.as_portal("/v2/oauth2/token", **form)
        assert [each["scope"] for each in response.json()] == [TRANSFER]

    async def test_missing_consents_of_dependencies_are_listed(self, world: World, scope: str) -> None:
        """With the whole path of the scope."""
        token = (await world.log_in(f"{scope}[{TRANSFER}]"))["access_token"]
        form = {"grant_type": self.GRANT, "token": token, "scope": f"{TRANSFER}[{DATA_ACCESS}]"}
        response = await world.as_portal("/v2/oauth2/token", **form)
        unapproved = response.json()["errors"][0]["unapproved_scopes"]
        assert unapproved == [f"{scope}[{TRANSFER}[{DATA_ACCESS}]]"]
        await world.log_in(unapproved[0])
        (document,) = (await world.as_portal("/v2/oauth2/token", **form)).json()
        assert world.caller(document["access_token"]).dependent_scopes == {DATA_ACCESS}

    async def test_a_new_dependency_requires_a_new_consent(self, world: World, scope: str) -> None:
        """A dependency that was added after the login has no consent."""
        token = (await world.log_in(scope))["access_token"]
        world.state.registry.definition(scope).dependencies[1:] = []
        dependency = world.state.registry.definition(scope).dependencies[0]
        other = world.state.add_scope(world.portal, "other")
        world.state.registry.definition(scope).dependencies.append(type(dependency)(other.id))
        response = await world.as_portal("/v2/oauth2/token", grant_type=self.GRANT, token=token)
        assert response.json()["errors"][0]["unapproved_scopes"] == [f"{scope}[{other.scope_string}]"]

    async def test_only_its_resource_server_may_exchange_a_token(self, world: World, scope: str) -> None:
        """invalid_grant for others; UNAUTHORIZED_CLIENT for a client that is not a resource server."""
        token = (await world.log_in(scope))["access_token"]
        foreign = (await world.log_in(TRANSFER))["access_token"]
        for each in (foreign, "nothing"):
            response = await world.as_portal("/v2/oauth2/token", grant_type=self.GRANT, token=each)
            assert (response.status_code, response.json()) == (400, {"error": "invalid_grant"})
        world.portal.client_type = "confidential_client"
        response = await world.as_portal("/v2/oauth2/token", grant_type=self.GRANT, token=token)
        assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "UNAUTHORIZED_CLIENT")

    async def test_rescinding_a_consent_ends_its_tokens(self, world: World, scope: str) -> None:
        """Also those for its dependencies."""
        token = (await world.log_in(scope))["access_token"]
        (document,) = (await world.as_portal("/v2/oauth2/token", grant_type=self.GRANT, token=token)).json()
        root = world.state.consents.of(frozenset({world.alice.id}), client_id=world.app.id)[0]
        assert world.state.consents.rescind(root.id)
        assert not is_active(world, token)
        assert not is_active(world, document["access_token"])
        assert not world.state.consents.rescind(root.id)


async def test_secrets_are_not_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither by repr() nor in the log at its finest level."""
    caplog.set_level("DEBUG", "globus_async")
    redirect = world.state.authorize(world.url(world.portal_query(OPENID, access_type="offline")))
    form = {"grant_type": "authorization_code", "code": redirect.code, "redirect_uri": CALLBACK}
    document = (await world.as_portal("/v2/oauth2/token", **form)).json()
    await world.as_portal("/v2/oauth2/token", **form)
    await world.as_portal("/v2/oauth2/token", grant_type="refresh_token", refresh_token="AgUnknownToken")
    await world.http.get(f"{CODE_PAGE}?code={redirect.code}")
    caller = world.caller(world.state.access_token(world.alice, scopes=[TRANSFER]))
    shown = json.dumps(
        [
            repr(each)
            for each in (
                redirect,
                caller,
                world.portal,
                vars(world.state),
                vars(world.state.tokens),
                list(world.state.tokens.access.values()),
                list(world.state.tokens.refresh.values()),
                list(world.state.tokens.codes.values()),
            )
        ]
    )
    assert "refused" in caplog.text
    for secret in (redirect.code, document["access_token"], document["refresh_token"], caller.token.reveal(), SECRET):
        assert secret not in shown
        assert secret not in caplog.text
        assert secret[2:14] not in shown
