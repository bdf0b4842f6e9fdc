"""The example of a nightly timer, against an emulator whose clock is advanced by days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from examples import nightly_timer
from globus_async import GlobusAppConfig, UserApp
from globus_async.testing import EmulatedLogin, GlobusEmulator, ManualClock, MemoryStorage


async def test_nightly_timer(capsys: pytest.CaptureFixture[str]) -> None:
    """It logs in with the consents that the timer needs, creates it once, and shows what it has done."""
    async with GlobusEmulator(clock=ManualClock()) as emulator, emulator.transport() as transport:
        emulator.add_identity("ada@example.org")
        lab = emulator.add_collection(
            "Lab",
            storage=MemoryStorage({"data/a.txt": "1"}),
            entity_type="GCSv5_mapped_collection",
            needs_data_access=True,
        )
        archive = emulator.add_collection("Archive", storage=MemoryStorage())
        config = GlobusAppConfig(request_refresh_tokens=True, login_flow_manager=EmulatedLogin(emulator))
        app = UserApp("nightly", client_id=emulator.add_client("App").id, config=config, transport=transport)
        async with app:
            now = datetime.fromtimestamp(emulator.clock.wall(), UTC)
            start = nightly_timer.next_time(3, now)
            assert (start.hour, start > now) == (3, True)
            for days in (2, 0):
                job = await nightly_timer.nightly_timer(
                    app, "nightly", f"{lab.id}:/data/", f"{archive.id}:/data/", start
                )
                await nightly_timer.show(app, job)
                await emulator.advance(days * 86_400)
        assert [task.owner_id for task in emulator.tasks] == [emulator.auth.login_identity.id] * 2  # type: ignore[union-attr]
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first == "nightly: new, 0 runs, 0 of them could not be started"
    assert second == "next runs: 16 Jan 03:00 UTC, 17 Jan 03:00 UTC, 18 Jan 03:00 UTC"
    assert rest[0].startswith("nightly: loaded, 2 runs")
    assert [line.split()[1] for line in rest[2:]] == ["SUCCEEDED"] * 2
