"""What timers do: transfers, flows, consents, retries, pauses, seeds, and the errors of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from globus_async.emulator import faults
from globus_async.emulator.kit.directory import Identity
from globus_async.emulator.timers.models import TIMER_SCOPE
from globus_async.testing import Collection, GlobusEmulator, ManualClock, MemoryStorage, ServiceError

TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"
START = 1_800_000_000
WRONG_END = {"condition": "iterations", "iterations": 3}
pytest.importorskip("jsonschema")  # flows import it on first use, which blocks
WAIT_FLOW: dict[str, Any] = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 120, "Next": "Done"}, "Done": {"Type": "Pass", "End": True}},
}


class World:
    """An emulator with two collections, and requests of Ada."""

    def __init__(self, emulator: GlobusEmulator) -> None:
        self.emulator = emulator
        self.ada: Identity = emulator.add_identity("ada@example.org")
        self.lab: Collection = emulator.add_collection(
            "Lab", storage=MemoryStorage({"a.txt": "1"}), needs_data_access=True
        )
        self.archive = emulator.add_collection("Archive", storage=MemoryStorage({}))
        self.access = f"https://auth.globus.org/scopes/{self.lab.id}/data_access"
        self.log_in()

    def log_in(self, scope: str | None = None) -> None:
        scopes = [scope or f"{TIMER_SCOPE}[{TRANSFER}[{self.access}]]"]
        self.token = self.emulator.access_token(self.ada, scopes=scopes, lifetime=10**9)

    @property
    def body(self) -> dict[str, Any]:
        item = {"DATA_TYPE": "transfer_item", "source_path": "/a.txt", "destination_path": "/b.txt"}
        sides = {"source_endpoint": self.lab.id, "destination_endpoint": self.archive.id}
        return {"DATA_TYPE": "transfer", **sides, "DATA": [item]}

    async def call(self, method: str, path: str, document: object = None, status: int = 200, **query: str) -> Any:
        response = await self.emulator.platform.request(
            "timers", method, path, token=self.token, document=document, query=query
        )
        assert response.status == status, response
        return response.document

    async def create(self, *, status: int = 201, schedule: object = None, **members: Any) -> Any:
        schedule = schedule or {"type": "recurring", "interval_seconds": 3600}
        timer = {"timer_type": "transfer", "schedule": schedule, "body": self.body, **members}
        document = await self.call("POST", "/v2/timer", {"timer": timer}, status)
        await self.emulator.settle()
        return document["timer"]["job_id"] if status == 201 else document

    async def job(self, job_id: str) -> Any:
        return await self.call("GET", f"/jobs/{job_id}")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with GlobusEmulator(clock=ManualClock()) as emulator:
        yield World(emulator)


async def test_a_timer_transfers_files_as_its_owner(world: World) -> None:
    """Each run is a task of its owner; both forms of documents describe it."""
    schedule = {"type": "recurring", "interval_seconds": 86400, "end": {"condition": "iterations", "count": 3}}
    job_id = await world.create(name="nightly", schedule=schedule)
    await world.emulator.advance(2)
    (task,) = world.emulator.tasks
    assert (task.owner_id, task.is_transfer) == (world.ada.id, True)
    job = await world.job(job_id)
    assert job["activity"] == {
        "code": "run_in_progress",
        "start_timestamp": "2027-01-15T08:00:00+00:00",
        "duration_seconds": 2.0,
    }
    await world.emulator.advance(86400 * 3)
    job = await world.job(job_id)
    assert (job["status"], job["n_runs"], job["n_errors"]) == ("ended", 3, 0)
    assert (job["next_run"], job["activity"], job["stop_after"]) == (None, None, {"date": None, "n_runs": 3})
    assert [each["ran_at"] for each in job["results"]["data"]] == [
        f"2027-01-{day}T08:00:00+00:00" for day in (17, 16, 15)
    ]
    assert {each["run_status"] for each in job["results"]["data"]} == {"SUCCEEDED"}
    assert [each["resource_id"] for each in job["results"]["data"]] == [
        each.id for each in reversed(world.emulator.tasks)
    ]
    assert world.emulator.timers.runs(job_id)[0].document["files_transferred"] == 1  # type: ignore[index]


async def test_a_flow_timer_runs_a_flow(world: World) -> None:
    """As its owner, with the consent for the flow; a tick during a run is skipped."""
    flow = world.emulator.flows.add_flow("Wait", WAIT_FLOW, owner=world.ada)
    timer = {
        "timer_type": "flow",
        "flow_id": flow.id,
        "schedule": {"type": "recurring", "interval_seconds": 60},
        "body": {"body": {}, "tags": ["nightly"]},
    }
    refused = await world.call("POST", "/v2/timer", {"timer": timer}, 403)
    assert refused["authorization_parameters"]["required_scopes"] == [f"{TIMER_SCOPE}[{flow.scope}]"]
    world.log_in(f"{TIMER_SCOPE}[{flow.scope}]")
    created = (await world.call("POST", "/v2/timer", {"timer": timer}, 201))["timer"]
    await world.emulator.advance(400)
    job = await world.job(created["job_id"])
    assert (job["flow_id"], job["scope"], job["timer_type"]) == (flow.id, flow.scope, "flow")
    starts = [each["ran_at"][14:19] for each in reversed(job["results"]["data"])]
    assert starts in (["00:00", "03:00", "06:00"], ["00:00", "02:00", "04:00", "06:00"])
    assert [each["run_status"] for each in job["results"]["data"]][1:] == ["SUCCEEDED"] * (len(starts) - 1)
    run = world.emulator.flows.runs[job["results"]["data"][0]["resource_id"]]
    assert run.tags == ["nightly"]
    await world.call("DELETE", f"/jobs/{created['job_id']}")


async def test_a_rescinded_consent_makes_a_timer_inactive(world: World) -> None:
    """With what its owner has to do; resumed with new credentials, it runs at once and then at its old times."""
    job_id = await world.create()
    await world.emulator.advance(1800)
    consents = world.emulator.auth.consents
    (access,) = (each for each in consents.of(frozenset({world.ada.id})) if each.scope.scope_string == world.access)
    consents.rescind(access.id)
    await world.emulator.advance(3600)
    job = await world.job(job_id)
    assert (job["status"], job["inactive_reason"]["cause"], job["n_errors"]) == (
        "inactive",
        "globus_auth_requirements",
        0,
    )
    parameters = job["inactive_reason"]["detail"]["authorization_parameters"]
    assert parameters["required_scopes"] == [f"{TIMER_SCOPE}[{TRANSFER}[*{world.access}]]"]
    assert job["activity"] == {"code": "paused", "reason": "globus_auth_requirements"}
    world.log_in()
    await world.call("POST", f"/jobs/{job_id}/resume", update_credentials="false")
    await world.emulator.settle()
    await world.call("POST", f"/jobs/{job_id}/resume", {"update_credentials": True})
    await world.emulator.advance(1)
    job = await world.job(job_id)
    assert (job["status"], job["n_runs"], job["inactive_reason"]) == ("loaded", 2, None)
    assert job["next_run"] == "2027-01-15T10:00:00+00:00"


async def test_failures_that_may_pass_are_retried(world: World) -> None:
    """For half an interval; others are errors, and the timer goes on."""
    job_id = await world.create(schedule={"type": "recurring", "interval_seconds": 600})
    await world.emulator.advance(300)
    world.emulator.transfer.collections.pop(world.archive.id)
    await world.emulator.advance(600)
    job = await world.job(job_id)
    assert (job["status"], job["n_runs"], job["n_errors"]) == ("loaded", 2, 1)
    failed = job["results"]["data"][0]
    assert (failed["run_status"], failed["status"], failed["errors"]["code"]) == ("FAILED", 404, "EndpointNotFound")
    world.emulator.transfer.collections[world.archive.id] = world.archive
    await world.emulator.advance(600)
    assert (await world.job(job_id))["n_errors"] == 1


async def test_pause_and_the_results_of_a_run_that_goes_on(world: World) -> None:
    """A pause does not end a run; a deleted timer is unknown, and nobody else sees one."""
    job_id = await world.create()
    message = await world.call("POST", f"/jobs/{job_id}/pause")
    assert message == {"message": f"Successfully paused job {job_id}."}
    await world.emulator.advance(7200)
    job = await world.job(job_id)
    assert (job["status"], job["inactive_reason"]) == ("inactive", {"cause": "user", "detail": None})
    assert (job["n_runs"], job["results"]["data"][0]["run_status"]) == (1, "SUCCEEDED")
    world.token, token = (
        world.emulator.access_token(world.emulator.add_identity("bob@example.org"), scopes=[TIMER_SCOPE]),
        world.token,
    )
    assert await world.call("GET", "/jobs/") == {"jobs": []}
    assert (await world.call("GET", f"/jobs/{job_id}", status=404))["error"]["code"] == "NOT_FOUND"
    world.token = token
    renamed = await world.call("PATCH", f"/jobs/{job_id}", {"name": "new"})
    assert await world.call("DELETE", f"/jobs/{job_id}") == renamed
    await world.call("DELETE", f"/jobs/{job_id}", status=404)
    await world.emulator.advance(7200)
    assert len(world.emulator.tasks) == 1


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"schedule": {"type": "weekly"}}, "schedule type"),
        ({"schedule": {"type": "recurring", "interval_seconds": 59}}, "schedule interval_seconds"),
        ({"schedule": {"type": "once", "datetime": "2020-01-01T00:00:00Z"}}, "schedule datetime"),
        ({"schedule": {"type": "once", "datetime": "2029-01-01T00:00:00Z"}}, "schedule datetime"),
        ({"body": {"source_endpoint": "x"}}, "body source_endpoint"),
        ({"timer_type": "generic"}, "timer_type"),
        ({"timer_type": "flow"}, "flow_id"),
        ({"schedule": {"type": "recurring", "interval_seconds": 60, "end": WRONG_END}}, ""),
    ],
)
async def test_invalid_timers(world: World, changes: dict[str, Any], place: str) -> None:
    """The response names the place of the problem."""
    document = await world.create(status=422, **changes)
    (problem,) = document["detail"]
    assert problem["loc"] == (["body", "timer", *place.split()] if place else ["body"])
    assert problem["msg"]


async def test_old_documents(world: World) -> None:
    """Those of a transfer action are transfers; the interval must be null exactly for one run."""
    url = "https://actions.automate.globus.org/transfer/transfer/run"
    items = [{"source_path": "/a.txt", "destination_path": "/c.txt"}]
    body = {"source_endpoint_id": world.lab.id, "destination_endpoint_id": world.archive.id, "transfer_items": items}
    job: dict[str, Any] = {"callback_url": url, "callback_body": {"body": body}, "start": "2027-01-15T09:00:00Z"}
    await world.call("POST", "/jobs/", {**job, "interval": None}, 422)
    await world.call("POST", "/jobs/", {**job, "interval": 60, "stop_after_n": 1}, 422)
    created = await world.call("POST", "/jobs/", {**job, "interval": None, "stop_after_n": 1}, 201)
    await world.emulator.advance(3700)
    ended = await world.job(created["job_id"])
    assert (ended["status"], ended["timer_type"], ended["n_runs"]) == ("ended", "transfer", 1)
    assert ended["callback_body"] == {"body": body}
    assert world.emulator.tasks[0].submission_id
    await world.call("POST", "/jobs/", {**job, "callback_url": "https://nowhere.example.org/run", "interval": 60}, 201)
    await world.emulator.advance(60)
    (failed, _) = (await world.call("GET", "/jobs/", order="submitted_at desc"))["jobs"]
    assert failed["n_errors"] == 2
    number = "9" * 5000  # too long for int()
    for path, query in ((f"/jobs/{failed['job_id']}", {"results_pt": number}), ("/jobs/", {"order": number})):
        await world.call("GET", path, status=422, **query)
    for wrong in (1, [1]):
        document = {**job, "interval": 60, "callback_body": {"body": {**body, "transfer_items": wrong}}}
        assert (await world.call("POST", "/jobs/", document, 422))["detail"][0]["loc"][-1] == "transfer_items"
    no_url = await world.call("POST", "/jobs/", {**job, "interval": 60, "callback_url": "https://[x"}, 422)
    assert no_url["detail"][0]["loc"] == ["body", "callback_url"]
    missing = await world.call("POST", "/jobs/", {}, 422)
    assert [each["loc"][-1] for each in missing["detail"]] == ["start", "callback_url", "callback_body"]


async def test_timers_of_a_seed_document(world: World) -> None:
    """They are dumped as they are loaded, keep their rhythm, and need no login."""
    await world.create(name="nightly")
    paused = await world.create()
    await world.call("POST", f"/jobs/{paused}/pause")
    await world.emulator.advance(1800)
    seed = world.emulator.dump_seed()
    assert [each.get("name") for each in seed["timers"]] == ["nightly", None]
    await world.emulator.load_seed(seed)
    assert world.emulator.dump_seed() == seed
    await world.emulator.advance(1801)
    states = [(each.n_runs, each.status) for each in world.emulator.timers.timers.values()]
    assert states == [(2, "loaded"), (1, "inactive")]
    assert [each.owner_id for each in world.emulator.tasks][-1] == world.ada.id


@pytest.mark.parametrize(
    "change",
    [{"interval": 1e-300}, {"interval": 0}, {"interval": 1e9}, {"interval": 3600, "next_tick": 10**9}],
    ids=str,
)
async def test_timers_without_end_in_seeds(world: World, change: dict[str, Any]) -> None:
    """A seed has no timer whose ticks would keep the emulator busy, or are after all times that can be written."""
    await world.create()
    seed = world.emulator.dump_seed()
    seed["timers"] += [{**seed["timers"][0], "id": str(UUID(int=1)), **change}]
    with pytest.raises(ServiceError, match=r"timers\[1\]"):
        await world.emulator.load_seed(seed)  # the jobs of the first timer end


async def test_the_status_page_and_faults(world: World) -> None:
    """Timers have a table; requests between services are not subject to faults."""
    world.emulator.faults.add("*", "*", faults.status(500), times=100)
    job_id = await world.create(name="nightly")
    (row,) = world.emulator.snapshot()["timers"]
    assert (row["id"], row["name"], row["owner"], row["runs"]) == (job_id, "nightly", "ada@example.org", 1)
    assert len(world.emulator.faults.pending) == 1
