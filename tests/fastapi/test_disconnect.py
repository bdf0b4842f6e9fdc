"""Clients that disconnect: their requests are cancelled, without an effect on later ones."""

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI, Request, Security
from fastapi.responses import FileResponse, StreamingResponse
from starlette.background import BackgroundTask
from starlette.types import Message, Receive, Scope, Send

from globus_async import TransferClient, Transport
from globus_async.emulator.server import listen, serving
from globus_async.fastapi import CancelOnDisconnect, GlobusBackend, add_error_handlers
from globus_async.scopes import TransferScopes
from globus_async.testing import GlobusEmulator, ManualClock
from globus_async.testing.faults import latency


async def test_an_error_of_an_outer_middleware_reaches_the_handler() -> None:
    """A body that is refused while it is read ends the request."""

    class TooLarge(Exception):
        pass

    async def refuse() -> Message:
        raise TooLarge

    async def unused(message: Message) -> None:
        raise AssertionError(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(TooLarge):
            await receive()
        await receive()

    async with asyncio.timeout(5):
        with pytest.raises(TooLarge):
            await CancelOnDisconnect(app)({"type": "http"}, refuse, unused)


@pytest.mark.parametrize("placing", ["outside", "inside", "both"])
@pytest.mark.parametrize("is_started", [False, True])
async def test_a_disconnect_beside_middlewares_for_requests(placing: str, is_started: bool) -> None:
    """Those of ``@app.middleware("http")``: they report no missing response, and the handler is cancelled."""
    app = FastAPI()
    statuses: list[int] = []
    ended = asyncio.Event()

    async def note(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        statuses.append(response.status_code)
        return response

    if placing != "outside":
        app.middleware("http")(note)
    app.add_middleware(CancelOnDisconnect)
    if placing != "inside":
        app.middleware("http")(note)
    gone = asyncio.Event()

    async def forever() -> AsyncIterator[str]:
        try:
            if is_started:
                yield "first"
            gone.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    @app.get("/")
    async def slow() -> Any:
        if is_started:
            return StreamingResponse(forever())
        return [each async for each in forever()]

    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        for message in requests:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        del message  # as servers do after a disconnect

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    async with asyncio.timeout(5):
        await app(scope, receive, send)
        await ended.wait()
    expected = {"outside": 1, "inside": 0, "both": 1}[placing] if not is_started else {"both": 2}.get(placing, 1)
    assert statuses == [200 if is_started else 499] * expected


class ServedApplication:
    """An application on a socket, which calls a Globus on another one."""

    def __init__(self, app: FastAPI, emulator: GlobusEmulator, url: str, token: str) -> None:
        self.app = app
        self.emulator = emulator
        self.url = url
        self.token = token
        self.inside = 0
        self.ended = asyncio.Event()

    async def call(self, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request, and do not wait for the response."""
        url = httpx.URL(self.url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode())
        await writer.drain()
        return reader, writer

    async def until(self, inside: int) -> None:
        """Wait until so many handlers are at work."""
        for _ in range(4000):
            if self.inside == inside:
                return
            await asyncio.sleep(0.005)
        raise TimeoutError(f"{self.inside} handlers are at work, not {inside}")


@pytest.fixture
async def served() -> AsyncIterator[ServedApplication]:
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(GlobusEmulator())
        ada = emulator.add_identity("ada@example.org")
        endpoint = emulator.add_collection("Lab", owner=ada)
        globe = await stack.enter_async_context(emulator.serve())
        registered = emulator.add_client("API", secret="s3cret")
        scope = emulator.auth.add_scope(registered, "all", dependencies=[str(TransferScopes.all)]).scope_string
        globus = GlobusBackend(
            registered.id,
            "s3cret",
            scopes={scope: "Use it"},
            service_urls={"auth": globe.url, "transfer": globe.url},
            rate_limit=None,
            transport=lambda: Transport(max_in_flight=10),
        )
        app = FastAPI(lifespan=globus.lifespan)
        app.add_middleware(CancelOnDisconnect)
        add_error_handlers(app)
        token = emulator.access_token(ada, scopes=[scope])
        served = ServedApplication(app, emulator, "", token)
        tasks = Security(globus.client(TransferClient, TransferScopes.all), scopes=[scope])

        @app.get("/endpoint")
        async def get_endpoint(tc: Annotated[TransferClient, tasks]) -> Any:
            served.inside += 1
            try:
                return (await tc.get_endpoint(endpoint.id))["display_name"]
            finally:
                served.inside -= 1

        @app.post("/echo")
        async def echo(request: Request) -> int:
            return len(await request.body())

        @app.get("/background")
        async def background(later: BackgroundTasks) -> str:
            async def work() -> None:
                await asyncio.sleep(0.05)
                served.ended.set()

            later.add_task(work)
            return "ok"

        @app.get("/stream")
        async def stream() -> StreamingResponse:
            async def events() -> AsyncIterator[bytes]:
                served.inside += 1
                try:
                    for _ in range(10_000):
                        yield b"data: 1\n\n"
                        await asyncio.sleep(0.01)
                finally:
                    served.inside -= 1

            return StreamingResponse(events(), media_type="text/event-stream")

        await stack.enter_async_context(globus.lifespan(app))
        served.url = await stack.enter_async_context(serving(app, listen("127.0.0.1", 0)))
        yield served


@pytest.mark.slow
async def test_500_disconnects_do_not_slow_down_the_application(served: ServedApplication) -> None:
    """All clients disconnect during a call to Globus, or while waiting for one of its ten slots."""
    asyncio.get_running_loop().set_debug(False)
    headers = {"Authorization": f"Bearer {served.token}"}

    async def pace(browser: httpx.AsyncClient) -> tuple[float, float]:
        """Return the seconds that a call takes, and those of the processor."""
        began, worked = time.perf_counter(), time.process_time()
        for _ in range(100):
            assert (await browser.get("/endpoint", headers=headers)).json() == "Lab"
        return (time.perf_counter() - began) / 100, (time.process_time() - worked) / 100

    async with httpx.AsyncClient(base_url=served.url) as browser:
        await pace(browser)
        before = await pace(browser)
        tasks = len(asyncio.all_tasks())
        stopped = ManualClock()
        served.emulator.faults.add("GET", "/v0.10/endpoint/*", latency(3600, clock=stopped), times=500)
        connections = [await served.call("/endpoint") for _ in range(500)]
        await served.until(500)
        for _, writer in connections:
            writer.transport.abort()
        await served.until(0)
        served.emulator.faults.clear()
        await stopped.advance(3600)  # the handlers of the emulator end, which are not cancelled
        after = await pace(browser)
        assert await places(served, browser, headers) == 10
    for _ in range(1000):
        if len(asyncio.all_tasks()) <= tasks:
            break
        await asyncio.sleep(0.01)
    assert len(asyncio.all_tasks()) <= tasks
    figures = [f"{1000 * wall:.2f} ms, {1000 * cpu:.2f} ms of the processor" for wall, cpu in (before, after)]
    print(f"a call takes {figures[0]} before and {figures[1]} after 500 disconnects")  # noqa: T201
    assert after[1] < 1.5 * before[1]


async def places(served: ServedApplication, browser: httpx.AsyncClient, headers: dict[str, str]) -> int:
    """Count how many calls the application has under way at once, when there are more than it lets through."""
    held, most = ManualClock(), 0
    under_way = 0

    async def hold(app: Any, scope: Any, receive: Any, send: Any) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await held.sleep(60)
        under_way -= 1
        await app(scope, receive, send)

    served.emulator.faults.add("GET", "/v0.10/endpoint/*", hold, times=15)
    calls = [asyncio.create_task(browser.get("/endpoint", headers=headers)) for _ in range(15)]
    while not all(call.done() for call in calls):
        await asyncio.sleep(0.02)
        if under_way == min(10, sum(not call.done() for call in calls)):
            await held.advance(60)
    assert {call.result().status_code for call in calls} == {200}
    return most


async def test_connected_clients_are_not_affected(served: ServedApplication) -> None:
    """Bodies of requests and responses arrive completely, also in parts."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 1000
            await asyncio.sleep(0.001)

    async with httpx.AsyncClient(base_url=served.url) as browser:
        assert (await browser.post("/echo", content=pieces())).json() == 5000
        assert (await browser.post("/echo", content=b"")).json() == 0


async def test_background_tasks_are_completed(served: ServedApplication) -> None:
    """They run after the response, when most clients have disconnected."""
    reader, writer = await served.call("/background")
    await reader.readuntil(b'"ok"')
    writer.transport.abort()
    async with asyncio.timeout(5):
        await served.ended.wait()


@pytest.mark.parametrize("extensions", [{}, {"http.response.pathsend": {}}], ids=["body", "file sent by the server"])
async def test_background_tasks_after_a_file(extensions: dict[str, Any], tmp_path: Path) -> None:
    """Servers with this extension of ASGI get the name of a file, and no body."""
    (tmp_path / "file").write_text("content")
    app, sent, completed = FastAPI(), asyncio.Event(), asyncio.Event()
    app.add_middleware(CancelOnDisconnect)

    async def work() -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        completed.set()

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(tmp_path / "file", media_type="text/plain", background=BackgroundTask(work))

    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] != "http.response.start" and not message.get("more_body", False):
            sent.set()

    versions = {"version": "3.0", "spec_version": "2.4"}
    scope = {"type": "http", "asgi": versions, "method": "GET", "path": "/file", "query_string": b"", "headers": []}
    await app({**scope, "extensions": extensions}, receive, send)
    assert completed.is_set()


async def test_a_stream_ends_when_its_client_disconnects(served: ServedApplication) -> None:
    """Server-sent events are not sent any more."""
    readers = [await served.call("/stream") for _ in range(20)]
    await served.until(20)
    await readers[0][0].readuntil(b"data: 1\n\n")
    for _, writer in readers:
        writer.transport.abort()
    await served.until(0)


async def test_other_protocols_are_not_affected() -> None:
    """Such as the lifespan of an application."""
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["type"], receive, send))

    await CancelOnDisconnect(app)({"type": "lifespan"}, 1, 2)  # type: ignore[arg-type]
    assert seen == [("lifespan", 1, 2)]


