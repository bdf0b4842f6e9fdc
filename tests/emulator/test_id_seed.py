"""Ids from a seed: two runs with the same requests get the same responses, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest

from globus_async.emulator.kit.ids import current_ids, new_id
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage


def made(emulator: GlobusEmulator) -> list[str]:
    """Return what tests make of every kind, outside any request."""
    ada = emulator.add_identity("ada@example.org")
    client = emulator.add_client("App", secret="s3cret")
    lab = emulator.add_collection("Lab", storage=MemoryStorage())
    point = emulator.add_stream_access_point("Point", host_endpoint=lab.id)
    return [
        client.id,
        client.credentials[0].id,
        lab.id,
        *lab.roles,
        point,
        emulator.add_group([ada]),
        emulator.add_subscription(),
        emulator.access_token(ada),
        emulator.auth.refresh_token(ada, scopes=["openid"], client=client),
    ]


def test_of_the_methods_for_tests() -> None:
    """Emulators of one seed make the same ids, and all others different ones."""
    emulators = [GlobusEmulator(id_seed=seed) for seed in (1, 1, 2, None, None)]
    first, same, *others = [made(each) for each in emulators]
    assert first == same
    assert len({name for each in (first, *others) for name in each}) == 4 * len(first)
    assert not current_ids().is_seeded


def test_resources_of_emulators_at_once() -> None:
    """Each takes its own, in whatever order they are used."""
    one, other = GlobusEmulator(id_seed=1), GlobusEmulator(id_seed=1)
    assert [one.add_client().id for _ in range(3)] == [other.add_client().id for _ in range(3)]
    with one.platform.ids.use():
        assert other.add_client().id == one.add_client().id


@pytest.mark.parametrize("seed", ["1", True, 1.0])
def test_what_is_no_seed(seed: Any) -> None:
    with pytest.raises(TypeError, match="a seed of ids is an integer"):
        GlobusEmulator(id_seed=seed)


async def test_after_a_reset() -> None:
    """The sequence begins again: a test has the same ids whatever ran before it."""
    async with GlobusEmulator(id_seed=1, clock=ManualClock()) as emulator:
        first = emulator.add_client().id
        await emulator.reset()
        assert emulator.add_client().id == first
    assert new_id() != new_id()
