"""A proxy that serves an application below a path, which it removes."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ("PathProxy", "proxying")


class PathProxy(socketserver.ThreadingTCPServer):
    """
    A proxy for one request per connection.

    Attributes:
        port: The port of the application.
    """

    daemon_threads = False  # so that all of them have ended, and closed their sockets, at the end of the block

    def __init__(self, path: str) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.path = f" {path}/".encode()
        self.port = 0
        self.is_down = False
        self.connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def stop_application(self) -> None:
        """Respond as if the application had stopped."""
        self.is_down = True
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxying(path: str) -> Generator[tuple[PathProxy, str]]:
    """Run a proxy; give its address for browsers, with the path."""
    with PathProxy(path) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy, f"http://localhost:{proxy.server_address[1]}{path}"
        proxy.shutdown()
        proxy.stop_application()


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, PathProxy)
        head = b""
        while b"\r\n\r\n" not in head:
            if not (received := self.request.recv(65536)):
                return
            head += received
        line, _, rest = head.partition(b"\r\n")
        if self.server.is_down or self.server.path not in line:
            status = b"502 Bad Gateway" if self.server.is_down else b"410 Gone"
            self.request.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        line = line.replace(self.server.path, b" /", 1)
        rest = re.sub(rb"(?i)connection: [\w-]+", b"Connection: close", rest, count=1)
        with socket.create_connection(("127.0.0.1", self.server.port)) as application:
            self.server.connections.append(application)
            application.sendall(line + b"\r\n" + rest)
            threading.Thread(target=_copy, args=(self.request, application), daemon=True).start()
            _copy(application, self.request)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
