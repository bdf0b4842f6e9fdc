"""Identities, groups and subscriptions: the one directory of all services of an emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from .ids import named_id, new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = (
    "CLIENT_DOMAIN",
    "Directory",
    "Group",
    "GroupPolicies",
    "Identity",
    "IdentityProvider",
    "Membership",
    "Role",
    "Status",
    "Subscription",
)

CLIENT_DOMAIN: Final = "clients.auth.globus.org"
"""The domain of the identities of confidential clients."""


@dataclass(eq=False, slots=True)
class IdentityProvider:
    """An organization that people log in with."""

    id: str
    name: str
    short_name: str
    domains: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Identity:
    """A person's account with one identity provider, or a client's own identity."""

    id: str
    username: str
    name: str | None
    email: str | None
    organization: str | None
    identity_provider: IdentityProvider
    status: Literal["used", "unused", "private", "closed"] = "used"
    last_authentication: float | None = None

    @property
    def domain(self) -> str:
        """The part of the username after the last ``@``."""
        return self.username.rpartition("@")[2]


Role: TypeAlias = Literal["member", "manager", "admin"]
Status: TypeAlias = Literal["active", "invited", "pending", "rejected", "removed", "left", "declined"]


@dataclass(eq=False, slots=True)
class Membership:
    """One identity's place in a group, or what has become of it."""

    identity_id: str
    role: Role = "member"
    status: Status = "active"
    status_reason: str | None = None
    invite_email_address: str | None = None
    invite_time: float | None = None
    updated: float | None = None
    fields: dict[str, str] = field(default_factory=dict[str, str])
    """What the person has stated about themselves for this group, such as the institution."""


@dataclass(eq=False, slots=True)
class GroupPolicies:
    """Who sees a group and its members, and who may join."""

    is_high_assurance: bool = False
    authentication_assurance_timeout: int | None = 28_800
    """Seconds for which a login counts, in a group of high assurance."""
    group_visibility: Literal["authenticated", "private"] = "private"
    group_members_visibility: Literal["members", "managers"] = "managers"
    join_requests: bool = False
    """Whether users may ask to be members."""
    signup_fields: list[str] = field(default_factory=list[str])
    joins_at_once: bool = False
    """Whether users may become members without approval; no document has it."""
    members_invite: bool = False
    """Whether members may invite others; no document has it."""


@dataclass(eq=False, slots=True)
class Group:
    """A Globus group."""

    id: str
    name: str
    description: str | None = ""
    organization: str = ""
    memberships: dict[str, Membership] = field(default_factory=dict[str, Membership])
    """By identity id."""
    parent_id: str | None = None
    policies: GroupPolicies = field(default_factory=GroupPolicies)
    terms_and_conditions: str | None = None
    subscription_id: str | None = None
    """The subscription that this group provides: its members are those of the subscription."""
    verified_subscription_id: str | None = None
    """The subscription whose administrator has verified that the group belongs to it."""

    @property
    def member_ids(self) -> frozenset[str]:
        """The ids of the identities whose own membership is active."""
        return frozenset(each.identity_id for each in self.memberships.values() if each.status == "active")

    def ids_with_role(self, *roles: Role) -> list[str]:
        """Return the ids of the active members with one of some roles, in the order of their memberships."""
        return [
            each.identity_id for each in self.memberships.values() if each.status == "active" and each.role in roles
        ]


@dataclass(eq=False, slots=True)
class Subscription:
    """A subscription of an organization."""

    id: str
    admin_ids: list[str]
    member_ids: list[str]
    """The administrators among them."""
    group: Group | None = None
    """The group that provides it, whose members are those of the subscription."""
    name: str = "Subscription"
    subscriber_name: str = ""
    is_high_assurance: bool = False
    is_baa: bool = False
    connectors: dict[str, dict[str, bool]] = field(default_factory=dict[str, dict[str, bool]])
    """By connector id: ``is_ha`` and ``is_baa``."""

    def has_member(self, identity_id: str) -> bool:
        """Return whether an identity is a member."""
        return identity_id in (self.member_ids if self.group is None else self.group.member_ids)

    def has_admin(self, identity_id: str) -> bool:
        """Return whether an identity is an administrator."""
        return identity_id in (self.admin_ids if self.group is None else self.group.ids_with_role("admin"))


_PROVIDERS: Final = (
    ("41143743-f3c8-4d60-bbdb-eeecaba85bd9", "Globus ID", "globusid", "globusid.org"),
    ("927d7238-f917-4eb2-9ace-c523fa9ba34e", "Globus Staff", "globus.org", "globus.org"),
    (named_id("provider", CLIENT_DOMAIN), "Globus Auth Clients", "clients", CLIENT_DOMAIN),
)


