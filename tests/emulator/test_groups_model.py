"""Random actions on memberships, compared with a simple model of the emulated Groups; and bugs that they find."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from globus_async.emulator.auth.service import AuthService
from globus_async.emulator.groups.permissions import ALL
from globus_async.emulator.groups.service import GroupsService
from globus_async.emulator.kit.clock import ManualClock
from globus_async.emulator.kit.service import Platform
from globus_async.emulator.registry import Emulator
from tests.mutants.mutation import PACKAGE, Guard, always, drop, never, swap

pytestmark = pytest.mark.slow

PEOPLE = ("ada", "max", "mia", "zoe", "zoe2", "bob")
LINKED = {"zoe": ("zoe", "zoe2"), "zoe2": ("zoe", "zoe2")}
OWN_ACTIONS = ("accept", "decline", "join", "leave", "request_join")
MANAGING = ("add", "approve", "change_role", "invite", "reject", "remove")
POLICIES = ("is_high_assurance", "join_requests", "joins_at_once", "members_invite", "is_private", "members_see")

NEEDED: dict[str, tuple[str, set[str]]] = {
    **dict.fromkeys(("accept", "decline"), ("NOT_INVITED", {"invited"})),
    **dict.fromkeys(("approve", "reject"), ("NOT_PENDING", {"pending"})),
    **dict.fromkeys(("change_role", "leave"), ("NOT_ACTIVE", {"active"})),
    "remove": ("NOT_ACTIVE", {"active", "invited"}),
}


@dataclass
class Model:
    """The memberships of one group, by name: role and status; and what decides about them."""

    members: dict[str, tuple[str, str]] = field(default_factory=dict)
    policies: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(POLICIES, False))
    not_to_be_added: set[str] = field(default_factory=set)

    def own(self, person: str) -> tuple[str, ...]:
        return LINKED.get(person, (person,))

    def has_role(self, person: str, *roles: str) -> bool:
        return any(self.members.get(each) in {(role, "active") for role in roles} for each in self.own(person))

    def status(self, person: str) -> str | None:
        return self.members[person][1] if person in self.members else None

    def sees_group(self, person: str) -> bool:
        return not self.policies["is_private"] or any(
            self.status(each) in {"active", "invited", "pending"} for each in self.own(person)
        )

    def sees_members(self, person: str) -> bool:
        everyone = ("member", "manager", "admin")
        return self.has_role(person, *(everyone if self.policies["members_see"] else ("manager", "admin")))

    def has_session(self, person: str) -> bool:
        """Whether the login of a person counts in a group of high assurance: with an identity that has a membership."""
        own = [each for each in self.own(person) if each in self.members] or self.own(person)
        return not self.policies["is_high_assurance"] or person in own

    def may(self, person: str, action: str) -> bool:
        """Whether one of the identities of a person may do an action at all."""
        statuses = {self.status(each) for each in self.own(person)}
        match action:
            case "accept" | "decline":
                return "invited" in statuses
            case "leave":
                return "active" in statuses
            case "join":
                return self.policies["joins_at_once"] and not self.policies["is_high_assurance"]
            case "request_join":
                return self.policies["join_requests"]
            case "change_role":
                return self.has_role(person, "admin")
            case "invite" if self.policies["members_invite"]:
                return self.has_role(person, "member", "manager", "admin")
            case _:
                return self.has_role(person, "manager", "admin")

    def is_forbidden(self, person: str, action: str, target: str, role: str | None) -> bool:
        """Whether a person who may do an action may not do it to this target."""
        is_own = target in self.own(person)
        if action in OWN_ACTIONS:
            return not is_own
        removes_admin = action == "remove" and self.members.get(target, ("", ""))[0] == "admin"
        by_admin = role in {"manager", "admin"} or removes_admin
        return (by_admin and not self.has_role(person, "admin")) or (action == "remove" and is_own)

    def act(self, person: str, action: str, target: str, role: str) -> str:
        """Do an action; return the resulting status, or the code of the error."""
        if not self.sees_group(person):
            return "404"
        if not self.has_session(person):
            return "401"
        if not self.may(person, action):
            return "403"
        given_role = role if action in {"add", "invite", "change_role"} else None
        if self.is_forbidden(person, action, target, given_role):
            return "FORBIDDEN"
        if error := self.refusal(action, target, self.status(target)):
            return error
        last = [each for each, membership in self.members.items() if membership == ("admin", "active")] == [target]
        if last and (action == "leave" or (action == "change_role" and role != "admin")):
            return "LAST_ADMIN"
        before = self.members.get(target, ("member", ""))[0]
        kept = "member" if action in {"join", "request_join"} else before
        after = {
            **dict.fromkeys(("accept", "add", "approve", "join", "change_role"), "active"),
            "decline": "declined",
            "invite": "invited",
            "leave": "left",
            "reject": "rejected",
            "remove": "removed",
            "request_join": "pending",
        }[action]
        self.members[target] = (given_role or kept, after)
        return after

    def refusal(self, action: str, target: str, status: str | None) -> str | None:
        """Return why the status of the target prevents an action."""
        already = {"active": "ALREADY_ACTIVE", "invited": "ALREADY_INVITED", "pending": "ALREADY_PENDING"}
        if action == "add":
            found = {"active": "ALREADY_ACTIVE", "left": "PREVIOUSLY_LEFT"}.get(status or "")
            return found or ("ADD_NOT_ALLOWED" if target in self.not_to_be_added else None)
        if action in {"invite", "request_join"}:
            return already.get(status or "")
        if action == "join":
            return None if status is None else {**already, "left": "PREVIOUSLY_LEFT"}.get(status, "FORBIDDEN")
        if status is None:
            return "NO_MEMBERSHIP"
        code, statuses = NEEDED[action]
        return None if status in statuses else code


DULL = {"401", "403", "404", "NO_MEMBERSHIP"}
Step = tuple[Any, ...]


def random_step(random: Random, model: Model) -> Step:
    """Return a step, most often an action that changes something or fails for a reason of its own."""
    match random.choices(("act", "policy", "prefer", "read"), (16, 2, 1, 2))[0]:
        case "act":
            for _ in range(random.randrange(8)):
                step = random_action(random)
                if deepcopy(model).act(*step[1:]) not in DULL:
                    return step
            return random_action(random)
        case "policy":
            return "policy", random.choice(POLICIES), random.random() < 0.4
        case "prefer":
            return "prefer", random.choice(PEOPLE), random.random() < 0.6
        case _:
            return "read", random.choice(PEOPLE)


def random_action(random: Random) -> Step:
    person, action = random.choice(PEOPLE), random.choice(OWN_ACTIONS + MANAGING)
    target = person if action in OWN_ACTIONS and random.random() < 0.8 else random.choice(PEOPLE)
    return "act", person, action, target, random.choice(("member", "manager", "admin"))


async def check(random: Random, service: Callable[[Platform], GroupsService], *, length: int = 60) -> None:
    """Make random steps in a model and in an emulator; both agree after each."""
    platform = Platform(ManualClock())
    auth, groups = AuthService(platform), service(platform)
    ids = {name: auth.state.add_identity(f"{name}@example.org").id for name in PEOPLE}
    names = {id_: name for name, id_ in ids.items()}
    auth.state.link(*(auth.state.directory.identities[ids[name]] for name in ("zoe", "zoe2")))
    tokens = {
        name: auth.state.access_token(auth.state.directory.identities[ids[name]], scopes=[ALL]) for name in PEOPLE
    }
    group = groups.state.add_group(admins=[ids["ada"]], managers=[ids["max"]], members=[ids["mia"]])
    group.policies.group_visibility = "authenticated"
    model = Model({"mia": ("member", "active"), "max": ("manager", "active"), "ada": ("admin", "active")})
    async with Emulator(platform, [groups, auth]) as emulator:
        http = emulator.http_client(base_url="https://groups.api.globus.org/v2")

        async def send(person: str, method: str, path: str, document: Any = None) -> tuple[int, Any]:
            headers = {"Authorization": f"Bearer {tokens[person]}"}
            response = await http.request(method, path, json=document, headers=headers)
            return response.status_code, response.json()

        async def act(person: str, action: str, target: str, role: str) -> str:
            item = {"identity_id": ids[target], "role": role}
            status, found = await send(person, "POST", f"/groups/{group.id}", {action: [item]})
            if status != 200:
                return str(status)
            (done,) = found[action] or found["errors"][action]
            assert names[done["identity_id"]] == target
            return str(done.get("status") or done["code"])

        for _ in range(length):
            step = random_step(random, model)
            match step:
                case ("act", person, action, target, role):
                    assert await act(person, action, target, role) == model.act(person, action, target, role), step
                case ("policy", name, value):
                    model.policies[name] = value
                    if name == "is_private":
                        group.policies.group_visibility = "private" if value else "authenticated"
                    elif name == "members_see":
                        group.policies.group_members_visibility = "members" if value else "managers"
                    else:
                        setattr(group.policies, name, value)
                case ("prefer", person, value):
                    (model.not_to_be_added.discard if value else model.not_to_be_added.add)(person)
                    await send(person, "PUT", "/preferences", {ids[person]: {"allow_add": value}})
                case ("read", person):
                    status, found = await send(person, "GET", f"/groups/{group.id}?include=memberships")
                    seen = 200 if model.has_session(person) else 401
                    expected = seen if model.sees_members(person) else 403
                    assert status == (expected if model.sees_group(person) else 404), step
                    if status == 200:
                        assert {names[each["identity_id"]] for each in found["memberships"]} == {*model.members}
                case _:
                    raise AssertionError(step)
            present = {names[each.identity_id]: (each.role, each.status) for each in group.memberships.values()}
            assert present == model.members, step
            assert any(each == ("admin", "active") for each in present.values())


@settings(max_examples=10, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
@given(st.integers(0, 1 << 32))
def test_the_emulator_agrees_with_the_model(seed: int) -> None:
    """Each action has the same result, and leads to the same memberships."""
    asyncio.run(check(Random(seed), GroupsService))


ACTIONS, PERMISSIONS = "emulator/groups/actions.py", "emulator/groups/permissions.py"
BUGS = {
    "those who left can be added": swap(f"{ACTIONS}:", r"'add': frozenset\(\{None", "'add': frozenset({None, 'left'"),
    "the last administrator can leave": never(f"{ACTIONS}:perform", r"_ends_last_admin"),
    "managers make administrators": never(f"{ACTIONS}:_check_permission", r"^action\.role not in"),
    "managers remove administrators": never(f"{ACTIONS}:_check_permission", r"present\.role == 'admin'"),
    "others accept an invitation": never(f"{ACTIONS}:_check_permission", r"^not is_own"),
    "a preference is ignored": never(f"{ACTIONS}:_check_status", r"refuses_add"),
    "a former role comes back": drop(f"{ACTIONS}:perform", r"^membership\.role = 'member'"),
    "pending requests are removed": swap(f"{ACTIONS}:", r"'remove': frozenset\(\{", "'remove': frozenset({'pending', "),
    "private groups are visible": always(f"{PERMISSIONS}:is_visible", r"_SEEING"),
    "members see the members": always(f"{PERMISSIONS}:sees_members", r"isdisjoint"),
    "users join a group of high assurance": swap(
        f"{PERMISSIONS}:allowed_actions", r" and \(?not policies\.is_high_assurance\)?", ""
    ),
    "managers change roles": swap(
        f"{PERMISSIONS}:", r"'change_role': \('admin',\)", "'change_role': ('admin', 'manager')"
    ),
}


def planted(bug: Guard) -> type[GroupsService]:
    """Return the service with a bug."""
    modules: dict[str, ModuleType] = {}
    for name in ("permissions", "actions", "documents", "routes"):
        path = PACKAGE / "emulator" / "groups" / f"{name}.py"
        source = path.read_text(encoding="utf-8")
        module = modules[name] = ModuleType(f"globus_async.emulator.groups.planted_{name}")
        module.__package__ = "globus_async.emulator.groups"
        exec(compile(bug.mutant(source) if bug.path == path else source, str(path), "exec"), vars(module))
        for earlier in modules.values():
            shared = vars(module).keys() & set(getattr(earlier, "__all__", ()))
            vars(module).update({key: vars(earlier)[key] for key in shared})

    class Planted(GroupsService):
        def tables(self) -> Any:
            return {"/v2": modules["routes"].ROUTES}

    return Planted


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str) -> None:
    """The same histories find each of these mistakes."""
    service = planted(BUGS[name])

    async def search() -> None:
        for seed in range(30):
            await check(Random(seed), service)

    with pytest.raises(AssertionError):
        asyncio.run(search())
