"""What identities have allowed clients to do: a forest, for services call services."""

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
    """Consents by (identity, consent above, client, scope)."""

    def __init__(self, registry: Registry, now: Callable[[], float], *, rescinded: Callable[[], None]) -> None:
        self._registry = registry
        self._now = now
        self._rescinded = rescinded
        self._ids = itertools.count(100_001)
        self._approved: dict[_Key, Consent] = {}
        self._below: dict[int, list[Consent]] = {}

    def approve(
        self, identity_id: str, client: ClientApp, requested: Iterable[RequestedScope], *, offline: bool, auto: bool
    ) -> tuple[Consent, ...]:
        """Note that an identity allows a client these scopes and all they need; return those on top."""
        return tuple(
            self._approve(identity_id, client.id, each, None, offline=offline, auto=auto, seen=frozenset())
            for each in _unique(requested)
        )

    def _approve(
        self,
        identity_id: str,
        client_id: str,
        requested: RequestedScope,
        above: Consent | None,
        *,
        offline: bool,
        auto: bool,
        seen: frozenset[str],
    ) -> Consent:
        scope = self._registry.definition(requested.scope)
        now = self._now()
        key = _key(identity_id, above, client_id, scope)
        consent = self._approved.get(key)
        if consent is None:
            number = next(self._ids)
            path = (*above.path, number) if above else (number,)
            consent = Consent(number, identity_id, client_id, scope, path, now, now, now, False, False, auto)
            self._approved[key] = consent
            if above is not None:
                self._below.setdefault(above.id, []).append(consent)
        consent.updated = now
        consent.allows_refresh |= offline and scope.allows_refresh_token
        consent.atomically_revocable |= requested.atomically_revocable
        seen |= {scope.scope_string}
        for each in self._needed(scope, requested):
            if each.scope not in seen:
                self._approve(identity_id, scope.client_id, each, consent, offline=offline, auto=auto, seen=seen)
        return consent

    def _needed(self, scope: ScopeDefinition, requested: RequestedScope) -> list[RequestedScope]:
        """List what is asked for below a scope, and what the scope cannot do without."""
        needed = _unique(requested.dependencies)
        asked = {each.scope for each in needed}
        for dependency in scope.dependencies:
            definition = self._registry.scopes.get(dependency.scope_id)
            if definition is not None and not dependency.optional and definition.scope_string not in asked:
                needed.append(RequestedScope(definition.scope_string, False, []))
        return needed

    def missing(
        self, identity_id: str, client: ClientApp, requested: Iterable[RequestedScope], *, offline: bool
    ) -> list[str]:
        """List the scopes that the identity has not yet allowed, as paths such as ``A[B]``."""
        return [
            path
            for each in _unique(requested)
            for path in self._missing(identity_id, client.id, each, None, offline=offline)
        ]

    def missing_below(self, consent: Consent, requested: Iterable[RequestedScope]) -> list[str]:
        """List what a consent's scope may not use."""
        owner = consent.scope.client_id
        return [
            path
            for each in _unique(requested)
            for path in self._missing(consent.identity_id, owner, each, consent, offline=False)
        ]

    def _missing(
        self, identity_id: str, client_id: str, requested: RequestedScope, above: Consent | None, *, offline: bool
    ) -> Iterator[str]:
        scope = self._registry.definition(requested.scope)
        consent = self._approved.get(_key(identity_id, above, client_id, scope))
        if consent is None or (offline and scope.allows_refresh_token and not consent.allows_refresh):
            yield requested.scope
            return
        for each in requested.dependencies:
            for path in self._missing(identity_id, scope.client_id, each, consent, offline=offline):
                yield f"{requested.scope}[{path}]"

    def needs_of(self, consent: Consent) -> list[RequestedScope]:
        """List what a consent's scope cannot do without."""
        return self._needed(consent.scope, RequestedScope(consent.scope.scope_string, False, []))

    def below(self, consent: Consent) -> list[Consent]:
        """Return what a consent's scope may use."""
        return [each for each in self._below.get(consent.id, ()) if not each.rescinded]

    def of(self, identity_ids: frozenset[str], *, client_id: str | None = None) -> list[Consent]:
        """Return a person's consents, or those of the trees that begin at one client."""
        mine = {each.id: each for each in list(self._approved.values()) if each.identity_id in identity_ids}
        return [each for each in mine.values() if client_id is None or mine[each.path[0]].client_id == client_id]

    def rescind(self, consent_id: int) -> bool:
        """Take a consent back, with all below it; tell whether there was one."""
        gone = {key: each for key, each in self._approved.items() if consent_id in each.path}
        for key, consent in gone.items():
            consent.rescinded = True
            del self._approved[key]
        if gone:
            self._rescinded()
        return bool(gone)

    def rescind_client(self, client_id: str) -> None:
        """Take back what was allowed to a client that is no more."""
        for consent in [each for each in self._approved.values() if each.client_id == client_id]:
            self.rescind(consent.id)

    def rescind_scope(self, scope: ScopeDefinition) -> None:
        """Take back every consent for a scope that is no more."""
        for consent in [each for each in self._approved.values() if each.scope is scope]:
            self.rescind(consent.id)


def _key(identity_id: str, above: Consent | None, client_id: str, scope: ScopeDefinition) -> _Key:
    return (identity_id, above.id if above else 0, client_id, scope.id)


def _unique(requested: Iterable[RequestedScope]) -> list[RequestedScope]:
    """Merge scopes that are named twice."""
    merged: dict[str, RequestedScope] = {}
    for each in requested:
        known = merged.get(each.scope)
        if known is None:
            merged[each.scope] = RequestedScope(each.scope, each.atomically_revocable, list(each.dependencies))
        else:
            known.atomically_revocable |= each.atomically_revocable
            known.dependencies += each.dependencies
    return list(merged.values())
