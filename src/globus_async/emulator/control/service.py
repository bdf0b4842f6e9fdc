"""The service of the control plane, and who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from ..kit.responses import NO_STORE
from ..kit.service import Service
from ..own_paths import PREFIX
from .errors import ControlError
from .routes import ROUTES
from .senders import check_sender
from .target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.authentication import Caller
    from ..kit.errors import ServiceError
    from ..kit.request import Request
    from ..kit.service import Platform, RouteTable

__all__ = ("ControlService",)

_HEADER: Final = "x-emulator-control"


class ControlService(Service[Target]):
    """
    The control plane of an emulator.

    A request comes from this machine, unless ``remote`` is true; one that changes something has the header
    ``X-Emulator-Control``, and its body is JSON by its content type. A web page of another site could send neither of
    these without asking first, and no response allows it to.

    Args:
        platform: What it shares with the other services.
        target: The emulator.
        remote: Accept requests from other machines, too.
    """

    name = "control"
    title = "the emulator's control plane"
    errors: ClassVar[type[ServiceError]] = ControlError
    headers: ClassVar[Mapping[str, str]] = NO_STORE

    def __init__(self, platform: Platform, target: Target, *, remote: bool = False) -> None:
        super().__init__(platform, target)
        self._remote = remote

    def tables(self) -> Mapping[str, RouteTable[Target]]:
        """Return the routes."""
        return {PREFIX: ROUTES}

    def refuses_unknown_parameters(self, request: Request) -> bool:  # noqa: ARG002 -- in all operations
        """Return whether unknown query parameters are an error."""
        return True

    def authenticate(self, request: Request) -> Caller | None:
        """
        Require that a program of this machine has sent a request.

        Raises:
            ControlError: 403, another machine or a proxy has, or a web page may have; 415, the body is not JSON.
        """
        peer = request.raw.client
        check_sender(None if peer is None else peer.host, request.raw.headers, remote=self._remote)
        if request.method in {"GET", "HEAD"}:
            return None
        if request.header(_HEADER) is None:
            raise ControlError(403, "NO_CONTROL_HEADER", "Send the header X-Emulator-Control: 1")
        kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
        has_body = request.header("content-length") not in {None, "0"} or request.header("transfer-encoding")
        if has_body and kind != "application/json":
            raise ControlError(415, "NOT_JSON", "The content type of a body must be application/json")
        return None
