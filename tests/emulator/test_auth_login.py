"""Logging in at the emulated Globus Auth: the authorize request, PKCE, codes, redirect URIs, sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from globus_async.emulator.auth import AuthorizationError, LoginPageError
from tests.emulator.auth_world import CALLBACK, CODE_PAGE, OPENID, TRANSFER, VERIFIER, World, a_world, challenge


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as world:
        yield world


async def test_a_native_login_with_pkce_gives_tokens(world: World) -> None:
    """The whole way: authorize URL, redirect with code and state, exchange, a token that opens the door."""
    redirect = world.state.authorize(world.url(world.native_query(state="round trip")))
    assert redirect.url.startswith(f"{CODE_PAGE}?")
    assert redirect.state == "round trip"
    answer = await world.exchange(redirect.code)
    document = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
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
    """The token with the id_token is on top whatever the order asked for; each server has its own pair."""
    document = await world.log_in(f"{TRANSFER} {OPENID}", access_type="offline")
    others = document["other_tokens"]
    assert document["resource_server"] == "auth.globus.org"
    assert document["id_token"]
    assert [each["resource_server"] for each in others] == ["transfer.api.globus.org"]
    assert not {"id_token", "other_tokens"} & others[0].keys()
    assert len({document["refresh_token"], others[0]["refresh_token"]}) == 2


async def test_tokens_look_like_real_ones(world: World) -> None:
    """They begin with Ag, and are of 90 base-62 characters."""
    document = await world.log_in(access_type="offline")
    for token in (document["access_token"], document["refresh_token"]):
        assert token.startswith("Ag")
        assert len(token) == 90
        assert token.isalnum()
        assert token.isascii()


async def test_the_web_does_the_same_as_the_short_cut(world: World) -> None:
    """In automatic mode the authorize endpoint redirects at once, to the page that shows the code."""
    answer = await world.http.get("/v2/oauth2/authorize", params=world.native_query())
    assert answer.status_code == 302
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    page = await world.http.get(answer.headers["location"])
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
    async def test_a_wrong_verifier_is_refused_and_the_code_is_gone(
        self, world: World, changes: dict[str, str | None]
    ) -> None:
        """Whoever guesses has one guess."""
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
    async def test_a_native_client_cannot_do_without(self, world: World, changes: dict[str, str | None]) -> None:
        """A public client must send an S256 challenge."""
        redirect = world.state.authorize(world.url(world.native_query(**changes)))
        assert redirect.error == "invalid_request"
        with pytest.raises(AuthorizationError, match="code_challenge"):
            _ = redirect.code

    async def test_a_verifier_without_a_challenge_is_refused(self, world: World) -> None:
        """Taking the challenge away from a login is noticed."""
        code = world.state.authorize(world.url(world.portal_query())).code
        answer = await world.as_portal(
            "/v2/oauth2/token",
            grant_type="authorization_code",
            code=code,
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )
        assert answer.status_code == 401

    async def test_a_confidential_client_may_use_it(self, world: World) -> None:
        """With a challenge the verifier is needed there as well."""
        query = world.portal_query(code_challenge=challenge(), code_challenge_method="S256")
        form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
        without = await world.as_portal("/v2/oauth2/token", **form, code=world.state.authorize(world.url(query)).code)
        with_it = await world.as_portal(
            "/v2/oauth2/token", **form, code=world.state.authorize(world.url(query)).code, code_verifier=VERIFIER
        )
        assert (without.status_code, with_it.status_code) == (401, 200)


class TestCodes:
    async def test_a_code_works_once_and_its_replay_ends_the_tokens(self, world: World) -> None:
        """RFC 6749 4.1.2: what a stolen code gave is revoked, also what was renewed since."""
        code = world.state.authorize(world.url(world.native_query(access_type="offline"))).code
        document = (await world.exchange(code)).json()
        renewed = (await world.renew(document["refresh_token"])).json()
        assert (await world.exchange(code)).status_code == 401
        for token in (document["access_token"], renewed["access_token"], document["refresh_token"]):
            found = world.state.tokens.find(token)
            assert found is not None
            assert not found.is_active(world.clock.wall())

    async def test_a_code_lives_for_ten_minutes(self, world: World) -> None:
        """It is refused from then on."""
        old, good = (world.state.authorize(world.url(world.native_query())).code for _ in range(2))
        await world.clock.advance(599)
        assert (await world.exchange(good)).status_code == 200
        await world.clock.advance(1)
        assert (await world.exchange(old)).status_code == 401

    async def test_a_code_belongs_to_its_client_and_redirect_uri(self, world: World) -> None:
        """Neither another client nor another redirect URI gets anything for it."""
        other = world.state.add_client("Other native app")
        code = world.state.authorize(world.url(world.native_query())).code
        assert (await world.exchange(code, client_id=other.id)).status_code == 401
        assert (await world.exchange(code, redirect_uri="http://localhost:1/")).status_code == 401
        assert (await world.exchange("unknown")).status_code == 401

    async def test_missing_fields_are_named(self, world: World) -> None:
        """A form that lacks something is an invalid request, in the form of OAuth."""
        answer = await world.exchange("")
        assert answer.status_code == 400
        assert answer.json() == {"error": "invalid_request", "error_description": "Missing parameter: code"}


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
    async def test_a_confidential_client_returns_exactly_where_it_said(self, world: World, uri: str) -> None:
        """Anything else ends on a page, never in a redirect."""
        with pytest.raises(LoginPageError):
            world.state.authorize(world.url(world.portal_query(redirect_uri=uri)))
        answer = await world.http.get("/v2/oauth2/authorize", params=world.portal_query(redirect_uri=uri))
        assert answer.status_code == 400
        assert "location" not in answer.headers

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
    async def test_a_native_client_returns_to_its_own_machine(self, world: World, uri: str, allowed: bool) -> None:
        """The page with the code, or any port of the user's machine (RFC 8252 7.3)."""
        url = world.url(world.native_query(redirect_uri=uri))
        if allowed:
            assert world.state.authorize(url).url.startswith(uri)
        else:
            with pytest.raises(LoginPageError):
                world.state.authorize(url)

    async def test_a_native_client_with_a_registered_uri_keeps_to_its_path(self, world: World) -> None:
        """Only the port of a loopback address is free then."""
        app = world.state.add_client("Other", redirect_uris=["http://localhost/callback"])
        good = world.native_query(client_id=app.id, redirect_uri="http://localhost:5000/callback")
        assert world.state.authorize(world.url(good)).code
        with pytest.raises(LoginPageError):
            world.state.authorize(world.url({**good, "redirect_uri": "http://localhost:5000/other"}))

    async def test_the_code_is_added_to_a_query_that_is_there(self, world: World) -> None:
        """A registered redirect URI may have a query of its own."""
        uri = "https://portal.example.org/callback?tenant=7"
        world.portal.redirect_uris.append(uri)
        redirect = world.state.authorize(world.url(world.portal_query(redirect_uri=uri, state="a&b=c")))
        query = parse_qs(urlsplit(redirect.url).query)
        assert query == {"tenant": ["7"], "code": [redirect.code], "state": ["a&b=c"]}

    async def test_an_unknown_client_gets_a_page(self, world: World) -> None:
        """There is nobody to send the browser to."""
        answer = await world.http.get("/v2/oauth2/authorize", params=world.native_query(client_id="nobody"))
        assert answer.status_code == 400
        assert "unknown" in answer.text


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
async def test_a_bad_request_goes_back_to_the_client(world: World, changes: dict[str, str | None], error: str) -> None:
    """With the error, a description and the state, as RFC 6749 4.1.2.1 has it."""
    answer = await world.http.get("/v2/oauth2/authorize", params=world.native_query(**changes))
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 302
    assert query["error"] == [error]
    assert query["error_description"][0]
    assert query["state"] == ["_default"]
    assert "code" not in query


