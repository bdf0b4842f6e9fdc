"""Groups and their policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ..._http.query import comma_joined
from ...client import BaseClient
from ...response import ArrayResponse
from .documents import (
    GroupChildrenDocument,
    GroupDocument,
    GroupPoliciesDocument,
    MembershipCountsDocument,
    MembershipStatus,
)

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("GroupMethods", "Include")

Include = Literal["memberships", "my_memberships", "policies", "allowed_actions", "child_ids"]
"""A part of a group's document that is there on request."""


class GroupMethods(BaseClient):
    """Groups and their policies."""

    async def get_my_groups(
        self,
        *,
        statuses: MembershipStatus | Iterable[MembershipStatus] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> ArrayResponse[GroupDocument]:
        """
        Fetch the groups in which one of your identities has a membership, with your memberships.

        Args:
            statuses: The statuses of the memberships, one or several; by default ``"active"``.
            query_params: Further query parameters.

        Returns:
            The groups, to be iterated over; without descriptions, and with the policies on visibility only.

        Raises:
            InvalidParameters: 422; there is no such status.

        Example:
            >>> [group["name"] for group in await gc.get_my_groups()]
            ['Lab', 'Microscope users', 'Engines subscription']
            >>> [group["name"] for group in await gc.get_my_groups(statuses=["invited", "pending"])]
            ['Guests']

        REST: `GET /v2/groups/my_groups
        <https://groups.api.globus.org/redoc#operation/get_my_groups_and_memberships_v2_groups_my_groups_get>`_
        """
        return await self.call(
            "GET",
            "/v2/groups/my_groups",
            ArrayResponse[GroupDocument],
            params={"statuses": comma_joined(statuses)},
            query_params=query_params,
        )

    async def get_group_statuses(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[dict[str, MembershipCountsDocument]]:
        """
        Count the memberships of each group that you manage, by status.

        Args:
            query_params: Further query parameters.

        Returns:
            For each group of which you are a manager or administrator, by id, the numbers of its memberships.

        Example:
            >>> counts = await gc.get_group_statuses()
            >>> counts[group_id]["active"], counts[group_id]["pending"]
            (3, 1)

        **Differs from globus-sdk:** is new.

        REST: `GET /v2/groups/statuses
        <https://groups.api.globus.org/redoc#operation/get_membership_statuses_v2_groups_statuses_get>`_
        """
        return await self.call(
            "GET", "/v2/groups/statuses", dict[str, MembershipCountsDocument], query_params=query_params
        )

    async def get_group(
        self,
        group_id: UUID | str,
        *,
        include: Include | str | Iterable[Include | str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[GroupDocument]:
        """
        Fetch a group.

        Args:
            group_id: The group. UUID.
            include: The parts to add to the document, one or several: ``memberships``, ``my_memberships``,
                ``policies``, ``allowed_actions`` and ``child_ids``.
            query_params: Further query parameters.

        Returns:
            The group document.

        Raises:
            PermissionDenied: 403; you may not see the memberships.
            NotFound: 404; also for a private group of others.

        Example:
            >>> group = await gc.get_group(group_id, include="memberships")
            >>> [(each["username"], each["role"], each["status"]) for each in group["memberships"]][:2]
            [('ada@example.org', 'admin', 'active'), ('bob@example.org', 'member', 'active')]

        REST: `GET /v2/groups/<group_id>
        <https://groups.api.globus.org/redoc#operation/get_group_v2_groups__group_id__get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/groups/{group_id}", group_id),
            GroupDocument,
            params={"include": comma_joined(include)},
            query_params=query_params,
        )

    async def get_group_children(
        self,
        group_id: UUID | str,
        *,
        include: Include | str | Iterable[Include | str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[GroupChildrenDocument]:
        """
        Fetch the subgroups of a group that you can see.

        Args:
            group_id: The group. UUID.
            include: The parts to add to each document, as in `get_group`.
            query_params: Further query parameters.

        Returns:
            A document with the ``children``.

        Raises:
            NotFound: 404; also for a private group of others.

        Example:
            >>> document = await gc.get_group_children(group_id)
            >>> [child["name"] for child in document["children"]]
            ['Microscope users']

        **Differs from globus-sdk:** is new.

        REST: `GET /v2/groups/<group_id>/children
        <https://groups.api.globus.org/redoc#operation/get_group_children_v2_groups__group_id__children_get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/groups/{group_id}/children", group_id),
            GroupChildrenDocument,
            params={"include": comma_joined(include)},
            query_params=query_params,
        )

    async def create_group(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GroupDocument]:
        """
        Create a group, whose administrator you are.

        Args:
            data: A group document: ``name``, and at will ``description``, ``parent_id``, ``terms_and_conditions`` and
                ``policies``.
            query_params: Further query parameters.

        Returns:
            The new group document, with its ``id``.

        Raises:
            PermissionDenied: 403; you are not an administrator of the parent, or the token lacks the scope ``all``.
            InvalidParameters: 422; a member is missing or has the wrong type.

        Example:
            >>> group = await gc.create_group({"name": "Telescope users", "parent_id": group_id})
            >>> group["name"]
            'Telescope users'

        REST: `POST /v2/groups <https://groups.api.globus.org/redoc#operation/create_group_v2_groups_post>`_
        """
        return await self.call("POST", "/v2/groups", GroupDocument, data=data, query_params=query_params)

    async def update_group(
        self, group_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GroupDocument]:
        """
        Change the name, description, or terms and conditions of a group.

        Args:
            group_id: The group. UUID.
            data: The members to change. ``subscription_admin_verified_id`` can be set to ``None`` only.
            query_params: Further query parameters.

        Returns:
            The changed group document.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            NotFound: 404.

        Example:
            >>> group = await gc.update_group(group_id, {"description": "People of the laboratory"})
            >>> group["description"]
            'People of the laboratory'

        REST: `PUT /v2/groups/<group_id>
        <https://groups.api.globus.org/redoc#operation/update_group_v2_groups__group_id__put>`_
        """
        return await self.call(
            "PUT", fill_path("/v2/groups/{group_id}", group_id), GroupDocument, data=data, query_params=query_params
        )

    async def delete_group(
        self, group_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GroupDocument]:
        """
        Delete a group.

        Args:
            group_id: The group. UUID.
            query_params: Further query parameters.

        Returns:
            The document of the deleted group.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            NotFound: 404, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> group = await gc.delete_group(subgroup_id)
            >>> group["name"]
            'Microscope users'

        REST: `DELETE /v2/groups/<group_id>
        <https://groups.api.globus.org/redoc#operation/delete_group_v2_groups__group_id__delete>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/groups/{group_id}", group_id), GroupDocument, query_params=query_params
        )

    async def get_group_policies(
        self, group_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GroupPoliciesDocument]:
        """
        Fetch the policies of a group.

        Args:
            group_id: The group. UUID.
            query_params: Further query parameters.

        Returns:
            The policies.

        Raises:
            NotFound: 404; also for a private group of others.

        Example:
            >>> policies = await gc.get_group_policies(group_id)
            >>> policies["group_visibility"], policies["join_requests"]
            ('authenticated', True)

        REST: `GET /v2/groups/<group_id>/policies
        <https://groups.api.globus.org/redoc#operation/get_policies_v2_groups__group_id__policies_get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/groups/{group_id}/policies", group_id),
            GroupPoliciesDocument,
            query_params=query_params,
        )

    async def set_group_policies(
        self, group_id: UUID | str, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[GroupPoliciesDocument]:
        """
        Set the policies of a group.

        Args:
            group_id: The group. UUID.
            data: The policies, such as `GroupPolicies`.
            query_params: Further query parameters.

        Returns:
            The policies.

        Raises:
            PermissionDenied: 403; you are not an administrator of it.
            InvalidParameters: 422; a member has the wrong type.

        Example:
            >>> policies = GroupPolicies(
            ...     is_high_assurance=False,
            ...     group_visibility="private",
            ...     group_members_visibility="members",
            ...     join_requests=False,
            ...     signup_fields=[],
            ... )
            >>> (await gc.set_group_policies(group_id, policies))["group_visibility"]
            'private'

        REST: `PUT /v2/groups/<group_id>/policies
        <https://groups.api.globus.org/redoc#operation/update_policies_v2_groups__group_id__policies_put>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v2/groups/{group_id}/policies", group_id),
            GroupPoliciesDocument,
            data=data,
            query_params=query_params,
        )
