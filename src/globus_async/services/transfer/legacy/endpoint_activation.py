"""Endpoint activation: credentials for endpoints, a concept of Globus before 2023."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from ...._http.json_reader import is_object
from ...._http.missing import MISSING, MissingType
from ...._http.path import fill_path
from ....client import BaseClient
from ....response import GlobusHTTPResponse
from ..documents import ActivationRequirementsDocument, ActivationResultDocument, ResultDocument

if TYPE_CHECKING:
    from ...._http.response import RawResponse

__all__ = ("ActivationRequirementsResponse", "EndpointActivationMethods")

_NEVER_EXPIRES: Final = -1
_WEB_TYPES: Final = frozenset({"oauth", "myproxy"})


class ActivationRequirementsResponse(GlobusHTTPResponse[ActivationRequirementsDocument]):
    """The requirements for activating an endpoint."""

    __slots__ = ()

    def __init__(self, raw: RawResponse, data: ActivationRequirementsDocument) -> None:
        document: object = data
        if not is_object(document):
            raise raw.decode_error("it should be a JSON object")
        super().__init__(raw, data)

    @property
    def always_activated(self) -> bool:
        """Whether the activation never expires."""
        return self.data["expires_in"] == _NEVER_EXPIRES

    @property
    def supports_auto_activation(self) -> bool:
        """Whether `TransferClient.endpoint_autoactivate` may succeed."""
        return self.data["auto_activation_supported"]

    @property
    def supports_web_activation(self) -> bool:
        """Whether the endpoint can be activated in the web app; if not, see the requirements in ``DATA``."""
        return (
            self.supports_auto_activation
            or self.data["oauth_server"] is not None
            or any(requirement["type"] in _WEB_TYPES for requirement in self.data["DATA"])
        )

    def active_until(self, time_seconds: float, relative_time: bool = True) -> bool:
        """
        Return whether the endpoint stays active until a time.

        Args:
            time_seconds: Seconds after the request, or POSIX seconds.
            relative_time: Whether ``time_seconds`` counts from the request.

        Returns:
            Whether the activation lasts until then; False if the endpoint is not active.
        """
        if self.always_activated:
            return True
        needed = time_seconds if relative_time else time_seconds - self.raw.started_at
        return self.data["activated"] and self.data["expires_in"] >= needed


class EndpointActivationMethods(BaseClient):
    """Activation of endpoints."""

    async def endpoint_autoactivate(
        self,
        endpoint_id: UUID | str,
        *,
        if_expires_in: int | MissingType = MISSING,
        timeout: int | MissingType = MISSING,  # noqa: ASYNC109 -- a time limit of the service
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ActivationResultDocument]:
        """
        Activate an endpoint with a stored credential.

        Legacy: collections need no activation any more; globus-sdk 4 has no replacement. A missing consent
        raises `AuthorizationRequired`.

        Args:
            endpoint_id: The endpoint. UUID.
            if_expires_in: Seconds; do nothing if the activation lasts longer than that.
            timeout: Seconds after which the service stops trying.
            query_params: Further query parameters.

        Returns:
            A result whose ``code`` is ``AutoActivated.CachedCredential``, ``AutoActivated.GlobusOnlineCredential``,
            ``AlreadyActivated`` or, also with status 200, ``AutoActivationFailed``.

        Raises:
            EndpointNotFound: 404.

        Example:
            >>> result = await tc.endpoint_autoactivate(endpoint_id, if_expires_in=3600)
            >>> result["code"]
            'AlreadyActivated'

        REST: `POST /v0.10/endpoint/<endpoint_id>/autoactivate
        <https://docs.globus.org/api/transfer/endpoint_activation/#autoactivate_endpoint>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/endpoint/{endpoint_id}/autoactivate", endpoint_id),
            ActivationResultDocument,
            params={"if_expires_in": if_expires_in, "timeout": timeout},
            query_params=query_params,
            idempotent=True,
        )

    async def endpoint_activate(
        self,
        endpoint_id: UUID | str,
        requirements_data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ActivationResultDocument]:
        """
        Activate an endpoint with values for its requirements.

        Legacy: collections need no activation any more; globus-sdk 4 has no replacement.

        Args:
            endpoint_id: The endpoint. UUID.
            requirements_data: The document of `endpoint_get_activation_requirements`, with its values filled in.
            query_params: Further query parameters.

        Returns:
            A result with ``code``, ``expires_in`` and ``expire_time``.

        Raises:
            TransferAPIError: 400 for invalid values.
            EndpointNotFound: 404.

        Example:
            >>> requirements = await tc.endpoint_get_activation_requirements(endpoint_id)
            >>> result = await tc.endpoint_activate(endpoint_id, requirements.data)
            >>> result["expires_in"] > 0
            True

        REST: `POST /v0.10/endpoint/<endpoint_id>/activate
        <https://docs.globus.org/api/transfer/endpoint_activation/#activate_endpoint>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/endpoint/{endpoint_id}/activate", endpoint_id),
            ActivationResultDocument,
            data=requirements_data,
            query_params=query_params,
        )

    async def endpoint_deactivate(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Deactivate an endpoint.

        Legacy: collections need no activation any more; globus-sdk 4 has no replacement.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Deactivated"``.

        Raises:
            EndpointNotFound: 404.

        Example:
            >>> result = await tc.endpoint_deactivate(endpoint_id)
            >>> result["code"]
            'Deactivated'

        REST: `POST /v0.10/endpoint/<endpoint_id>/deactivate
        <https://docs.globus.org/api/transfer/endpoint_activation/#deactivate_endpoint>`_
        """
        return await self.call(
            "POST",
            fill_path("/v0.10/endpoint/{endpoint_id}/deactivate", endpoint_id),
            ResultDocument,
            query_params=query_params,
            idempotent=True,
        )

    async def endpoint_get_activation_requirements(
        self, endpoint_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> ActivationRequirementsResponse:
        """
        Fetch the requirements for activating an endpoint.

        Legacy: collections need no activation any more; the service reports them as always active.

        Args:
            endpoint_id: The endpoint. UUID.
            query_params: Further query parameters.

        Returns:
            The requirements, with properties that summarize them.

        Raises:
            EndpointNotFound: 404.

        Example:
            >>> requirements = await tc.endpoint_get_activation_requirements(endpoint_id)
            >>> requirements.always_activated, requirements.active_until(3600)
            (True, True)

        REST: `GET /v0.10/endpoint/<endpoint_id>/activation_requirements
        <https://docs.globus.org/api/transfer/endpoint_activation/#get_activation_requirements>`_
        """
        return await self.call(
            "GET",
            fill_path("/v0.10/endpoint/{endpoint_id}/activation_requirements", endpoint_id),
            ActivationRequirementsResponse,
            query_params=query_params,
        )
