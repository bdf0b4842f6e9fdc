"""The operations of Globus Groups."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, cast

from ..kit.directory import GroupPolicies
from ..kit.fields import BOOLEAN, LINE, OBJECT, TEXT, UUID, FieldType, choice, integer, list_of
from ..kit.ids import is_uuid, new_id
from ..kit.responses import json_response
from .actions import Action, ActionError, perform
from .documents import (
    INCLUDES,
    group_document,
    listed_group,
    membership_document,
    policies_document,
    subscription_document,
)
from .errors import GroupsError
from .permissions import (
    ACTIONS,
    ALL,
    VIEW,
    allowed_actions,
    check_session,
    is_visible,
    own_identities,
    own_memberships,
    require_role,
    require_scope,
    roles,
    visible_group,
)

if TYPE_CHECKING:
    from starlette.responses import Response

    from ..kit.authentication import Caller
    from ..kit.directory import Group, Role
    from ..kit.fields import Fields
    from ..kit.request import Request
    from ..kit.service import Document, RouteTable
    from .state import GroupsState

__all__ = (
    "ROUTES",
    "SIGNUP",
    "SIGNUP_FIELDS",
    "STATUSES",
    "act_on_memberships",
    "create_group",
    "delete_group",
    "get_group",
    "get_membership_fields",
    "get_policies",
    "get_preferences",
    "group_children",
    "group_statuses",
    "my_groups",
    "set_membership_fields",
    "set_policies",
    "set_preferences",
    "set_subscription_admin_verified",
    "subscription_info",
    "update_group",
)

STATUSES: Final = ("active", "invited", "pending", "rejected", "removed", "left", "declined")
SIGNUP_FIELDS: Final = (
    *("institution", "current_project_name", "address", "city", "state", "country", "address1", "address2"),
    *("zip", "phone", "department", "field_of_science"),
)
_MEMBERSHIP_FIELDS: Final = frozenset({*SIGNUP_FIELDS, "first_name", "last_name", "organization", "email", "name"})
_ROLE: Final = choice("member", "manager", "admin")
_ROLE_ACTIONS: Final = frozenset({"add", "change_role", "invite"})
_TIMEOUT: Final = integer(minimum=1)
SIGNUP: Final[FieldType[list[str]]] = list_of(choice(*SIGNUP_FIELDS))


def _group(state: GroupsState, request: Request, *scopes: str) -> Group:
    """Return the group of the path, which the caller may see with a token of one of some scopes."""
    require_scope(request.caller, *scopes)
    group_id = request.path_id("group_id")
    if not is_uuid(group_id):
        raise GroupsError.problem(("path", "group_id"), "Input should be a valid UUID", "uuid_parsing")
    return visible_group(state, group_id, request.caller)


def _choices(request: Request, name: str, known: tuple[str, ...]) -> list[str]:
    """Return the values of a parameter that is repeated or separated by commas."""
    values = [each.strip() for text in request.parameters(name) for each in text.split(",") if each.strip()]
    for number, value in enumerate(values):
        if value not in known:
            expected = ", ".join(f"'{each}'" for each in known)
            raise GroupsError.problem(("query", name, number), f"Input should be one of {expected}", "enum")
    return values


# groups


async def my_groups(state: GroupsState, request: Request) -> Response:
    """List the groups in which the caller has a membership, by default an active one."""
    require_scope(request.caller, ALL, VIEW)
    statuses = _choices(request, "statuses", STATUSES) or ["active"]
    found = [listed_group(state, each, request.caller, statuses) for each in list(state.groups.values())]
    return json_response([each for each in found if each["my_memberships"]])


async def group_statuses(state: GroupsState, request: Request) -> Document:
    """Count the memberships of each group that the caller manages, by status."""
    require_scope(request.caller, ALL, VIEW)
    counts: Document = {}
    for group in list(state.groups.values()):
        if not roles(state, group, request.caller).isdisjoint({"admin", "manager"}):
            found = Counter(each.status for each in group.memberships.values())
            counts[group.id] = {status: found[status] for status in STATUSES}
    return counts


async def create_group(state: GroupsState, request: Request) -> Response:
    """Create a group, whose administrator is the caller."""
    caller = request.caller
    require_scope(caller, ALL)
    fields = request.fields()
    name = fields.required("name", LINE)
    description = fields.nullable("description", TEXT)
    terms = fields.nullable("terms_and_conditions", TEXT)
    parent_id = fields.nullable("parent_id", UUID)
    policies = _policies(GroupPolicies(), fields.object("policies"))
    if parent_id is not None:
        require_role(state, visible_group(state, parent_id, caller), caller, "admin")
    own = sum(len(own_memberships(state, each, caller)) for each in list(state.groups.values()))
    if own >= state.max_memberships:
        raise GroupsError.forbidden(f"Caller has {own} memberships and may not create another group")
    group = state.directory.add_group(name, admin_ids=[caller.identity_id], id=new_id())
    group.description, group.terms_and_conditions = description, terms
    group.parent_id, group.policies = parent_id, policies
    group.memberships[caller.identity_id].updated = state.now()
    return json_response(group_document(state, group, caller), status=201)


async def get_group(state: GroupsState, request: Request) -> Document:
    """Return a group."""
    group, include = _group(state, request, ALL, VIEW), _choices(request, "include", INCLUDES)
    return group_document(state, group, request.caller, include)


async def update_group(state: GroupsState, request: Request) -> Document:
    """Change the name and texts of a group, or remove the subscription that it is verified for."""
    group, fields = _group(state, request, ALL), request.fields()
    require_role(state, group, request.caller, "admin")
    name = fields.optional("name", LINE, group.name)
    description = fields.nullable("description", TEXT, group.description)
    terms = fields.nullable("terms_and_conditions", TEXT, group.terms_and_conditions)
    verified = fields.nullable("subscription_admin_verified_id", UUID, group.verified_subscription_id)
    if verified != group.verified_subscription_id and verified is not None:
        raise GroupsError.forbidden("Only an administrator of the subscription can verify the group")
    group.name, group.description, group.terms_and_conditions = name, description, terms
    group.verified_subscription_id = verified
    return group_document(state, group, request.caller)


async def delete_group(state: GroupsState, request: Request) -> Document:
    """Delete a group without subgroups."""
    group = _group(state, request, ALL)
    require_role(state, group, request.caller, "admin")
    if children := state.directory.children(group):
        raise GroupsError(400, "BAD_REQUEST", f"Group {group.id} has {len(children)} subgroups")
    document = group_document(state, group, request.caller)
    del state.groups[group.id]
    return document


async def group_children(state: GroupsState, request: Request) -> Document:
    """List the subgroups that the caller may see."""
    group, include = _group(state, request, ALL, VIEW), _choices(request, "include", INCLUDES)
    children = [each for each in state.directory.children(group) if is_visible(state, each, request.caller)]
    return {"children": [group_document(state, each, request.caller, include) for each in children]}


# policies


async def get_policies(state: GroupsState, request: Request) -> Document:
    """Return the policies of a group."""
    return policies_document(_group(state, request, ALL, VIEW).policies)


async def set_policies(state: GroupsState, request: Request) -> Document:
    """Change the policies of a group; those that the document lacks stay as they are."""
    group, fields = _group(state, request, ALL), request.fields()
    require_role(state, group, request.caller, "admin")
    group.policies = _policies(group.policies, fields)
    return policies_document(group.policies)


def _policies(before: GroupPolicies, fields: Fields) -> GroupPolicies:
    visibility = choice("authenticated", "private")
    members_visibility = choice("members", "managers")
    after = GroupPolicies(joins_at_once=before.joins_at_once, members_invite=before.members_invite)
    after.is_high_assurance = fields.optional("is_high_assurance", BOOLEAN, before.is_high_assurance)
    after.authentication_assurance_timeout = fields.nullable(
        "authentication_assurance_timeout", _TIMEOUT, before.authentication_assurance_timeout
    )
    visible: Any = fields.optional("group_visibility", visibility, before.group_visibility)
    members_visible: Any = fields.optional(
        "group_members_visibility", members_visibility, before.group_members_visibility
    )
    after.group_visibility, after.group_members_visibility = visible, members_visible
    after.join_requests = fields.optional("join_requests", BOOLEAN, before.join_requests)
    after.signup_fields = fields.optional("signup_fields", SIGNUP, before.signup_fields)
    return after


# memberships


async def act_on_memberships(state: GroupsState, request: Request) -> Document:
    """Do actions on memberships, each of which may fail by itself."""
    group, fields, caller = _group(state, request, ALL), request.fields(), request.caller
    actions = _actions(fields)
    repeated = [each for each, count in Counter(each.identity_id for each in actions).items() if count > 1]
    if repeated:
        message = "An identity may be in one action of a request"
        raise GroupsError(400, "BAD_REQUEST", message, ambiguous_identities=repeated)
    check_session(state, group, caller)
    allowed = allowed_actions(state, group, caller)
    for name in dict.fromkeys(each.name for each in actions):
        if not allowed[name]:
            raise GroupsError.forbidden(f"Caller may not do '{name}' in group {group.id}")
    results: Document = {name: [] for name in fields if name in ACTIONS and fields[name] is not None}
    errors: dict[str, list[Document]] = {}
    for action in actions:
        try:
            membership = perform(state, group, caller, action)
        except ActionError as error:
            failure = {"identity_id": action.identity_id, "code": error.code, "detail": error.detail}
            errors.setdefault(action.name, []).append(failure)
        else:
            results[action.name].append(membership_document(state, group, membership))
    return {**results, "errors": errors} if errors else results


def _actions(fields: Fields) -> list[Action]:
    actions: list[Action] = []
    for name in fields:
        if name not in ACTIONS:
            raise GroupsError.problem(("body", name), "Extra inputs are not permitted", "extra_forbidden")
        for item in fields.objects(name) or ():
            identity_id, role = item.required("identity_id", UUID), None
            if name == "change_role":
                role = item.required("role", _ROLE)
            elif name in _ROLE_ACTIONS:
                role = item.optional("role", _ROLE, "member")
            email = item.nullable("invite_email_address", TEXT) if name == "invite" else None
            actions.append(
                Action(name, identity_id, cast("Role | None", role), item.nullable("status_reason", TEXT), email)
            )
    return actions


async def get_membership_fields(state: GroupsState, request: Request) -> Document:
    """Return what the caller has stated for a group, by identity."""
    group = _group(state, request, ALL, VIEW)
    return _fields_document(state, group, request.caller)


async def set_membership_fields(state: GroupsState, request: Request) -> Document:
    """Replace what the caller has stated for a group."""
    group, caller = _group(state, request, ALL), request.caller
    own = {each.identity_id: each for each in own_memberships(state, group, caller)}
    stated: dict[str, dict[str, str]] = {}
    for identity_id, values in _by_identity(request):
        if identity_id not in own:
            raise GroupsError.forbidden(f"Identity {identity_id} is not a member of the caller's identity set")
        for name, value in values.items():
            if name not in _MEMBERSHIP_FIELDS or not isinstance(value, str):
                raise GroupsError.problem(("body", identity_id, name), "Input should be a known field with a string")
        stated[identity_id] = values
    for identity_id, values in stated.items():
        own[identity_id].fields = dict(values)
    return _fields_document(state, group, caller)


def _fields_document(state: GroupsState, group: Group, caller: Caller) -> Document:
    return {each.identity_id: dict(each.fields) for each in own_memberships(state, group, caller)}


# people


async def get_preferences(state: GroupsState, request: Request) -> Document:
    """Return, for each of the caller's identities, whether it can be added to groups."""
    require_scope(request.caller, ALL)
    return _preferences(state, request.caller)


