"""Errors of interactive logins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from ..errors import GlobusError, LoginRequired

if TYPE_CHECKING:
    from ..errors.authorization import GlobusAuthorizationParameters
    from ..services.auth.flows import GlobusOAuthFlowManager

__all__ = (
    "CommandLineLoginFlowEOFError",
    "InteractiveLoginRequired",
    "LocalServerEnvironmentalLoginError",
    "LocalServerLoginError",
)


class CommandLineLoginFlowEOFError(GlobusError, EOFError):
    """The input ended before an authorization code was entered, or there is no terminal to ask for one."""


class LocalServerLoginError(GlobusError):
    """A login through a local server failed: it was refused or cancelled in the browser, or took too long."""


class LocalServerEnvironmentalLoginError(LocalServerLoginError):
    """A login through a local server is impossible here: the session is remote, or no suitable browser opens."""


class InteractiveLoginRequired(LoginRequired):
    """
    A user must log in, and this program does not ask for it itself: send the user to ``authorize_url``.

    Attributes:
        auth_parameters: The required scopes, and what else the login must satisfy.
        authorize_url: The URL of the login page.
        flow: The login, which exchanges the code that the user comes back with for tokens; ``None`` in an error that
            was pickled. Its ``state`` and ``verifier`` recreate it in another process.
    """

    auth_parameters: GlobusAuthorizationParameters
    authorize_url: str
    flow: GlobusOAuthFlowManager | None

    def __init__(
        self, auth_parameters: GlobusAuthorizationParameters, flow: GlobusOAuthFlowManager | None, authorize_url: str
    ) -> None:
        super().__init__("a user must log in, at the authorize_url of this error")
        self.auth_parameters = auth_parameters
        self.authorize_url = authorize_url
        self.flow = flow

    def __copy__(self) -> GlobusError:
        restore, arguments = super().__reduce__()
        return restore(*arguments)

    def __reduce__(self) -> tuple[Callable[..., GlobusError], tuple[type[Self], tuple[Any, ...], dict[str, Any]]]:
        restore, (kind, arguments, state) = super().__reduce__()
        return restore, (kind, arguments, {**state, "flow": None})
