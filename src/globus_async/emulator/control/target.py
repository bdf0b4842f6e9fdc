"""The emulator as the control plane sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..auth.models import ClientApp
    from ..auth.state import AuthState
    from ..injection import Faults
    from ..kit.clock import Clock
    from ..kit.directory import Directory, Identity
    from ..kit.service import Document, Service
    from ..recorder import RecordedRequest

__all__ = ("Target",)


class Target(Protocol):
    """What the control plane controls."""

    faults: Faults

    @property
    def services(self) -> Mapping[str, Service[Any]]:
        """The services by name."""
        ...

    @property
    def clock(self) -> Clock:
        """The source of the time."""
        ...

    @property
    def directory(self) -> Directory:
        """The identities and groups."""
        ...

    @property
    def auth(self) -> AuthState:
        """The state of Auth."""
        ...

    @property
    def requests(self) -> list[RecordedRequest]:
        """All requests so far."""
        ...

    def access_token(
        self,
        identity: Identity | ClientApp | None = None,
        *,
        scopes: Iterable[str] | None = None,
        client: ClientApp | None = None,
        lifetime: float = ...,
    ) -> str:
        """Create an access token without a login."""
        ...

    def dump_seed(self) -> Document:
        """Return the seed document of the present resources."""
        ...

    async def load_seed(self, document: object, *, trusted: bool = ...) -> None:
        """Replace all resources by those of a seed document."""
        ...

    async def reset(self) -> None:
        """Replace all resources by those of the last seed document."""
        ...

    async def advance(self, seconds: float) -> None:
        """Advance the clock."""
        ...

    async def settle(self) -> None:
        """Wait for background work."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Return the data of the status page."""
        ...
