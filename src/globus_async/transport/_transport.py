"""The transport: connections, limits and timeouts, shared by the clients of one event loop."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from ..clock import Clock, SystemClock
from ..errors import ClientClosedError, GlobusSDKUsageError, WrongEventLoopError
from ..errors.arguments import check_bool, check_clock, check_file_path, check_number, check_whole
from ..porting import AsyncContextOnly
from ._call import Call
from ._http_client import HTTPClient, check_http_client, is_httpx_client
from ._origin import Origin
from ._proxies import Proxies

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

    from .._http.request import Request
    from ..errors import ErrorKinds
    from ._attempt import Sender
    from ._call_report import Notifier
    from ._observer import ObservedCall, Observer
    from ._rate_limit_store import StoreAccess

__all__ = ("Transport",)

_MAX_CLOSING_SECONDS: Final = 5.0
_MAX_CANCELLING_SECONDS: Final = 1.0
_MAX_SECONDS: Final = 1e9
"""Thirty years; the timers of an event loop do not take every larger number."""
_HASHED_NAMES: Final = f"{'[0-9a-f]' * 8}.[0-9]*"
"""The names by which OpenSSL finds certificates in a directory."""
_SWITCHES: Final = frozenset({"", "0", "1", "f", "false", "n", "no", "none", "off", "on", "t", "true", "y", "yes"})


class Transport(AsyncContextOnly):
    """
    The connections to the services, shared by any number of clients of one event loop.

    Args:
        http_client: An ``httpx.AsyncClient`` to use in place of our own, or a client of a library with the same
            interface, such as ``httpx2.AsyncClient``. It is not closed along with the transport, and its proxies,
            certificates and connection pool are configured by its owner. Redirects are not followed, and its cookies
            are ignored.
        max_in_flight: Maximum number of simultaneous calls to one service; further calls wait, first come, first
            served, those of a `bulk` after the others. A service that is slow or throttles does not delay calls to
            others.
        connect_timeout: Seconds to get a connection, including DNS and TLS; ``math.inf`` for no limit, as in the other
            time limits.
        read_timeout: Maximum seconds without a byte of the response.
        total_timeout: Seconds for one call as a whole: the waits for a slot, for the rate limit and for the end of a
            pause, token refresh, attempts, delays between them, and the body; but not the login of a user, which the
            call may wait for. A call that is still queued at the end is not sent; make many calls with `bulk`, which
            queues no more of them than are made at once.
        max_response_bytes: Largest response body, after decompression. The default is 32 MiB, and 256 MiB for the
            listing of a directory.
        ca_bundle: A file of certificates to trust in addition to the system's. ``GLOBUS_SDK_VERIFY_SSL`` may name one
            too.
        verify: ``False`` disables certificate checks, with a warning. Not for production.
        clock: The source of time; for tests.
        default_rate_limits: Whether clients without a ``rate_limit`` observe the one that their service documents;
            ``False`` for a service that has none, such as an emulator.
        observer: Observes the calls and their token refreshes, for measurements and traces.

    Attributes:
        observer: The observer, if there is one.

    Example:
        >>> async with Transport(max_in_flight=20) as transport:
        ...     tc = TransferClient(authorizer=authorizer, transport=transport)
    """

    def __init__(
        self,
        *,
        http_client: HTTPClient | None = None,
        max_in_flight: int = 50,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        total_timeout: float = 300.0,
        max_response_bytes: int | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        verify: bool = True,
        clock: Clock | None = None,
        default_rate_limits: bool = True,
        observer: Observer | None = None,
    ) -> None:
        self.closed: bool = False
        self.is_loaded: bool = False
        self.default_rate_limits = default_rate_limits
        if http_client is not None:
            check_http_client(http_client)
            if ca_bundle is not None or not verify:
                raise GlobusSDKUsageError("ca_bundle and verify have no effect on an http_client: set them in that")
        self._max_in_flight = max_in_flight
        check_whole("max_in_flight", max_in_flight)
        if max_response_bytes is not None:
            check_whole("max_response_bytes", max_response_bytes)
        check_number("connect_timeout", connect_timeout, positive=True, finite=False)
        check_number("read_timeout", read_timeout, positive=True, finite=False)
        check_number("total_timeout", total_timeout, positive=True, finite=False)
        check_file_path("ca_bundle", ca_bundle, optional=True)
        check_bool("verify", verify)
        check_bool("default_rate_limits", default_rate_limits)
        if clock is not None:
            check_clock(clock)
        self.observer: Observer | None = observer
        self._notify: Notifier | None = None
        if observer is not None:
            from ._call_report import Notifier, check_observer  # noqa: PLC0415 -- few programs have an observer

            check_observer(observer)
            self._notify = Notifier(observer)
        if not verify:
            warnings.warn("certificate checks are off: anybody on the way can read the tokens", stacklevel=2)
        self.clock: Clock = SystemClock() if clock is None else clock
        self.jitter: Callable[[], float] = random.random
        self.total_timeout = total_timeout
        self._total = _finite(total_timeout)
        self._http_client = http_client
        self._sender: Sender | None = None
        connect, read = _finite(connect_timeout), _finite(read_timeout)
        self._timeouts = {"connect": connect, "read": read, "write": read, "pool": None}
        self._max_response_bytes = max_response_bytes
        self._ca_bundle = ca_bundle
        self._verify = verify
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._inherited: list[object] = []
        self._origins: dict[str, Origin] = {}
        self._rate_limit_stores: dict[int, StoreAccess] = {}
        self._proxies = Proxies(os.environ if http_client is None else {})
        self._adopted: set[asyncio.Task[Any]] = set()
        self._running: set[Call] = set()

    def __repr__(self) -> str:
        return f"<Transport {'closed' if self.closed else 'open'}, at most {self._max_in_flight} calls in flight>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self  # connections cannot be copied: a copied client shares them

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Transport holds connections and cannot be pickled; make one in each process")

    async def __aenter__(self) -> Self:
        self.check()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        open_here = getattr(self, "_sender", None) is not None and self._pid == os.getpid() and not self.closed
        if open_here and self._http_client is None:
            # not a ResourceWarning: that is hidden unless it is asked for
            warnings.warn(
                "a Transport was not closed: use 'async with', or await aclose() of the client that made it",
                RuntimeWarning,
                stacklevel=1,
            )

    def check(self) -> None:
        """
        Check that the transport is open, and is used in the event loop that used it first.

        Raises:
            ClientClosedError: The transport is closed.
            WrongEventLoopError: Another event loop, or that of another thread, used it first.
        """
        if self.closed:
            raise ClientClosedError("this client, or the transport that it uses, has been closed; make a new one")
        loop = asyncio.get_running_loop()
        if self._loop is loop and self._pid == os.getpid():
            return
        if self._loop is not None and self._pid == os.getpid():
            raise WrongEventLoopError(
                "this client was first used in another event loop; make one client per loop,"
                " inside the coroutine that you pass to asyncio.run(); threads and programs without a loop can share"
                " one of blocking() of globus_async.sync"
            )
        if self._loop is not None:
            # after a fork: the sockets belong to the parent process, so they are neither used nor closed
            self._inherited.append((self._sender, self._loop))
            self._sender, self._origins, self._adopted, self._running = None, {}, set(), set()
        self._loop, self._pid = loop, os.getpid()

    def origin(self, url: str) -> Origin:
        """
        Return the shared state of a URL's origin.

        Raises:
            GlobusSDKUsageError: A variable of the environment names a proxy for it that cannot be used.
        """
        end = url.find("/", 8)
        key = url if end < 0 else url[:end]
        known = self._origins.get(key)
        if known is None:
            self._proxies.proxy_for(key)  # before the first token is requested
            known = self._origins[key] = Origin(key, self._max_in_flight, self.clock, self._rate_limit_stores)
        return known

    async def load(self) -> None:
        """Import the HTTP libraries, which takes a fraction of a second, in a thread; the first call waits for it."""
        if not _loaded:
            await asyncio.to_thread(_import_libraries)
        self.is_loaded = True

    def sender(self) -> Sender:
        """
        Return the sender of attempts; the first use opens the HTTP client.

        Raises:
            ClientClosedError: The transport was closed during the call.
        """
        return self._sender or self._open()

    def _open(self) -> Sender:
        if self.closed:  # while the call waited for a slot, or between two attempts
            raise ClientClosedError("this client was closed during a call")
        from ._attempt import Sender  # noqa: PLC0415 -- loads httpx

        http: Any = self._http_client
        if http is None:
            from ._asyncio_transport import AsyncioTransport  # noqa: PLC0415 -- loads httpx
            from ._plain_client import PlainClient  # noqa: PLC0415 -- loads httpx

            ssl_context = partial(_ssl_context, self._ca_file(), verify=self._verify)
            http = PlainClient(AsyncioTransport(ssl_context=ssl_context, proxies=self._proxies))
        elif not is_httpx_client(http):
            from ._similar_client import similar_client  # noqa: PLC0415 -- loads httpx

            http = similar_client(http)
        self._sender = Sender(http, clock=self.clock, timeouts=self._timeouts, max_bytes=self._max_response_bytes)
        return self._sender

    def _ca_file(self) -> str | None:
        if self._ca_bundle is not None:
            return os.fspath(self._ca_bundle)
        named = os.environ.get("GLOBUS_SDK_VERIFY_SSL", "").strip()
        return None if named.lower() in _SWITCHES else named  # it may name a file, but cannot disable the checks

    def call(
        self,
        request: Request,
        error_kinds: ErrorKinds[Any],
        observed: ObservedCall | None = None,
        *,
        timeout: float | None = None,
        retry_401: bool = True,
    ) -> Call:
        """
        Return the context of a call, which ends with an error after the total timeout, or with the transport.

        Args:
            request: The request to send.
            error_kinds: Makes the error of the call.
            observed: The call as the observer sees it, if there is one.
            timeout: Total seconds, instead of the total timeout; ``math.inf`` for no limit.
            retry_401: Whether another attempt is made with fresh credentials after a 401.
        """
        self.check()
        report = None
        if observed is not None and self._notify is not None:
            from ._call_report import CallReport  # noqa: PLC0415 -- loaded already, by the constructor

            report = CallReport(observed, notify=self._notify, clock=self.clock)
        total = self._total if timeout is None else _finite(timeout)
        return Call(request, error_kinds, self.clock, total, self._running, retry_401=retry_401, report=report)

    def maybe_executed(self, task: asyncio.Task[Any], /) -> bool:
        """Return whether the service may have executed the request of a call that a task is making."""
        return any(call.task is task and call.maybe_executed for call in self._running)

    def adopt(self, task: asyncio.Task[Any], /) -> None:
        """Await a task, up to five seconds, before closing: a token refresh must not be lost half-way."""
        self._adopted.add(task)
        task.add_done_callback(self._adopted.discard)

    async def aclose(self) -> None:
        """Refuse further calls, finish token refreshes, end running calls, close our own connections; idempotent."""
        self.closed = True
        try:
            await self._finish_adopted()
        finally:
            while self._running:
                self._running.pop().end()
            sender, self._sender = self._sender, None
            if sender is not None and self._http_client is None:
                await sender.http.aclose()

    async def _finish_adopted(self) -> None:
        """Await the adopted tasks, and cancel those that take too long."""
        if not self._adopted_here():
            return
        with suppress(TimeoutError):
            async with self.clock.timeout(_MAX_CLOSING_SECONDS):
                while adopted := self._adopted_here():  # a refresh may leave a token that is yet to be stored
                    await asyncio.wait(adopted)
        late = self._adopted_here()
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_MAX_CANCELLING_SECONDS)

    def _adopted_here(self) -> set[asyncio.Task[Any]]:
        """Return the adopted tasks of this event loop that have not ended, but for the current one."""
        loop, current = asyncio.get_running_loop(), asyncio.current_task()
        return {task for task in self._adopted if task.get_loop() is loop and task is not current and not task.done()}


def _finite(seconds: float) -> float | None:
    """Return the seconds of a timeout; ``None``, the HTTP libraries' word, if there is none."""
    return seconds if seconds < _MAX_SECONDS else None


