"""The official SDK: in the thread of its caller, or in threads, as its users make concurrent calls."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from globus_sdk import AccessTokenAuthorizer, TransferClient
from globus_sdk.paging import LimitOffsetTotalPaginator
from globus_sdk.transport import RequestsTransport

from benchmarks.clients import COLLECTION, TOKEN, Client, Target

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator

LIBRARIES = ("globus-sdk", "requests")

_THREADS = 50


def _client(target: Target) -> TransferClient:
    return TransferClient(
        base_url=f"{target.url}/",
        authorizer=AccessTokenAuthorizer(TOKEN),
        transport=RequestsTransport(verify_ssl=target.certificate if target.is_tls else True),
    )


class _Client(Client):
    """Calls block: with one at a time there is nothing else to run meanwhile."""

    def __init__(self, target: Target) -> None:
        self._client = _client(target)
        self._target = target
        self._local = threading.local()
        self.threads = ThreadPoolExecutor(_THREADS)

    async def endpoint(self, endpoint_id: str) -> str:
        name: str = self._client.get_endpoint(endpoint_id)["display_name"]
        return name

    async def listing(self, size: int) -> int:
        return len(self._client.operation_ls(COLLECTION, path=f"/{size}/")["DATA"])

    async def tasks(self, pages: int) -> int:
        """Read with the SDK's own paginator, without its limit of 1,000 tasks."""
        paginator: Iterable[Any] = LimitOffsetTotalPaginator(
            self._client.task_list,
            items_key="DATA",
            get_page_size=lambda page: len(page["DATA"]),
            max_total_results=1000 * pages,
            page_size=1000,
            client_args=(),
            client_kwargs={},
        )
        return sum(len(page["DATA"]) for page in paginator)

    async def endpoints(self, endpoint_ids: Iterator[str], in_flight: int) -> int:  # noqa: ARG002 -- as many as threads
        """Fetch in 50 threads, with a client for each: they are documented as unsafe to share."""
        return sum(self.threads.map(self._in_thread, endpoint_ids))

    def _in_thread(self, endpoint_id: str) -> bool:
        if not hasattr(self._local, "client"):
            self._local.client = _client(self._target)
        return bool(self._local.client.get_endpoint(endpoint_id)["display_name"])


@asynccontextmanager
async def connect(target: Target) -> AsyncGenerator[_Client]:
    """Return a client for a server."""
    client = _Client(target)
    with client.threads:
        yield client
