"""Responses of Globus Auth. Tokens are plain strings for the caller, and omitted from ``repr`` and pickles."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, cast

from ..._http.json_reader import is_list, is_object
from ..._http.response import EmbeddedError
from ...authorizers.token import parse_lifetime
from ...errors import GlobusSDKUsageError
from ...paging import Page
from ...response import GlobusHTTPResponse
from ...scopes.consents import ConsentForest
from ...secret import Secret
from .documents import (
    ClientCredentialEnvelope,
    ClientEnvelope,
    ConsentDocument,
    IdTokenClaims,
    IntrospectionDocument,
    TokenDocument,
    TokenInfo,
)

if TYPE_CHECKING:
    from ..._http.response import RawResponse
    from .data import KeySource
    from .id_token_decoder import IDTokenDecoder

__all__ = (
    "ClientCredentialResponse",
    "ClientResponse",
    "GetConsentsResponse",
    "IntrospectionResponse",
    "OAuthAuthorizationCodeResponse",
    "OAuthClientCredentialsResponse",
    "OAuthDependentTokenResponse",
    "OAuthRefreshTokenResponse",
    "OAuthTokenResponse",
    "TokensByScope",
    "warn_of_missing_scopes",
)

_log = logging.getLogger("globus_async")
_D = TypeVar("_D")


class TokensByScope(Mapping[str, TokenInfo]):
    """
    The tokens of a response by scope. A key may be several scopes of the same token, separated by spaces.

    Example:
        >>> tokens.by_scopes["openid profile"]["resource_server"]
        'auth.globus.org'
    """

    __slots__ = ("_by_scope",)

    def __init__(self, tokens: Iterable[TokenInfo]) -> None:
        self._by_scope = {scope: token for token in tokens for scope in token["scope"].split()}

    def __getitem__(self, scopes: str) -> TokenInfo:
        found = [self._by_scope[scope] for scope in scopes.split()] if isinstance(scopes, str) else []
        if not found or any(token is not found[0] for token in found):
            raise KeyError(f"there is no single token with the scopes {scopes!r}")
        return found[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_scope)

    def __len__(self) -> int:
        return len(self._by_scope)

    def __contains__(self, scopes: object) -> bool:
        try:
            self[cast("str", scopes)]
        except KeyError:
            return False
        return True

    def __repr__(self) -> str:
        return f"<tokens for {' '.join(self)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("tokens cannot be pickled; store the required members of .by_resource_server")


class _SecretResponse(GlobusHTTPResponse[_D]):
    """A response that contains secrets."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, http_status={self.http_status}>"

    def __str__(self) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a response with secrets cannot be pickled; store the required members")


class _EnvelopeResponse(_SecretResponse[_D]):
    __slots__ = ()

    def __init__(self, raw: RawResponse, data: Any) -> None:
        super().__init__(raw, cast("_D", data))
        if not is_object(data):
            raise raw.decode_error("it should be a JSON object")


class ClientResponse(_EnvelopeResponse[ClientEnvelope]):
    """A client, with its secret if it was created from a template."""

    __slots__ = ()


class ClientCredentialResponse(_EnvelopeResponse[ClientCredentialEnvelope]):
    """A credential, with its secret if it is new."""

    __slots__ = ()


class _TokenResponse(_SecretResponse[_D]):
    """A response with tokens, one per resource server."""

    __slots__ = ("_by_resource_server", "_by_scopes")

    def __init__(self, raw: RawResponse, data: Any) -> None:
        super().__init__(raw, cast("_D", data))
        self._by_resource_server: dict[str, TokenInfo] = {}

    @property
    def by_resource_server(self) -> dict[str, TokenInfo]:
        """
        The tokens by resource server, such as ``"transfer.api.globus.org"``.

        Example:
            >>> sorted(tokens.by_resource_server)
            ['auth.globus.org', 'transfer.api.globus.org']
        """
        return self._by_resource_server

    @property
    def by_scopes(self) -> TokensByScope:
        """The tokens by scope."""
        return self._by_scopes

    def missing_scopes(self, requested: str) -> list[str]:
        """
        Return the scopes that were requested but not granted, for instance because the user declined them.

        Args:
            requested: The scope string of the request. Optional scopes and dependencies are ignored.
        """
        return [scope for scope in _required(requested) if scope not in self._by_scopes]

    def _index(self, entries: list[dict[str, Any]]) -> None:
        for token in (_info(entry, self.raw.started_at) for entry in entries if _has_token(entry)):
            self._by_resource_server.setdefault(token["resource_server"], token)
        self._by_scopes = TokensByScope(self._by_resource_server.values())

    def __repr__(self) -> str:
        scopes = "; ".join(f"{name} ({token['scope']})" for name, token in self._by_resource_server.items())
        return f"<{type(self).__name__} for {scopes or 'no scopes'}>"


