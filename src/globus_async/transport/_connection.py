"""
An HTTP/1.1 connection on asyncio: it writes a request, and receives exactly the response to it.

HTTP/1.1 assigns responses to requests by their order alone. If a server or a proxy sends a response that was not
requested (a late 408, the same response twice), every further response on that connection belongs to the request
before it. So a connection is used again only if all that it received is exactly the response to its last request, and
nothing can be read from it when it is taken.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import sys
from typing import TYPE_CHECKING, Any, Final, cast

import httpx

from ._incoming_response import IncomingResponse

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Connection",)

_IDLE_SECONDS: Final = 5.0  # below the idle limit of common servers, so that few reused connections are dead
_MAX_UNREAD_BYTES: Final = 1 << 18
_MAX_TURNS: Final = 16  # of the loop
_FIRST_ERROR: Final = 400
_TCP_INFO: Final = getattr(socket, "TCP_INFO", 0)
_BYTES_RECEIVED: Final = slice(128, 136)  # in Linux's struct tcp_info


class Connection(asyncio.Protocol):
    """
    A connection to a server or a proxy; what arrives while no response is awaited closes it.

    Args:
        opened: All open connections, this one among them while it is.

    Attributes:
        idle: Where it waits for its next request; ``None`` until it has been opened completely.
    """

    _transport: asyncio.Transport
    _poll: Callable[[float], list[Any]]
    _socket: socket.socket | None
    _is_new: bool

    def __init__(self, opened: set[Connection]) -> None:
        self.idle: list[Connection] | None = None
        self._opened = opened
        self._loop = asyncio.get_running_loop()
        self._response: IncomingResponse | None = None
        self._received = b""
        self._unsent: int = 0
        self._is_written = self._is_paused = False
        self._writer: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._read_timeout: float | None = None
        self._active_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Use a new connection, or the TLS inside one."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's over TLS is no subclass of it
        kernel = transport.get_extra_info("socket")
        self._poll = _poll(kernel.fileno())
        # half a TLS record may lie in TLS's buffers, where only Linux tells of it; without TLS there are none
        self._socket = kernel if sys.platform == "linux" and transport.get_extra_info("sslcontext") else None
        self._is_new = True
        self._opened.add(self)

    async def finish_handshake(self) -> None:
        """Let the loop read what follows a TLS handshake, such as session tickets; nothing else may have arrived."""
        for _ in range(_MAX_TURNS):
            if self._transport.is_closing() or not self._poll(0):
                break
            await asyncio.sleep(0)
        if not self.is_quiet():
            raise httpx.ReadError("the server closed the connection or sent data before the request")

    def is_quiet(self) -> bool:
        """Return whether the connection is open and recent, awaits no response, and received nothing else."""
        return (
            self._response is None
            and not self._transport.is_closing()
            and not self._poll(0)  # bytes, an end of file, or an error that the loop has not read yet
            and (self._is_new or (self._received == self._bytes_received() and not self._is_old()))
        )

    def _is_old(self) -> bool:
        """Whether it was idle too long: its timer is late if a long computation blocked the loop."""
        return self._loop.time() >= self._active_at + _IDLE_SECONDS

    def _bytes_received(self) -> bytes:
        """Return ``tcpi_bytes_received`` below TLS: the number of bytes that have arrived, read or not."""
        if self._socket is None:
            return b""
        return self._socket.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _BYTES_RECEIVED.stop)[_BYTES_RECEIVED]

    def begin(self, method: str, data: bytes, *, is_whole: bool, read_timeout: float | None) -> IncomingResponse:
        """
        Write a request on a quiet connection, or the beginning of one.

        Args:
            method: The method.
            data: What to write.
            is_whole: Whether it is the whole request; else `write` writes the rest.
            read_timeout: Maximum seconds without a byte of the response.
        """
        self._response = response = IncomingResponse(self, method)
        self._is_new, self._is_written, self._read_timeout = False, is_whole, read_timeout
        self._watch(read_timeout)
        self._transport.write(data)
        return response

    async def write(self, data: bytes, *, is_last: bool) -> bool:
        """Write a part of a request; return whether to go on: the response may arrive before the end."""
        response = self._response
        if response is None or response.status or self._transport.is_closing():
            return False
        self._transport.write(data)
        self._is_written, self._active_at = is_last, self._loop.time()
        self._unsent = self._transport.get_write_buffer_size()
        if self._writer is not None:
            await self._writer
        return self._response is response

    def resume_reading(self) -> None:
        """Receive more of the body."""
        if self._is_paused:
            self._is_paused, self._active_at = False, self._loop.time()
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Receive a part of the response."""
        response = self._response
        if response is None:
            self.abort()
            return
        self._active_at = self._loop.time()
        if not self._is_written or self._transport.get_write_buffer_size():
            response.is_last = True  # it is not the response to what was not sent
            response.is_early |= not response.status
        response.feed(data)
        if response.is_complete or response.error is not None:
            self._end(response)
        elif response.unread > _MAX_UNREAD_BYTES and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Close the connection, which may end a response; over TLS only with a close_notify (RFC 9112, 9.8)."""
        tls: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        if self._response is not None and (tls is None or _is_closed_by_peer(tls)):
            self._response.feed_eof()
        self.abort()  # the rest of a request cannot be responded to

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """End a response that is not complete."""
        self._opened.discard(self)
        if self.idle is not None and self in self.idle:
            self.idle.remove(self)
        if (response := self._response) is not None:
            if not response.is_complete:
                when = "during" if response.status else "before"
                response.fail(httpx.ReadError(f"the connection broke {when} the response"))
            self._end(response)
        if self._timer is not None:
            self._timer.cancel()

    def _end(self, response: IncomingResponse) -> None:
        self._response = None
        self.resume_writing()
        if response.is_last:
            self.abort()
        elif self.idle is not None:
            self._received = self._bytes_received()
            self._watch(_IDLE_SECONDS)
            response.is_held |= response.status >= _FIRST_ERROR
            if not response.is_held:
                self.idle.append(self)

    def release(self, response: IncomingResponse) -> None:
        """Use the connection that a response has held again, now that the response was examined; or close it."""
        if response.is_held and response.is_last:
            self.abort()
        elif response.is_held and self.idle is not None and self in self._opened:
            self.idle.append(self)

    def pause_writing(self) -> None:
        """Let `write` wait."""
        self._writer = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let `write` go on."""
        self._active_at = self._loop.time()
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)
        self._writer = None

    def _watch(self, seconds: float | None) -> None:
        """Begin a time without bytes. A timer that expires too early is set again then: cheaper than every time."""
        self._active_at = now = self._loop.time()
        if seconds is not None and (self._timer is None or self._timer.when() > now + seconds):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(now + seconds, self._check_time)

    def _check_time(self) -> None:
        self._timer, response = None, self._response
        seconds = _IDLE_SECONDS if response is None else self._read_timeout
        if seconds is None:
            return
        now, unsent = self._loop.time(), self._transport.get_write_buffer_size()
        is_waiting = self._is_paused or not (self._is_written or unsent)  # for our side, to read or to write
        if response is not None and (is_waiting or unsent != self._unsent):
            self._active_at, self._unsent = now, unsent
        due = self._active_at + seconds
        if due > now:
            self._timer = self._loop.call_at(due, self._check_time)
            return
        if response is not None:
            response.fail(httpx.ReadTimeout("no further data of the response in time"))
        self.abort()


def _is_closed_by_peer(tls: ssl.SSLObject) -> bool:
    """Return whether the other side ended TLS, of which everything has been read."""
    try:
        return not tls.read()
    except ssl.SSLError as error:
        return isinstance(error, ssl.SSLZeroReturnError)


def _poll(descriptor: int) -> Callable[[float], list[Any]]:
    """Return a function that tells whether something can be read."""
    if not hasattr(select, "poll"):
        return lambda timeout: select.select([descriptor], (), (), timeout)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return poll.poll
