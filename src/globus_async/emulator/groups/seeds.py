"""Groups, subscriptions and preferences in seed documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..kit.directory import GroupPolicies, Membership
from ..kit.fields import BOOLEAN, OBJECT, TEXT, UUID, Fields, choice
from ..kit.ids import named_id
from ..kit.principals import identity_id, principal_id, principal_ids, principal_name, principal_names
from ..kit.records import from_record, to_record
from .routes import SIGNUP, STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kit.directory import Directory, Group, Role, Subscription
    from ..kit.service import Document
    from .state import GroupsState

__all__ = ("dump_sections", "seed_sections")

_GROUP: Final = frozenset(
    {
        *("id", "name", "description", "organization", "terms_and_conditions", "parent", "policies", "members"),
        *("managers", "admins", "memberships", "verified_subscription"),
    }
)
_STATUS: Final = choice(*STATUSES)
_ROLE: Final = choice("member", "manager", "admin")
_ROLES: Final[tuple[Role, ...]] = ("member", "manager", "admin")
_TEXTS: Final = ("description", "terms_and_conditions")
_CHOICES: Final = {
    "group_visibility": choice("authenticated", "private"),
    "group_members_visibility": choice("members", "managers"),
}


def seed_sections(state: GroupsState) -> Mapping[str, Callable[[Fields], None]]:
    """Return the functions that load the sections."""
    return {
        "groups": lambda fields: _load_group(state, fields),
        "subscriptions": lambda fields: _load_subscription(state.directory, fields),
        "preferences": lambda fields: _load_preference(state, fields),
    }


def dump_sections(state: GroupsState) -> dict[str, list[Document]]:
    """Return all groups, subscriptions and preferences."""
    directory = state.directory
    return {
        "groups": [_group(directory, each) for each in directory.groups.values()],
        "subscriptions": [_subscription(directory, each) for each in directory.subscriptions.values()],
        "preferences": [
            {"identity": name, "allow_add": False} for name in principal_names(directory, state.refuses_add)
        ],
    }


def _load_group(state: GroupsState, fields: Fields) -> None:
    fields.check_known(_GROUP)
    directory, name = state.directory, fields.required("name", TEXT)
    group = directory.add_group(
        name,
        member_ids=principal_ids(directory, fields, "members"),
        manager_ids=principal_ids(directory, fields, "managers"),
        admin_ids=principal_ids(directory, fields, "admins"),
        organization=fields.optional("organization", TEXT, ""),
        id=fields.optional("id", UUID, named_id("group", name)),
    )
    for text in _TEXTS:
        if text in fields:
            setattr(group, text, fields.nullable(text, TEXT))
    group.parent_id = fields.optional("parent", UUID)
    group.verified_subscription_id = fields.optional("verified_subscription", UUID)
    policies = fields.object("policies")
    signup = policies.optional("signup_fields", SIGNUP, list[str]())
    group.policies = from_record(GroupPolicies, policies, signup_fields=signup, **_chosen(policies, _CHOICES))
    for each in fields.objects("memberships") or ():
        member = principal_id(directory, each, "identity")
        stated = each.optional("fields", OBJECT, dict[str, Any]())
        chosen = _chosen(each, {"role": _ROLE, "status": _STATUS})
        plain = {name: each[name] for name in each if name != "identity"}
        document = Fields({**plain, "identity_id": member}, each.errors)
        group.memberships[member] = from_record(Membership, document, fields=stated, **chosen)


def _chosen(fields: Fields, choices: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields.required(name, kind) for name, kind in choices.items() if name in fields}


def _group(directory: Directory, group: Group) -> Document:
    plain: dict[Role, list[str]] = {role: [] for role in _ROLES}
    others: list[Document] = []
    for each in group.memberships.values():
        if each == Membership(each.identity_id, each.role):
            plain[each.role].append(each.identity_id)
        else:
            others.append(_membership(directory, each))
    document: Document = {"id": group.id, "name": group.name, "description": group.description}
    document |= {f"{role}s": principal_names(directory, ids) for role, ids in plain.items()}
    optional = {
        "organization": group.organization,
        "terms_and_conditions": group.terms_and_conditions,
        "parent": group.parent_id,
        "policies": _policies(group.policies),
        "memberships": others,
        "verified_subscription": group.verified_subscription_id,
    }
    return document | {name: value for name, value in optional.items() if value}


def _policies(policies: GroupPolicies) -> Document:
    default = GroupPolicies()
    chosen = {name: value for name in _CHOICES if (value := getattr(policies, name)) != getattr(default, name)}
    signup = {"signup_fields": list(policies.signup_fields)} if policies.signup_fields else {}
    return {**to_record(policies), **chosen, **signup}


def _membership(directory: Directory, membership: Membership) -> Document:
    plain = to_record(membership)
    del plain["identity_id"]
    return {
        "identity": principal_name(directory, membership.identity_id),
        "role": membership.role,
        "status": membership.status,
        **plain,
        **({"fields": dict(membership.fields)} if membership.fields else {}),
    }


def _load_subscription(directory: Directory, fields: Fields) -> None:
    fields.check_known(
        {"id", "admins", "members", "group", "name", "subscriber_name", "is_high_assurance", "is_baa", "connectors"}
    )
    name = fields.optional("name", TEXT, "Subscription")
    subscription = directory.add_subscription(
        admin_ids=principal_ids(directory, fields, "admins"),
        member_ids=principal_ids(directory, fields, "members"),
        id=fields.optional("id", UUID, named_id("subscription", name)),
    )
    subscription.name, subscription.subscriber_name = name, fields.optional("subscriber_name", TEXT, "")
    subscription.is_high_assurance = fields.optional("is_high_assurance", BOOLEAN, default=False)
    subscription.is_baa = fields.optional("is_baa", BOOLEAN, default=False)
    for connector in fields.object("connectors"):
        subscription.connectors[connector] = fields.object("connectors").required(connector, OBJECT)
    if "group" in fields:
        group = directory.groups.get(fields.required("group", UUID))
        if group is None:
            raise fields.errors.invalid_field("group", "the id of a group of the seed")
        subscription.group, group.subscription_id = group, subscription.id


def _subscription(directory: Directory, subscription: Subscription) -> Document:
    admins, members = subscription.admin_ids, subscription.member_ids
    optional: Document = {
        "admins": principal_names(directory, admins),
        "members": principal_names(directory, members[len(admins) :]),
        "group": None if subscription.group is None else subscription.group.id,
        "subscriber_name": subscription.subscriber_name,
        "is_high_assurance": subscription.is_high_assurance,
        "is_baa": subscription.is_baa,
        "connectors": subscription.connectors,
    }
    document: Document = {"id": subscription.id, "name": subscription.name}
    return document | {name: value for name, value in optional.items() if value}


def _load_preference(state: GroupsState, fields: Fields) -> None:
    fields.check_known({"identity", "allow_add"})
    member = identity_id(state.directory, fields, "identity")
    if not fields.required("allow_add", BOOLEAN):
        state.refuses_add.add(member)