class Directory:
    """Identities with their links and providers, groups with their members, and subscriptions."""

    def __init__(self) -> None:
        self.providers: dict[str, IdentityProvider] = {}
        self.identities: dict[str, Identity] = {}
        self.groups: dict[str, Group] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self._by_username: dict[str, Identity] = {}
        self._by_domain: dict[str, IdentityProvider] = {}
        self._linked: dict[str, list[str]] = {}
        for provider_id, name, short_name, domain in _PROVIDERS:
            self._add_provider(IdentityProvider(provider_id, name, short_name, (domain,)))

    # identities

    def _add_provider(self, provider: IdentityProvider) -> IdentityProvider:
        self.providers[provider.id] = provider
        self._by_domain.update(dict.fromkeys(provider.domains, provider))
        return provider

    def provider(self, domain: str) -> IdentityProvider:
        """Return the identity provider of a domain, which is created if there is none."""
        known = self._by_domain.get(domain)
        if known is not None:
            return known
        return self._add_provider(IdentityProvider(named_id("provider", domain), domain, domain, (domain,)))

    def known_provider(self, domain: str) -> IdentityProvider | None:
        """Return the identity provider of a domain; `None` if there is none."""
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
        """
        Add an identity.

        Args:
            username: ``name@domain``; without a domain it is one of Globus ID.
            name: The person's full name.
            email: The e-mail address.
            organization: The person's organization.
            id: The UUID; derived from the username by default, so that it is the same in every run.
            status: As in an identity document.

        Raises:
            ValueError: The username is no username, or there is such an identity already.
        """
        username = username.strip()
        if "@" not in username:
            username += "@globusid.org"
        local, _, domain = username.rpartition("@")
        if not local or not domain or any(char.isspace() or char == "," for char in username):
            raise ValueError(f"a username must have the form name@example.org, got {username!r}")
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

    def find(self, id_or_username: str) -> Identity | None:
        """Return an identity by its id or username."""
        text = id_or_username.strip().lower()
        return self.identities.get(text) or self._by_username.get(text)

    def username(self, identity_id: str) -> str:
        """Return the username of an identity; of an unknown one, a name that cannot exist."""
        identity = self.identities.get(identity_id)
        return f"{identity_id}@identities.invalid" if identity is None else identity.username

    def link(self, identities: Iterable[Identity]) -> None:
        """Link identities as those of one person; the primary identity of the first one becomes that of all."""
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

    # groups and subscriptions

    def add_group(
        self,
        name: str,
        *,
        member_ids: Iterable[str] = (),
        manager_ids: Iterable[str] = (),
        admin_ids: Iterable[str] = (),
        description: str = "",
        organization: str = "",
        id: str | None = None,
    ) -> Group:
        """
        Add a group.

        Args:
            name: Its name.
            member_ids: Identities with the role ``member``.
            manager_ids: Identities with the role ``manager``.
            admin_ids: Identities with the role ``admin``.
            description: Its description.
            organization: Its organization.
            id: The UUID; a random one by default.
        """
        group = Group(new_id() if id is None else id.lower(), name, description, organization)
        group.memberships.update((each, Membership(each)) for each in member_ids)
        group.memberships.update((each, Membership(each, "manager")) for each in manager_ids)
        group.memberships.update((each, Membership(each, "admin")) for each in admin_ids)
        self.groups[group.id] = group
        return group

    def children(self, group: Group) -> list[Group]:
        """Return the groups whose parent a group is."""
        return [each for each in list(self.groups.values()) if each.parent_id == group.id]

    def implied_members(self, group: Group) -> dict[str, Group]:
        """Return the members of subgroups that are not active members themselves: by identity id, their subgroup."""
        implied: dict[str, Group] = {}
        known = group.member_ids
        seen, below = {group.id}, self.children(group)
        while below:
            child = below.pop(0)
            if child.id not in seen:
                seen.add(child.id)
                active = (each for each in child.memberships.values() if each.status == "active")
                implied |= {
                    each.identity_id: child for each in active if each.identity_id not in known | implied.keys()
                }
                below += self.children(child)
        return implied

    def groups_of(self, identity_ids: Iterable[str]) -> frozenset[str]:
        """Return the ids of the groups that one of the identities is an active member of, or of a subgroup of."""
        wanted = frozenset(identity_ids)
        found: set[str] = set()
        for group in list(self.groups.values()):
            above: Group | None = group if group.member_ids & wanted else None
            while above is not None and above.id not in found:
                found.add(above.id)
                above = None if above.parent_id is None else self.groups.get(above.parent_id)
        return frozenset(found)

    def add_subscription(
        self, *, member_ids: Iterable[str] = (), admin_ids: Iterable[str] = (), id: str | None = None
    ) -> Subscription:
        """
        Add a subscription.

        Args:
            member_ids: Its members.
            admin_ids: Its administrators, who are members too.
            id: The UUID; a random one by default.
        """
        admins = list(admin_ids)
        subscription = Subscription(new_id() if id is None else id, admins, [*admins, *member_ids])
        self.subscriptions[subscription.id] = subscription
        return subscription
