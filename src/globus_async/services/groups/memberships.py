"""Memberships: actions on them, and what people state about themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.path import fill_path, uuid_text
from ...client import BaseClient
from ...errors.arguments import check_type
from .batch_response import BatchResponse
from .documents import IdentityPreferenceDocument, MembershipFieldsDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("MembershipMethods",)


class MembershipMethods(BaseClient):
    """Memberships and preferences."""

    async def batch_membership_action(
        self,
        group_id: UUID | str,
        actions: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> BatchResponse:
        """
        Do actions on memberships of a group, each of which may fail by itself.

        The call succeeds even if every action failed: read the ``results`` of the response, or `BatchResponse.check`
        it. `GroupsManager` has a method for each action on one identity, which raises.

        Args:
            group_id: The group. UUID.
            actions: The actions, such as `BatchMembershipActions`; an identity may be in one of them.
            query_params: Further query parameters.

        Returns:
            The resulting memberships by action, the ``errors``, and all as ``results``.

        Raises:
            PermissionDenied: 403; none of your identities may do one of the actions, and nothing was done.
            InvalidParameters: 400, an identity is in two actions, see ``ambiguous_identities``; 422, a member is
                missing or has the wrong type. Nothing was done.

        Example:
            >>> batch = BatchMembershipActions().invite_members(identity_id, invite_email_address="carl@example.org")
            >>> response = await gc.batch_membership_action(group_id, batch)
            >>> [(result.action, result.membership["status"]) for result in response.results]
            [('invite', 'invited')]

        REST: `POST /v2/groups/<group_id>
        <https://groups.api.globus.org/redoc#operation/group_membership_post_actions_v2_groups__group_id__post>`_
        """
        return await self.call(
            "POST", fill_path("/v2/groups/{group_id}", group_id), BatchResponse, data=actions, query_params=query_params
        )

    async def get_identity_preferences(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[dict[str, IdentityPreferenceDocument]]:
        """
        Fetch the preferences of your identities.

        Args:
            query_params: Further query parameters.

        Returns:
            The preferences by identity id.

        Example:
            >>> preferences = await gc.get_identity_preferences()
            >>> preferences[own_id]["allow_add"]
            True

        REST: `GET /v2/preferences
        <https://groups.api.globus.org/redoc#operation/get_identity_set_preferences_v2_preferences_get>`_
        """
        return await self.call(
            "GET", "/v2/preferences", dict[str, IdentityPreferenceDocument], query_params=query_params
        )

    async def set_identity_preferences(
        self,
        data: Mapping[UUID | str, IdentityPreferenceDocument],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[dict[str, IdentityPreferenceDocument]]:
        """
        Set whether your identities can be added to groups, or only invited.

        Args:
            data: The preferences by identity id.
            query_params: Further query parameters.

        Returns:
            The preferences of all your identities.

        Raises:
            PermissionDenied: 403; an identity of others.

        Example:
            >>> preferences = await gc.set_identity_preferences({own_id: {"allow_add": False}})
            >>> preferences[own_id]["allow_add"]
            False

        **Differs from globus-sdk:** is by identity, as the service has it; ``{"allow_add": ...}`` alone is refused.

        REST: `PUT /v2/preferences
        <https://groups.api.globus.org/redoc#operation/put_identity_set_preferences_v2_preferences_put>`_
        """
        return await self.call(
            "PUT",
            "/v2/preferences",
            dict[str, IdentityPreferenceDocument],
            data=_by_identity(data),
            query_params=query_params,
        )

    async def get_membership_fields(
        self, group_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[dict[str, MembershipFieldsDocument]]:
        """
        Fetch what your identities have stated for a group.

        Args:
            group_id: The group. UUID.
            query_params: Further query parameters.

        Returns:
            The fields by identity id.

        Raises:
            NotFound: 404; also for a private group of others.

        Example:
            >>> fields = await gc.get_membership_fields(group_id)
            >>> fields[own_id]
            {'institution': 'Analytical Engines'}

        REST: `GET /v2/groups/<group_id>/membership_fields
        <https://groups.api.globus.org/redoc#operation/get_membership_fields_v2_groups__group_id__membership_fields_get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/groups/{group_id}/membership_fields", group_id),
            dict[str, MembershipFieldsDocument],
            query_params=query_params,
        )

    async def set_membership_fields(
        self,
        group_id: UUID | str,
        data: Mapping[UUID | str, MembershipFieldsDocument],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[dict[str, MembershipFieldsDocument]]:
        """
        Set what your identities state for a group.

        Args:
            group_id: The group. UUID.
            data: The fields by identity id.
            query_params: Further query parameters.

        Returns:
            The fields by identity id.

        Raises:
            PermissionDenied: 403; an identity of others.
            InvalidParameters: 422; an unknown field.

        Example:
            >>> fields = await gc.set_membership_fields(group_id, {own_id: {"city": "London"}})
            >>> fields[own_id]["city"]
            'London'

        **Differs from globus-sdk:** is by identity, as the service has it.

        REST: `PUT /v2/groups/<group_id>/membership_fields
        <https://groups.api.globus.org/redoc#operation/put_membership_fields_v2_groups__group_id__membership_fields_put>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v2/groups/{group_id}/membership_fields", group_id),
            dict[str, MembershipFieldsDocument],
            data=_by_identity(data),
            query_params=query_params,
        )


def _by_identity(data: Mapping[UUID | str, Any]) -> dict[str, Any]:
    """Return a document whose names are identities; refuse any other."""
    check_type("data", data, Mapping, "a mapping of identity ids to documents")
    return {uuid_text("each name of data", each): value for each, value in data.items()}
