"""Responses with the content of files, which is read while it is sent."""

from __future__ import annotations

from io import FileIO
from typing import TYPE_CHECKING, BinaryIO, Final

import anyio.to_thread
from starlette.responses import Response

from ..injection import ZERO_COPY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import Message, Receive, Scope, Send

    from .ranges import ByteRange

__all__ = ("FileResponse",)

_CHUNK: Final = 512 << 10
"""Bytes that are read and sent at a time."""
_SPAN: Final = 1 << 20
"""Bytes that are sent at a time without being read."""


class FileResponse(Response):
    """
    Parts of a file, or all of it; the file is closed when the response is sent.

    Args:
        file: The file.
        parts: What is sent, in this order, each with the text that precedes it.
        end: Text after the last part.
        status: The HTTP status.
        headers: The headers, without ``Content-Length``.
        content: Send the content; otherwise only the headers, as for HEAD.
    """

    def __init__(
        self,
        file: BinaryIO,
        parts: Sequence[tuple[bytes, ByteRange]],
        end: bytes = b"",
        *,
        status: int,
        headers: Mapping[str, str],
        content: bool,
    ) -> None:
        self._file = file
        self._parts = parts
        self._end = end
        self._with_content = content
        size = sum(len(text) + part.size for text, part in parts) + len(end)
        super().__init__(None, status, {**headers, "Content-Length": str(size)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- of ASGI
        """Send the response."""
        send_part = self._send_part
        if ZERO_COPY in scope.get("extensions", {}) and isinstance(self._file, FileIO):
            send_part = self._send_part_unread
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for text, part in self._parts if self._with_content else ():
                if text:
                    await send(_body(text))
                await send_part(part, send)
            await send({"type": "http.response.body", "body": self._end, "more_body": False})
        finally:
            self._file.close()

    async def _send_part(self, part: ByteRange, send: Send) -> None:
        await anyio.to_thread.run_sync(self._file.seek, part.start)
        for start in range(part.start, part.end, _CHUNK):
            size = min(_CHUNK, part.end - start)
            chunk = await anyio.to_thread.run_sync(self._file.read, size)
            if len(chunk) < size:
                raise OSError("the file became shorter while it was sent")
            await send(_body(chunk))

    async def _send_part_unread(self, part: ByteRange, send: Send) -> None:
        """Let the operating system copy the file to the socket."""
        for start in range(part.start, part.end, _SPAN):
            size = min(_SPAN, part.end - start)
            await send({"type": ZERO_COPY, "file": self._file, "offset": start, "count": size, "more_body": True})


def _body(content: bytes) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": True}
