"""The services of one emulator: one ASGI application, one clock, one list of requests."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
from starlette.datastructures import Headers

from .host_prefix import HostPrefix
from .injection import Faults
from .kit.clock import ManualClock
from .kit.routing import application
from .own_paths import OwnPaths
from .own_tables import own_tables
from .recorder import RecordedRequest, Recorder
from .server import LoopbackServer, listen, serving
from .status_page import status_routes
from .traffic import Traffic
from .trusted_hosts import TrustedHosts

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncGenerator, Callable, Collection, Generator, Iterable, Sequence
    from types import TracebackType

    from starlette.types import Receive, Scope, Send

    from .kit.clock import Clock
    from .kit.directory import Directory
    from .kit.service import Platform, Service

__all__ = ("Emulator", "further_services")

_VARIABLE: Final = re.compile(r"\{[^{}]*\}")
_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
"""The names of this machine, of which an emulator that listens on one can be reached by others."""


def further_services(known: Collection[str]) -> list[Callable[[Platform], Service[Any]]]:
    """
    Return the services that need no arguments, which stand in ``service.py`` of packages beside this module.

    Args:
        known: The names of the packages to leave out.
    """
    found: list[Callable[[Platform], Service[Any]]] = []
    for package in sorted(each.name for each in iter_modules([str(Path(__file__).parent)]) if each.ispkg):
        if package not in known:
            module = import_module(f".{package}.service", __package__)
            found += [getattr(module, name) for name in module.__all__ if name.endswith("Service")]
    return found


def _prefixes(services: Iterable[Service[Any]]) -> dict[str, str]:
    """
    Return the prefixes of the paths of services that have no paths of their own, by the service's name.

    Raises:
        ValueError: Such a service has no host to be the prefix.
    """
    prefixes: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    for service in (each for each in services if not each.needs_host):
        own = {
            (verb, _VARIABLE.sub("{}", prefix + path))
            for prefix, table in service.tables().items()
            for verb, path, _ in table
        }
        if not own or own & taken:
            if own and not service.hosts:
                verb, path = min(own & taken)
                raise ValueError(f"the service {service.name} needs a host, since an earlier one has {verb} {path} too")
            prefixes[service.name] = "".join(f"/{host}" for host in service.hosts[:1])
        taken |= own
    return prefixes


class Emulator:
    """
    Any services, served in this process or on a socket.

    Args:
        platform: What the services share.
        services: The services; the first one responds to paths that none of them has.
        control: The service of the emulator's own paths, besides the status page.

    Raises:
        ValueError: Two services have the same name, or the same paths and the later one no host; or two tables of the
            status page have the same name.
    """

    def __init__(
        self, platform: Platform, services: Sequence[Service[Any]], *, control: Service[Any] | None = None
    ) -> None:
        names = Counter(service.name for service in services)
        if repeated := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"an emulator has one service of each name, got several named {', '.join(repeated)}")
        self.unknown_paths: Counter[str] = Counter()
        """Requests for operations that no service has, as ``METHOD /path``."""
        self._install(platform, services)
        self.faults: Faults = Faults(self._serve)
        """The faults to be injected: `Faults.add` makes a request fail."""
        self._recorder = Recorder(self.faults, platform.clock.wall, streams=self._streams)
        self._prefixes = _prefixes(services)
        self._tables = own_tables(lambda: self.requests, lambda: self.faults, self._title_of)
        tables = [*(table for service in services for table in service.status_tables()), *self._tables]
        shown = Counter(["environ", "now", "requests", "unknown", "url", *(table.name for table in tables)])
        if repeated := [name for name, count in shown.items() if count > 1]:
            raise ValueError(f"a table of the status page needs a name of its own, got {', '.join(repeated)}")
        status = status_routes(tables, self.current_snapshot)
        own = application([] if control is None else [control], extra_routes=status)
        self._routed: OwnPaths = OwnPaths(
            own, HostPrefix(self._recorder, self._serves_host), lambda host: self._title_of(host) is not None
        )
        self._http_clients: list[httpx.AsyncClient] = []
        self._urls: list[tuple[str, str]] = []
        """The addresses it listens on, each with the one that it shows."""

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of all services."""
        with self.platform.ids.fork().use():
            await self._routed(scope, receive, send)

    def _install(self, platform: Platform, services: Sequence[Service[Any]]) -> None:
        """Use these services from now on; those of the same names as before."""
        self.platform = platform
        self.services: dict[str, Service[Any]] = {service.name: service for service in services}
        """The services by name."""
        self._application = application(services, on_unknown=self._count_unknown_path)
        platform.connect(self.services, self._application)

    def _serves_host(self, host: str) -> bool:
        return any(service.serves_host(host) for service in self.services.values())

    def _title_of(self, host: str) -> str | None:
        """Return the title of the service with a host that is made at run time; `None` for any other host."""
        services = (each for each in self.services.values() if each.needs_host)
        return next((each.title for each in services if each.serves_host(host)), None)

    def _streams(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "").partition(":")[0].lower()
        service = next((each for each in self.services.values() if each.serves_host(host)), None)
        return service is not None and not service.reads_bodies

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(service.title for service in self.services.values())}>"

    @property
    def default_service(self) -> Service[Any]:
        """The first service: access tokens are for it by default, and it responds to unknown paths."""
        return next(iter(self.services.values()))

    @property
    def clock(self) -> Clock:
        """The source of the time of all services."""
        return self.platform.clock

    @property
    def directory(self) -> Directory:
        """Identities, groups and subscriptions, which all services share."""
        return self.platform.directory

    @property
    def requests(self) -> list[RecordedRequest]:
        """All requests so far."""
        return self._recorder.requests

    def traffic(self, host: str | None = None) -> Traffic:
        """
        Return the totals of the requests so far: numbers, connections, bytes, and how many were in flight at once.

        ``emulator.requests.clear()`` resets them.

        Args:
            host: Count the requests to this host only, such as ``collection.https_host``.
        """
        return Traffic.of(each for each in self.requests if host is None or each.host == host)

    def environ(self, url: str) -> dict[str, str]:
        """
        Return the environment variables with which Globus clients find this emulator.

        Args:
            url: Its address, without a trailing slash.
        """
        addresses = {name: url + self._prefixes.get(name, "") for name in self.services}
        return {
            variable: value
            for name, service in self.services.items()
            for variable, value in service.environ(addresses[name]).items()
        }

    def snapshot(self) -> dict[str, Any]:
        """
        Return the data of the status page.

        They are the address and the variables of the emulator, the time, numbers of requests, and tables: those of the
        services, the pending faults and the latest requests.
        """
        url = self.platform.url
        document: dict[str, Any] = {
            "url": url,
            "environ": {} if url is None else self.environ(url),
            "now": self.clock.wall(),
            "requests": len(self.requests),
            "unknown": sum(self.unknown_paths.values()),
        }
        for service in self.services.values():
            document |= service.snapshot()
        return document | {table.name: list(table.rows()) for table in self._tables}

    async def current_snapshot(self) -> dict[str, Any]:
        """Return the data of the status page, with what takes time to measure, such as the sizes of directories."""
        for service in list(self.services.values()):
            await service.measure()
        return self.snapshot()

    def _count_unknown_path(self, method: str, path: str) -> None:
        self.unknown_paths[f"{method} {path}"] += 1

    # serving

    def http_client(self, **options: Any) -> httpx.AsyncClient:
        """
        Return an httpx client all of whose requests reach this emulator, in process and whatever their host.

        Args:
            options: Arguments of `httpx.AsyncClient`, such as ``base_url``.
        """
        http_client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), **options)
        self._http_clients.append(http_client)
        return http_client

    @asynccontextmanager
    async def serve(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        allowed_hosts: Iterable[str] = (),
        public_url: str | None = None,
    ) -> AsyncGenerator[LoopbackServer]:
        """
        Listen on a socket until the end of the block.

        A request for another host than ``localhost``, a loopback address or ``host`` gets a 421, and one that a web
        page of another site sent gets a 403: logins need no password, so no page may reach the emulator.

        Args:
            host: The address to listen on.
            port: The port; a free one by default.
            allowed_hosts: Further names and addresses that clients reach it by, such as that of a container.
            public_url: Its address in links, id_tokens and environment variables, such as ``http://globus:8080``; by
                default the one it listens on.
        """
        async with self._serving(listen(host, port), (host, *allowed_hosts), public_url) as server:
            yield server

    @asynccontextmanager
    async def _serving(
        self, listener: socket.socket, hosts: Iterable[str], public_url: str | None = None
    ) -> AsyncGenerator[LoopbackServer]:
        async with serving(TrustedHosts(self.app, hosts), listener, self.clock.wall) as url:
            shown = url if public_url is None else public_url.rstrip("/")
            self._urls.append((url, shown))
            self._update_addresses()
            with self.platform.ids.fork().use():
                for service in self.services.values():
                    service.start()
            try:
                yield LoopbackServer(shown, asyncio.get_running_loop(), self.environ(shown))
            finally:
                self._urls.remove((url, shown))
                self._update_addresses()

    def _update_addresses(self) -> None:
        self.platform.url = self._urls[-1][1] if self._urls else None
        ports = {url.rpartition(":")[2] for url, _ in self._urls}
        self.platform.aliases = frozenset(f"http://{name}:{port}" for name in _NAMES for port in ports)

    @contextmanager
    def serve_in_thread(
        self, *, host: str = "127.0.0.1", port: int = 0, allowed_hosts: Iterable[str] = ()
    ) -> Generator[LoopbackServer]:
        """
        Listen on a socket from a thread of its own: for synchronous clients, such as globus-sdk.

        At the end of the block background work is paused; it is resumed when the emulator is served again.

        Args:
            host: The address to listen on.
            port: The port; a free one by default.
            allowed_hosts: Further names and addresses that clients reach it by.
        """
        listener = listen(host, port)
        started: SimpleQueue[LoopbackServer | None] = SimpleQueue()
        stop = asyncio.Event()

        async def run() -> None:
            async with self._serving(listener, (host, *allowed_hosts)) as server:
                started.put(server)
                await stop.wait()
                for service in self.services.values():
                    await service.stop()

        def body() -> None:
            try:
                asyncio.run(run())
            finally:
                started.put(None)

        thread = threading.Thread(target=body, name="globus emulator", daemon=True)
        thread.start()
        server = started.get()
        if server is None:
            raise RuntimeError("the emulator did not start: see the traceback of its thread")
        try:
            yield server
        finally:
            server.loop.call_soon_threadsafe(stop.set)
            thread.join()

    # time and closing

    async def advance(self, seconds: float) -> None:
        """
        Advance the clock: tokens expire, tasks progress and deadlines pass, in their order.

        Args:
            seconds: How far.

        Raises:
            TypeError: The emulator has another clock than a `ManualClock`.
        """
        if not isinstance(self.clock, ManualClock):
            raise TypeError("only an emulator with clock=ManualClock() can be advanced")
        await self.clock.advance(seconds, settle=self.settle)

    async def settle(self) -> None:
        """Wait until all background work has ended or waits: for the clock, a free slot, or the end of a pause."""
        requests = -1
        while requests != self.platform.peer_requests:  # one service may have given another one work to do
            requests = self.platform.peer_requests
            for service in list(self.services.values()):
                await service.settle()

    async def aclose(self) -> None:
        """End all background work and close the HTTP clients of this emulator."""
        for service in self.services.values():
            await service.aclose()
        for http_client in self._http_clients:
            await http_client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