class OAuthTokenResponse(_TokenResponse[TokenDocument]):
    """
    The response to a token request.

    Raises:
        AuthAPIError: It is an error document, even if its status is 200.
        ResponseDecodeError: It contains no bearer token.
    """

    __slots__ = ("decoder", "nonce")

    needs_token_type: ClassVar[bool] = True
    is_refresh: ClassVar[bool] = False

    def __init__(self, raw: RawResponse, data: Any) -> None:
        super().__init__(raw, data)
        self.decoder: IDTokenDecoder | None = None
        self.nonce: str | None = None
        _refuse_error(data)
        if not is_object(data) or not _has_token(data) or (self.needs_token_type and not _is_bearer(data)):
            raise raw.decode_error("it should hold a bearer token")
        others = data.get("other_tokens")
        self._index([data, *(filter(is_object, others) if is_list(others) else ())])

    async def decode_id_token(
        self,
        openid_configuration: Mapping[str, Any] | GlobusHTTPResponse[Any] | None = None,
        jwk: KeySource | None = None,
        *,
        nonce: str | None = None,
        leeway: float = 60.0,
    ) -> IdTokenClaims:
        """
        Validate the id_token and return its claims.

        Args:
            openid_configuration: The service's OpenID configuration. By default it is fetched and cached.
            jwk: The service's key or key set. By default it is fetched and cached; see `IDTokenDecoder`.
            nonce: The nonce of the login. By default the flow's.
            leeway: Tolerated difference between clocks, 0 to 300 seconds.

        Raises:
            IdTokenError: The token breaks a rule of OpenID Connect; ``rule`` names it.
            GlobusSDKUsageError: The response has no id_token because the scope ``openid`` was not requested.

        **Differs from globus-sdk:** issuer, ``azp``, ``at_hash``, nonce and ``kid`` are checked as well; only the
        algorithm RS512 is accepted. ``jwk`` does not require ``openid_configuration``.
        """
        id_token = self.get("id_token")
        id_token = Secret.of(id_token) if isinstance(id_token, str) else None
        if id_token is None or self.decoder is None:
            raise GlobusSDKUsageError("this response has no id_token; request the scope 'openid' at login")
        return await self.decoder.decode(
            id_token,
            openid_configuration=openid_configuration,
            jwk=jwk,
            nonce=self.nonce if nonce is None else nonce,
            leeway=leeway,
            access_token=Secret.of(self._data["access_token"]),
            raw_response=self.raw,
        )


class OAuthAuthorizationCodeResponse(OAuthTokenResponse):
    """The tokens of a login (authorization code grant)."""

    __slots__ = ()


class OAuthClientCredentialsResponse(OAuthTokenResponse):
    """The tokens of a client that acts as itself (client credentials grant)."""

    __slots__ = ()


class OAuthRefreshTokenResponse(OAuthTokenResponse):
    """A refreshed token. Missing members are tolerated: it may contain the only valid refresh token."""

    __slots__ = ()

    needs_token_type = False
    is_refresh = True

    def add_refresh_token(self, refresh_token: Secret) -> None:
        """Add the refresh token of the request if the response has no new one: it stays valid."""
        token = next(iter(self._by_resource_server.values()))
        if token["refresh_token"] is None:
            token["refresh_token"] = refresh_token.reveal()


class OAuthDependentTokenResponse(_TokenResponse[list[TokenInfo]]):
    """
    The tokens for a resource server that acts for a user (dependent token grant): a list, without an id_token.

    Raises:
        AuthAPIError: It is an error document, even if its status is 200.
        ResponseDecodeError: It is not a list of tokens.
    """

    __slots__ = ()

    def __init__(self, raw: RawResponse, data: Any) -> None:
        super().__init__(raw, data)
        _refuse_error(data)
        if not is_list(data) or not all(is_object(entry) and _has_token(entry) for entry in data):
            raise raw.decode_error("it should be a list of tokens")
        self._index(data)


class IntrospectionResponse(GlobusHTTPResponse[IntrospectionDocument]):
    """
    The introspection of a token. For an inactive token it has no other member.

    Attributes:
        active: Whether the token is valid.
    """

    __slots__ = ("active",)

    def __init__(self, raw: RawResponse, data: Any) -> None:
        self.active: bool = is_object(data) and data.get("active") is True
        super().__init__(raw, cast("IntrospectionDocument", data) if self.active else {"active": False})
        if not is_object(data) or "active" not in data:
            raise raw.decode_error("it should have the member 'active'")


class GetConsentsResponse(Page[ConsentDocument]):
    """The consents of an identity."""

    __slots__ = ()

    def to_forest(self) -> ConsentForest:
        """Return the consents as trees, which can be compared with required scopes."""
        return ConsentForest(cast("list[Mapping[str, Any]]", self.items))


def warn_of_missing_scopes(tokens: _TokenResponse[Any], requested: str) -> None:
    """Log the requested scopes that were not granted."""
    if missing := tokens.missing_scopes(requested):
        _log.warning("%d of the requested scopes were not granted: %s", len(missing), " ".join(missing))


def _required(scopes: str) -> list[str]:
    """Return the scopes in a scope string that are neither optional nor dependencies."""
    depth, names = 0, list[str]()
    for word in scopes.split():
        if depth == 0 and not word.startswith("*"):
            names.append(word.partition("[")[0])
        depth += word.count("[") - word.count("]")
    return names


def _has_token(entry: Mapping[str, Any]) -> bool:
    token = entry.get("access_token")
    return isinstance(token, str) and bool(token)


def _is_bearer(entry: Mapping[str, Any]) -> bool:
    kind = entry.get("token_type")
    return isinstance(kind, str) and kind.lower() == "bearer"


def _info(entry: Mapping[str, Any], started_at: float) -> TokenInfo:
    def text(name: str) -> str | None:
        value = entry.get(name)
        return value if isinstance(value, str) else None

    return {
        "scope": text("scope") or "",
        "access_token": entry["access_token"],
        "refresh_token": text("refresh_token"),
        "token_type": text("token_type"),
        # without a lifetime the token counts as expired, so that a stored one is refreshed before use
        "expires_at_seconds": int(started_at + (parse_lifetime(entry.get("expires_in")) or 0)),
        "resource_server": text("resource_server") or "",
    }


def _refuse_error(data: object) -> None:
    if is_object(data) and "error" in data:
        raise EmbeddedError(
            "the response is an error document, although its status is a success", stage="response truncated"
        )
