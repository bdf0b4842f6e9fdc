"""
Integration with FastAPI; requires the extra ``globus-async[fastapi]``.

`GlobusBackend` manages the transport of an application, authenticates requests by bearer tokens, and creates clients
that act for their users. `GlobusLogin` adds browser logins and sessions.
"""

from ..session_store import MemorySessionStore, SessionStore, SessionStoreUnavailable, SQLiteSessionStore

try:
    from .backend import GlobusBackend
except ModuleNotFoundError as _error:
    if _error.name == "fastapi":
        _error.add_note("this package needs an extra: pip install 'globus-async[fastapi]'")
    raise
from .bearer import BearerToken, challenge
from .cookie import SessionCookie
from .dependent import AuthorizerCache, DependentTokenAuthorizer
from .disconnect import CancelOnDisconnect
from .errors import add_error_handlers, error_response
from .login import GlobusLogin, LoginFailed
from .memberships import Role
from .principal import LinkedIdentity, Principal
from .readiness import Readiness
from .sessions import Session

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
    "Readiness",
    "Role",
    "SQLiteSessionStore",
    "Session",
    "SessionCookie",
    "SessionStore",
    "SessionStoreUnavailable",
    "add_error_handlers",
    "challenge",
    "error_response",
)
