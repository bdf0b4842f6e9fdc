"""`GlobusBackend`: the transport of an application, its client of Globus Auth, and clients for its users."""

# no `from __future__ import annotations`: FastAPI reads the annotations of dependencies at run time

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import Depends

from .._http.headers import default_headers
from .._http.missing import MISSING, MissingType
from .._http.path import uuid_text
from ..authorizers import ClientCredentialsAuthorizer, GlobusAuthorizer
from ..client import BaseClient
from ..config import checked_base_url, get_service_url
from ..errors import ClientClosedError, GlobusSDKUsageError
from ..errors.arguments import check_callable, check_members, check_number, check_text, check_type
from ..scopes import GroupsScopes, Scope, ScopeParser, Scopes
from ..secret import Secret
from ..services.auth.confidential import ConfidentialAppAuthClient
from ..services.auth.responses import IntrospectionResponse
from ..services.groups import GroupsClient
from ..session_store import SessionStore
from ..transport import RateLimit, RateLimitStore, Transport
from .bearer import BearerToken
from .dependent import AuthorizerCache, DependentTokenAuthorizer
from .guarded_store import SESSION_STORE_MEMBERS, GuardedStore
from .introspection import IntrospectionCache
from .memberships import MembershipCache, Role, check_role, require_membership
from .principal import Principal
from .process_mark import ProcessMark
from .revocations import Revocations
from .shared_introspections import SharedIntrospections

__all__ = ("GlobusBackend", "RunningState", "running_state")


C = TypeVar("C", bound=BaseClient)
_DETAILS: Final = ("identity_set", "identity_set_detail")


class RunningState:
    """The objects that exist while an application runs."""

    def __init__(
        self,
        transport: Transport,
        auth_client: ConfidentialAppAuthClient,
        *,
        max_age: float,
        membership_max_age: float,
        timeout: float,
        introspection_store: SessionStore | None,
    ) -> None:
        self.transport = transport
        self.auth_client = auth_client
        self._stores: dict[tuple[int, str], GuardedStore] = {}
        shared: SharedIntrospections | None = None
        if introspection_store is not None:
            guarded = self.guarded(introspection_store, name="the introspection store", timeout=1.0)
            shared = SharedIntrospections(guarded, transport.clock, max_age=max_age)
        self.introspections: IntrospectionCache = IntrospectionCache(
            self._introspect, transport.clock, max_age=max_age, timeout=timeout, shared=shared
        )
        self.memberships: MembershipCache = MembershipCache(
            transport.clock, max_age=membership_max_age, timeout=timeout
        )
        self.authorizers: AuthorizerCache = AuthorizerCache()
        self.revocations: Revocations = Revocations(auth_client, transport.clock)
        self.mark: ProcessMark = ProcessMark(transport.clock.wall())

    def guarded(self, store: SessionStore, *, name: str = "the session store", timeout: float = 5.0) -> GuardedStore:
        """Return a store with calls that end in time; the same for all users of the store."""
        key = (id(store), name)
        guarded = self._stores.get(key)
        if guarded is None:
            guarded = self._stores[key] = GuardedStore(
                store, self.transport.clock, name=name, task_owner=self.transport, timeout=timeout
            )
        return guarded

    async def _introspect(self, token: Secret) -> IntrospectionResponse:
        return await self.auth_client.oauth2_token_introspect(token, include=_DETAILS)


