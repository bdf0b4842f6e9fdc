"""An application's share in Globus: one transport, its own client of Globus Auth, and clients for its users."""

# no `from __future__ import annotations`: FastAPI reads the annotations of dependencies at run time

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import Depends

from .._http.missing import MISSING, MissingType
from ..authorizers import ClientCredentialsAuthorizer, GlobusAuthorizer
from ..client import BaseClient
from ..config import checked_base_url, get_service_url
from ..errors import ClientClosedError, GlobusSDKUsageError
from ..scopes import Scope, ScopeParser
from ..secret import Secret
from ..services.auth.confidential import ConfidentialAppAuthClient
from ..services.auth.responses import IntrospectionResponse
from ..transport import RateLimit, Transport
from .bearer import BearerToken
from .dependent import AuthorizerCache, DependentTokenAuthorizer
from .introspection import Introspections
from .principal import Principal

__all__ = ("GlobusBackend", "Scopes")

Scopes = str | Scope | Iterable[str | Scope]
"""Scopes: one, a scope string, or any number of either."""

C = TypeVar("C", bound=BaseClient)
_DETAILS: Final = ("identity_set", "identity_set_detail")


class _Running:
    """What lives as long as the application runs."""

    def __init__(self, transport: Transport, auth_client: ConfidentialAppAuthClient, max_age: float) -> None:
        self.transport = transport
        self.auth_client = auth_client
        self.introspections = Introspections(self._introspect, transport.clock, max_age=max_age)
        self.authorizers = AuthorizerCache()

    async def _introspect(self, token: Secret) -> IntrospectionResponse:
        return await self.auth_client.oauth2_token_introspect(token, include=_DETAILS)


