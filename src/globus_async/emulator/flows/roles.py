"""Principals, and the roles that they have on flows, runs, web inputs and registered APIs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from ..kit.directory import Directory
    from .language.definition import Problem
    from .models import Flow, RegisteredApi, Run, WebInput

__all__ = (
    "ALL_USERS",
    "PUBLIC",
    "api_roles",
    "flow_roles",
    "identity_urn",
    "implied",
    "principal_problems",
    "principals_of",
    "read_principals",
    "role_filter",
    "run_roles",
    "web_input_roles",
)

ALL_USERS: Final = "all_authenticated_users"
PUBLIC: Final = "public"
_MAX_PRINCIPALS: Final = 16
_IDENTITY: Final = "urn:globus:auth:identity:"
_GROUP: Final = "urn:globus:groups:id:"
_URN: Final = re.compile(rf"(?:{_IDENTITY}|{_GROUP})[0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}}")
_SPECIAL: Final[Mapping[str, str]] = {"flow_viewers": PUBLIC, "flow_starters": ALL_USERS}
"""The principals that are no URNs, by the only list that may contain them."""
_ROLE_NAMES: Final[Mapping[str, str]] = {
    "flow_viewers": "FlowViewer",
    "flow_starters": "FlowStarter",
    "flow_administrators": "FlowAdministrator",
    "run_managers": "RunManager",
    "run_monitors": "RunMonitor",
}
_IMPLIED: Final[Mapping[str, tuple[str, ...]]] = {
    "flow_owner": ("flow_administrator", "flow_starter", "flow_viewer"),
    "flow_administrator": ("flow_starter", "flow_viewer"),
    "flow_starter": ("flow_viewer",),
    "run_owner": ("run_manager", "run_monitor"),
    "run_manager": ("run_monitor",),
    "flow_run_manager": ("flow_run_monitor",),
}


def identity_urn(identity_id: str) -> str:
    """Return the principal of an identity."""
    return f"{_IDENTITY}{identity_id}"


def principals_of(directory: Directory, caller: Caller) -> frozenset[str]:
    """Return all principals that a caller is one of."""
    groups = directory.groups_of(caller.identity_ids)
    return frozenset(
        {PUBLIC, ALL_USERS, *map(identity_urn, caller.identity_ids), *(f"{_GROUP}{group}" for group in groups)}
    )


def principal_problems(name: str, value: object) -> Iterator[Problem]:
    """
    Yield what is wrong with a list of principals.

    Args:
        name: The member with the list.
        value: Its value.
    """
    if not isinstance(value, list):
        yield (name,), "a list of principals is required"
        return
    principals = cast("list[object]", value)
    if len(principals) > _MAX_PRINCIPALS:
        yield (name,), f"ensure this value has at most {_MAX_PRINCIPALS} items"
    for number, principal in enumerate(principals):
        if isinstance(principal, str) and (_URN.fullmatch(principal) or principal == _SPECIAL.get(name)):
            continue
        kinds = ["<AuthGroupUrn>", "<AuthIdentityUrn>", *(f'"{each}"' for each in [_SPECIAL.get(name)] if each)]
        shown = str(principal)[:200]
        role = _ROLE_NAMES.get(name, name)
        message = f'Unrecognized principal string: "{shown}". Allowed principal types in role "{role}": '
        yield (name, number), f"{message}[{', '.join(kinds)}]"


def read_principals(principals: Iterable[str]) -> list[str]:
    """Return principals as they are compared: once each, in lower case."""
    return list(dict.fromkeys(each.lower() for each in principals))


def flow_roles(flow: Flow, principals: frozenset[str]) -> list[str]:
    """Return the roles on a flow, the highest one first."""
    return _roles(
        principals,
        {
            "flow_owner": [flow.owner],
            "flow_administrator": flow.administrators,
            "flow_starter": flow.starters,
            "flow_viewer": flow.viewers,
            "run_manager": flow.run_managers,
            "run_monitor": flow.run_monitors,
        },
    )


def run_roles(run: Run, principals: frozenset[str]) -> list[str]:
    """Return the roles on a run, the highest one first; administrators of its flow are managers of all its runs."""
    flow = run.flow
    return _roles(
        principals,
        {
            "run_owner": [run.owner],
            "run_manager": run.managers,
            "flow_run_manager": [flow.owner, *flow.administrators, *flow.run_managers],
            "run_monitor": run.monitors,
            "flow_run_monitor": flow.run_monitors,
        },
    )


def web_input_roles(web_input: WebInput, principals: frozenset[str]) -> list[str]:
    """Return the roles on a web input."""
    roles = _roles(principals, {"viewer": web_input.viewers, "respondent": web_input.respondents})
    return ["viewer", "respondent"] if "respondent" in roles else roles


def api_roles(api: RegisteredApi, principals: frozenset[str]) -> list[str]:
    """Return the roles on a registered API, the highest one first."""
    return _roles(principals, {"owner": api.owners, "administrator": api.administrators, "viewer": api.viewers})


def _roles(principals: frozenset[str], lists: Mapping[str, Iterable[str]]) -> list[str]:
    return [role for role, members in lists.items() if not principals.isdisjoint(members)]


def implied(roles: Iterable[str]) -> frozenset[str]:
    """Return roles with those that they include: a starter is a viewer."""
    own = list(roles)
    return frozenset({*own, *(each for role in own for each in _IMPLIED.get(role, ()))})


def role_filter(names: Iterable[str], known: Iterable[str]) -> Callable[[Iterable[str]], bool]:
    """
    Return whether somebody has one of these roles.

    Args:
        names: The names of roles, in the singular or plural.
        known: All names, in the singular.

    Raises:
        ValueError: There is no role with one of the names.
    """
    singular = {**{each: each for each in known}, **{f"{each}s": each for each in known}}
    wanted: set[str] = set()
    for name in names:
        if name not in singular:
            raise ValueError(name)
        wanted.add(singular[name])
    return lambda roles: not wanted.isdisjoint(implied(roles))
