"""Authorization: roles, access rules, pause rules, consents and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .errors import TransferError, permission_denied
from .storage import paths
from .storage.protocol import Problem, StorageError

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from .models import Collection, PauseRule, Task
    from .state import TransferState
    from .storage.paths import Parts

__all__ = (
    "ALL_ROLES",
    "ROLES",
    "active_pause_rules",
    "check_access",
    "check_local_user",
    "check_not_paused",
    "check_usable",
    "check_visible",
    "effective_roles",
    "has_uniform_access",
    "is_activated",
    "is_visible",
    "may_access",
    "may_monitor",
    "missing_credential",
    "pausing_rules",
    "principals",
    "require_role",
)


_IMPLIED: Final = {
    "administrator": ("administrator", "access_manager", "activity_manager", "activity_monitor"),
    "access_manager": ("access_manager",),
    "activity_manager": ("activity_manager", "activity_monitor"),
    "activity_monitor": ("activity_monitor",),
    "access_monitor": (),  # given by Managers of Globus Connect Server only
}
ROLES: Final = ("administrator", "access_manager", "activity_manager", "activity_monitor")
ALL_ROLES: Final = tuple(_IMPLIED)


def principals(state: TransferState, identities: frozenset[str]) -> frozenset[str]:
    """Return identities and the groups they are members of."""
    return identities | state.directory.groups_of(identities)


def effective_roles(state: TransferState, collection: Collection, identities: frozenset[str]) -> tuple[str, ...]:
    """Return the roles of identities on a collection, including those through its host, the strongest first."""
    mine = principals(state, identities)
    found: set[str] = set()
    if collection.owner_id in mine:
        found.update(_IMPLIED["administrator"])
    for role in list(collection.roles.values()):
        if role.principal in mine:
            found.update(_IMPLIED[role.role])
    if collection.host is not None:
        hosted = effective_roles(state, collection.host, identities)
        found.update(role for role in hosted if role.startswith("activity_"))
        if "administrator" in hosted and "administrator" not in found:
            return ("restricted_administrator", *(role for role in ROLES if role in found))
    return tuple(role for role in ROLES if role in found)


def require_role(state: TransferState, collection: Collection, caller: Caller, *roles: str) -> None:
    """
    Require one of several roles on a collection.

    Raises:
        TransferError: 403 ``PermissionDenied``, the caller has none of them.
    """
    if not set(roles) & set(effective_roles(state, collection, caller.identity_ids)):
        needed = " or ".join(role.replace("_", " ") for role in roles)
        raise permission_denied(f"You do not have the {needed} role on endpoint '{collection.id}'")


def check_visible(state: TransferState, collection: Collection, caller: Caller) -> None:
    """
    Require that a collection is visible.

    Raises:
        TransferError: 403 ``PermissionDenied``, the collection is private and not shared with the caller.
    """
    if not is_visible(state, collection, caller.identity_ids):
        raise permission_denied(f"You do not have permission to see endpoint '{collection.id}'")


def is_visible(state: TransferState, collection: Collection, identities: frozenset[str]) -> bool:
    """Whether a collection is visible to identities."""
    return (
        bool(collection.fields["public"])
        or bool(effective_roles(state, collection, identities))
        or any(
            _matches_principal(state, rule.principal_type, rule.principal, identities)
            for rule in list(collection.rules.values())
        )
        or (collection.members is not None and not collection.members.isdisjoint(identities))
    )


def check_local_user(state: TransferState, collection: Collection, caller: Caller, name: str | None) -> None:
    """
    Require that a collection maps the caller to a local user: the part of the username before the ``@``.

    Args:
        state: The state of the service.
        collection: The collection.
        caller: The caller.
        name: The local user that was named; `None` leaves it to the collection.

    Raises:
        TransferError: 400, the collection has no local users; 403, the caller is mapped to other ones.
    """
    if name is None:
        return
    if collection.fields["entity_type"] != "GCSv5_mapped_collection":
        raise TransferError(400, "BadRequest", f"local_user cannot be used with endpoint '{collection.id}'")
    account_of = collection.account_of
    usernames = state.directory.username
    mapped = {
        usernames(each).partition("@")[0] if account_of is None else account_of(each) for each in caller.identity_ids
    }
    if name not in mapped:
        message = f"Denied by endpoint: your identities are not mapped to the local user '{name}'"
        raise TransferError(403, "EndpointPermissionDenied", message)


def may_monitor(state: TransferState, collection: Collection, identities: frozenset[str]) -> bool:
    """Whether identities may see all tasks on a collection."""
    return "activity_monitor" in effective_roles(state, collection, identities)


def may_access(
    state: TransferState, collection: Collection, identities: frozenset[str], path: Parts, *, write: bool
) -> bool:
    """Whether identities may read, or write, a path."""
    if collection.allows is not None and not collection.allows(path, identities, write=write):
        return False
    if collection.account_of is not None:
        return any(collection.account_of(each) is not None for each in sorted(identities))
    if not collection.is_guest:
        return (
            collection.members is None
            or collection.owner_id in identities
            or not collection.members.isdisjoint(principals(state, identities))
        )
    roles = effective_roles(state, collection, identities)
    if "administrator" in roles or "access_manager" in roles:
        return True
    now = state.now()
    return any(
        (not write or rule.permissions == "rw")
        and (rule.expires_at is None or rule.expires_at > now)
        and _matches_principal(state, rule.principal_type, rule.principal, identities)
        and paths.is_below(path, paths.parse(rule.path))
        for rule in list(collection.rules.values())
    )


def has_uniform_access(state: TransferState, collection: Collection, identities: frozenset[str]) -> bool:
    """Whether access is the same for all paths of a collection, so that links need not be resolved."""
    if collection.denied or collection.allows is not None:
        return False
    if not collection.is_guest:
        return True
    return not {"administrator", "access_manager"}.isdisjoint(effective_roles(state, collection, identities))


def check_access(
    state: TransferState, collection: Collection, identities: frozenset[str], path: Parts, *, write: bool
) -> None:
    """
    Require access to a path, by access rules and file system permissions.

    Raises:
        StorageError: ``PERMISSION_DENIED``.
    """
    is_denied = bool(collection.denied) and any(paths.is_below(path, top) for top in list(collection.denied))
    if is_denied or not may_access(state, collection, identities, path, write=write):
        raise StorageError(Problem.PERMISSION_DENIED, "Path not allowed." if not is_denied else "Permission denied")


def _matches_principal(state: TransferState, principal_type: str, principal: str, identities: frozenset[str]) -> bool:
    match principal_type:
        case "anonymous":
            return True
        case "all_authenticated_users":
            return bool(identities)
        case "group":
            return principal in state.directory.groups_of(identities)
        case _:
            return principal in identities


def active_pause_rules(state: TransferState, collection: Collection, identity_id: str) -> list[PauseRule]:
    """Return the pause rules in effect for an identity on a collection or its host."""
    endpoint_ids = {collection.id, *((collection.host.id,) if collection.host else ())}
    now = state.now()
    return [
        rule
        for rule in list(state.pause_rules.values())
        if rule.endpoint_id in endpoint_ids and rule.identity_id in {None, identity_id} and rule.starts_at <= now
    ]


def check_not_paused(state: TransferState, collection: Collection, caller: Caller, operation: str) -> None:
    """
    Require that a file operation is not paused by a manager.

    Raises:
        TransferError: 409 ``OperationPaused``.
    """
    for rule in active_pause_rules(state, collection, caller.identity_id):
        if rule.pauses.get(f"pause_{operation}", False):
            raise TransferError(
                409, "OperationPaused", f"The operation is paused on '{collection.display_name}': {rule.message}"
            )


def pausing_rules(state: TransferState, task: Task) -> list[tuple[str, PauseRule]]:
    """Return the pause rules that pause a task, with their sides."""
    pauses = {"source": "pause_task_transfer_read", "destination": "pause_task_transfer_write"}
    return [
        (side, rule)
        for side, collection in task.sides()
        for rule in active_pause_rules(state, collection, task.owner_id)
        if rule.pauses.get(pauses[side] if task.is_transfer else "pause_task_delete", False)
    ]


def check_usable(state: TransferState, collection: Collection, caller: Caller) -> None:
    """
    Require the consent, session and activation for file operations on a collection.

    Raises:
        TransferError: 403 with the authorization parameters of a login, or 400 if the endpoint is not activated.
    """
    scope = _data_access(collection)
    if collection.needs_data_access and scope not in caller.dependent_scopes:
        required = f"urn:globus:auth:scope:transfer.api.globus.org:all[*{scope}]"
        raise TransferError(
            403,
            "ConsentRequired",
            "Missing required data_access consent",
            required_scopes=[required],
            authorization_parameters={
                "required_scopes": [required],
                "session_message": "Missing required data_access consent",
            },
        )
    policy = collection.fields["authentication_policy_id"]
    if policy is not None and not state.platform.authority.satisfies_policy(policy, caller):
        parameters = {
            "session_required_policies": [policy],
            "session_message": f"Your session does not satisfy the policy of '{collection.display_name}'",
        }
        message = parameters["session_message"]
        raise TransferError(403, "AuthPolicyFailed", str(message), authorization_parameters=parameters)
    if collection.needs_activation and not is_activated(state, collection, caller.identity_id):
        raise TransferError(400, "ClientError.ActivationRequired", f"The endpoint '{collection.id}' is not activated")


def missing_credential(state: TransferState, task: Task) -> str | None:
    """Return the code of a missing consent, session or activation of a task, or ``None``."""
    authority = state.platform.authority
    for _, collection in task.sides():
        if collection.needs_data_access and not authority.still_consents(_data_access(collection), task.caller):
            return "CONSENT_REQUIRED"
        policy = collection.fields["authentication_policy_id"]
        if policy is not None and not authority.still_satisfies_policy(policy, task.caller):
            return "AUTH_POLICY_FAILED"
        if collection.needs_activation and not is_activated(state, collection, task.owner_id):
            return "ACTIVATION_REQUIRED"
    return None


def _data_access(collection: Collection) -> str:
    return f"https://auth.globus.org/scopes/{collection.id}/data_access"


def is_activated(state: TransferState, collection: Collection, identity_id: str) -> bool:
    """Whether a legacy endpoint is activated by an identity."""
    return collection.activated_until.get(identity_id, 0.0) > state.now()