async def test_a_handler_that_does_not_wait_has_no_task_beside_it() -> None:
    """Neither before nor after it has read the body; so that most requests cost little more."""
    beside: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert await receive() == {"type": "http.request", "body": b"1", "more_body": True}
        assert await receive() == {"type": "http.request", "body": b"2", "more_body": False}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        beside.append(len(asyncio.all_tasks()))

    messages = [
        {"type": "http.request", "body": b"2", "more_body": False},
        {"type": "http.request", "body": b"1", "more_body": True},
    ]

    async def receive() -> Message:
        return messages.pop()

    async def send(message: Message) -> None:
        del message

    tasks = len(asyncio.all_tasks())
    await CancelOnDisconnect(app)({"type": "http"}, receive, send)
    await asyncio.sleep(0)
    assert [*beside, len(asyncio.all_tasks())] == [tasks, tasks]


@pytest.mark.parametrize("reads", [0, 1, 2], ids=lambda reads: f"{reads} reads")
async def test_a_disconnect_before_or_after_the_handler_reads(reads: int) -> None:
    """The handler is cancelled, whether it receives the message of the disconnect itself or not."""
    seen: list[str] = []
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(reads):
            seen.append((await receive())["type"])  # noqa: PERF401 -- one by one, up to the cancellation
        await asyncio.Event().wait()

    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        await asyncio.sleep(0)
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(5):
        await CancelOnDisconnect(app)({"type": "http"}, receive, send)
    assert seen == ["http.request"] * min(reads, 1)
    assert sent[0]["status"] == 499


