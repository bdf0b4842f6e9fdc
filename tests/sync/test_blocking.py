"""Clients without an event loop: what they return, how they fail, and how they end."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from types import FrameType
from typing import Any

import pytest

from globus_async import (
    AccessTokenAuthorizer,
    BaseClient,
    ClientClosedError,
    GlobusConnectionError,
    GlobusSDKUsageError,
    GroupsClient,
    GroupsManager,
    SearchClient,
    TransferClient,
    TransferData,
    Transport,
    UserApp,
)
from globus_async.emulator.server import LoopbackServer
from globus_async.scopes import GroupsScopes, SearchScopes
from globus_async.services.transfer import EndpointNotFound
from globus_async.sync import blocking, bulk
from globus_async.testing import Collection, GlobusEmulator
from tests.sync.conftest import Serve
from tests.toolkit.raw_server import Received, Script, Send, Stall, ok

UNKNOWN = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
NAME = "globus_async blocking client"


def loop_threads() -> list[threading.Thread]:
    """Return the threads of blocking clients."""
    return [thread for thread in threading.enumerate() if thread.name == NAME]


@pytest.fixture(autouse=True)
def _threads_end() -> Iterator[None]:
    """No test leaves a thread."""
    yield
    gc.collect()
    for thread in loop_threads():
        thread.join(5)
    assert loop_threads() == []


# results


def test_coroutines_listings_and_bulks_block(lab: Collection, authorizer: AccessTokenAuthorizer) -> None:
    """Each has its plain form, and what is no coroutine is as it was."""
    with blocking(TransferClient, authorizer=authorizer) as tc:
        assert tc.get_endpoint(lab.id)["display_name"] == "Lab storage"
        listing = tc.operation_ls(lab.id)
        assert [entry["name"] for entry in listing] == ["a.txt", "b.txt", "c.txt"]
        assert [page["path"] for page in listing.pages()] == ["/~/"]
        assert listing.result()["path"] == "/~/"
        assert len(listing.list()) == 3
        with listing.prefetch() as entries:
            assert next(entries)["name"] == "a.txt"
        with tc.get_endpoints([lab.id, UNKNOWN]) as outcomes:
            assert sorted(outcome.error is None for outcome in outcomes) == [False, True]
        assert [entry["name"] for entry in tc.operation_walk(lab.id)] == ["a.txt", "b.txt", "c.txt"]
        assert tc.environment == "production"
        assert str(tc.data_access_scope([lab.id])).startswith("urn:")
        assert tc.wrapped.app_name is None
        tc.app_name = "Nightly"
        assert tc.wrapped.app_name == "Nightly"
        assert "operation_ls" in dir(tc)
        assert repr(tc).startswith("<blocking ")


def test_a_task_is_submitted_and_waited_for(
    lab: Collection, authorizer: AccessTokenAuthorizer, globus_emulator: GlobusEmulator, globus_server: LoopbackServer
) -> None:
    """As a script does it."""
    with blocking(TransferClient, authorizer=authorizer) as tc:
        data = TransferData(source_endpoint=lab.id, destination_endpoint=lab.id)
        data.add_item("/a.txt", "/copy.txt")
        task_id = tc.submit_transfer(data)["task_id"]
        assert tc.task_wait(task_id, timeout=30, polling_interval=1)
        assert tc.get_task(task_id)["status"] == "SUCCEEDED"
        assert [task["status"] for task in tc.task_watch(task_id)] == ["SUCCEEDED"]


def test_clients_of_other_services(
    globus_emulator: GlobusEmulator, globus_server: LoopbackServer, lab: Collection
) -> None:
    """An ingest is an iterable or a result; a manager takes a blocking client."""

    def own(scope: object) -> AccessTokenAuthorizer:
        return AccessTokenAuthorizer(globus_emulator.access_token(scopes=[str(scope)]))

    entries = [{"subject": f"s{number}", "visible_to": ["public"], "content": {}} for number in range(3)]
    with blocking(SearchClient, authorizer=own(SearchScopes.all)) as sc:
        index = sc.create_index("Samples", "Of one year")["id"]
        ingest = sc.ingest_entries(index, entries, max_batch_entries=2, wait=False)
        assert next(ingest).number == 0
        assert [batch.number for batch in ingest] == [1]
        assert sc.ingest_entries(index, []).result() == []
    member = globus_emulator.add_identity("ada@example.org")
    with blocking(GroupsClient, authorizer=own(GroupsScopes.all)) as groups:
        manager = blocking(GroupsManager, groups)
        group_id = manager.create_group("Lab", "People")["id"]
        assert manager.add_member(group_id, member.id)["add"][0]["status"] == "active"


def test_bulk_takes_a_blocking_method(lab: Collection, authorizer: AccessTokenAuthorizer) -> None:
    """All of `bulk`: outcomes in order, values, progress; and a function that is none is refused."""
    progress: list[int] = []
    with blocking(TransferClient, authorizer=authorizer) as tc:
        done = bulk(tc.get_endpoint, [lab.id, UNKNOWN], progress=lambda state: progress.append(state.done))
        assert [outcome.error is None for outcome in done.result()] == [True, False]
        assert progress == [1, 2]
        assert [endpoint["id"] for endpoint in bulk(tc.get_endpoint, [lab.id]).values()] == [lab.id]
        with pytest.raises(GlobusSDKUsageError, match=r"method of a blocking client.*tc\.run"):
            bulk(lambda endpoint_id: tc.get_endpoint(endpoint_id), [lab.id])  # noqa: PLW0108 -- what people write
        with pytest.raises(TypeError, match="using 'with'"):
            iter(done)  # type: ignore[call-overload]


class Notes(BaseClient):
    """A client of a user's own."""

    service_name = "transfer"

    def refuse(self, secret: str) -> str:
        """Refuse an argument."""
        del secret
        raise GlobusSDKUsageError("refused")

    async def first(self) -> str:
        """Return a number."""
        return "1"

    async def all(self) -> AsyncIterator[int]:
        """Yield numbers."""
        for number in range(3):
            yield number


