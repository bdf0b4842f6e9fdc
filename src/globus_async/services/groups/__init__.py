"""Globus Groups: groups, their policies, and memberships."""

from typing import TYPE_CHECKING

from ...porting import missing_from
from .batch import BatchMembershipActions
from .batch_response import BatchResponse, MembershipActionError, MembershipResult
from .client import GroupsClient
from .data import (
    GroupMemberVisibility,
    GroupMemberVisibilityValue,
    GroupPolicies,
    GroupRequiredSignupFields,
    GroupRole,
    GroupRoleValue,
    GroupVisibility,
    GroupVisibilityValue,
    IdentityIds,
    SignupFieldValue,
)
from .errors import (
    AuthenticationFailed,
    AuthorizationRequired,
    Conflict,
    GroupsAPIError,
    InvalidParameters,
    NotFound,
    PermissionDenied,
)
from .groups import Include
from .manager import GroupsManager

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "BatchMembershipActions",
    "BatchResponse",
    "Conflict",
    "GroupMemberVisibility",
    "GroupMemberVisibilityValue",
    "GroupPolicies",
    "GroupRequiredSignupFields",
    "GroupRole",
    "GroupRoleValue",
    "GroupVisibility",
    "GroupVisibilityValue",
    "GroupsAPIError",
    "GroupsClient",
    "GroupsManager",
    "IdentityIds",
    "Include",
    "InvalidParameters",
    "MembershipActionError",
    "MembershipResult",
    "NotFound",
    "PermissionDenied",
    "SignupFieldValue",
)

if not TYPE_CHECKING:
    __getattr__ = missing_from(__name__)
