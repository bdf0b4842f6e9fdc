"""The base class of emulated services, and the parts that the services of one emulator share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

from starlette.responses import Response

from .clock import SystemClock
from .directory import Directory
from .ids import Ids
from .peer import PeerResponse, send_request
from .request import Request
from .responses import json_response

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from .authentication import Caller, TokenAuthority
    from .background import Background
    from .clock import Clock
    from .collection_files import CollectionFiles
    from .collections import CollectionRegistry
    from .errors import ServiceError
    from .fields import Fields
    from .grades import Grade
    from .status import StatusTable

__all__ = ("Document", "Handler", "Platform", "RouteTable", "Service", "merge_tables")

S = TypeVar("S")

Document: TypeAlias = dict[str, Any]
"""A JSON object."""
Handler: TypeAlias = Callable[[S, Request], Awaitable[Document | list[Document] | Response]]
"""An operation on the state of a service; returns one or more documents, or a whole response."""
RouteTable: TypeAlias = Sequence[tuple[str, str, Handler[S]]]
"""Rows of verb, path and handler; a path has variable parts such as ``{task_id}``."""


def merge_tables(*tables: RouteTable[S]) -> RouteTable[S]:
    """Return the rows of several tables as one."""
    return [row for table in tables for row in table]


@dataclass(eq=False)
class Platform:
    """The parts of an emulator that all its services share."""

    clock: Clock = field(default_factory=SystemClock)
    """The source of the time."""
    directory: Directory = field(default_factory=Directory)
    """Identities, groups and subscriptions."""
    ids: Ids = field(default_factory=Ids)
    """The source of ids, for requests, background work and methods for tests."""
    url: str | None = None
    """The address of the emulator, ``http://host:port``; `None` while it does not listen."""
    aliases: frozenset[str] = frozenset()
    """Other addresses that lead to the same port, such as ``http://localhost:port``."""
    peer_requests: int = 0
    """The number of requests from one service to another."""
    _authority: TokenAuthority | None = None
    _files: CollectionFiles | None = None
    _collections: CollectionRegistry | None = None
    _app: ASGIApp | None = None
    _hosts: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    _listeners: list[Callable[[], None]] = field(default_factory=list["Callable[[], None]"])

    @property
    def authority(self) -> TokenAuthority:
        """
        The issuer of access tokens, which the Auth service sets.

        Raises:
            LookupError: The emulator has no Auth service.
        """
        if self._authority is None:
            raise LookupError("the emulator has no service that issues tokens")
        return self._authority

    @authority.setter
    def authority(self, authority: TokenAuthority) -> None:
        self._authority = authority

    @property
    def files(self) -> CollectionFiles:
        """
        The files of collections, which the Transfer service sets.

        Raises:
            LookupError: The emulator has no service with collections.
        """
        if self._files is None:
            raise LookupError("the emulator has no service that has collections")
        return self._files

    @files.setter
    def files(self, files: CollectionFiles) -> None:
        self._files = files

    @property
    def collections(self) -> CollectionRegistry:
        """
        The collections of the emulator, which the Transfer service sets.

        Raises:
            LookupError: The emulator has no Transfer service.
        """
        if self._collections is None:
            raise LookupError("the emulator has no service that has collections")
        return self._collections

    @collections.setter
    def collections(self, collections: CollectionRegistry) -> None:
        self._collections = collections

    def address_of(self, host: str) -> str:
        """Return the address of a host of an emulated service: its own, or a path of the emulator that listens."""
        return f"https://{host}" if self.url is None else f"{self.url}/{host}"

    def on_authorization_change(self, listener: Callable[[], None]) -> None:
        """
        Register a function to be called when tokens, consents or sessions have changed.

        Args:
            listener: Called without arguments, in the thread of the change.
        """
        self._listeners.append(listener)

    def authorization_changed(self) -> None:
        """Call the registered functions; the Auth service does so after every change."""
        for listener in self._listeners:
            listener()

    def connect(self, services: Mapping[str, Service[Any]], app: ASGIApp) -> None:
        """
        Let the services send requests to each other; the emulator does so when it has made all of them.

        Args:
            services: The services by name.
            app: The ASGI application of all services, without recording and faults.
        """
        self._hosts = {name: service.hosts for name, service in services.items() if service.hosts}
        self._app = app

    def service_at(self, host: str) -> str | None:
        """Return the name of the service with a host, for URLs such as those of actions; `None` if there is none."""
        return next((name for name, hosts in self._hosts.items() if host in hosts), None)

    async def request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        token: str | None,
        document: object = None,
        query: Mapping[str, str] | None = None,
    ) -> PeerResponse:
        """
        Send a request to another service of this emulator, in process; it is neither recorded nor subject to faults.

        Args:
            service: The name of the service.
            method: The HTTP verb.
            path: The path, such as ``/v0.10/transfer``.
            token: The access token, such as one of `TokenAuthority.dependent_token`.
            document: The JSON document of the body; no body by default.
            query: The query parameters.

        Raises:
            LookupError: The emulator has no service of this name with a host.
        """
        if self._app is None or service not in self._hosts:
            raise LookupError(f"the emulator has no service {service!r} that other services can reach")
        self.peer_requests += 1
        return await send_request(
            self._app, method, path, host=self._hosts[service][0], token=token, document=document, query=query
        )


