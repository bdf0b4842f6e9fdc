"""The tokens that a storage holds for one resource server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, NoReturn, Protocol, Self, cast

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_text, check_type, check_whole
from ..secret import Secret

__all__ = ("TokenResponse", "TokenStorageData", "token_data_of")

_MAX_INSTANT: Final = 10**12
"""In POSIX seconds: authorizers compute with floats, and milliseconds are no seconds."""


class TokenResponse(Protocol):
    """A response with tokens, such as `OAuthTokenResponse`."""

    @property
    def by_resource_server(self) -> Mapping[str, Mapping[str, Any]]:
        """The tokens, by resource server."""
        ...


@dataclass(frozen=True, slots=True, init=False, repr=False)
class TokenStorageData:
    """
    The tokens for one resource server, as a storage holds them.

    Args:
        resource_server: The resource server, such as ``"transfer.api.globus.org"``.
        identity_id: The UUID of the identity that the tokens belong to; ``None`` if it is unknown.
        scope: The scopes, separated by spaces.
        access_token: The access token.
        refresh_token: The refresh token; ``None`` if there is none.
        expires_at_seconds: When the access token expires, in POSIX seconds.
        token_type: The type of the access token: ``"Bearer"``; ``None`` if it is unknown.
        extra: Further members of the stored document, which are kept.

    Raises:
        GlobusSDKUsageError: A value is of another type.

    Example:
        >>> data = TokenStorageData("groups.api.globus.org", None, "view", "AgX1", None, 1_900_000_000, "Bearer")
        >>> data.access_token
        Secret('***')

    **Differs from globus-sdk:** it cannot be changed, and its tokens are each a `Secret`, which tracebacks do not
    show; ``reveal()`` returns the text.
    """

    resource_server: str
    identity_id: str | None
    scope: str
    access_token: Secret
    refresh_token: Secret | None
    expires_at_seconds: int
    token_type: str | None
    extra: dict[str, Any] = field(repr=False)

    def __init__(  # noqa: PLR0917 -- the order of globus-sdk
        self,
        resource_server: str,
        identity_id: str | None,
        scope: str,
        access_token: str | Secret,
        refresh_token: str | Secret | None,
        expires_at_seconds: int,
        token_type: str | None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        access_token = Secret.of(access_token)
        refresh_token = None if refresh_token is None else Secret.of(refresh_token)
        check_text("resource_server", resource_server)
        check_text("identity_id", identity_id, optional=True)
        check_text("scope", scope)
        access_token.check("access_token")
        if refresh_token is not None:
            refresh_token.check("refresh_token")
        check_whole("expires_at_seconds", expires_at_seconds, minimum=-_MAX_INSTANT, maximum=_MAX_INSTANT)
        check_text("token_type", token_type, optional=True)
        check_type("extra", extra, Mapping | None, "a mapping of names to values")
        values: dict[str, object] = {
            "resource_server": resource_server,
            "identity_id": identity_id,
            "scope": scope,
            "access_token": access_token,
            "refresh_token": refresh_token,
            "expires_at_seconds": expires_at_seconds,
            "token_type": token_type,
            "extra": dict(extra or {}),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        # its constructor may have failed
        members = {each.name: getattr(self, each.name, None) for each in fields(self) if each.repr}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in members.items())})"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """
        Read a stored document.

        Raises:
            GlobusSDKUsageError: A member is missing, or is of another type.
        """
        names = [each.name for each in fields(cls) if each.name != "extra"]
        known: dict[str, Any] = {name: data.get(name) for name in names}
        return cls(**known, extra={name: value for name, value in data.items() if name not in names})

    def to_dict(self, include_extra: bool = False) -> dict[str, Any]:
        """
        Return the document to store, with the tokens as text and without the members that are ``None``.

        Args:
            include_extra: Whether to add the members of ``extra``.
        """
        known = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "extra"}
        document = {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in known.items()
            if value is not None
        }
        return {**self.extra, **document} if include_extra else document

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("TokenStorageData holds tokens and cannot be pickled; store it in a token storage")


def token_data_of(response: TokenResponse, identity_id: str | None) -> dict[str, TokenStorageData]:
    """
    Return the tokens of a response as a storage holds them.

    Args:
        response: The token response.
        identity_id: The UUID of the identity that they belong to, if it is known.
    """
    by_resource_server = getattr(response, "by_resource_server", None)
    if not isinstance(by_resource_server, Mapping):
        raise GlobusSDKUsageError(f"token_response must be a token response; got a {type(response).__name__}")
    return {
        resource_server: TokenStorageData(
            token["resource_server"],
            identity_id,
            token["scope"],
            Secret.of(token["access_token"]),
            None if token.get("refresh_token") is None else Secret.of(token["refresh_token"]),
            token["expires_at_seconds"],
            token.get("token_type"),
        )
        for resource_server, token in cast("Mapping[str, Mapping[str, Any]]", by_resource_server).items()
    }
