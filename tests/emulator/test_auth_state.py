"""Setup of the emulated Globus Auth by tests, authentication, and scope strings."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from globus_async.emulator.auth import AuthState
from globus_async.emulator.auth.scope_strings import RequestedScope, ScopeSyntaxError, parse_scopes
from globus_async.emulator.kit.authentication import AuthenticationFailure
from globus_async.emulator.kit.service import Platform
from tests.emulator.auth_world import COLLECTION, DATA_ACCESS, GROUPS, SECRET, TRANSFER, World, open_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


class TestDirectTokens:
    async def test_an_access_token_for_a_person(self, world: World) -> None:
        """Issued without a login; a resource server accepts it until it expires."""
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
        """Its owner is the client's own identity."""
        caller = world.state.authority.authenticate(
            f"Bearer {world.state.access_token(world.portal, scopes=[TRANSFER])}"
        )
        assert (caller.identity_id, caller.client_id) == (world.portal.id, world.portal.id)

    async def test_a_refresh_token(self, world: World) -> None:
        """Its client can use it."""
        token = world.state.refresh_token(world.alice, scopes=[TRANSFER], client=world.app)
        document = (await world.refresh(token)).json()
        assert world.caller(document["access_token"]).identity_id == world.alice.id

    async def test_expire_and_revoke(self, world: World) -> None:
        """Access and refresh tokens become inactive at once; unknown tokens are ignored."""
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
        assert (await world.refresh(refresh)).status_code == 400

    async def test_a_token_requires_a_scope(self, world: World) -> None:
        """ValueError for none."""
        with pytest.raises(ValueError, match="scope"):
            world.state.access_token(world.alice, scopes=[])

    async def test_inactive_tokens_are_removed(self, world: World) -> None:
        """Memory does not grow with the number of tokens ever issued."""
        for _ in range(3_000):
            world.state.access_token(world.alice, scopes=[TRANSFER], lifetime=1)
            if len(world.state.tokens.access) % 500 == 0:
                await world.clock.advance(1)
        assert len(world.state.tokens.access) <= 2_000


class TestAuthenticate:
    @pytest.mark.parametrize("header", [None, ""])
    async def test_missing_credentials(self, world: World, header: str | None) -> None:
        """No header, or an empty one."""
        with pytest.raises(AuthenticationFailure) as caught:
            world.state.authority.authenticate(header)
        assert caught.value.kind == "missing"

    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer ", "Bearer x", "Basic eDp5", "AgToken", "Bearer\x00", "bearer é"]
    )
    async def test_invalid_credentials(self, world: World, header: str) -> None:
        """Headers without an active token."""
        with pytest.raises(AuthenticationFailure) as caught:
            world.state.authority.authenticate(header)
        assert caught.value.kind == "invalid"

    async def test_a_refresh_token_is_not_a_bearer_token(self, world: World) -> None:
        """Only the token endpoint accepts it."""
        token = world.state.refresh_token(world.alice, scopes=[TRANSFER], client=world.app)
        with pytest.raises(AuthenticationFailure):
            world.caller(token)

    async def test_the_scheme_is_case_insensitive(self, world: World) -> None:
        """RFC 9110, section 11.1."""
        token = world.state.access_token(world.alice, scopes=[TRANSFER])
        assert world.state.authority.authenticate(f"bEARER {token}").identity_id == world.alice.id

    @pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic eA==", "Basic /w==", "Bearer x", None, "Basic Og=="])
    async def test_malformed_client_credentials(self, world: World, header: str | None) -> None:
        """Invalid Base64, text without a colon, and bytes that are not UTF-8."""
        assert world.state.authority.authenticate_client(header) is None

    async def test_a_later_consent_counts_for_existing_tokens(self, world: World) -> None:
        """Dependent scopes follow from the consents, not from the token."""
        token = (await world.log_in(TRANSFER))["access_token"]
        assert not world.caller(token).dependent_scopes
        await world.log_in(f"{TRANSFER}[*{DATA_ACCESS}]")
        assert world.caller(token).dependent_scopes == {DATA_ACCESS}


