"""
Random operations on Compute, compared with a simple model of endpoints, functions and tasks.

The model can have a bug, one of `BUGS`; a history has to be found in which it then differs from the emulator.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import pytest

from globus_async.emulator.auth.service import AuthService
from globus_async.emulator.compute.models import COMPUTE_SCOPE
from globus_async.emulator.compute.service import ComputeService
from globus_async.emulator.kit.clock import ManualClock
from globus_async.emulator.kit.service import Platform
from globus_async.emulator.registry import Emulator
from tests.toolkit.random_cases import cases

pytestmark = pytest.mark.slow

PEOPLE = ("ada", "bob", "carl")
"""Ada and Bob are members of the group."""
ENDPOINTS = {f"e{number}": f"00000000-0000-4000-8000-00000000000{number}" for number in range(3)}
UNKNOWN = "00000000-0000-4000-8000-999999999999"
LOCK = 1800
BUGS = (
    "a lock does not end",
    "a lock refuses nothing",
    "a locked endpoint stays connected",
    "everybody registers an endpoint again",
    "the kind of an endpoint can change",
    "everybody deletes an endpoint",
    "single-user endpoints are for everyone",
    "multi-user endpoints are for their owner",
    "public endpoints are not listed",
    "version 2 hides public endpoints",
    "private functions are for everyone",
    "members of a group cannot use its functions",
    "all functions are allowed",
    "version 2 submits all or none",
    "version 3 submits in part",
    "version 3 creates the group that is named",
    "a refused submission creates a group",
    "groups are for everyone",
    "tasks are for everyone",
    "ended tasks are pending",
    "tasks are deleted with their endpoint",
)

Step = tuple[Any, ...]
Outcome = Any
Snapshot = tuple[dict[str, Any], dict[str, Any]]


@dataclass
class Place:
    """An endpoint of the model."""

    owner: str
    multi_user: bool
    public: bool
    allowed: tuple[str, ...] | None
    is_online: bool = True
    locked_until: int = 0


@dataclass
class Job:
    """A task of the model."""

    owner: str
    endpoint: str
    status: str


class Model:
    """Endpoints, functions, tasks and groups by name."""

    def __init__(self, bug: str | None = None) -> None:
        self.bug = bug
        self.now = 0
        self.endpoints: dict[str, Place] = {}
        self.functions: dict[str, tuple[str, bool, bool]] = {}
        self.tasks: dict[str, Job] = {}
        self.groups: dict[str, tuple[str, list[str]]] = {}
        self.made = 0

    def snapshot(self) -> Snapshot:
        endpoints = {name: (each.owner, each.is_online) for name, each in self.endpoints.items()}
        return endpoints, {name: (each.owner, each.status) for name, each in self.tasks.items()}

    def refusal(self, actor: str, endpoint: str) -> Outcome:
        """Return the error for somebody who does not manage an endpoint."""
        found = self.endpoints.get(endpoint)
        if found is None:
            return 404, "ENDPOINT_NOT_FOUND"
        return None if found.owner == actor else (403, "ENDPOINT_ACCESS_FORBIDDEN")

    def unusable(self, actor: str, endpoint: str, function: str) -> Outcome:
        """Return the error of a task, if there is one."""
        place, code = self.endpoints.get(endpoint), self.functions.get(function)
        if place is None:
            return 404, "ENDPOINT_NOT_FOUND"
        is_shared = place.multi_user and self.bug != "multi-user endpoints are for their owner"
        is_own = place.owner == actor or self.bug == "single-user endpoints are for everyone"
        if not (is_shared or place.public or is_own):
            return 403, "ENDPOINT_ACCESS_FORBIDDEN"
        if code is None:
            return 404, "FUNCTION_NOT_FOUND"
        owner, public, for_group = code
        is_member = for_group and actor != "carl" and self.bug != "members of a group cannot use its functions"
        if not (public or owner == actor or is_member or self.bug == "private functions are for everyone"):
            return 403, "FUNCTION_ACCESS_FORBIDDEN"
        if place.allowed is not None and function not in place.allowed and self.bug != "all functions are allowed":
            return 403, "FUNCTION_NOT_PERMITTED"
        return None

    def register(self, actor: str, endpoint: str, version: int, *options: Any) -> Outcome:
        multi_user, public, allowed = options
        known = self.endpoints.get(endpoint)
        if known is None and version == 3:
            return 404, "ENDPOINT_NOT_FOUND"
        if known is not None:
            if known.owner != actor and self.bug != "everybody registers an endpoint again":
                return 403, "ENDPOINT_ACCESS_FORBIDDEN"
            is_over = self.now >= known.locked_until and self.bug != "a lock does not end"
            if known.locked_until and not is_over and self.bug != "a lock refuses nothing":
                return 423, "ENDPOINT_LOCKED"
            if known.multi_user != multi_user and self.bug != "the kind of an endpoint can change":
                return 400, "REQUEST_MALFORMED"
        owner = actor if known is None else known.owner
        if version == 2:  # which has no member for it
            public = known is not None and known.public and self.bug != "version 2 hides public endpoints"
        self.endpoints[endpoint] = Place(owner, multi_user, public, allowed)
        return 200, None

    def lock(self, actor: str, endpoint: str) -> Outcome:
        if refusal := self.refusal(actor, endpoint):
            return refusal
        place = self.endpoints[endpoint]
        place.locked_until = self.now + LOCK
        place.is_online = self.bug == "a locked endpoint stays connected"
        return 200, None

    def wait(self, _: str, seconds: int) -> None:
        self.now += seconds

    def delete(self, actor: str, endpoint: str) -> Outcome:
        refusal = self.refusal(actor, endpoint)
        if refusal and (refusal[0] == 404 or self.bug != "everybody deletes an endpoint"):
            return refusal
        del self.endpoints[endpoint]
        if self.bug == "tasks are deleted with their endpoint":
            self.tasks = {name: each for name, each in self.tasks.items() if each.endpoint != endpoint}
        return 200, None

    def list(self, actor: str, role: str) -> Outcome:
        shows = role == "any" and self.bug != "public endpoints are not listed"
        return 200, sorted(
            name for name, each in self.endpoints.items() if each.owner == actor or (shows and each.public)
        )

    def function(self, actor: str, public: bool, for_group: bool) -> Outcome:
        self.functions[f"f{self.made}"] = (actor, public, for_group)
        self.made += 1
        return 200, None

    def forget(self, actor: str, function: str) -> Outcome:
        if function not in self.functions:
            return 404, "FUNCTION_NOT_FOUND"
        if self.functions[function][0] != actor:
            return 403, "FUNCTION_ACCESS_FORBIDDEN"
        del self.functions[function]
        return 200, None

    def submit(
        self, actor: str, version: int, group: str, functions: tuple[str, ...], endpoints: tuple[str, ...]
    ) -> Outcome:
        """Submit to a group, which is new unless there is one of its name."""
        found = self.groups.get(group)
        is_foreign = found is not None and found[0] != actor and self.bug != "groups are for everyone"
        if is_foreign and version == 2:
            return 403, "TASK_GROUP_ACCESS_FORBIDDEN"
        pairs = list(zip(functions, endpoints, strict=True))
        errors = [self.unusable(actor, endpoint, function) for function, endpoint in pairs]
        refused = next((error for error in errors if error), None)
        if version == 3:
            if refused and self.bug != "version 3 submits in part":
                return refused
            if is_foreign:
                return 403, "TASK_GROUP_ACCESS_FORBIDDEN"
            if found is None and self.bug != "version 3 creates the group that is named":
                return 404, "TASK_GROUP_NOT_FOUND"
        if version == 2 and refused and self.bug == "version 2 submits all or none":
            return 207, [(each and each[0]) or 200 for each in errors]
        for (_, endpoint), error in zip(pairs, errors, strict=True):
            if error is None:
                status = "waiting-for-nodes" if self.endpoints[endpoint].is_online else "waiting-for-ep"
                self.groups.setdefault(group, (actor, []))[1].append(f"t{len(self.tasks)}")
                self.tasks[f"t{len(self.tasks)}"] = Job(actor, endpoint, status)
        if self.bug == "a refused submission creates a group":
            self.groups.setdefault(group, (actor, []))
        return (200, None) if version == 3 else (207 if refused else 200, [each[0] if each else 200 for each in errors])

    def end(self, _: str, task: str, status: str) -> None:
        if task in self.tasks and self.tasks[task].status.startswith("waiting"):
            self.tasks[task].status = status

    def status(self, actor: str, endpoint: str) -> Outcome:
        place = self.endpoints.get(endpoint)
        if place is None:
            return 404, "ENDPOINT_NOT_FOUND"
        if not (place.multi_user or place.public or place.owner == actor):
            return 403, "ENDPOINT_ACCESS_FORBIDDEN"
        if not place.is_online:
            return 200, ("offline", 0)
        counts = [
            each.status.startswith("waiting") or self.bug == "ended tasks are pending"
            for each in self.tasks.values()
            if each.endpoint == endpoint
        ]
        return 200, ("online", sum(counts))

    def task(self, actor: str, task: str) -> Outcome:
        found = self.tasks.get(task)
        if found is None or (found.owner != actor and self.bug != "tasks are for everyone"):
            return 404, "TASK_NOT_FOUND"
        return 200, found.status

    def group(self, actor: str, group: str) -> Outcome:
        if group not in self.groups:
            return 404, "TASK_GROUP_NOT_FOUND"
        owner, tasks = self.groups[group]
        if owner != actor and self.bug != "groups are for everyone":
            return 403, "TASK_GROUP_ACCESS_FORBIDDEN"
        return 200, tuple(tasks)


def random_step(random: Random, functions: int, tasks: int) -> Step:  # noqa: PLR0911 -- one for each kind of step
    kinds = (
        "register",
        "lock",
        "wait",
        "delete",
        "list",
        "function",
        "forget",
        "submit",
        "end",
        "status",
        "task",
        "group",
    )
    kind = random.choices(kinds, (8, 3, 3, 1, 2, 3, 1, 10, 4, 4, 2, 3))[0]
    actor, endpoint = random.choice(PEOPLE), random.choice([*ENDPOINTS])
    names = [f"f{number}" for number in range(max(functions, 1))][-4:]
    match kind:
        case "register":
            allowed = tuple(random.sample(names, k=min(2, functions))) if random.random() < 0.3 else None
            version = random.choice((2, 3))
            return kind, actor, endpoint, version, random.random() < 0.3, random.random() < 0.5, allowed
        case "wait":
            return kind, actor, random.choice((900, LOCK))
        case "list":
            return kind, actor, random.choice(("owner", "any"))
        case "function":
            return kind, actor, random.random() < 0.4, random.random() < 0.4
        case "forget":
            return kind, actor, random.choice(names)
        case "submit":
            version, number = random.choice((2, 2, 3)), random.randint(1, min(2, len(names)))
            places = (endpoint,) * number if version == 3 else tuple(random.choices([*ENDPOINTS], k=number))
            return kind, actor, version, f"g{random.randrange(4)}", tuple(random.sample(names, k=number)), places
        case "end":
            return kind, actor, f"t{random.randrange(tasks + 1)}", random.choice(("success", "failed"))
        case "task":
            return kind, actor, f"t{random.randrange(tasks + 1)}"
        case "group":
            return kind, actor, f"g{random.randrange(4)}"
        case _:
            return kind, actor, endpoint


class World:
    """An emulated Compute, whose endpoints, functions, tasks and groups have the names of the model."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.platform = Platform(self.clock)
        self.auth, self.compute = AuthService(self.platform), ComputeService(self.platform)
        people = {name: self.auth.state.add_identity(f"{name}@example.org") for name in PEOPLE}
        self.names = {each.id: name for name, each in people.items()}
        self.lab = self.platform.directory.add_group("Lab", member_ids=[people["ada"].id, people["bob"].id]).id
        self.tokens = {
            name: self.auth.state.access_token(each, scopes=[COMPUTE_SCOPE], lifetime=10**9)
            for name, each in people.items()
        }
        self.functions: list[str] = []

    def function_id(self, name: str) -> str:
        number = int(name[1:])
        return self.functions[number] if number < len(self.functions) else UNKNOWN

    def task_name(self, id: str) -> str:
        return f"t{[*self.compute.state.tasks].index(id)}"

    def task_id(self, name: str) -> str:
        return dict(enumerate(self.compute.state.tasks)).get(int(name[1:]), UNKNOWN)

    def snapshot(self) -> Snapshot:
        endpoints = {each.id: each for each in self.compute.state.endpoints.values()}
        owners = {name: endpoints[endpoint_id] for name, endpoint_id in ENDPOINTS.items() if endpoint_id in endpoints}
        tasks = {self.task_name(each.id): each for each in self.compute.state.tasks.values()}
        return (
            {name: (self.names[each.owner_id], each.is_online) for name, each in owners.items()},
            {name: (self.names[each.owner_id], each.status) for name, each in tasks.items()},
        )

    async def act(self, step: Step) -> bool:
        """Make a step that is no request."""
        match step:
            case ("wait", _, seconds):
                await self.clock.advance(seconds)
            case ("end", _, name, status):
                task = self.compute.state.tasks.get(self.task_id(name))
                if task is not None and not task.is_final:
                    end = self.compute.state.complete_task if status == "success" else self.compute.state.fail_task
                    end(task.id, "x")
            case _:
                return False
        return True

    def request(self, step: Step) -> tuple[str, str, Any]:  # noqa: PLR0911 -- one for each kind of step
        """Return verb, path and document of a step."""
        match step:
            case ("register", _, endpoint, version, multi_user, public, allowed):
                functions = None if allowed is None else [self.function_id(each) for each in allowed]
                document = {"endpoint_name": endpoint, "multi_user": multi_user, "allowed_functions": functions}
                if version == 2:
                    return "POST", "/v2/endpoints", {**document, "endpoint_uuid": ENDPOINTS[endpoint]}
                return "PUT", f"/v3/endpoints/{ENDPOINTS[endpoint]}", {**document, "public": public, "metadata": {}}
            case ("lock", _, endpoint):
                return "POST", f"/v3/endpoints/{ENDPOINTS[endpoint]}/lock", None
            case ("delete", _, endpoint):
                return "DELETE", f"/v2/endpoints/{ENDPOINTS[endpoint]}", None
            case ("list", _, role):
                return "GET", f"/v2/endpoints?role={role}", None
            case ("function", _, public, for_group):
                group = self.lab if for_group else None
                document = {"function_name": "f", "function_code": "x", "public": public, "group": group}
                return "POST", "/v2/functions", document
            case ("forget", _, function):
                return "DELETE", f"/v2/functions/{self.function_id(function)}", None
            case ("submit", _, version, group, functions, endpoints):
                ids, group_id = [self.function_id(each) for each in functions], _group_id(group)
                if version == 3:
                    document = {"tasks": {each: ["x"] for each in ids}, "task_group_id": group_id}
                    return "POST", f"/v3/endpoints/{ENDPOINTS[endpoints[0]]}/submit", document
                tasks = [
                    [function_id, ENDPOINTS[endpoint], "x"]
                    for function_id, endpoint in zip(ids, endpoints, strict=True)
                ]
                return "POST", "/v2/submit", {"tasks": tasks, "task_group_id": group_id}
            case ("status", _, endpoint):
                return "GET", f"/v2/endpoints/{ENDPOINTS[endpoint]}/status", None
            case ("task", _, task):
                return "GET", f"/v2/tasks/{self.task_id(task)}", None
            case _:
                return "GET", f"/v2/taskgroup/{_group_id(step[2])}", None

    def outcome(self, step: Step, status: int, body: Any) -> Outcome:
        if status >= 400:
            return status, body["code"]
        match step:
            case ("function", *_):
                self.functions.append(body["function_uuid"])
                return status, None
            case ("list", *_):
                names = {endpoint_id: name for name, endpoint_id in ENDPOINTS.items()}
                return status, sorted(names[each["uuid"]] for each in body)
            case ("submit", _, 2, *_):
                return status, [each["http_status_code"] for each in body["results"]]
            case ("status", *_):
                return status, (body["status"], body["details"]["outstanding_tasks"])
            case ("task", *_):
                return status, body["status"]
            case ("group", *_):
                return status, tuple(self.task_name(each["id"]) for each in body["tasks"])
            case _:
                return status, None


