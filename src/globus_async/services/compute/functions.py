"""Functions and containers, with version 2 of the API; functions also with version 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from ..._http.path import fill_path
from ...client import BaseClient
from .documents import (
    ContainerBuildStatusDocument,
    ContainerEnvelope,
    ContainerIdDocument,
    DeletedDocument,
    FunctionDocument,
    FunctionIdDocument,
)
from .requests import object_of

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("ContainerMethods", "FunctionMethods", "FunctionMethodsV3")


class FunctionMethods(BaseClient):
    """Functions, as texts that the SDK of Globus Compute makes."""

    async def register_function(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[FunctionIdDocument]:
        """
        Register a function.

        Args:
            data: A `FunctionRegistrationDocument`.
            query_params: Further query parameters.

        Returns:
            Its id, as ``function_uuid``.

        Raises:
            TaskPayloadTooLarge: 413; the code is too large.
            ComputeAPIError: 422; the document is not valid, and the messages name each place.
            NetworkError: If its ``maybe_executed`` is true, the function may be registered.

        Example:
            >>> response = await compute.register_function({"function_name": "f", "function_code": "gASV"})
            >>> len(response["function_uuid"])
            36

        REST: `POST /v2/functions
        <https://compute.api.globus.org/redoc#tag/Functions/operation/register_function_v2_functions_post>`_
        """
        return await self.call(
            "POST", "/v2/functions", FunctionIdDocument, data=object_of("data", data), query_params=query_params
        )

    async def get_function(
        self, function_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[FunctionDocument]:
        """
        Fetch a function.

        Args:
            function_id: The function. UUID.
            query_params: Further query parameters.

        Returns:
            The function, with its code.

        Raises:
            NotFound: 404.

        Example:
            >>> (await compute.get_function(function_id))["function_name"]
            'howdy_world'

        REST: `GET /v2/functions/<function_id>
        <https://compute.api.globus.org/redoc#tag/Functions/operation/get_function_v2_functions__function_uuid__get>`_
        """
        return await self.call(
            "GET", fill_path("/v2/functions/{function_id}", function_id), FunctionDocument, query_params=query_params
        )

    async def delete_function(
        self, function_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[DeletedDocument]:
        """
        Delete a function.

        Args:
            function_id: The function. UUID.
            query_params: Further query parameters.

        Returns:
            A response with the ``result`` 302.

        Raises:
            NotFound: 404, also if an earlier attempt of the same call has deleted it.
            PermissionDenied: 403; it is the function of somebody else.

        Example:
            >>> (await compute.delete_function(function_id))["result"]
            302

        REST: `DELETE /v2/functions/<function_id>
        <https://compute.api.globus.org/redoc#tag/Functions/operation/delete_function_v2_functions__function_uuid__delete>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/functions/{function_id}", function_id), DeletedDocument, query_params=query_params
        )


class FunctionMethodsV3(BaseClient):
    """Functions, as texts that the SDK of Globus Compute makes."""

    async def register_function(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[FunctionIdDocument]:
        """
        Register a function.

        Args:
            data: A `FunctionRegistrationDocumentV3`: its metadata are ``meta``, not ``metadata``.
            query_params: Further query parameters.

        Returns:
            Its id, as ``function_uuid``; of a function for an endpoint of high assurance also a ``ha_warning``.

        Raises:
            TaskPayloadTooLarge: 413; the code is too large.
            PermissionDenied: 403; you may not use the group or the endpoint.
            ComputeAPIError: 422; the document is not valid, and the messages name each place.
            NetworkError: If its ``maybe_executed`` is true, the function may be registered.

        Example:
            >>> meta = {"python_version": "3.13.3", "sdk_version": "3.1.1", "serde_identifier": "01"}
            >>> function = {"function_name": "f", "function_code": "gASV", "meta": meta}
            >>> len((await compute_v3.register_function(function))["function_uuid"])
            36

        REST: `POST /v3/functions
        <https://compute.api.globus.org/redoc#tag/Functions/operation/register_function_v3_functions_post>`_
        """
        return await self.call(
            "POST", "/v3/functions", FunctionIdDocument, data=object_of("data", data), query_params=query_params
        )


class ContainerMethods(BaseClient):
    """Containers, in which functions can run."""

    async def register_container(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ContainerIdDocument]:
        """
        Register a container that exists.

        Args:
            data: Its ``name``, ``type`` (``"docker"`` or ``"singularity"``), ``location``, and ``description``.
            query_params: Further query parameters.

        Returns:
            Its id, as ``container_id``.

        Raises:
            ComputeAPIError: 422; the document is not valid, and the messages name each place.
            NetworkError: If its ``maybe_executed`` is true, the container may be registered.

        Example:
            >>> container = {"name": "numbers", "type": "docker", "location": "docker://numbers:latest"}
            >>> len((await compute.register_container(container))["container_id"])
            36

        **Differs from globus-sdk:** is new.

        REST: `POST /v2/containers
        <https://compute.api.globus.org/redoc#tag/Containers/operation/register_container_v2_containers_post>`_
        """
        return await self.call(
            "POST", "/v2/containers", ContainerIdDocument, data=object_of("data", data), query_params=query_params
        )

    async def build_container(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ContainerIdDocument]:
        """
        Start to build a container. `get_container_build_status` says how far it is.

        Args:
            data: Its ``name``; the packages to install, lists ``apt``, ``pip`` and ``conda``; ``description`` and
                ``payload_url``.
            query_params: Further query parameters.

        Returns:
            Its id, as ``container_id``.

        Raises:
            ComputeAPIError: 422; the document is not valid, and the messages name each place.
            NetworkError: If its ``maybe_executed`` is true, the container may be built.

        Example:
            >>> response = await compute.build_container({"name": "n", "apt": [], "pip": ["numpy"], "conda": []})
            >>> len(response["container_id"])
            36

        **Differs from globus-sdk:** is new.

        REST: `POST /v2/containers/build
        <https://compute.api.globus.org/redoc#tag/Containers/operation/build_container_v2_containers_build_post>`_
        """
        return await self.call(
            "POST", "/v2/containers/build", ContainerIdDocument, data=object_of("data", data), query_params=query_params
        )

    async def get_container_build_status(
        self, container_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ContainerBuildStatusDocument]:
        """
        Fetch how far the build of a container is.

        Args:
            container_id: The container. UUID.
            query_params: Further query parameters.

        Returns:
            The ``status``, which ends with ``"ready"`` or ``"failed"``.

        Raises:
            NotFound: 404.

        Example:
            >>> (await compute.get_container_build_status(container_id))["status"]
            'ready'

        **Differs from globus-sdk:** is new.

        REST: `GET /v2/containers/build/<container_id>
        <https://compute.api.globus.org/redoc#tag/Containers/operation/get_container_build_status_v2_containers_build__container_uuid__get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/containers/build/{container_id}", container_id),
            ContainerBuildStatusDocument,
            query_params=query_params,
        )

    async def get_container(
        self,
        container_id: UUID | str,
        container_type: Literal["docker", "singularity"] | str,  # noqa: PYI051 -- shown to readers
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[ContainerEnvelope]:
        """
        Fetch a container.

        Args:
            container_id: The container. UUID.
            container_type: The type to return, ``"docker"`` or ``"singularity"``.
            query_params: Further query parameters.

        Returns:
            The ``container``; without ``location`` if there is none of that type.

        Raises:
            NotFound: 404.

        Example:
            >>> (await compute.get_container(container_id, "docker"))["container"]["location"]
            'docker://tools:latest'

        **Differs from globus-sdk:** is new.

        REST: `GET /v2/containers/<container_id>/<container_type>
        <https://compute.api.globus.org/redoc#tag/Containers/operation/get_container_status_v2_containers__container_uuid___container_type__get>`_
        """
        return await self.call(
            "GET",
            fill_path("/v2/containers/{container_id}/{container_type:text}", container_id, container_type),
            ContainerEnvelope,
            query_params=query_params,
        )