class GlobusBackend:
    """
    The Globus side of a FastAPI application. Pass its `lifespan` to the application.

    Args:
        client_id: The registered client's UUID.
        client_secret: The client's secret. Read it from a file or the environment; do not put it into the source code.
        scopes: The scopes of the application's own API with their descriptions, for the bearer tokens of requests.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        service_urls: URLs of services by name (``"auth"``, ``"transfer"``), instead of the environment's.
        app_name: The application's name, for the ``User-Agent`` header.
        max_age: Seconds for which the introspection of a token is cached, at most until the token expires. A revoked
            token is refused after that time at the latest.
        membership_max_age: Seconds for which `member_of` uses the groups of a token's owner again. A membership that
            has ended counts for that time at most, and a new one may not count.
        introspection_timeout: Seconds to wait for an introspection, or for the groups of a user. The response is 503
            after that time.
        introspection_store: A store for the introspections of active tokens, which all processes share, such as
            `RedisSessionStore`; without it, each process introspects a token by itself. It has no tokens, but the
            names of users.
        rate_limit: The maximum rate of calls per user and service; ``None`` for no limit. By default the limit of the
            service.
        rate_limit_store: A store for the rate limits, which then hold for all processes together, such as
            `RedisRateLimits`.
        transport: A function that creates the transport when the application starts.

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
        membership_max_age: float = 30.0,
        introspection_timeout: float = 5.0,
        introspection_store: SessionStore | None = None,
        rate_limit: RateLimit | MissingType | None = MISSING,
        rate_limit_store: RateLimitStore | None = None,
        transport: Callable[[], Transport] = Transport,
    ) -> None:
        client_secret = Secret.of(client_secret)
        client_secret.check("client_secret")
        check_type("client_id", client_id, UUID | str, "the UUID of the registered client")
        check_type("scopes", scopes, Mapping | None, "a mapping of scopes to descriptions")
        for scope, description in (scopes or {}).items():
            check_text("each of scopes", scope)
            check_text(f"scopes[{scope!r}]", description)
        check_text("environment", environment, optional=True)
        check_type("service_urls", service_urls, Mapping | None, "a mapping of services to URLs")
        default_headers(app_name)  # refuses what cannot be sent
        check_number("max_age", max_age)
        check_number("membership_max_age", membership_max_age)
        check_number("introspection_timeout", introspection_timeout, positive=True)
        check_type("rate_limit", rate_limit, RateLimit | MissingType | None, "a RateLimit, or None for no limit")
        if introspection_store is not None:
            check_members("introspection_store", introspection_store, SESSION_STORE_MEMBERS, "a SessionStore")
        if rate_limit_store is not None:
            check_members("rate_limit_store", rate_limit_store, ("reserve",), "a RateLimitStore")
            if isinstance(rate_limit, RateLimit) and rate_limit.store is not None:
                raise GlobusSDKUsageError("pass the store of rate limits once: in rate_limit, or as rate_limit_store")
        check_callable("transport", transport, optional=False)
        if not client_id or not client_secret:
            raise GlobusSDKUsageError("GlobusBackend requires client_id and client_secret")
        self.client_id: str = str(client_id)
        self.scopes: dict[str, str] = dict(scopes or {})
        self.environment = environment
        self.app_name = app_name
        self.max_age = max_age
        self.membership_max_age = membership_max_age
        self.introspection_timeout = introspection_timeout
        self.rate_limit = rate_limit
        self._introspection_store = introspection_store
        self._rate_limit_store = rate_limit_store
        self._client_secret = client_secret
        self._urls = {
            name: checked_base_url(url, source=f"service_urls[{name!r}]") for name, url in (service_urls or {}).items()
        }
        self._default_urls: dict[tuple[str, str | None], str] = {}
        self._make_transport = transport
        self._state: RunningState | None = None
        self.principal: BearerToken = BearerToken(self)

    def __repr__(self) -> str:
        return f"<GlobusBackend of client {self.client_id}, {'running' if self._state else 'not running'}>"

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncGenerator[None]:  # noqa: ARG002 -- FastAPI passes it
        """
        Open the transport when the application starts, and close it when it shuts down.

        Example:
            >>> @asynccontextmanager
            ... async def lifespan(app):
            ...     async with globus.lifespan(app):
            ...         yield
        """
        if self._state is not None:
            raise GlobusSDKUsageError("this backend is already running; create one per application")
        async with self._make_transport() as transport:
            auth_client = ConfidentialAppAuthClient(
                self.client_id,
                self._client_secret,
                environment=self.environment,
                base_url=self._urls.get("auth"),
                app_name=self.app_name,
                transport=transport,
            )
            running = self._state = RunningState(
                transport,
                auth_client,
                max_age=self.max_age,
                membership_max_age=self.membership_max_age,
                timeout=self.introspection_timeout,
                introspection_store=self._introspection_store,
            )
            try:
                yield
            finally:
                try:
                    await running.revocations.aclose()
                    await transport.aclose()
                    await running.revocations.aclose()  # of refreshes that have ended since
                    await running.introspections.aclose()
                    await running.memberships.aclose()
                finally:
                    self._state = None

    @property
    def _running(self) -> RunningState:
        if self._state is None:
            # not a usage error: a request may arrive during shutdown
            raise ClientClosedError(
                "this backend is not running; create the application with lifespan=backend.lifespan"
            )
        return self._state

    @property
    def transport(self) -> Transport:
        """The transport of the application."""
        return self._running.transport

    @property
    def auth_client(self) -> ConfidentialAppAuthClient:
        """The application's own client of Globus Auth."""
        return self._running.auth_client

    @property
    def authorizers(self) -> AuthorizerCache:
        """The cache of authorizers."""
        return self._running.authorizers

    @property
    def auth_url(self) -> str:
        """The URL of Globus Auth, with a trailing slash."""
        return self._urls.get("auth") or self._default_url("auth")

    def _default_url(self, service: str, default: str | None = None) -> str:
        """Return the URL from environment, variables and configuration files, which are read once."""
        url = self._default_urls.get((service, default))
        if url is None:
            url = get_service_url(service, self.environment, default=default)
            self._default_urls[service, default] = url
        return url

    async def introspect(self, token: Secret) -> Principal | None:
        """Return the principal of a token, from the cache if possible; ``None`` if the token is not active."""
        return await self._running.introspections.principal_of(token)

    def make_client(self, kind: type[C], authorizer: GlobusAuthorizer | None, *, identity: UUID | str = "") -> C:
        """
        Create a client that shares the application's transport; it need not be closed.

        Args:
            kind: The client class, such as `TransferClient`.
            authorizer: Its authorizer.
            identity: The user for whom it acts, whose calls are counted together if there is a ``rate_limit_store``. By
                default the application itself.
        """
        return kind(
            environment=self.environment,
            base_url=self._urls.get(kind.service_name) or self._default_url(kind.service_name, kind.default_base_url),
            authorizer=authorizer,
            app_name=self.app_name,
            transport=self.transport,
            rate_limit=self._rate_limit_of(kind, identity),
        )

    def _rate_limit_of(self, kind: type[BaseClient], identity: UUID | str) -> RateLimit | MissingType | None:
        limit = self.rate_limit
        if self._rate_limit_store is None:
            return limit
        if isinstance(limit, MissingType):
            limit = kind.default_rate_limit if self.transport.default_rate_limits else None
        whose = f"{identity or self.client_id}/{self.client_id}"
        return None if limit is None else replace(limit, store=self._rate_limit_store, identity=whose)

    def dependent_authorizer(self, principal: Principal, scopes: Scopes) -> DependentTokenAuthorizer:
        """
        Return the authorizer for calls to another service on behalf of a user; one per user and scopes.

        Args:
            principal: The user.
            scopes: The required scopes, all of one resource server.
        """
        return self._dependent_authorizer(principal, ScopeParser.serialize(scopes))

    def _dependent_authorizer(self, principal: Principal, scope_string: str) -> DependentTokenAuthorizer:
        # user, client and scopes are part of the key, so that a wrong cache id cannot mix the tokens of two users
        cache_id = principal.dependent_tokens_cache_id or principal.token
        key = ("dependent", principal.id, principal.client_id, principal.scopes, cache_id, scope_string)
        authorizer = self.authorizers.get(key)
        if isinstance(authorizer, DependentTokenAuthorizer):
            authorizer.add_token(principal)
            return authorizer
        return self.authorizers.add(key, DependentTokenAuthorizer(self.auth_client, principal, scope_string))

    def client_for(self, kind: type[C], principal: Principal, scopes: Scopes) -> C:
        """
        Return a client that acts for the user of a request, with dependent tokens.

        Args:
            kind: The client class, such as `TransferClient`.
            principal: The user.
            scopes: The required scopes, all of one resource server. They must be dependencies of the application's
                scope, and the user must have consented to them; otherwise the call raises, and `error_response` of the
                error contains the document (GARE) with the required login.

        Example:
            >>> tc = globus.client_for(TransferClient, user, TransferScopes.all)
        """
        return self.make_client(kind, self.dependent_authorizer(principal, scopes), identity=principal.id)

    def client(self, kind: type[C], scopes: Scopes) -> Callable[..., Any]:
        """
        Return a dependency that provides a client for the user of the request; see `client_for`.

        Example:
            >>> UserTransfer = Annotated[
            ...     TransferClient, Security(globus.client(TransferClient, TransferScopes.all), scopes=[API_SCOPE])
            ... ]
        """
        scope_string = ScopeParser.serialize(scopes)

        async def dependency(principal: Annotated[Principal, Depends(self.principal)]) -> C:
            return self.make_client(kind, self._dependent_authorizer(principal, scope_string), identity=principal.id)

        return dependency

    def member_of(self, group_id: UUID | str, *, role: Role = "member") -> Callable[..., Awaitable[Principal]]:
        """
        Return a dependency that requires membership in a Globus group, and provides the `Principal` of the request.

        The response is 403 if none of the user's identities is a member, of the group or of a subgroup; and 503 with
        ``Retry-After`` if Globus Groups does not respond in time. The groups of a token's owner are fetched once for
        all groups, and used again for ``membership_max_age`` seconds, by default 30. The application's scope must have
        ``GroupsScopes.view_my_groups_and_memberships`` as a dependency.

        Args:
            group_id: The group. UUID.
            role: The role that the user must have, or a higher one: ``"member"``, ``"manager"`` or ``"admin"``.

        Raises:
            GlobusSDKUsageError: The id is no UUID, or there is no such role.

        Example:
            >>> @app.delete("/samples/{name}")
            ... async def delete_sample(
            ...     name: str,
            ...     user: Annotated[
            ...         Principal, Security(globus.member_of(CURATORS, role="manager"), scopes=[API_SCOPE])
            ...     ],
            ... ) -> None: ...
        """
        group, scope = uuid_text("group_id", group_id).lower(), GroupsScopes.view_my_groups_and_memberships
        check_role(role)

        async def dependency(principal: Annotated[Principal, Depends(self.principal)]) -> Principal:
            roles = self._memberships_of(principal, scope)
            await require_membership(group, role, principal.username, roles)
            return principal

        return dependency

    async def _memberships_of(self, principal: Principal, scope: Scope) -> Mapping[str, frozenset[str]]:
        cache = self._running.memberships
        return await cache.roles_of(principal.token, lambda: self.client_for(GroupsClient, principal, scope))

    def own_client(self, kind: type[C], scopes: Scopes) -> C:
        """Return a client that acts as the application itself, with its client credentials."""
        scope_string = ScopeParser.serialize(scopes)
        authorizer = self.authorizers.get(("own", scope_string))
        if authorizer is None:
            authorizer = self.authorizers.add(
                ("own", scope_string), ClientCredentialsAuthorizer(self.auth_client, scope_string)
            )
        return self.make_client(kind, authorizer)


def running_state(backend: GlobusBackend) -> RunningState:
    """
    Return what exists while an application runs, for the other modules of this package.

    Raises:
        ClientClosedError: The application does not run.
    """
    return backend._running  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
