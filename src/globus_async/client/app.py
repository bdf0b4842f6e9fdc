"""What clients need of an app, such as `UserApp`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from ..errors.arguments import check_members

if TYPE_CHECKING:
    from ..authorizers import GlobusAuthorizer
    from ..scopes import Scope
    from ..transport import Transport

__all__ = ("App", "AppConfig", "check_app")

_MEMBERS: Final = ("add_scope_requirements", "app_name", "config", "get_authorizer", "transport")


class AppConfig(Protocol):
    """The settings of an app that its clients use."""

    @property
    def environment(self) -> str:
        """The Globus environment."""
        ...


class App(Protocol):
    """Supplies clients with credentials, and with connections."""

    @property
    def app_name(self) -> str:
        """The name of the application."""
        ...

    @property
    def config(self) -> AppConfig:
        """The settings."""
        ...

    @property
    def transport(self) -> Transport:
        """The connections, which the app closes."""
        ...

    def add_scope_requirements(self, scope_requirements: Mapping[str, str | Scope | Iterable[str | Scope]]) -> None:
        """Add scopes, by resource server, which tokens of the app must have."""
        ...

    def get_authorizer(self, resource_server: str) -> GlobusAuthorizer:
        """Return the authorizer for a resource server."""
        ...


def check_app(value: App | None) -> None:
    """Check the argument ``app``."""
    if value is not None:
        check_members("app", value, _MEMBERS, "a GlobusApp, such as UserApp(app_name, client_id=...)")
