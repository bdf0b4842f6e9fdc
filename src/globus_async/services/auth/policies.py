"""Authentication policies: what a session must be like to use something."""

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
    """Policies. All calls need a token with the scope ``manage_projects``."""

    def get_policies(self, *, query_params: Mapping[str, object] | None = None) -> Pages[PolicyDocument]:
        """
        List the policies of the projects that the user administers. All on one page.

        Args:
            query_params: Further query parameters.

        Returns:
            The policies.

        Example:
            >>> [policy["display_name"] async for policy in ac.get_policies()]
            ['Staff only']

        REST: `GET /v2/api/policies <https://docs.globus.org/api/auth/reference/#get_policies>`_
        """
        return self.listing("/v2/api/policies", PolicyDocument, style=single, query_params=query_params, key="policies")

    async def get_policy(
        self, policy_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[PolicyEnvelope]:
        """
        Fetch one policy.

        Args:
            policy_id: Its UUID.
            query_params: Further query parameters.

        Returns:
            The policy, under ``["policy"]``.

        Raises:
            NotFound: 404, there is none that the user may see.

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
            project_id: The UUID of the project it belongs to.
            display_name: What it is called.
            description: What it is for.
            high_assurance: Whether each app must log the user in for itself. Cannot be changed later.
            authentication_assurance_timeout: Seconds after which a login is too old.
            required_mfa: Whether a login must use a second factor. Cannot be changed later.
            domain_constraints_include: Domains whose identities satisfy it; ``None`` for all.
            domain_constraints_exclude: Domains whose identities do not; ``None`` for none.
            query_params: Further query parameters.

        Returns:
            The new policy, under ``["policy"]``.

        Raises:
            InvalidParameters: 400 or 422, the service did not like a value.

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
        Change a policy. What is not given stays as it is.

        Args:
            policy_id: Its UUID.
            project_id: The UUID of the project it shall belong to.
            authentication_assurance_timeout: Seconds after which a login is too old.
            display_name: What it is called.
            description: What it is for.
            required_mfa: Whether a login must use a second factor, where the service lets it be changed.
            domain_constraints_include: Domains whose identities satisfy it; ``None`` for all.
            domain_constraints_exclude: Domains whose identities do not; ``None`` for none.
            query_params: Further query parameters.

        Returns:
            The policy as it is now, under ``["policy"]``.

        Raises:
            NotFound: 404, there is none that the user administers.
            InvalidParameters: 400 or 422, the service did not like a value.

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
            query_params: Further query parameters.

        Returns:
            The policy as it was.

        Raises:
            NotFound: 404, there is none that the user administers.

        Example:
            >>> (await ac.delete_policy(policy_id))["policy"]["id"] == policy_id
            True

        REST: `DELETE /v2/api/policies/{id} <https://docs.globus.org/api/auth/reference/#delete_policy>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/api/policies/{policy_id}", policy_id), PolicyEnvelope, query_params=query_params
        )
