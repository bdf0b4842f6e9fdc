"""The clients of redis-py: those that are made here, and those that are passed."""

from __future__ import annotations

import inspect
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_members

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = ("address_of", "check_client", "connections_of", "make_client", "node_of", "unnamed")

_HEALTH_CHECK_SECONDS: Final = 30


def make_client(url: Secret) -> Any:
    """
    Return a client for an address; nothing is sent.

    Calls are limited in time by the database, and not by redis-py, which loses cancellations while it limits them.

    Raises:
        GlobusSDKUsageError: It is not the address of a Redis.
    """
    client: Any = None
    with suppress(ValueError, TypeError, AttributeError):  # their texts may quote a part of the password
        client = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] -- its options have no types
            url.reveal(),
            socket_timeout=None,
            socket_connect_timeout=None,
            socket_keepalive=True,
            health_check_interval=_HEALTH_CHECK_SECONDS,
            retry=Retry(NoBackoff(), 0),
            **unnamed(),
        )
    if client is None:
        raise GlobusSDKUsageError(
            "url must be the address of a Redis, such as redis://localhost:6379/0, rediss://... (TLS) or unix://...;"
            " percent-encode special characters of the password"
        )
    return client


def check_client(client: Any, *, replicas: int, timeout: float) -> None:
    """
    Check a client that is passed.

    Raises:
        GlobusSDKUsageError: It is not asynchronous, reads from replicas, repeats commands, cannot wait for replicas, or
            notices too late that a node of a cluster or a Sentinel does not respond.
    """
    check_members("client", client, ("execute_command", "pipeline"), "an asyncio client of redis-py")
    if not inspect.iscoroutinefunction(client.execute_command):
        raise GlobusSDKUsageError("client must be an asyncio client of redis-py: import it from redis.asyncio")
    if getattr(client, "read_from_replicas", False) or getattr(client, "load_balancing_strategy", None):
        raise GlobusSDKUsageError("client must not read from replicas, which may not have the newest tokens yet")
    pool: Any = getattr(client, "connection_pool", None)
    if pool is None:
        if replicas:
            raise GlobusSDKUsageError("replicas needs a client of one master: a RedisCluster cannot wait for replicas")
        if _seconds_until_noticed(client.get_connection_kwargs(), repeats=False) >= timeout:
            raise GlobusSDKUsageError(
                f"client must notice within {timeout:g} s that a node does not respond, to find out which one has"
                " taken over: pass RedisCluster(..., socket_timeout=0.5, socket_connect_timeout=0.5)"
            )
    for sentinel in getattr(getattr(pool, "sentinel_manager", None), "sentinels", ()):
        if _seconds_until_noticed(sentinel.connection_pool.connection_kwargs, repeats=True) >= timeout:
            raise GlobusSDKUsageError(
                f"client must notice within {timeout:g} s that a Sentinel does not respond, to ask the next one: pass"
                " Sentinel(..., sentinel_kwargs={'socket_timeout': 0.5, 'retry': Retry(NoBackoff(), 0)})"
            )
    retry: Any = getattr(client, "retry", None) if pool is None else pool.connection_kwargs.get("retry")
    if retry is not None and retry.get_retries() > 0:
        raise GlobusSDKUsageError(
            "client must not repeat commands, which may have taken effect: pass retry=Retry(NoBackoff(), 0), with"
            " redis.asyncio.retry.Retry and redis.backoff.NoBackoff"
        )


def _seconds_until_noticed(options: dict[str, Any], *, repeats: bool) -> float:
    """Return how long a client with these options waits for a server that does not respond."""
    seconds: float | None = options.get("socket_timeout")
    retry: Any = options.get("retry") if repeats else None
    return math.inf if seconds is None else seconds * (1 if retry is None else 1 + retry.get_retries())


def connections_of(client: Any, *, maximum: int) -> int:
    """Return how many connections to use at the same time: a client fails when it needs more than it may have."""
    limit: Any = getattr(getattr(client, "connection_pool", None), "max_connections", None)
    return min(limit, maximum) if isinstance(limit, int) else maximum


def node_of(client: Any, key: str) -> str:
    """Return the node of a cluster that has a key; an empty text for one server, or if it is not known yet."""
    find: Any = getattr(client, "get_node_from_key", None)
    if find is not None:
        with suppress(RedisClusterException):
            return str(find(key).name)
    return ""


def address_of(client: Any) -> str:
    """Return where a client connects to, without its password."""
    pool: Any = getattr(client, "connection_pool", None)
    if pool is None:
        return "a cluster"
    if hasattr(pool, "service_name"):
        return f"the master of {pool.service_name!r}"
    options: dict[str, Any] = pool.connection_kwargs
    return (
        str(options["path"]) if "path" in options else f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    )


def unnamed() -> dict[str, Any]:
    """Return the options by which redis-py does not read its own version from the disk for each connection."""
    known = inspect.signature(Redis).parameters
    return {"driver_info": None} if "driver_info" in known else {"lib_name": None, "lib_version": None}
