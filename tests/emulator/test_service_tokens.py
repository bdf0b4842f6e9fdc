"""Tokens that services get for themselves, to act for a user or as a client, and scopes made at run time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from globus_async.emulator.kit.authentication import AuthenticationFailure, Caller, ConsentMissing
from globus_async.emulator.kit.ids import named_id
from tests.emulator.auth_world import DATA_ACCESS, TRANSFER, World, open_world

TIMER = "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer"
FLOW_ID = named_id("flow", "test")
FLOW = f"https://auth.globus.org/scopes/{FLOW_ID}/flow_{FLOW_ID.replace('-', '_')}_user"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


def caller_of(world: World, scope: str) -> Caller:
    return world.caller(world.state.access_token(world.alice, scopes=[scope], client=world.app))


async def test_a_dependent_token_acts_for_the_caller(world: World) -> None:
    """It is issued to the called service, lasts when the caller's token has expired, and is used again."""
    caller = caller_of(world, f"{TIMER}[{TRANSFER}[{DATA_ACCESS}]]")
    text = world.state.authority.dependent_token(caller, TRANSFER)
    assert world.state.authority.dependent_token(caller, f"{TRANSFER}[{DATA_ACCESS}]") == text
    dependent = world.caller(text)
    assert (dependent.identity_id, dependent.resource_server) == (world.alice.id, "transfer.api.globus.org")
    assert (dependent.scopes, dependent.dependent_scopes) == (frozenset({TRANSFER}), frozenset({DATA_ACCESS}))
    assert dependent.client_id == caller.resource_server
    assert dependent.session is caller.session
    assert world.state.authority.still_consents(DATA_ACCESS, dependent)

    await world.clock.advance(365 * 86400)
    later = world.state.authority.dependent_token(caller, TRANSFER)
    assert later != text
    assert world.caller(later).dependent_scopes == {DATA_ACCESS}


async def test_missing_and_rescinded_consents_name_the_scope(world: World) -> None:
    """The path is one that an authorization requirement can ask for; a new consent is enough, without a new call."""
    caller = caller_of(world, TIMER)
    for scope, path in (
        (f"{TRANSFER}[{DATA_ACCESS}]", f"{TIMER}[{TRANSFER}[{DATA_ACCESS}]]"),
        (DATA_ACCESS, f"{TIMER}[{DATA_ACCESS}]"),
    ):
        with pytest.raises(ConsentMissing) as missing:
            world.state.authority.dependent_token(caller, scope)
        assert missing.value.scope == path
    consents = world.state.consents.of(frozenset({world.alice.id}))
    dependent = world.caller(world.state.authority.dependent_token(caller, TRANSFER))
    world.state.consents.rescind(consents[0].id)
    with pytest.raises(ConsentMissing) as missing:
        world.state.authority.dependent_token(caller, TRANSFER)
    assert missing.value.scope == f"{TIMER}[{TRANSFER}]"
    with pytest.raises(AuthenticationFailure):
        world.caller(dependent.token.reveal())
    caller_of(world, TIMER)
    world.state.authority.dependent_token(caller, TRANSFER)


async def test_scopes_made_at_run_time(world: World) -> None:
    """A flow's scope can be consented to, also as a dependency, and its service acts for the user through services."""
    authority = world.state.authority
    for _ in range(2):
        authority.add_scope(FLOW_ID, FLOW, name="A flow", dependencies=[TRANSFER])
    timer = caller_of(world, f"{TIMER}[{FLOW}]")
    flow = world.caller(authority.dependent_token(timer, FLOW))
    assert (flow.resource_server, flow.scopes) == (FLOW_ID, frozenset({FLOW}))
    task = world.caller(authority.dependent_token(flow, TRANSFER))
    assert (task.client_id, task.identity_id) == (FLOW_ID, world.alice.id)

    own = world.caller(authority.client_token(FLOW_ID, TRANSFER))
    assert (own.identity_id, own.client_id, own.scopes) == (FLOW_ID, FLOW_ID, frozenset({TRANSFER}))
    assert authority.client_token(FLOW_ID, TRANSFER) == own.token.reveal()

    for _ in range(2):
        authority.remove_scope(FLOW)
    with pytest.raises(LookupError, match="Unknown scopes"):
        authority.dependent_token(timer, FLOW)
    with pytest.raises(ValueError, match="Unknown scopes"):
        caller_of(world, FLOW)
    with pytest.raises(AuthenticationFailure):
        world.caller(flow.token.reveal())