class GlobusBackend:
    """
    A FastAPI application that is registered with Globus. Give the application its `lifespan`.

    Args:
        client_id: The registered client's UUID.
        client_secret: Its secret. Read it from a file or the environment, never from the source.
        scopes: The scopes of this application's own API, each with a description, for tokens that come with requests.
        environment: Which Globus to talk to; the default is ``GLOBUS_SDK_ENVIRONMENT`` or ``production``.
        service_urls: Addresses of services, by name (``"auth"``, ``"transfer"``), instead of the environment's.
        app_name: Told to the services in the ``User-Agent``.
        max_age: Seconds for which the introspection of a token is used; never beyond the token's end. A token that is
            revoked is refused that much later at most.
        rate_limit: How fast each user may be served; the default is each service's own, ``None`` for no limit.
        transport: Makes the transport, when the application starts.

    Example:
        >>> globus = GlobusBackend(client_id, client_secret, scopes={API_SCOPE: "Use the catalog"})
        >>> app = FastAPI(lifespan=globus.lifespan)
        >>> add_error_handlers(app)
    """

    def __init__(
        self,
        client_id: UUID | str,
        client_secret: str | Secret,
        *,
        scopes: Mapping[str, str] | None = None,
        environment: str | None = None,
        service_urls: Mapping[str, str] | None = None,
        app_name: str | None = None,
        max_age: float = 60.0,
        rate_limit: RateLimit | MissingType | None = MISSING,
        transport: Callable[[], Transport] = Transport,
    ) -> None:
        client_secret = Secret.of(client_secret)
        if not client_id or not client_secret:
            raise GlobusSDKUsageError("a backend needs its client_id and client_secret")
        self.client_id = str(client_id)
        self.scopes = dict(scopes or {})
        self.environment = environment
        self.app_name = app_name
        self.max_age = max_age
        self.rate_limit = rate_limit
        self._client_secret = client_secret
        self._urls = {
            name: checked_base_url(url, source=f"service_urls[{name!r}]") for name, url in (service_urls or {}).items()
        }
        self._found_urls: dict[str, str] = {}
        self._make_transport = transport
        self._now: _Running | None = None
        self.principal = BearerToken(self)

    def __repr__(self) -> str:
        return f"<GlobusBackend of client {self.client_id}, {'running' if self._now else 'not running'}>"

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncGenerator[None]:  # noqa: ARG002 -- FastAPI hands it over
        """
        Open the transport when the application starts, and close it when it ends.

        Example:
            >>> @asynccontextmanager
            ... async def lifespan(app):
            ...     async with globus.lifespan(app):
            ...         yield
        """
        if self._now is not None:
            raise GlobusSDKUsageError("this backend is running already; make one for each application")
        async with self._make_transport() as transport:
            auth_client = ConfidentialAppAuthClient(
                self.client_id,
                self._client_secret,
                environment=self.environment,
                base_url=self._urls.get("auth"),
                app_name=self.app_name,
                transport=transport,
            )
            running = self._now = _Running(transport, auth_client, self.max_age)
            try:
                yield
            finally:
                try:
                    await transport.aclose()  # what must be carried through, a logout for one, still needs the rest
                    await running.introspections.aclose()
                finally:
                    self._now = None

    @property
    def _running(self) -> _Running:
        if self._now is None:
            # no fault of the request: it may come while the application ends
            raise ClientClosedError("this backend is not running; make the application with lifespan=backend.lifespan")
        return self._now

    @property
    def transport(self) -> Transport:
        """The one transport of the application."""
        return self._running.transport

    @property
    def auth_client(self) -> ConfidentialAppAuthClient:
        """The application's own client of Globus Auth."""
        return self._running.auth_client

    @property
    def authorizers(self) -> AuthorizerCache:
        """The authorizers in use."""
        return self._running.authorizers

    @property
    def auth_url(self) -> str:
        """The address of Globus Auth, with a trailing slash."""
        return self._urls.get("auth") or self._found_url("auth")

    def _found_url(self, service: str) -> str:
        """Find a service by environment, variables and files: once, not for every request."""
        url = self._found_urls.get(service)
        if url is None:
            url = self._found_urls[service] = get_service_url(service, self.environment)
        return url

    async def introspect(self, token: Secret) -> Principal | None:
        """Return who a token belongs to, from the cache if it is known; ``None`` if it is not active."""
        return await self._running.introspections.of(token)

    def make_client(self, kind: type[C], authorizer: GlobusAuthorizer | None) -> C:
        """Make a client that shares the application's transport. It needs no closing, and costs nothing to make."""
        return kind(
            environment=self.environment,
            base_url=self._urls.get(kind.service_name) or kind.default_base_url or self._found_url(kind.service_name),
            authorizer=authorizer,
            app_name=self.app_name,
            transport=self.transport,
            rate_limit=self.rate_limit,
        )

    def dependent_authorizer(self, principal: Principal, scopes: Scopes) -> DependentTokenAuthorizer:
        """
        Return the authorizer that calls another service for a user; the same one as long as the user is the same.

        Args:
            principal: The user.
            scopes: What the calls need, all of one resource server.
        """
        wanted = ScopeParser.serialize(scopes)
        # user, client and scopes are part of the key whatever the service says about its cache id: nothing crosses over
        same = principal.dependent_tokens_cache_id or principal.token
        key = ("dependent", principal.id, principal.client_id, principal.scopes, same, wanted)
        found = self.authorizers.find(key)
        if isinstance(found, DependentTokenAuthorizer):
            found.follow(principal)
            return found
        return self.authorizers.keep(key, DependentTokenAuthorizer(self.auth_client, principal, wanted))

    def client_for(self, kind: type[C], principal: Principal, scopes: Scopes) -> C:
        """
        Return a client that acts for the user of a request.

        Args:
            kind: Which one, such as `TransferClient`.
            principal: The user.
            scopes: What the calls need, all of one resource server. They must be dependencies of the application's
                scope, and the user must have consented to them; if not, the call raises, and the error's response has
                the document that says which login is needed.

        Example:
            >>> tc = globus.client_for(TransferClient, user, TransferScopes.all)
        """
        return self.make_client(kind, self.dependent_authorizer(principal, scopes))

    def client(self, kind: type[C], scopes: Scopes) -> Callable[..., Any]:
        """
        Return a dependency that gives a route a client acting for the user of the request; see `client_for`.

        Example:
            >>> UserTransfer = Annotated[
            ...     TransferClient, Security(globus.client(TransferClient, TransferScopes.all), scopes=[API_SCOPE])
            ... ]
        """
        wanted = ScopeParser.serialize(scopes)

        async def dependency(principal: Annotated[Principal, Depends(self.principal)]) -> C:
            return self.client_for(kind, principal, wanted)

        return dependency

    def own_client(self, kind: type[C], scopes: Scopes) -> C:
        """Return a client that acts as the application itself, with its client credentials."""
        wanted = ScopeParser.serialize(scopes)
        found = self.authorizers.find(("own", wanted))
        if found is None:
            found = self.authorizers.keep(("own", wanted), ClientCredentialsAuthorizer(self.auth_client, wanted))
        return self.make_client(kind, found)
