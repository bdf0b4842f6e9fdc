"""Requests to the emulated HTTPS servers of collections: their habits, in process and on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from globus_async.emulator.own_paths import PREFIX
from globus_async.testing import GlobusEmulator, MemoryStorage
from tests.emulator.files_world import TEXT, FilesWorld, files_world


@pytest.fixture(params=[False, True], ids=["in process", "socket"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[FilesWorld]:
    async with files_world(socket=request.param) as made:
        yield made


async def test_whole_files(world: FilesWorld) -> None:
    """GET and HEAD have the same headers; a name may have any characters."""
    response = await world.send("GET", "/data/a.txt")
    head = await world.send("HEAD", "/data/a.txt", headers={"Range": "bytes=1-2"})
    assert (response.status_code, response.content, head.status_code, head.content) == (200, TEXT, 200, b"")
    for each in (response, head):
        assert (each.headers["content-type"], each.headers["content-length"]) == ("text/plain", "10")
        assert {"etag", "last-modified"}.isdisjoint(each.headers)
    assert (await world.send("GET", f"/data/{quote('ä %41?#.bin', safe='')}")).content == b"odd"
    assert (await world.send("GET", "/data//./a.txt")).content == TEXT
    assert (await world.send("PUT", f"{PREFIX}x", content=b"own")).status_code == 200
    assert await world.status("GET", "/") == await world.status("GET", f"{PREFIX}/state") == 404
    assert (await world.send("GET", "/data/empty")).content == b""
    saved = await world.send("GET", "/shared/b.csv?download=1")
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''b.csv"


@pytest.mark.parametrize(
    ("header", "content_range", "content"),
    [
        ("bytes=0-", "bytes 0-9/*", TEXT),
        ("bytes=0-0", "bytes 0-0/*", b"0"),
        ("bytes=3-5", "bytes 3-5/*", b"345"),
        ("bytes=8-99", "bytes 8-9/*", b"89"),
        ("bytes=9-", "bytes 9-9/*", b"9"),
        ("bytes=10-", None, 416),
        ("bytes=-3", None, 416),
        ("bytes=5-4", None, 416),
        ("bytes=1-2,10-", None, 416),
        ("bytes=x", None, 416),
        ("lines=1-2", None, TEXT),
    ],
)
async def test_ranges(world: FilesWorld, header: str, content_range: str | None, content: bytes | int) -> None:
    """The total is an asterisk; ranges that count from the end, or begin behind it, are refused."""
    response = await world.send("GET", "/data/a.txt", headers={"Range": header})
    assert response.headers.get("content-range") == content_range
    if isinstance(content, int):
        assert response.status_code == content
    else:
        assert (response.status_code, response.content) == (200 if content_range is None else 206, content)


async def test_several_ranges(world: FilesWorld) -> None:
    """They come in one response, in the order of the header, with the length of the whole announced."""
    response = await world.send("GET", "/data/a.txt", headers={"Range": "bytes=7-, 0-1"})
    assert response.status_code == 206
    assert response.headers["content-type"].startswith("multipart/byteranges; boundary=")
    parts = response.content.split(b"--" + response.headers["content-type"].partition("=")[2].encode())
    bodies = [part.strip(b"\r\n").partition(b"\r\n\r\n") for part in parts[1:-1]]
    assert [body for _, _, body in bodies] == [b"789", b"01"]
    assert b"Content-Range: bytes 7-9/*" in bodies[0][0]
    assert response.headers["content-length"] == str(len(response.content))


async def test_misses(world: FilesWorld) -> None:
    """A real miss names its error number in the body; HEAD has no body; a directory is no file."""
    for method in ("GET", "DELETE"):
        response = await world.send(method, "/data/absent")
        assert response.status_code == 404
        assert "c=PATH_NOT_FOUND\nGridFTP-Errno: 2\n" in response.text
    head = await world.send("HEAD", "/data/absent")
    assert (head.status_code, head.content) == (404, b"")
    assert "No such file or directory" in (await world.send("GET", "/data/a.txt/below")).text
    for method in ("GET", "PUT", "DELETE"):
        assert "Is a directory" in (await world.send(method, "/data")).text
    assert await world.status("GET", "/data/%ff") == await world.status("GET", "/data/%00") == 403
    assert await world.status("GET", "/data/%2e%2e/data/a.txt") == 403
    assert await world.status("POST", "/data/a.txt") == 405
    world.emulator.files.json_errors = True
    assert (await world.send("GET", "/data/absent")).json()["code"] == "path_not_found"


async def test_writes(world: FilesWorld) -> None:
    """PUT makes and replaces a file in an existing directory; DELETE removes it."""
    assert await world.status("PUT", "/d/new", content=b"1") == 200
    assert await world.status("PUT", "/d/new", content=b"22") == 200
    assert world.storage.tree()["d/new"] == b"22"
    missing = await world.send("PUT", "/missing/new", content=b"1")
    assert (missing.status_code, "GridFTP-Errno: 2" in missing.text) == (404, True)
    assert await world.status("PUT", "/d/empty", content=b"") == 200
    assert await world.status("DELETE", "/d/new") == 200
    assert await world.status("DELETE", "/d/new") == 404
    assert world.storage.tree()["d/empty"] == b""


async def test_a_file_is_gone_while_it_is_replaced(world: FilesWorld) -> None:
    """There is no temporary name: what was there before is lost when the upload begins."""
    arrived, checked = asyncio.Event(), asyncio.Event()

    async def content() -> AsyncIterator[bytes]:
        yield b"new"
        arrived.set()
        await checked.wait()

    upload = asyncio.create_task(world.send("PUT", "/data/a.txt", content=content()))
    await arrived.wait()
    while world.storage.tree()["data/a.txt"] == TEXT:  # noqa: ASYNC110 -- the server sets no event
        await asyncio.sleep(0.001)
    assert world.storage.tree()["data/a.txt"] == b""
    checked.set()
    assert (await upload).status_code == 200
    assert world.storage.tree()["data/a.txt"] == b"new"


async def test_redirects_to_a_login(world: FilesWorld) -> None:
    """Without a token: its client id is that of the collection, and whoever follows it gets a page, not the file."""
    response = await world.send("GET", "/data/a.txt", token="")
    assert response.status_code == 302
    location = response.headers["location"]
    assert parse_qs(urlsplit(location).query)["client_id"] == [world.lab.id]
    page = await world.http.get(f"{world.lab.https_url}/data/a.txt", follow_redirects=True)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert TEXT not in page.content
    scripted = await world.send("GET", "/data/a.txt", token="", headers={"X-Requested-With": "XMLHttpRequest"})
    assert (scripted.status_code, "location" in scripted.headers) == (401, False)
    assert await world.status("GET", "/data/a.txt", token="expired") == 401


async def test_addresses(world: FilesWorld) -> None:
    """Each collection has a host of its own, which is a path of the emulator on a socket."""
    urls = [each.https_url or "" for each in (world.lab, world.guest)]
    assert [url.rpartition("/")[2][:2] for url in urls] == ["m-", "g-"]
    assert len({url.rpartition("/")[2].partition(".")[2] for url in urls}) == 1
    token = world.emulator.access_token(world.ada)
    for collection, url in zip((world.lab, world.guest), urls, strict=True):
        base = url.rpartition("/")[0] if "127.0.0.1" in url else "https://transfer.api.globus.org"
        response = await world.http.get(
            f"{base}/v0.10/endpoint/{collection.id}", headers={"Authorization": f"Bearer {token}"}
        )
        assert response.json()["https_server"] == url
    personal = world.emulator.add_collection("Laptop", storage=MemoryStorage(), entity_type="GCP_mapped_collection")
    fixed = world.emulator.add_collection("Fixed", https_server="https://example.org")
    assert (personal.https_url, fixed.https_url) == (None, "https://example.org")


async def test_large_files(tmp_path: Path) -> None:
    """Both ways; a client that leaves within one leaves the server as good as before, and all of it is counted."""
    size = 24 << 20
    (tmp_path / "big").write_bytes(bytes(range(256)) * (size // 256))
    async with GlobusEmulator() as emulator, emulator.serve(), httpx.AsyncClient(trust_env=False) as http:
        lab = emulator.add_collection("Lab", path=tmp_path)
        token = emulator.access_token(scopes=[f"https://auth.globus.org/scopes/{lab.id}/https"])
        headers = {"Authorization": f"Bearer {token}"}
        async with http.stream("GET", f"{lab.https_url}/big", headers=headers) as response:
            async for _ in response.aiter_raw():
                break
        response = await http.get(f"{lab.https_url}/big", headers={**headers, "Range": f"bytes=1-{size}"})
        assert response.content == (tmp_path / "big").read_bytes()[1:]

        async def content() -> AsyncIterator[bytes]:
            for _ in range(24):
                yield b"u" * (1 << 20)

        assert (await http.put(f"{lab.https_url}/up", headers=headers, content=content())).status_code == 200
        assert (tmp_path / "up").stat().st_size == size
        traffic = emulator.traffic(lab.https_host)
        assert (traffic.requests, traffic.connections) == (3, 2)
        assert traffic.peak <= 2  # the server may notice after the second request that the first client has left
        assert traffic.bytes_received == size
        assert size <= traffic.bytes_sent < 2 * size
        assert all(each.body == b"" for each in emulator.requests)
        row = (await http.get(f"{lab.https_url}".partition("/m-")[0] + f"{PREFIX}/state")).json()["hosts"]
        assert [(each["requests"], each["received"]) for each in row] == [(3, size)]
