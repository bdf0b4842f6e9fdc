"""Who there is: identities, the links between them, their providers, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .catalog import CLIENT_DOMAIN, PROVIDERS, named_id
from .models import ClientApp, Group, Identity, IdentityProvider

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Directory",)


class Directory:
    """Identities by id and by username."""

    def __init__(self) -> None:
        self.providers: dict[str, IdentityProvider] = {}
        self.identities: dict[str, Identity] = {}
        self.groups: dict[str, Group] = {}
        self._by_username: dict[str, Identity] = {}
        self._by_domain: dict[str, IdentityProvider] = {}
        self._linked: dict[str, list[str]] = {}
        for known in PROVIDERS:
            self._enter(IdentityProvider(known.id, known.name, known.short_name, (known.domain,)))

    def _enter(self, provider: IdentityProvider) -> IdentityProvider:
        self.providers[provider.id] = provider
        self._by_domain.update(dict.fromkeys(provider.domains, provider))
        return provider

    def provider(self, domain: str) -> IdentityProvider:
        """Return the provider of a domain; there is one for every domain that is asked for."""
        known = self._by_domain.get(domain)
        if known is not None:
            return known
        return self._enter(IdentityProvider(named_id("provider", domain), domain, domain, (domain,)))

    def known_provider(self, domain: str) -> IdentityProvider | None:
        """Return the provider of a domain, if it has one."""
        return self._by_domain.get(domain.lower())

    def add(
        self,
        username: str,
        *,
        name: str | None = None,
        email: str | None = None,
        organization: str | None = None,
        id: str | None = None,
        status: Literal["used", "unused", "private", "closed"] = "used",
    ) -> Identity:
        """Enter an identity; a username without a domain is one of Globus ID."""
        username = username.strip()
        if "@" not in username:
            username += "@globusid.org"
        local, _, domain = username.rpartition("@")
        if not local or not domain or any(char.isspace() or char == "," for char in username):
            raise ValueError(f"a username must look like name@example.org, got {username!r}")
        if username.lower() in self._by_username:
            raise ValueError(f"there is an identity {username!r} already")
        identity_id = named_id("identity", username.lower()) if id is None else id
        if identity_id in self.identities:
            raise ValueError(f"there is an identity with the id {identity_id} already")
        identity = Identity(identity_id, username, name, email, organization, self.provider(domain.lower()), status)
        self.identities[identity_id] = identity
        self._by_username[username.lower()] = identity
        self._linked[identity_id] = [identity_id]
        return identity

    def add_client_identity(self, client: ClientApp) -> Identity:
        """Enter the identity with which a client acts for itself."""
        return self.add(f"{client.id}@{CLIENT_DOMAIN}", name=client.name, id=client.id)

    def find(self, id_or_username: str) -> Identity | None:
        """Return an identity by its id or username."""
        text = id_or_username.strip().lower()
        return self.identities.get(text) or self._by_username.get(text)

    def link(self, identities: Iterable[Identity]) -> None:
        """Make the identities one person's; the first one's primary identity stays the primary one of all."""
        merged: list[str] = []
        for identity in identities:
            merged += (each for each in self._linked[identity.id] if each not in merged)
        for identity_id in merged:
            self._linked[identity_id] = merged

    def linked(self, identity_id: str) -> list[Identity]:
        """Return a person's identities, the primary one first."""
        return [self.identities[each] for each in self._linked[identity_id]]

    def linked_ids(self, identity_id: str) -> frozenset[str]:
        """Return the ids of a person's identities."""
        return frozenset(self._linked[identity_id])
