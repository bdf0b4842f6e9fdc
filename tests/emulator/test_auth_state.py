"""What a test can do to the emulated Globus Auth directly, and how scopes are read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from globus_async.emulator.auth import AuthState
from globus_async.emulator.auth.scope_strings import RequestedScope, ScopeSyntaxError, parse_scopes
from globus_async.emulator.kit.authentication import AuthenticationFailure
from globus_async.emulator.kit.service import Platform
from tests.emulator.auth_world import COLLECTION, DATA_ACCESS, GROUPS, SECRET, TRANSFER, World, a_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as world:
        yield world


class TestDirectTokens:
    async def test_an_access_token_for_a_person(self, world: World) -> None:
        """Made without a login, and good for a resource server at once."""
        token = world.state.access_token(world.bob, scopes=[f"{TRANSFER}[{DATA_ACCESS}]"], lifetime=60)
        caller = world.caller(token)
        assert (caller.identity_id, caller.username) == (world.bob.id, "bob@uni.example.edu")
        assert caller.scopes == {TRANSFER}
        assert caller.dependent_scopes == {DATA_ACCESS}
        assert set(caller.session.authentications) == {world.bob.id}
        await world.clock.advance(60)
        with pytest.raises(AuthenticationFailure):
            world.caller(token)

    async def test_an_access_token_for_a_client(self, world: World) -> None:
        """It acts for itself."""
        caller = world.state.authority.authenticate(
            f"Bearer {world.state.access_token(world.portal, scopes=[TRANSFER])}"
        )
        assert (caller.identity_id, caller.client_id) == (world.portal.id, world.portal.id)

    async def test_a_refresh_token(self, world: World) -> None:
        """It can be renewed by its client."""
        token = world.state.refresh_token(world.alice, scopes=[TRANSFER], client=world.app)
        document = (await world.renew(token)).json()
        assert world.caller(document["access_token"]).identity_id == world.alice.id

    async def test_expire_and_revoke(self, world: World) -> None:
        """Both kinds of tokens end at once; unknown ones do no harm."""
        first, second = (world.state.access_token(world.alice, scopes=[TRANSFER]) for _ in range(2))
        refresh = world.state.refresh_token(world.alice, scopes=[TRANSFER], client=world.app)
        world.state.expire(first)
        world.state.revoke(second)
        world.state.expire(refresh)
        world.state.expire("nothing")
        world.state.revoke("nothing")
        for token in (first, second):
            with pytest.raises(AuthenticationFailure):
                world.caller(token)
        assert (await world.renew(refresh)).status_code == 400

    async def test_scopes_are_needed(self, world: World) -> None:
        """A token for nothing is a mistake of the test."""
        with pytest.raises(ValueError, match="scope"):
            world.state.access_token(world.alice, scopes=[])

    async def test_tokens_that_are_over_are_forgotten(self, world: World) -> None:
        """Memory does not grow with every renewal there ever was."""
        for _ in range(3_000):
            world.state.access_token(world.alice, scopes=[TRANSFER], lifetime=1)
            if len(world.state.tokens.access) % 500 == 0:
                await world.clock.advance(1)
        assert len(world.state.tokens.access) <= 2_000


class TestAuthenticate:
    @pytest.mark.parametrize("header", [None, ""])
    async def test_missing(self, world: World, header: str | None) -> None:
        """Nobody said anything."""
        with pytest.raises(AuthenticationFailure) as caught:
            world.state.authority.authenticate(header)
        assert caught.value.kind == "missing"

    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer ", "Bearer x", "Basic eDp5", "AgToken", "Bearer\x00", "bearer é"]
    )
    async def test_invalid(self, world: World, header: str) -> None:
        """Something was said that opens no door."""
        with pytest.raises(AuthenticationFailure) as caught:
            world.state.authority.authenticate(header)
        assert caught.value.kind == "invalid"

    async def test_a_refresh_token_is_no_bearer_token(self, world: World) -> None:
        """It is for the token endpoint only."""
        token = world.state.refresh_token(world.alice, scopes=[TRANSFER], client=world.app)
        with pytest.raises(AuthenticationFailure):
            world.caller(token)

    async def test_the_scheme_has_no_case(self, world: World) -> None:
        """RFC 9110 11.1."""
        token = world.state.access_token(world.alice, scopes=[TRANSFER])
        assert world.state.authority.authenticate(f"bEARER {token}").identity_id == world.alice.id

    @pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic eA==", "Basic /w==", "Bearer x", None, "Basic Og=="])
    async def test_no_client_is_proved_by_nonsense(self, world: World, header: str | None) -> None:
        """Base64 that is none, text without a colon, and bytes that are no text."""
        assert world.state.authority.authenticate_client(header) is None

    async def test_a_consent_given_later_counts_at_once(self, world: World) -> None:
        """What a service may use is a matter of consents, not of the token at hand."""
        token = (await world.log_in(TRANSFER))["access_token"]
        assert not world.caller(token).dependent_scopes
        await world.log_in(f"{TRANSFER}[*{DATA_ACCESS}]")
        assert world.caller(token).dependent_scopes == {DATA_ACCESS}


class TestRegistering:
    async def test_ids_can_be_foreseen(self) -> None:
        """The same username gets the same id in every emulator; the first person logs in by default."""
        first, second = (AuthState(Platform()) for _ in range(2))
        identity = first.add_identity("alice@example.org")
        assert second.add_identity("bob@example.org").id != identity.id
        assert second.add_identity("Alice@Example.org").id == identity.id
        assert first.login_identity is identity
        assert (identity.name, identity.email, identity.organization) == ("Alice", "alice@example.org", "example.org")

    @pytest.mark.parametrize(
        "username", ["@example.org", "alice@", "al ice@example.org", "a,b@example.org", "ALICE@example.org"]
    )
    async def test_usernames_are_checked(self, world: World, username: str) -> None:
        """They look like one, and are not taken."""
        with pytest.raises(ValueError, match=r"username|already"):
            world.state.add_identity(username)

    async def test_a_username_without_domain_is_of_globus_id(self, world: World) -> None:
        """As it was in the beginning."""
        assert world.state.add_identity("carol").identity_provider.name == "Globus ID"

    async def test_names_are_taken_once(self, world: World) -> None:
        """Ids of clients and identities, names of scopes."""
        with pytest.raises(ValueError, match="already"):
            world.state.add_client(id=world.app.id)
        with pytest.raises(ValueError, match="already"):
            world.state.add_identity("other@example.org", id=world.alice.id)
        world.state.add_scope(world.portal, "use")
        with pytest.raises(ValueError, match="already"):
            world.state.add_scope(world.portal, "use")

    async def test_collections_need_no_registration(self, world: World) -> None:
        """Their scopes are there when somebody asks; those of registered clients are not made up."""
        manage = f"urn:globus:auth:scope:{COLLECTION}:manage_collections"
        token = world.state.access_token(world.alice, scopes=[DATA_ACCESS, manage])
        assert world.caller(token).resource_server == COLLECTION
        assert world.state.registry.scope(f"https://auth.globus.org/scopes/{world.portal.id}/made_up") is None
        client = world.state.add_client("Collection", id=COLLECTION, secret="another")
        assert world.state.registry.clients[COLLECTION] is client

    async def test_links_are_of_persons(self, world: World) -> None:
        """Linking sets links all in them; the first set's primary identity is the primary one."""
        carol, dave = (world.state.add_identity(f"{name}@example.org") for name in ("carol", "dave"))
        world.state.link(world.bob, carol)
        world.state.link(world.alice, dave)
        world.state.link(carol, dave)
        everybody = [each.id for each in (world.bob, carol, world.alice, dave)]
        assert [each.id for each in world.state.directory.linked(dave.id)] == everybody
        assert world.state.directory.linked_ids(world.alice.id) == frozenset(everybody)

    async def test_the_official_command_line_is_known(self, world: World) -> None:
        """Its native client is registered from the beginning, so that it need not be changed."""
        assert world.state.registry.clients["95fdeba8-fac2-42bd-a357-e068d82ff78e"].is_native

    async def test_a_client_may_have_several_secrets(self, world: World) -> None:
        """Each of them works."""
        credential = world.state.add_credential(world.portal, "second")
        form = {"grant_type": "client_credentials", "scope": TRANSFER}
        for secret in (SECRET, credential.secret.reveal()):
            assert (await world.token(form, auth=(world.portal.id, secret))).status_code == 200


