"""Errors of tokens and logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import GlobusError

if TYPE_CHECKING:
    from .network import Attempt

__all__ = ("ApplicationRefused", "IdTokenError", "LoginRequired", "TokenRefreshError")


class TokenRefreshError(GlobusError):
    """
    An access token could not be refreshed; ``__cause__`` says why.

    Attributes:
        retry_after: Seconds until the refresh is tried again; calls before that fail with a copy of this error.
        attempts: The attempts of the call before it needed the token.
    """

    retry_after: float | None = None
    attempts: tuple[Attempt, ...] = ()

    def __str__(self) -> str:
        text = super().__str__()
        return text if self.retry_after is None else f"{text}; it is tried again in {self.retry_after:.1f} s"


class LoginRequired(TokenRefreshError):
    """The refresh token has expired, or was revoked or replaced; the user must log in again."""


class ApplicationRefused(TokenRefreshError):
    """
    Globus Auth refuses the application itself, so that no login helps.

    Its id or secret is wrong, or its registration does not allow the request: correct them.
    """


class IdTokenError(GlobusError):
    """
    An id_token breaks a rule; it proves no identity and must not be trusted.

    Attributes:
        rule: The wrong part: a claim such as ``"aud"``, a header member such as ``"alg"``, or ``"signature"``.
        stale_keys: Whether the token may be valid with newer keys of the service.
    """

    rule: str
    stale_keys: bool

    def __init__(self, rule: str, why: str, *, stale_keys: bool = False) -> None:
        super().__init__(f"the id_token is refused: {why}")
        self.rule = rule
        self.stale_keys = stale_keys
