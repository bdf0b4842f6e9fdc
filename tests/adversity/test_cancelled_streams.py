"""A stream that is cancelled anywhere leaves nothing behind: the next one works, with a single slot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from globus_async import AccessTokenAuthorizer, BaseClient, RetryPolicy, StreamBody, Transport
from tests.toolkit.cancel import MODES, POINTS, every_suspension
from tests.toolkit.clients import client_of
from tests.toolkit.leaks import recorded_problems
from tests.toolkit.raw_server import RawServer, Received, Script, Send, Sleep, ok, reply

pytestmark = pytest.mark.slow

BODY = b"x" * 5000
DRAWN_OUT: Script = [Send(ok(BODY)[:20]), Sleep(0.001), Send(ok(BODY)[20:3000]), Sleep(0.001), Send(ok(BODY)[3000:])]


def scripted(request: Received) -> Script:
    if request.target == "/unavailable":
        return [Send(reply(503, b"{}", headers=[("Retry-After", "0")]))]
    return DRAWN_OUT


async def download(client: BaseClient, path: str = "/") -> None:
    """Read a body to its end."""
    async with client.stream("GET", path) as response:
        received = [chunk async for chunk in response]
    assert b"".join(received) == BODY


class Upload:
    """Sends bodies, and counts those whose source is open."""

    def __init__(self) -> None:
        self.open = 0

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield parts, with pauses before, within and after them."""
        self.open += 1
        try:
            await asyncio.sleep(0)
            yield b"a" * 300_000
            await asyncio.sleep(0.001)
            yield b"b"
            await asyncio.sleep(0)
        finally:
            self.open -= 1
            await asyncio.sleep(0)

    async def __call__(self, client: BaseClient) -> None:
        """Send one, and leave its response unread."""
        async with client.stream("PUT", "/", content=StreamBody(self.parts)):
            pass


async def fail(client: BaseClient) -> None:
    """Make as many attempts as there may be."""
    with pytest.raises(Exception, match="503"):
        await download(client, "/unavailable")


@pytest.mark.parametrize("connection_state", ["cold", "warm"])
@pytest.mark.parametrize("way", ["down", "up", "retried"])
async def test_cancelled_at_every_suspension(
    way: str, connection_state: str, record_property: Callable[[str, object], None]
) -> None:
    """Each point, three modes: it ends cancelled, its source is closed, the next one succeeds, no task is left."""
    upload = Upload()
    stream: dict[str, Callable[[BaseClient], Awaitable[None]]] = {"down": download, "up": upload, "retried": fail}
    retry = RetryPolicy(max_retries=2, base_delay=0)
    async with RawServer(scripted) as server, Transport(max_in_flight=1) as transport:
        authorizer = AccessTokenAuthorizer("abc")
        client = BaseClient(base_url=server.url, transport=transport, authorizer=authorizer, retry=retry)

        async def make() -> None:
            if connection_state == "warm":
                await stream[way](client)
                return
            async with client_of(server.url, max_in_flight=1, authorizer=authorizer, retry=retry) as fresh:
                await stream[way](fresh)

        async def whole() -> None:
            async with asyncio.timeout(1):
                await download(client, "/next")
            assert upload.open == 0
            assert len(asyncio.all_tasks()) - server.open == tasks
            assert server.open <= 2

        await download(client)
        await asyncio.sleep(0.01)
        tasks = len(asyncio.all_tasks()) - server.open
        with recorded_problems() as problems:
            points = await every_suspension(make, whole)
        problems.assert_none()
    record_property(POINTS, points)
    assert points >= 2 * len(MODES)


@pytest.mark.parametrize("kind", ["httpx", "httpx2"])
async def test_cancelled_with_another_client(kind: str, record_property: Callable[[str, object], None]) -> None:
    """Its pool is its own affair; the slot and the source of the body are ours."""
    upload = Upload()
    library = __import__(kind)
    async with RawServer(scripted) as server:

        async def make() -> None:
            async with library.AsyncClient(trust_env=False) as http, Transport(http_client=http) as transport:
                client = BaseClient(base_url=server.url, transport=transport)
                async with client.stream("PUT", "/", content=StreamBody(upload.parts)) as response:
                    assert len(b"".join([chunk async for chunk in response])) == len(BODY)

        async def whole() -> None:
            assert upload.open == 0

        with recorded_problems() as problems:
            points = await every_suspension(make, whole, modes=["pending", "ready"])
        problems.assert_none()
    record_property(POINTS, points)
