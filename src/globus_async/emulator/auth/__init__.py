"""The Globus Auth half of the emulator: `AuthState` remembers, `routes` answers."""

from __future__ import annotations

from ._authorize import Redirect
from ._failures import AuthFailure, AuthorizationError, LoginPageError
from ._records import Caller, ClientApp, Group, Identity, Policy, Project, ScopeDefinition, Session
from .routes import routes
from .state import AuthState

__all__ = (
    "AuthFailure",
    "AuthState",
    "AuthorizationError",
    "Caller",
    "ClientApp",
    "Group",
    "Identity",
    "LoginPageError",
    "Policy",
    "Project",
    "Redirect",
    "ScopeDefinition",
    "Session",
    "routes",
)
