"""The connection to Redis, which all that an application keeps there shares."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeVar
from urllib.parse import quote
from weakref import ref

from .._concurrency.circuit_breaker import CircuitBreaker, CircuitOpen
from ..clock import SystemClock
from ..errors import GlobusSDKUsageError, WrongEventLoopError
from ..errors.arguments import check_clock, check_number, check_text, check_whole
from ..secret import Secret
from .clients import address_of, check_client, connections_of, make_client, node_of
from .failures import has_moved, is_lost_connection, is_of_another_type, is_response, reason_of
from .operations import Script, ValueOfAnotherType, send

if TYPE_CHECKING:
    from ..clock import Clock
    from .operations import Argument, Client, Operation

__all__ = ("RedisDatabase",)

E = TypeVar("E", bound=Exception)

_SCHEMA_VERSION: Final = 1
"""The version of the keys and of their values; it is a part of each key."""
_MAX_CALLS: Final = 50
"""How many calls, and so connections, there are at the same time at most; further ones wait."""
_SHARE_OF_WAIT: Final = 0.25
"""The part of the timeout in which replicas have to acknowledge a write."""
_PREFIX: Final = re.compile(r"[!-~]+")

_log = logging.getLogger("globus_async")


class _NoResponse(Exception):
    """Redis did not respond; the text is the reason."""


class _Refused(Exception):
    """Redis responded with an error; the text is the reason."""


@dataclass(frozen=True, slots=True, repr=False)
class _Outcome:
    """A response; not shown by the representation of a task, which asyncio logs in its debug mode."""

    response: Any
    acknowledged: int


class RedisDatabase:
    """
    Redis 6.2 or later, or Valkey, for all that the processes of an application share.

    Each call is limited in time. After one that got no response, calls fail at once for a second; then one of them
    finds out whether Redis works again. A call that is cancelled, or takes too long, leaves no connection behind on
    which another one could read its response.

    An object belongs to one event loop and one process: make it where it is used, after a fork.

    Args:
        client: An asyncio client of redis-py: ``Redis``, the one that ``master_for`` of a Sentinel returns, or
            ``RedisCluster``. It is not closed. It needs ``retry=Retry(NoBackoff(), 0)``: by default redis-py repeats
            commands after a lost connection, also those that have taken effect. A cluster, and the Sentinels, need a
            ``socket_timeout`` below the timeout.
        prefix: How all keys begin; applications that share a Redis have one each.
        timeout: Seconds that a call takes at most.
        replicas: How many replicas must have tokens, sessions and leases before the call that writes them returns, so
            that a failover does not lose them. If they do not acknowledge it in a quarter of the timeout, the log has a
            warning; it has been written all the same.
        clock: The clock.

    Raises:
        GlobusSDKUsageError: An argument is wrong, such as a client that is not asynchronous, that reads from replicas,
            or that notices too late when a node or a Sentinel does not respond.

    Example:
        >>> async with RedisDatabase.from_url(redis_url) as database:
        ...     storage = RedisTokenStorage(database, namespace="ada")
        ...     store = RedisSessionStore(database, key=key)
    """

    def __init__(
        self,
        client: Client,
        *,
        prefix: str = "globus_async",
        timeout: float = 2.0,
        replicas: int = 0,
        clock: Clock | None = None,
    ) -> None:
        check_text("prefix", prefix)
        if _PREFIX.fullmatch(prefix) is None:
            raise GlobusSDKUsageError("prefix must be a text of visible ASCII characters, such as 'portal'")
        check_number("timeout", timeout, positive=True)
        check_whole("replicas", replicas, minimum=0)
        check_client(client, replicas=replicas, timeout=timeout)
        clock = SystemClock() if clock is None else clock
        check_clock(clock)
        self.prefix = prefix
        self.clock = clock
        self._client = client
        self._where = address_of(client)
        self._url: Secret | None = None
        self._timeout = timeout
        self._replicas = replicas
        self._breakers: dict[str, CircuitBreaker] = {}
        """By node of a cluster; of one server, under an empty text."""
        self._slots = asyncio.Semaphore(connections_of(client, maximum=_MAX_CALLS))
        self._home: tuple[int, ref[asyncio.AbstractEventLoop]] | None = None
        self._ending: set[asyncio.Task[Any]] = set()
        self._outages: set[str] = set()
        self._has_logged_replicas = False

    @classmethod
    def from_url(
        cls,
        url: str | Secret,
        *,
        prefix: str = "globus_async",
        timeout: float = 2.0,
        replicas: int = 0,
        clock: Clock | None = None,
    ) -> Self:
        """
        Return a database with a client of its own, which `aclose` closes.

        Nothing is sent before the first call. The client repeats no commands.

        Args:
            url: The address: ``redis://``, ``rediss://`` (TLS) or ``unix://``; its query may have settings of redis-py.
            prefix: As for the class.
            timeout: As for the class.
            replicas: As for the class.
            clock: As for the class.

        Raises:
            GlobusSDKUsageError: An argument is wrong.

        Example:
            >>> RedisDatabase.from_url("redis://:password@localhost:6379/0", prefix="portal")
            <RedisDatabase at localhost:6379, prefix 'portal'>
        """
        url = Secret.of(url)  # so that no traceback shows it
        url.check("url")
        database = cls(make_client(url), prefix=prefix, timeout=timeout, replicas=replicas, clock=clock)
        database._url = url
        return database

    async def __aenter__(self) -> Self:
        """Return the database; nothing is sent."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, unless the client was passed; the next call opens them again."""
        if self._home is None:
            return
        self._check_home()
        while self._ending:
            await asyncio.wait(self._ending)
        self._home = None
        if self._url is not None:
            client: Any = self._client
            self._client = make_client(self._url)
            await client.aclose()

    def __repr__(self) -> str:
        return f"<RedisDatabase at {getattr(self, '_where', 'unknown')}, prefix {getattr(self, 'prefix', '')!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RedisDatabase cannot be pickled; make one in each process instead")

    def key(self, kind: str, *names: str) -> str:
        """
        Return a key: the prefix, the version, and what is stored for whom.

        Args:
            kind: What is stored, such as ``"tokens"``.
            names: For whom; percent-encoded, so that keys are printable, and different names make different keys.
        """
        encoded = (quote(name, safe="", errors="surrogatepass") for name in names)
        return ":".join((self.prefix, str(_SCHEMA_VERSION), kind, *encoded))

    async def run(self, operation: Operation, key: str, *arguments: Argument, raises: type[E]) -> Any:
        """
        Execute a command or a script.

        Args:
            operation: The command or script.
            key: Its key.
            arguments: Its further arguments.
            raises: The error that the caller raises if Redis cannot be used; its ``retry_after`` is set.

        Returns:
            The response, whose texts are bytes.

        Raises:
            ValueOfAnotherType: The value of the key is of another type of Redis.
            WrongEventLoopError: The database belongs to another event loop or process.
        """
        self._check_home()
        node = node_of(self._client, key)
        breaker = self._breakers.get(node)
        if breaker is None:
            breaker = self._breakers[node] = CircuitBreaker(self.clock, failures=(_NoResponse,))
        try:
            with breaker.attempt():
                outcome = await self._call(operation, key, arguments)
        except (CircuitOpen, _NoResponse, _Refused) as error:
            failure = error.with_traceback(None)
        else:
            self._log_outage(node, None)
            self._log_replicas(operation, outcome.acknowledged)
            return outcome.response
        if isinstance(failure, _NoResponse) and breaker.is_open:
            self._log_outage(node, str(failure))
        unavailable = raises(f"Redis at {node or self._where} cannot be used: {failure}")
        seconds = failure.retry_after if isinstance(failure, CircuitOpen) else breaker.pause
        setattr(unavailable, "retry_after", seconds)  # noqa: B010 -- each of the stores has it
        raise unavailable  # outside of the handler, so that it has no context

    async def _call(self, operation: Operation, key: str, arguments: tuple[Argument, ...]) -> _Outcome:
        """Execute an operation in a task of its own, which ends in order when the caller is cancelled, even twice."""
        task = asyncio.get_running_loop().create_task(self._execute(operation, key, arguments))
        try:
            async with self.clock.timeout(self._timeout):
                await asyncio.wait({task})
        except TimeoutError:
            pass
        finally:
            if not task.done():
                task.cancel()
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)
        if not task.done():
            raise _NoResponse(f"no response within {self._timeout:g} s")
        if task.cancelled():
            raise _NoResponse("the call was cancelled")
        outcome = task.result()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _execute(self, operation: Operation, key: str, arguments: tuple[Argument, ...]) -> _Outcome | Exception:
        """Return the response, or an error that does not show what redis-py or the server say about it."""
        replicas = self._replicas if operation.durable else 0
        wait = max(1, round(1000 * self._timeout * _SHARE_OF_WAIT))
        failure: Exception = _NoResponse("no attempt")
        async with self._slots:
            for is_repeatable in (operation.repeatable, False):
                try:
                    return _Outcome(*await send(self._client, operation, key, arguments, replicas=replicas, wait=wait))
                except Exception as error:  # noqa: BLE001 -- a client may raise anything
                    failure = _failure_of(error, operation)
                    if has_moved(error):
                        await self._reconnect()
                    if not (is_repeatable and is_lost_connection(error)):
                        break
        return failure

    async def _reconnect(self) -> None:
        """Close the connections that are not in use: the name of the server may lead to the new master now."""
        pool: Any = getattr(self._client, "connection_pool", None)
        if pool is not None:
            await pool.disconnect(inuse_connections=False)

    def _check_home(self) -> None:
        """
        Check that the database is used where it was used first.

        Raises:
            WrongEventLoopError: It is not.
        """
        loop = asyncio.get_running_loop()
        if self._home is None:
            self._home = os.getpid(), ref(loop)
            self._slots = asyncio.Semaphore(connections_of(self._client, maximum=_MAX_CALLS))
        pid, home = self._home
        if pid != os.getpid():
            raise WrongEventLoopError("this RedisDatabase was used before a fork; make one in each process")
        if home() is not loop:
            raise WrongEventLoopError(
                "this RedisDatabase is used in another event loop; make one for each, or close it there first"
            )

    def _log_outage(self, node: str, reason: str | None) -> None:
        """Log the beginning and the end of an outage, once each."""
        if reason is not None and node not in self._outages:
            self._outages.add(node)
            _log.warning("Redis at %s cannot be used: %s; calls fail until it can", node or self._where, reason)
        elif reason is None and node in self._outages:
            self._outages.discard(node)
            _log.warning("Redis at %s responds again", node or self._where)

    def _log_replicas(self, operation: Operation, acknowledged: int) -> None:
        """Log that too few replicas have a write, until enough have another one."""
        if not operation.durable:
            return
        is_lacking = acknowledged < self._replicas
        if is_lacking and not self._has_logged_replicas:
            _log.warning(
                "Redis at %s: a write is in %d of %d replicas only; a failover would lose it",
                self._where,
                acknowledged,
                self._replicas,
            )
        self._has_logged_replicas = is_lacking


def _failure_of(error: Exception, operation: Operation) -> Exception:
    if is_of_another_type(error):
        return ValueOfAnotherType()
    command = "EVALSHA and EVAL" if isinstance(operation, Script) else operation.name
    return (_Refused if is_response(error) else _NoResponse)(reason_of(error, command=command))
