"""
The server of all clients: fixed Globus documents, on ports with different latencies, with and without TLS.

It responds as fast as one process can, so that the client is measured. It prints its URLs to stdout and runs until
stdin is closed; ``GET .../count`` returns the number of requests since the previous ``GET .../count``. A listing of the
directory ``/100000/`` has about 100,000 bytes.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from functools import cache, partial
from urllib.parse import parse_qs, urlsplit

from benchmarks.clients import COLLECTION

LATENCIES = (0.0, 0.005, 0.05, 0.1)
TOTAL = 20_000


@cache
def task(number: int) -> dict[str, object]:
    """Return a task document with all fields of the service."""
    return {
        "DATA_TYPE": "task",
        "task_id": f"00000000-0000-4000-8000-{number:012x}",
        "type": "TRANSFER",
        "label": f"nightly {number}",
        "command": "API 0.10",
        "status": "ACTIVE",
        "fatal_error": None,
        "username": "u_p3ymakzuv5ci3o7r6dhdj5kgm4",
        "owner_id": "7ee8b0a2-a0d5-4bd5-8f3c-9d7d9f3ad9a2",
        "request_time": "2026-11-24T10:00:00+00:00",
        "deadline": "2026-11-25T10:00:00+00:00",
        "completion_time": None,
        "source_endpoint": "lab#storage",
        "source_endpoint_id": COLLECTION,
        "source_endpoint_display_name": "Lab storage",
        "destination_endpoint": "archive#tape",
        "destination_endpoint_id": COLLECTION,
        "destination_endpoint_display_name": "Archive",
        "source_base_path": None,
        "destination_base_path": None,
        "sync_level": None,
        "encrypt_data": False,
        "verify_checksum": True,
        "delete_destination_extra": False,
        "preserve_timestamp": False,
        "skip_source_errors": False,
        "fail_on_quota_errors": False,
        "filter_rules": None,
        "recursive_symlinks": "ignore",
        "faults": 0,
        "files": 1000,
        "directories": 10,
        "symlinks": 0,
        "files_transferred": number,
        "files_skipped": 0,
        "bytes_transferred": number * 1_000_000,
        "bytes_checksummed": 0,
        "effective_bytes_per_second": 4_000_000,
        "subtasks_total": 2000,
        "subtasks_pending": 1000,
        "subtasks_retrying": 0,
        "subtasks_succeeded": 1000,
        "subtasks_expired": 0,
        "subtasks_canceled": 0,
        "subtasks_failed": 0,
        "subtasks_skipped_errors": 0,
        "is_ok": True,
        "is_paused": False,
        "nice_status": "OK",
        "nice_status_short_description": "OK",
        "nice_status_details": None,
        "nice_status_expires_in": -1,
        "canceled_by_admin": None,
        "canceled_by_admin_message": None,
        "history_deleted": False,
    }


def endpoint(endpoint_id: str) -> dict[str, object]:
    """Return a collection's document."""
    return {
        "DATA_TYPE": "endpoint",
        "id": endpoint_id,
        "display_name": "Lab storage",
        "owner_id": COLLECTION,
        "owner_string": "lab@example.org",
        "description": "The storage of the lab, backed up every night. " * 3,
        "keywords": "lab,storage,example",
        "organization": "Example University",
        "department": None,
        "contact_email": None,
        "info_link": None,
        "public": True,
        "subscription_id": None,
        "default_directory": "/~/",
        "force_encryption": False,
        "disable_verify": False,
        "entity_type": "GCSv5_mapped_collection",
        "acl_available": True,
        "acl_editable": False,
        "in_use": False,
        "my_effective_roles": [],
        "network_use": "normal",
        "high_assurance": False,
        "mfa_required": False,
        "authentication_timeout_mins": 15840,
        "storage_type": "posix",
        "https_server": "https://g-1.data.example.org",
        "tlsftp_server": "tlsftp://g-1.data.example.org:443",
        "DATA": [],
    }


@cache
def page(offset: int, limit: int) -> bytes:
    """Return a page of the task list."""
    tasks = [task(number) for number in range(offset, min(offset + limit, TOTAL))]
    return response({"DATA_TYPE": "task_list", "total": TOTAL, "limit": limit, "offset": offset, "DATA": tasks})


@cache
def listing(size: int) -> bytes:
    """Return the listing of a directory, whose document has about ``size`` bytes."""
    empty = {"DATA_TYPE": "file_list", "endpoint": COLLECTION, "path": f"/{size}/", "total": 0, "DATA": []}
    left = size - len(json.dumps(empty))
    count = max(1, left // len(json.dumps(entry(0)) + ", "))
    return response({**empty, "total": count, "length": count, "DATA": [entry(number) for number in range(count)]})


def entry(number: int) -> dict[str, object]:
    """Return a file of a directory."""
    return {
        "DATA_TYPE": "file",
        "group": "lab",
        "last_modified": "2026-11-24 10:00:00+00:00",
        "link_group": None,
        "link_last_modified": None,
        "link_size": None,
        "link_target": None,
        "link_user": None,
        "name": f"measurement-2026-11-24-run-{number:06d}.h5",
        "permissions": "0644",
        "size": 1_000_000 + number,
        "type": "file",
        "user": "lab",
    }


def response(document: object) -> bytes:
    """Return a complete HTTP response."""
    body = json.dumps(document).encode()
    head = (
        "HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 10:00:00 GMT\r\nContent-Type: application/json\r\n"
        "Server: nginx\r\nX-Transfer-API-Version: v0.10\r\nCache-Control: private, no-store\r\n"
        f"X-Request-Id: pFSlCwR6d\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One connection, kept alive; requests have no body."""

    count = 0

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment] # TCP transports can write

    def data_received(self, data: bytes) -> None:
        """Respond to every complete request."""
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            reply = self._reply(head.split(b" ", 2)[1].decode())
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._transport.write, reply)
            else:
                self._transport.write(reply)

    def _reply(self, target: str) -> bytes:
        parts = urlsplit(target)
        *_, kind, last = parts.path.split("/")
        if last == "count":
            counted, Connection.count = Connection.count, 0
            return response({"count": counted})
        Connection.count += 1
        if kind == "endpoint":
            return response(endpoint(last))
        if kind == "task":
            return response(task(int(last[-12:], 16)))
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if last == "ls":
            return listing(int(asked["path"].strip("/")))
        for clause in asked.get("filter", "").split("/"):
            name, _, values = clause.partition(":")
            if name == "task_id":
                tasks = [task(int(task_id[-12:], 16)) for task_id in values.split(",")]
                return response({"DATA_TYPE": "task_list", "total": len(tasks), "offset": 0, "DATA": tasks})
        return page(int(asked.get("offset", 0)), int(asked.get("limit", 1000)))


async def main(certificate: str) -> None:
    """Serve until stdin is closed."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    urls: dict[str, str] = {}
    for latency in LATENCIES:
        for scheme, tls in (("http", None), ("https", context)):
            server = await loop.create_server(partial(Connection, latency), "127.0.0.1", 0, backlog=2048, ssl=tls)
            urls[f"{scheme} {latency}"] = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for offset in range(0, TOTAL, 1000):
        page(offset, 1000)
    print(json.dumps(urls), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main(sys.argv[1]))
    else:
        uvloop.run(main(sys.argv[1]))