class TestRegistering:
    async def test_ids_are_derived_from_usernames(self) -> None:
        """The same username has the same id in every emulator; the first identity logs in by default."""
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
        """ValueError for malformed and for existing ones."""
        with pytest.raises(ValueError, match=r"username|already"):
            world.state.add_identity(username)

    async def test_a_username_without_a_domain(self, world: World) -> None:
        """It belongs to Globus ID."""
        assert world.state.add_identity("carol").identity_provider.name == "Globus ID"

    async def test_ids_and_scope_strings_are_unique(self, world: World) -> None:
        """Ids of clients and identities, and scope strings."""
        with pytest.raises(ValueError, match="already"):
            world.state.add_client(id=world.app.id)
        with pytest.raises(ValueError, match="already"):
            world.state.add_identity("other@example.org", id=world.alice.id)
        world.state.add_scope(world.portal, "use")
        with pytest.raises(ValueError, match="already"):
            world.state.add_scope(world.portal, "use")

    async def test_collections_need_no_registration(self, world: World) -> None:
        """Their scopes are registered on first use; those of registered clients are not."""
        manage = f"urn:globus:auth:scope:{COLLECTION}:manage_collections"
        token = world.state.access_token(world.alice, scopes=[DATA_ACCESS, manage])
        assert world.caller(token).resource_server == COLLECTION
        assert world.state.registry.scope(f"https://auth.globus.org/scopes/{world.portal.id}/made_up") is None
        client = world.state.add_client("Collection", id=COLLECTION, secret="another")
        assert world.state.registry.clients[COLLECTION] is client

    async def test_linking_merges_sets_of_identities(self, world: World) -> None:
        """The primary identity of the first set becomes that of all."""
        carol, dave = (world.state.add_identity(f"{name}@example.org") for name in ("carol", "dave"))
        world.state.link(world.bob, carol)
        world.state.link(world.alice, dave)
        world.state.link(carol, dave)
        everybody = [each.id for each in (world.bob, carol, world.alice, dave)]
        assert [each.id for each in world.state.directory.linked(dave.id)] == everybody
        assert world.state.directory.linked_ids(world.alice.id) == frozenset(everybody)

    async def test_the_official_command_line_is_registered(self, world: World) -> None:
        """With its usual client id."""
        assert world.state.registry.clients["95fdeba8-fac2-42bd-a357-e068d82ff78e"].is_native

    async def test_a_client_may_have_several_secrets(self, world: World) -> None:
        """Each of them authenticates it."""
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
    def test_valid_scope_strings(self, text: str, read: list[str]) -> None:
        """White space is significant only between scopes."""
        assert [written(each) for each in parse_scopes(text)] == read

    @pytest.mark.parametrize(
        "text", ["[", "]", "a[", "a]", "a[]", "[a]", "a[[b]]", "*", "a[*]", "**a", "a*[b]", "a[b]]", "a[b][c]"]
    )
    def test_malformed_scope_strings(self, text: str) -> None:
        """Unbalanced brackets, and stars before no scope."""
        with pytest.raises(ScopeSyntaxError):
            parse_scopes(text)

    def test_long_and_deeply_nested_scope_strings(self) -> None:
        """Parsed in linear time; nesting too deep is an error."""
        assert len(parse_scopes("a " * 50_000)) == 50_000
        with pytest.raises(ScopeSyntaxError, match="deep"):
            parse_scopes("a[" * 100_000)

    async def test_repeated_scopes_are_merged(self, world: World) -> None:
        """Together with their dependencies."""
        token = world.state.access_token(world.alice, scopes=[TRANSFER, f"{TRANSFER}[{DATA_ACCESS}]", TRANSFER, GROUPS])
        caller = world.caller(token)
        assert caller.scopes == {TRANSFER, GROUPS}
        assert caller.dependent_scopes == {DATA_ACCESS}


def written(scope: RequestedScope) -> str:
    below = f"[{' '.join(map(written, scope.dependencies))}]" if scope.dependencies else ""
    return f"{'*' if scope.atomically_revocable else ''}{scope.scope}{below}"
