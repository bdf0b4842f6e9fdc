"""Logins at the emulated Globus Auth: authorization requests, PKCE, codes, redirect URIs and sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from globus_async.emulator.auth import AuthorizationError, LoginPageError
from tests.emulator.auth_world import CALLBACK, CODE_PAGE, OPENID, TRANSFER, VERIFIER, World, challenge, open_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


async def test_a_native_login_with_pkce(world: World) -> None:
    """From the authorize URL to the owner of the access token."""
    redirect = world.state.authorize(world.url(world.native_query(state="round trip")))
    assert redirect.url.startswith(f"{CODE_PAGE}?")
    assert redirect.state == "round trip"
    response = await world.exchange(redirect.code)
    document = response.json()
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert document["resource_server"] == "transfer.api.globus.org"
    assert document["scope"] == TRANSFER
    assert document["expires_in"] == 172_800
    assert document["token_type"] == "Bearer"
    assert document["state"] == "round trip"
    assert document["other_tokens"] == []
    assert not {"refresh_token", "id_token"} & document.keys()
    caller = world.caller(document["access_token"])
    assert caller.identity_id == world.alice.id
    assert caller.username == "alice@example.org"
    assert caller.client_id == world.app.id
    assert caller.scopes == {TRANSFER}


async def test_one_token_for_each_resource_server(world: World) -> None:
    """The token with the id_token is the first one, in any order of scopes; each server has its own pair."""
    document = await world.log_in(f"{TRANSFER} {OPENID}", access_type="offline")
    others = document["other_tokens"]
    assert document["resource_server"] == "auth.globus.org"
    assert document["id_token"]
    assert [each["resource_server"] for each in others] == ["transfer.api.globus.org"]
    assert not {"id_token", "other_tokens"} & others[0].keys()
    assert len({document["refresh_token"], others[0]["refresh_token"]}) == 2


async def test_the_format_of_tokens(world: World) -> None:
    """They begin with Ag and have 90 letters and digits, as real ones."""
    document = await world.log_in(access_type="offline")
    for token in (document["access_token"], document["refresh_token"]):
        assert token.startswith("Ag")
        assert len(token) == 90
        assert token.isalnum()
        assert token.isascii()


async def test_a_login_without_a_page(world: World) -> None:
    """With auto_consent the authorize endpoint redirects at once."""
    response = await world.http.get("/v2/oauth2/authorize", params=world.native_query())
    assert response.status_code == 302
    code = parse_qs(urlsplit(response.headers["location"]).query)["code"][0]
    page = await world.http.get(response.headers["location"])
    assert page.status_code == 200
    assert code in page.text
    assert (await world.exchange(code)).status_code == 200


class TestPkce:
    @pytest.mark.parametrize(
        "changes",
        [
            {"code_verifier": "x" * 43},
            {"code_verifier": None},
            {"code_verifier": VERIFIER[:42]},
            {"code_verifier": VERIFIER + "!"},
            {"code_verifier": challenge()},
        ],
    )
    async def test_a_wrong_verifier_is_refused(self, world: World, changes: dict[str, str | None]) -> None:
        """The code cannot be used again."""
        code = world.state.authorize(world.url(world.native_query())).code
        refused = await world.exchange(code, **changes)
        assert (refused.status_code, refused.json()) == (401, {"error": "invalid_grant"})
        assert (await world.exchange(code)).status_code == 401

    @pytest.mark.parametrize(
        "changes",
        [
            {"code_challenge": None, "code_challenge_method": None},
            {"code_challenge_method": "plain"},
            {"code_challenge_method": None},
            {"code_challenge": "short"},
        ],
    )
    async def test_a_native_client_requires_pkce(self, world: World, changes: dict[str, str | None]) -> None:
        """With an S256 challenge."""
        redirect = world.state.authorize(world.url(world.native_query(**changes)))
        assert redirect.error == "invalid_request"
        with pytest.raises(AuthorizationError, match="code_challenge"):
            _ = redirect.code

    async def test_a_verifier_without_a_challenge_is_refused(self, world: World) -> None:
        """A downgrade attack removes the challenge from a login."""
        code = world.state.authorize(world.url(world.portal_query())).code
        response = await world.as_portal(
            "/v2/oauth2/token",
            grant_type="authorization_code",
            code=code,
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )
        assert response.status_code == 401

    async def test_a_confidential_client_may_use_pkce(self, world: World) -> None:
        """With a challenge the verifier is required."""
        query = world.portal_query(code_challenge=challenge(), code_challenge_method="S256")
        form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
        without = await world.as_portal("/v2/oauth2/token", **form, code=world.state.authorize(world.url(query)).code)
        with_it = await world.as_portal(
            "/v2/oauth2/token", **form, code=world.state.authorize(world.url(query)).code, code_verifier=VERIFIER
        )
        assert (without.status_code, with_it.status_code) == (401, 200)


class TestCodes:
    async def test_a_second_use_of_a_code_revokes_its_tokens(self, world: World) -> None:
        """Including refreshed ones (RFC 6749, section 4.1.2)."""
        code = world.state.authorize(world.url(world.native_query(access_type="offline"))).code
        document = (await world.exchange(code)).json()
        refreshed = (await world.refresh(document["refresh_token"])).json()
        assert (await world.exchange(code)).status_code == 401
        for token in (document["access_token"], refreshed["access_token"], document["refresh_token"]):
            found = world.state.tokens.find(token)
            assert found is not None
            assert not found.is_active(world.clock.wall())

    async def test_a_code_expires_after_ten_minutes(self, world: World) -> None:
        """401 from then on."""
        old, good = (world.state.authorize(world.url(world.native_query())).code for _ in range(2))
        await world.clock.advance(599)
        assert (await world.exchange(good)).status_code == 200
        await world.clock.advance(1)
        assert (await world.exchange(old)).status_code == 401

    async def test_a_code_belongs_to_its_client_and_redirect_uri(self, world: World) -> None:
        """401 for any other."""
        other = world.state.add_client("Other native app")
        code = world.state.authorize(world.url(world.native_query())).code
        assert (await world.exchange(code, client_id=other.id)).status_code == 401
        assert (await world.exchange(code, redirect_uri="http://localhost:1/")).status_code == 401
        assert (await world.exchange("unknown")).status_code == 401

    async def test_missing_fields(self, world: World) -> None:
        """invalid_request, with the name of the field."""
        response = await world.exchange("")
        assert response.status_code == 400
        assert response.json() == {"error": "invalid_request", "error_description": "Missing parameter: code"}


class TestRedirectUris:
    @pytest.mark.parametrize(
        "uri",
        [
            f"{CALLBACK}/",
            f"{CALLBACK}?x=1",
            CALLBACK.replace("https", "http"),
            CALLBACK.replace("portal", "p0rtal"),
            CALLBACK.upper(),
            "http://localhost:8000/",
            CODE_PAGE,
            "",
            "javascript:alert(1)",
        ],
    )
    async def test_redirect_uris_of_a_confidential_client(self, world: World, uri: str) -> None:
        """Any other than a registered one ends on a page, not in a redirect."""
        with pytest.raises(LoginPageError):
            world.state.authorize(world.url(world.portal_query(redirect_uri=uri)))
        response = await world.http.get("/v2/oauth2/authorize", params=world.portal_query(redirect_uri=uri))
        assert response.status_code == 400
        assert "location" not in response.headers

    @pytest.mark.parametrize(
        ("uri", "allowed"),
        [
            ("http://localhost:49152", True),
            ("http://127.0.0.1:49152/done", True),
            ("http://[::1]:49152/", True),
            (CODE_PAGE, True),
            ("https://localhost:49152/", False),
            ("http://localhost.evil.example/", False),
            ("http://localhost@evil.example/", False),
            ("http://evil.example\\@localhost/", False),
            ("http://localhost:99999999/", False),
            ("https://evil.example/v2/web/auth-code", False),
        ],
    )
    async def test_redirect_uris_of_a_native_client(self, world: World, uri: str, allowed: bool) -> None:
        """The page with the code, or any port of the loopback address (RFC 8252, section 7.3)."""
        url = world.url(world.native_query(redirect_uri=uri))
        if allowed:
            assert world.state.authorize(url).url.startswith(uri)
        else:
            with pytest.raises(LoginPageError):
                world.state.authorize(url)

    async def test_registered_redirect_uris_of_a_native_client(self, world: World) -> None:
        """Only the port of a loopback address may differ."""
        app = world.state.add_client("Other", redirect_uris=["http://localhost/callback"])
        good = world.native_query(client_id=app.id, redirect_uri="http://localhost:5000/callback")
        assert world.state.authorize(world.url(good)).code
        with pytest.raises(LoginPageError):
            world.state.authorize(world.url({**good, "redirect_uri": "http://localhost:5000/other"}))

    async def test_a_redirect_uri_with_a_query(self, world: World) -> None:
        """The code is added to it."""
        uri = "https://portal.example.org/callback?tenant=7"
        world.portal.redirect_uris.append(uri)
        redirect = world.state.authorize(world.url(world.portal_query(redirect_uri=uri, state="a&b=c")))
        query = parse_qs(urlsplit(redirect.url).query)
        assert query == {"tenant": ["7"], "code": [redirect.code], "state": ["a&b=c"]}

    async def test_an_unknown_client(self, world: World) -> None:
        """An error page, since nothing may be redirected to it."""
        response = await world.http.get("/v2/oauth2/authorize", params=world.native_query(client_id="nobody"))
        assert response.status_code == 400
        assert "unknown" in response.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"access_type": "forever"}, "invalid_request"),
        ({"prompt": "consent"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": f"{TRANSFER}["}, "invalid_scope"),
        ({"scope": "urn:globus:auth:scope:transfer.api.globus.org:none"}, "unknown_scope_error"),
        ({"session_required_mfa": "maybe"}, "invalid_request"),
        ({"session_required_policies": "b2d18b0c-2d0e-4f3a-9d6c-8d5a0ab6c9f1"}, "invalid_request"),
    ],
)
async def test_an_invalid_request_is_reported_to_the_client(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    """With error, description and state (RFC 6749, section 4.1.2.1)."""
    response = await world.http.get("/v2/oauth2/authorize", params=world.native_query(**changes))
    query = parse_qs(urlsplit(response.headers["location"]).query)
    assert response.status_code == 302
    assert query["error"] == [error]
    assert query["error_description"][0]
    assert query["state"] == ["_default"]
    assert "code" not in query


async def test_repeated_parameters_are_refused(world: World) -> None:
    """invalid_request; a page if the redirect URI is repeated."""
    url = world.url(world.native_query())
    assert world.state.authorize(f"{url}&scope=openid").error == "invalid_request"
    with pytest.raises(LoginPageError):
        world.state.authorize(f"{url}&redirect_uri={CODE_PAGE}")


class TestSessions:
    async def authentications(self, world: World, token: str) -> dict[str, int]:
        """Return the authentications in the session of a token, by identity."""
        caller = world.caller(token)
        return {key: int(login.auth_time) for key, login in caller.session.authentications.items()}

    async def test_a_second_login_continues_the_session(self, world: World) -> None:
        """With prompt=login there is a new authentication."""
        began = int(world.clock.wall())
        await world.log_in()
        await world.clock.advance(100)
        again = await world.log_in()
        assert await self.authentications(world, again["access_token"]) == {world.alice.id: began}
        fresh = await world.log_in(prompt="login")
        assert await self.authentications(world, fresh["access_token"]) == {world.alice.id: began + 100}

    async def test_tokens_keep_the_session_of_their_login(self, world: World) -> None:
        """A later login does not change it."""
        began = int(world.clock.wall())
        first = await world.log_in()
        await world.clock.advance(100)
        await world.log_in(prompt="login")
        assert await self.authentications(world, first["access_token"]) == {world.alice.id: began}

    async def test_prompt_none_requires_a_session_and_consents(self, world: World) -> None:
        """login_required or consent_required otherwise."""
        quiet = world.url(world.native_query(prompt="none"))
        assert world.state.authorize(quiet).error == "login_required"
        await world.log_in()
        assert world.state.authorize(quiet).code
        assert world.state.authorize(world.url(world.native_query("openid", prompt="none"))).error == "consent_required"
        offline = world.url(world.native_query(prompt="none", access_type="offline"))
        assert world.state.authorize(offline).error == "consent_required"

    async def test_another_person_starts_a_new_session(self, world: World) -> None:
        """It does not contain earlier authentications."""
        await world.log_in()
        document = await world.log_in(identity=world.bob)
        assert set(await self.authentications(world, document["access_token"])) == {world.bob.id}

    async def test_tokens_are_issued_to_the_primary_identity(self, world: World) -> None:
        """Whichever of the linked identities logs in."""
        world.state.link(world.alice, world.bob)
        document = await world.log_in(identity=world.bob)
        caller = world.caller(document["access_token"])
        assert caller.identity_id == world.alice.id
        assert caller.identity_ids == {world.alice.id, world.bob.id}
        assert set(caller.session.authentications) == {world.bob.id}

    async def test_required_identities(self, world: World) -> None:
        """Linked ones log in, by id or username; others are refused."""
        await world.log_in()
        wanted = f"{world.bob.id},alice@example.org"
        refused = world.state.authorize(world.url(world.native_query(session_required_identities=wanted)), world.alice)
        assert refused.error == "access_denied"
        world.state.link(world.alice, world.bob)
        document = await world.log_in(session_required_identities=wanted)
        assert set(await self.authentications(world, document["access_token"])) == {world.alice.id, world.bob.id}

    async def test_a_required_identity_logs_in_by_default(self, world: World) -> None:
        """If the test does not choose one."""
        document = await world.log_in(session_required_identities="bob@uni.example.edu")
        assert world.caller(document["access_token"]).identity_id == world.bob.id

    async def test_a_required_domain(self, world: World) -> None:
        """One of the linked identities must be in it."""
        query = world.native_query(session_required_single_domain="uni.example.edu,other.example")
        assert world.state.authorize(world.url(query), world.alice).error == "access_denied"
        world.state.link(world.alice, world.bob)
        document = await world.log_in(identity=world.alice, session_required_single_domain="uni.example.edu")
        assert world.bob.id in await self.authentications(world, document["access_token"])

    async def test_required_multi_factor_authentication(self, world: World) -> None:
        """The session of the token shows it."""
        await world.portal_log_in("openid")
        document = await world.portal_log_in("openid", session_required_mfa="True")
        info = (await world.introspect(document["access_token"], include="session_info"))["session_info"]
        assert info["authentications"][world.alice.id]["amr"] == ["mfa"]

    async def test_a_required_identity_provider(self, world: World) -> None:
        """Tokens are issued to the linked identity of this provider."""
        world.portal.required_idp = world.bob.identity_provider.id
        assert world.state.authorize(world.url(world.portal_query()), world.alice).error == "access_denied"
        world.state.link(world.alice, world.bob)
        document = await world.portal_log_in(TRANSFER, identity=world.alice)
        assert world.caller(document["access_token"]).identity_id == world.bob.id

    async def test_scopes_with_required_domains(self, world: World) -> None:
        """A login without an identity in one of them is refused."""
        scope = world.state.add_scope(world.portal, "inside")
        scope.required_domains = ["uni.example.edu"]
        assert world.state.authorize(world.url(world.native_query(scope.scope_string))).error == "access_denied"
        assert world.state.authorize(world.url(world.native_query(scope.scope_string)), world.bob).code

    async def test_an_emulator_without_identities(self) -> None:
        """login_required."""
        async with open_world() as world:
            world.state.login_identity = None
            redirect = world.state.authorize(world.url(world.native_query()))
            assert redirect.error == "login_required"
