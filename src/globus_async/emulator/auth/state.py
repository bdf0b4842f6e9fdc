"""Everything the emulated Globus Auth knows, and what a test may do to it."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, unquote_plus, urlsplit
from uuid import uuid4

from ...secret import Secret
from .catalog import SCOPES_AT, named_id
from .consents import Consents
from .errors import AuthFailure
from .identities import Directory
from .login import Browser, Redirect, read_request, sign_in
from .models import (
    AccessToken,
    Authentication,
    Caller,
    ClientApp,
    Consent,
    Credential,
    Dependency,
    Group,
    Identity,
    ScopeDefinition,
    Session,
)
from .policy_evaluation import satisfies
from .registry import Registry
from .signing_keys import SigningKeys
from .tokens import Tokens, random_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ...clock import Clock

__all__ = ("AuthState",)


class AuthState:
    """
    The memory of an emulated Globus Auth.

    Args:
        clock: Where the time comes from.
        issuer: The address the service says it has, or a function that knows it once a server listens.
        rotate_refresh_tokens: Each use of a refresh token replaces it. The real service does not.
        revoke_family_on_replay: A replaced refresh token that comes again ends every token of its login.
        rotation_grace: Seconds in which a replaced refresh token may come again and gets the same successor.
        access_token_lifetime: Seconds; two days, as the real service has it.
        refresh_token_idle_lifetime: Seconds after which an unused refresh token ends; half a year.
        code_lifetime: Seconds in which an authorization code must be exchanged.
        auto_consent: The authorize page logs in and consents at once; otherwise it asks in HTML.
        key_ids: Name the signing keys (``kid``). The real service does not.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        issuer: Callable[[], str] | str = "https://auth.globus.org",
        rotate_refresh_tokens: bool = False,
        revoke_family_on_replay: bool = True,
        rotation_grace: float = 0,
        access_token_lifetime: float = 172_800,
        refresh_token_idle_lifetime: float = 15_552_000,
        code_lifetime: float = 600,
        auto_consent: bool = True,
        key_ids: bool = False,
    ) -> None:
        self._clock = clock
        self._issuer = issuer
        self.auto_consent = auto_consent
        self.code_lifetime = code_lifetime
        self.registry = Registry()
        self.directory = Directory()
        self.on_change: Callable[[], None] = lambda: None
        """Called after consents or tokens have changed."""
        self.consents = Consents(self.registry, self.now, rescinded=self._tell)
        self.keys = SigningKeys(key_ids=key_ids)
        self.tokens = Tokens(
            self.registry,
            self.now,
            issued=self._tell,
            rotate=rotate_refresh_tokens,
            revoke_family=revoke_family_on_replay,
            grace=rotation_grace,
            lifetime=access_token_lifetime,
            idle_lifetime=refresh_token_idle_lifetime,
        )
        self.login_identity: Identity | None = None
        """Who logs in where nobody says who: the first person that was added."""
        self.browser = Browser()
        """The browser that `authorize` and the automatic mode act for."""
        self.browsers: dict[Secret, Browser] = {}
        self.token_requests: Counter[str] = Counter()
        """Calls of the token endpoint by grant type, refused ones included."""
        self.introspections = 0
        self.key_requests = 0
        self._direct = self.add_client("Direct tokens", id=named_id("client", "direct"))

    @property
    def issuer(self) -> str:
        """The service's address, without a trailing slash."""
        issuer = self._issuer if isinstance(self._issuer, str) else self._issuer()
        return issuer.rstrip("/")

    @property
    def replays(self) -> int:
        """How often a replaced refresh token came again."""
        return self.tokens.replays

    def now(self) -> float:
        """Return POSIX seconds."""
        return self._clock.wall()

    def _tell(self) -> None:
        self.on_change()

    # people and applications

    def add_identity(
        self,
        username: str,
        *,
        name: str | None = None,
        email: str | None = None,
        organization: str | None = None,
        id: str | None = None,
        status: Literal["used", "unused", "private", "closed"] = "used",
    ) -> Identity:
        """
        Add a person's identity; the first one is who logs in by default.

        Args:
            username: ``name@domain``; the domain decides about the identity provider.
            name: The full name; the part before the ``@`` if not given.
            email: The address; the username if not given.
            organization: Where the person works; the domain if not given.
            id: The UUID; made from the username if not given.
            status: ``unused`` for one that never logged in.
        """
        local, _, domain = username.partition("@")
        identity = self.directory.add(
            username,
            name=local.replace(".", " ").title() if name is None else name,
            email=username if email is None else email,
            organization=(domain or None) if organization is None else organization,
            id=id,
            status=status,
        )
        if self.login_identity is None:
            self.login_identity = identity
        return identity

    def link(self, *identities: Identity) -> None:
        """Make the identities one person's, with the first as the primary one."""
        self.directory.link(identities)

    def add_group(
        self, name: str, *, members: Iterable[Identity] = (), description: str = "", id: str | None = None
    ) -> Group:
        """Add a group, whose members administer the projects that name it."""
        group_id = named_id("group", name) if id is None else id
        group = Group(group_id, name, description, "", frozenset(each.id for each in members))
        self.directory.groups[group_id] = group
        return group

    def add_client(
        self,
        name: str = "Test application",
        *,
        id: str | None = None,
        secret: str | None = None,
        redirect_uris: Iterable[str] = (),
        client_type: str | None = None,
        fqdns: Iterable[str] = (),
        required_idp: str | None = None,
        project_id: str | None = None,
        visibility: Literal["public", "private"] = "private",
    ) -> ClientApp:
        """
        Register an application.

        Args:
            name: What the consent page shows.
            id: The UUID; a random one if not given.
            secret: Makes it a confidential client, with an identity of its own; a native one if not given.
            redirect_uris: Where a login may return to. A native client without any may use the page that shows
                the code, and every port of its own machine.
            client_type: One of the service's types, if neither a native nor a hybrid confidential client is meant.
            fqdns: Domain names it is found by.
            required_idp: The provider of which its users must have an identity.
            project_id: The project it belongs to.
            visibility: ``public``: everybody may look it up.
        """
        native = secret is None
        client_id = str(uuid4()) if id is None else id
        kind = "public_installed_client" if native else "hybrid_confidential_client_resource_server"
        client = ClientApp(
            client_id,
            name,
            client_type or kind,
            client_id,
            project_id,
            visibility=visibility,
            redirect_uris=list(redirect_uris),
            fqdns=list(fqdns),
            required_idp=required_idp,
            is_native=native,
        )
        self.enter_client(client)
        if secret is not None:
            self.add_credential(client, "Given at registration", secret)
        return client

    def enter_client(self, client: ClientApp) -> None:
        """Note a client, and the identity of one that can keep a secret."""
        self.registry.add_client(client)
        if not client.is_public and client.id not in self.directory.identities:
            self.directory.add_client_identity(client)

    def add_credential(self, client: ClientApp, name: str, secret: str | None = None) -> Credential:
        """Give a client one more secret."""
        text = base64.b64encode(random_text(32).encode()).decode() if secret is None else secret
        credential = Credential(str(uuid4()), name, client.id, Secret(text), self.now())
        client.credentials.append(credential)
        return credential

    def add_scope(
        self,
        client: ClientApp,
        suffix: str,
        *,
        name: str | None = None,
        description: str | None = None,
        dependencies: Iterable[str] = (),
        optional_dependencies: Iterable[str] = (),
        allows_refresh_token: bool = True,
        advertised: bool = True,
    ) -> ScopeDefinition:
        """
        Register a scope of a client.

        Args:
            client: The resource server.
            suffix: The last part of the scope's name.
            name: What the consent page shows.
            description: What it says below.
            dependencies: Scopes that the server needs to do its work.
            optional_dependencies: Scopes that it can do without.
            allows_refresh_token: Whether refresh tokens may be had for it.
            advertised: Whether everybody finds it.
        """
        scope_string = f"{SCOPES_AT}{client.id}/{suffix}"
        needs = [Dependency(self.registry.definition(each).id) for each in dependencies]
        needs += [Dependency(self.registry.definition(each).id, optional=True) for each in optional_dependencies]
        return self.registry.add_scope(
            ScopeDefinition(
                named_id("scope", scope_string),
                scope_string,
                name or suffix,
                description or name or suffix,
                client.id,
                advertised,
                allows_refresh_token,
                dependencies=needs,
            )
        )

    # tokens, without a login

    def access_token(
        self,
        identity: Identity | ClientApp,
        *,
        scopes: Iterable[str],
        client: ClientApp | None = None,
        lifetime: float = 172_800,
    ) -> str:
        """
        Make an access token directly.

        Args:
            identity: Whose it is; a client's own identity for a client.
            scopes: What it is for; ``A[B]`` with what the server may use.
            client: To whom it was issued.
            lifetime: Seconds.
        """
        consents, session, owner = self._consented(identity, scopes, client, offline=False)
        token = self.tokens.make_access(
            identity.id,
            owner.id,
            self.registry.resource_server(consents[0].scope),
            consents,
            session,
            family=str(uuid4()),
            expires_at=self.now() + lifetime,
        )
        return token.secret.reveal()

    def refresh_token(self, identity: Identity | ClientApp, *, scopes: Iterable[str], client: ClientApp) -> str:
        """Make a refresh token directly; its scopes must be of one resource server."""
        consents, session, owner = self._consented(identity, scopes, client, offline=True)
        server = self.registry.resource_server(consents[0].scope)
        token = self.tokens.make_refresh(identity.id, owner.id, server, consents, session, family=str(uuid4()))
        return token.secret.reveal()

    def _consented(
        self, identity: Identity | ClientApp, scopes: Iterable[str], client: ClientApp | None, *, offline: bool
    ) -> tuple[tuple[Consent, ...], Session, ClientApp]:
        owner = client or (identity if isinstance(identity, ClientApp) else self._direct)
        text = scopes if isinstance(scopes, str) else " ".join(scopes)
        requested = self.registry.requested(text)
        if not requested:
            raise ValueError("a token needs at least one scope")
        consents = self.consents.approve(identity.id, owner, requested, offline=offline, auto=False)
        session = Session(str(uuid4()))
        if isinstance(identity, Identity):
            session.authentications[identity.id] = Authentication(self.now(), identity.identity_provider.id)
        return consents, session, owner

    def revoke(self, token: str) -> None:
        """End a token; with a refresh token also the access tokens made from it."""
        self.tokens.revoke(token)

    def expire(self, token: str) -> None:
        """Let a token's time be over."""
        found = self.tokens.find(token)
        if found is not None:
            found.expires_at = self.now()

    def roll_keys(self, *, keep: int = 1) -> None:
        """Sign id_tokens with a new key; go on publishing this many former ones."""
        self.keys.roll(keep=keep)

    # who calls?

    def active_token(self, authorization: str | None) -> AccessToken:
        """
        Return the access token in a header.

        Raises:
            AuthFailure: There is no header, or no active token in it.
        """
        if not authorization:
            raise AuthFailure("missing")
        scheme, _, text = authorization.partition(" ")
        token = self.tokens.access.get(Secret(text.strip())) if scheme.lower() == "bearer" else None
        if token is None or not token.is_active(self.now()):
            raise AuthFailure("invalid")
        return token

    def authenticate(self, authorization_header: str | None) -> Caller:
        """
        Tell a resource server who calls it.

        Raises:
            AuthFailure: ``missing`` or ``invalid``.
        """
        return self.caller(self.active_token(authorization_header))

    def caller(self, token: AccessToken) -> Caller:
        """Return whose a token is and what it may do."""
        identity = self.directory.identities[token.identity_id]
        below = (each for consent in token.consents for each in self.consents.below(consent))
        return Caller(
            identity.id,
            identity.username,
            self.directory.linked_ids(identity.id),
            frozenset(token.scopes),
            frozenset(each.scope.scope_string for each in below),
            token.client_id,
            token.resource_server,
            token.secret,
            token.session,
        )

    def satisfies_policy(self, policy_id: str, caller: Caller) -> bool:
        """Tell whether a caller's session is what a policy asks for; an unknown policy is never satisfied."""
        policy = self.registry.policies.get(policy_id)
        linked = self.directory.linked(caller.identity_id)
        return policy is not None and satisfies(policy, caller.session, linked, self.now())

    def still_satisfies_policy(self, policy_id: str, caller: Caller) -> bool:
        """Tell whether a policy is satisfied by the session of a former call, or by that of a later login."""
        tokens = [each for each in list(self.tokens.access.values()) if each.identity_id == caller.identity_id]
        later = [self.caller(each) for each in tokens if each.is_active(self.now())]
        return any(self.satisfies_policy(policy_id, each) for each in (caller, *later))

    def still_consents(self, scope_string: str, caller: Caller) -> bool:
        """Tell whether the service of a former call may still use a scope elsewhere, by its consent or a later one."""
        mine = self.consents.of(frozenset({caller.identity_id}), client_id=caller.client_id)
        return any(each.scope.scope_string == scope_string and len(each.path) > 1 for each in mine)

    def authenticate_client(self, authorization: str | None) -> ClientApp | None:
        """Return the client that a Basic header proves, if any."""
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            client_id, colon, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        if not colon:
            return None
        # RFC 6749 2.3.1 wants both parts form-encoded, and most clients do not do it
        client = self.registry.clients.get(client_id) or self.registry.clients.get(unquote_plus(client_id))
        given = (Secret(secret), Secret(unquote_plus(secret)))
        known = [credential.secret for credential in client.credentials] if client else []
        return client if any(each == secret for each in given for secret in known) else None

    # logging in

    def authorize(self, url: str, identity: Identity | None = None) -> Redirect:
        """
        Open an authorize URL as a person would who agrees to everything.

        Args:
            url: What ``oauth2_get_authorize_url`` returned.
            identity: Who logs in; the default login identity if not given.

        Returns:
            Where the browser is sent; ``.code`` is what a user would copy.

        Raises:
            LoginPageError: The client or its redirect URI is unknown: the page shows an error and leads nowhere.
        """
        parts = urlsplit(url)
        request = read_request(self, parse_qsl(parts.query, keep_blank_values=True), f"{parts.scheme}://{parts.netloc}")
        return request if isinstance(request, Redirect) else sign_in(self, request, self.browser, identity)
