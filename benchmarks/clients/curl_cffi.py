"""curl_cffi: libcurl."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from curl_cffi.requests import AsyncSession

from benchmarks.clients.bare import HEADERS, BareClient

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from benchmarks.clients import Target

LIBRARIES = ("curl_cffi", "orjson")


class _Client(BareClient):
    def __init__(self, target: Target, session: AsyncSession[Any]) -> None:
        super().__init__(target)
        self._session = session

    async def get(self, path: str) -> bytes:
        response = await self._session.get(self.url + path)
        if response.status_code != 200:
            raise ValueError(response.status_code)
        content: bytes = response.content
        return content


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    verify: Any = target.certificate if target.is_tls else True
    async with AsyncSession(headers=HEADERS, max_clients=target.connections, verify=verify) as session:
        yield _Client(target, session)
