"""All that Globus Groups has: the groups of the directory, and who may be added to groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kit.directory import Membership
from ..kit.ids import own_ids
from .errors import GroupsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kit.directory import Directory, Group, Role, Status, Subscription
    from ..kit.service import Platform

__all__ = ("GroupsState",)


class GroupsState:
    """
    Groups and memberships, which Auth, Transfer and all other services of the emulator use.

    Args:
        platform: What the services share.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.max_memberships: int = 1000
        """The number of memberships with which a user may not create another group."""
        self.refuses_add: set[str] = set()
        """The ids of the identities that cannot be added to groups, only invited."""

    def __repr__(self) -> str:
        return f"<GroupsState: {len(self.groups)} groups>"

    @property
    def directory(self) -> Directory:
        """The identities, groups and subscriptions of the emulator."""
        return self.platform.directory

    @property
    def groups(self) -> dict[str, Group]:
        """All groups by id."""
        return self.directory.groups

    def now(self) -> float:
        """Return POSIX seconds of the emulator's clock."""
        return self.platform.clock.wall()

    def group(self, group_id: str) -> Group:
        """
        Return a group.

        Raises:
            GroupsError: 404.
        """
        group = self.groups.get(group_id.lower())
        if group is None:
            raise GroupsError(404, "NOT_FOUND", f"Group {group_id} not found")
        return group

    # for tests

    @own_ids
    def add_group(
        self,
        name: str = "Test group",
        *,
        admins: Iterable[str] = (),
        managers: Iterable[str] = (),
        members: Iterable[str] = (),
        description: str = "",
        parent: Group | None = None,
        id: str | None = None,
    ) -> Group:
        """
        Add a group; set its ``policies`` afterwards.

        Args:
            name: Its name.
            admins: The ids of identities that are administrators.
            managers: Those that are managers.
            members: Those that are members.
            description: Its description.
            parent: The group that it is a subgroup of: its members are members of that group too.
            id: The UUID; a random one by default.
        """
        group = self.directory.add_group(
            name, member_ids=members, manager_ids=managers, admin_ids=admins, description=description, id=id
        )
        group.parent_id = None if parent is None else parent.id
        return group

    def add_membership(
        self, group: Group, identity_id: str, *, role: Role = "member", status: Status = "active"
    ) -> Membership:
        """
        Give an identity a membership with any status, regardless of policies.

        Args:
            group: The group.
            identity_id: The identity.
            role: Its role.
            status: The status.
        """
        membership = group.memberships[identity_id] = Membership(identity_id, role, status, updated=self.now())
        return membership

    @own_ids
    def add_subscription_group(
        self,
        name: str,
        *,
        admins: Iterable[str] = (),
        members: Iterable[str] = (),
        is_high_assurance: bool = False,
        is_baa: bool = False,
        id: str | None = None,
        subscription_id: str | None = None,
    ) -> Subscription:
        """
        Add a group that provides a subscription, which its members have in all services.

        Args:
            name: Its name, and that of the subscription.
            admins: The ids of identities that are its administrators.
            members: Those that are members.
            is_high_assurance: Whether the subscription allows high assurance.
            is_baa: Whether it is under an agreement on health data (HIPAA).
            id: The UUID of the group; a random one by default.
            subscription_id: The UUID of the subscription; a random one by default.
        """
        group = self.add_group(name, admins=admins, members=members, id=id)
        subscription = self.directory.add_subscription(id=subscription_id)
        subscription.group, subscription.name, subscription.subscriber_name = group, name, name
        subscription.is_high_assurance, subscription.is_baa = is_high_assurance, is_baa
        group.subscription_id = subscription.id
        return subscription
