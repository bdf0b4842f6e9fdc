"""The one place that awaits the network: a shared, bounded way to the services."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from ..clock import Clock, SystemClock
from ..errors import ClientClosedError, GlobusSDKUsageError, WrongEventLoopError
from ._origin import Origin

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from .._http.request import Request
    from .._http.response import RawResponse
    from ..authorizers import GlobusAuthorizer
    from ..errors import NetworkError
    from ..secret import Secret
    from ._attempt import Sender
    from ._origin import Turn

__all__ = ("Transport", "UnderWay")

_CLOSING_SECONDS: Final = 5.0
_ENDING_SECONDS: Final = 1.0
_SWITCHES: Final = frozenset({"", "0", "1", "f", "false", "n", "no", "none", "off", "on", "t", "true", "y", "yes"})


class Transport:
    """
    The way to the services, shared by any number of clients of one event loop.

    Args:
        http_client: An ``httpx.AsyncClient`` to use instead of our own; it is not closed by us, and its proxies,
            certificates and pool are its owner's. It must not follow redirects, and its cookies are ignored.
        max_in_flight: Most calls under way at once to one service; further ones wait their turn, first come, first
            served. One service that is slow or throttles does not hold up another.
        connect_timeout: Seconds to get a connection, name look-up and TLS included.
        read_timeout: Seconds without a byte of the answer.
        total_timeout: Seconds for one call as a whole: renewal, attempts, waits between them, and the body. Waiting
            for a turn does not count; bound that with ``asyncio.timeout``.
        max_response_bytes: Largest body, after decoding.
        ca_bundle: A file of certificates to trust beside the system's. ``GLOBUS_SDK_VERIFY_SSL`` may name one too.
        verify: ``False`` switches certificate checks off, with a warning. Not for production.
        clock: Where the time comes from; for tests.

    Example:
        >>> async with Transport(max_in_flight=20) as transport:
        ...     tc = TransferClient(authorizer=authorizer, transport=transport)
    """

    def __init__(
        self,
        *,
        http_client: httpx.AsyncClient | None = None,
        max_in_flight: int = 50,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        total_timeout: float = 300.0,
        max_response_bytes: int = 32 * 1024 * 1024,
        ca_bundle: str | os.PathLike[str] | None = None,
        verify: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.closed = False
        self._limit = max_in_flight
        if not all(isinstance(number, int) and number >= 1 for number in (max_in_flight, max_response_bytes)):
            raise GlobusSDKUsageError("max_in_flight and max_response_bytes must be whole numbers, 1 or more")
        if not all(
            isinstance(each, (int, float)) and each > 0 for each in (connect_timeout, read_timeout, total_timeout)
        ):
            raise GlobusSDKUsageError("timeouts are seconds and must be above 0")
        if not verify:
            warnings.warn("certificate checks are off: anybody on the way can read the tokens", stacklevel=2)
        self.clock: Clock = SystemClock() if clock is None else clock
        self.jitter: Callable[[], float] = random.random
        self.total_timeout = total_timeout
        self._given = http_client
        self._sender: Sender | None = None
        self._timeouts = {"connect": connect_timeout, "read": read_timeout, "write": read_timeout, "pool": None}
        self._max_response_bytes = max_response_bytes
        self._ca_bundle = ca_bundle
        self._verify = verify
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self._inherited: list[object] = []
        self._origins: dict[str, Origin] = {}
        self._adopted: set[asyncio.Task[Any]] = set()
        self._under_way: set[asyncio.Timeout] = set()

    def __repr__(self) -> str:
        return f"<Transport {'closed' if self.closed else 'open'}, at most {self._limit} calls in flight>"

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
        if getattr(self, "_sender", None) is not None and self._given is None and not self.closed:
            warnings.warn(
                "a Transport was not closed: use 'async with', or await aclose() of the client that made it",
                ResourceWarning,
                source=self,
                stacklevel=1,
            )

    def check(self) -> None:
        """
        Refuse use after closing, or from another event loop than the first.

        Raises:
            ClientClosedError: It was closed.
            WrongEventLoopError: Another event loop, or another thread's, used it first.
        """
        if self.closed:
            raise ClientClosedError("this client has been closed; make a new one")
        loop = asyncio.get_running_loop()
        if self._loop is loop and self._pid == os.getpid():
            return
        if self._loop is not None and self._pid == os.getpid():
            raise WrongEventLoopError(
                "this client was first used in another event loop; make one client per loop,"
                " inside the coroutine that you give to asyncio.run()"
            )
        if self._loop is not None:
            # after a fork: the sockets are the parent's, so they are neither used nor politely closed
            self._inherited.append((self._sender, self._loop))
            self._sender, self._origins, self._adopted, self._under_way = None, {}, set(), set()
        self._loop, self._pid = loop, os.getpid()

    def origin(self, url: str) -> Origin:
        """Return what is remembered of a URL's origin."""
        end = url.find("/", 8)
        key = url if end < 0 else url[:end]
        known = self._origins.get(key)
        if known is None:
            known = self._origins[key] = Origin(self._limit, self.clock)
        return known

    async def attempt(
        self, request: Request, turn: Turn, authorizer: GlobusAuthorizer | None, seconds: float
    ) -> tuple[RawResponse | NetworkError, Secret | None]:
        """Make one attempt at a call; see `Sender.attempt`."""
        sender = self._sender or self._opened()
        return await sender.attempt(request, turn, authorizer, seconds)

    def _opened(self) -> Sender:
        if self.closed:  # closed while this call was waiting or between two attempts
            raise ClientClosedError("this client was closed while a call was under way")
        from ._attempt import Sender  # noqa: PLC0415 -- loads httpx

        http = self._given
        if http is None:
            from ._wire import AiohttpTransport, CookielessClient  # noqa: PLC0415 -- loads aiohttp

            wire = AiohttpTransport(ssl_context=partial(_ssl_context, self._ca_file(), verify=self._verify))
            http = CookielessClient(transport=wire, trust_env=False)
        self._sender = Sender(http, clock=self.clock, timeouts=self._timeouts, most_bytes=self._max_response_bytes)
        return self._sender

    def _ca_file(self) -> str | None:
        if self._ca_bundle is not None:
            return os.fspath(self._ca_bundle)
        named = os.environ.get("GLOBUS_SDK_VERIFY_SSL", "").strip()
        return None if named.lower() in _SWITCHES else named  # it may name a bundle; it cannot switch checks off

    def call(self) -> UnderWay:
        """Check that a call may be made, and return what ends it with a `ClientClosedError` when this is closed."""
        self.check()
        return UnderWay(self._under_way)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Wait for a task of an authorizer's, within reason, before closing: a renewal must not be lost half-way."""
        self._adopted.add(task)
        task.add_done_callback(self._adopted.discard)

    async def aclose(self) -> None:
        """Take no further calls, finish renewals, end all else, close every connection that we opened; idempotent."""
        self.closed = True
        try:
            await self._end_renewals()
        finally:
            while self._under_way:
                self._under_way.pop().reschedule(asyncio.get_running_loop().time())
            sender, self._sender = self._sender, None
            if sender is not None and self._given is None:
                await sender.http.aclose()

    async def _end_renewals(self) -> None:
        """Wait for renewals under way, within reason, and cancel what hangs."""
        loop = asyncio.get_running_loop()
        adopted = {task for task in self._adopted if task.get_loop() is loop and task is not asyncio.current_task()}
        if not adopted:
            return
        with suppress(TimeoutError):
            async with self.clock.timeout(_CLOSING_SECONDS):
                await asyncio.wait(adopted)
        late = {task for task in adopted if not task.done()}
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_ENDING_SECONDS)


class UnderWay:
    """One call, wherever it waits; made by `Transport.call`."""

    __slots__ = ("_all", "_ending")

    def __init__(self, under_way: set[asyncio.Timeout]) -> None:
        self._all = under_way
        self._ending = asyncio.timeout(None)  # never by itself: it is set off when the transport closes

    async def __aenter__(self) -> None:
        await self._ending.__aenter__()
        self._all.add(self._ending)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._all.discard(self._ending)
        try:
            await self._ending.__aexit__(kind, error, trace)
        except TimeoutError:
            pass
        else:
            return
        raise ClientClosedError(
            "this client was closed while a call was under way; look whether it was carried out"
        ) from None


@lru_cache(maxsize=8)
def _ssl_context(ca_file: str | None, *, verify: bool) -> ssl.SSLContext:
    """One context per process and trust: making one costs as much as a hundred calls."""
    import certifi  # noqa: PLC0415 -- not before a client is made

    try:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())  # slim containers have no certificates of their own
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