async def test_a_parameter_given_twice_is_refused(world: World) -> None:
    """Which of two values counts must not be a matter of taste."""
    url = world.url(world.native_query())
    assert world.state.authorize(f"{url}&scope=openid").error == "invalid_request"
    with pytest.raises(LoginPageError):
        world.state.authorize(f"{url}&redirect_uri={CODE_PAGE}")


class TestSessions:
    async def authentications(self, world: World, token: str) -> dict[str, int]:
        """Whose logins are behind a token, and when they were."""
        caller = world.caller(token)
        return {key: int(login.auth_time) for key, login in caller.session.authentications.items()}

    async def test_a_second_login_goes_on_with_the_session(self, world: World) -> None:
        """Without prompt=login nobody logs in again; with it the login is new."""
        began = int(world.clock.wall())
        await world.log_in()
        await world.clock.advance(100)
        again = await world.log_in()
        assert await self.authentications(world, again["access_token"]) == {world.alice.id: began}
        fresh = await world.log_in(prompt="login")
        assert await self.authentications(world, fresh["access_token"]) == {world.alice.id: began + 100}

    async def test_tokens_keep_the_session_they_were_given_for(self, world: World) -> None:
        """A later login does not change what an older token stands for."""
        began = int(world.clock.wall())
        first = await world.log_in()
        await world.clock.advance(100)
        await world.log_in(prompt="login")
        assert await self.authentications(world, first["access_token"]) == {world.alice.id: began}

    async def test_prompt_none_needs_a_login_and_a_consent(self, world: World) -> None:
        """Neither may be asked for."""
        quiet = world.url(world.native_query(prompt="none"))
        assert world.state.authorize(quiet).error == "login_required"
        await world.log_in()
        assert world.state.authorize(quiet).code
        assert world.state.authorize(world.url(world.native_query("openid", prompt="none"))).error == "consent_required"
        offline = world.url(world.native_query(prompt="none", access_type="offline"))
        assert world.state.authorize(offline).error == "consent_required"

    async def test_another_person_begins_another_session(self, world: World) -> None:
        """Nothing of Alice's is behind Bob's tokens."""
        await world.log_in()
        document = await world.log_in(identity=world.bob)
        assert set(await self.authentications(world, document["access_token"])) == {world.bob.id}

    async def test_linked_identities_log_in_as_the_primary_one(self, world: World) -> None:
        """Whichever of them logs in, the tokens are the primary one's, with all of them in its set."""
        world.state.link(world.alice, world.bob)
        document = await world.log_in(identity=world.bob)
        caller = world.caller(document["access_token"])
        assert caller.identity_id == world.alice.id
        assert caller.identity_ids == {world.alice.id, world.bob.id}
        assert set(caller.session.authentications) == {world.bob.id}

    async def test_required_identities_must_be_in_the_session(self, world: World) -> None:
        """They log in if they are one's own, by id or username, and are refused if they are somebody else's."""
        await world.log_in()
        wanted = f"{world.bob.id},alice@example.org"
        refused = world.state.authorize(world.url(world.native_query(session_required_identities=wanted)), world.alice)
        assert refused.error == "access_denied"
        world.state.link(world.alice, world.bob)
        document = await world.log_in(session_required_identities=wanted)
        assert set(await self.authentications(world, document["access_token"])) == {world.alice.id, world.bob.id}

    async def test_whoever_is_named_logs_in(self, world: World) -> None:
        """Where the client names an identity and the test does not, it is the one."""
        document = await world.log_in(session_required_identities="bob@uni.example.edu")
        assert world.caller(document["access_token"]).identity_id == world.bob.id

    async def test_a_single_domain_can_be_required(self, world: World) -> None:
        """One of the person's identities must be of it."""
        query = world.native_query(session_required_single_domain="uni.example.edu,other.example")
        assert world.state.authorize(world.url(query), world.alice).error == "access_denied"
        world.state.link(world.alice, world.bob)
        document = await world.log_in(identity=world.alice, session_required_single_domain="uni.example.edu")
        assert world.bob.id in await self.authentications(world, document["access_token"])

    async def test_a_second_factor_can_be_required(self, world: World) -> None:
        """The login has it, and the introspection shows it."""
        await world.portal_log_in("openid")
        document = await world.portal_log_in("openid", session_required_mfa="True")
        info = (await world.introspect(document["access_token"], include="session_info"))["session_info"]
        assert info["authentications"][world.alice.id]["amr"] == ["mfa"]

    async def test_a_required_provider_decides_whose_the_tokens_are(self, world: World) -> None:
        """An application may insist on identities of one provider."""
        world.portal.required_idp = world.bob.identity_provider.id
        assert world.state.authorize(world.url(world.portal_query()), world.alice).error == "access_denied"
        world.state.link(world.alice, world.bob)
        document = await world.portal_log_in(TRANSFER, identity=world.alice)
        assert world.caller(document["access_token"]).identity_id == world.bob.id

    async def test_a_scope_may_be_for_some_domains_only(self, world: World) -> None:
        """Others are refused at the login."""
        scope = world.state.add_scope(world.portal, "inside")
        scope.required_domains = ["uni.example.edu"]
        assert world.state.authorize(world.url(world.native_query(scope.scope_string))).error == "access_denied"
        assert world.state.authorize(world.url(world.native_query(scope.scope_string)), world.bob).code

    async def test_with_nobody_there_nobody_logs_in(self) -> None:
        """An emulator without identities says so."""
        async with a_world() as world:
            world.state.login_identity = None
            redirect = world.state.authorize(world.url(world.native_query()))
            assert redirect.error == "login_required"
