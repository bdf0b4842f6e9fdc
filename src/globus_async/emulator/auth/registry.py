"""The registered clients, scopes, projects and policies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..kit.ids import named_id
from .catalog import CLI_TEMPLATES, DESCRIPTIONS, SCOPE_URL_PREFIX, SERVICES
from .errors import ApiError
from .models import ClientApp, Dependency, Policy, Project, ScopeDefinition
from .scope_strings import RequestedScope, ScopeSyntaxError, parse_scopes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..kit.service import Service

__all__ = ("Registry",)

_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_COLLECTION_SCOPE: Final = re.compile(
    rf"{re.escape(SCOPE_URL_PREFIX)}(?P<owner>{_UUID})/(?P<name>[\w.-]+)"
    rf"|urn:globus:auth:scope:(?P<endpoint>{_UUID}):(?P<right>[\w.-]+)"
)


class Registry:
    """
    The registered clients, scopes, projects and policies, each by id.

    The clients and scopes of the Globus services are registered from the start. Those of collections and endpoints are
    registered when a scope of theirs is first used, since the emulator cannot know which collections exist.
    """

    def __init__(self) -> None:
        self.clients: dict[str, ClientApp] = {}
        self.scopes: dict[str, ScopeDefinition] = {}
        self.projects: dict[str, Project] = {}
        self.policies: dict[str, Policy] = {}
        self._by_string: dict[str, ScopeDefinition] = {}
        for service in SERVICES:
            client = ClientApp(service.id, service.name, "resource_server", service.resource_server)
            client.visibility = "public"
            self.add_client(client)
            for scope_string in service.scopes:
                self._define(scope_string, service.id, advertised=True)
        for service in SERVICES:
            for scope_string, dependencies in service.scopes.items():
                self._by_string[scope_string].dependencies = [
                    Dependency(self._by_string[each].id) for each in dependencies
                ]
        for client_id, name in CLI_TEMPLATES.items():
            self.add_client(ClientApp(client_id, name, "public_installed_client", client_id, is_native=True))

    def add_client(self, client: ClientApp) -> ClientApp:
        """
        Register a client.

        Raises:
            ValueError: There is a client with this id.
        """
        known = self.clients.get(client.id)
        if known is not None and not known.is_implicit:
            raise ValueError(f"there is already a client with the id {client.id}")
        self.clients[client.id] = client
        return client

    def add_service(self, service: Service[Any]) -> None:
        """Register a service as a resource server, named by its first host, with those of its scopes that are new."""
        new = [
            scope for scope in dict.fromkeys((*service.scopes, *service.default_scopes)) if self.scope(scope) is None
        ]
        if not new:
            return
        resource_server = service.hosts[0] if service.hosts else service.name
        owner = next((each for each in self.clients.values() if each.resource_server == resource_server), None)
        if owner is None:
            client_id = named_id("service", resource_server)
            owner = self.add_client(ClientApp(client_id, service.title, "resource_server", resource_server))
            owner.visibility = "public"
        for scope in new:
            self._define(scope, owner.id, advertised=True)

    def add_scope(self, scope: ScopeDefinition) -> ScopeDefinition:
        """
        Register a scope.

        Raises:
            ValueError: There is a scope with this scope string.
        """
        if scope.scope_string in self._by_string:
            raise ValueError(f"there is already a scope {scope.scope_string}")
        self.scopes[scope.id] = scope
        self._by_string[scope.scope_string] = scope
        return scope

    def rename_scope(self, scope: ScopeDefinition, scope_string: str) -> None:
        """Change the scope string of a scope."""
        del self._by_string[scope.scope_string]
        scope.scope_string = scope_string
        self._by_string[scope_string] = scope

    def remove_scope(self, scope: ScopeDefinition) -> None:
        """Remove a scope."""
        del self.scopes[scope.id]
        del self._by_string[scope.scope_string]

    def remove_client(self, client: ClientApp) -> None:
        """Remove a client and its scopes."""
        for scope in self.scopes_of([client.id]):
            self.remove_scope(scope)
        del self.clients[client.id]

    def known_scope(self, scope_string: str) -> ScopeDefinition | None:
        """Return a registered scope; `None` if there is none, also for one that would be registered on first use."""
        return self._by_string.get(scope_string)

    def scope(self, scope_string: str) -> ScopeDefinition | None:
        """
        Return a scope by its scope string; `None` if there is none.

        A scope of a collection or endpoint is registered on first use, together with its client.
        """
        known = self.known_scope(scope_string)
        if known is not None:
            return known
        match = _COLLECTION_SCOPE.fullmatch(scope_string)
        if match is None:
            return None
        owner = match["owner"] or match["endpoint"]
        client = self.client_of(owner)
        return self._define(scope_string, owner) if client.is_implicit else None

    def client_of(self, client_id: str) -> ClientApp:
        """Return the client of a collection or endpoint, which is registered on first use."""
        client = self.clients.get(client_id)
        if client is None:
            client = ClientApp(client_id, client_id, "globus_connect_server", client_id, is_implicit=True)
            self.clients[client_id] = client
        return client

    def _define(self, scope_string: str, client_id: str, *, advertised: bool = False) -> ScopeDefinition:
        name = re.split(r"[/:]", scope_string)[-1].replace("_", " ")
        description = DESCRIPTIONS.get(scope_string, f"use {self.clients[client_id].name}: {name}")
        scope_id = named_id("scope", scope_string)
        return self.add_scope(
            ScopeDefinition(scope_id, scope_string, name.capitalize(), description, client_id, advertised)
        )

    def scopes_of(self, client_ids: Iterable[str]) -> list[ScopeDefinition]:
        """Return the scopes of some clients."""
        owners = frozenset(client_ids)
        return [scope for scope in self.scopes.values() if scope.client_id in owners]

    def requested(self, text: str) -> list[RequestedScope]:
        """
        Parse a ``scope`` parameter.

        Raises:
            ApiError: 400, the parameter is malformed or names an unknown scope.
        """
        try:
            requested = parse_scopes(text)
        except ScopeSyntaxError as error:
            raise ApiError(400, "INVALID_SCOPE", "Invalid scope", f"Malformed scope: {error}") from None
        names = {each.scope for root in requested for each in root.walk()}
        unknown = sorted(name for name in names if self.scope(name) is None)
        if unknown:
            raise ApiError(400, "UNKNOWN_SCOPE_ERROR", "Unknown scope", f"Unknown scopes: {', '.join(unknown)}")
        return requested

    def definition(self, scope_string: str) -> ScopeDefinition:
        """
        Return a scope of a list that `requested` has returned.

        Raises:
            KeyError: There is no such scope.
        """
        scope = self.scope(scope_string)
        if scope is None:
            raise KeyError(scope_string)
        return scope

    def resource_server(self, scope: ScopeDefinition) -> str:
        """Return the resource server of a scope."""
        return self.clients[scope.client_id].resource_server
