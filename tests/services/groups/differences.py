"""The deliberate differences of GroupsClient and GroupsManager from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "constructor",
        "signature",
        "`GroupsClient(retry_config=)`",
        "is `retry=`, which takes a `RetryPolicy`",
        "a retry policy is immutable, so that clients can share it",
    ),
    Difference(
        "new_methods",
        "extension",
        "`get_group_statuses`, `get_group_children`",
        "are new",
        "the service has these calls: the numbers of pending and invited members, and subgroups",
    ),
    Difference(
        "actions",
        "extension",
        "`BatchMembershipActions`, `GroupsManager`",
        "take `status_reason`, and `invite_email_address` for invitations",
        "the service does",
    ),
    Difference(
        "one_or_several",
        "signature",
        "`BatchMembershipActions.change_roles`, `signup_fields=` of policies",
        "take one value or several",
        "globus-sdk makes of one text a list of its letters, and fails on one `UUID`",
    ),
    Difference(
        "checked",
        "behaviour",
        "ids of identities and groups, roles, visibilities and signup fields",
        "are refused before anything is sent if they are no UUIDs, or unknown",
        "globus-sdk sends them, or asks for another path",
    ),
    Difference(
        "batch_results",
        "response",
        "`batch_membership_action`",
        "returns a `BatchResponse`, with a result for each identity, and `check()`, which raises",
        "the service responds with 200 even if every action failed",
    ),
    Difference(
        "manager_raises",
        "error",
        "methods of `GroupsManager` for one identity",
        "raise `MembershipActionError` if the action failed",
        "globus-sdk returns it like a success",
    ),
    Difference(
        "scope_hint",
        "error",
        "a 403 of a token without the scope",
        "names the scope to request, and how",
        "the default scope of `GroupsClient` covers reading only, in both packages",
    ),
    Difference(
        "timeout",
        "wire",
        "`GroupsManager.set_group_policies` without `authentication_assurance_timeout`",
        "leaves it out, as `GroupPolicies` does in both packages",
        "globus-sdk sends null, which resets it",
    ),
    Difference(
        "booleans",
        "wire",
        "booleans in `query_params`",
        "are `true` and `false` instead of `True` and `False`",
        "that is how JSON and the service spell them",
    ),
)

DIFFERENCES: Final = Differences("GroupsClient differs", _ENTRIES)
"""All of them."""
