"""The body of a request that is read from its source while it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import httpx

from ..errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from .._http.stream_body import StreamBody

__all__ = ("Upload",)


class Upload(httpx.AsyncByteStream):
    """
    The streamed body of all attempts of a call; each iteration is that of one attempt.

    The bytes that complete the stated size are sent after the source has ended, so that a longer source completes no
    request.

    Args:
        source: The body.

    Attributes:
        size: The number of bytes; ``None`` if it is not known.
        may_repeat: Whether another attempt can send the body.
        failure: The error of the source at the current attempt.
    """

    def __init__(self, source: StreamBody) -> None:
        self._source = source
        self._sending: AsyncGenerator[bytes, None] | None = None
        self.size: int | None = source.size
        self.may_repeat: bool = True
        self.failure: Exception | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        self.may_repeat = self._source.repeatable
        self._sending = self._chunks()
        return self._sending

    async def aclose(self) -> None:
        """Close the iterator of the current attempt."""
        sending, self._sending = self._sending, None
        if sending is not None:
            await sending.aclose()

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(self._sized()) as chunks:
                async for chunk in chunks:
                    yield chunk
        except Exception as error:
            self.failure = error
            raise

    async def _sized(self) -> AsyncGenerator[bytes, None]:
        size, read, last = self.size, 0, b""
        source = _checked(self._source.chunks())
        try:
            async for chunk in source:
                piece = _piece(chunk)
                read += len(piece)
                if size is not None and read > size:
                    raise GlobusSDKUsageError(f"the StreamBody yielded more than its size of {size} bytes")
                if read == size:
                    last = last or piece
                elif piece:
                    yield piece
        finally:
            if hasattr(source, "aclose"):
                await source.aclose()
        if size is not None and read < size:
            raise GlobusSDKUsageError(f"the StreamBody yielded {read} bytes, fewer than its size of {size} bytes")
        if last:
            yield last


def _checked(source: Any) -> Any:
    if hasattr(source, "__aiter__"):
        return source
    if hasattr(source, "close"):
        source.close()  # a coroutine, which would be reported as never awaited
    raise GlobusSDKUsageError(
        f"chunks of the StreamBody returned a {type(source).__name__}, not an async iterator: pass an async generator"
        " function"
    )


def _piece(chunk: object) -> bytes:
    if isinstance(chunk, bytes):
        return chunk
    if isinstance(chunk, (bytearray, memoryview)):
        return bytes(cast("bytearray", chunk))  # the source may use it again before it is sent
    raise GlobusSDKUsageError(f"the StreamBody yielded a {type(chunk).__name__}, not bytes")
