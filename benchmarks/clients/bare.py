"""What the HTTP libraries have in common: the body is parsed with orjson, and the document checked."""

from __future__ import annotations

import ssl
from abc import abstractmethod
from typing import Any

import orjson

from benchmarks.clients import COLLECTION, TOKEN, Client, Target

__all__ = ("HEADERS", "BareClient", "tls_context")

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}


def tls_context(target: Target) -> ssl.SSLContext | None:
    """Return what a library of Python needs for TLS."""
    return ssl.create_default_context(cafile=target.certificate) if target.is_tls else None


class BareClient(Client):
    """A client of an HTTP library, without deadlines, retries, a rate limit or kinds of errors."""

    def __init__(self, target: Target) -> None:
        self.url = target.url

    @abstractmethod
    async def get(self, path: str) -> bytes | memoryview:
        """Return the body of a response with status 200."""

    async def endpoint(self, endpoint_id: str) -> str:
        """Fetch a collection's document; return its name."""
        name: str = document(await self.get(f"/v0.10/endpoint/{endpoint_id}"), "endpoint")["display_name"]
        return name

    async def listing(self, size: int) -> int:
        """List a directory."""
        body = await self.get(f"/v0.10/operation/endpoint/{COLLECTION}/ls?path=%2F{size}%2F")
        return len(document(body, "file_list")["DATA"])

    async def tasks(self, pages: int) -> int:
        """Read pages of tasks."""
        found = 0
        for number in range(pages):
            body = await self.get(f"/v0.10/task_list?limit=1000&offset={1000 * number}")
            found += len(document(body, "task_list")["DATA"])
        return found


def document(body: bytes | memoryview, kind: str) -> dict[str, Any]:
    """Return the document of a body."""
    parsed = orjson.loads(body)
    if not isinstance(parsed, dict) or parsed.get("DATA_TYPE") != kind:
        raise TypeError(f"not a document of type {kind!r}")
    return parsed
