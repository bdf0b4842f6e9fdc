"""Who sees which group, who has which role, and who may do what to memberships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .errors import GroupsError

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from ..kit.directory import Group, Membership, Role
    from .state import GroupsState

__all__ = (
    "ACTIONS",
    "ALL",
    "OF_OWNER",
    "VIEW",
    "allowed_actions",
    "check_session",
    "is_member",
    "is_visible",
    "own_identities",
    "own_memberships",
    "require_role",
    "require_scope",
    "roles",
    "sees_members",
    "visible_group",
)

_SCOPES: Final = "urn:globus:auth:scope:groups.api.globus.org:"
ALL: Final = f"{_SCOPES}all"
VIEW: Final = f"{_SCOPES}view_my_groups_and_memberships"

ACTIONS: Final = (
    "accept",
    "add",
    "approve",
    "change_role",
    "decline",
    "invite",
    "join",
    "leave",
    "reject",
    "remove",
    "request_join",
)
"""All actions on memberships."""
OF_OWNER: Final = frozenset({"accept", "decline", "join", "leave", "request_join"})
"""Those that people do to their own memberships."""
_MANAGING: Final[dict[str, tuple[Role, ...]]] = {
    **dict.fromkeys(("add", "approve", "invite", "reject", "remove"), ("admin", "manager")),
    "change_role": ("admin",),
}
_SEEING: Final = frozenset({"active", "invited", "pending"})


def require_scope(caller: Caller, *scopes: str) -> None:
    """
    Require one of some scopes.

    Raises:
        GroupsError: 403, with the scopes that the token has.
    """
    if caller.scopes.isdisjoint(scopes):
        needed = " or ".join(scopes)
        provided = sorted(caller.scopes)
        raise GroupsError.forbidden(f"The token does not have the scope {needed}", provided_scopes=provided)


def own_identities(state: GroupsState, caller: Caller) -> list[str]:
    """Return the ids of a caller's linked identities, the primary one first."""
    return [each.id for each in state.directory.linked(caller.identity_id)]


def own_memberships(state: GroupsState, group: Group, caller: Caller) -> list[Membership]:
    """Return the memberships of a caller's identities in a group, without those implied by subgroups."""
    own = own_identities(state, caller)
    return [group.memberships[each] for each in own if each in group.memberships]


def roles(state: GroupsState, group: Group, caller: Caller) -> set[Role]:
    """Return the roles of a caller's active memberships."""
    return {each.role for each in own_memberships(state, group, caller) if each.status == "active"}


def is_member(state: GroupsState, group: Group, caller: Caller) -> bool:
    """Return whether one of a caller's identities is a member, of the group or of a subgroup."""
    return group.id in state.directory.groups_of(caller.identity_ids)


def is_visible(state: GroupsState, group: Group, caller: Caller) -> bool:
    """Return whether a caller may see a group: a private one is seen by its members, and those who may become ones."""
    if group.policies.group_visibility == "authenticated" or is_member(state, group, caller):
        return True
    return any(each.status in _SEEING for each in own_memberships(state, group, caller))


def visible_group(state: GroupsState, group_id: str, caller: Caller) -> Group:
    """
    Return a group that a caller may see.

    Raises:
        GroupsError: 404; there is no such group, or the caller may not see it.
    """
    group = state.group(group_id)
    if not is_visible(state, group, caller):
        raise GroupsError(404, "NOT_FOUND", f"Group {group_id} not found")
    return group


def sees_members(state: GroupsState, group: Group, caller: Caller) -> bool:
    """Return whether a caller may see all memberships of a group."""
    if group.policies.group_members_visibility == "members":
        return is_member(state, group, caller)
    return not roles(state, group, caller).isdisjoint({"admin", "manager"})


def require_role(state: GroupsState, group: Group, caller: Caller, *needed: Role) -> None:
    """
    Require a role in a group.

    Raises:
        GroupsError: 403; the caller has none of the roles. 401; the group requires a fresh login.
    """
    if roles(state, group, caller).isdisjoint(needed):
        raise GroupsError.forbidden(f"Caller must be {' or '.join(needed)} of group {group.id}")
    check_session(state, group, caller)


def check_session(state: GroupsState, group: Group, caller: Caller) -> None:
    """
    Require, for a group of high assurance, a login with one of the caller's identities in it that is not too old.

    Raises:
        GroupsError: 401, with the identities that must log in.
    """
    if not group.policies.is_high_assurance:
        return
    timeout = group.policies.authentication_assurance_timeout or 28_800
    own = [each.identity_id for each in own_memberships(state, group, caller)] or own_identities(state, caller)
    logins = caller.session.authentications
    if not any(each in logins and state.now() - logins[each].auth_time < timeout for each in own):
        parameters = {
            "session_message": f"Group {group.id} requires a login within {timeout} seconds",
            "session_required_identities": own,
        }
        message = "The session does not satisfy the requirements of the group"
        raise GroupsError(401, "AUTHENTICATION_ERROR", message, authorization_parameters=parameters)


def allowed_actions(state: GroupsState, group: Group, caller: Caller) -> dict[str, list[str]]:
    """Return, for each action, the ids of the caller's identities that may do it."""
    policies, own = group.policies, own_identities(state, caller)
    statuses = {each.identity_id: each.status for each in own_memberships(state, group, caller)}
    by_role = {action: _with_role(group, own, *needed) for action, needed in _MANAGING.items()}
    if policies.members_invite:
        by_role["invite"] = _with_role(group, own, "admin", "manager", "member")
    of_owner = {
        "accept": [each for each in own if statuses.get(each) == "invited"],
        "decline": [each for each in own if statuses.get(each) == "invited"],
        "join": own if policies.joins_at_once and not policies.is_high_assurance else [],
        "leave": [each for each in own if statuses.get(each) == "active"],
        "request_join": own if policies.join_requests else [],
    }
    return {action: (by_role | of_owner)[action] for action in ACTIONS}


def _with_role(group: Group, own: list[str], *needed: Role) -> list[str]:
    active = group.ids_with_role(*needed)
    return [each for each in own if each in active]
