"""The emulator of Globus: its default services, and methods to add identities, collections and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio

from .absent import absent_services
from .auth.service import AuthService
from .control.header_faults import HeaderFaults
from .control.seed import SeedLoader
from .control.seed_dump import dump
from .control.service import ControlService
from .kit.clock import SystemClock
from .kit.directory import GroupPolicies
from .kit.ids import Ids, own_ids
from .kit.service import Platform, Service
from .registry import further_services
from .states import StatesOfServices
from .transfer.service import TransferService

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Container, Iterable, Mapping

    from .auth.models import ClientApp
    from .auth.state import AuthState
    from .kit.clock import Clock
    from .kit.directory import Identity
    from .kit.service import Document
    from .transfer.models import Collection, Task
    from .transfer.state import Limits, Pace, TransferState
    from .transfer.storage.protocol import Storage
    from .transfer.work.task_runner import TaskRunner

__all__ = ("GlobusEmulator",)

_FURTHER_SERVICES: Final = further_services({"auth", "control", "kit", "transfer"})


class GlobusEmulator(StatesOfServices):
    """
    An emulator of Globus in this process, with real files and real HTTP: Auth, Transfer and the services beside them.

    Example:
        >>> async with GlobusEmulator() as emulator:
        ...     ada = emulator.add_identity("ada@example.org", name="Ada")
        ...     lab = emulator.add_collection("Lab storage", storage=MemoryStorage({"data.txt": "1"}), owner=ada)
        ...     async with emulator.http_client(base_url="https://transfer.api.globus.org/v0.10") as http:
        ...         headers = {"Authorization": f"Bearer {emulator.access_token(ada)}"}
        ...         listing = await http.get(f"/operation/endpoint/{lab.id}/ls", headers=headers)
        >>> [entry["name"] for entry in listing.json()["DATA"]]
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
        services: Iterable[Callable[[Platform], Service[Any]]] = (),
        id_seed: int | None = None,
        remote_control: bool = False,
    ) -> None:
        """
        Create an emulator without identities, applications and collections.

        Args:
            clock: The source of its time; a `ManualClock` stands still until `advance`. The system's clock by default.
            rate_limit: Transfer requests per second of one identity, measured over 10 seconds; no limit by default.
            rotate_refresh_tokens: Each use of a refresh token replaces it.
            pace: The speed of tasks; by default as fast as possible, with a `ManualClock` a second after submission.
            limits: Page sizes and other limits of Transfer.
            missing_credentials_status: The status of Transfer's response to a request without a token: 401, or 400,
                which the real service has been seen to send as well.
            auth: Further arguments of `AuthState`.
            services: Further services, each a subclass of `kit.service.Service` or a function that makes one.
            id_seed: Makes all ids, tokens and keys the same in every run: with a `ManualClock`, the same requests get
                the same responses, byte for byte. Anybody can derive the tokens from it.
            remote_control: Accept requests of the control plane, and faults in headers, from other machines, too.

        Raises:
            TypeError: The seed of ids is no integer.
        """
        if id_seed is not None and (not isinstance(id_seed, int) or isinstance(id_seed, bool)):
            raise TypeError(f"a seed of ids is an integer, got {id_seed!r}")
        further: list[Callable[[Platform], Service[Any]]] = [*_FURTHER_SERVICES, *services]

        def make(platform: Platform) -> tuple[AuthService, TransferService, list[Service[Any]]]:
            auth_service = AuthService(platform, rotate_refresh_tokens=rotate_refresh_tokens, **(auth or {}))
            transfer_service = TransferService(
                platform,
                pace=pace,
                limits=limits,
                rate_limit=rate_limit,
                missing_credentials_status=missing_credentials_status,
            )
            present: list[Service[Any]] = [transfer_service, auth_service, *(each(platform) for each in further)]
            for service in present:
                auth_service.state.add_service(service)
            return auth_service, transfer_service, [*present, *absent_services(platform, present)]

        self._make = make
        self._id_seed = id_seed
        self._seed: Document = {}
        self._directories: set[str] = set()
        self._replacing = anyio.Lock()
        platform = self._new_platform(SystemClock() if clock is None else clock)
        with platform.ids.use():
            self._auth, self._transfer, made = make(platform)
        super().__init__(platform, made, control=ControlService(platform, self, remote=remote_control))
        self.faults.of_request = HeaderFaults(self, remote=remote_control)

    def _new_platform(self, clock: Clock) -> Platform:
        return Platform(clock, ids=Ids(None if self._id_seed is None else str(self._id_seed)))

    def __repr__(self) -> str:
        return f"<GlobusEmulator: {len(self.transfer.collections)} collections, {len(self.transfer.tasks)} tasks>"

    @property
    def auth(self) -> AuthState:
        """The state of the emulated Auth: applications, scopes, consents and tokens."""
        return self._auth.state

    @property
    def transfer(self) -> TransferState:
        """The state of the emulated Transfer: collections, tasks and bookmarks."""
        return self._transfer.state

    @property
    def task_runner(self) -> TaskRunner:
        """The execution of tasks; its ``pace`` may be replaced."""
        return self._transfer.task_runner

    @property
    def tasks(self) -> list[Task]:
        """All tasks so far."""
        return list(self.transfer.tasks.values())

    def add_identity(self, username: str, **details: Any) -> Identity:
        """
        Add an identity. The first one logs in and owns collections by default.

        Args:
            username: ``name@domain``.
            details: Arguments of `AuthState.add_identity`: name, email, organization, id.
        """
        return self.auth.add_identity(username, **details)

    def add_client(self, name: str = "Test application", **details: Any) -> ClientApp:
        """
        Register an application.

        Args:
            name: Its name on consent pages.
            details: Arguments of `AuthState.add_client`; with a ``secret`` it is a confidential client.
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
            storage: A storage that it serves instead of a directory. With neither it is offline, unless it has a host.
            owner: Its administrator; the first identity by default.
            id: Its UUID; a random one by default.
            home: The directory that ``/~/`` stands for.
            host: Makes it a guest collection on this one, whose access is controlled by permissions.
            host_path: The directory of the host that is its root.
            members: The identities that have an account on it; all by default.
            needs_data_access: Refuse tokens without the ``data_access`` consent.
            document_fields: Members of its document, such as ``public=False``.
        """
        if path is not None:
            self._directories.add(str(Path(path).absolute()))
        return self.transfer.add_collection(
            display_name,
            owner_id=self._owner_id(owner),
            path=path,
            storage=storage,
            id=id,
            home=home,
            host=host,
            host_path=host_path,
            member_ids=None if members is None else [_id_of(each) for each in members],
            needs_data_access=needs_data_access,
            **document_fields,
        )

    @own_ids
    def add_group(
        self,
        members: Iterable[Identity | ClientApp | str] = (),
        *,
        managers: Iterable[Identity | ClientApp | str] = (),
        admins: Iterable[Identity | ClientApp | str] = (),
        name: str = "Test group",
        description: str = "",
        parent: str | None = None,
        id: str | None = None,
        **policies: Any,
    ) -> str:
        """
        Add a group, which can be a principal of roles and permissions and administer projects; return its id.

        Args:
            members: Its members.
            managers: Its managers.
            admins: Its administrators.
            name: Its name.
            description: Its description.
            parent: The id of the group that it is a subgroup of.
            id: Its UUID; a random one by default.
            policies: Members of its policies, such as ``join_requests=True``; see `GroupPolicies` of the kit.
        """
        group = self.groups.add_group(
            name,
            admins=[_id_of(each) for each in admins],
            managers=[_id_of(each) for each in managers],
            members=[_id_of(each) for each in members],
            description=description,
            parent=None if parent is None else self.groups.group(parent),
            id=id,
        )
        group.policies = GroupPolicies(**policies)
        return group.id

    @own_ids
    def add_subscription(
        self, *, members: Iterable[Identity | str] = (), admins: Iterable[Identity | str] = (), id: str | None = None
    ) -> str:
        """
        Add a subscription; return its id.

        Args:
            members: Its members.
            admins: Its administrators, who are members too.
            id: Its UUID; a random one by default.
        """
        return self.directory.add_subscription(
            member_ids=[_id_of(each) for each in members], admin_ids=[_id_of(each) for each in admins], id=id
        ).id

    def add_stream_access_point(
        self, display_name: str, *, host_endpoint: str, id: str | None = None, **attributes: Any
    ) -> str:
        """
        Add a stream access point, an end of tunnels; return its id.

        Args:
            display_name: Its name.
            host_endpoint: The endpoint it belongs to.
            id: Its UUID; a random one by default.
            attributes: Further attributes of its document.
        """
        return self.transfer.add_stream_access_point(display_name, host_endpoint=host_endpoint, id=id, **attributes)

    def access_token(
        self,
        identity: Identity | ClientApp | None = None,
        *,
        scopes: Iterable[str] | None = None,
        client: ClientApp | None = None,
        lifetime: float = 172_800,
    ) -> str:
        """
        Create an access token without a login.

        Args:
            identity: The owner; the first identity by default.
            scopes: The scopes, ``A[B]`` with a dependency; all of Globus Transfer by default.
            client: The application it is issued to.
            lifetime: Seconds.
        """
        if identity is None:
            identity = self._first_identity()
        scopes = self.default_service.default_scopes if scopes is None else scopes
        return self.auth.access_token(identity, scopes=scopes, client=client, lifetime=lifetime)

    async def open_browser(self, url: str) -> None:
        """
        Log in at an authorize URL and follow the redirect to a server on this machine, as a user's browser does.

        Pass it to a login through a local server, as its ``open_browser``.

        Args:
            url: The URL of the login page.
        """
        import httpx  # noqa: PLC0415 -- few emulators need a browser

        redirect = self.auth.authorize(url)
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            await http.get(redirect.url)

    def _first_identity(self) -> Identity:
        return self.auth.login_identity or self.add_identity("user@example.org", name="Default User")

    def _owner_id(self, owner: Identity | ClientApp | str | None) -> str:
        return _id_of(self._first_identity() if owner is None else owner)

    # seeds

    def dump_seed(self) -> Document:
        """
        Return the people, clients, groups, collections with files, roles, permissions and tasks as a seed document.

        The document can be written as JSON, and is loaded by `load_seed`, ``--seed`` and the control plane.

        Raises:
            ServiceError: A collection has a storage that is neither in memory nor a directory.
        """
        return dump(self.auth, self.transfer, self.services.values())

    def keep_seed(self) -> None:
        """Take the present resources as those that `reset` returns to."""
        self._seed = self.dump_seed()

    async def load_seed(self, document: object, *, trusted: bool = True) -> None:
        """
        Replace all resources by those of a seed document, to which `reset` returns.

        Args:
            document: The document; the guide to testing describes it.
            trusted: Serve any directory that it names; otherwise only those that this emulator has served before.

        Raises:
            ServiceError: The document is invalid; then nothing has changed.
        """
        await self._replace(document, directories=None if trusted else self._directories, keep=True)
        self._directories |= {each["path"] for each in self._seed["collections"] if "path" in each}

    async def reset(self) -> None:
        """
        Return to the last seed document, or to an emulator without resources.

        Tokens, consents, requests and faults are removed. The clock, and the files of directories, stay as they are.
        """
        await self._replace(self._seed, directories=None)

    async def _replace(self, document: object, *, directories: Container[str] | None, keep: bool = False) -> None:
        async with self._replacing:  # the tasks of one call are started before the next call stops them
            platform = self._new_platform(self.clock)
            platform.url, platform.aliases = self.platform.url, self.platform.aliases
            with platform.ids.use():
                auth, transfer, services = self._make(platform)
                try:
                    SeedLoader(auth.state, transfer.state, services, directories=directories).load(document)
                except BaseException:
                    for service in services:
                        await service.aclose()
                    raise
            loaded = list(transfer.state.running.values())  # a request may add others before these are started
            if keep:
                self._seed = dump(auth.state, transfer.state, services)
            auth.state.keys = self.auth.keys  # clients have the published ones
            before = list(self.services.values())
            self._auth, self._transfer = auth, transfer
            self._install(platform, services)
            for service in before:
                await service.aclose()
            self.requests.clear()
            self.unknown_paths.clear()
            self.faults.clear()
            with platform.ids.use():
                for task in loaded:
                    transfer.task_runner.submit(task)
                for service in services:
                    service.start()

    def suspend(self, task_id: str, code: str = "CONSENT_REQUIRED") -> None:
        """
        Make a task INACTIVE, as the service does when a consent or session has ended.

        Args:
            task_id: The task; it stops at its next file.
            code: Its ``nice_status``.
        """
        self.transfer.suspend(task_id, code)

    def resume(self, task_id: str) -> None:
        """
        Resume a suspended task, as the service does when its owner has logged in again.

        Args:
            task_id: The task.
        """
        self.transfer.resume(task_id)


def _id_of(principal: Identity | ClientApp | str) -> str:
    return principal if isinstance(principal, str) else principal.id
