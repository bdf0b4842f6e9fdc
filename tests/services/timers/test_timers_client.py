"""Timers, their documents, and waiting for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import globus_sdk
import httpx
import pytest

from globus_async import (
    ConsentRequired,
    FlowTimer,
    GlobusSDKUsageError,
    NotFound,
    OnceTimerSchedule,
    RecurringTimerSchedule,
    ScopeParser,
    TimerEndReason,
    TimerJob,
    TimersAPIError,
    TimersClient,
    TransferData,
    TransferTimer,
    Transport,
    UserApp,
)
from tests.services.timers.world import world
from tests.toolkit.clock import FakeClock

ID = "5e1f2a4c-0000-4000-8000-000000000001"
OTHER = "5e1f2a4c-0000-4000-8000-000000000002"
BERLIN = dt.timezone(dt.timedelta(hours=2))
NAIVE = dt.datetime(2027, 7, 1, 12)  # noqa: DTZ001 -- on purpose
AWARE = dt.datetime(2027, 7, 1, 12, tzinfo=BERLIN)
URL = "https://actions.example.org/run"


@pytest.fixture
async def names() -> AsyncIterator[dict[str, Any]]:
    async with world() as names:
        yield names


class TestDocuments:
    def test_schedules_are_those_of_globus_sdk(self) -> None:
        """Times keep their zone; text is sent as it is."""
        for ours, theirs in (
            (OnceTimerSchedule(), globus_sdk.OnceTimerSchedule()),
            (OnceTimerSchedule(AWARE), globus_sdk.OnceTimerSchedule(AWARE)),
            (RecurringTimerSchedule(60), globus_sdk.RecurringTimerSchedule(60)),
            (
                RecurringTimerSchedule(300, "2027-01-01T00:00:00Z", {"condition": "time", "datetime": AWARE}),
                globus_sdk.RecurringTimerSchedule(
                    300, "2027-01-01T00:00:00Z", {"condition": "time", "datetime": AWARE}
                ),
            ),
        ):
            assert dict(ours) == {key: value for key, value in theirs.items() if value is not globus_sdk.MISSING}

    def test_the_end_of_a_schedule(self) -> None:
        """A number of runs has the member that the service knows, also if the document is that of other docs."""
        count = {"condition": "iterations", "count": 10}
        every: Any
        for every in (
            {"iterations": 10},
            {"end": count},
            {"end": {"condition": "iterations", "iterations": 10}},
        ):
            schedule = RecurringTimerSchedule(dt.timedelta(days=1), **every)
            assert schedule == {"type": "recurring", "interval_seconds": 86400, "end": count}
        until = {"condition": "time", "datetime": "2027-07-01T12:00:00+02:00"}
        assert RecurringTimerSchedule(60, until=AWARE)["end"] == until
        assert RecurringTimerSchedule(60, end=until) == RecurringTimerSchedule(60, until=AWARE, iterations=None)

    @pytest.mark.parametrize(
        "end",
        [
            {"count": 10},
            {"condition": "iterations", "count": 0},
            {"condition": "iterations", "count": 10, "datetime": "2027-01-01T00:00:00Z"},
            {"condition": "time"},
            {"condition": "time", "datetime": "2027-01-01T00:00:00"},
            {"condition": "never", "count": 1},
            {"condition": "never", "datetime": "2027-01-01T00:00:00Z"},
            "iterations",
        ],
    )
    def test_other_ends_are_refused(self, end: Any) -> None:
        """The service would refuse them, or read them as something else."""
        with pytest.raises(GlobusSDKUsageError, match="end"):
            RecurringTimerSchedule(60, end=end)

    def test_several_ends_are_refused(self) -> None:
        """The service has one."""
        with pytest.raises(GlobusSDKUsageError, match="one of end, iterations and until"):
            RecurringTimerSchedule(60, iterations=3, until=AWARE)

    @pytest.mark.parametrize(
        "interval", [59, 365 * 86400 + 1, 90.5, dt.timedelta(seconds=90.5), True, "60", None, 10**400]
    )
    def test_intervals_out_of_range_are_refused(self, interval: Any) -> None:
        """They are whole seconds, from a minute to 365 days."""
        with pytest.raises(GlobusSDKUsageError, match="interval_seconds must be whole seconds"):
            RecurringTimerSchedule(interval)

    def test_times_without_zone_are_refused_everywhere(self) -> None:
        """Whose noon it is would depend on the machine."""
        for naive in (NAIVE, "2027-07-01T12:00:00", "2027-07-01", "noon"):
            for make in (
                OnceTimerSchedule,
                lambda time: RecurringTimerSchedule(60, start=time),
                lambda time: RecurringTimerSchedule(60, until=time),
                lambda time: TimerJob(URL, {}, time, 60),
                lambda time: TimerJob(URL, {}, AWARE, 60, stop_after=time),
            ):
                with pytest.raises(GlobusSDKUsageError, match=r"time zone|with one"):
                    make(naive)

    def test_fractions_of_a_second_are_rounded_up(self) -> None:
        """A time of now is not in the past when it arrives."""
        late = dt.datetime(2027, 12, 31, 23, 59, 59, 1, tzinfo=dt.UTC)
        assert OnceTimerSchedule(late)["datetime"] == "2028-01-01T00:00:00+00:00"
        assert TimerJob(URL, {}, late, 60)["start"] == "2028-01-01T00:00:00+00:00"
        with pytest.raises(GlobusSDKUsageError, match="years 1 to 9999"):
            OnceTimerSchedule(dt.datetime.max.replace(tzinfo=dt.UTC))

    def test_local_times_are_the_same_instants(self) -> None:
        """Also in the hour that is repeated, at its end, and with an offset that ISO 8601 cannot express."""
        new_york = ZoneInfo("America/New_York")
        hour = dt.datetime(2027, 11, 7, 1, 30, tzinfo=new_york)
        odd = dt.datetime(2027, 7, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=1, seconds=5)))
        for given, sent in (
            (hour, "2027-11-07T01:30:00-04:00"),
            (hour.replace(fold=1), "2027-11-07T01:30:00-05:00"),
            (hour.replace(fold=1, microsecond=1), "2027-11-07T06:30:01+00:00"),
            (hour.replace(minute=59, second=59, microsecond=1), "2027-11-07T06:00:00+00:00"),
            (odd, "2027-07-01T10:59:55+00:00"),
        ):
            assert OnceTimerSchedule(given)["datetime"] == sent

    def test_timers_copy_their_documents(self) -> None:
        """A change of a document after that does not change the timer; what is of one submission is left out."""
        data = TransferData(ID, OTHER, items={"/a": "/b"}, submission_id=ID, skip_activation_check=True)
        schedule = RecurringTimerSchedule(60, iterations=3)
        timer = TransferTimer(name="n", schedule=schedule, body=data)
        job = TimerJob(URL, {"body": {"list": [1]}}, AWARE, None, stop_after_n=1)
        flow = FlowTimer(flow_id=ID, schedule=schedule, body={"body": {"list": [1]}})
        before = [repr(each) for each in (timer, job, flow)]
        data.add_item("/c", "/d")
        schedule["end"]["count"] = 99
        job["callback_body"], flow["body"]["body"]["list"] = dict(job["callback_body"]), [1]
        assert [repr(each) for each in (timer, job, flow)] == before
        assert not {"submission_id", "skip_activation_check"} & timer["body"].keys()
        assert {"submission_id", "skip_activation_check"} <= data.keys()

    def test_wrong_kinds_are_refused(self) -> None:
        """A timer cannot delete, and an interval contradicts a single run."""
        with pytest.raises(GlobusSDKUsageError, match="cannot delete"):
            TransferTimer(schedule=OnceTimerSchedule(), body={"DATA_TYPE": "delete"})
        nested: dict[str, Any] = {}
        nested["again"] = nested
        with pytest.raises(GlobusSDKUsageError, match="body has more levels than JSON"):
            FlowTimer(flow_id=ID, schedule=OnceTimerSchedule(), body=nested)
        with pytest.raises(GlobusSDKUsageError, match="flow_id"):
            FlowTimer(flow_id="flow", schedule=OnceTimerSchedule(), body={})
        for interval, runs in ((None, None), (None, 2), (60, 1)):
            with pytest.raises(GlobusSDKUsageError, match="None exactly if the timer runs once"):
                TimerJob(URL, {}, AWARE, interval, stop_after_n=runs)


async def test_each_call_refuses_the_documents_of_the_other(names: dict[str, Any]) -> None:
    """Also as plain dicts, and of globus-sdk."""
    timers: TimersClient = names["timers"]
    job = TimerJob(URL, {}, AWARE, 60)
    transfer = TransferTimer(schedule=OnceTimerSchedule(), body={})
    flow = FlowTimer(flow_id=ID, schedule=OnceTimerSchedule(), body={})
    official = globus_sdk.FlowTimer(flow_id=ID, schedule={"type": "once"}, body={})
    for document in (job, dict(job), {}, [job], None):
        with pytest.raises(GlobusSDKUsageError):
            await timers.create_timer(document)  # type: ignore[arg-type]
    for wrong in (transfer, flow, dict(flow), official, [job]):
        with pytest.raises(GlobusSDKUsageError):
            await timers.create_job(wrong)  # type: ignore[arg-type]


async def test_scopes_of_an_app(names: dict[str, Any]) -> None:
    """They are those of globus-sdk; a client without an app has the same scopes as values."""
    app: UserApp = names["app"]
    client = TimersClient(app=app)
    assert client.add_app_transfer_data_access_scope([ID, OTHER]) is client
    assert client.add_app_flow_user_scope(ID) is client
    requirements = [str(each) for each in app.scope_requirements[client.resource_server]]
    official = globus_sdk.UserApp("x", client_id=ID, scope_requirements={})
    theirs = globus_sdk.TimersClient(app=official)
    theirs.add_app_transfer_data_access_scope([ID, OTHER]).add_app_flow_user_scope(ID)
    both = [TimersClient.transfer_timer_scope([ID, OTHER]), TimersClient.flow_timer_scope(ID)]
    assert ScopeParser.parse(" ".join(requirements)) == ScopeParser.parse(" ".join(map(str, both)))
    expected = [str(TimersClient.scopes.timer), *map(str, both)]
    assert sorted(map(str, official.scope_requirements[client.resource_server])) == sorted(expected)
    with pytest.raises(GlobusSDKUsageError, match="collection_ids"):
        client.add_app_transfer_data_access_scope("x")
    with pytest.raises(GlobusSDKUsageError, match="flow_ids"):
        client.flow_timer_scope(["x"])
    with pytest.raises(GlobusSDKUsageError, match="no app"):
        names["timers"].add_app_flow_user_scope(ID)


async def test_lists_and_their_filters(names: dict[str, Any]) -> None:
    """A list can be iterated, awaited or not, and has all filters of the service."""
    timers: TimersClient = names["timers"]

    async def found(**filters: Any) -> list[str | None]:
        return [each["name"] async for each in timers.list_jobs(**filters)]

    page = await timers.list_jobs()
    assert [each["name"] for each in page] == [each["name"] for each in page["jobs"]] == ["nightly", "once"]
    assert await found(filter_status="ended") == ["once"]
    assert await found(filter_status=["active", "ended"], order="name desc") == ["once", "nightly"]
    assert await found(filter_name="ight") == ["nightly"]
    assert await found(result_count=1) == ["nightly"]
    assert await found(submitted_after=dt.datetime(2028, 1, 1, tzinfo=BERLIN)) == []
    assert await found(submitted_before="2028-01-01T00:00:00Z") == ["nightly", "once"]
    with pytest.raises(GlobusSDKUsageError, match="submitted_after"):
        timers.list_jobs(submitted_after=NAIVE)


async def test_all_results_page_by_page(names: dict[str, Any]) -> None:
    """The pages follow each other until the last one; their size is that of the caller."""
    timers, emulator = names["timers"], names["emulator"]
    await emulator.advance(5 * 86400)
    sizes = [len(page) async for page in timers.list_job_results(names["job_id"], page_size=3).pages()]
    assert sizes == [3, 3, 1]
    results = await timers.list_job_results(names["job_id"], page_size=3).list()
    assert len({result["resource_id"] for result in results}) == 7
    job = await timers.get_job(names["job_id"], page_size=2)
    second = await timers.get_job(names["job_id"], results_pt=job["results"]["page_next"], page_size=1)
    assert second["results"]["data"] == [results[2]]


async def test_errors_name_the_place_of_each_problem(names: dict[str, Any]) -> None:
    """A document that is not valid, a missing consent, and an unknown timer."""
    timers: TimersClient = names["timers"]
    with pytest.raises(TimersAPIError) as invalid:
        await timers.create_job({"name": "x"})
    assert "body.start: field required" in invalid.value.messages
    vault = names["emulator"].add_collection("Vault", needs_data_access=True).id
    data = TransferData(vault, names["destination_id"], items={"/a": "/b"})
    with pytest.raises(ConsentRequired) as missing:
        await timers.create_timer(TransferTimer(schedule=OnceTimerSchedule(), body=data))
    assert isinstance(missing.value, TimersAPIError)
    assert missing.value.required_scopes == [str(TimersClient.transfer_timer_scope(vault))]
    with pytest.raises(NotFound):
        await timers.get_job(ID)


class TestWaiting:
    async def test_for_the_end_of_a_timer_and_of_its_runs(self, names: dict[str, Any]) -> None:
        """The reasons, and what goes with them."""
        timers, emulator, job_id = names["timers"], names["emulator"], names["job_id"]
        seen: list[int] = []
        ended = await timers.wait_for_timer(names["ended_job_id"], progress=lambda job: seen.append(job["n_runs"]))
        assert (ended.reason, seen, ended.gare) == (TimerEndReason.ENDED, [1], None)
        assert "ended" in repr(ended)
        assert "nightly" not in ended._repr_html_()
        second = await timers.wait_for_timer_run(job_id, 2)
        assert second.reason is TimerEndReason.RAN
        assert second.last_result is not None
        assert second.last_result["run_status"] == "SUCCEEDED"
        await timers.pause_job(job_id)
        for wait in (timers.wait_for_timer(job_id), timers.wait_for_timer_run(job_id)):
            paused = await wait
            assert (paused.reason, paused.gare) == (TimerEndReason.INACTIVE, None)
        await timers.resume_job(job_id)
        emulator.auth.consents.rescind(
            next(
                each.id
                for each in emulator.auth.consents.of(frozenset(emulator.directory.identities))
                if len(each.path) > 1
            )
        )
        await emulator.advance(86400)
        inactive = await timers.wait_for_timer(job_id)
        assert inactive.reason is TimerEndReason.INACTIVE
        assert inactive.gare is not None
        assert inactive.gare.authorization_parameters.required_scopes == [str(TimersClient.transfer_timer_scope())]

    async def test_polls_are_shared_and_end(self) -> None:
        """Waits share their polls; a time limit, a deletion and the next run end them."""
        polls: list[str] = []
        jobs = {"status": "loaded", "n_runs": 4, "activity": {"code": "run_in_progress"}, "job_id": ID}

        def respond(request: httpx.Request) -> httpx.Response:
            polls.append(request.url.path)
            if request.url.path.endswith(OTHER) and len(polls) > 2:
                return httpx.Response(404, json={"error": {"code": "NOT_FOUND", "detail": "gone", "status": 404}})
            running = len(polls) < 9
            return httpx.Response(200, json={**jobs, "activity": {"code": "run_in_progress"} if running else None})

        clock = FakeClock(skipping=True)
        http = httpx.AsyncClient(transport=httpx.MockTransport(respond))
        async with http, Transport(http_client=http, clock=clock) as transport:
            timers = TimersClient(transport=transport)
            deleted = await timers.wait_for_timer(OTHER, polling_interval=1)
            assert (deleted.reason, len(polls)) == (TimerEndReason.DELETED, 3)
            with pytest.raises(NotFound):
                await timers.wait_for_timer(OTHER, polling_interval=1)
            timed_out = await timers.wait_for_timer(ID, timeout=2, polling_interval=1)
            assert timed_out.reason is TimerEndReason.TIMED_OUT
            assert timed_out.last_result is None
            ran = await timers.wait_for_timer_run(ID, polling_interval=1)
            assert (ran.reason, ran.timer["n_runs"]) == (TimerEndReason.RAN, 4)
            with pytest.raises(GlobusSDKUsageError, match="number"):
                await timers.wait_for_timer_run(ID, 0)
