"""The emulator as tests of this package's clients use it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..emulator import globus
from ..transport import Transport

if TYPE_CHECKING:
    from ..emulator.kit.directory import Identity
    from ..globus_app import ClientApp, GlobusAppConfig, UserApp

__all__ = ("GlobusEmulator",)

_ISSUER: Final = "https://auth.globus.org/"
"""The address of the emulated Auth for requests in process, whatever the environment variables say."""


class GlobusEmulator(globus.GlobusEmulator):
    """
    An emulator of Globus in this process, with real files and real HTTP: Auth, Transfer and the services beside them.

    Example:
        >>> async with GlobusEmulator() as emulator:
        ...     ada = emulator.add_identity("ada@example.org", name="Ada")
        ...     lab = emulator.add_collection("Lab storage", storage=MemoryStorage({"data.txt": "1"}), owner=ada)
        ...     tc = TransferClient(app=emulator.user_app(ada))
        ...     [entry["name"] async for entry in tc.operation_ls(lab.id)]
        ['data.txt']
    """

    retries_at_once: bool = False
    """Whether transports that it makes from now on have no random delays between retries."""

    def transport(self, **options: Any) -> Transport:
        """
        Return a transport whose requests all reach this emulator, in process and whatever their host.

        It has the clock of the emulator: the delays and timeouts of its clients follow a `ManualClock`. Clients have no
        rate limit, unless they are given one.

        Args:
            options: Arguments of `Transport`.
        """
        options.setdefault("clock", self.clock)
        options.setdefault("default_rate_limits", False)
        made = Transport(http_client=self.http_client(), **options)
        if self.retries_at_once:
            made.jitter = lambda: 0.0
        return made

    def user_app(
        self,
        identity: Identity | None = None,
        *,
        app_name: str = "Emulated app",
        config: GlobusAppConfig | None = None,
        transport: Transport | None = None,
    ) -> UserApp:
        """
        Return the app of a new native client, whose user logs in without a browser, and consents to all scopes.

        Args:
            identity: The identity that logs in. By default one that satisfies the login, the first of the emulator if
                there is one.
            app_name: The name of the app and of the client.
            config: The settings. By default the app requests refresh tokens, and stores tokens in memory.
            transport: The connections; by default a new `transport`.

        Example:
            >>> async with emulator.user_app() as app:
            ...     await app.login()
            ...     await app.login_required()
            False
        """
        from ..globus_app import GlobusAppConfig, UserApp  # noqa: PLC0415 -- only those who use it
        from ..services.auth import NativeAppAuthClient  # noqa: PLC0415 -- only those who use it
        from .login import EmulatedLogin  # noqa: PLC0415 -- only those who use it

        if config is None:
            config = GlobusAppConfig(request_refresh_tokens=True, token_storage="memory")  # noqa: S106 -- no password
        if config.login_flow_manager is None:
            config = replace(config, login_flow_manager=EmulatedLogin(self, identity))
        client = NativeAppAuthClient(
            self.add_client(app_name).id,
            environment=config.environment,
            base_url=_ISSUER,
            app_name=app_name,
            transport=self.transport() if transport is None else transport,
        )
        return UserApp(app_name, login_client=client, config=config)

    def client_app(
        self,
        *,
        app_name: str = "Emulated service",
        config: GlobusAppConfig | None = None,
        transport: Transport | None = None,
    ) -> ClientApp:
        """
        Return the app of a new confidential client, which acts as itself.

        Args:
            app_name: The name of the app and of the client.
            config: The settings. By default the app stores tokens in memory.
            transport: The connections; by default a new `transport`.

        Example:
            >>> async with emulator.client_app() as app:
            ...     page = await TransferClient(app=app).task_list()
        """
        from ..globus_app import ClientApp, GlobusAppConfig  # noqa: PLC0415 -- only those who use it
        from ..services.auth import ConfidentialAppAuthClient  # noqa: PLC0415 -- only those who use it

        config = GlobusAppConfig() if config is None else config
        secret = "secret of an emulated service"  # noqa: S105 -- opens nothing
        client = ConfidentialAppAuthClient(
            self.add_client(app_name, secret=secret).id,
            secret,
            environment=config.environment,
            base_url=_ISSUER,
            app_name=app_name,
            transport=self.transport() if transport is None else transport,
        )
        return ClientApp(app_name, login_client=client, config=config)
