"""OpenID Connect Discovery: the endpoints of Globus Auth, and its signing keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload

from ..._http.json_reader import is_object
from ..._http.missing import MISSING, MissingType
from ...client import BaseClient
from ...errors import GlobusSDKUsageError
from .documents import JwkSetDocument, OpenIDConfigurationDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from ...response import GlobusHTTPResponse

__all__ = ("DiscoveryMethods", "JwkRequester", "request_jwk_set")


class JwkRequester(Protocol):
    """A client that can fetch the signing keys."""

    async def request(
        self, method: str, path: str, /, *, automatic_authorization: bool = True
    ) -> GlobusHTTPResponse[Any]:
        """Make a request."""
        ...


class DiscoveryMethods(BaseClient):
    """OpenID Connect Discovery. These calls need no credentials, and none are sent."""

    async def get_openid_configuration(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[OpenIDConfigurationDocument]:
        """
        Fetch the OpenID configuration: the endpoints and capabilities of the service.

        Args:
            query_params: Further query parameters.

        Returns:
            The OpenID configuration.

        Example:
            >>> (await ac.get_openid_configuration())["id_token_signing_alg_values_supported"]
            ['RS512']

        REST: `GET /.well-known/openid-configuration <https://docs.globus.org/api/auth/reference/>`_
        """
        return await self.call(
            "GET",
            "/.well-known/openid-configuration",
            OpenIDConfigurationDocument,
            query_params=query_params,
            authorizer=None,
        )

    @overload
    async def get_jwk(
        self,
        openid_configuration: Mapping[str, Any] | GlobusHTTPResponse[Any] | MissingType = MISSING,
        *,
        as_pem: Literal[False] = False,
    ) -> JwkSetDocument: ...

    @overload
    async def get_jwk(
        self,
        openid_configuration: Mapping[str, Any] | GlobusHTTPResponse[Any] | MissingType = MISSING,
        *,
        as_pem: Literal[True],
    ) -> RSAPublicKey: ...

    async def get_jwk(
        self,
        openid_configuration: Mapping[str, Any] | GlobusHTTPResponse[Any] | MissingType = MISSING,
        *,
        as_pem: bool = False,
    ) -> JwkSetDocument | RSAPublicKey:
        """
        Fetch the keys with which id_tokens are signed. Their URL must be on the service's own origin.

        Args:
            openid_configuration: The OpenID configuration. The default is fetched.
            as_pem: Return the first key that can sign id_tokens, as an object, instead of the JWK set.

        Returns:
            The JWK set, or a public key of the ``cryptography`` package.

        Raises:
            GlobusSDKUsageError: The configuration has no ``jwks_uri``, or it is on another origin.
            IdTokenError: With ``as_pem``: there is no such key.

        Example:
            >>> [key["alg"] for key in (await ac.get_jwk())["keys"]]
            ['RS512']

        REST: `GET /jwk.json <https://docs.globus.org/api/auth/reference/>`_
        """
        if isinstance(openid_configuration, MissingType):
            openid_configuration = await self.get_openid_configuration()
        document = (await request_jwk_set(self, openid_configuration)).data
        if not as_pem:
            return document
        from .id_token import public_key, read_keys  # noqa: PLC0415 -- imports PyJWT and cryptography

        return public_key(read_keys(document)[0])


async def request_jwk_set(
    client: JwkRequester, openid_configuration: Mapping[str, Any] | GlobusHTTPResponse[Any]
) -> GlobusHTTPResponse[JwkSetDocument]:
    """
    Fetch the key set that an OpenID configuration names, without credentials.

    Raises:
        GlobusSDKUsageError: The configuration has no ``jwks_uri``, or it is not on the client's own origin.
        ResponseDecodeError: The response is not a key set.
    """
    url: object = openid_configuration.get("jwks_uri")
    if not isinstance(url, str):
        raise GlobusSDKUsageError("the OpenID configuration has no 'jwks_uri', the URL of the signing keys")
    response = await client.request("GET", url, automatic_authorization=False)
    if not is_object(response.data):
        raise response.raw.decode_error("it should be a JWK set")
    return response
