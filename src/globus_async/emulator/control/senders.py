"""Who may control an emulator: programs of its own machine, or of all that reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..trusted_hosts import is_loopback
from .errors import ControlError

if TYPE_CHECKING:
    from starlette.datastructures import Headers

__all__ = ("check_sender",)

_PROXY_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


def check_sender(address: str | None, headers: Headers, *, remote: bool) -> None:
    """
    Require that a program which may control the emulator has sent a request.

    Args:
        address: The address it came from.
        headers: Its headers; those of a proxy hide where it came from before.
        remote: Accept it from other machines, too.

    Raises:
        ControlError: 403, another machine or a proxy has sent it.
    """
    is_local = address is not None and is_loopback(address) and not any(each in headers for each in _PROXY_HEADERS)
    if not is_local and not remote:
        message = "The emulator is controlled from its own machine only, unless it was started with --remote-control"
        raise ControlError(403, "NOT_LOCAL", message)
