"""Responses whose bodies are read by the caller, as they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast

from .._http.response import RawResponse
from .._http.stream_body import SourceFailedError
from ..errors import GlobusSDKUsageError
from ..porting import AsyncContextOnly, AsyncIterationOnly

if TYPE_CHECKING:
    from types import TracebackType

    from .._http.headers import Headers
    from ..clock import Clock
    from ..errors import GlobusError

__all__ = ("OpenResponse", "StreamedCall", "StreamedResponse", "streamed")


class _Stream(Protocol):
    """A body as the HTTP client has it."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over it."""
        ...

    async def aclose(self) -> None:
        """Close the connection, unless the whole body has arrived."""


class StreamedResponse(AsyncIterationOnly):
    """
    A successful response whose body is read as it arrives, by ``async for chunk in response``; see `BaseClient.stream`.

    The chunks are as large as the network makes them; they are not decompressed. Between reads, about 256 KiB are
    received and no more. A read that fails or is cancelled ends the stream.

    Attributes:
        raw: The status and the headers; its body is empty.
    """

    __slots__ = (
        "_chunks",
        "_clock",
        "_closed",
        "_failed",
        "_failure",
        "_idle",
        "_is_closed",
        "_is_ended",
        "_is_waiting",
        "_length",
        "_received",
        "_stream",
        "_timeout",
        "raw",
    )

    def __init__(
        self,
        raw: RawResponse,
        stream: _Stream,
        *,
        length: int | None,
        clock: Clock | None,
        idle: float | None,
        failed: Callable[[Exception | str], GlobusError | None],
        closed: Callable[[BaseException | None], None],
    ) -> None:
        """
        Take over an open response.

        Args:
            raw: The status and the headers.
            stream: The body.
            length: The number of bytes of the body; ``None`` if it is not known.
            clock: Limits the time of each wait; ``None`` if the stream does so itself.
            idle: Seconds without a byte; ``None`` for no limit.
            failed: Returns the error of the call for an error of the stream, or ``None`` if it is none of the network.
            closed: Called once, when the stream is closed, with the error of a read if one failed.
        """
        self.raw: RawResponse = raw
        self._stream = stream
        self._chunks: Any = aiter(stream)
        self._length = length
        self._clock = clock
        self._idle = idle
        self._failed = failed
        self._closed = closed
        self._timeout: asyncio.Timeout | None = None
        self._failure: BaseException | None = None
        self._is_waiting = self._is_closed = self._is_ended = False
        self._received = 0

    @property
    def http_status(self) -> int:
        """The HTTP status, such as 200, or 206 for a range."""
        return self.raw.status

    @property
    def headers(self) -> Headers:
        """The headers; names are case-insensitive."""
        return self.raw.headers

    @property
    def request_id(self) -> str | None:
        """The service's id of the request, the header ``x-request-id``; ``None`` without one."""
        return self.raw.request_id

    @property
    def bytes_received(self) -> int:
        """The number of bytes of the body that the iteration has returned so far."""
        return self._received

    def __repr__(self) -> str:
        return (
            f"<StreamedResponse {self.raw.status} of {self.raw.method} {self.raw.path}, {self._received} bytes so far>"
        )

    def __aiter__(self) -> StreamedResponse:
        return self

    async def __anext__(self) -> bytes:
        """
        Return the next bytes of the body.

        Raises:
            NetworkError: The rest of the body did not arrive, at the stage ``"response truncated"``.
            GlobusSDKUsageError: The stream is closed, has failed, or is read by another task.
        """
        if self._is_closed or self._is_waiting or self._failure is not None:
            raise self._misuse()
        self._is_waiting = True
        failure: GlobusError | None
        try:
            chunk = await self._next()
        except StopAsyncIteration:
            if self._length is None or self._received == self._length:
                raise
            failure = self._failed(f"the body has {self._received} bytes, not {self._length} as stated")
        except asyncio.CancelledError as error:
            self._failure = error
            # the frames below hold the request; a traceback must not show its headers
            raise error.with_traceback(None) from None
        except Exception as error:
            self._failure = error
            failure = self._failed(error)
            if failure is None:
                raise
        else:
            self._received += len(chunk)
            return chunk
        finally:
            self._is_waiting = False
        self._failure = failure
        raise cast("GlobusError", failure)

    async def _next(self) -> bytes:
        if self._is_ended:
            raise TimeoutError
        if self._clock is None:
            return cast("bytes", await anext(self._chunks))
        async with self._clock.timeout(self._idle) as self._timeout:
            return cast("bytes", await anext(self._chunks))

    def _misuse(self) -> GlobusSDKUsageError:
        if self._is_closed:
            return GlobusSDKUsageError("the stream is closed: read it inside its 'async with' block")
        if self._is_waiting:
            return GlobusSDKUsageError("another task is reading this stream: a stream has one reader")
        kind = type(self._failure).__name__
        return GlobusSDKUsageError(f"the stream ended with a {kind} at an earlier read: begin another one")

    def end(self) -> None:
        """End the current read, because the transport is closed."""
        self._is_ended = True
        if self._timeout is not None:
            with suppress(RuntimeError):  # there is no current read
                self._timeout.reschedule(float("-inf"))

    def discard(self) -> None:
        """Let the connection be closed even if the whole body has arrived: what it leads to is at fault."""
        stream: Any = self._stream
        if hasattr(stream, "discard"):  # a caller's own client decides itself
            stream.discard()

    async def aclose(self) -> None:
        """Close the connection, unless the whole body has arrived; idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            with suppress(Exception):  # the connection is of no further use
                try:
                    if self._clock is not None and self._failure is None and self._received == self._length:
                        await anext(self._chunks, None)  # another client uses no connection again before its end
                    if hasattr(self._chunks, "aclose"):
                        await self._chunks.aclose()
                finally:
                    await self._stream.aclose()
        finally:
            self._closed(self._failure)


class OpenResponse(RawResponse):
    """A successful response whose body has not been read."""

    __slots__ = ("streamed",)

    streamed: StreamedResponse


async def streamed(response: RawResponse) -> StreamedResponse:
    """Return the stream of a response to a request whose response is streamed."""
    return cast("OpenResponse", response).streamed


class StreamedCall(AsyncContextOnly):
    """
    A call whose response is streamed, to be entered with ``async with``; made by `BaseClient.stream`.

    Args:
        send: Makes the call.
    """

    __slots__ = ("_response", "_send")

    def __init__(self, send: Callable[[], Awaitable[StreamedResponse]]) -> None:
        self._send = send
        self._response: StreamedResponse | None = None

    def __repr__(self) -> str:
        return "<StreamedCall; use 'async with'>"

    async def __aenter__(self) -> StreamedResponse:
        if self._response is not None:
            raise GlobusSDKUsageError("this stream has been entered already: call stream() again for another one")
        try:
            self._response = await self._send()
        except SourceFailedError as failed:
            error = failed.error
        else:
            return self._response
        raise error  # outside of the handler: with the context that the caller gave it

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        response, self._response = self._response, None
        if response is not None:
            await response.aclose()

    if not TYPE_CHECKING:

        def __aiter__(self) -> NoReturn:
            raise TypeError(
                "enter the stream, and iterate over the response: 'async with client.stream(...) as response:', and in"
                " the block 'async for chunk in response:'"
            )