@pytest.mark.parametrize("is_over", [False, True], ids=["handler at work", "handler ended"])
async def test_a_task_of_the_handler_that_reads(is_over: bool) -> None:
    """Nobody else receives a message as long as it waits for one, and not after the end of the handler."""
    messages: asyncio.Queue[Message] = asyncio.Queue()
    readers = 0

    async def receive() -> Message:
        nonlocal readers
        readers += 1
        try:
            return await messages.get()
        finally:
            readers -= 1

    async def unused(message: Message) -> None:
        raise AssertionError(message)

    async def turns() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    reading: list[asyncio.Future[Message]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reading.append(asyncio.ensure_future(receive()))
        asyncio.get_running_loop().call_later(0.01, messages.put_nowait, {"type": "http.request", "body": b"1"})
        assert (await receive())["body"] == b"1"
        if not is_over:
            await turns()
            assert readers == 1

    async with asyncio.timeout(5):
        await CancelOnDisconnect(app)({"type": "http"}, receive, unused)
        messages.put_nowait({"type": "http.request", "body": b"2"})
        assert (await reading[0])["body"] == b"2"
    await turns()
    assert readers == 0


async def test_a_request_leaves_no_garbage() -> None:
    """Everything is freed at its end, and nothing is left to the garbage collector."""

    class Connected:
        async def receive(self) -> Message:
            await asyncio.Event().wait()
            raise AssertionError

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    async def unused(message: Message) -> None:
        raise AssertionError(message)

    connected = Connected()
    alive = weakref.ref(connected)
    gc.disable()
    try:
        await CancelOnDisconnect(app)({"type": "http"}, connected.receive, unused)
        del connected
        for _ in range(3):
            await asyncio.sleep(0)
        assert alive() is None
    finally:
        gc.enable()
