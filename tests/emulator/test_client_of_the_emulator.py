"""The emulator's clock, directory and claims, as this package's clients meet them."""

from __future__ import annotations

import asyncio

import pytest

from globus_async import AccessTokenAuthorizer, NativeAppAuthClient, TransferClient
from globus_async.services.auth import AuthClient
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage, Pace
from globus_async.testing.faults import status

VIEW = "urn:globus:auth:scope:auth.globus.org:view_identity_set"


async def test_the_clients_of_the_emulator_have_its_clock() -> None:
    """Waiting for a task of two days, and for a retry in an hour, ends when the emulator's clock is advanced so far."""
    async with GlobusEmulator(clock=ManualClock(), pace=Pace(start_delay=86_400)) as emulator:
        lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
        authorizer = AccessTokenAuthorizer(emulator.access_token(lifetime=1e9))
        tc = TransferClient(authorizer=authorizer, transport=emulator.transport())
        assert tc.transport.clock is emulator.clock
        task = await tc.submit_delete({"endpoint": lab.id, "DATA": [{"path": "/a"}]})
        waiting = asyncio.create_task(tc.task_wait(task["task_id"], timeout=172_800, polling_interval=3600))
        await emulator.advance(86_399)
        assert not waiting.done()
        await emulator.advance(7200)
        assert await waiting is True
        emulator.faults.add("GET", "/v0.10/endpoint/*", status(503, retry_after=20))
        retried = asyncio.create_task(tc.get_endpoint(lab.id))
        await emulator.advance(19)
        assert not retried.done()
        await emulator.advance(2)
        assert (await retried)["display_name"] == "Lab"


async def test_another_clock_for_the_transport() -> None:
    """An argument takes precedence."""
    other = ManualClock()
    async with GlobusEmulator(clock=ManualClock()) as emulator:
        assert emulator.transport(clock=other).clock is other


async def test_one_directory_of_identities() -> None:
    """An identity that was added to Auth is the emulator's first one, which has tokens and owns collections."""
    async with GlobusEmulator() as emulator:
        ada = emulator.auth.add_identity("ada@example.org")
        bob = emulator.add_identity("bob@example.org")
        assert emulator.add_collection("Lab").owner_id == ada.id
        authorizer = AccessTokenAuthorizer(emulator.access_token(scopes=["openid", "profile"]))
        auth = AuthClient(authorizer=authorizer, transport=emulator.transport())
        assert (await auth.userinfo())["preferred_username"] == "ada@example.org"
        assert [each for each in emulator.directory.identities.values() if "@example" in each.username] == [ada, bob]


@pytest.mark.parametrize("with_openid", [False, True])
@pytest.mark.parametrize("scopes", [["openid"], ["openid", VIEW]])
async def test_identity_sets(scopes: list[str], with_openid: bool) -> None:
    """They require a scope of their own, or come with ``openid``; clients read both in userinfo and in id_tokens."""
    async with GlobusEmulator(auth={"identity_set_with_openid": with_openid}) as emulator:
        home, work = (emulator.add_identity(name) for name in ("ada@example.org", "ada@work.example"))
        emulator.auth.link(home, work)
        native = NativeAppAuthClient(emulator.add_client("App").id, transport=emulator.transport())
        native.oauth2_start_flow(requested_scopes=scopes)
        redirect = emulator.auth.authorize(native.oauth2_get_authorize_url())
        tokens = await native.oauth2_exchange_code_for_tokens(redirect.code)
        authorizer = AccessTokenAuthorizer(tokens["access_token"])
        userinfo = await AuthClient(authorizer=authorizer, transport=emulator.transport()).userinfo()
        claims = await tokens.decode_id_token()
        for document in (userinfo, claims):
            found = [each["sub"] for each in document["identity_set"]] if "identity_set" in document else None
            assert found == ([home.id, work.id] if with_openid or VIEW in scopes else None)
