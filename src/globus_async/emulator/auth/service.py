"""The emulated Globus Auth."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..kit.directory import CLIENT_DOMAIN
from ..kit.responses import NO_STORE
from ..kit.service import Service, merge_tables
from ..kit.status import Column, StatusTable
from .errors import ApiError
from .grades import GRADES
from .routes import clients, identities, oauth, policies, projects, scopes, web
from .state import AuthState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..kit.errors import ServiceError
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Platform, RouteTable
    from .models import AccessToken

__all__ = ("AuthService",)

_API: Final = merge_tables(
    identities.ROUTES,
    projects.ROUTES,
    policies.ROUTES,
    clients.ROUTES,
    scopes.ROUTES,
)

_SHOWN: Final = 200
"""The number of users and of applications on the status page; the newest ones."""


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
    grades: ClassVar[Mapping[str, Grade]] = GRADES
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

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the tables of users and applications."""
        users = (
            Column("User", "name", "name"),
            Column("Username", "username", "code"),
            Column("Last login", "login", "time"),
            Column("Access tokens", "tokens", "number"),
        )
        applications = (
            Column("Application", "name", "name"),
            Column("Type", "type"),
            Column("Access tokens", "tokens", "number"),
        )
        return [
            StatusTable("users", "Users", users, self._user_rows, "No users yet."),
            StatusTable("applications", "Applications", applications, self._application_rows, "No applications yet."),
        ]

    def _user_rows(self) -> list[dict[str, Any]]:
        tokens = Counter(each.identity_id for each in self._active_tokens())
        return [
            {
                "id": each.id,
                "name": each.name or each.username,
                "username": each.username,
                "login": each.last_authentication,
                "tokens": tokens[each.id],
            }
            for each in list(self.state.directory.identities.values())
            if each.domain != CLIENT_DOMAIN
        ][-_SHOWN:]

    def _application_rows(self) -> list[dict[str, Any]]:
        tokens = Counter(each.client_id for each in self._active_tokens())
        return [
            {
                "id": each.id,
                "name": each.name,
                "type": each.client_type.replace("_", " "),
                "tokens": tokens[each.id],
            }
            for each in list(self.state.registry.clients.values())
            if each.id not in self.state.built_in and not each.is_implicit and not each.is_made_by_service
        ][-_SHOWN:]

    def _active_tokens(self) -> list[AccessToken]:
        now = self.state.now()
        return [each for each in list(self.state.tokens.access.values()) if each.is_active(now)]
