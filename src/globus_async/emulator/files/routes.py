"""The operations on files."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import quote

import anyio.to_thread
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from ..kit.collection_files import FileAccessError
from ..kit.responses import html_response
from .access import authorized
from .content_types import content_type
from .errors import FilesError, access_error
from .ranges import ByteRange, read_ranges
from .responses import FileResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kit.collection_files import FileWriter
    from ..kit.request import Request
    from ..kit.service import RouteTable
    from .state import FilesState

__all__ = ("ROUTES", "delete_file", "get_file", "put_file")

_BOUNDARY: Final = "globus-part"
_LOGGED_IN: Final = "<!DOCTYPE html><html><head><title>Globus</title></head><body>You are logged in.</body></html>"
"""The page that a login returns to; a client that follows redirects takes it for the file."""
_WRITTEN: Final = 1 << 20
"""Bytes that are written at a time."""


async def get_file(state: FilesState, request: Request) -> Response:
    """``GET``: the file, or the ranges of it that the header asks for."""
    if request.path == "/" and request.parameter("code"):
        return html_response(_LOGGED_IN)
    collection, identities, path = authorized(state, request, write=False)
    try:
        file = await anyio.to_thread.run_sync(state.platform.files.open, collection.id, identities, path)
    except FileAccessError as error:
        raise access_error(error) from None
    try:
        return await _file_response(file, path[-1] if path else "", request)
    except BaseException:
        file.close()
        raise


async def _file_response(file: BinaryIO, name: str, request: Request) -> Response:
    size = await anyio.to_thread.run_sync(file.seek, 0, io.SEEK_END)
    kind, with_content = content_type(name), request.method == "GET"
    headers = {"Accept-Ranges": "bytes"}
    if request.parameter("download"):
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    try:
        ranges = read_ranges(request.header("range"), size) if with_content else None
    except ValueError:
        raise FilesError(416, "RANGE_NOT_SATISFIABLE", "Requested Range Not Satisfiable") from None
    if ranges is None:
        headers["Content-Type"] = kind
        return FileResponse(file, [(b"", ByteRange(0, size))], status=200, headers=headers, content=with_content)
    if len(ranges) == 1:
        headers |= {"Content-Type": kind, "Content-Range": ranges[0].content_range}
        return FileResponse(file, [(b"", ranges[0])], status=206, headers=headers, content=True)
    headers["Content-Type"] = f"multipart/byteranges; boundary={_BOUNDARY}"
    parts = [
        (
            f"\r\n--{_BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Range: {each.content_range}\r\n\r\n".encode(),
            each,
        )
        for each in ranges
    ]
    end = f"\r\n--{_BOUNDARY}--\r\n".encode()
    return FileResponse(file, parts, end, status=206, headers=headers, content=True)


async def put_file(state: FilesState, request: Request) -> Response:
    """``PUT``: write a file in place; one whose upload breaks off stays as far as it was sent."""
    collection, identities, path = authorized(state, request, write=True)
    try:
        writer = await anyio.to_thread.run_sync(state.platform.files.overwrite, collection.id, identities, path)
        try:
            await _receive(request, writer)
        finally:
            await anyio.to_thread.run_sync(writer.close)
    except FileAccessError as error:
        raise access_error(error) from None
    return Response()


async def _receive(request: Request, writer: FileWriter) -> None:
    received: list[bytes] = []
    size = 0
    with contextlib.suppress(ClientDisconnect):  # what has arrived before is written all the same
        async for chunk in request.raw.stream():
            received.append(chunk)
            size += len(chunk)
            if size >= _WRITTEN:
                await anyio.to_thread.run_sync(_write, writer, received)
                received, size = [], 0
    await anyio.to_thread.run_sync(_write, writer, received)


def _write(writer: FileWriter, chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        writer.write(chunk)


async def delete_file(state: FilesState, request: Request) -> Response:
    """``DELETE``: remove a file."""
    collection, identities, path = authorized(state, request, write=True)
    try:
        await anyio.to_thread.run_sync(state.platform.files.delete, collection.id, identities, path)
    except FileAccessError as error:
        raise access_error(error) from None
    return Response()


ROUTES: Final[RouteTable[FilesState]] = (
    ("GET", "/{path:path}", get_file),
    ("PUT", "/{path:path}", put_file),
    ("DELETE", "/{path:path}", delete_file),
)
