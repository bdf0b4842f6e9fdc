"""Checking id_tokens with the service's configuration and keys, fetched once, and again when they may be old."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from ..._http.retry_after import http_date
from ...errors import GlobusSDKUsageError, IdTokenError
from ...response import GlobusHTTPResponse
from ...secret import Secret

if TYPE_CHECKING:
    from jwt import PyJWK

    from ..._http.response import RawResponse
    from ...transport import Transport
    from .documents import IdTokenClaims
    from .id_token import KeySource

__all__ = ("IDTokenDecoder",)

_REFETCH_SECONDS: Final = 60.0
_LARGEST_SKEW: Final = 600.0


class _AuthClient(Protocol):
    @property
    def client_id(self) -> str | None: ...
    @property
    def base_url(self) -> str: ...
    @property
    def transport(self) -> Transport: ...
    async def get_openid_configuration(self) -> GlobusHTTPResponse[Any]: ...
    async def get_jwk(self, openid_configuration: Mapping[str, Any], /) -> Any: ...


class IDTokenDecoder:
    """
    Checks id_tokens that were made for one client. Every Auth client has one; make your own for nothing but tests.

    Configuration and keys are fetched when they are first needed. A token signed with a key that is not known brings a
    second look at the keys, at most once a minute however many such tokens come.

    Args:
        auth_client: The client that the tokens are for.

    Example:
        >>> tokens = await flow.exchange_code_for_tokens(code)
        >>> claims = await tokens.decode_id_token()
        >>> claims["preferred_username"]
        'ada@example.org'
    """

    def __init__(self, auth_client: _AuthClient) -> None:
        self._client = auth_client
        self._clock = auth_client.transport.clock
        self._lock = asyncio.Lock()
        self._configuration: Mapping[str, Any] | None = None
        self._keys: tuple[PyJWK, ...] | None = None
        self._fetched_at = float("-inf")

    async def decode(
        self,
        id_token: str | Secret,
        *,
        openid_configuration: Mapping[str, Any] | GlobusHTTPResponse[Any] | None = None,
        jwk: KeySource | None = None,
        nonce: str | None = None,
        leeway: float = 60.0,
        access_token: str | Secret | None = None,
        answer: RawResponse | None = None,
    ) -> IdTokenClaims:
        """
        Check an id_token and return what it says.

        Args:
            id_token: As it came.
            openid_configuration: The service's, if it is at hand.
            jwk: The service's key or key set, if it is at hand; then no other is looked for.
            nonce: The one that the login was started with, if it was.
            leeway: Seconds by which clocks may differ; 300 at most.
            access_token: The one that came with it; ``at_hash`` is checked against it.
            answer: The answer it came in; its ``Date`` says what time the service has.

        Raises:
            IdTokenError: A rule is broken; its ``rule`` says which.
            GlobusSDKUsageError: The client has no id, or ``leeway`` is out of bounds.
        """
        id_token, access_token = Secret.of(id_token), None if access_token is None else Secret.of(access_token)
        from .id_token import Expected, check_id_token, read_keys  # noqa: PLC0415 -- loads cryptography

        if self._client.client_id is None:
            raise GlobusSDKUsageError("a client without an id has no id_tokens; give it its client_id")
        configuration = _document(openid_configuration) or await self._own_configuration(jwk_given=jwk is not None)
        expected = Expected(
            issuer=configuration["issuer"],
            client_id=self._client.client_id,
            now=self._clock.wall() + _skew(answer),
            nonce=nonce,
            access_token=access_token,
            leeway=leeway,
        )
        if jwk is not None:
            return check_id_token(id_token, read_keys(jwk), expected)
        keys = await self._current_keys(configuration)
        try:
            return check_id_token(id_token, keys, expected)
        except IdTokenError as error:
            refusal = error
        newer = await self._newer_keys(configuration, keys) if refusal.stale_keys else keys
        if newer is keys:
            raise refusal
        return check_id_token(id_token, newer, expected)

    async def _own_configuration(self, *, jwk_given: bool) -> Mapping[str, Any]:
        """Return the service's configuration, fetching it once; with a key given, only the issuer is wanted of it."""
        issuer = self._client.base_url.rstrip("/")
        if jwk_given:
            return {"issuer": issuer}
        async with self._lock:
            configuration = self._configuration
            if configuration is None:
                configuration = cast("Mapping[str, Any]", (await self._client.get_openid_configuration()).data)
                if configuration.get("issuer") != issuer:
                    raise IdTokenError("issuer", f"{issuer} says that it is another service")
                self._configuration = configuration
            return configuration

    async def _current_keys(self, configuration: Mapping[str, Any]) -> tuple[PyJWK, ...]:
        async with self._lock:
            if self._keys is None:
                return await self._fetched(configuration)
            return self._keys

    async def _newer_keys(self, configuration: Mapping[str, Any], known: tuple[PyJWK, ...]) -> tuple[PyJWK, ...]:
        """Return newer keys than those known: another call's, or fetched, or the same ones if it is too soon."""
        async with self._lock:
            if self._keys is not None and self._keys is not known:
                return self._keys
            if self._clock.monotonic() < self._fetched_at + _REFETCH_SECONDS:
                return known
            return await self._fetched(configuration)

    async def _fetched(self, configuration: Mapping[str, Any]) -> tuple[PyJWK, ...]:
        from .id_token import read_keys  # noqa: PLC0415 -- loads cryptography

        self._fetched_at = self._clock.monotonic()
        keys = read_keys(await self._client.get_jwk(configuration))
        self._keys = keys
        return keys


def _document(given: Mapping[str, Any] | GlobusHTTPResponse[Any] | None) -> Mapping[str, Any] | None:
    document = given.data if isinstance(given, GlobusHTTPResponse) else given
    if document is not None and not isinstance(document.get("issuer"), str):
        raise GlobusSDKUsageError("openid_configuration must name its issuer")
    return cast("Mapping[str, Any] | None", document)


def _skew(answer: RawResponse | None) -> float:
    """Return by how many seconds the service's clock is ahead of ours, if it says so within reason."""
    date = http_date(answer.headers.get("date", "")) if answer is not None else None
    if answer is None or date is None:
        return 0.0
    skew = date - answer.received_at
    return skew if abs(skew) <= _LARGEST_SKEW else 0.0