def test_a_client_of_ones_own() -> None:
    """Its methods block, too; `run` and `iterate` are for type checkers."""
    with blocking(Notes) as notes:
        assert notes.run(notes.wrapped.first()) == "1"
        assert list(notes.iterate(notes.wrapped.all())) == [0, 1, 2]
        assert notes.first() == "1"  # type: ignore[attr-defined]
        with pytest.raises(TypeError, match="'Notes' object is not iterable"):
            iter(notes)  # type: ignore[call-overload]
        with pytest.raises(AttributeError, match=r"globus-sdk.*paginated"):
            notes.paginated  # type: ignore[attr-defined] # noqa: B018


def test_an_app_shares_its_event_loop(
    globus_emulator: GlobusEmulator, lab: Collection, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app and its clients have one thread; the app ends it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    client = globus_emulator.add_client("Nightly")
    with blocking(UserApp, "Nightly", client_id=client.id) as app, blocking(TransferClient, app=app) as tc:
        assert app.login_required()
        assert len(loop_threads()) == 1
        assert tc.add_app_data_access_scope(lab.id) is tc
    with pytest.raises(ClientClosedError):
        tc.get_endpoint(lab.id)
    first, second = blocking(Transport), blocking(Transport)
    with pytest.raises(GlobusSDKUsageError, match="different event loops"):
        blocking(TransferClient, app=first, transport=second)  # type: ignore[call-overload]


# errors


def test_errors_keep_their_type_and_traceback(lab: Collection, authorizer: AccessTokenAuthorizer) -> None:
    """The traceback has the line of the caller and the method; the arguments are not among the local variables."""
    with blocking(TransferClient, authorizer=authorizer) as tc:
        with pytest.raises(EndpointNotFound) as raised:
            tc.get_endpoint(UNKNOWN)
        functions = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
        assert functions[0] == "test_errors_keep_their_type_and_traceback"
        assert "get_endpoint" in functions
        assert "_run" not in functions
        with pytest.raises(GlobusSDKUsageError, match="UUID"):
            tc.get_endpoint("Lab storage")


def test_arguments_are_no_locals_of_a_traceback() -> None:
    """A secret that an argument has is not shown by tools that print local variables."""

    def refuse(secret: str) -> Any:
        del secret
        raise GlobusSDKUsageError("refused")

    with blocking(Notes) as notes:
        calls: tuple[Callable[[], object], ...] = (
            lambda: blocking(refuse, "canary"),
            lambda: blocking(refuse, secret="canary"),
            lambda: notes.refuse("canary"),  # type: ignore[attr-defined]
        )
        for call in calls:
            with pytest.raises(GlobusSDKUsageError) as raised:
                call()
            shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
            frames = [frame for frame in shown.stack if "sync" in frame.filename and "tests" not in frame.filename]
            assert frames
            assert "canary" not in str([frame.locals for frame in frames])


def test_an_error_is_in_no_cycle(serve: Serve) -> None:
    """It is freed with the block that handles it, so that its connection and documents are."""
    with serve(lambda _: [Send(ok())]) as server, blocking(BaseClient, base_url=server.url) as client:

        def call() -> weakref.ref[Exception]:
            try:
                client.run(fail())
            except LookupError as error:
                return weakref.ref(error)
            raise AssertionError

        class Failure(LookupError):
            pass

        async def fail() -> None:
            raise Failure

        async def nothing() -> None: ...

        gc.disable()
        try:
            failure = call()
            for _ in range(2):
                client.run(nothing())  # the loop has discarded the call before by then
            assert failure() is None
        finally:
            gc.enable()


def test_a_call_inside_an_event_loop_is_refused(lab: Collection, authorizer: AccessTokenAuthorizer) -> None:
    """It would stop the loop; no coroutine is left that was never awaited."""
    tc = blocking(TransferClient, authorizer=authorizer)

    async def main() -> None:
        for call in (lambda: tc.get_endpoint(lab.id), lambda: list(tc.task_list()), tc.__enter__):
            with pytest.raises(GlobusSDKUsageError, match="inside a running event loop"):
                call()

    asyncio.run(main())
    assert tc.get_endpoint(lab.id)["id"] == lab.id

    def progress(_: object) -> None:
        tc.get_endpoint(lab.id)

    with pytest.raises(GlobusSDKUsageError, match="in callbacks"):
        bulk(tc.get_endpoint, [lab.id], progress=progress).result()
    tc.close()


def test_closing_inside_an_event_loop_is_refused(lab: Collection, authorizer: AccessTokenAuthorizer) -> None:
    """It would wait for a thread; the client stays open."""
    with blocking(TransferClient, authorizer=authorizer) as tc:
        with pytest.raises(GlobusSDKUsageError, match="inside a running event loop"):
            bulk(tc.get_endpoint, [lab.id], progress=lambda _: tc.close()).result()
        assert tc.get_endpoint(lab.id)["id"] == lab.id


def test_misuse_says_what_to_write(lab: Collection, authorizer: AccessTokenAuthorizer) -> None:
    """Habits of coroutines and of globus-sdk."""
    with blocking(TransferClient, authorizer=authorizer) as tc:
        mistakes: tuple[tuple[Callable[[], object], str], ...] = (
            (lambda: tc.task_list()["total"], r"result of the Pages first: \.result\(\)\['total'\]"),  # type: ignore[index]
            (lambda: bulk(tc.get_task, [UNKNOWN])[0], r"result of the Bulk first: \.result\(\)\[0\]"),  # type: ignore[index]
            (lambda: tc["total"], "'TransferClient' object is not subscriptable"),  # type: ignore[index]
            (lambda: tc.run(tc.get_endpoint(lab.id)), r"must be a coroutine, .*; got a value of type GlobusHTTP"),  # type: ignore[arg-type]
            (lambda: blocking(tc.wrapped), r"must be a class, as in blocking\(TransferClient.*; got a value of type"),  # type: ignore[call-overload]
        )
        for mistake, message in mistakes:
            with pytest.raises((TypeError, GlobusSDKUsageError), match=message):
                mistake()

        async def enter() -> None:
            async with tc:  # type: ignore[attr-defined]
                pass

        with pytest.raises(TypeError, match="use 'with', not 'async with'; in coroutines use TransferClient itself"):
            asyncio.run(enter())


def test_exit_of_a_callback_leaves_the_loop_running(lab: Collection, authorizer: AccessTokenAuthorizer) -> None:
    """`SystemExit` is raised where the call was made."""

    def progress(_: object) -> None:
        sys.exit(3)

    with blocking(TransferClient, authorizer=authorizer) as tc:
        with pytest.raises(SystemExit):
            bulk(tc.get_endpoint, [lab.id], progress=progress).result()
        assert tc.get_endpoint(lab.id)["id"] == lab.id


def test_blocking_clients_are_not_pickled(authorizer: AccessTokenAuthorizer) -> None:
    """Nor their methods: another process makes its own."""
    with blocking(TransferClient, authorizer=authorizer) as tc:
        for each in (tc, tc.get_task):
            with pytest.raises(TypeError, match="pickle"):
                pickle.dumps(each)


# cancellation


class Interrupted(Exception):
    """What a time limit raises in the main thread, as Celery's does."""


@pytest.fixture
def _interruptible() -> Iterator[None]:
    def handle(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, handle)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_cancels_the_call(serve: Serve) -> None:
    """The wait ends when the call has: its connection is closed, its ``finally`` blocks were run."""
    cleaned: list[str] = []

    def script(request: Received) -> Script:
        if request.target == "/stall":
            os.kill(os.getpid(), signal.SIGUSR1)
            return [Stall()]
        return [Send(ok())]

    with serve(script) as server, blocking(BaseClient, base_url=server.url) as client:

        async def call() -> None:
            try:
                await client.wrapped.get("/stall")
            finally:
                cleaned.append("call")

        with pytest.raises(Interrupted):
            client.run(call())
        assert cleaned == ["call"]
        assert client.get("/ok").http_status == 200


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_ends_the_block(serve: Serve) -> None:
    """Its connections and its thread end."""

    def script(request: Received) -> Script:
        os.kill(os.getpid(), signal.SIGUSR1)
        return [Stall()]

    with (
        serve(script) as server,
        pytest.raises(Interrupted),
        blocking(BaseClient, base_url=server.url) as client,
    ):
        client.get("/stall")
    assert loop_threads() == []


def test_a_time_limit_cancels_the_call() -> None:
    """With the `TimeoutError` of `asyncio.timeout`."""
    cleaned: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("wait")

    with blocking(Notes) as notes, pytest.raises(TimeoutError):
        notes.run(wait(), timeout=0.01)
    assert cleaned == ["wait"]


@pytest.mark.parametrize("timeout", [0, -1, math.nan, True, "5"])
def test_a_bad_time_limit(timeout: Any) -> None:
    """It is refused at once, and no coroutine is left that was never awaited."""
    begun: list[str] = []

    async def call() -> None:
        begun.append("call")

    with blocking(Notes) as notes, pytest.raises(GlobusSDKUsageError, match="timeout must be a number, above 0"):
        notes.run(call(), timeout=timeout)
    assert not begun
    gc.collect()  # a warning would be an error


# threads, context variables


def test_threads_share_a_client(lab: Collection, authorizer: AccessTokenAuthorizer) -> None:
    """Their calls are made concurrently, in one event loop."""
    names: list[object] = []
    with blocking(TransferClient, authorizer=authorizer) as tc:
        start = threading.Barrier(8)

        def work() -> None:
            start.wait(5)
            names.extend(tc.get_endpoint(lab.id)["display_name"] for _ in range(5))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(loop_threads()) == 1
    assert names == ["Lab storage"] * 40


def test_closing_ends_the_calls_of_other_threads(serve: Serve) -> None:
    """They raise an error; none waits for ever."""
    arrived = threading.Event()
    errors: list[BaseException] = []

    def script(request: Received) -> Script:
        arrived.set()
        return [Stall()]

    with serve(script) as server:
        client = blocking(BaseClient, base_url=server.url)

        def work() -> None:
            try:
                client.get("/stall")
            except BaseException as error:  # noqa: BLE001 -- checked below
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        arrived.wait(5)
        client.close()
        thread.join(5)
        client.close()
        assert [type(error) for error in errors] == [GlobusConnectionError]  # as with 'await', while it is sent
        with pytest.raises(ClientClosedError):
            client.get("/")


def test_a_coroutine_that_outlives_the_client_is_cancelled() -> None:
    """Whatever it is: the loop ends with all its tasks."""
    started = threading.Event()
    outcome: list[type[BaseException]] = []
    notes = blocking(Notes)

    async def wait() -> None:
        started.set()
        await asyncio.Event().wait()

    def work() -> None:
        try:
            notes.run(wait())
        except BaseException as error:  # noqa: BLE001 -- checked below
            outcome.append(type(error))

    thread = threading.Thread(target=work)
    thread.start()
    started.wait(5)
    notes.close()
    thread.join(5)
    assert outcome == [ClientClosedError]


def test_context_variables_are_those_of_the_caller() -> None:
    """Of the call, not of the one that started the loop."""
    variable: ContextVar[str] = ContextVar("variable", default="none")

    async def read() -> str:
        return variable.get()

    with blocking(Notes) as notes:
        assert notes.run(read()) == "none"
        token = variable.set("caller")
        assert notes.run(read()) == "caller"
        variable.reset(token)


# the end


def test_a_client_that_is_dropped_ends_its_thread(serve: Serve) -> None:
    """With the last object that uses it: a method holds it, too."""
    with serve(lambda _: [Send(ok())]) as server:
        client = blocking(BaseClient, base_url=server.url)
        get = client.get
        gone = weakref.ref(client)
        del client
        assert get("/").http_status == 200
        (thread,) = loop_threads()
        del get
        gc.collect()
        thread.join(5)
        assert gone() is None
        assert not thread.is_alive()
        for _ in range(500):  # until the server has noticed
            if server.open:
                threading.Event().wait(0.01)
        assert server.open == 0


def test_a_client_that_is_dropped_is_not_kept_by_the_event_loop_that_it_shares() -> None:
    """A program may make one for each of its requests, and not close it: the connections are those of the app."""
    with blocking(UserApp, "sync", client_id=UNKNOWN) as app:
        client = blocking(TransferClient, app=app)
        gone = weakref.ref(client.wrapped)
        del client
        gc.collect()
        assert gone() is None


def test_no_thread_is_started_for_a_refused_client() -> None:
    """Nor before the first call."""
    with pytest.raises(GlobusSDKUsageError):
        blocking(TransferClient, authorizer="token")  # type: ignore[call-overload]
    client = blocking(TransferClient)
    assert loop_threads() == []
    client.close()


def in_child(work: Callable[[], None]) -> int:
    """Run something in a forked child; return how it ended."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 -- shown
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("used_before", [False, True])
def test_a_forked_child_has_a_loop_of_its_own(serve: Serve, *, used_before: bool) -> None:
    """As in a worker of Celery that was forked after the client was made; the parent's connection stays whole."""
    with serve(lambda _: [Send(ok())]) as server, blocking(BaseClient, base_url=server.url) as client:
        if used_before:
            client.get("/parent")

        def work() -> None:
            assert client.get("/child").http_status == 200
            assert client.get("/child").http_status == 200
            client.close()

        assert in_child(work) == 0
        assert client.get("/parent").http_status == 200
        connections = {request.target: request.connection for request in server.requests}
        assert connections["/parent"] != connections["/child"]
        assert server.connections == 2


SCRIPT = """
import sys
from globus_async import BaseClient
from globus_async.sync import blocking

client = blocking(BaseClient, base_url=sys.argv[1])  # not closed, as a module-level client of a worker
print(client.get("/").http_status, flush=True)
{end}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("end", "code"), [("", 0), ("raise SystemExit(4)", 4), ("raise ValueError", 1)])
def test_the_end_of_the_process_closes_a_client(serve: Serve, end: str, code: int) -> None:
    """Whichever way it ends, without a warning."""
    with serve(lambda _: [Send(ok())]) as server:
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "always", "-c", SCRIPT.format(end=end), server.url],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert (done.returncode, done.stdout.split()) == (code, ["200"])
    assert done.stderr == "" if not code % 4 else "ValueError" in done.stderr
    assert "Warning" not in done.stderr