class TestScopeStrings:
    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("", []),
            ("a", ["a"]),
            (" a  b\n", ["a", "b"]),
            ("a[b]", ["a[b]"]),
            ("a [ b * c ] d", ["a[b *c]", "d"]),
            ("*a[b[*c d] e]", ["*a[b[*c d] e]"]),
            ("a[b]c", ["a[b]", "c"]),
        ],
    )
    def test_what_is_read(self, text: str, read: list[str]) -> None:
        """Blanks matter only between names."""
        assert [written(each) for each in parse_scopes(text)] == read

    @pytest.mark.parametrize(
        "text", ["[", "]", "a[", "a]", "a[]", "[a]", "a[[b]]", "*", "a[*]", "**a", "a*[b]", "a[b]]", "a[b][c]"]
    )
    def test_what_is_refused(self, text: str) -> None:
        """Brackets and stars that belong to nothing."""
        with pytest.raises(ScopeSyntaxError):
            parse_scopes(text)

    def test_long_and_deep_input_is_no_trouble(self) -> None:
        """Linear time; too deep is an error, not a crash."""
        assert len(parse_scopes("a " * 50_000)) == 50_000
        with pytest.raises(ScopeSyntaxError, match="deep"):
            parse_scopes("a[" * 100_000)

    async def test_a_scope_named_twice_is_one(self, world: World) -> None:
        """What is asked for below both is asked for below the one."""
        token = world.state.access_token(world.alice, scopes=[TRANSFER, f"{TRANSFER}[{DATA_ACCESS}]", TRANSFER, GROUPS])
        caller = world.caller(token)
        assert caller.scopes == {TRANSFER, GROUPS}
        assert caller.dependent_scopes == {DATA_ACCESS}


def written(scope: RequestedScope) -> str:
    below = f"[{' '.join(map(written, scope.dependencies))}]" if scope.dependencies else ""
    return f"{'*' if scope.atomically_revocable else ''}{scope.scope}{below}"
