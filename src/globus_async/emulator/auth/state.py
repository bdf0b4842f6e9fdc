"""The state of the emulated Globus Auth, and its setup by tests."""

from __future__ import annotations

import base64
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import parse_qsl, urlsplit

from ..kit.authentication import Authentication, Session
from ..kit.directory import CLIENT_DOMAIN, Identity
from ..kit.ids import named_id, new_id, own_ids, random_text
from ..kit.secret import Secret
from .authority import DIRECT_CLIENT, Authority
from .authorization_request import Redirect, read_request
from .catalog import SCOPE_URL_PREFIX
from .consents import Consents
from .errors import ApiError
from .login import Browser, log_in_and_consent
from .models import ClientApp, Consent, Credential, Dependency, ScopeDefinition
from .registry import Registry
from .signing_keys import SigningKeys
from .tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..kit.clock import Clock
    from ..kit.directory import Directory
    from ..kit.service import Platform, Service

__all__ = ("AuthState",)

_ISSUER: Final = "https://auth.globus.org"


class AuthState:
    """
    The state of an emulated Globus Auth.

    Args:
        platform: Clock, directory and address of the emulator.
        rotate_refresh_tokens: Replace a refresh token each time it is used. The real service does not.
        revoke_family_on_replay: Revoke all tokens of a login when a replaced refresh token is used again.
        rotation_grace: Seconds during which a replaced refresh token may be used again, with the same successor.
        access_token_lifetime: Seconds until an access token expires; two days, as in the real service.
        refresh_token_idle_lifetime: Seconds until an unused refresh token expires; half a year.
        code_lifetime: Seconds until an authorization code expires.
        auto_consent: Log in and consent without showing a page.
        key_ids: Publish a ``kid`` with each signing key. The real service does not.
        identity_set_with_openid: Include ``identity_set`` in id_tokens and ``userinfo`` for the scope ``openid`` alone,
            as one description of the service has it; by default it requires ``view_identity_set``.
        id_token_clock: The time of id_tokens; by default that of the emulator. Programs in other processes, which check
            id_tokens by their own clock, refuse those of a clock that is advanced.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        rotate_refresh_tokens: bool = False,
        revoke_family_on_replay: bool = True,
        rotation_grace: float = 0,
        access_token_lifetime: float = 172_800,
        refresh_token_idle_lifetime: float = 15_552_000,
        code_lifetime: float = 600,
        auto_consent: bool = True,
        key_ids: bool = False,
        identity_set_with_openid: bool = False,
        id_token_clock: Clock | None = None,
    ) -> None:
        self.platform = platform
        self.id_token_clock: Clock = id_token_clock or platform.clock
        self.directory: Directory = platform.directory
        self.auto_consent = auto_consent
        self.code_lifetime = code_lifetime
        self.identity_set_with_openid = identity_set_with_openid
        self.registry: Registry = Registry()
        self.consents: Consents = Consents(self.registry, self.now, on_rescinded=platform.authorization_changed)
        self.keys: SigningKeys = SigningKeys(platform.ids, key_ids=key_ids)
        self.tokens: Tokens = Tokens(
            self.registry,
            self.now,
            on_issued=platform.authorization_changed,
            rotate=rotate_refresh_tokens,
            revoke_family_on_replay=revoke_family_on_replay,
            grace=rotation_grace,
            lifetime=access_token_lifetime,
            idle_lifetime=refresh_token_idle_lifetime,
        )
        self.authority: Authority = Authority(self.directory, self.registry, self.consents, self.tokens, self.now)
        self.login_identity: Identity | None = None
        """The identity that logs in by default: the first one that was added."""
        self.browser: Browser = Browser()
        """The browser of `authorize`, and of all logins without a page."""
        self.browsers: dict[Secret, Browser] = {}
        """The browsers that have seen a login page, by their cookie."""
        self.token_requests: Counter[str] = Counter()
        """Requests to the token endpoint by grant type, including refused ones."""
        self.introspections = 0
        """Requests to the introspection endpoint."""
        self.key_requests = 0
        """Requests for the key set."""
        self._direct = self.add_client("Direct tokens", id=DIRECT_CLIENT)
        self.built_in: frozenset[str] = frozenset(self.registry.clients)
        """The ids of the clients that are there from the start."""

    @property
    def issuer(self) -> str:
        """The URL of the service, without a trailing slash."""
        return (self.platform.url or _ISSUER).rstrip("/")

    @property
    def origins(self) -> frozenset[str]:
        """The addresses of the service, without a trailing slash: in production, and those of this emulator."""
        return frozenset({_ISSUER, self.issuer, *self.platform.aliases})

    @property
    def replays(self) -> int:
        """How often a replaced refresh token was used again."""
        return self.tokens.replays

    def now(self) -> float:
        """Return POSIX seconds."""
        return self.platform.clock.wall()

    # identities, clients and scopes

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
        Add an identity; the first one logs in by default.

        Args:
            username: ``name@domain``; the domain determines the identity provider.
            name: The full name; by default made from the part before the ``@``.
            email: The e-mail address; the username by default.
            organization: The organization; the domain by default.
            id: The UUID; derived from the username by default, so that it is the same in every run.
            status: ``unused`` for an identity that has never logged in.

        Raises:
            ValueError: The username is invalid, or there is such an identity already.
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
        """Link identities, the first one as the primary identity."""
        self.directory.link(identities)

    @own_ids
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
        Register a client.

        Args:
            name: The name on the consent page.
            id: The UUID; a random one by default.
            secret: The client secret of a confidential client, which has an identity of its own; without one it is a
                native client.
            redirect_uris: Its redirect URIs. A native client without any may use the page that shows the code, and
                every port of the loopback address.
            client_type: A client type of the service; by default a native or a hybrid confidential client.
            fqdns: Domain names that the client can be looked up by.
            required_idp: The UUID of the identity provider of which its users must have an identity.
            project_id: The UUID of its project.
            visibility: Whether everybody may look it up.

        Raises:
            ValueError: There is a client with this id.
        """
        native = secret is None
        client_id = new_id() if id is None else id
        default_type = "public_installed_client" if native else "hybrid_confidential_client_resource_server"
        client = ClientApp(
            client_id,
            name,
            client_type or default_type,
            client_id,
            project_id,
            visibility=visibility,
            redirect_uris=list(redirect_uris),
            fqdns=list(fqdns),
            required_idp=required_idp,
            is_native=native,
        )
        self.register_client(client)
        if secret is not None:
            self.add_credential(client, "Created at registration", secret)
        return client

    def add_service(self, service: Service[Any]) -> None:
        """Register the scopes of a service, and the service as their resource server."""
        self.registry.add_service(service)
        self.built_in = frozenset(self.registry.clients)

    def register_client(self, client: ClientApp) -> None:
        """
        Register a client, and the identity of a confidential one.

        Raises:
            ValueError: There is a client with this id.
        """
        self.registry.add_client(client)
        if not client.is_public and client.id not in self.directory.identities:
            self.directory.add(f"{client.id}@{CLIENT_DOMAIN}", name=client.name, id=client.id)

    @own_ids
    def add_credential(self, client: ClientApp, name: str, secret: str | None = None) -> Credential:
        """
        Add a client secret.

        Args:
            client: The client.
            name: The name of the credential.
            secret: The secret; a random one by default.
        """
        text = base64.b64encode(random_text(32).encode()).decode() if secret is None else secret
        credential = Credential(new_id(), name, client.id, Secret(text), self.now())
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
            suffix: The last part of the scope string.
            name: The name on the consent page.
            description: The description on the consent page.
            dependencies: Scope strings of the required dependencies.
            optional_dependencies: Scope strings of the optional dependencies.
            allows_refresh_token: Whether refresh tokens may be issued for it.
            advertised: Whether everybody may look it up.

        Raises:
            ValueError: There is a scope with this scope string.
        """
        scope_string = f"{SCOPE_URL_PREFIX}{client.id}/{suffix}"
        required = [Dependency(self.registry.definition(each).id) for each in dependencies]
        optional = [Dependency(self.registry.definition(each).id, optional=True) for each in optional_dependencies]
        return self.registry.add_scope(
            ScopeDefinition(
                named_id("scope", scope_string),
                scope_string,
                name or suffix,
                description or name or suffix,
                client.id,
                advertised,
                allows_refresh_token,
                dependencies=[*required, *optional],
            )
        )

    # tokens

    @own_ids
    def access_token(
        self,
        identity: Identity | ClientApp,
        *,
        scopes: Iterable[str],
        client: ClientApp | None = None,
        lifetime: float = 172_800,
    ) -> str:
        """
        Issue an access token without a login.

        Args:
            identity: The owner; a client for its own identity.
            scopes: The scopes; ``A[B]`` with dependencies.
            client: The client it is issued to.
            lifetime: Seconds until it expires.

        Raises:
            ValueError: No scope is given, or one is malformed or not registered.
        """
        consents, session, owner = self._approve(identity, scopes, client, offline=False)
        token = self.tokens.create_access_token(
            identity.id,
            owner.id,
            self.registry.resource_server(consents[0].scope),
            consents,
            session,
            family=new_id(),
            expires_at=self.now() + lifetime,
        )
        return token.secret.reveal()

    @own_ids
    def refresh_token(self, identity: Identity | ClientApp, *, scopes: Iterable[str], client: ClientApp) -> str:
        """
        Issue a refresh token without a login.

        Args:
            identity: The owner; a client for its own identity.
            scopes: The scopes, all of one resource server.
            client: The client it is issued to.

        Raises:
            ValueError: No scope is given, or one is malformed or not registered.
        """
        consents, session, owner = self._approve(identity, scopes, client, offline=True)
        server = self.registry.resource_server(consents[0].scope)
        token = self.tokens.create_refresh_token(identity.id, owner.id, server, consents, session, family=new_id())
        return token.secret.reveal()

    def _approve(
        self, identity: Identity | ClientApp, scopes: Iterable[str], client: ClientApp | None, *, offline: bool
    ) -> tuple[tuple[Consent, ...], Session, ClientApp]:
        owner = client or (identity if isinstance(identity, ClientApp) else self._direct)
        text = scopes if isinstance(scopes, str) else " ".join(scopes)
        try:
            requested = self.registry.requested(text)
        except ApiError as error:
            hint = "declare the scopes of your own service in Service.scopes, or register them with AuthState.add_scope"
            raise ValueError(f"{error}: {hint}") from None
        if not requested:
            raise ValueError("a token needs at least one scope")
        consents = self.consents.approve(identity.id, owner, requested, offline=offline, auto=False)
        session = Session(new_id())
        if isinstance(identity, Identity):
            session.authentications[identity.id] = Authentication(self.now(), identity.identity_provider.id)
        return consents, session, owner

    def revoke(self, token: str) -> None:
        """Revoke a token; with a refresh token, all access tokens issued for it."""
        self.tokens.revoke(token)

    def expire(self, token: str) -> None:
        """Let a token expire now."""
        found = self.tokens.find(token)
        if found is not None:
            found.expires_at = self.now()

    def rotate_keys(self, *, keep: int = 1) -> None:
        """
        Sign id_tokens with a new key from now on.

        Args:
            keep: How many of the previous keys stay published.
        """
        self.keys.rotate(keep=keep)

    # login

    @own_ids
    def authorize(self, url: str, identity: Identity | None = None) -> Redirect:
        """
        Open an authorize URL, log in and consent to everything, without a browser.

        Args:
            url: The URL that ``oauth2_get_authorize_url`` returned.
            identity: The identity that logs in; `login_identity` by default.

        Returns:
            The redirect to the client; its ``code`` is what a user would copy.

        Raises:
            LoginPageError: The client is unknown or its redirect URI invalid: a browser would show an error page.
        """
        parts = urlsplit(url)
        query, origin = parse_qsl(parts.query, keep_blank_values=True), f"{parts.scheme}://{parts.netloc}"
        request = read_request(self.registry, query, origins={origin, *self.origins})
        return request if isinstance(request, Redirect) else log_in_and_consent(self, request, self.browser, identity)
