"""Validation of id_tokens with the OpenID configuration and the signing keys of Globus Auth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, cast

from ..._http.cache_control import freshness_lifetime
from ..._http.retry_after import parse_http_date
from ...errors import GlobusSDKUsageError, IdTokenError
from ...errors.arguments import check_members
from ...response import GlobusHTTPResponse
from ...secret import Secret
from .cached_document import CachedDocument
from .discovery import JwkRequester, request_jwk_set

if TYPE_CHECKING:
    from jwt import PyJWK

    from ..._http.response import RawResponse
    from ...transport import Transport
    from .data import KeySource
    from .documents import IdTokenClaims

__all__ = ("IDTokenDecoder",)

_MAX_CLOCK_DIFFERENCE: Final = 600.0


class _AuthClient(JwkRequester, Protocol):
    @property
    def client_id(self) -> str | None: ...
    @property
    def base_url(self) -> str: ...
    @property
    def transport(self) -> Transport: ...
    async def get_openid_configuration(self) -> GlobusHTTPResponse[Any]: ...


class IDTokenDecoder:
    """
    Validates the id_tokens that are issued to one client. Every Auth client has one; `decode_id_token` uses it.

    OpenID configuration and signing keys are fetched on first use. They are used for as long as the service's
    ``Cache-Control: max-age`` allows, at least a minute and at most an hour, and refreshed before that time ends; if
    they cannot be refreshed, for ten more minutes. So a withdrawn key is refused 70 minutes later at most. A token with
    an unknown ``kid`` causes a request for the keys, at most one a minute for all such tokens.

    Args:
        auth_client: The client to which the tokens are issued.

    Example:
        >>> tokens = await flow.exchange_code_for_tokens(code)
        >>> claims = await tokens.decode_id_token()
        >>> claims["preferred_username"]
        'ada@example.org'
    """

    def __init__(self, auth_client: _AuthClient) -> None:
        check_members("auth_client", auth_client, ("client_id", "transport"), "a client of Globus Auth")
        transport = auth_client.transport
        self._client = auth_client
        self._clock = transport.clock
        self._configuration: CachedDocument[Mapping[str, Any]] = CachedDocument(
            "endpoints of Globus Auth", clock=transport.clock, owner=transport
        )
        self._keys: CachedDocument[tuple[PyJWK, ...]] = CachedDocument(
            "signing keys of Globus Auth", clock=transport.clock, owner=transport
        )

    def __repr__(self) -> str:
        return f"<IDTokenDecoder of client {self._client.client_id}>"

    @classmethod
    def for_globus_app(cls, *, app_name: str, config: object, login_client: _AuthClient) -> Self:  # noqa: ARG003
        """
        Create the decoder of an app.

        Args:
            app_name: The name of the app; not used.
            config: The settings of the app; not used.
            login_client: The client that users log in to.
        """
        return cls(login_client)

    async def decode(
        self,
        id_token: str | Secret,
        *,
        openid_configuration: Mapping[str, Any] | GlobusHTTPResponse[Any] | None = None,
        jwk: KeySource | None = None,
        nonce: str | None = None,
        leeway: float = 60.0,
        access_token: str | Secret | None = None,
        raw_response: RawResponse | None = None,
    ) -> IdTokenClaims:
        """
        Validate an id_token and return its claims.

        Args:
            id_token: The token, in compact form.
            openid_configuration: The service's OpenID configuration. The default is fetched.
            jwk: The service's key or key set. The default is fetched.
            nonce: The nonce of the login; ``None`` if the login had none.
            leeway: Tolerated difference between clocks, 0 to 300 seconds.
            access_token: The access token of the same response, compared with ``at_hash``.
            raw_response: The response that contained the token; its ``Date`` corrects the clock of this machine by up
                to ten minutes.

        Raises:
            IdTokenError: The token breaks a rule; ``rule`` names it.
            GlobusSDKUsageError: The client has no ``client_id``, or ``leeway`` is out of range.
            GlobusAPIError: Configuration or keys could not be fetched.
            NetworkError: Likewise.
        """
        id_token, access_token = Secret.of(id_token), None if access_token is None else Secret.of(access_token)
        from .id_token import Expected, check_id_token, read_keys  # noqa: PLC0415 -- imports PyJWT and cryptography

        if self._client.client_id is None:
            raise GlobusSDKUsageError("id_tokens are issued to a client: create the Auth client with its client_id")
        configuration = _document(openid_configuration) or await self._own_configuration(jwk_given=jwk is not None)
        expected = Expected(
            issuer=configuration["issuer"],
            client_id=self._client.client_id,
            now=self._clock.wall() + _clock_difference(raw_response),
            nonce=nonce,
            access_token=access_token,
            leeway=leeway,
        )
        if jwk is not None:
            return check_id_token(id_token, read_keys(jwk), expected)
        fetch = partial(self._fetch_keys, configuration)
        keys = await self._keys.get(fetch)
        try:
            return check_id_token(id_token, keys, expected)
        except IdTokenError as error:
            refusal = error
        newer = await self._keys.get_newer(keys, fetch) if refusal.stale_keys else keys
        if newer is keys:
            raise refusal
        return check_id_token(id_token, newer, expected)

    async def _own_configuration(self, *, jwk_given: bool) -> Mapping[str, Any]:
        """Return the service's configuration; with a given key, only its issuer is needed."""
        if jwk_given:
            return {"issuer": self._issuer}
        return await self._configuration.get(self._fetch_configuration)

    @property
    def _issuer(self) -> str:
        return self._client.base_url.rstrip("/")

    async def _fetch_configuration(self) -> tuple[Mapping[str, Any], float | None]:
        response = await self._client.get_openid_configuration()
        configuration = cast("Mapping[str, Any]", response.data)
        if configuration.get("issuer") != self._issuer:
            raise IdTokenError("issuer", f"the OpenID configuration of {self._issuer} names another service as issuer")
        return configuration, freshness_lifetime(response.headers)

    async def _fetch_keys(self, configuration: Mapping[str, Any]) -> tuple[tuple[PyJWK, ...], float | None]:
        from .id_token import read_keys  # noqa: PLC0415 -- imports PyJWT and cryptography

        response = await request_jwk_set(self._client, configuration)
        return read_keys(response.data), freshness_lifetime(response.headers)


def _document(given: Mapping[str, Any] | GlobusHTTPResponse[Any] | None) -> Mapping[str, Any] | None:
    document = given.data if isinstance(given, GlobusHTTPResponse) else given
    if document is not None and not isinstance(document.get("issuer"), str):
        raise GlobusSDKUsageError("openid_configuration must have an 'issuer'")
    return cast("Mapping[str, Any] | None", document)


def _clock_difference(response: RawResponse | None) -> float:
    """Return the seconds by which the service's clock is ahead of ours; 0 if it is unknown or implausible."""
    date = parse_http_date(response.headers.get("date", "")) if response is not None else None
    if response is None or date is None:
        return 0.0
    difference = date - response.received_at
    return difference if abs(difference) <= _MAX_CLOCK_DIFFERENCE else 0.0
