"""The path of a call is short: few frames between a method and httpx, and each body is decoded once."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any, cast

import httpx
import pytest

import globus_async
from globus_async import AccessTokenAuthorizer, GlobusAPIError, RetryPolicy, Transport
from globus_async._http.json_reader import decode_json
from globus_async.services.auth import AuthClient
from globus_async.services.transfer import TransferClient
from tests.toolkit.clock import FakeClock
from tests.toolkit.scripted import ORIGIN, Scripted, Step, respond

PACKAGE = str(Path(globus_async.__file__).parent)
MAX_FRAMES = 5
ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"


class RecordingClient(httpx.AsyncClient):
    """Records the frames of the package that are above each ``send``, the innermost first."""

    def __init__(self, *steps: Step) -> None:
        super().__init__(transport=httpx.MockTransport(Scripted(*steps)))
        self.frames: list[list[str]] = []

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Record the frames, and send the request."""
        frames: list[str] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(PACKAGE):
                frames.append(frame.f_code.co_name)
            frame = frame.f_back
        self.frames.append(frames)
        return await super().send(request, **options)


@asynccontextmanager
async def transport(*steps: Step) -> AsyncGenerator[tuple[Transport, RecordingClient]]:
    """Make a transport over a recording client."""
    async with RecordingClient(*steps) as http, Transport(http_client=http, clock=FakeClock(skipping=True)) as made:
        yield made, http


TRANSFER_CALLS: dict[str, Callable[[TransferClient], Awaitable[Any]]] = {
    "get_endpoint": lambda tc: tc.get_endpoint(ID),
    "update_endpoint": lambda tc: tc.update_endpoint(ID, {"display_name": "x"}),
    "get": lambda tc: tc.get("/v0.10/x"),
    "post": lambda tc: tc.post("/v0.10/x", {}),
}


@pytest.mark.parametrize("name", TRANSFER_CALLS)
async def test_frames_between_a_method_and_httpx(name: str) -> None:
    """At most five, the method's own included."""
    async with transport(respond(200)) as (made, http):
        await TRANSFER_CALLS[name](TransferClient(authorizer=AccessTokenAuthorizer("AgX1"), transport=made))
    (frames,) = http.frames
    assert frames[-1] == name
    assert len(frames) <= MAX_FRAMES, frames


async def test_frames_of_an_auth_call() -> None:
    """The same for calls of Globus Auth."""
    async with transport(respond(200, {"active": False})) as (made, http):
        await AuthClient(transport=made).get_openid_configuration()
    (frames,) = http.frames
    assert frames[-1] == "get_openid_configuration"
    assert len(frames) <= MAX_FRAMES, frames


async def test_frames_of_a_page() -> None:
    """A page of a listing needs no further frames below the function that fetches it."""
    async with transport(respond(200, {"DATA": []})) as (made, http):
        await TransferClient(transport=made).task_list()
    (frames,) = http.frames
    assert len(frames[: frames.index("fetch") + 1]) < MAX_FRAMES, frames


@contextmanager
def counted_calls(function: FunctionType) -> Generator[list[FrameType]]:
    """Record the frame of each call of a function in this thread."""
    calls: list[FrameType] = []

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is function.__code__:
            calls.append(frame)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize(
    ("status", "document", "attempts"),
    [
        (404, {"code": "EndpointNotFound", "message": "gone"}, 1),
        (403, {"code": "ConsentRequired", "required_scopes": ["a"]}, 1),
        (409, {"code": "ClientError.Conflict"}, 1),
        (502, {"code": "ExternalError.DirListingFailed"}, 1),
        (500, {"code": "InternalError"}, 3),
        (400, "no object", 1),
    ],
)
async def test_an_error_body_is_decoded_once(status: int, document: object, attempts: int) -> None:
    """For the retry decision, the choice of the error class and the error itself together."""
    service = Scripted(respond(status, document))
    async with service.transport() as made:
        tc = TransferClient(base_url=ORIGIN, transport=made, retry=RetryPolicy(max_retries=2))
        with counted_calls(cast("FunctionType", decode_json)) as calls, pytest.raises(GlobusAPIError) as caught:
            await tc.get_endpoint(ID)
    assert len(service.requests) == attempts
    assert len(calls) == attempts
    assert caught.value.raw_json == document
