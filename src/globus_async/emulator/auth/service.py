"""The emulated Globus Auth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..kit.responses import NO_STORE
from ..kit.service import Service, merge_tables
from .errors import ApiError
from .routes import clients, identities, oauth, policies, projects, scopes, web
from .state import AuthState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.errors import ServiceError
    from ..kit.request import Request
    from ..kit.service import Platform, RouteTable

__all__ = ("AuthService",)

_API: Final = merge_tables(
    identities.ROUTES,
    projects.ROUTES,
    policies.ROUTES,
    clients.ROUTES,
    scopes.ROUTES,
)


class AuthService(Service[AuthState]):
    """
    The emulated Globus Auth, which issues and verifies the tokens of all services.

    Its endpoints authenticate requests themselves, since some accept access tokens, some client secrets, and some
    neither.

    Args:
        platform: What it shares with the other services; its `authority` is set to this service's.
        options: Arguments of `AuthState`.
    """

    name = "auth"
    title = "Globus Auth"
    hosts: ClassVar[tuple[str, ...]] = ("auth.globus.org",)
    url_variables: ClassVar[tuple[str, ...]] = ("GLOBUS_SDK_SERVICE_URL_AUTH",)
    errors: ClassVar[type[ServiceError]] = ApiError
    headers: ClassVar[Mapping[str, str]] = NO_STORE
    max_body: ClassVar[int | None] = 1 << 20

    def __init__(self, platform: Platform, **options: Any) -> None:
        super().__init__(platform, AuthState(platform, **options))
        platform.authority = self.state.authority

    def tables(self) -> Mapping[str, RouteTable[AuthState]]:
        """Return the routes by the prefix of their paths."""
        return {
            "": oauth.DISCOVERY_ROUTES,
            "/v2/oauth2": merge_tables(oauth.ROUTES, web.AUTHORIZE_ROUTES),
            "/v2/web": web.ROUTES,
            "/v2/api": _API,
        }

    def refuses_unknown_parameters(self, request: Request) -> bool:
        """Return whether unknown query parameters are an error: outside OAuth 2.0, which requires to ignore them."""
        return request.path.startswith("/v2/api/")
