"""Every method of the unmodified official SDK's client of Timers, and the commands of globus-cli, on a socket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import FunctionType
from typing import Any

import globus_sdk
import pytest
from globus_sdk.gare import to_gare

from globus_async.emulator.timers.models import TIMER_SCOPE
from globus_async.testing import GlobusEmulator, ManualClock, MemoryStorage
from tests.emulator.test_transfer_official_cli import Shell, commands, shell
from tests.emulator.test_transfer_official_cli import pytestmark as cli_marks

__all__ = ("commands", "shell")

TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"
START = datetime.fromtimestamp(1_800_000_000, UTC)
pytest.importorskip("jsonschema")


@pytest.mark.slow
def test_every_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the documents that the helper classes make; errors are read as those of the service."""
    emulator = GlobusEmulator(clock=ManualClock())
    ada = emulator.add_identity("ada@example.org")
    vault = emulator.add_collection("Vault", storage=MemoryStorage({"a": "1"}), needs_data_access=True)
    lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
    definition: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    flow = emulator.flows.add_flow("Flow", definition, owner=ada)
    scope = f"{TIMER_SCOPE}[{TRANSFER} {flow.scope}]"
    with emulator.serve_in_thread() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        token = emulator.access_token(ada, scopes=[scope], lifetime=10**9)
        client = globus_sdk.TimersClient(authorizer=globus_sdk.AccessTokenAuthorizer(token))
        data = globus_sdk.TransferData(lab.id, lab.id)
        data.add_item("/a", "/b")
        schedule = globus_sdk.RecurringTimerSchedule(3600, end={"condition": "time", "datetime": START + timedelta(1)})
        timer = globus_sdk.TransferTimer(name="hourly", schedule=schedule, body=data)
        job_id = client.create_timer(timer)["timer"]["job_id"]
        once = globus_sdk.OnceTimerSchedule(START + timedelta(hours=1))
        flow_timer = globus_sdk.FlowTimer(flow_id=flow.id, schedule=once, body={"body": {}})
        flow_job = client.create_timer(flow_timer)["timer"]["job_id"]
        old = globus_sdk.TimerJob(
            "https://actions.automate.globus.org/transfer/transfer/run",
            {"body": {"source_endpoint_id": lab.id, "destination_endpoint_id": lab.id, "transfer_items": []}},
            START,
            timedelta(days=1),
            stop_after_n=3,
        )
        assert client.create_job(old)["stop_after"] == {"date": None, "n_runs": 3}
        server.run(emulator.advance(7260))
        assert client.get_job(job_id)["n_runs"] == 3
        assert client.get_job(flow_job)["results"]["data"][0]["run_status"] == "SUCCEEDED"
        assert len(client.list_jobs(query_params={"filter_status": "active,ended"})["jobs"]) == 3
        assert client.update_job(job_id, {"name": "new"})["name"] == "new"
        assert "paused" in client.pause_job(job_id)["message"]
        assert client.get_job(job_id)["status"] == "inactive"
        assert "resumed" in client.resume_job(job_id, update_credentials=True)["message"]
        assert client.delete_job(job_id)["status"] == "loaded"

        with pytest.raises(globus_sdk.TimersAPIError) as missing:
            client.create_job({})
        assert "field required: body.start" in missing.value.messages
        with pytest.raises(globus_sdk.TimersAPIError) as unknown:
            client.get_job(job_id)
        assert (unknown.value.http_status, unknown.value.code) == (404, "NOT_FOUND")
        needs = globus_sdk.TransferData(vault.id, lab.id)
        needs.add_item("/a", "/b")
        with pytest.raises(globus_sdk.TimersAPIError) as forbidden:
            client.create_timer(globus_sdk.TransferTimer(schedule={"type": "once"}, body=needs))
        gare = to_gare(forbidden.value)
        assert gare is not None
        assert gare.authorization_parameters.required_scopes
        client.close()
    assert emulator.unknown_paths == {}
    called = {
        "create_job", "create_timer", "delete_job", "get_job", "list_jobs", "pause_job", "resume_job", "update_job",
    }  # fmt: skip
    methods = {name for name, each in vars(globus_sdk.TimersClient).items() if isinstance(each, FunctionType)}
    assert {name for name in methods - called if name[0] != "_"} == {
        "add_app_flow_user_scope",
        "add_app_transfer_data_access_scope",
    }


class TestCommands:
    """``globus timer``."""

    pytestmark = cli_marks

    def test_every_command(self, shell: Shell) -> None:
        """Create transfer and flow timers, list, show, pause, resume and delete them."""
        emulator = shell.emulator
        files = MemoryStorage({"data/a.txt": "one"})
        lab = emulator.add_collection("Lab storage", storage=files, entity_type="GCP_mapped_collection").id
        created = shell.json(
            "timer", "create", "transfer", "--interval", "1h", "--name", "hourly", f"{lab}:/data/a.txt", f"{lab}:/b"
        )
        job_id = created["job_id"] if "job_id" in created else created["timer"]["job_id"]
        assert [each["job_id"] for each in shell.json("timer", "list")] == [job_id]
        shown = shell("timer", "show", job_id)
        assert "Transfer" in shown
        assert "hourly" in shown
        assert "paused" in shell("timer", "pause", job_id)
        assert shell.json("timer", "show", job_id)["inactive_reason"]["cause"] == "user"
        assert "resumed" in shell("timer", "resume", job_id)
        definition: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
        owner = emulator.auth.login_identity
        assert owner is not None
        flow = emulator.flows.add_flow("Flow", definition, owner=owner)
        refused = shell("timer", "create", "flow", flow.id, "--interval", "1d", "--input", "{}", exit_code=4)
        assert "consent" in refused
        shell("timer", "delete", job_id)
        shell("timer", "show", job_id, exit_code=1)
