"""Responses with the content of files, which is read while it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

import anyio.to_thread
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from .ranges import ByteRange

__all__ = ("FileResponse",)

_CHUNK: Final = 512 << 10
"""Bytes that are read and sent at a time."""


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
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if self._with_content:
                async for chunk in self._chunks():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._file.close()

    async def _chunks(self) -> AsyncIterator[bytes]:
        for text, part in self._parts:
            if text:
                yield text
            await anyio.to_thread.run_sync(self._file.seek, part.start)
            remaining = part.size
            while remaining:
                chunk: Any = await anyio.to_thread.run_sync(self._file.read, min(_CHUNK, remaining))
                if not chunk:
                    raise OSError("the file became shorter while it was sent")
                remaining -= len(chunk)
                yield chunk
        if self._end:
            yield self._end
