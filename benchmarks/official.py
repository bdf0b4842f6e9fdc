"""The official SDK as a client: sequentially, and in threads, as its users make concurrent calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import globus_sdk
from globus_sdk.paging import LimitOffsetTotalPaginator

from benchmarks.worker import ids, measured, serve


def client(port: int) -> globus_sdk.TransferClient:
    """Return a client for the server."""
    authorizer = globus_sdk.AccessTokenAuthorizer("AgBenchmarkToken")
    return globus_sdk.TransferClient(base_url=f"http://127.0.0.1:{port}/", authorizer=authorizer)


def sequential(ports: dict[str, int], *, calls: int) -> dict[str, Any]:
    """Fetch one endpoint after the other."""
    tc = client(ports["0.0"])
    tc.get_endpoint(next(ids(1)))["id"]
    with measured() as result:
        for endpoint_id in ids(calls):
            tc.get_endpoint(endpoint_id)["display_name"]
    return result


def bulk(ports: dict[str, int], *, calls: int, threads: int) -> dict[str, Any]:
    """Fetch many endpoints in threads, with a client for each: they are documented as unsafe to share."""
    local = threading.local()

    def fetch(endpoint_id: str) -> str:
        if not hasattr(local, "client"):
            local.client = client(ports["0.05"])
        name: str = local.client.get_endpoint(endpoint_id)["display_name"]
        return name

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fetch, ids(2 * threads)))  # open the connections, as for all clients
        with measured() as result:
            assert len(list(pool.map(fetch, ids(calls)))) == calls
    return result


def paging(ports: dict[str, int], *, pages: int) -> dict[str, Any]:
    """Read a long listing with the SDK's paginator, without its limit of 1,000 tasks."""
    tc = client(ports["0.1"])
    tc.get_endpoint(next(ids(1)))
    paginator: Iterable[Any] = LimitOffsetTotalPaginator(
        tc.task_list,
        items_key="DATA",
        get_page_size=lambda page: len(page["DATA"]),
        max_total_results=1000 * pages,
        page_size=1000,
        client_args=(),
        client_kwargs={},
    )
    with measured() as result:
        found = sum(len(page["DATA"]) for page in paginator)
    assert found == 1000 * pages
    return result


WORKS: dict[str, Callable[..., dict[str, Any]]] = {"sequential": sequential, "bulk": bulk, "paging": paging}

if __name__ == "__main__":
    serve(WORKS, {"globus-sdk": globus_sdk.__version__})
