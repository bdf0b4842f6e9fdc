"""Servers that contradict themselves or HTTP: an error and an end, never other bytes than those of the file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from globus_async import FileChanged, GCSCollectionClient, GlobusError, RetryPolicy, Transport, UploadInterrupted
from globus_async.services.files import BackendUnavailable, FileTruncated, NotFound, PermissionDenied
from tests.toolkit.raw_server import RawServer, Received, Rst, Script, Send

CONTENT = bytes(range(100)) * 10
RETRIES = 2

Response = Callable[[Received], Script]
Connect = Callable[[Response], GCSCollectionClient]


def reply(status: int, fields: Sequence[tuple[str, object]], body: bytes = b"") -> Script:
    """Return a response whose head is exactly this."""
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return [Send(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)]


def wanted(request: Received) -> tuple[int, int]:
    """Return the range of a request, from its first byte up to the last one of the file."""
    first, _, last = (request.header("range") or "bytes=0-").removeprefix("bytes=").partition("-")
    return int(first), min(int(last) + 1 if last else len(CONTENT), len(CONTENT))


def honest(request: Received, content: bytes = CONTENT, *fields: tuple[str, object]) -> Script:
    """Return what a server of collections returns."""
    if request.method != "GET":
        return reply(200, [("Content-Length", len(content) if request.method == "HEAD" else 0)])
    start, end = wanted(request)
    if start >= min(end, len(content)):
        return reply(416, [("Content-Length", 0)])
    part = content[start:end]
    return reply(206, [("Content-Range", f"bytes {start}-{end - 1}/*"), ("Content-Length", len(part)), *fields], part)


@pytest.fixture
async def serve() -> AsyncGenerator[Connect]:
    """Return a function that makes a client of a server with these responses."""
    scripts: list[Response] = []

    def respond(request: Received) -> Script:
        return scripts[0](request)

    async with (
        RawServer(respond) as server,
        Transport(read_timeout=1, default_rate_limits=False) as transport,
    ):

        def connect(response: Response) -> GCSCollectionClient:
            scripts[:] = [response]
            server.requests.clear()
            return GCSCollectionClient(
                "0" * 8 + "-0000-4000-8000-" + "0" * 12,
                server.url,
                transport=transport,
                retry=RetryPolicy(max_retries=RETRIES, base_delay=0),
            )

        yield connect


@pytest.mark.parametrize("takes_ranges", [True, False])
async def test_a_size_that_grows_with_each_request(serve: Connect, takes_ranges: bool) -> None:
    """The search for it ends after as many requests as the retries allow, not byte by byte."""
    seen: list[str | None] = []

    def response(request: Received) -> Script:
        seen.append(request.header("range"))
        if request.method == "HEAD":
            return reply(404, [("Content-Length", 0)])
        if not takes_ranges:
            return reply(200, [("Content-Length", len(seen))], b"x" * len(seen))
        start = wanted(request)[0]
        return reply(206, [("Content-Range", f"bytes {start}-{start}/*"), ("Content-Length", 1)], b"x")

    with pytest.raises(GlobusError, match="does not say the size"):
        await serve(response).size("/f")
    assert len(seen) <= 1 + 2 * (RETRIES + 1)


async def test_a_size_that_was_too_small_once(serve: Connect) -> None:
    """After a response that had too little, all further bytes are requested."""
    gets: list[str | None] = []

    def response(request: Received) -> Script:
        if request.method == "HEAD":
            return reply(404, [("Content-Length", 0)])
        gets.append(request.header("range"))
        if len(gets) > 1:
            return honest(request)
        return reply(206, [("Content-Range", "bytes 0-9/*"), ("Content-Length", 10)], CONTENT[:10])

    assert await serve(response).size("/f") == len(CONTENT)
    assert gets == ["bytes=0-", "bytes=10-10", "bytes=11-", f"bytes={len(CONTENT)}-{len(CONTENT)}"]


@pytest.mark.parametrize(
    "field",
    [("Content-Encoding", "gzip"), ("Content-Type", "multipart/byteranges; boundary=x")],
)
async def test_a_range_in_another_form(serve: Connect, field: tuple[str, str]) -> None:
    """A body that is coded, or has headers of its parts, has not the bytes of the file."""
    with pytest.raises(FileTruncated):
        await serve(lambda request: honest(request, CONTENT, field)).read("/f")


async def test_the_length_of_a_coded_body_is_not_that_of_the_file(serve: Connect) -> None:
    """It is found otherwise."""

    def response(request: Received) -> Script:
        if request.method == "HEAD":
            return reply(200, [("Content-Length", 7), ("Content-Encoding", "gzip")])
        return honest(request)

    assert await serve(response).size("/f") == len(CONTENT)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/xhtml+xml"])
async def test_a_page_in_place_of_the_file(serve: Connect, kind: str) -> None:
    """A page for a login is not read as the file."""
    page = b"<html>Log in</html>"
    fields = [("Content-Type", kind), ("Content-Length", len(page))]
    client = serve(lambda request: reply(200, fields, b"" if request.method == "HEAD" else page))
    with pytest.raises(GlobusError, match="page"):
        await client.read("/f")
    with pytest.raises(GlobusError, match="size"):
        await client.size("/f")


async def test_a_file_that_is_not_as_empty_as_stated(serve: Connect) -> None:
    """A given size of 0 is compared with the file, as any other is."""
    client = serve(honest)
    with pytest.raises(FileChanged):
        await client.read("/f", size=0)
    assert await serve(lambda request: honest(request, b"")).read("/f", size=0) == b""
    assert await serve(lambda _: reply(200, [("Content-Length", 0)])).read("/f", size=0) == b""


@pytest.mark.parametrize("first", [[Rst()], reply(408, [("Content-Length", 0)])])
async def test_an_upload_that_is_refused_after_it_broke_off(serve: Connect, first: Script) -> None:
    """What an earlier attempt may have left is removed, though the last one has written nothing."""
    size = 1000
    calls: list[str] = []

    def response(request: Received) -> Script:
        nonlocal size
        calls.append(request.method)
        if request.method == "HEAD":
            return reply(200, [("Content-Length", size)])
        if request.method == "PUT":
            size = 10
            return first if calls.count("PUT") == 1 else reply(403, [("Content-Length", 0)])
        return reply(200, [("Content-Length", 0)])

    with pytest.raises(UploadInterrupted) as caught:
        await serve(response).upload(CONTENT, "/f")
    assert isinstance(caught.value.__cause__, PermissionDenied)
    assert caught.value.remaining_path is None
    assert calls == ["HEAD", "PUT", "PUT", "HEAD", "DELETE"]


async def test_a_collection_that_can_only_be_written(serve: Connect) -> None:
    """An upload needs no other method than PUT; it does not claim that nothing is left where it cannot know."""

    def response(request: Received) -> Script:
        status = 405 if request.method != "PUT" else 500 if request.target == "/broken" else 201
        return reply(status, [("Content-Length", 0)])

    client = serve(response)
    assert (await client.upload(CONTENT, "/f")).size == len(CONTENT)
    with pytest.raises(UploadInterrupted) as caught:
        await client.upload(CONTENT, "/broken")
    assert caught.value.remaining_path == "/broken"


@pytest.mark.parametrize("name", ["c", "2", "file", "or", "No such file or directory"])
async def test_an_error_that_quotes_the_path(serve: Connect, name: str) -> None:
    """The words of a path are not those of the server, and short names are not cut out of its words."""
    missing = b"c=INTERNAL_ERROR\nSystem error in open: No such file or directory"
    broken = f"c=INTERNAL_ERROR\nGridFTP-Errno: 108\nCannot ask for /a/{name}".encode()

    def response(request: Received) -> Script:
        body = b"" if request.method == "HEAD" else missing if request.target.startswith("/a") else broken
        return reply(404, [("Content-Length", len(body))], body)

    client = serve(response)
    if name != "No such file or directory":
        with pytest.raises(NotFound):
            await client.read(f"/a/{name}")
    with pytest.raises(BackendUnavailable):
        await client.read(f"/b/{name}")
