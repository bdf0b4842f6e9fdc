"""Reading: ranges, what is requested for them, what arrived, and which errors readers see."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path
from random import Random
from typing import Any, Self

import fsspec
import pytest
from fsspec.asyn import get_loop, sync

from globus_async import GlobusSDKUsageError
from globus_async.emulator.transfer.models import AccessRule
from globus_async.errors import GlobusError
from globus_async.fsspec import GlobusFileSystem
from globus_async.fsspec.file_reader import FileReader
from globus_async.fsspec.known_files import Facts, KnownFiles
from globus_async.fsspec.own_writes import OwnWrites
from globus_async.fsspec.registration import check_sole_claim
from globus_async.services.files import FileChanged
from globus_async.testing import Collection, GlobusEmulator, MemoryStorage, faults
from tests.toolkit.clock import FakeClock
from tests.toolkit.random_cases import cases

MIB = 1 << 20
CONTENT = Random(7).randbytes(20 * MIB)


@pytest.fixture
def storage() -> MemoryStorage:
    """Return a storage with a directory."""
    return MemoryStorage({"tree": {"data": b"content"}})


@pytest.mark.slow
def test_random_ranges(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Whatever is read in whatever order, one by one, together or by a file, it is what a slice has."""
    random = Random(11)
    sizes = {"empty": 0, "one": 1, "small": 1000, "whole": 3 * MIB, "big": 20 * MIB}
    for name, size in sizes.items():
        storage.write(name, CONTENT[:size])
    for _ in range(cases(200)):
        name = random.choice([*sizes])
        content = CONTENT[: sizes[name]]
        edges = [None, 0, -1, 1, -8, sizes[name], sizes[name] + 5, random.randint(-len(content) - 3, len(content) + 3)]
        start, end = random.choice(edges), random.choice(edges)
        wanted = content[start:end]
        match random.randrange(3):
            case 0:
                assert filesystem.cat_file(f"{root}/{name}", start, end) == wanted
            case 1:
                found = filesystem.cat_ranges([f"globus://{root}/{name}"] * 3, [start, 0, 5], [end, 3, 9])
                assert found == [wanted, content[:3], content[5:9]]
            case _:
                with filesystem.open(f"{root}/{name}", block_size=random.choice([1000, MIB])) as file:
                    first, last, _ = slice(start, end).indices(len(content))
                    file.seek(first)
                    assert file.read(max(0, last - first)) == wanted


