"""Methods about the service itself: its version, and the address of the queues of results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from ..._http.missing import MISSING, MissingType
from ..._http.request import Request
from ...client import BaseClient
from ...errors.arguments import check_text
from ...response import read_any
from .responses import ResultConnectionResponse, TextResponse, VersionResponse

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("ServiceInfoMethods",)


class ServiceInfoMethods(BaseClient):
    """The service itself."""

    async def get_version(
        self,
        service: Literal["api", "all"] | str | MissingType = MISSING,  # noqa: PYI051 -- shown to readers
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> VersionResponse:
        """
        Fetch the version of the service. It needs no credentials.

        Args:
            service: ``"api"`` for the version of the API, a text; ``"all"`` for several ones, an object. By default as
                ``"api"``.
            query_params: Further query parameters.

        Returns:
            The version; its ``api_version`` is that of the API in both forms.

        Raises:
            ComputeAPIError: 422; there is no such service.

        Example:
            >>> (await compute.get_version()).data
            '1.23.0'
            >>> (await compute.get_version("all"))["min_sdk_version"]
            '1.0.0a6'

        REST: `GET /v2/version
        <https://compute.api.globus.org/redoc#tag/Root/operation/get_version_v2_version_get>`_
        """
        return await self.call(
            "GET", "/v2/version", VersionResponse, params={"service": service}, query_params=query_params
        )

    async def head_version(
        self,
        service: Literal["api", "all"] | str | MissingType = MISSING,  # noqa: PYI051 -- shown to readers
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[Any]:
        """
        Fetch the headers of the response of `get_version`: whether the service can be reached.

        Args:
            service: As in `get_version`.
            query_params: Further query parameters.

        Returns:
            A response without document.

        Raises:
            ComputeAPIError: 422; there is no such service.

        Example:
            >>> (await compute.head_version()).http_status
            200

        **Differs from globus-sdk:** is new.

        REST: `HEAD /v2/version
        <https://compute.api.globus.org/redoc#tag/Root/operation/get_version_v2_version_head>`_
        """
        if not isinstance(service, MissingType):
            check_text("service", service)
        path = "/v2/version"
        url = self._url(path, {"service": service}, query_params)
        request = Request("HEAD", url, self._headers(None, None), None, idempotent=True)
        return await self._exchange(request, self.authorizer, read_any, path=path)

    async def check_authentication(self, *, query_params: Mapping[str, object] | None = None) -> TextResponse:
        """
        Check that the service accepts the access token.

        Args:
            query_params: Further query parameters.

        Returns:
            A text, such as ``"OK"``.

        Raises:
            AuthenticationFailed: 401; it does not.

        Example:
            >>> (await compute.check_authentication()).http_status
            200

        **Differs from globus-sdk:** is new.

        REST: `GET /v2/authenticate
        <https://compute.api.globus.org/redoc#tag/Root/operation/check_authentication_v2_authenticate_get>`_
        """
        return await self.call("GET", "/v2/authenticate", TextResponse, query_params=query_params)

    async def get_result_amqp_url(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> ResultConnectionResponse:
        """
        Generate credentials for the queues from which an AMQP client can read results as they arrive.

        Each call generates a new password; connections with earlier ones stay open. Without AMQP, `wait_for_task` waits
        for results.

        Args:
            query_params: Further query parameters.

        Returns:
            The ``connection_url``, which has the password and is not shown by ``repr``, and the ``queue_prefix``.

        Example:
            >>> response = await compute.get_result_amqp_url()
            >>> sorted(response.data)
            ['connection_url', 'queue_prefix']

        **Differs from globus-sdk:** ``repr``, ``str`` and pickles do not show the password.

        REST: `GET /v2/get_amqp_result_connection_url
        <https://compute.api.globus.org/redoc#tag/Root/operation/get_user_specific_result_amqp_url_v2_get_amqp_result_connection_url_get>`_
        """
        return await self.call(
            "GET", "/v2/get_amqp_result_connection_url", ResultConnectionResponse, query_params=query_params
        )
