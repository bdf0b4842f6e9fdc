"""No id can direct a call to another resource: every method, every parameter that is an id, many hostile values."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from globus_async import AccessTokenAuthorizer, BaseClient, Bulk, GlobusSDKUsageError, Transport
from tests.clients import CALLS, ID, Call
from tests.toolkit.clock import FakeClock
from tests.toolkit.random_cases import cases

pytestmark = pytest.mark.slow

UUIDS = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
IDS = ("_id", "_ids")
MARK = str(UUID(int=0xFEED))
"""An id that occurs nowhere else."""

PLACES = [(call, name) for call in CALLS for name in call.parameters if name.endswith(IDS)]

EXAMPLES, AT_ONCE = cases(12), 40
SNEAKY = st.sampled_from(
    ["", ".", "..", "../task", "%2e%2e", "..%2f", "/", "//", "\\", "?a=b", "#", ";", " ", "%00", "\0", "\r\n", "\u2025"]
)
HOSTILE: st.SearchStrategy[object] = st.one_of(
    st.text(max_size=40),
    st.lists(st.one_of(SNEAKY, st.just(ID)), min_size=1, max_size=4).map("".join),
    st.builds(lambda sneaky, after: ID + sneaky if after else sneaky + ID, SNEAKY, st.booleans()),
    st.integers(),
    st.sampled_from([None, b"x", 1.5, (), {}, ID.replace("-", ""), "{" + ID + "}", f"urn:uuid:{ID}", ID + "\n"]),
)


@asynccontextmanager
async def client_of(call: Call, requests: list[httpx.Request]) -> AsyncGenerator[BaseClient]:
    """Make a client of a service that accepts everything, and record the requests."""

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        document = {"DATA": [], "data": [], "status": "SUCCEEDED", "expires_in": -1, "state": "SUCCESS", "task_id": ID}
        document["task_group_id"] = ID
        return httpx.Response(200, json=document)

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http_client,
        Transport(http_client=http_client, clock=FakeClock(skipping=True)) as transport,
    ):
        yield call.client.make(transport, authorizer=AccessTokenAuthorizer("t0ken"), rate_limit=None)


async def run(client: BaseClient, call: Call, name: str, value: object) -> None:
    """Call with a value; of a listing take the first item, of a bulk call the first outcome's value."""
    changed = Call(call.client, call.method, {name: [value] if name.endswith("_ids") else value})
    result: Any = changed.start(client)
    if isinstance(result, Bulk):
        async with result as outcomes:
            async for outcome in outcomes:
                _ = outcome.value
    elif hasattr(result, "__aiter__"):
        await anext(aiter(result), None)
    else:
        await result


async def ordinary_path(call: Call, name: str) -> list[str]:
    """Return the segments of the path of a call with an ordinary id; ``<id>`` marks the place of the id."""
    requests: list[httpx.Request] = []
    async with client_of(call, requests) as client:
        await run(client, call, name, MARK)
    return ["<id>" if segment == MARK else segment for segment in segments_of(requests[0])]


def segments_of(request: httpx.Request) -> list[str]:
    return request.url.raw_path.decode().partition("?")[0].split("/")


def check_path(call: Call, name: str, value: object, request: httpx.Request, ordinary: list[str]) -> None:
    segments = segments_of(request)
    assert len(segments) == len(ordinary), f"{call}({name}={value!r}) requested {'/'.join(segments)}"
    for segment, expected in zip(segments, ordinary, strict=True):
        if expected == "<id>":
            assert unquote(segment) == str(value) or (UUIDS.fullmatch(segment) and segment == str(value).lower())
            assert unquote(segment) not in {"", ".", ".."}
            assert name in call.client.facts.text_ids or UUIDS.fullmatch(segment), (
                f"{call}({name}={value!r}) is sent, and is no UUID: fill the path with fill_path, or declare text_ids"
            )
        else:
            assert segment == expected


async def try_values(call: Call, name: str, values: list[object]) -> int:
    """Call with each value; return how many calls were sent, each of which went to the right resource."""
    ordinary = await ordinary_path(call, name)
    sent = 0
    requests: list[httpx.Request] = []
    async with client_of(call, requests) as client:
        for value in values:
            requests.clear()
            try:
                await run(client, call, name, value)
            except GlobusSDKUsageError:
                assert not requests, f"{call} sent something before it refused {name}={value!r}"
                continue
            sent += 1
            if requests:
                check_path(call, name, value, requests[0], ordinary)
            else:  # the final state of a task is cached
                assert "wait" in call.method
                assert UUIDS.fullmatch(str(value))
    return sent


@pytest.mark.parametrize(("call", "name"), PLACES, ids=str)
def test_every_id(call: Call, name: str, record_property: Callable[[str, object], None]) -> None:
    """A hostile id is refused before anything is sent, or remains one segment at its place."""

    # the message of a failure names the value: there is nothing to shrink
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate])
    @given(values=st.lists(HOSTILE, min_size=AT_ONCE, max_size=AT_ONCE))
    def attack(values: list[object]) -> None:
        asyncio.run(try_values(call, name, values))

    attack()
    record_property("parameters tried with hostile ids", 1)


@pytest.mark.parametrize(("call", "name"), PLACES, ids=str)
async def test_ordinary_ids_are_accepted(call: Call, name: str) -> None:
    """UUIDs are accepted as strings and as objects, in upper and lower case."""
    values: list[object] = [ID, ID.upper(), UUID(ID)]
    assert await try_values(call, name, values) == len(values)


def test_how_many() -> None:
    """Every method with an id takes part."""
    assert len({str(call) for call, _ in PLACES}) >= 60
