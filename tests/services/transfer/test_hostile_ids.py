"""No id can lead a call to another resource: every method, every id, hostile values without number."""

from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import BaseClient, GlobusSDKUsageError
from globus_async.bulk import Bulk
from globus_async.services.transfer import TransferClient
from tests.services.transfer.scripted import A, client_of
from tests.toolkit.clock import FakeClock

UUIDS = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
IDS = ("_id", "_ids")
FREE = {"rule_id", "role_id", "server_id"}
"""Ids that need not be UUIDs: any single path segment may be one."""

OTHERS: dict[str, Any] = {
    "bookmark_data": {},
    "data": {},
    "message": "why",
    "newpath": "/b",
    "oldpath": "/a",
    "path": "/a",
    "requirements_data": {},
    "role_data": {},
    "rule_data": {},
    "server_data": {},
    "subscription_admin_verified": True,
    "subscription_id": None,
    "symlink_target": "/a",
    "task_ids": [A],
    "update_doc": {},
}
"""Harmless values of the other parameters."""


def methods() -> dict[str, list[str]]:
    """List the public methods that take an id, with their required parameters."""
    found: dict[str, list[str]] = {}
    for name, member in inspect.getmembers(TransferClient, inspect.isfunction):
        if name.startswith("_") or hasattr(BaseClient, name) or name == "data_access_scope":
            continue
        needed = [
            parameter.name
            for parameter in list(inspect.signature(member).parameters.values())[1:]
            if parameter.default is parameter.empty
        ]
        if any(parameter.endswith(IDS) for parameter in needed):
            found[name] = needed
    return found


METHODS = methods()
PLACES = [(name, each) for name, needed in METHODS.items() for each in needed if each.endswith(IDS)]

EXAMPLES, AT_ONCE = 8, 40
SNEAKY = st.sampled_from(
    ["", ".", "..", "../task", "%2e%2e", "..%2f", "/", "//", "\\", "?a=b", "#", ";", " ", "%00", "\0", "\r\n", "\u2025"]
)
HOSTILE: st.SearchStrategy[object] = st.one_of(
    st.text(max_size=40),
    st.lists(st.one_of(SNEAKY, st.just(A)), min_size=1, max_size=4).map("".join),
    st.builds(lambda sneaky, after: A + sneaky if after else sneaky + A, SNEAKY, st.booleans()),
    st.integers(),
    st.sampled_from([None, b"x", 1.5, (), {}, A.replace("-", ""), "{" + A + "}", f"urn:uuid:{A}", A + "\n"]),
)


async def use(result: Any) -> None:
    """Await a coroutine, take the first of a listing, or the first outcome of many calls."""
    if isinstance(result, Bulk):
        async with result as outcomes:
            async for outcome in outcomes:
                _ = outcome.value
    elif hasattr(result, "__aiter__"):
        await anext(aiter(result), None)
    else:
        await result


def arguments(name: str, place: str, value: object) -> dict[str, Any]:
    given = {each: OTHERS.get(each, [A] if each.endswith("_ids") else A) for each in METHODS[name]}
    return given | {place: [value] if place.endswith("_ids") else value}


async def reached(tc: TransferClient, asked: list[httpx.Request], name: str, place: str, value: object) -> bool:
    """Call with a value; return whether anything was sent, after checking where it went."""
    asked.clear()
    method: Any = getattr(tc, name)
    try:
        await use(method(**arguments(name, place, value)))
    except GlobusSDKUsageError:
        assert not asked, f"{name} sent something before it refused {place}={value!r}"
        return False
    if not asked:  # the end of a task is remembered
        assert "wait" in name
        assert UUIDS.fullmatch(str(value))
        return True
    return check_path(asked[0], name, place, value)


def check_path(request: httpx.Request, name: str, place: str, value: object) -> bool:
    raw = request.url.raw_path.decode().partition("?")[0]
    segments = raw.split("/")
    usual = SEGMENTS[name, place]
    assert len(segments) == len(usual), f"{name}({place}={value!r}) asked for {raw}"
    for segment, expected in zip(segments, usual, strict=True):
        if expected == "<it>":
            assert unquote(segment) == str(value) or (UUIDS.fullmatch(segment) and segment == str(value).lower())
            assert unquote(segment) not in {"", ".", ".."}
            assert place in FREE or UUIDS.fullmatch(segment)
        else:
            assert segment == expected
    return True


SEGMENTS: dict[tuple[str, str], list[str]] = {}
"""The path of each call with an ordinary id, and where in it the id stands."""


@pytest.fixture(scope="module", autouse=True)
def _usual_paths() -> None:
    """Find out where each id stands, with an id that is like no other."""

    async def learn() -> None:
        for name, place in PLACES:
            asked: list[httpx.Request] = []
            async with client_of(answering(asked), clock=FakeClock(skipping=True)) as tc:
                mark = str(UUID(int=0xFEED))
                method: Any = getattr(tc, name)
                await use(method(**arguments(name, place, mark)))
                raw = asked[0].url.raw_path.decode().partition("?")[0]
                SEGMENTS[name, place] = ["<it>" if each == mark else each for each in raw.split("/")]

    asyncio.run(learn())


def answering(asked: list[httpx.Request]) -> Any:
    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"DATA": [], "data": [], "status": "SUCCEEDED", "expires_in": -1})

    return service


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_every_id(name: str, place: str) -> None:
    """A hostile id is refused before anything is sent, or stays one segment at its place."""

    @settings(max_examples=EXAMPLES, deadline=None, database=None)
    @given(values=st.lists(HOSTILE, min_size=AT_ONCE, max_size=AT_ONCE))
    def attack(values: list[object]) -> None:
        async def run() -> None:
            asked: list[httpx.Request] = []
            async with client_of(answering(asked), clock=FakeClock(skipping=True)) as tc:
                for value in values:
                    await reached(tc, asked, name, place, value)

        asyncio.run(run())

    attack()


async def test_ordinary_ids_are_let_through() -> None:
    """The guard lets UUIDs through as text and as objects, in either case."""
    asked: list[httpx.Request] = []
    async with client_of(answering(asked), clock=FakeClock(skipping=True)) as tc:
        for name, place in PLACES:
            for value in (A, A.upper(), UUID(A)):
                assert await reached(tc, asked, name, place, value)


def test_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many places were attacked; every method with an id is among them."""
    assert len(METHODS) >= 60
    told = f"{len(PLACES)} ids of {len(METHODS)} methods, {EXAMPLES * AT_ONCE} hostile values each"
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 -- figures are to be seen
