"""Authentication policies: requirements for the session of a user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...paging import Pages, single
from .data import as_list
from .documents import PolicyDocument, PolicyEnvelope
from .tokens import AuthLoginClient

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("PolicyMethods",)


class PolicyMethods(AuthLoginClient):
    """Authentication policies. All calls require a token with the scope ``manage_projects``."""

    def get_policies(self, *, query_params: Mapping[str, object] | None = None) -> Pages[PolicyDocument]:
        """
        List the policies of the projects that the user administers. There is one page.

        Args:
            query_params: Additional query parameters.

        Returns:
            The policies.

        Example:
            >>> [policy["display_name"] async for policy in ac.get_policies()]
            ['Staff only']

        REST: `GET /v2/api/policies <https://docs.globus.org/api/auth/reference/#get_policies>`_
        """
        return self.listing(
            "/v2/api/policies", PolicyDocument, style=single, query_params=query_params, items_key="policies"
        )

    async def get_policy(
        self, policy_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PolicyEnvelope]:
        """
        Fetch a policy.

        Args:
            policy_id: Its UUID.
            query_params: Additional query parameters.

        Returns:
            The policy, under ``["policy"]``.

        Raises:
            NotFound: 404, it does not exist or the user may not see it.

        Example:
            >>> (await ac.get_policy(policy_id))["policy"]["display_name"]
            'Staff only'

        REST: `GET /v2/api/policies/{id} <https://docs.globus.org/api/auth/reference/#get_policies>`_
        """
        return await self.call(
            "GET", fill_path("/v2/api/policies/{policy_id}", policy_id), PolicyEnvelope, query_params=query_params
        )

    async def create_policy(
        self,
        *,
        project_id: UUID | str,
        display_name: str,
        description: str,
        high_assurance: bool | MissingType = MISSING,
        authentication_assurance_timeout: int | MissingType = MISSING,
        required_mfa: bool | MissingType = MISSING,
        domain_constraints_include: Iterable[str] | MissingType | None = MISSING,
        domain_constraints_exclude: Iterable[str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[PolicyEnvelope]:
        """
        Create a policy.

        Args:
            project_id: The UUID of its project.
            display_name: The name of the policy.
            description: A description.
            high_assurance: Whether every app requires a separate login of the user. It cannot be changed later.
            authentication_assurance_timeout: The maximum age of a login, in seconds.
            required_mfa: Whether a login requires multi-factor authentication. It cannot be changed later.
            domain_constraints_include: Domains whose identities satisfy the policy; ``None`` for all.
            domain_constraints_exclude: Domains whose identities do not satisfy the policy; ``None`` for none.
            query_params: Additional query parameters.

        Returns:
            The new policy, under ``["policy"]``.

        Raises:
            InvalidParameters: 400 or 422, a value is invalid; the message says which.

        Example:
            >>> made = await ac.create_policy(
            ...     project_id=project_id, display_name="Fresh", description="No old logins",
            ...     authentication_assurance_timeout=3600,
            ... )
            >>> made["policy"]["authentication_assurance_timeout"]
            3600

        REST: `POST /v2/api/policies <https://docs.globus.org/api/auth/reference/#create_policy>`_
        """
        policy = {
            "project_id": project_id,
            "display_name": display_name,
            "description": description,
            "high_assurance": high_assurance,
            "authentication_assurance_timeout": authentication_assurance_timeout,
            "required_mfa": required_mfa,
            "domain_constraints_include": as_list(domain_constraints_include),
            "domain_constraints_exclude": as_list(domain_constraints_exclude),
        }
        return await self.call(
            "POST", "/v2/api/policies", PolicyEnvelope, data={"policy": policy}, query_params=query_params
        )

    async def update_policy(
        self,
        policy_id: UUID | str,
        *,
        project_id: UUID | str | MissingType = MISSING,
        authentication_assurance_timeout: int | MissingType = MISSING,
        display_name: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        required_mfa: bool | MissingType = MISSING,
        domain_constraints_include: Iterable[str] | MissingType | None = MISSING,
        domain_constraints_exclude: Iterable[str] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[PolicyEnvelope]:
        """
        Change a policy. Omitted members stay unchanged.

        Args:
            policy_id: Its UUID.
            project_id: The UUID of its new project.
            authentication_assurance_timeout: The maximum age of a login, in seconds.
            display_name: The name of the policy.
            description: A description.
            required_mfa: Whether a login requires multi-factor authentication, if the service allows the change.
            domain_constraints_include: Domains whose identities satisfy the policy; ``None`` for all.
            domain_constraints_exclude: Domains whose identities do not satisfy the policy; ``None`` for none.
            query_params: Additional query parameters.

        Returns:
            The updated policy, under ``["policy"]``.

        Raises:
            NotFound: 404, it does not exist or the user does not administer it.
            InvalidParameters: 400 or 422, a value is invalid; the message says which.

        Example:
            >>> (await ac.update_policy(policy_id, description="For staff"))["policy"]["description"]
            'For staff'

        REST: `PUT /v2/api/policies/{id} <https://docs.globus.org/api/auth/reference/#update_policy>`_
        """
        policy = {
            "project_id": project_id,
            "display_name": display_name,
            "description": description,
            "authentication_assurance_timeout": authentication_assurance_timeout,
            "required_mfa": required_mfa,
            "domain_constraints_include": as_list(domain_constraints_include),
            "domain_constraints_exclude": as_list(domain_constraints_exclude),
        }
        return await self.call(
            "PUT",
            fill_path("/v2/api/policies/{policy_id}", policy_id),
            PolicyEnvelope,
            data={"policy": policy},
            query_params=query_params,
        )

    async def delete_policy(
        self, policy_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PolicyEnvelope]:
        """
        Delete a policy.

        Args:
            policy_id: Its UUID.
            query_params: Additional query parameters.

        Returns:
            The deleted policy.

        Raises:
            NotFound: 404, it does not exist or the user does not administer it.

        Example:
            >>> (await ac.delete_policy(policy_id))["policy"]["id"] == policy_id
            True

        REST: `DELETE /v2/api/policies/{id} <https://docs.globus.org/api/auth/reference/#delete_policy>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/api/policies/{policy_id}", policy_id), PolicyEnvelope, query_params=query_params
        )
