"""The document of a batch of membership actions."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from ...errors.arguments import check_text
from .data import GroupRole, GroupRoleValue, IdentityIds, choice, each_identity

__all__ = ("BatchMembershipActions",)


class BatchMembershipActions(dict[str, Any]):
    """
    Actions on memberships, for `GroupsClient.batch_membership_action`. An identity may be in one action of a batch.

    Each method adds an action for one identity or several, and returns the batch.

    Example:
        >>> batch = BatchMembershipActions().add_members(member_id).remove_members(identity_id, status_reason="moved")
        >>> batch["remove"][0]["status_reason"]
        'moved'

    **Differs from globus-sdk:** every method takes one identity or several, refuses what is no UUID, and takes a
    ``status_reason`` where the service does.
    """

    def __init__(self) -> None:
        super().__init__()

    def accept_invites(self, identity_ids: IdentityIds, *, status_reason: str | None = None) -> Self:
        """
        Accept invitations.

        Args:
            identity_ids: Identities of the caller. UUIDs.
            status_reason: Why.
        """
        return self._add("accept", identity_ids, status_reason)

    def add_members(
        self, identity_ids: IdentityIds, *, role: GroupRoleValue = "member", status_reason: str | None = None
    ) -> Self:
        """
        Add members, who need not agree.

        Args:
            identity_ids: The identities. UUIDs.
            role: Their role; only administrators can add managers and administrators.
            status_reason: Why.
        """
        return self._add("add", identity_ids, status_reason, role=choice("role", role, GroupRole))

    def approve_pending(self, identity_ids: IdentityIds, *, status_reason: str | None = None) -> Self:
        """
        Approve requests to join.

        Args:
            identity_ids: The identities. UUIDs.
            status_reason: Why.
        """
        return self._add("approve", identity_ids, status_reason)

    def change_roles(
        self, role: GroupRoleValue, identity_ids: IdentityIds, *, status_reason: str | None = None
    ) -> Self:
        """
        Change the roles of members.

        Args:
            role: The new role.
            identity_ids: The identities. UUIDs.
            status_reason: Why.
        """
        return self._add("change_role", identity_ids, status_reason, role=choice("role", role, GroupRole))

    def decline_invites(self, identity_ids: IdentityIds, *, status_reason: str | None = None) -> Self:
        """
        Decline invitations.

        Args:
            identity_ids: Identities of the caller. UUIDs.
            status_reason: Why.
        """
        return self._add("decline", identity_ids, status_reason)

    def invite_members(
        self,
        identity_ids: IdentityIds,
        *,
        role: GroupRoleValue = "member",
        invite_email_address: str | None = None,
        status_reason: str | None = None,
    ) -> Self:
        """
        Invite users.

        Args:
            identity_ids: The identities. UUIDs.
            role: The role that they will have.
            invite_email_address: Where the invitation is sent; by default the e-mail address of the identity.
            status_reason: Why.
        """
        check_text("invite_email_address", invite_email_address, optional=True)
        address = {} if invite_email_address is None else {"invite_email_address": invite_email_address}
        return self._add("invite", identity_ids, status_reason, role=choice("role", role, GroupRole), **address)

    def join(self, identity_ids: IdentityIds, *, status_reason: str | None = None) -> Self:
        """
        Join a group that users can join at once.

        Args:
            identity_ids: Identities of the caller. UUIDs.
            status_reason: Why.
        """
        return self._add("join", identity_ids, status_reason)

    def leave(self, identity_ids: IdentityIds, *, status_reason: str | None = None) -> Self:
        """
        Leave the group.

        Args:
            identity_ids: Identities of the caller. UUIDs.
            status_reason: Why.
        """
        return self._add("leave", identity_ids, status_reason)

    def reject_join_requests(self, identity_ids: IdentityIds, *, status_reason: str | None = None) -> Self:
        """
        Reject requests to join.

        Args:
            identity_ids: The identities. UUIDs.
            status_reason: Why.
        """
        return self._add("reject", identity_ids, status_reason)

    def remove_members(self, identity_ids: IdentityIds, *, status_reason: str | None = None) -> Self:
        """
        Remove members and invitations.

        Args:
            identity_ids: The identities. UUIDs.
            status_reason: Why.
        """
        return self._add("remove", identity_ids, status_reason)

    def request_join(self, identity_ids: IdentityIds, *, status_reason: str | None = None) -> Self:
        """
        Request to join the group.

        Args:
            identity_ids: Identities of the caller. UUIDs.
            status_reason: Why.
        """
        return self._add("request_join", identity_ids, status_reason)

    def _add(self, action: str, identity_ids: IdentityIds, status_reason: str | None, **members: str) -> Self:
        check_text("status_reason", status_reason, optional=True)
        reason = {} if status_reason is None else {"status_reason": status_reason}
        items: list[dict[str, str | UUID]] = [
            {"identity_id": each, **members, **reason} for each in each_identity(identity_ids)
        ]
        self.setdefault(action, []).extend(items)
        return self
