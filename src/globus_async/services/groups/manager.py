"""Common actions on groups and single memberships."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ...errors.arguments import check_type
from .batch import BatchMembershipActions
from .client import GroupsClient
from .data import GroupMemberVisibilityValue, GroupPolicies, GroupRoleValue, GroupVisibilityValue, SignupFieldValue

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse
    from .batch_response import BatchResponse
    from .documents import GroupDocument, GroupPoliciesDocument

__all__ = ("GroupsManager",)


class GroupsManager:
    """
    Methods for common actions on groups, and for each action on one membership, which raise if the action fails.

    Args:
        client: The client to use; by default a new one without credentials, as in globus-sdk.

    Example:
        >>> response = await manager.add_member(group_id, identity_id)
        >>> response["add"][0]["status"]
        'active'
        >>> try:
        ...     await manager.add_member(group_id, identity_id)
        ... except MembershipActionError as error:
        ...     print(error.code)
        ALREADY_ACTIVE

    **Differs from globus-sdk:** an action that the service refuses for the identity raises `MembershipActionError`,
    which has the response, instead of returning it like a success.
    """

    def __init__(self, client: GroupsClient | None = None) -> None:
        check_type("client", client, GroupsClient | None, "a GroupsClient")
        self.client: GroupsClient = GroupsClient() if client is None else client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.client!r}>"

    async def create_group(
        self, name: str, description: str, *, parent_id: UUID | str | None = None
    ) -> GlobusHTTPResponse[GroupDocument]:
        """
        Create a group.

        Args:
            name: Its name.
            description: Its description.
            parent_id: The group that it is a subgroup of. UUID.

        Returns:
            The new group document, with its ``id``.

        Raises:
            PermissionDenied: 403; you are not an administrator of the parent.

        Example:
            >>> group = await manager.create_group("Visitors", "Guests of this week", parent_id=group_id)
            >>> group["parent_id"] == group_id
            True
        """
        parent = None if parent_id is None else uuid_text("parent_id", parent_id)
        return await self.client.create_group({"name": name, "description": description, "parent_id": parent})

    async def set_group_policies(
        self,
        group_id: UUID | str,
        *,
        is_high_assurance: bool,
        group_visibility: GroupVisibilityValue,
        group_members_visibility: GroupMemberVisibilityValue,
        join_requests: bool,
        signup_fields: SignupFieldValue | Iterable[SignupFieldValue],
        authentication_assurance_timeout: int | MissingType | None = MISSING,
    ) -> GlobusHTTPResponse[GroupPoliciesDocument]:
        """
        Set the policies of a group.

        Args:
            group_id: The group. UUID.
            is_high_assurance: Whether the group requires fresh logins of its members.
            group_visibility: Who can see the group.
            group_members_visibility: Who can see its memberships.
            join_requests: Whether users can request to join.
            signup_fields: What they have to state for that; one field or several.
            authentication_assurance_timeout: Seconds for which a login counts, in a group of high assurance. By default
                unchanged.

        Returns:
            The policies.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.

        Example:
            >>> policies = await manager.set_group_policies(
            ...     group_id,
            ...     is_high_assurance=False,
            ...     group_visibility="authenticated",
            ...     group_members_visibility="members",
            ...     join_requests=True,
            ...     signup_fields="city",
            ... )
            >>> policies["signup_fields"]
            ['city']

        **Differs from globus-sdk:** without ``authentication_assurance_timeout`` it stays as it is, instead of becoming
        null.
        """
        policies = GroupPolicies(
            is_high_assurance=is_high_assurance,
            group_visibility=group_visibility,
            group_members_visibility=group_members_visibility,
            join_requests=join_requests,
            signup_fields=signup_fields,
            authentication_assurance_timeout=authentication_assurance_timeout,
        )
        return await self.client.set_group_policies(group_id, policies)

    async def accept_invite(
        self, group_id: UUID | str, identity_id: UUID | str, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Accept an invitation for one of your identities.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``NOT_INVITED``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await guest_manager.accept_invite(group_id, invited_id)
            >>> response["accept"][0]["status"]
            'active'
        """
        return await self._do(
            group_id, BatchMembershipActions().accept_invites(identity_id, status_reason=status_reason)
        )

    async def add_member(
        self,
        group_id: UUID | str,
        identity_id: UUID | str,
        *,
        role: GroupRoleValue = "member",
        status_reason: str | None = None,
    ) -> BatchResponse:
        """
        Add a member, who need not agree.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            role: The role.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``ALREADY_ACTIVE``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.add_member(group_id, identity_id, role="manager")
            >>> response["add"][0]["role"]
            'manager'
        """
        return await self._do(
            group_id, BatchMembershipActions().add_members(identity_id, role=role, status_reason=status_reason)
        )

    async def approve_pending(
        self, group_id: UUID | str, identity_id: UUID | str, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Approve a request to join.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``NOT_PENDING``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.approve_pending(group_id, pending_id)
            >>> response["approve"][0]["status"]
            'active'
        """
        return await self._do(
            group_id, BatchMembershipActions().approve_pending(identity_id, status_reason=status_reason)
        )

    async def change_role(
        self, group_id: UUID | str, identity_id: UUID | str, role: GroupRoleValue, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Change the role of a member.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            role: The role.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``NOT_ACTIVE``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.change_role(group_id, member_id, "manager")
            >>> response["change_role"][0]["role"]
            'manager'
        """
        return await self._do(
            group_id, BatchMembershipActions().change_roles(role, identity_id, status_reason=status_reason)
        )

    async def decline_invite(
        self, group_id: UUID | str, identity_id: UUID | str, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Decline an invitation for one of your identities.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``NOT_INVITED``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await guest_manager.decline_invite(group_id, invited_id)
            >>> response["decline"][0]["status"]
            'declined'
        """
        return await self._do(
            group_id, BatchMembershipActions().decline_invites(identity_id, status_reason=status_reason)
        )

    async def invite_member(
        self,
        group_id: UUID | str,
        identity_id: UUID | str,
        *,
        role: GroupRoleValue = "member",
        invite_email_address: str | None = None,
        status_reason: str | None = None,
    ) -> BatchResponse:
        """
        Invite a user.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            role: The role.
            invite_email_address: Where the invitation is sent; by default the e-mail address of the identity.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``ALREADY_ACTIVE``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.invite_member(group_id, identity_id)
            >>> response["invite"][0]["status"]
            'invited'
        """
        return await self._do(
            group_id,
            BatchMembershipActions().invite_members(
                identity_id, role=role, invite_email_address=invite_email_address, status_reason=status_reason
            ),
        )

    async def join(
        self, group_id: UUID | str, identity_id: UUID | str, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Join a group with one of your identities, if users can join it at once.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``ALREADY_ACTIVE``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.join(open_group_id, own_id)
            >>> response["join"][0]["status"]
            'active'
        """
        return await self._do(group_id, BatchMembershipActions().join(identity_id, status_reason=status_reason))

    async def leave(
        self, group_id: UUID | str, identity_id: UUID | str, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Leave a group with one of your identities.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``LAST_ADMIN``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.leave(subgroup_id, own_id)
            >>> response["leave"][0]["status"]
            'left'
        """
        return await self._do(group_id, BatchMembershipActions().leave(identity_id, status_reason=status_reason))

    async def reject_join_request(
        self, group_id: UUID | str, identity_id: UUID | str, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Reject a request to join.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``NOT_PENDING``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.reject_join_request(group_id, pending_id)
            >>> response["reject"][0]["status"]
            'rejected'
        """
        return await self._do(
            group_id, BatchMembershipActions().reject_join_requests(identity_id, status_reason=status_reason)
        )

    async def remove_member(
        self, group_id: UUID | str, identity_id: UUID | str, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Remove a member, or an invitation.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``NO_MEMBERSHIP``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.remove_member(group_id, member_id)
            >>> response["remove"][0]["status"]
            'removed'
        """
        return await self._do(
            group_id, BatchMembershipActions().remove_members(identity_id, status_reason=status_reason)
        )

    async def request_join(
        self, group_id: UUID | str, identity_id: UUID | str, *, status_reason: str | None = None
    ) -> BatchResponse:
        """
        Request to join a group with one of your identities.

        Args:
            group_id: The group. UUID.
            identity_id: The identity. UUID.
            status_reason: Why.

        Returns:
            The response, with the membership.

        Raises:
            MembershipActionError: The action failed, such as ``ALREADY_ACTIVE``.
            PermissionDenied: 403; none of your identities may do so.

        Example:
            >>> response = await manager.request_join(requested_group_id, own_id)
            >>> response["request_join"][0]["status"]
            'pending'
        """
        return await self._do(group_id, BatchMembershipActions().request_join(identity_id, status_reason=status_reason))

    async def _do(self, group_id: UUID | str, actions: BatchMembershipActions) -> BatchResponse:
        response = await self.client.batch_membership_action(group_id, actions)
        response.check()
        if not response.results:
            raise response.raw.decode_error("it should have the membership that resulted, or an error")
        return response
