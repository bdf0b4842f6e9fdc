"""The emulated Globus Groups."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from ..kit.authentication import Authenticator
from ..kit.service import Service
from ..kit.status import Column, StatusTable
from .errors import GroupsError
from .grades import GRADES
from .permissions import ALL
from .routes import ROUTES
from .seeds import dump_sections, seed_sections
from .state import GroupsState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..kit.authentication import Caller
    from ..kit.directory import Group
    from ..kit.errors import ServiceError
    from ..kit.fields import Fields
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Document, Platform, RouteTable

__all__ = ("GroupsService",)


class GroupsService(Service[GroupsState]):
    """
    The emulated Globus Groups, whose memberships all other services use.

    Args:
        platform: What it shares with the other services.
    """

    name = "groups"
    title = "Globus Groups"
    hosts: ClassVar[tuple[str, ...]] = ("groups.api.globus.org",)
    url_variables: ClassVar[tuple[str, ...]] = ("GLOBUS_SDK_SERVICE_URL_GROUPS",)
    errors: ClassVar[type[ServiceError]] = GroupsError
    default_scopes: ClassVar[tuple[str, ...]] = (ALL,)
    grades: ClassVar[Mapping[str, Grade]] = GRADES
    max_body: ClassVar[int | None] = 10 << 20

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, GroupsState(platform))
        self._authenticator = Authenticator(platform.authority, errors=GroupsError)

    def tables(self) -> Mapping[str, RouteTable[GroupsState]]:
        """Return the tables of routes by prefix."""
        return {"/v2": ROUTES}

    def authenticate(self, request: Request) -> Caller | None:
        """
        Return the owner of a request's token.

        Raises:
            GroupsError: There is no valid token, or it is for another service.
        """
        caller = self._authenticator.authenticate(request.authorization)
        if caller is not None and caller.resource_server != self.hosts[0]:
            raise GroupsError(401, "INVALID_TOKEN", "The token is for another service")
        return caller

    def seed_sections(self) -> Mapping[str, Callable[[Fields], None]]:
        """Return the sections of groups, subscriptions and preferences."""
        return seed_sections(self.state)

    def dump_seed(self) -> dict[str, list[Document]]:
        """Return all groups, subscriptions and preferences."""
        return dump_sections(self.state)

    def status_tables(self) -> Sequence[StatusTable]:
        """Return the table of groups."""
        columns = (
            Column("Group", "name", "name"),
            Column("Parent", "parent"),
            Column("Visible to", "visibility"),
            Column("Administrators", "admins"),
            Column("Members", "active", "number"),
            Column("Pending", "pending", "number"),
            Column("Invited", "invited", "number"),
        )
        return [StatusTable("groups", "Groups", columns, self._rows, "No groups yet.")]

    def _rows(self) -> list[dict[str, Any]]:
        return [self._row(each) for each in list(self.state.groups.values())]

    def _row(self, group: Group) -> dict[str, Any]:
        counts = Counter(each.status for each in list(group.memberships.values()))
        parent = self.state.groups.get(group.parent_id or "")
        return {
            "id": group.id,
            "name": group.name,
            "parent": "" if parent is None else parent.name,
            "visibility": group.policies.group_visibility,
            "admins": ", ".join(self.state.directory.username(each) for each in group.ids_with_role("admin")),
            "active": counts["active"],
            "pending": counts["pending"],
            "invited": counts["invited"],
        }
