"""The documents of groups and memberships."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .errors import GroupsError
from .permissions import allowed_actions, check_session, own_identities, own_memberships, sees_members

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..kit.authentication import Caller
    from ..kit.directory import Group, GroupPolicies, Membership, Subscription
    from ..kit.service import Document
    from .state import GroupsState

__all__ = (
    "INCLUDES",
    "group_document",
    "listed_group",
    "membership_document",
    "policies_document",
    "subscription_document",
)

INCLUDES: Final = ("memberships", "my_memberships", "policies", "allowed_actions", "child_ids")
"""The parts of a group's document that are there on request."""
_SESSION_LIMIT: Final = 28_800


def group_document(state: GroupsState, group: Group, caller: Caller, include: Collection[str] = ()) -> Document:
    """
    Return the document of a group.

    Args:
        state: All groups.
        group: The group.
        caller: Who sees it.
        include: The parts to add, of `INCLUDES`.

    Raises:
        GroupsError: 403; the memberships are to be included, and the caller may not see them.
    """
    document = listed_group(state, group, caller)
    document["description"] = group.description
    document["terms_and_conditions"] = group.terms_and_conditions
    document["subscription_admin_verified_id"] = group.verified_subscription_id
    if "policies" in include:
        document["policies"] = policies_document(group.policies)
    if "memberships" in include:
        if not sees_members(state, group, caller):
            raise GroupsError.forbidden(f"Caller may not see the memberships of group {group.id}")
        check_session(state, group, caller)
        document["memberships"] = _memberships(state, group)
    if "allowed_actions" in include:
        document["allowed_actions"] = allowed_actions(state, group, caller)
    if "child_ids" in include:
        document["child_ids"] = [each.id for each in state.directory.children(group)]
    return document


def listed_group(state: GroupsState, group: Group, caller: Caller, statuses: Collection[str] | None = None) -> Document:
    """
    Return the document of a group in a list, with the caller's own memberships.

    Args:
        state: All groups.
        group: The group.
        caller: Who sees it.
        statuses: The statuses of the memberships to show; all by default.
    """
    subscription = state.directory.subscriptions.get(group.subscription_id or "")
    policies = policies_document(group.policies)
    return {
        "id": group.id,
        "name": group.name,
        "parent_id": group.parent_id,
        "group_type": "regular" if subscription is None else "plus",
        "enforce_session": group.policies.is_high_assurance,
        "session_limit": group.policies.authentication_assurance_timeout or _SESSION_LIMIT,
        "session_timeouts": _session_timeouts(state, group, caller),
        "my_memberships": _own(state, group, caller, statuses),
        "policies": {name: policies[name] for name in ("group_visibility", "group_members_visibility")},
        "subscription_id": group.subscription_id,
        "subscription_info": None if subscription is None else subscription_document(subscription, complete=True),
    }


def _own(state: GroupsState, group: Group, caller: Caller, statuses: Collection[str] | None) -> list[Document]:
    own = [membership_document(state, group, each) for each in own_memberships(state, group, caller)]
    implied = state.directory.implied_members(group)
    own += [_implied(state, group, each, implied[each]) for each in own_identities(state, caller) if each in implied]
    return [each for each in own if statuses is None or each["status"] in statuses]


def _memberships(state: GroupsState, group: Group) -> list[Document]:
    implied = state.directory.implied_members(group)
    return [
        *(membership_document(state, group, each) for each in group.memberships.values()),
        *(_implied(state, group, identity_id, child) for identity_id, child in implied.items()),
    ]


def _session_timeouts(state: GroupsState, group: Group, caller: Caller) -> Document:
    """Return, for a group of high assurance, when each login of the session ends to count."""
    if not group.policies.is_high_assurance:
        return {}
    limit, now = group.policies.authentication_assurance_timeout or _SESSION_LIMIT, state.now()
    ends = {each: login.auth_time + limit for each, login in sorted(caller.session.authentications.items())}
    return {each: {"expire_time": _time(end), "expires_in": max(0, int(end - now))} for each, end in ends.items()}


def membership_document(state: GroupsState, group: Group, membership: Membership) -> Document:
    """Return the document of a membership."""
    document: Document = {
        "group_id": group.id,
        "identity_id": membership.identity_id,
        "username": state.directory.username(membership.identity_id),
        "role": membership.role,
        "status": membership.status,
        "membership_fields": dict(membership.fields),
    }
    optional: dict[str, Any] = {
        "status_reason": membership.status_reason,
        "invite_email_address": membership.invite_email_address,
        "invite_time": None if membership.invite_time is None else _time(membership.invite_time),
        "updated": None if membership.updated is None else _time(membership.updated),
    }
    return document | {name: value for name, value in optional.items() if value is not None}


def _implied(state: GroupsState, group: Group, identity_id: str, child: Group) -> Document:
    return {
        "group_id": group.id,
        "identity_id": identity_id,
        "username": state.directory.username(identity_id),
        "role": "member",
        "status": "active",
        "membership_fields": {},
        "source_group_id": child.id,
    }


def policies_document(policies: GroupPolicies) -> Document:
    """Return the policies of a group."""
    return {
        "is_high_assurance": policies.is_high_assurance,
        "authentication_assurance_timeout": policies.authentication_assurance_timeout,
        "group_visibility": policies.group_visibility,
        "group_members_visibility": policies.group_members_visibility,
        "join_requests": policies.join_requests,
        "signup_fields": list(policies.signup_fields),
    }


def subscription_document(subscription: Subscription, *, complete: bool) -> Document:
    """
    Return what a subscription includes.

    Args:
        subscription: The subscription.
        complete: Whether to add the names.
    """
    names = {"name": subscription.name, "subscriber_name": subscription.subscriber_name} if complete else {}
    return {
        **names,
        "is_high_assurance": subscription.is_high_assurance,
        "is_baa": subscription.is_baa,
        "connectors": {each: dict(allowed) for each, allowed in subscription.connectors.items()},
    }


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
