"""Globus in one object: both services, their state, and the doors to them."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from ..clock import Clock, SystemClock
from ..transport import Transport
from .auth.service import routes as auth_routes
from .auth.state import AuthState
from .faults import Faults
from .kit.clock import ManualClock
from .recorder import RecordedRequest, Recorder
from .server import LoopbackServer, listen, serving
from .status_page import status_routes
from .transfer.call import TRANSFER_SCOPE, Gate, error_response
from .transfer.documents import ENDPOINT_DEFAULTS, access_point
from .transfer.errors import ServiceError
from .transfer.models import Collection, Task
from .transfer.service import transfer_routes
from .transfer.state import Limits, TransferState, request_id
from .transfer.storage import paths
from .transfer.work.task_runner import Pace, TaskRunner

if TYPE_CHECKING:
    import os
    import socket
    from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
    from types import TracebackType

    from starlette.requests import Request
    from starlette.responses import Response

    from .auth.models import ClientApp, Identity
    from .transfer.storage.protocol import Storage

__all__ = ("GlobusEmulator",)

_ISSUER: Final = "https://auth.globus.org"


class GlobusEmulator:
    """
    Globus Auth and Transfer in this process, with real files and real HTTP.

    Example:
        >>> async with GlobusEmulator() as emulator:
        ...     ada = emulator.add_identity("ada@example.org", name="Ada")
        ...     lab = emulator.add_collection("Lab storage", storage=MemoryStorage({"data.txt": "1"}), owner=ada)
        ...     authorizer = AccessTokenAuthorizer(emulator.access_token(ada))
        ...     tc = TransferClient(authorizer=authorizer, transport=emulator.transport())
        ...     [entry["name"] async for entry in tc.operation_ls(lab.id)]
        ['data.txt']
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        rate_limit: float | None = None,
        rotate_refresh_tokens: bool = False,
        pace: Pace | None = None,
        limits: Limits | None = None,
        missing_credentials_status: int = 401,
        auth: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Found a Globus of its own, with nobody and nothing in it.

        Args:
            clock: Where its time comes from; a `ManualClock` stands still until `advance`. The system's by default.
            rate_limit: Transfer requests per second of one identity, metered over 10 seconds; unlimited by default.
            rotate_refresh_tokens: Each use of a refresh token replaces it.
            pace: How fast tasks work; by default as fast as they can, by a `ManualClock` a second after submission.
            limits: Page sizes and other numbers of the service.
            missing_credentials_status: What Transfer answers a request without a token: 401, or 400 as it was seen too.
            auth: Further arguments of `AuthState`.
        """
        self.clock: Clock = SystemClock() if clock is None else clock
        self._issuer = _ISSUER
        self.auth = AuthState(
            clock=self.clock,
            issuer=lambda: self._issuer,
            rotate_refresh_tokens=rotate_refresh_tokens,
            **(auth or {}),
        )
        self.transfer = TransferState(self.clock, limits or Limits())
        self.transfer.satisfies_policy = self.auth.satisfies_policy
        self.transfer.still_satisfies_policy = self.auth.still_satisfies_policy
        self.transfer.still_consents = self.auth.still_consents
        if pace is None:
            pace = Pace(start_delay=1.0 if isinstance(self.clock, ManualClock) else 0.0)
        self.machine = TaskRunner(self.transfer, pace=pace)
        self.auth.on_change = self.machine.update_pauses
        self.unknown_paths: Counter[str] = Counter()
        """Requests for what the emulator does not have, as ``METHOD /path``."""
        gate = Gate(
            self.transfer, self.auth.authenticate, rate_limit=rate_limit, missing_status=missing_credentials_status
        )
        application = Starlette(
            routes=[
                *transfer_routes(self.transfer, self.machine, gate),
                *auth_routes(self.auth),
                *status_routes(self),
            ],
            exception_handlers={404: self._unknown, 405: self._unknown, 500: self._broken},
        )
        application.router.redirect_slashes = False
        self.faults = Faults(application)
        self._recorder = Recorder(self.faults)
        self.app = self._recorder
        """The ASGI application that serves both services."""
        self._identities: list[Identity] = []
        self._http_clients: list[httpx.AsyncClient] = []

    def __repr__(self) -> str:
        return (
            f"<GlobusEmulator with {len(self.transfer.collections)} collections and {len(self.transfer.tasks)} tasks>"
        )

    @property
    def requests(self) -> list[RecordedRequest]:
        """All requests so far."""
        return self._recorder.requests

    @property
    def tasks(self) -> list[Task]:
        """All tasks so far, as the emulator sees them."""
        return list(self.transfer.tasks.values())

    # Who and what there is.

    def add_identity(self, username: str, **details: Any) -> Identity:
        """
        Add a person; the first one is who logs in, and who owns collections, where nobody else is named.

        Args:
            username: ``name@domain``.
            details: As `AuthState.add_identity` has them: name, email, organization, id.
        """
        identity = self.auth.add_identity(username, **details)
        self.transfer.usernames[identity.id] = identity.username
        self._identities.append(identity)
        return identity

    def add_client(self, name: str = "Test application", **details: Any) -> ClientApp:
        """
        Register an application.

        Args:
            name: What a consent page shows.
            details: As `AuthState.add_client` has them; with a ``secret`` it is a confidential client.
        """
        return self.auth.add_client(name, **details)

    def add_collection(
        self,
        display_name: str,
        *,
        path: str | os.PathLike[str] | None = None,
        storage: Storage | None = None,
        owner: Identity | ClientApp | str | None = None,
        id: str | None = None,
        home: str = "/",
        host: Collection | None = None,
        host_path: str = "/",
        members: Iterable[Identity | ClientApp | str] | None = None,
        needs_data_access: bool = False,
        **document_fields: Any,
    ) -> Collection:
        """
        Add a collection.

        Args:
            display_name: Its name.
            path: The directory it serves.
            storage: What it serves instead of a directory. With neither it is offline, unless it is a guest.
            owner: Its administrator; the first identity by default.
            id: Its UUID; a random one by default.
            home: What ``/~/`` means.
            host: Makes it a guest collection on this one; then access goes by permissions.
            host_path: The directory of the host that is its root.
            members: Who has an account on it; everybody by default.
            needs_data_access: Refuse tokens without the ``data_access`` consent.
            document_fields: Members of its document, such as ``public=False``.
        """
        if path is not None and storage is not None:
            raise TypeError("a collection has a path or a storage, not both")
        unknown = set(document_fields) - {"name", *ENDPOINT_DEFAULTS}
        if unknown:
            raise TypeError(f"an endpoint document has no member {min(unknown)!r}")
        below = paths.parse(host_path)
        if host is not None and host.storage is not None:
            storage = host.storage.subtree(below)
        elif path is not None:
            # Not on every platform, and not needed by those who keep files in memory.
            from .transfer.storage.directory import DirectoryStorage  # noqa: PLC0415 -- as above

            storage = DirectoryStorage(path)
        kind = "GCSv5_mapped_collection" if host is None else "GCSv5_guest_collection"
        collection = Collection(
            id=str(uuid4()) if id is None else id.lower(),
            owner_id=self._owner_id(owner),
            fields={
                **ENDPOINT_DEFAULTS,
                "entity_type": kind,
                "is_globus_connect": str(document_fields.get("entity_type", "")).startswith("GCP"),
                **document_fields,
                "display_name": display_name,
            },
            storage=storage,
            home=paths.parse(home),
            host=host,
            host_path=below if host is not None else (),
            members=None if members is None else frozenset(_id_of(each) for each in members),
            needs_data_access=needs_data_access,
        )
        self.transfer.collections[collection.id] = collection
        return collection

    def add_group(self, members: Iterable[Identity | str], *, id: str | None = None) -> str:
        """Add a group, to be a principal of roles and permissions; return its id."""
        group_id = str(uuid4()) if id is None else id
        self.transfer.groups[group_id] = {_id_of(each) for each in members}
        return group_id

    def add_subscription(
        self, *, members: Iterable[Identity | str] = (), admins: Iterable[Identity | str] = (), id: str | None = None
    ) -> str:
        """Add a subscription; its administrators are members too; return its id."""
        subscription_id = str(uuid4()) if id is None else id
        ids = [_id_of(each) for each in admins]
        self.transfer.subscriptions[subscription_id] = {
            "admins": ids,
            "members": [*ids, *(_id_of(each) for each in members)],
        }
        return subscription_id

    def add_stream_access_point(
        self, display_name: str, *, host_endpoint: str, id: str | None = None, **attributes: Any
    ) -> str:
        """Add an end that tunnels can be made between; return its id."""
        point_id = str(uuid4()) if id is None else id
        self.transfer.access_points[point_id] = access_point(point_id, display_name, host_endpoint, attributes)
        return point_id

    def access_token(
        self,
        identity: Identity | ClientApp | None = None,
        *,
        scopes: Iterable[str] = (TRANSFER_SCOPE,),
        client: ClientApp | None = None,
        lifetime: float = 172_800,
    ) -> str:
        """
        Make an access token without a login.

        Args:
            identity: Whose; the first identity by default.
            scopes: What it is for; all of Transfer by default.
            client: To whom it was issued.
            lifetime: Seconds.
        """
        if identity is None:
            identity = self._first_identity()
        return self.auth.access_token(identity, scopes=scopes, client=client, lifetime=lifetime)

    def _first_identity(self) -> Identity:
        return self._identities[0] if self._identities else self.add_identity("user@example.org", name="Default User")

    def _owner_id(self, owner: Identity | ClientApp | str | None) -> str:
        return _id_of(self._first_identity() if owner is None else owner)

    # The doors.

    def transport(self, **options: Any) -> Transport:
        """
        Return a transport that leads here without a socket, whatever address a client calls.

        Args:
            options: Arguments of `Transport`.
        """
        http_client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app))
        self._http_clients.append(http_client)
        return Transport(http_client=http_client, **options)

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[LoopbackServer]:
        """
        Listen on a socket as long as the block lasts.

        Args:
            host: The address to listen on.
            port: The port; a free one by default.
        """
        async with self._serving(listen(host, port)) as server:
            yield server

    @asynccontextmanager
    async def _serving(self, listener: socket.socket) -> AsyncGenerator[LoopbackServer]:
        async with serving(self.app, listener) as server:
            before, self._issuer = self._issuer, server.url
            self.machine.start()
            try:
                yield server
            finally:
                self._issuer = before

    @contextmanager
    def serve_in_thread(self, *, host: str = "127.0.0.1", port: int = 0) -> Generator[LoopbackServer]:
        """
        Listen on a socket from a thread of its own: for synchronous clients, such as globus-sdk.

        At the end of the block the tasks of the emulator are stopped; they go on when it is served again.

        Args:
            host: The address to listen on.
            port: The port; a free one by default.
        """
        listener = listen(host, port)
        started: SimpleQueue[LoopbackServer | None] = SimpleQueue()
        stop = asyncio.Event()

        async def run() -> None:
            async with self._serving(listener) as server:
                started.put(server)
                await stop.wait()
                await self.machine.stop()

        def body() -> None:
            try:
                asyncio.run(run())
            finally:
                started.put(None)

        thread = threading.Thread(target=body, name="globus emulator", daemon=True)
        thread.start()
        server = started.get()
        if server is None:
            raise RuntimeError("the emulator did not start; its thread has told why")
        try:
            yield server
        finally:
            server.loop.call_soon_threadsafe(stop.set)
            thread.join()

    # Time, and the end.

    async def advance(self, seconds: float) -> None:
        """
        Turn the clock on: tokens expire, tasks progress, deadlines pass, in their order.

        Args:
            seconds: How far.

        Raises:
            TypeError: The emulator has another clock than a `ManualClock`.
        """
        if not isinstance(self.clock, ManualClock):
            raise TypeError("only GlobusEmulator(clock=ManualClock()) can be advanced")
        await self.clock.advance(seconds, settle=self.machine.settle)

    def suspend(self, task_id: str, code: str = "CONSENT_REQUIRED") -> None:
        """
        Make a task INACTIVE, as the service does when a consent or session has ended.

        Args:
            task_id: Which one; it stops at its next file.
            code: What its ``nice_status`` says.
        """
        self.transfer.tasks[task_id].suspended = code
        self.machine.update_pauses()

    def resume(self, task_id: str) -> None:
        """Let a suspended task go on, as it does when its owner has logged in again."""
        self.transfer.tasks[task_id].suspended = None
        self.machine.update_pauses()

    async def settle(self) -> None:
        """Wait until every task has ended or waits: for the clock, for its turn, or for the end of a pause."""
        await self.machine.settle()

    async def aclose(self) -> None:
        """Stop all tasks and wait until nothing is at work any more."""
        await self.machine.aclose()
        for http_client in self._http_clients:
            await http_client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _broken(self, request: Request, error: Exception) -> Response:
        """Answer when the emulator itself is at fault; in process the error itself is raised as well."""
        internal = ServiceError(500, "InternalError", f"The emulator failed: {type(error).__name__}")
        return error_response(internal, resource=request.url.path, id=request_id())

    async def _unknown(self, request: Request, error: Exception) -> Response:
        """Answer what nobody serves, in the form of the service that it was meant for."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        path = request.url.path
        self.unknown_paths[f"{request.method} {path}"] += 1
        code, message = {
            404: ("ClientError.NotFound", f"No such resource '{path}'"),
            405: ("ClientError.MethodNotAllowed", f"The resource '{path}' has no method {request.method}"),
        }[status]
        return error_response(ServiceError(status, code, message), resource=path, id=request_id())


def _id_of(principal: Identity | ClientApp | str) -> str:
    return principal if isinstance(principal, str) else principal.id
