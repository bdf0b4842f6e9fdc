"""The emulated Globus Auth: `service.AuthService`, whose state is `state.AuthState`."""

from __future__ import annotations

from .authorization_request import Redirect
from .errors import AuthorizationError, LoginPageError
from .models import ClientApp, Policy, Project, ScopeDefinition
from .service import AuthService
from .state import AuthState

__all__ = (
    "AuthService",
    "AuthState",
    "AuthorizationError",
    "ClientApp",
    "LoginPageError",
    "Policy",
    "Project",
    "Redirect",
    "ScopeDefinition",
)
