"""Verification of access tokens and client secrets, for Auth itself and for all other services."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from ..kit.authentication import Authentication, AuthenticationFailure, Caller, ConsentMissing, Session
from ..kit.directory import CLIENT_DOMAIN
from ..kit.ids import named_id, new_id
from ..kit.secret import Secret
from .errors import ApiError
from .models import ClientApp, Consent, Dependency, ScopeDefinition
from .policy_evaluation import policy_satisfied

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..kit.directory import Directory
    from .consents import Consents
    from .models import AccessToken
    from .registry import Registry
    from .scope_strings import RequestedScope
    from .tokens import Tokens

__all__ = ("DIRECT_CLIENT", "Authority")

DIRECT_CLIENT: Final = named_id("client", "direct")
"""The id of the client of tokens that are issued without a login."""
_MIN_LIFETIME: Final = 60.0
"""Seconds for which a token of a service is active when it is used again."""
_MAX_SERVICE_TOKENS: Final = 1_000


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
        self._service_tokens: dict[tuple[object, ...], AccessToken] = {}
        self._sessions: dict[str, Session] = {}
        """The sessions of clients that act as themselves, by client id."""

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
        by_id = {each.id: each for each in self._consents.of(frozenset({caller.identity_id}))}
        # the client may itself be a service that the user has allowed to use this one, as Timers is
        return any(
            each.scope.scope_string == scope_string
            and any(by_id[parent].client_id == caller.client_id for parent in each.path[:-1])
            for each in by_id.values()
        )

    def dependent_token(self, caller: Caller, scope_string: str) -> str:
        """
        Return an access token with which the called service acts for the caller at another service.

        Raises:
            ConsentMissing: The caller has not consented to the scope, or has rescinded the consent.
            LookupError: There is no such scope.
        """
        consents, missing = self._consents.dependent(self._consents_of(caller), self._requested(scope_string))
        if missing or not consents:
            raise ConsentMissing(missing[0] if missing else f"{' '.join(sorted(caller.scopes))}[{scope_string}]")
        return self._token(caller.identity_id, self._service_of(caller), tuple(consents), caller.session)

    def _service_of(self, caller: Caller) -> ClientApp:
        """Return the service that was called."""
        return next(each for each in self._registry.clients.values() if each.resource_server == caller.resource_server)

    def trusted_token(self, caller: Caller, scope_string: str) -> str:
        """
        Return an access token of the caller that needs no consent: for a service to follow what it has started.

        Raises:
            LookupError: There is no such scope.
        """
        (requested,) = self._requested(scope_string)
        scope, service, now = self._registry.definition(requested.scope), self._service_of(caller), self._now()
        # one that is stored nowhere, so that users do not see it among theirs
        consent = Consent(0, caller.identity_id, service.id, scope, (0,), now, now, now, False, False, True)
        return self._token(caller.identity_id, service, (consent,), caller.session)

    def _requested(self, scope_string: str) -> list[RequestedScope]:
        try:
            return self._registry.requested(scope_string)
        except ApiError as error:
            raise LookupError(str(error)) from None

    def _consents_of(self, caller: Caller) -> list[Consent]:
        """Return the consents of the token of an earlier call, or those for the same scopes that are now in force."""
        token = self._tokens.access.get(caller.token)
        if token is not None and not any(each.rescinded for each in token.consents):
            return list(token.consents)
        return [
            each
            for each in self._consents.of(frozenset({caller.identity_id}))
            if each.client_id == caller.client_id and each.scope.scope_string in caller.scopes
        ]

    def client_token(self, client_id: str, scope_string: str) -> str:
        """
        Return an access token of a client's own identity.

        Raises:
            LookupError: There is no such client or scope.
        """
        client, requested = self._registry.clients[client_id], self._requested(scope_string)
        consents = self._consents.approve(client_id, client, requested, offline=False, auto=True)
        session = self._sessions.setdefault(client_id, Session(client_id))
        return self._token(client_id, client, consents, session)

    def direct_caller(self, identity_id: str, scope_string: str) -> Caller:
        """
        Return the owner of a new access token of an identity that has consented to everything, for methods for tests.

        Raises:
            LookupError: There is no such identity or scope.
        """
        identity, client = self._directory.identities[identity_id], self._registry.clients[DIRECT_CLIENT]
        consents = self._consents.approve(identity_id, client, self._requested(scope_string), offline=False, auto=False)
        session = Session(new_id(), {identity_id: Authentication(self._now(), identity.identity_provider.id)})
        server = self._registry.resource_server(consents[0].scope)
        token = self._tokens.create_access_token(identity_id, client.id, server, consents, session, family=new_id())
        return self.caller(token)

    def _token(self, identity_id: str, client: ClientApp, consents: tuple[Consent, ...], session: Session) -> str:
        """Return an active token with these properties; a service that polls needs one again and again."""
        key = (identity_id, client.id, session.id, *((each.id, each.scope.id) for each in consents))
        token = self._service_tokens.get(key)
        if token is None or not token.is_active(self._now() + _MIN_LIFETIME):
            if len(self._service_tokens) >= _MAX_SERVICE_TOKENS:
                self._service_tokens.clear()
            server = self._registry.resource_server(consents[0].scope)
            token = self._tokens.create_access_token(identity_id, client.id, server, consents, session, family=new_id())
            self._service_tokens[key] = token
        return token.secret.reveal()

    def add_scope(
        self, client_id: str, scope_string: str, *, name: str, description: str = "", dependencies: Collection[str] = ()
    ) -> None:
        """Register a scope that is made at run time; nothing happens if it is registered."""
        client = self._registry.clients.get(client_id)
        if client is None or client.is_implicit:
            client = self._registry.add_client(ClientApp(client_id, name, "resource_server", client_id))
            client.is_made_by_service = True
            if client_id not in self._directory.identities:
                self._directory.add(f"{client_id}@{CLIENT_DOMAIN}", name=name, id=client_id)
        if self._registry.scope(scope_string) is None:
            required = [Dependency(self._registry.definition(each).id) for each in dependencies]
            scope_id, description = named_id("scope", scope_string), description or name
            self._registry.add_scope(
                ScopeDefinition(
                    scope_id, scope_string, name, description, client_id, advertised=True, dependencies=required
                )
            )

    def add_redirect_uri(self, client_id: str, redirect_uri: str) -> None:
        """Let logins be redirected to a service whose client is made at run time."""
        uris = self._registry.client_of(client_id).redirect_uris
        if redirect_uri not in uris:
            uris.append(redirect_uri)

    def remove_scope(self, scope_string: str) -> None:
        """Rescind the consents for a scope and remove it, if it is registered; tokens for it become inactive."""
        scope = self._registry.known_scope(scope_string)
        if scope is not None:
            self._consents.rescind_scope(scope)
            self._registry.remove_scope(scope)

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
