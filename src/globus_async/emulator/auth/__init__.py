"""The Globus Auth half of the emulator: `AuthState` remembers, `routes` answers."""

from __future__ import annotations

from .errors import AuthFailure, AuthorizationError, LoginPageError
from .login import Redirect
from .models import Caller, ClientApp, Group, Identity, Policy, Project, ScopeDefinition, Session
from .service import routes
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
