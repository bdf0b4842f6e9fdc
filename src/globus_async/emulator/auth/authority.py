"""Verification of access tokens and client secrets, for Auth itself and for all other services."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from ..kit.authentication import AuthenticationFailure, Caller
from ..kit.secret import Secret
from .policy_evaluation import policy_satisfied

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kit.directory import Directory
    from .consents import Consents
    from .models import AccessToken, ClientApp
    from .registry import Registry
    from .tokens import Tokens

__all__ = ("Authority",)


class Authority:
    """
    The issuer of tokens, as services see it: whose token it is, what it allows, and which policies are satisfied.

    Args:
        directory: The identities.
        registry: The clients and policies.
        consents: All consents.
        tokens: All tokens.
        now: Returns POSIX seconds.
    """

    def __init__(
        self,
        directory: Directory,
        registry: Registry,
        consents: Consents,
        tokens: Tokens,
        now: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._registry = registry
        self._consents = consents
        self._tokens = tokens
        self._now = now

    def active_token(self, authorization: str | None) -> AccessToken:
        """
        Return the access token of an ``Authorization`` header.

        Raises:
            AuthenticationFailure: There is no header, or no active token in it.
        """
        if not authorization:
            raise AuthenticationFailure("missing")
        scheme, _, text = authorization.partition(" ")
        token = self._tokens.access.get(Secret(text.strip())) if scheme.lower() == "bearer" else None
        if token is None or not token.is_active(self._now()):
            raise AuthenticationFailure("invalid")
        return token

    def authenticate(self, authorization_header: str | None) -> Caller:
        """
        Return the owner of the access token in an ``Authorization`` header.

        Raises:
            AuthenticationFailure: There is no header, or no active token in it.
        """
        return self.caller(self.active_token(authorization_header))

    def caller(self, token: AccessToken) -> Caller:
        """Return the owner of an access token."""
        identity = self._directory.identities[token.identity_id]
        dependencies = (each for consent in token.consents for each in self._consents.children(consent))
        return Caller(
            identity.id,
            identity.username,
            self._directory.linked_ids(identity.id),
            frozenset(token.scopes),
            frozenset(each.scope.scope_string for each in dependencies),
            token.client_id,
            token.resource_server,
            token.secret,
            token.session,
        )

    def satisfies_policy(self, policy_id: str, caller: Caller) -> bool:
        """Return whether the session of a caller satisfies a policy; an unknown policy is never satisfied."""
        policy = self._registry.policies.get(policy_id)
        linked = self._directory.linked(caller.identity_id)
        return policy is not None and policy_satisfied(policy, caller.session, linked, self._now())

    def still_satisfies_policy(self, policy_id: str, caller: Caller) -> bool:
        """Return whether the session of an earlier call, or a later login of the same identity, satisfies a policy."""
        tokens = [each for each in list(self._tokens.access.values()) if each.identity_id == caller.identity_id]
        later = [self.caller(each) for each in tokens if each.is_active(self._now())]
        return any(self.satisfies_policy(policy_id, each) for each in (caller, *later))

    def still_consents(self, scope_string: str, caller: Caller) -> bool:
        """Return whether there is a consent for the service of an earlier call to use a scope of another service."""
        consents = self._consents.of(frozenset({caller.identity_id}), client_id=caller.client_id)
        return any(each.scope.scope_string == scope_string and len(each.path) > 1 for each in consents)

    def authenticate_client(self, authorization: str | None) -> ClientApp | None:
        """Return the client whose id and secret are in a Basic ``Authorization`` header; `None` if there is none."""
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            client_id, colon, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        if not colon:
            return None
        # RFC 6749, section 2.3.1 requires form encoding of both, which most clients omit
        client = self._registry.clients.get(client_id) or self._registry.clients.get(unquote_plus(client_id))
        candidates = (Secret(secret), Secret(unquote_plus(secret)))
        known = [credential.secret for credential in client.credentials] if client else []
        return client if any(each == secret for each in candidates for secret in known) else None
