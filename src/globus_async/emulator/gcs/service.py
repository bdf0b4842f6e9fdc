"""The emulated Managers of Globus Connect Server: one service for all, each with a host of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..kit.authentication import Authenticator
from ..kit.service import Service, merge_tables
from ..kit.status import Column, StatusTable
from .access import missing_scopes
from .errors import GCSError
from .grades import GRADES
from .routes import browser, collections, credentials, endpoint, gateways, nodes, roles
from .seed import dump_endpoint, load_endpoint
from .state import GCSState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..kit.authentication import Caller
    from ..kit.errors import ServiceError
    from ..kit.fields import Fields
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Document, Platform, RouteTable

__all__ = ("GCSService",)

_WITHOUT_TOKEN: Final = frozenset(
    {"/api/info", "/api/v1/authcallback", "/api/v1/authcallback_google", "/api/v1/authclicomplete"}
)


class GCSService(Service[GCSState]):
    """
    The emulated Managers of all endpoints of Globus Connect Server.

    Args:
        platform: What it shares with the other services.
    """

    name = "gcs"
    title = "Globus Connect Server"
    needs_host: ClassVar[bool] = True
    errors: ClassVar[type[ServiceError]] = GCSError
    grades: ClassVar[Mapping[str, Grade]] = GRADES
    max_body: ClassVar[int | None] = 1 << 20

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, GCSState(platform))
        self._authenticator = Authenticator(platform.authority, errors=GCSError)

    def tables(self) -> Mapping[str, RouteTable[GCSState]]:
        """Return the tables of routes by prefix."""
        tables = (endpoint, collections, gateways, roles, nodes, credentials, browser)
        return {"/api": merge_tables(*(each.ROUTES for each in tables))}

    def serves_host(self, host: str) -> bool:
        """Return whether a host is that of the Manager of an endpoint."""
        return self.state.host(host) is not None

    def authenticate(self, request: Request) -> Caller | None:
        """
        Return the owner of a request's token.

        Raises:
            GCSError: There is no valid token, it is for another resource server, or it lacks the scope.
        """
        if request.path in _WITHOUT_TOKEN:
            return None
        manager = self.state.endpoint_of(request)
        caller = self._authenticator.authenticate(request.authorization)
        if caller is not None and caller.resource_server != manager.client_id:
            raise GCSError(401, "not_authorized", "The token is for another resource server")
        if caller is not None and manager.scope not in caller.scopes:
            raise missing_scopes([manager.scope])
        return caller

    def seed_sections(self) -> Mapping[str, Callable[[Fields], None]]:
        """Return the section of endpoints."""
        return {"gcs_endpoints": partial(load_endpoint, self.state)}

    def dump_seed(self) -> dict[str, list[Document]]:
        """Return all endpoints; no section if there are none."""
        endpoints = self.state.endpoints.values()
        return {"gcs_endpoints": [dump_endpoint(self.state, each) for each in endpoints]} if endpoints else {}

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the table of endpoints."""
        columns = (
            Column("Endpoint", "name", "name"),
            Column("Manager", "host", "code"),
            Column("Owner", "owner"),
            Column("Storage gateways", "gateways", "number"),
            Column("Mapped collections", "mapped", "number"),
            Column("Guest collections", "guests", "number"),
            Column("Credentials", "credentials", "number"),
        )
        return [
            StatusTable("endpoints", "Endpoints of Globus Connect Server", columns, self._rows, "No endpoints yet.")
        ]

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "id": each.id,
                "name": each.fields["display_name"],
                "host": each.host,
                "owner": self.platform.directory.username(each.owner_id),
                "gateways": len(each.gateways),
                "mapped": sum(not one.is_guest for one in list(each.collections.values())),
                "guests": sum(one.is_guest for one in list(each.collections.values())),
                "credentials": len(each.credentials),
            }
            for each in list(self.state.endpoints.values())
        ]
