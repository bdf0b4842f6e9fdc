"""Recursive directory listing: order, limits, errors and cancellation."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from globus_async import GlobusConnectionError, GlobusSDKUsageError, PaginationStalled, ResponseDecodeError
from globus_async.services.transfer import NotFound, PermissionDenied, TransferAPIError
from tests.services.transfer.scripted import A, client_of, refusal
from tests.toolkit.cancel import MODES, CancelAt, Mode
from tests.toolkit.clients import shared
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
    """Return a listing: ``x/`` is a directory, ``x@`` a symlink to one, other entries are files."""
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
    """Serves a directory tree; counts concurrent listings."""

    def __init__(
        self, tree: dict[str, list[str]] = TREE, *, failing: dict[str, httpx.Response | Exception] | None = None
    ) -> None:
        self.tree = tree
        self.failing = failing or {}
        self.requested: list[str] = []
        self.queries: list[httpx.QueryParams] = []
        self.now = self.most = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        directory = request.url.params["path"]
        self.requested.append(directory)
        self.queries.append(request.url.params)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        finally:
            self.now -= 1
        failure = self.failing.get(directory)
        if isinstance(failure, Exception):
            raise failure
        return failure or listed(*self.tree[directory])


async def test_whole_tree() -> None:
    """Directories come before their entries, which come together; symlinks to directories are not followed."""
    storage = Storage()
    async with client_of(storage) as tc:
        assert [entry["path"] async for entry in tc.operation_walk(A, "/top/")] == WHOLE
    assert storage.requested == ["/top/", "/top/a/", "/top/b/", "/top/a/deep/"]


async def test_sequential_walk() -> None:
    """With a concurrency of one the walk is depth first."""
    storage = Storage()
    async with client_of(storage) as tc:
        walked = [entry["path"] async for entry in tc.operation_walk(A, "/top/", concurrency=1)]
    assert sorted(walked) == sorted(WHOLE)
    assert storage.requested == ["/top/", "/top/b/", "/top/a/", "/top/a/deep/"]
    assert storage.most == 1


async def test_concurrency() -> None:
    """At most ``concurrency`` directories are listed at the same time."""
    tree = {"/": [f"{number}/" for number in range(50)]} | {f"/{number}/": ["x"] for number in range(50)}
    storage = Storage(tree)
    async with client_of(storage) as tc:
        walked = [entry["path"] async for entry in tc.operation_walk(A, "/", concurrency=6)]
    assert len(walked) == 100
    assert "/0/x" in walked
    assert storage.most == 6


async def test_max_depth() -> None:
    """``max_depth`` limits the levels that are listed."""
    for depth, directories in ((1, 1), (2, 3), (3, 4), (None, 4)):
        storage = Storage()
        async with client_of(storage) as tc:
            _ = [entry async for entry in tc.operation_walk(A, "/top/", max_depth=depth)]
        assert len(storage.requested) == directories


async def test_options() -> None:
    """Options apply to each listing; directories are listed in addition to a filter."""
    storage = Storage()
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/", filter={"name": "~*.txt"}, show_hidden=False, orderby=["type", "name"])
        _ = [entry async for entry in walk]
    for query in storage.queries:
        assert query.get_list("filter") == ["name:~*.txt", "type:dir"]
        assert (query["show_hidden"], query["orderby"]) == ("0", "type,name")


async def test_failing_directory() -> None:
    """By default the error is raised; iterating further lists the directory again, without loss or repetition."""
    storage = Storage(failing={"/top/a/": refusal(403, "EndpointPermissionDenied")})
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/")
        walked: list[str] = []
        with pytest.raises(PermissionDenied):  # noqa: PT012 -- entries before the error are kept
            async for entry in walk:
                walked.append(entry["path"])  # noqa: PERF401
        storage.failing.clear()
        walked += [entry["path"] async for entry in walk]
    assert walked == WHOLE


async def test_on_error() -> None:
    """``on_error`` is called with path and error; the rest of the tree is listed."""
    storage = Storage(failing={"/top/a/": refusal(502, "ExternalError.DirListingFailed.PermissionDenied")})
    failures: list[tuple[str, str | None]] = []

    def note(path: str, error: TransferAPIError | ResponseDecodeError) -> None:
        assert isinstance(error, TransferAPIError)
        failures.append((path, error.code))

    async with client_of(storage) as tc:
        walked = [entry["path"] async for entry in tc.operation_walk(A, "/top/", on_error=note)]
    assert walked == [path for path in WHOLE if not path.startswith("/top/a/") or path == "/top/a/"]
    assert failures == [("/top/a/", "ExternalError.DirListingFailed.PermissionDenied")]


async def test_network_errors() -> None:
    """A network error cancels the concurrent listings and is raised, not in a group."""
    storage = Storage(failing={"/top/a/": httpx.ConnectError("no")})
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/", on_error=lambda *_: None)
        with pytest.raises(GlobusConnectionError):
            _ = [entry async for entry in walk]
        assert storage.now == 0
        storage.failing.clear()
        assert len([entry async for entry in walk]) == len(WHOLE) - 3


async def test_missing_and_empty_directory() -> None:
    """A missing top directory raises; an empty one has no entries."""
    storage = Storage({"/empty/": []}, failing={"/gone/": refusal(404, "ClientError.NotFound")})
    async with client_of(storage) as tc:
        assert [entry async for entry in tc.operation_walk(A, "/empty/")] == []
        with pytest.raises(NotFound):
            await anext(tc.operation_walk(A, "/gone/"))


async def test_path_without_trailing_slash() -> None:
    """The paths of entries start with the given path."""
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
        *({"concurrency": wrong} for wrong in ("4", 1.5, True, None, float("nan"), 10**5000)),
        *({"max_depth": wrong} for wrong in ("2", 1.5, True, float("nan"), -1)),
        *({"on_error": wrong} for wrong in (5, "skip")),
        {"endpoint_id": "../x"},
    ],
)
async def test_invalid_arguments(arguments: dict[str, Any]) -> None:
    """Invalid arguments are refused when the walk is created."""
    storage = Storage()
    async with client_of(storage) as tc:
        walk: Any = tc.operation_walk
        with pytest.raises(GlobusSDKUsageError, match=next(iter(arguments))):
            walk(**{"endpoint_id": A, **arguments})
    assert storage.requested == []


async def test_break() -> None:
    """After a break no listing is running."""
    storage = Storage()
    async with client_of(storage) as tc:
        for _ in range(100):
            async for _entry in tc.operation_walk(A, "/top/"):
                break
            assert storage.now == 0
            assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("concurrency", [1, 10])
async def test_workers_may_share_a_walk(concurrency: int) -> None:
    """Every entry is given to one of them, and every directory is listed once."""
    storage = Storage()
    async with client_of(storage) as tc:
        entries = await shared(tc.operation_walk(A, "/top/", concurrency=concurrency), workers=4)
    assert sorted(entry["path"] for entry in entries) == sorted(WHOLE)
    assert sorted(storage.requested) == sorted(TREE)


@pytest.mark.parametrize("mode", MODES)
async def test_cancelled_at_every_suspension(mode: Mode) -> None:
    """After a cancellation a walk continues from the same place, without loss or repetition."""
    points = 0
    for k in range(1, 200):
        storage = Storage()
        async with client_of(storage) as tc:
            walk = tc.operation_walk(A, "/top/")
            walked: list[str] = []

            async def some(walk: Any = walk, walked: list[str] = walked) -> None:
                async for entry in walk:
                    walked.append(entry["path"])  # noqa: PERF401 -- entries before the cancellation are kept

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


@pytest.mark.parametrize("passes", range(1, 12))
async def test_cancelled_at_the_time_of_an_error(passes: int) -> None:
    """The cancellation is not lost to the error, which the caller may catch in order to try again."""
    storage = Storage(failing={"/top/a/": httpx.ConnectError("passing")})

    def after(passes: int) -> None:
        if passes == 0:
            walker.cancel()
        else:
            asyncio.get_running_loop().call_soon(after, passes - 1)

    async def walk_again_and_again() -> None:
        for _ in range(5):
            try:
                async for entry in tc.operation_walk(A, "/top/"):
                    if entry["path"] == "/top/b/":
                        after(passes)
            except GlobusConnectionError as error:
                errors.append(error)

    errors: list[GlobusConnectionError] = []
    async with client_of(storage) as tc:
        walker = asyncio.create_task(walk_again_and_again())
        await asyncio.wait({walker}, timeout=1)
        assert walker.cancelled()
        assert storage.now == 0
    assert len(errors) <= 1


@pytest.mark.slow
async def test_large_tree() -> None:
    """In a tree of a hundred thousand entries few directories are pending."""
    directories, files = [f"{number}/" for number in range(10)], [f"file{number}" for number in range(91)]
    middle, leaf = listed(*directories, *files[10:]).content, listed(*files).content

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


BAD_NAMES = ["..", ".", "", "../../etc", "/abs", "a/b", "a/", "/", "n\0l", None, 5]


def named(*names: Any, kind: str = "dir") -> httpx.Response:
    """Return a listing of directories with any names."""
    entries = [{"DATA_TYPE": "file", "name": name, "type": kind, "link_target": None} for name in names]
    return httpx.Response(200, json={"DATA_TYPE": "file_list", "DATA": entries})


@pytest.mark.parametrize("kind", ["dir", "file"])
@pytest.mark.parametrize("name", BAD_NAMES)
async def test_names_that_lead_elsewhere(name: object, kind: str) -> None:
    """A name that is not one of an entry of the directory is an error; its path is neither yielded nor listed."""
    storage = Storage({"/top/": ["a/"], "/top/a/": ["one"]}, failing={"/top/a/": named("one", name, kind=kind)})
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/")
        assert (await anext(walk))["path"] == "/top/a/"
        for _ in range(2):
            with pytest.raises(ResponseDecodeError, match=r"'/top/a/' has 1 entries without a usable name"):
                await anext(walk)
    assert storage.requested == ["/top/", "/top/a/", "/top/a/"]


async def test_names_that_lead_elsewhere_are_skipped() -> None:
    """``on_error`` is called once for a directory with such names; its other entries are walked."""
    storage = Storage({"/top/": ["a/"], "/top/a/ok/": ["one"]}, failing={"/top/a/": named(*BAD_NAMES, "ok")})
    failures: list[tuple[str, str]] = []
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/", on_error=lambda path, error: failures.append((path, str(error))))
        assert [entry["path"] async for entry in walk] == ["/top/a/", "/top/a/ok/", "/top/a/ok/one"]
    assert storage.requested == ["/top/", "/top/a/", "/top/a/ok/"]
    assert [path for path, _ in failures] == ["/top/a/"]
    assert "'..'" in failures[0][1]


async def test_a_directory_called_tilde() -> None:
    """Below the root its path would be that of the home directory; elsewhere it is a name like others."""
    storage = Storage({"/": ["~/", "x"], "/top/": ["~/"], "/top/~/": ["y"]})
    async with client_of(storage) as tc:
        assert [entry["path"] async for entry in tc.operation_walk(A, "/top/")] == ["/top/~/", "/top/~/y"]
        walk = tc.operation_walk(A, "/", on_error=lambda *_: None)
        assert [entry["path"] async for entry in walk] == ["/x"]


async def test_a_listing_that_cannot_be_read() -> None:
    """A response that is no listing concerns its directory, and goes to ``on_error``."""
    storage = Storage(failing={"/top/a/": httpx.Response(200, text="<p>", headers={"Content-Type": "text/html"})})
    failures: list[str] = []
    async with client_of(storage) as tc:
        walk = tc.operation_walk(A, "/top/", on_error=lambda path, _: failures.append(path))
        assert len([entry async for entry in walk]) == len(WHOLE) - 3
    assert failures == ["/top/a/"]


@pytest.mark.parametrize("on_error", [None, lambda *_: None])
async def test_a_tree_without_end(on_error: Any) -> None:
    """A collection that lists the same directories at each level: an error, also with ``on_error``."""
    requests = 0

    def service(_: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        return named("a", "b")

    async with client_of(service) as tc:
        walk = tc.operation_walk(A, "/", on_error=on_error, concurrency=1)
        with pytest.raises(PaginationStalled, match="below 256 directories"):
            _ = [entry async for entry in walk]
        assert requests == 256
        with pytest.raises(PaginationStalled):
            await anext(walk)
        assert len([entry async for entry in tc.operation_walk(A, "/", max_depth=3)]) == 2 + 4 + 8


async def test_a_deep_tree() -> None:
    """With ``max_depth`` a tree may be deeper than that."""
    async with client_of(lambda _: named("a")) as tc:
        assert len([entry async for entry in tc.operation_walk(A, "/", max_depth=300)]) == 300
