"""A server on the loopback that records its requests and accepts all of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

__all__ = ("RecordedRequest", "RecordingServer", "accept_everything", "recording")

RESPONSE: dict[str, Any] = {
    "DATA_TYPE": "anything",
    "DATA": [],
    "data": {"type": "Tunnel", "id": "0"},
    "shared_endpoints": [],
    "value": "5e1f2a4c-0000-4000-8000-00000000beef",
    "status": "SUCCEEDED",
    "code": "Accepted",
    "task_id": "5e1f2a4c-0000-4000-8000-00000000cafe",
    "total": 0,
    "has_next_page": False,
}
LISTS_UNDER_DATA = ("/v2/tunnels", "/events", "/v2/stream_access_points")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as it arrived; the query decoded and sorted, the body decoded."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    """JSON decoded; a form as its sorted fields."""
    content_type: str | None
    authorization: str | None = None


@dataclass(slots=True)
class RecordingServer:
    """The address of the server, and its requests."""

    url: str
    connections: Connections
    requests: list[RecordedRequest] = field(default_factory=list)
    respond: Callable[[RecordedRequest], object] = field(default_factory=lambda: accept_everything)
    """Returns the document of the response to a request."""

    def taken(self) -> list[RecordedRequest]:
        """Return the requests since the last call, once their connections are closed."""
        self.connections.wait_for_none()
        requests, self.requests = self.requests, []
        return requests


class Connections:
    """The number of open connections."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = 0

    def count(self, change: int) -> None:
        with self._changed:
            self._open += change
            self._changed.notify_all()

    def wait_for_none(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._open == 0, timeout=5)


class Server(ThreadingHTTPServer):
    """A server that counts its connections."""

    daemon_threads = False
    connections: Connections

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.count(1)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.connections.count(-1)


def accept_everything(request: RecordedRequest) -> object:
    """Respond with a document that has the members that any method of Transfer reads."""
    document = dict(RESPONSE)
    if request.method == "GET" and request.path.endswith(LISTS_UNDER_DATA):
        document["data"] = []
    return document


def decoded(body: bytes, content_type: str) -> Any:
    if not body:
        return None
    if content_type.startswith("application/x-www-form-urlencoded"):
        return sorted(parse_qsl(body.decode(), keep_blank_values=True))
    return json.loads(body)


@contextmanager
def recording() -> Generator[RecordingServer]:
    """Serve in a thread for the duration of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            received = RecordedRequest(
                self.command,
                parts.path,
                tuple(sorted(parse_qsl(parts.query, keep_blank_values=True))),
                decoded(body, self.headers.get("Content-Type") or ""),
                self.headers.get("Content-Type") if body else None,
                self.headers.get("Authorization"),
            )
            record.requests.append(received)
            content = json.dumps(record.respond(received)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815 -- the names that the base class calls

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    server = Server(("127.0.0.1", 0), Handler)
    server.connections = Connections()
    record = RecordingServer(f"http://127.0.0.1:{server.server_address[1]}", server.connections)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield record
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
