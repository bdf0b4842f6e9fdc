"""The actions on memberships: from which status to which, and what prevents them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..kit.directory import Membership
from .permissions import OF_OWNER, roles

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from ..kit.directory import Group, Role, Status
    from .state import GroupsState

__all__ = ("Action", "ActionError", "perform")

_TARGETS: Final[dict[str, Status]] = {
    "accept": "active",
    "add": "active",
    "approve": "active",
    "change_role": "active",
    "decline": "declined",
    "invite": "invited",
    "join": "active",
    "leave": "left",
    "reject": "rejected",
    "remove": "removed",
    "request_join": "pending",
}
_SOURCES: Final[dict[str, frozenset[str | None]]] = {
    "accept": frozenset({"invited"}),
    "add": frozenset({None, "pending", "invited", "rejected", "removed", "declined"}),
    "approve": frozenset({"pending"}),
    "change_role": frozenset({"active"}),
    "decline": frozenset({"invited"}),
    "invite": frozenset({None, "rejected", "removed", "left", "declined"}),
    "join": frozenset({None}),
    "leave": frozenset({"active"}),
    "reject": frozenset({"pending"}),
    "remove": frozenset({"active", "invited"}),
    "request_join": frozenset({None, "rejected", "removed", "left", "declined"}),
}
"""The statuses that an action starts from; ``None`` for an identity without a membership."""
_CREATES: Final = frozenset({"add", "invite", "join", "request_join"})
_REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "active": ("ALREADY_ACTIVE", "Identity {} is already an active member of the group"),
    "invited": ("ALREADY_INVITED", "Identity {} has been invited to the group"),
    "pending": ("ALREADY_PENDING", "Identity {} has requested to join the group"),
    "left": ("PREVIOUSLY_LEFT", "Identity {} has left the group"),
}
"""Why an action that creates memberships fails, by the status that there is."""
_NEEDED: Final[dict[str, tuple[str, str]]] = {
    "active": ("NOT_ACTIVE", "Identity {} is not an active member of the group"),
    "invited": ("NOT_INVITED", "Identity {} has not been invited to the group"),
    "pending": ("NOT_PENDING", "Identity {} has not requested to join the group"),
}


class ActionError(Exception):
    """An action that failed for one identity, while others of the same request succeed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Action:
    """
    One action on one identity, as a request has it.

    Args:
        name: The action.
        identity_id: The identity.
        role: The role to give; ``None`` for one that gives none.
        status_reason: Why.
        invite_email_address: Where an invitation is sent.
    """

    def __init__(
        self,
        name: str,
        identity_id: str,
        role: Role | None = None,
        status_reason: str | None = None,
        invite_email_address: str | None = None,
    ) -> None:
        self.name = name
        self.identity_id = identity_id
        self.role: Role | None = role
        self.status_reason = status_reason
        self.invite_email_address = invite_email_address


def perform(state: GroupsState, group: Group, caller: Caller, action: Action) -> Membership:
    """
    Do an action that at least one of the caller's identities may do; return the membership that results.

    Raises:
        ActionError: It is not possible for this identity; nothing has changed.
    """
    _check_permission(state, group, caller, action)
    before = group.memberships.get(action.identity_id)
    _check_status(state, before, action)
    if before is not None and _ends_last_admin(group, before, action):
        raise ActionError("LAST_ADMIN", f"Identity {action.identity_id} is the last administrator of the group")
    if before is None:
        membership = group.memberships[action.identity_id] = Membership(action.identity_id)
    else:
        membership = before
    now = state.now()
    if action.name in _CREATES:
        membership.role = "member"
    if action.role is not None:
        membership.role = action.role
    membership.status, membership.status_reason = _TARGETS[action.name], action.status_reason
    if action.name == "invite":
        membership.invite_time, membership.invite_email_address = now, action.invite_email_address
    membership.updated = now
    return membership


def _check_permission(state: GroupsState, group: Group, caller: Caller, action: Action) -> None:
    is_own = action.identity_id in caller.identity_ids
    if action.name in OF_OWNER and not is_own:
        raise ActionError("FORBIDDEN", f"Identity {action.identity_id} is not one of the caller")
    if action.name not in OF_OWNER and "admin" not in roles(state, group, caller):
        if action.role not in {None, "member"}:
            raise ActionError("FORBIDDEN", f"Only administrators can make an identity {action.role}")
        present = group.memberships.get(action.identity_id)
        if action.name == "remove" and present is not None and present.role == "admin":
            raise ActionError("FORBIDDEN", "Only administrators can remove administrators")
    if action.name == "remove" and is_own:
        raise ActionError("FORBIDDEN", "Callers cannot remove themselves: leave the group instead")


def _check_status(state: GroupsState, before: Membership | None, action: Action) -> None:
    identity_id, name = action.identity_id, action.name
    status = None if before is None else before.status
    if identity_id not in state.directory.identities:
        raise ActionError("IDENTITY_NOT_FOUND", f"Identity {identity_id} does not exist")
    if status not in _SOURCES[name]:
        if name in _CREATES:
            code, text = _REFUSALS.get(status or "", ("FORBIDDEN", f"Identity {{}} has a membership that is {status}"))
        elif before is None:
            code, text = "NO_MEMBERSHIP", "Identity {} has no membership in the group"
        else:
            needed = next(each for each in ("active", "invited", "pending") if each in _SOURCES[name])
            code, text = _NEEDED[needed]
        raise ActionError(code, text.format(identity_id))
    if name == "add" and identity_id in state.refuses_add:
        raise ActionError("ADD_NOT_ALLOWED", f"Identity {identity_id} does not allow to be added to groups")


def _ends_last_admin(group: Group, membership: Membership, action: Action) -> bool:
    if membership.status != "active" or membership.role != "admin" or len(group.ids_with_role("admin")) > 1:
        return False
    return action.name in {"leave", "remove"} or (action.name == "change_role" and action.role != "admin")