async def set_preferences(state: GroupsState, request: Request) -> Document:
    """Set whether identities of the caller can be added to groups."""
    require_scope(request.caller, ALL)
    own, allowed = own_identities(state, request.caller), dict[str, bool]()
    for identity_id, values in _by_identity(request):
        if identity_id not in own:
            raise GroupsError.forbidden(f"Identity {identity_id} is not one of the caller")
        if not isinstance(values.get("allow_add"), bool):
            raise GroupsError.problem(("body", identity_id, "allow_add"), "Input should be a valid boolean")
        allowed[identity_id] = values["allow_add"]
    for identity_id, can_be_added in allowed.items():
        (state.refuses_add.discard if can_be_added else state.refuses_add.add)(identity_id)
    return _preferences(state, request.caller)


def _preferences(state: GroupsState, caller: Caller) -> Document:
    return {each: {"allow_add": each not in state.refuses_add} for each in own_identities(state, caller)}


def _by_identity(request: Request) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects of a document by identity."""
    document, found = request.document(), list[tuple[str, dict[str, Any]]]()
    fields = request.fields_of(document)
    for name in document:
        if not is_uuid(name):
            raise GroupsError.problem(("body", name), "Input should be a valid UUID", "uuid_parsing")
        found.append((name.lower(), fields.required(name, OBJECT)))
    return found


# subscriptions


async def subscription_info(state: GroupsState, request: Request) -> Document:
    """Find the group that provides a subscription."""
    require_scope(request.caller, ALL, VIEW)
    subscription = state.directory.subscriptions.get(request.path_id("subscription_id").lower())
    if subscription is None or subscription.group is None:
        raise GroupsError(404, "NOT_FOUND", f"No group has subscription {request.path_id('subscription_id')}")
    return {
        "group_id": subscription.group.id,
        "subscription_id": subscription.id,
        "subscription_info": subscription_document(subscription, complete=False),
    }


async def set_subscription_admin_verified(state: GroupsState, request: Request) -> Document:
    """Verify that a group belongs to a subscription, as an administrator of it; or that it belongs to none."""
    group, fields, caller = _group(state, request, ALL), request.fields(), request.caller
    if "subscription_admin_verified_id" not in fields:
        raise GroupsError.missing_field("subscription_admin_verified_id")
    verified = fields.nullable("subscription_admin_verified_id", UUID)
    for subscription_id in filter(None, (group.verified_subscription_id, verified)):
        subscription = state.directory.subscriptions.get(subscription_id)
        own = own_identities(state, caller)
        if subscription is None or not any(subscription.has_admin(each) for each in own):
            raise GroupsError.forbidden(f"Caller is not an administrator of subscription {subscription_id}")
    group.verified_subscription_id = verified
    return {"group_id": group.id, "subscription_admin_verified_id": verified}


ROUTES: Final[RouteTable[GroupsState]] = (
    ("GET", "/groups/my_groups", my_groups),
    ("GET", "/groups/statuses", group_statuses),
    ("POST", "/groups", create_group),
    ("GET", "/groups/{group_id}", get_group),
    ("PUT", "/groups/{group_id}", update_group),
    ("DELETE", "/groups/{group_id}", delete_group),
    ("POST", "/groups/{group_id}", act_on_memberships),
    ("GET", "/groups/{group_id}/children", group_children),
    ("GET", "/groups/{group_id}/policies", get_policies),
    ("PUT", "/groups/{group_id}/policies", set_policies),
    ("GET", "/groups/{group_id}/membership_fields", get_membership_fields),
    ("PUT", "/groups/{group_id}/membership_fields", set_membership_fields),
    ("PUT", "/groups/{group_id}/subscription_admin_verified", set_subscription_admin_verified),
    ("GET", "/preferences", get_preferences),
    ("PUT", "/preferences", set_preferences),
    ("GET", "/subscription_info/{subscription_id}", subscription_info),
)
