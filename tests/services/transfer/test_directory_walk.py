"""Walking a tree: order, bounds, failures, and that nothing is held."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from globus_async import GlobusConnectionError, GlobusSDKUsageError
from globus_async.services.transfer import NotFound, PermissionDenied, TransferAPIError
from tests.services.transfer.scripted import A, client_of, refusal
from tests.toolkit.cancel import MODES, CancelAt, Mode
from tests.toolkit.clock import FakeClock

TREE = {
    "/top/": ["b/", "a/", "file"],
    "/top/a/": ["deep/", "one"],
    "/top/b/": ["two", "link@"],
    "/top/a/deep/": ["three"],
}
WHOLE = [
    *("/top/b/", "/top/a/", "/top/file", "/top/b/two", "/top/b/link/"),
    *("/top/a/deep/", "/top/a/one", "/top/a/deep/three"),
]


def listed(*names: str) -> httpx.Response:
    """List entries: ``x/`` is a folder, ``x@`` a link to one, everything else a file."""
    entries = [
        {
            "DATA_TYPE": "file",
            "name": name.rstrip("/@"),
            "type": "dir" if name.endswith(("/", "@")) else "file",
            "link_target": "/elsewhere" if name.endswith("@") else None,
        }
        for name in names
    ]
    return httpx.Response(200, json={"DATA_TYPE": "file_list", "DATA": entries})


class Storage:
    """Serves a tree; counts how many listings go on at a time."""

    def __init__(
        self, tree: dict[str, list[str]] = TREE, *, failing: dict[str, httpx.Response | Exception] | None = None
    ) -> None:
        self.tree = tree
        self.failing = failing or {}
        self.asked: list[str] = []
        self.queries: list[httpx.QueryParams] = []
        self.now = self.most = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        folder = request.url.params["path"]
        self.asked.append(folder)
        self.queries.append(request.url.params)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        finally:
            self.now -= 1
        failure = self.failing.get(folder)
        if isinstance(failure, Exception):
            raise failure
        return failure or listed(*self.tree[folder])


async def test_the_whole_tree() -> None:
    """Folders come before what is in them, entries of a folder together; links to folders are told of, not followed."""
    storage = Storage()
    async with client_of(storage) as tc:
        assert [entry["path"] async for entry in tc.operation_walk(A, "/top/")] == WHOLE
    assert storage.asked == ["/top/", "/top/a/", "/top/b/", "/top/a/deep/"]


async def test_one_at_a_time() -> None:
    """With a concurrency of one the walk goes depth first."""
    storage = Storage()
    async with client_of(storage) as tc:
        walked = [entry["path"] async for entry in tc.operation_walk(A, "/top/", concurrency=1)]
    assert sorted(walked) == sorted(WHOLE)
    assert storage.asked == ["/top/", "/top/b/", "/top/a/", "/top/a/deep/"]
    assert storage.most == 1


async def test_bounded() -> None:
    """No more folders are listed at a time than was allowed."""
    tree = {"/": [f"{number}/" for number in range(50)]} | {f"/{number}/": ["x"] for number in range(50)}
    storage = Storage(tree)
    async with client_of(storage) as tc:
        walked = [entry["path"] async for entry in tc.operation_walk(A, "/", concurrency=6)]
    assert len(walked) == 100
    assert "/0/x" in walked
    assert storage.most == 6


async def test_levels() -> None:
    """The depth counts the levels that are listed."""
    for depth, folders in ((1, 1), (2, 3), (3, 4), (None, 4)):
        storage = Storage()
        async with client_of(storage) as tc:
            _ = [entry async for entry in tc.operation_walk(A, "/top/", max_depth=depth)]
        assert len(storage.asked) == folders


async def test_options_go_with_every_listing() -> None:
    """A filter is for files: folders are asked for beside it."""
    storage = Storage()
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/", filter={"name": "~*.txt"}, show_hidden=False, orderby=["type", "name"])
        _ = [entry async for entry in walk]
    for query in storage.queries:
        assert query.get_list("filter") == ["name:~*.txt", "type:dir"]
        assert (query["show_hidden"], query["orderby"]) == ("0", "type,name")


async def test_a_folder_that_fails() -> None:
    """By default its error is raised, and iterating further tries again from there, without a loss or a repetition."""
    storage = Storage(failing={"/top/a/": refusal(403, "EndpointPermissionDenied")})
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/")
        walked: list[str] = []
        with pytest.raises(PermissionDenied):  # noqa: PT012 -- what came before the error is kept
            async for entry in walk:
                walked.append(entry["path"])  # noqa: PERF401
        storage.failing.clear()
        walked += [entry["path"] async for entry in walk]
    assert walked == WHOLE


async def test_folders_that_may_fail() -> None:
    """Whoever takes errors gets path and error, and the rest of the tree."""
    storage = Storage(failing={"/top/a/": refusal(502, "ExternalError.DirListingFailed.PermissionDenied")})
    failures: list[tuple[str, str]] = []

    def note(path: str, error: TransferAPIError) -> None:
        failures.append((path, error.code))

    async with client_of(storage) as tc:
        walked = [entry["path"] async for entry in tc.operation_walk(A, "/top/", on_error=note)]
    assert walked == [path for path in WHOLE if not path.startswith("/top/a/") or path == "/top/a/"]
    assert failures == [("/top/a/", "ExternalError.DirListingFailed.PermissionDenied")]


async def test_other_failures_are_raised() -> None:
    """A broken connection ends the listings beside it and is raised as itself, also from several at a time."""
    storage = Storage(failing={"/top/a/": httpx.ConnectError("no")})
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/", on_error=lambda *_: None)
        with pytest.raises(GlobusConnectionError):
            _ = [entry async for entry in walk]
        assert storage.now == 0
        storage.failing.clear()
        assert len([entry async for entry in walk]) == len(WHOLE) - 3


async def test_nothing_there() -> None:
    """A top that is not there is an error; an empty one is empty."""
    storage = Storage({"/empty/": []}, failing={"/gone/": refusal(404, "ClientError.NotFound")})
    async with client_of(storage) as tc:
        assert [entry async for entry in tc.operation_walk(A, "/empty/")] == []
        with pytest.raises(NotFound):
            await anext(tc.operation_walk(A, "/gone/"))


async def test_a_top_without_a_slash() -> None:
    """The paths of entries are put together from the top as it was given."""
    storage = Storage({"/top": ["a/", "x"], "/top/a/": ["y"]})
    async with client_of(storage) as tc:
        assert [entry["path"] async for entry in tc.operation_walk(A, "/top")] == ["/top/a/", "/top/x", "/top/a/y"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": ""},
        {"path": None},
        {"concurrency": 0},
        {"concurrency": 65},
        {"max_depth": 0},
        {"endpoint_id": "../x"},
    ],
)
async def test_bad_arguments(arguments: dict[str, Any]) -> None:
    """They are refused when the walk is made."""
    storage = Storage()
    async with client_of(storage) as tc:
        walk: Any = tc.operation_walk
        with pytest.raises(GlobusSDKUsageError):
            walk(**{"endpoint_id": A, **arguments})
    assert storage.asked == []


async def test_left_early() -> None:
    """Leaving a walk leaves nothing going on."""
    storage = Storage()
    async with client_of(storage) as tc:
        for _ in range(100):
            async for _entry in tc.operation_walk(A, "/top/"):
                break
            assert storage.now == 0
            assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("mode", MODES)
async def test_canceled_anywhere(mode: Mode) -> None:
    """A walk that is cancelled goes on where it was: nothing is lost and nothing comes twice."""
    points = 0
    for k in range(1, 200):
        storage = Storage()
        async with client_of(storage) as tc:
            walk = tc.operation_walk(A, "/top/")
            walked: list[str] = []

            async def some(walk: Any = walk, walked: list[str] = walked) -> None:
                async for entry in walk:
                    walked.append(entry["path"])  # noqa: PERF401 -- what came before is kept

            call = CancelAt(some(), k, mode)

            async def run(call: CancelAt[None] = call) -> None:
                await call

            task = asyncio.create_task(run())
            await asyncio.wait([task])
            if not call.fired:
                break
            points += 1
            assert task.cancelled()
            assert storage.now == 0
            walked += [entry["path"] async for entry in walk]
            assert walked == WHOLE
    assert points >= 4


async def test_a_large_tree() -> None:
    """A hundred thousand entries go by, few folders waiting at a time."""
    folders, files = [f"{number}/" for number in range(10)], [f"file{number}" for number in range(91)]
    middle, leaf = listed(*folders, *files[10:]).content, listed(*files).content

    def service(request: httpx.Request) -> httpx.Response:
        content = middle if request.url.params["path"].count("/") <= 3 else leaf
        return httpx.Response(200, content=content, headers={"Content-Type": "application/json"})

    async with client_of(service, clock=FakeClock(skipping=True)) as tc:
        walk = tc.operation_walk(A, "/", concurrency=8)
        entries, waiting = 0, 0
        async for _ in walk:
            entries += 1
            waiting = max(waiting, len(walk._pending))
    assert entries == 1111 * 91
    assert waiting < 200
