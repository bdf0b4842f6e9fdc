"""A response as it arrives: the head, the framing and the body of exactly one HTTP/1.1 message."""

from __future__ import annotations

import asyncio
import re
from typing import Final, Protocol

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from ._errors import BodyNotHTTPError, HeadTooLargeError

__all__ = ("IncomingResponse",)

_MAX_FRAMING_BYTES: Final = 1 << 16  # of heads, a chunk or a trailer; a content security policy may be long
_HEAD_END: Final = b"\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"  # of five bytes
_BODY_ENDS: Final = frozenset({b"content-length", b"transfer-encoding"})
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_VERSIONS: Final = (b"HTTP/1.1 ", b"HTTP/1.0 ")


class _Connection(Protocol):
    """What a response uses of its connection."""

    def abort(self) -> None:
        """Close it."""

    def release(self, response: IncomingResponse) -> None:
        """Use it again, if it waits for that."""

    def resume_reading(self) -> None:
        """Receive more."""


class _NotHTTPError(Exception):
    """The parser accepts what was received, and HTTP/1.1 does not."""


class IncomingResponse(httpx.AsyncByteStream):
    """
    A response, and the stream of its body.

    Args:
        connection: Receives it; aborted if the stream is closed early.
        method: The method of its request.

    Attributes:
        status: The status; 0 until the head has arrived.
        reason: The reason phrase.
        fields: The headers.
        unread: Number of bytes of the body that wait for their reader.
        is_complete: Whether all of it has arrived.
        is_last: Whether the connection cannot be used again, because of this response or of what follows it.
        is_held: Whether the connection is used again when this response is closed, not as soon as it is complete.
        is_early: Whether it began to arrive before the whole request was written.
        error: Why no more of it will arrive.
    """

    def __init__(self, connection: _Connection, method: str) -> None:
        self.status = self.unread = 0
        self.reason = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.is_complete = self.is_last = self.is_early = self.is_held = False
        self._is_chunked = self._is_closed = False
        self.error: httpx.TransportError | None = None
        self._connection = connection
        self._is_tunnel = method == "CONNECT"
        self._has_no_body = self._is_tunnel or method == "HEAD"
        self._parser = HttpResponseParser(self)
        self._head: bytes = b""
        self._tail: bytes = b""
        self._framing = 0  # bytes so far that are no body; those since the last chunk, if there are chunks
        self._missing: int | None = None  # bytes of a body whose length is known
        self._chunks: list[bytes] = []
        self._reader: asyncio.Future[None] | None = None

    async def wait_for_head(self, sending: asyncio.Future[None] | None = None) -> None:
        """Wait for the status and the headers, or until the request has been sent."""
        while not self.status and (sending is None or not sending.done()):
            if self.error is not None:
                raise self.error
            await self._more()

    def __aiter__(self) -> IncomingResponse:
        return self

    async def __anext__(self) -> bytes:
        while not (self._chunks or self.is_complete or self.error):
            await self._more()
        if self._chunks:
            return self.take()
        if self.error is not None:
            raise self.error
        raise StopAsyncIteration

    def take(self) -> bytes:
        """Return what has arrived of the body, and receive more of it."""
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks, self.unread = [], 0
        self._connection.resume_reading()
        return data

    async def aclose(self) -> None:
        """Close the connection, unless the whole response has arrived; idempotent."""
        if not self.is_complete:
            self._connection.abort()
        elif not self._is_closed:
            self._connection.release(self)
        self._is_closed = True

    def discard(self) -> None:
        """Let the connection be closed, even if the whole response has arrived."""
        self.is_last = True

    async def _more(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        await self._reader

    def wake(self, _: object = None) -> None:
        """Let the reader see what has changed."""
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def fail(self, error: httpx.TransportError) -> None:
        """End the response before it is complete; the first error is its cause."""
        self.error, self.is_last = self.error or error, True
        self.wake()

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        try:
            while data and not self.status and self.error is None:  # interim responses may precede the final one
                data = self._feed_head(data)
            self._feed_body(data)
        except (HttpParserError, HttpParserUpgrade, _NotHTTPError):
            if not self.status:
                self.fail(httpx.RemoteProtocolError("the response is not valid HTTP"))
            elif not self.is_complete:
                self.fail(BodyNotHTTPError("the body of the response is not valid HTTP"))
            self.is_last = True
        if self.is_complete:  # and nothing else has arrived
            self.is_last |= self._tail != _LAST_CHUNK if self._is_chunked else self._framing > 0
        if self.status:
            self.wake()

    def _feed_head(self, data: bytes) -> bytes:
        """Take a head, or a part of one; return what follows it."""
        self._framing += len(data)
        data = self._head + data
        end = data.find(_HEAD_END) + len(_HEAD_END)
        self._head, rest = (data, b"") if end < len(_HEAD_END) else (b"", data[end:])
        self._framing -= len(rest)
        if self._framing > _MAX_FRAMING_BYTES:
            self.fail(HeadTooLargeError("the response is not valid HTTP"))
        elif not self._head:
            if not data.startswith(_VERSIONS):
                raise _NotHTTPError
            self._parser.feed_data(data[:end])
        return rest

    def _feed_body(self, data: bytes) -> None:
        if self._missing is not None:
            self._feed_known(data)
            return
        self._framing += len(data)
        self._tail = (self._tail + data[-len(_LAST_CHUNK) :])[-len(_LAST_CHUNK) :]
        if data and self.error is None and not self._has_no_body:
            self._parser.feed_data(data)
            if self._framing > _MAX_FRAMING_BYTES:
                raise _NotHTTPError

    def _feed_known(self, data: bytes) -> None:
        """Take a part of a body whose length is known, without the parser, which would copy it."""
        missing = self._missing or 0
        if len(data) > missing:
            self._framing += len(data) - missing
            data = data[:missing]
        if data:
            self._chunks.append(data)
            self.unread += len(data)
            self._missing = missing - len(data)
        self.is_complete = not self._missing

    def feed_eof(self) -> None:
        """Take the end of the connection, which may be that of the body."""
        if self.status and not self._announces_body():
            self.is_complete = True
            self.wake()

    def _content_length(self) -> int | None:
        """Return the length of the body, if it is known; the parser accepts no second one."""
        fields = {name.lower(): value for name, value in self.fields}
        length = fields.get(b"content-length")
        return int(length) if length is not None and length.isdigit() and b"transfer-encoding" not in fields else None

    def _announces_body(self) -> bool:
        """Whether a header states the end of a body."""
        return any(name.lower() in _BODY_ENDS and value != b"0" for name, value in self.fields)

    def on_message_begin(self) -> None:
        if self.is_complete:
            raise _NotHTTPError

    def on_status(self, reason: bytes) -> None:
        if _CONTROL.search(reason):
            raise _NotHTTPError
        self.reason = reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:  # the trailer of a body has no effect
            self.fields.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 100 or status == 101:
            raise _NotHTTPError
        if status < 200:
            self.fields, self.reason = [], b""
            return
        self.status, self._framing = status, 0
        is_persistent = self._parser.should_keep_alive() and self._parser.get_http_version() == "1.1"
        self.is_last |= not (self._is_tunnel or is_persistent)
        self.is_last |= status == 204 and self._announces_body()  # which is not allowed, but may follow
        self._has_no_body = self.is_complete = self._has_no_body or status in {204, 304}
        if not self._has_no_body:
            self._missing = self._content_length()

    def on_chunk_header(self) -> None:
        self._framing = 0
        if not self._is_chunked:
            self._is_chunked = True
            codings = [value.lower() for name, value in self.fields if name.lower() == b"transfer-encoding"]
            self.is_last |= codings != [b"chunked"]

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self.unread += len(body)
        self._framing -= len(body)

    def on_message_complete(self) -> None:
        self.is_complete = self.status > 0