class Service(Generic[S]):
    """
    An emulated service: a name, hosts, an error format, a table of routes, and a state that its handlers work on.

    Args:
        platform: Clock, directory and token authority, which all services of the emulator share.
        state: The first argument of all its handlers.
        background: Its background work; none by default.
    """

    name: ClassVar[str]
    """The short name of the service, as in globus-sdk and in `Emulator.services`: ``transfer``."""
    title: ClassVar[str]
    """The name for people: ``Globus Transfer``."""
    hosts: ClassVar[tuple[str, ...]] = ()
    """Its hosts in production."""
    needs_host: ClassVar[bool] = False
    """Requests reach it by the hosts that `serves_host` accepts only, never by their paths alone."""
    url_variables: ClassVar[tuple[str, ...]] = ()
    """The environment variables with its address, such as ``GLOBUS_SDK_SERVICE_URL_TRANSFER``."""
    errors: ClassVar[type[ServiceError]]
    """Its error format."""
    scopes: ClassVar[tuple[str, ...]] = ()
    """Its scope strings, for which the emulated Globus Auth issues tokens; those of Globus services are known to it."""
    default_scopes: ClassVar[tuple[str, ...]] = ()
    """The scopes of an access token that a test creates without naming any, if this is the emulator's first service."""
    headers: ClassVar[Mapping[str, str]] = {}
    """Headers of all its JSON responses."""
    max_body: ClassVar[int | None] = None
    """The largest request body in bytes; no limit by default."""
    reads_bodies: ClassVar[bool] = True
    """Read the body before the handler is called; a service of large files reads ``request.raw.stream()`` itself."""
    null_is_missing: ClassVar[bool] = False
    """Treat members of documents that are null as missing ones."""

    grades: ClassVar[Mapping[str, Grade]] = {}
    """
    How the successful responses of each operation are known, by ``GET /v1/notes/{note_id}``, and the ``errors``:
    `grades.graded` makes it.
    """

    def __init__(self, platform: Platform, state: S, *, background: Background | None = None) -> None:
        self.platform = platform
        self.state = state
        self._background = background

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}>"

    # requests

    @abstractmethod
    def tables(self) -> Mapping[str, RouteTable[S]]:
        """Return the tables of routes, each under the prefix of its paths: ``{"/v0.10": ROUTES}``."""

    def authenticate(self, request: Request) -> Caller | None:  # noqa: ARG002 -- for overriding
        """
        Return the owner of a request's token; called before every handler.

        By default no token is required. Most services call an `Authenticator` here.

        Raises:
            ServiceError: The request has no valid token.
        """
        return None

    def refuses_unknown_parameters(self, request: Request) -> bool:  # noqa: ARG002 -- for overriding
        """Return whether a query parameter that the handler of a GET has not asked for is an error; by default not."""
        return False

    def respond(self, document: object, request: Request) -> Response:  # noqa: ARG002 -- for overriding
        """Return the response with a document that a handler returned."""
        return json_response(document, headers=self.headers)

    def error_response(self, error: ServiceError, request: Request) -> Response:
        """Return the response with an error."""
        headers = {**self.headers, **error.headers}
        document = error.document(path=request.path, request_id=request.id)
        return json_response(document, status=error.status, headers=headers)

    def serves_host(self, host: str) -> bool:
        """
        Return whether requests for a host are for this service; by default if it is one of `hosts`.

        A service whose hosts are made at run time overrides it, and sets `needs_host`.

        Args:
            host: The name, in lower case, without a port.
        """
        return host in self.hosts

    def extra_routes(self) -> Sequence[BaseRoute]:
        """Return routes that no table can express; none by default."""
        return ()

    # clients

    def environ(self, url: str) -> dict[str, str]:
        """
        Return the environment variables with which clients find an emulator.

        Args:
            url: The address of the emulator, without a trailing slash.
        """
        # globus-sdk appends the path of the page that shows codes without a slash
        return dict.fromkeys(self.url_variables, f"{url}/")

    # seed documents

    def seed_sections(self) -> Mapping[str, Callable[[Fields], None]]:
        """
        Return the sections of seed documents that this service loads, each with a function that adds one resource.

        They are loaded in this order, after ``identities`` and ``clients``; a section of the same name as one of the
        emulator replaces it. The functions may raise `ServiceError`, `ValueError` and `TypeError`. None by default.
        """
        return {}

    def dump_seed(self) -> dict[str, list[Document]]:
        """Return its present resources by section, as `seed_sections` loads them; none by default."""
        return {}

    # work in the background: tasks, runs, timers

    def work(self) -> dict[str, list[Document]]:
        """Return the documents of the work of all users, the newest first: ``{"runs": [...]}``; none by default."""
        return {}

    def suspend_work(self, work_id: str, code: str) -> bool:  # noqa: ARG002 -- for overriding
        """
        Make a piece of work inactive, as when a consent of its owner has ended; return whether there is such work.

        Args:
            work_id: The id of the task, run or timer.
            code: Why, as the service says it.
        """
        return False

    def resume_work(self, work_id: str) -> bool:  # noqa: ARG002 -- for overriding
        """
        Resume suspended work, as when its owner has logged in again; return whether there is such work.

        Args:
            work_id: The id of the task, run or timer.
        """
        return False

    # status page

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the tables that the status page shows; none by default."""
        return ()

    async def measure(self) -> None:
        """Measure, before `snapshot`, what the status page shows and takes time; nothing by default."""

    def snapshot(self) -> dict[str, Any]:
        """Return what the status page shows of the service as it is now."""
        return {table.name: list(table.rows()) for table in self.status_tables()}

    # background work

    def start(self) -> None:
        """
        Resume background work; called in the event loop that will serve the requests.

        It is called again when the emulator is served once more, and after a seed document was loaded.
        """
        if self._background is not None:
            self._background.resume()

    async def stop(self) -> None:
        """Pause background work, to be resumed by `start` in another event loop."""
        if self._background is not None:
            await self._background.stop()

    async def settle(self) -> None:
        """Wait until all background work has ended or waits for the clock."""
        if self._background is not None:
            await self._background.settle()

    async def aclose(self) -> None:
        """End background work."""
        if self._background is not None:
            await self._background.aclose()
