"""Data structures for requests to Globus Groups."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias, TypeVar
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import uuid_text
from ..._http.query import is_collection
from ...errors.arguments import check_bool, check_whole, refusal

__all__ = (
    "GroupMemberVisibility",
    "GroupMemberVisibilityValue",
    "GroupPolicies",
    "GroupRequiredSignupFields",
    "GroupRole",
    "GroupRoleValue",
    "GroupVisibility",
    "GroupVisibilityValue",
    "IdentityIds",
    "SignupFieldValue",
    "choice",
    "each_identity",
)

E = TypeVar("E", bound=enum.Enum)


class GroupRole(enum.Enum):
    """The roles of members."""

    member = "member"
    manager = "manager"
    admin = "admin"


class GroupVisibility(enum.Enum):
    """Who can see a group: all users, or only its members."""

    authenticated = "authenticated"
    private = "private"


class GroupMemberVisibility(enum.Enum):
    """Who can see the memberships of a group: all its members, or only its managers and administrators."""

    members = "members"
    managers = "managers"


class GroupRequiredSignupFields(enum.Enum):
    """What people may have to state when they join a group."""

    institution = "institution"
    current_project_name = "current_project_name"
    address = "address"
    city = "city"
    state = "state"
    country = "country"
    address1 = "address1"
    address2 = "address2"
    zip = "zip"
    phone = "phone"
    department = "department"
    field_of_science = "field_of_science"


GroupRoleValue: TypeAlias = GroupRole | Literal["member", "manager", "admin"]
"""A role, or its name."""
GroupVisibilityValue: TypeAlias = GroupVisibility | Literal["authenticated", "private"]
"""A visibility, or its name."""
GroupMemberVisibilityValue: TypeAlias = GroupMemberVisibility | Literal["members", "managers"]
"""A visibility of members, or its name."""
SignupFieldValue: TypeAlias = (
    GroupRequiredSignupFields
    | Literal[
        "institution",
        "current_project_name",
        "address",
        "city",
        "state",
        "country",
        "address1",
        "address2",
        "zip",
        "phone",
        "department",
        "field_of_science",
    ]
)
"""A field, or its name."""
IdentityIds: TypeAlias = UUID | str | Iterable[UUID | str]
"""One identity, or several. UUIDs."""


class GroupPolicies(dict[str, Any]):
    """
    The policies of a group, for `GroupsClient.set_group_policies` and the ``policies`` of `GroupsClient.create_group`.

    Args:
        is_high_assurance: Whether the group requires fresh logins of its members.
        group_visibility: Who can see the group.
        group_members_visibility: Who can see its memberships.
        join_requests: Whether users can request to join.
        signup_fields: What they have to state for that; one field or several.
        authentication_assurance_timeout: Seconds for which a login counts, in a group of high assurance. By default
            unchanged; ``None`` for the default of the service.

    Raises:
        GlobusSDKUsageError: An unknown value.

    Example:
        >>> policies = GroupPolicies(
        ...     is_high_assurance=False,
        ...     group_visibility="authenticated",
        ...     group_members_visibility=GroupMemberVisibility.managers,
        ...     join_requests=True,
        ...     signup_fields="institution",
        ... )
        >>> policies["signup_fields"]
        ['institution']

    **Differs from globus-sdk:** takes a single field, of which globus-sdk makes a list of letters, and refuses unknown
    values.
    """

    def __init__(
        self,
        *,
        is_high_assurance: bool,
        group_visibility: GroupVisibilityValue,
        group_members_visibility: GroupMemberVisibilityValue,
        join_requests: bool,
        signup_fields: SignupFieldValue | Iterable[SignupFieldValue],
        authentication_assurance_timeout: int | MissingType | None = MISSING,
    ) -> None:
        check_bool("is_high_assurance", is_high_assurance)
        check_bool("join_requests", join_requests)
        fields = signup_fields if is_collection(signup_fields) else [signup_fields]
        super().__init__(
            is_high_assurance=is_high_assurance,
            group_visibility=choice("group_visibility", group_visibility, GroupVisibility),
            group_members_visibility=choice(
                "group_members_visibility", group_members_visibility, GroupMemberVisibility
            ),
            join_requests=join_requests,
            signup_fields=[choice("each of signup_fields", each, GroupRequiredSignupFields) for each in fields],
        )
        if not isinstance(authentication_assurance_timeout, MissingType):
            if authentication_assurance_timeout is not None:
                check_whole("authentication_assurance_timeout", authentication_assurance_timeout)
            self["authentication_assurance_timeout"] = authentication_assurance_timeout


def choice(name: str, value: object, kind: type[E]) -> str:
    """
    Return a member of an enumeration as text.

    Raises:
        GlobusSDKUsageError: It is none, and no name of one.
    """
    known = [each.value for each in kind]
    text = value.value if isinstance(value, kind) else value
    if text not in known:
        raise refusal(name, value, f"one of {', '.join(map(repr, known))}")
    return str(text)


def each_identity(identity_ids: IdentityIds) -> list[str]:
    """
    Return the ids of one identity or several.

    Raises:
        GlobusSDKUsageError: One is no UUID.
    """
    several = identity_ids if is_collection(identity_ids) else [identity_ids]
    return [uuid_text("identity_ids", each) for each in several]