def _group_id(name: str) -> str:
    return f"00000000-0000-4000-8000-1000000000{int(name[1:]):02}"


@cache
def history(seed: int, length: int = 100) -> list[tuple[Step, Outcome, Snapshot]]:
    """Return random steps, what the emulator did, and the endpoints and tasks that there were after each."""
    return asyncio.run(_history(Random(seed), length))


async def _history(random: Random, length: int) -> list[tuple[Step, Outcome, Snapshot]]:
    world, found = World(), list[tuple[Step, Outcome, Snapshot]]()
    async with Emulator(world.platform, [world.auth, world.compute]) as emulator:
        http = emulator.http_client(base_url="https://compute.api.globus.org")
        for _ in range(length):
            step, outcome = random_step(random, len(world.functions), len(world.compute.state.tasks)), None
            if not await world.act(step):
                verb, path, document = world.request(step)
                headers = {"Authorization": f"Bearer {world.tokens[step[1]]}"}
                response = await http.request(verb, path, json=document, headers=headers)
                outcome = world.outcome(step, response.status_code, response.json())
            found.append((step, outcome, world.snapshot()))
    return found


def difference(seed: int, bug: str | None = None) -> str | None:
    """Return the first step in which a model differs from the emulator; `None` if there is none."""
    model = Model(bug)
    for step, outcome, snapshot in history(seed):
        expected = getattr(model, step[0])(*step[1:])
        if (expected, model.snapshot()) != (outcome, snapshot):
            return f"{step}: {outcome}, expected {expected}; {snapshot}, expected {model.snapshot()}"
    return None


@pytest.mark.parametrize("seed", range(cases(24)))
def test_the_emulator_agrees_with_the_model(seed: int) -> None:
    """Each operation has the same outcome, and leads to the same endpoints and tasks."""
    assert difference(seed) is None


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    """The same histories find each of these mistakes."""
    assert any(_differs(seed, bug) for seed in range(cases(24)))


def _differs(seed: int, bug: str) -> bool:
    try:
        return difference(seed, bug) is not None
    except KeyError:  # the model has lost track
        return True
