"""
For applications made with FastAPI; needs the extra ``globus-async[fastapi]``.

`GlobusBackend` is an application's share in Globus: what lives as long as it runs, the users of its API by the tokens
they bring, and clients that act for them. `GlobusLogin` lets people log in with a browser.
"""

from .backend import GlobusBackend
from .bearer import BearerToken, challenge
from .cookie import SessionCookie
from .dependent import AuthorizerCache, DependentTokenAuthorizer
from .disconnect import CancelOnDisconnect
from .errors import add_error_handlers, error_response
from .login import GlobusLogin, LoginFailed
from .principal import LinkedIdentity, Principal
from .sessions import MemorySessionStore, Session, SessionStore

__all__ = (
    "AuthorizerCache",
    "BearerToken",
    "CancelOnDisconnect",
    "DependentTokenAuthorizer",
    "GlobusBackend",
    "GlobusLogin",
    "LinkedIdentity",
    "LoginFailed",
    "MemorySessionStore",
    "Principal",
    "Session",
    "SessionCookie",
    "SessionStore",
    "add_error_handlers",
    "challenge",
    "error_response",
)