def test_parts_of_a_small_file_are_one_request(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """The index at the end of a shard, then its chunks one by one, as zarr reads them."""
    storage.write("shard", CONTENT[: 4 * MIB])
    before = len(emulator.requests)
    assert filesystem.cat_file(f"{root}/shard", start=-2052) == CONTENT[4 * MIB - 2052 : 4 * MIB]
    for start in range(0, 4 * MIB, 128 << 10):
        assert filesystem.cat_file(f"{root}/shard", start, start + 1000) == CONTENT[start : start + 1000]
    paths = [request.path.rpartition("/")[2] for request in emulator.requests[before:]]
    assert (paths.count("shard"), paths.count("stat")) == (1, 1)


def test_neighbours_are_one_request(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """And ranges far apart are not: of a large file only what is wanted is read."""
    storage.write("big", CONTENT)
    filesystem.open(f"{root}/big").close()
    before = len(emulator.requests)
    starts = [1000, 5000, 300_000, 18 * MIB]
    found = filesystem.cat_ranges([f"{root}/big"] * 4, starts, [start + 100 for start in starts])
    assert found == [CONTENT[start : start + 100] for start in starts]
    assert [request.headers["range"] for request in emulator.requests[before:] if "range" in request.headers] == [
        "bytes=1000-300099",
        f"bytes={18 * MIB}-{18 * MIB + 99}",
    ]


def test_a_file_that_grew(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Its end is read anew, whatever was read before."""
    storage.write("log", b"A" * 100)
    for _ in range(3):  # for a while it does not change
        assert filesystem.cat_file(f"{root}/log", start=-8) == b"A" * 8
        time.sleep(0.02)
        assert filesystem.tail(f"{root}/log", 8) == b"A" * 8
    storage.write("log", b"A" * 100 + b"B" * 100)
    assert filesystem.cat_file(f"{root}/log", start=-8) == b"B" * 8
    assert len(filesystem.cat_file(f"{root}/log")) == 200


@pytest.mark.parametrize("version", [(9 * MIB, 10), (9 * MIB - 1, 0)])
def test_a_file_that_changes_while_it_is_open(
    filesystem: GlobusFileSystem, emulator: GlobusEmulator, lab: Collection, tmp_path: Path, version: tuple[int, int]
) -> None:
    """No bytes of two versions are returned, whether the size is another one or the time."""
    size, later = version
    data = tmp_path / "data"
    data.write_bytes(CONTENT[: 9 * MIB])
    collection = emulator.add_collection("Disk", path=tmp_path, owner=lab.owner_id)
    with filesystem.open(f"{collection.id}/data") as file:
        assert file.read(10) == CONTENT[:10]
        before = data.stat().st_mtime
        data.write_bytes(CONTENT[:size][::-1])
        os.utime(data, (before + later, before + later))
        file.seek(6 * MIB)
        with pytest.raises(OSError, match="changed"):
            file.read(10)


def test_ranges_of_many_files(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Requests that wait for the size of their file leave connections for the requests of these sizes."""
    names = [f"f{number}" for number in range(120)]
    for name in names:
        storage.write(name, name.encode())
    parts = sync(get_loop(), filesystem._cat_ranges, [f"{root}/{name}" for name in names], 1, None, timeout=20)
    assert parts == [name[1:].encode() for name in names]


def test_a_file_that_grows_between_the_request_for_its_size_and_the_first_bytes(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """A new content is not cut off at the former size."""
    storage.write("data", b"old")
    before = len(emulator.requests)

    async def after_the_size(app: Any, scope: Any, receive: Any, send: Any) -> None:
        async with asyncio.timeout(5):
            while not any(request.path.endswith("/stat") for request in emulator.requests[before:]):  # noqa: ASYNC110 -- tests wait
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)  # the response to it is there first
        storage.write("data", b"a longer new content")
        await app(scope, receive, send)

    emulator.faults.add("GET", "/data", after_the_size)
    assert filesystem.cat_file(f"{root}/data", start=1) == b" longer new content"


async def test_a_file_that_changed_long_after_it_was_opened() -> None:
    """Its version is compared at the first read as well, unless it has just been seen."""
    clock, found = FakeClock(), Facts(20 * MIB, 1.0)

    class Stream:
        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None: ...

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self._pieces()

        async def _pieces(self) -> AsyncIterator[bytes]:
            yield bytes(9 * MIB)

    class Client:
        def stream_file(self, _: str, **__: int) -> Stream:
            return Stream()

    async def client_of(path: str) -> tuple[Any, str]:
        return Client(), path

    async def facts_of(_: str) -> Facts:
        return found

    reader = FileReader(KnownFiles(clock, 0), client_of=client_of, facts_of=facts_of, writes=OwnWrites())
    file = await reader.look("c/data")
    found = Facts(20 * MIB, 2.0)
    await reader.read_version(file, 0, 9 * MIB, is_large=True, is_checked=False)
    await clock.advance(3)
    with pytest.raises(FileChanged):
        await reader.read_version(file, 0, 9 * MIB, is_large=True, is_checked=False)


@pytest.mark.parametrize("short", [0, 100])
def test_a_body_that_is_too_short(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator, short: int
) -> None:
    """A body that agrees with its own length is compared with the size by another source."""
    storage.write("data", CONTENT[:1000])
    emulator.faults.add("GET", "/data", faults.truncated(short))
    assert filesystem.cat_file(f"{root}/data") == CONTENT[:1000]
    assert emulator.faults.pending == []


@pytest.mark.parametrize(
    "wrong", [(source, size) for source in ("stat", "ls") for size in (0, 3, 50, 10**15, 2**70)], ids=str
)
def test_a_size_that_is_wrong(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator, wrong: tuple[str, int]
) -> None:
    """A size that Transfer states, however wrong, never makes other bytes of a file, nor takes memory for itself."""
    source, size = wrong
    storage.write("data", b"0123456789")

    async def with_size(app: Any, scope: Any, receive: Any, send: Any) -> None:
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        body = re.sub(rb'"size":\s*10\b', b'"size":%d' % size, body)
        fields = [field for field in messages[0]["headers"] if field[0].lower() != b"content-length"]
        await send({**messages[0], "headers": [*fields, (b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    def opened(path: str) -> Any:
        with filesystem.open(path) as file:
            return file.read()

    emulator.faults.add("GET", f"/*/{source}", with_size, times=None)
    for read in (filesystem.cat_file, lambda path: filesystem.cat_file(path, 0, 10**6), opened):
        filesystem.invalidate_cache()
        if source == "ls":
            assert filesystem.info(filesystem.ls(root, detail=False)[0])["size"] == size
        try:
            found = read(f"{root}/data")
        except OSError as error:
            assert "changed" in str(error)  # noqa: PT017 -- one of the two
        else:
            assert found == b"0123456789"


def test_errors(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator, lab: Collection
) -> None:
    """Only what is missing is a `FileNotFoundError`; each has the error of this library as its cause."""
    emulator.faults.add("GET", "/tree/data", faults.status(404), times=9)
    with pytest.raises(OSError, match="404") as caught:  # a 404 that does not say that the file is missing
        filesystem.cat_file(f"{root}/tree/data")
    assert type(caught.value) is OSError
    assert isinstance(caught.value.__cause__, GlobusError)
    emulator.faults.clear()
    for read in (filesystem.cat_file, filesystem.info, filesystem.ls, filesystem.open, filesystem.modified):
        with pytest.raises(FileNotFoundError):
            read(f"{root}/missing")
    with pytest.raises(IsADirectoryError):
        filesystem.cat_file(f"{root}/tree")
    emulator.faults.add("GET", "/*/stat", faults.status(400), times=99)
    for question in (filesystem.exists, filesystem.isfile, filesystem.isdir):
        with pytest.raises(OSError, match="400"):
            question(f"{root}/tree/other")  # "no" would be a guess
    emulator.faults.clear()
    with pytest.raises(OSError, match="EndpointNotFound") as gone:
        filesystem.ls("0" * 8 + "-0000-4000-8000-" + "0" * 12)
    assert not isinstance(gone.value, FileNotFoundError)
    other = emulator.add_collection(
        "Personal", storage=MemoryStorage({"x": b""}), owner=lab.owner_id, https_server=None
    )
    with pytest.raises(OSError, match="no HTTPS server"):
        filesystem.cat_file(f"{other.id}/x")


def test_whole_files_are_compared_with_transfer(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """Another source than the server whose response may be too short, and no further connection to it."""
    storage.write("file", CONTENT[:1000])
    before = len(emulator.requests)
    assert filesystem.cat_file(f"{root}/file") == CONTENT[:1000]
    requests = [(request.method, request.path.rpartition("/")[2]) for request in emulator.requests[before:]]
    assert [request for request in requests if request[1] in {"file", "stat"}] in (
        [("GET", "file"), ("GET", "stat")],
        [("GET", "stat"), ("GET", "file")],
    )


def test_transfer_without_consent(
    filesystem: GlobusFileSystem, root: str, storage: MemoryStorage, emulator: GlobusEmulator
) -> None:
    """The sizes of files are those of their server, and Transfer is asked once only."""
    refusal = {"code": "ConsentRequired", "message": "Missing required data_access consent", "required_scopes": ["x"]}
    emulator.faults.add("GET", "/*/stat", faults.status(403, document=refusal), times=None)
    before = len(emulator.requests)
    for number in range(5):
        storage.write(str(number), CONTENT[:number])
        assert filesystem.cat_file(f"{root}/{number}") == CONTENT[:number]
    paths = [request.path.rpartition("/")[2] for request in emulator.requests[before:]]
    assert paths.count("stat") == 1


def test_an_application_on_a_mapped_collection(
    filesystem: GlobusFileSystem, emulator: GlobusEmulator, lab: Collection
) -> None:
    """It requests the access to data that Transfer and the server of the files demand, once each."""
    storage = MemoryStorage({"tree": {str(number): CONTENT[:number] for number in range(9)}})
    mapped = emulator.add_collection("Mapped", storage=storage, owner=lab.owner_id, needs_data_access=True)
    before = len(emulator.requests)
    assert len(filesystem.ls(f"{mapped.id}/tree", detail=False)) == 9
    found = filesystem.cat([f"{mapped.id}/tree/{number}" for number in range(9)])
    assert [*found.values()] == [CONTENT[:number] for number in range(9)]
    filesystem.pipe_file(f"{mapped.id}/tree/new", b"new")
    filesystem.rm(f"{mapped.id}/tree", recursive=True)  # by a task
    assert filesystem.ls(mapped.id) == []
    tokens = [request for request in emulator.requests[before:] if request.path == "/v2/oauth2/token"]
    assert len(tokens) == 4


def test_access_that_an_application_does_not_get(
    filesystem: GlobusFileSystem,
    root: str,
    emulator: GlobusEmulator,
    storage: MemoryStorage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The refusal is the error, and the access to other collections stays."""
    storage.write("file", b"content")
    scope = "https://auth.globus.org/scopes/aaaaaaaa-0000-4000-8000-000000000000/data_access"
    demand = {"code": "ConsentRequired", "message": "Missing required data_access consent", "required_scopes": [scope]}
    emulator.faults.add("GET", "/*/ls", faults.status(403, document=demand), times=2)
    refusal = {"error": "invalid_scope", "error_description": "unknown scope"}
    emulator.faults.add("POST", "/v2/oauth2/token", faults.status(400, document=refusal), after=1)
    with pytest.raises(PermissionError, match="ConsentRequired"):
        filesystem.ls(root)
    assert "gets no access to the data of aaaaaaaa-0000-4000-8000-000000000000" in caplog.text
    assert filesystem.ls(root, detail=False) == [f"{root}/file", f"{root}/tree"]


def test_access_that_an_application_loses(
    filesystem: GlobusFileSystem,
    root: str,
    emulator: GlobusEmulator,
    lab: Collection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once Globus Auth refuses its scope, as after a deletion, the other collections stay usable."""
    mapped = emulator.add_collection("Mapped", storage=MemoryStorage(), owner=lab.owner_id, needs_data_access=True)
    assert filesystem.ls(mapped.id) == []
    emulator.faults.add("GET", "/*/ls", faults.revoke_token(emulator.auth))
    refusal = {"error": "invalid_scope", "error_description": "unknown scope"}
    emulator.faults.add("POST", "/v2/oauth2/token", faults.status(400, document=refusal))
    filesystem.invalidate_cache()
    assert filesystem.ls(root, detail=False) == [f"{root}/tree"]
    assert f"access to the data of {mapped.id} is given up" in caplog.text
    assert filesystem.ls(mapped.id) == []


@pytest.mark.parametrize(
    "path",
    ["", "data", "https://example.org/x", "globus://x/y", "{root}/../x", "{root}/./x", "{root}/~/x", "{root}/a\0b"],
)
def test_paths_that_are_refused(filesystem: GlobusFileSystem, root: str, emulator: GlobusEmulator, path: str) -> None:
    """Before anything is sent."""
    before = len(emulator.requests)
    with pytest.raises(GlobusSDKUsageError):
        filesystem.cat_file(path.format(root=root))
    assert len(emulator.requests) == before


def test_names_mean_themselves(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """No name is decoded, or read as another one."""
    names = ["x y", "x%20y", "q", "q#1", "q?a=b", "ü+&;", " "]
    for name in names:
        storage.write(name, name.encode())
    assert [filesystem.cat_file(f"globus://{root}/{name}").decode() for name in names] == names
    listed = filesystem.glob(f"{root}/*[!e]")
    assert {path: filesystem.cat_file(path) for path in listed} == {f"{root}/{name}": name.encode() for name in names}


# -- loops, threads and processes


def test_event_loops_one_after_another(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """Equal arguments are one instance, which drops the clients of loops that have ended."""
    storage.write("data", b"content")

    async def read() -> tuple[int, bytes, bytes]:
        fs = fsspec.filesystem("globus", asynchronous=True)
        async with await fs.open_async(f"{root}/data") as file:
            file.seek(3)
            return id(fs), await fs._cat_file(f"{root}/data"), await file.read()

    found = {asyncio.run(read()) for _ in range(3)}
    assert [each[1:] for each in found] == [(b"content", b"tent")]
    fs = fsspec.filesystem("globus", asynchronous=True)
    assert len(fs._sessions._by_loop) == 1
    assert all(session.transport.closed for session in fs._sessions._by_loop.values())
    with pytest.raises(RuntimeError):
        fs.cat_file(f"{root}/data")


def test_threads(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """All threads share one instance; asynchronous ones have a loop each."""
    storage.write("data", CONTENT[:1000])

    def read(number: int) -> Any:
        if number % 4:
            return filesystem.cat_file(f"{root}/data", number, number + 10)
        return asyncio.run(
            fsspec.filesystem("globus", asynchronous=True)._cat_file(f"{root}/data", number, number + 10)
        )

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(read, range(32))] == [CONTENT[number : number + 10] for number in range(32)]


def test_pickles_and_json_have_names_only(filesystem: GlobusFileSystem, root: str, tmp_path: Path) -> None:
    """The same arguments make the same instance; no token is in them."""
    filesystem.ls(root)
    assert pickle.loads(pickle.dumps(filesystem)) is filesystem
    stored = GlobusFileSystem(
        client_id="4" * 8 + "-0000-4000-8000-" + "0" * 12, token_storage=str(tmp_path / "tokens.json")
    )
    assert json.loads(stored.to_json())["token_storage"] == str(tmp_path / "tokens.json")
    assert pickle.loads(pickle.dumps(stored)) is stored
    with pytest.raises(TypeError):
        fsspec.filesystem("globus", access_token="secret")


def test_a_process_without_credentials(
    root: str, filesystem: GlobusFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails at its first call, and says what to do."""
    monkeypatch.delenv("GLOBUS_ASYNC_CLIENT_ID")
    monkeypatch.delenv("GLOBUS_ASYNC_CLIENT_SECRET")
    fs = fsspec.filesystem("globus", skip_instance_cache=True)
    for read in (fs.ls, fs.cat_file):
        with pytest.raises(PermissionError, match="log in again"):
            read(f"{root}/x")


def test_a_named_storage_without_tokens(filesystem: GlobusFileSystem, root: str, tmp_path: Path) -> None:
    """The application in the environment does not stand in for the person whose storage is misspelled."""
    fs = fsspec.filesystem("globus", token_storage=str(tmp_path / "absent.json"), skip_instance_cache=True)
    for read in (fs.ls, fs.cat_file):
        with pytest.raises(PermissionError, match=r"absent\.json.*it has no tokens"):
            read(f"{root}/x")


@pytest.mark.parametrize("read", ["ls", "info", "cat_file", "open"])
def test_the_text_of_an_error_is_one_line(filesystem: GlobusFileSystem, root: str, read: str) -> None:
    """What happened, and to which file; the whole report of the server is in the cause."""
    with pytest.raises(FileNotFoundError) as caught:
        getattr(filesystem, read)(f"{root}/absent")
    text = str(caught.value)
    assert "\n" not in text
    assert "No such file or directory" in text
    assert text.endswith(f": '{root}/absent'")


@pytest.fixture
def public(emulator: GlobusEmulator, lab: Collection, storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the id of a guest collection that everybody may read, in a process without credentials."""
    storage.write("tree/table.csv", b"a,b\n1,2\n")
    storage.write("tree/large", CONTENT)
    guest = emulator.add_collection("Public", host=lab, host_path="/tree", owner=lab.owner_id)
    guest.rules["rule"] = AccessRule("rule", "anonymous", "", "/", "r", create_time=0)
    monkeypatch.delenv("GLOBUS_ASYNC_CLIENT_ID")
    monkeypatch.delenv("GLOBUS_ASYNC_CLIENT_SECRET")
    return guest.id


def test_a_public_collection_without_credentials(
    filesystem: GlobusFileSystem, public: str, emulator: GlobusEmulator, tmp_path: Path
) -> None:
    """Its files are read in every way, and looked for, over HTTPS alone."""
    address = emulator.transfer.collections[public].https_url
    assert address is not None
    fs = fsspec.filesystem("globus", anonymous=True, https_servers={public: address}, skip_instance_cache=True)
    table, large = f"{public}/table.csv", f"{public}/large"
    before = len(emulator.requests)
    assert fs.cat(table) == fs.open(table).read() == b"a,b\n1,2\n"
    assert fs.cat_file(large, start=-10) == CONTENT[-10:]
    assert (fs.info(table)["size"], fs.info(table)["type"], fs.size(large)) == (8, "file", len(CONTENT))
    assert [fs.exists(path) for path in (table, f"{public}/absent", public)] == [True, False, True]
    assert (fs.isdir(public), fs.isfile(table), fs.isdir(table)) == (True, True, False)
    fs.get(large, str(tmp_path / "large"))
    assert (tmp_path / "large").read_bytes() == CONTENT
    with pytest.raises(FileNotFoundError):
        fs.info(f"{public}/absent")
    assert {request.method for request in emulator.requests[before:]} == {"GET", "HEAD"}
    with pytest.raises(PermissionError, match="log in"):
        fs.ls(public)
    with pytest.raises(OSError, match="does not say when"):
        fs.modified(table)


def test_a_public_collection_whose_address_is_not_known(filesystem: GlobusFileSystem, public: str) -> None:
    """The error says what to pass."""
    fs = fsspec.filesystem("globus", anonymous=True, skip_instance_cache=True)
    for read in (fs.cat_file, fs.info, fs.exists):
        with pytest.raises(PermissionError, match=f"https_servers={{'{public}'"):
            read(f"{public}/table.csv")


FORK = """
import os, sys
import fsspec
fs = fsspec.filesystem("globus")
path = sys.argv[1]
assert fs.cat_file(path, 0, 3) == b"con"
child = os.fork()
if child == 0:
    os._exit(0 if fs.cat_file(path, 3, 7) == b"tent" and fs.info(path)["size"] == 7 else 1)
assert os.waitpid(child, 0)[1] == 0
assert fs.cat_file(path) == b"content"
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork(filesystem: GlobusFileSystem, root: str, storage: MemoryStorage) -> None:
    """A forked process reads with connections of its own, and the parent goes on with its own; nothing is printed."""
    storage.write("data", b"content")
    done = subprocess.run([sys.executable, "-c", FORK, f"{root}/data"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_two_packages_that_claim_the_protocol() -> None:
    """Which one fsspec would use is chance, so that it is an error, which says how to choose."""
    own = EntryPoint("globus", "globus_async.fsspec.registration:GlobusFileSystem", "fsspec.specs")
    check_sole_claim([own, own])
    with pytest.raises(GlobusSDKUsageError, match=r"globusfs:GlobusFS.*register_implementation"):
        check_sole_claim([own, EntryPoint("globus", "globusfs:GlobusFS", "fsspec.specs")])
