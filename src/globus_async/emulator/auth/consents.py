"""Consents: which scopes an identity has allowed a client to use, as a forest of dependencies."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from .models import ClientApp, Consent, ScopeDefinition
from .scope_strings import RequestedScope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .registry import Registry

__all__ = ("Consents",)

_Key = tuple[str, int, str, str]


class Consents:
    """
    All consents, by identity, parent consent, client and scope.

    Args:
        registry: The scopes and clients.
        now: Returns POSIX seconds.
        on_rescinded: Called after consents were rescinded.
    """

    def __init__(self, registry: Registry, now: Callable[[], float], *, on_rescinded: Callable[[], None]) -> None:
        self._registry = registry
        self._now = now
        self._on_rescinded = on_rescinded
        self._ids = itertools.count(100_001)
        self._approved: dict[_Key, Consent] = {}
        self._children: dict[int, list[Consent]] = {}

    def approve(
        self, identity_id: str, client: ClientApp, requested: Iterable[RequestedScope], *, offline: bool, auto: bool
    ) -> tuple[Consent, ...]:
        """
        Record an identity's consent for a client to use scopes and their dependencies; return the top-level consents.

        Args:
            identity_id: The UUID of the identity.
            client: The client.
            requested: The scopes.
            offline: Whether refresh tokens are allowed.
            auto: Whether the consent was given without asking a person.
        """
        return tuple(
            self._approve(identity_id, client.id, each, None, offline=offline, auto=auto, ancestors=frozenset())
            for each in _merge(requested)
        )

    def _approve(
        self,
        identity_id: str,
        client_id: str,
        requested: RequestedScope,
        parent: Consent | None,
        *,
        offline: bool,
        auto: bool,
        ancestors: frozenset[str],
    ) -> Consent:
        scope = self._registry.definition(requested.scope)
        now = self._now()
        key = _key(identity_id, parent, client_id, scope)
        consent = self._approved.get(key)
        if consent is None:
            number = next(self._ids)
            path = (*parent.path, number) if parent else (number,)
            consent = Consent(number, identity_id, client_id, scope, path, now, now, now, False, False, auto)
            self._approved[key] = consent
            if parent is not None:
                self._children.setdefault(parent.id, []).append(consent)
        consent.updated = now
        consent.allows_refresh |= offline and scope.allows_refresh_token
        consent.atomically_revocable |= requested.atomically_revocable
        ancestors |= {scope.scope_string}
        for each in self._dependencies(scope, requested):
            if each.scope not in ancestors:
                self._approve(
                    identity_id, scope.client_id, each, consent, offline=offline, auto=auto, ancestors=ancestors
                )
        return consent

    def _dependencies(self, scope: ScopeDefinition, requested: RequestedScope) -> list[RequestedScope]:
        """List the requested dependencies of a scope and its required ones."""
        dependencies = _merge(requested.dependencies)
        names = {each.scope for each in dependencies}
        for dependency in scope.dependencies:
            definition = self._registry.scopes.get(dependency.scope_id)
            if definition is not None and not dependency.optional and definition.scope_string not in names:
                dependencies.append(RequestedScope(definition.scope_string, False, []))
        return dependencies

    def missing(
        self, identity_id: str, client: ClientApp, requested: Iterable[RequestedScope], *, offline: bool
    ) -> list[str]:
        """List the requested scopes without consent, as paths such as ``A[B]``."""
        return [
            path
            for each in _merge(requested)
            for path in self._missing(identity_id, client.id, each, None, offline=offline)
        ]

    def missing_dependencies(self, consent: Consent, requested: Iterable[RequestedScope]) -> list[str]:
        """List the requested dependencies of a consent's scope without consent."""
        owner = consent.scope.client_id
        return [
            path
            for each in _merge(requested)
            for path in self._missing(consent.identity_id, owner, each, consent, offline=False)
        ]

    def _missing(
        self, identity_id: str, client_id: str, requested: RequestedScope, parent: Consent | None, *, offline: bool
    ) -> Iterator[str]:
        scope = self._registry.definition(requested.scope)
        consent = self._approved.get(_key(identity_id, parent, client_id, scope))
        if consent is None or (offline and scope.allows_refresh_token and not consent.allows_refresh):
            yield requested.scope
            return
        for each in requested.dependencies:
            for path in self._missing(identity_id, scope.client_id, each, consent, offline=offline):
                yield f"{requested.scope}[{path}]"

    def dependent(
        self, parents: Iterable[Consent], requested: list[RequestedScope] | None
    ) -> tuple[list[Consent], list[str]]:
        """
        Return the consents for dependencies of a token's scopes, and the paths of dependencies without consent.

        Args:
            parents: The consents of the token.
            requested: The requested dependencies; by default the required ones, and all others with consent.
        """
        approved: dict[int, Consent] = {}
        unapproved: list[str] = []
        found: set[str] = set()
        for parent in parents:
            children = {each.scope.scope_string: each for each in self.children(parent)}
            for each in requested if requested is not None else self.required_dependencies(parent):
                if each.scope in children:
                    found.add(each.scope)
                    consent = children[each.scope]
                    approved[consent.id] = consent
                    missing = self.missing_dependencies(consent, each.dependencies)
                    unapproved += (f"{parent.scope.scope_string}[{each.scope}[{path}]]" for path in missing)
                else:
                    unapproved.append(f"{parent.scope.scope_string}[{each.scope}]")
            if requested is None:
                approved.update((each.id, each) for each in children.values())
        # a consent below one of the token's scopes is enough
        return list(approved.values()), [path for path in unapproved if path.partition("[")[2][:-1] not in found]

    def required_dependencies(self, consent: Consent) -> list[RequestedScope]:
        """List the required dependencies of a consent's scope."""
        return self._dependencies(consent.scope, RequestedScope(consent.scope.scope_string, False, []))

    def children(self, consent: Consent) -> list[Consent]:
        """Return the consents for dependencies of a consent's scope."""
        return [each for each in self._children.get(consent.id, ()) if not each.rescinded]

    def of(self, identity_ids: frozenset[str], *, client_id: str | None = None) -> list[Consent]:
        """
        Return the consents of some identities.

        Args:
            identity_ids: The UUIDs of the identities.
            client_id: Return only consents given to this client, and their dependencies.
        """
        consents = {each.id: each for each in list(self._approved.values()) if each.identity_id in identity_ids}
        return [
            each for each in consents.values() if client_id is None or consents[each.path[0]].client_id == client_id
        ]

    def rescind(self, consent_id: int) -> bool:
        """Rescind a consent and its dependencies; return whether there was one."""
        rescinded = {key: each for key, each in self._approved.items() if consent_id in each.path}
        for key, consent in rescinded.items():
            consent.rescinded = True
            del self._approved[key]
        if rescinded:
            self._on_rescinded()
        return bool(rescinded)

    def rescind_client(self, client_id: str) -> None:
        """Rescind all consents given to a client."""
        for consent in [each for each in self._approved.values() if each.client_id == client_id]:
            self.rescind(consent.id)

    def rescind_scope(self, scope: ScopeDefinition) -> None:
        """Rescind all consents for a scope."""
        for consent in [each for each in self._approved.values() if each.scope is scope]:
            self.rescind(consent.id)


def _key(identity_id: str, parent: Consent | None, client_id: str, scope: ScopeDefinition) -> _Key:
    return (identity_id, parent.id if parent else 0, client_id, scope.id)


def _merge(requested: Iterable[RequestedScope]) -> list[RequestedScope]:
    """Merge repeated scopes into one each."""
    merged: dict[str, RequestedScope] = {}
    for each in requested:
        known = merged.get(each.scope)
        if known is None:
            merged[each.scope] = RequestedScope(each.scope, each.atomically_revocable, list(each.dependencies))
        else:
            known.atomically_revocable |= each.atomically_revocable
            known.dependencies += each.dependencies
    return list(merged.values())
