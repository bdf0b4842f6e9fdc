"""A server on this machine that waits for the redirect of one login, and refuses all other requests."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from .._concurrency.tasks import cancel_all
from ..errors.arguments import check_type, check_whole
from ..errors.base import GlobusSDKUsageError
from .errors import LocalServerLoginError
from .redirect_request import MAX_HEAD, RefusedRequest, read_redirect_request
from .result_page import plain_response

if TYPE_CHECKING:
    from ..clock import Clock
    from .redirect import Redirect

__all__ = ("RedirectServer", "authority_of", "checked_address", "open_listener")

_CONNECTION_SECONDS: Final = 10.0
"""For a request, and for sending a response; a browser opens connections that it may not use."""
_MAX_CONNECTIONS: Final = 16
_PATIENCE_SECONDS: Final = 10.0
"""After which the browser receives a page, although the login has not ended yet."""
_LOCALHOST: Final = "127.0.0.1"


class RedirectServer:
    """
    Waits for the redirect of one login. As soon as it has come, the port is closed.

    Requests that are not that redirect are refused and change nothing. Several connections are served at the same
    time; when there are too many, the oldest one is closed.

    Args:
        listener: The listening socket; the server closes it.
        state: The state of the login.
        issuer: The issuer of the code, if the redirect names one.
        pending: The response to a redirect whose login has not ended after ten seconds.
        clock: The source of time.
    """

    def __init__(self, listener: socket.socket, *, state: str, issuer: str, pending: bytes, clock: Clock) -> None:
        self._listener = listener
        self._authority = authority_of(listener)
        self._state = state
        self._issuer = issuer
        self._pending = pending
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: dict[asyncio.Task[None], None] = {}
        self._answering: asyncio.Task[None] | None = None
        self._received: asyncio.Future[Redirect] = asyncio.get_running_loop().create_future()
        self._response: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.start_server(
                self._connected, sock=self._listener, limit=MAX_HEAD, start_serving=False
            )
            await self._server.start_serving()
        except BaseException:
            self._close_port()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_port()
        try:
            if self._answering is not None:
                async with self._clock.timeout(_CONNECTION_SECONDS):
                    await asyncio.wait({self._answering})
        except TimeoutError:
            pass  # the browser does not read the page
        finally:
            await cancel_all(list(self._tasks))

    async def redirect(self) -> Redirect:
        """Wait for the redirect."""
        return await asyncio.shield(self._received)

    def respond(self, response: bytes) -> None:
        """Send the response to the redirect, if it has come."""
        if not self._response.done():
            self._response.set_result(response)

    def _close_port(self) -> None:
        if self._server is not None:
            self._server.close()
        self._listener.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._received.done():  # accepted just before the port was closed
            writer.transport.abort()
            return
        if len(self._connections) >= _MAX_CONNECTIONS:
            oldest = next(iter(self._connections))
            del self._connections[oldest]  # at once: many may connect before it has ended
            oldest.cancel()
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="globus_async login server")
        self._tasks.add(task)
        self._connections[task] = None

        def disconnected(_: object) -> None:
            self._tasks.discard(task)
            self._connections.pop(task, None)
            writer.transport.abort()  # also if the task was cancelled before its first step
            if not task.cancelled():
                task.exception()  # a browser may disconnect at any time

        task.add_done_callback(disconnected)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._clock.timeout(_CONNECTION_SECONDS):
            response = await self._response_to(reader)
        if response is None:
            response = await self._response_to_redirect()
        async with self._clock.timeout(_CONNECTION_SECONDS):
            writer.transport.set_write_buffer_limits(high=0)  # drain waits until all of it has been sent
            writer.write(response)
            await writer.drain()
        writer.close()

    async def _response_to(self, reader: asyncio.StreamReader) -> bytes | None:
        """Return the response to a request that is refused; ``None`` for the redirect."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return plain_response(431, "The request is too long.")
        try:
            redirect = read_redirect_request(head, authority=self._authority, state=self._state, issuer=self._issuer)
        except RefusedRequest as refused:
            return plain_response(refused.status, refused.reason)
        if self._received.done():
            return plain_response(409, "This login has ended.")
        self._answering = asyncio.current_task()
        self._received.set_result(redirect)
        self._close_port()
        return None

    async def _response_to_redirect(self) -> bytes:
        try:
            async with self._clock.timeout(_PATIENCE_SECONDS):
                return await asyncio.shield(self._response)
        except TimeoutError:
            return self._pending


def checked_address(server_address: Any) -> tuple[str, int]:
    """
    Return the address of a server for redirects; ``localhost`` is 127.0.0.1.

    Raises:
        GlobusSDKUsageError: It is no address of this machine alone, or the port is wrong.
    """
    check_type("server_address", server_address, tuple, 'a tuple of a host and a port, such as ("localhost", 0)')
    host: Any
    port: Any
    host, port = server_address if len(server_address) == 2 else (None, None)
    check_whole("the port of server_address", port, minimum=0, maximum=65535)
    try:
        address = ipaddress.ip_address(_LOCALHOST if host == "localhost" else str(host))
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise GlobusSDKUsageError(
            "the host of server_address must be localhost, 127.0.0.1 or ::1: other machines must not reach the server,"
            " and Globus Auth redirects to no other host without a registration"
        )
    return str(address), port


def open_listener(address: tuple[str, int]) -> socket.socket:
    """
    Open a port.

    Raises:
        LocalServerLoginError: It is in use, or must not be opened.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        if os.name == "posix":  # a port whose last connection was closed just now; Windows would share it with others
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_MAX_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise LocalServerLoginError(
            f"the port {address[1]} of {address[0]} cannot be opened ({error.strerror}); with port 0, the default,"
            " the system chooses a free one"
        ) from None
    except BaseException:
        listener.close()
        raise
    return listener


def authority_of(listener: socket.socket) -> str:
    """Return the host and the port of a listening socket, as in a URL."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
