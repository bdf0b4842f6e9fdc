"""Errors of tokens and logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import GlobusError

if TYPE_CHECKING:
    from .network import Attempt

__all__ = ("IdTokenError", "LoginRequired", "TokenRefreshError")


class TokenRefreshError(GlobusError):
    """
    An access token could not be refreshed; ``__cause__`` says why.

    Attributes:
        attempts: The attempts of the call before it needed the token.
    """

    attempts: tuple[Attempt, ...] = ()


class LoginRequired(TokenRefreshError):
    """The refresh token has expired, or was revoked or replaced; the user must log in again."""


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
