"""
Types of the documents in responses of Globus Groups.

At run time they are plain dicts, also with members that are not listed here.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

__all__ = (
    "AllowedActionsDocument",
    "BatchMembershipDocument",
    "ConnectorDocument",
    "GroupChildrenDocument",
    "GroupDocument",
    "GroupPoliciesDocument",
    "IdentityPreferenceDocument",
    "MembershipCountsDocument",
    "MembershipDocument",
    "MembershipErrorDocument",
    "MembershipFieldsDocument",
    "MembershipStatus",
    "SessionTimeoutDocument",
    "SubscriptionAdminVerifiedDocument",
    "SubscriptionDocument",
    "SubscriptionInfoDocument",
)

MembershipStatus = Literal["active", "invited", "pending", "rejected", "removed", "left", "declined"]
"""The statuses of memberships."""


class MembershipFieldsDocument(TypedDict, total=False):
    """What people state about themselves for a group."""

    institution: str
    current_project_name: str
    address: str
    address1: str
    address2: str
    city: str
    state: str
    country: str
    zip: str
    phone: str
    department: str
    field_of_science: str
    first_name: str
    last_name: str
    organization: str
    email: str
    name: str


class MembershipDocument(TypedDict):
    """The membership of an identity in a group."""

    group_id: str
    identity_id: str
    username: str
    role: Literal["member", "manager", "admin"]
    status: MembershipStatus
    source_group_id: NotRequired[str]
    """The subgroup that the membership follows from."""
    status_reason: NotRequired[str | None]
    invite_email_address: NotRequired[str | None]
    invite_time: NotRequired[str | None]
    updated: NotRequired[str | None]
    membership_fields: NotRequired[MembershipFieldsDocument]


class MembershipErrorDocument(TypedDict):
    """Why an action failed for an identity."""

    identity_id: str
    code: str
    detail: str


class AllowedActionsDocument(TypedDict, total=False):
    """For each action the ids of the caller's identities that may do it."""

    accept: list[str]
    add: list[str]
    approve: list[str]
    change_role: list[str]
    decline: list[str]
    invite: list[str]
    join: list[str]
    leave: list[str]
    reject: list[str]
    remove: list[str]
    request_join: list[str]


class BatchMembershipDocument(TypedDict, total=False):
    """The memberships that the actions of a batch resulted in, and the errors of those that failed."""

    accept: list[MembershipDocument]
    add: list[MembershipDocument]
    approve: list[MembershipDocument]
    change_role: list[MembershipDocument]
    decline: list[MembershipDocument]
    invite: list[MembershipDocument]
    join: list[MembershipDocument]
    leave: list[MembershipDocument]
    reject: list[MembershipDocument]
    remove: list[MembershipDocument]
    request_join: list[MembershipDocument]
    errors: dict[str, list[MembershipErrorDocument]]


class GroupPoliciesDocument(TypedDict, total=False):
    """The policies of a group; in lists of groups only the two on visibility."""

    is_high_assurance: bool
    authentication_assurance_timeout: int | None
    group_visibility: Literal["authenticated", "private"]
    group_members_visibility: Literal["members", "managers"]
    join_requests: bool
    signup_fields: list[str]


class SessionTimeoutDocument(TypedDict):
    """When the login of an identity ends to count."""

    expire_time: str
    expires_in: int


class ConnectorDocument(TypedDict):
    """What a subscription allows with a connector."""

    is_ha: bool
    is_baa: bool


class SubscriptionDocument(TypedDict):
    """What a subscription includes."""

    name: NotRequired[str]
    subscriber_name: NotRequired[str]
    is_high_assurance: bool
    is_baa: bool
    connectors: dict[str, ConnectorDocument]


class GroupDocument(TypedDict):
    """A group; parts that were not asked for with ``include`` are absent, or null."""

    id: str
    name: str
    description: NotRequired[str | None]
    parent_id: str | None
    group_type: str
    enforce_session: bool
    session_limit: int
    session_timeouts: dict[str, SessionTimeoutDocument]
    my_memberships: NotRequired[list[MembershipDocument]]
    memberships: NotRequired[list[MembershipDocument]]
    policies: NotRequired[GroupPoliciesDocument]
    allowed_actions: NotRequired[AllowedActionsDocument]
    child_ids: NotRequired[list[str]]
    subscription_id: NotRequired[str | None]
    subscription_info: NotRequired[SubscriptionDocument | None]
    subscription_admin_verified_id: NotRequired[str | None]
    terms_and_conditions: NotRequired[str | None]


class GroupChildrenDocument(TypedDict):
    """The subgroups of a group."""

    children: list[GroupDocument]


class MembershipCountsDocument(TypedDict):
    """The number of memberships of a group with each status."""

    active: int
    invited: int
    pending: int
    rejected: int
    removed: int
    left: int
    declined: int


class IdentityPreferenceDocument(TypedDict):
    """Whether an identity can be added to groups, or only invited."""

    allow_add: bool


class SubscriptionInfoDocument(TypedDict):
    """The group that provides a subscription."""

    group_id: str
    subscription_id: str
    subscription_info: SubscriptionDocument


class SubscriptionAdminVerifiedDocument(TypedDict):
    """The subscription that a group has been verified to belong to."""

    group_id: str
    subscription_admin_verified_id: str | None
