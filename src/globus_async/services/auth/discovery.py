"""What Globus Auth says of itself: where its parts are, and with which keys it signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from ..._http.json_reader import is_object
from ..._http.missing import MISSING, MissingType
from ...client import BaseClient
from ...errors import GlobusSDKUsageError
from .documents import JwkSetDocument, OpenIDConfigurationDocument

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from ...response import GlobusHTTPResponse

__all__ = ("DiscoveryMethods",)


class DiscoveryMethods(BaseClient):
    """OpenID Connect Discovery. Nothing of it needs, or is sent, credentials."""

    async def get_openid_configuration(
        self, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[OpenIDConfigurationDocument]:
        """
        Fetch where the parts of the service are, and what it can.

        Args:
            query_params: Further query parameters.

        Returns:
            The document of OpenID Connect Discovery.

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
        Fetch the keys with which id_tokens are signed. They must be at the service's own address.

        Args:
            openid_configuration: The service's, if it is at hand.
            as_pem: Return the first key that signs id_tokens, ready for use, instead of the set.

        Returns:
            The set of keys, or a key of the ``cryptography`` package.

        Raises:
            GlobusSDKUsageError: The configuration does not say where the keys are, or says that they are elsewhere.
            IdTokenError: With ``as_pem``: there is no such key.

        Example:
            >>> [key["alg"] for key in (await ac.get_jwk())["keys"]]
            ['RS512']

        REST: `GET /jwk.json <https://docs.globus.org/api/auth/reference/>`_
        """
        if isinstance(openid_configuration, MissingType):
            openid_configuration = await self.get_openid_configuration()
        address: object = openid_configuration.get("jwks_uri")
        if not isinstance(address, str):
            raise GlobusSDKUsageError("the OpenID configuration does not say where the keys are (jwks_uri)")
        found = await self.request("GET", address, automatic_authorization=False)
        document: object = found.data
        if not is_object(document):
            raise found.answer.unusable("it should be a set of keys")
        if not as_pem:
            return cast("JwkSetDocument", document)
        from .id_token import public_key, read_keys  # noqa: PLC0415 -- imports cryptography

        return public_key(read_keys(document)[0])
