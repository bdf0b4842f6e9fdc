"""Globus services that the emulator lacks: every request is refused as such, and none leaves for the real service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .kit.errors import ServiceError
from .kit.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .kit.service import Platform, RouteTable

__all__ = ("AbsentService", "absent_services")


class AbsentService(Service[None]):
    """
    A service without operations: every request gets a 501.

    Args:
        platform: What it shares with the other services.
        name: The name in the variable with its address.
        title: The name for people.
        host: Its host in production.
    """

    errors = ServiceError

    def __init__(self, platform: Platform, name: str, title: str, host: str) -> None:
        super().__init__(platform, None)
        self.name = name  # type: ignore[misc]  # one class for all
        self.title = title  # type: ignore[misc]  # as above
        self.hosts: tuple[str, ...] = (host,)  # type: ignore[misc]  # as above
        self.url_variables: tuple[str, ...] = (f"GLOBUS_SDK_SERVICE_URL_{name.upper()}",)  # type: ignore[misc]  # as above

    def tables(self) -> Mapping[str, RouteTable[None]]:
        """Return no routes."""
        return {}


_SERVICES: Final = (
    ("groups", "Globus Groups", "groups.api.globus.org"),
    ("search", "Globus Search", "search.api.globus.org"),
    ("flows", "Globus Flows", "flows.automate.globus.org"),
    ("timer", "Globus Timers", "timer.automate.globus.org"),
    ("compute", "Globus Compute", "compute.api.globus.org"),
    ("actions", "the action providers of Globus", "actions.automate.globus.org"),
    ("app", "the Globus web app", "app.globus.org"),
)


def absent_services(platform: Platform, present: Iterable[Service[Any]]) -> list[AbsentService]:
    """
    Return the Globus services that are not among those of an emulator.

    Args:
        platform: What the services share.
        present: The services of the emulator.
    """
    present = list(present)
    variables = {variable for service in present for variable in service.url_variables}
    hosts = {host for service in present for host in service.hosts}
    absent = [AbsentService(platform, *each) for each in _SERVICES]
    return [each for each in absent if variables.isdisjoint(each.url_variables) and hosts.isdisjoint(each.hosts)]