_loaded: list[ModuleType] = []
"""Not empty after the import: a module whose import has begun in another thread is in ``sys.modules`` already."""


def _import_libraries() -> None:
    from .._http.json_reader import decode_json  # noqa: PLC0415
    from . import _asyncio_transport, _attempt, _plain_client, _similar_client  # noqa: PLC0415

    decode_json(b"{}")  # imports orjson, if it is installed
    _loaded.extend((_asyncio_transport, _attempt, _plain_client, _similar_client))


@lru_cache(maxsize=8)
def _ssl_context(ca_file: str | None, *, verify: bool) -> ssl.SSLContext:
    """Return the SSL context, one per process and setting: making one costs as much as a hundred calls."""
    try:
        context = ssl.create_default_context()
        if not _has_certificates(context):
            import certifi  # noqa: PLC0415 -- slim containers only: it doubles the cost of a context

            context.load_verify_locations(certifi.where())
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = type(error).__name__
    else:
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
    raise GlobusSDKUsageError(f"the certificates in {ca_file} cannot be read ({reason})")


def _has_certificates(context: ssl.SSLContext) -> bool:
    """Return whether the system has certificates: in the context, or in a directory that OpenSSL reads when needed."""
    if context.cert_store_stats()["x509"]:
        return True
    paths = ssl.get_default_verify_paths()
    directories = os.environ.get(paths.openssl_capath_env, paths.openssl_capath).split(os.pathsep)
    files = chain.from_iterable(Path(directory).glob(_HASHED_NAMES) for directory in directories if directory)
    return any(os.access(file, os.R_OK) for file in files)  # a link may lead nowhere
