"""
Random operations on an endpoint, compared with a simple model of who may do what.

The model can have a bug, one of `BUGS`; a history has to be found in which it then differs from the emulator.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import pytest

from globus_async.emulator.auth.service import AuthService
from globus_async.emulator.gcs.service import GCSService
from globus_async.emulator.kit.clock import ManualClock
from globus_async.emulator.kit.service import Platform
from globus_async.emulator.registry import Emulator
from globus_async.emulator.transfer.service import TransferService
from tests.toolkit.random_cases import cases

pytestmark = pytest.mark.slow

PEOPLE = {"ada": "example.org", "bob": "example.org", "carl": "other.org", "dan": "example.org"}
"""Ada owns the endpoint; the gateway allows one of the domains, and denies the user dan."""
GROUP = "lab"
"""Bob is its member."""
ROLES = ("administrator", "activity_monitor")
MISSING, UNSEEN = (403, "missing_required_role"), (404, "collection_not_found")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
BUGS = (
    "roles of groups do not count",
    "owners of mapped collections do not administer their guests",
    "administrators of the endpoint do not administer collections",
    "protected collections can be deleted",
    "guest collections stay",
    "the consent is not needed",
    "all domains are allowed",
    "denied users have accounts",
    "private collections are visible",
    "roles show nothing",
    "a role can be given twice",
    "the role of the owner can be taken",
    "guest collections are always allowed",
    "everybody makes mapped collections",
    "a batch is deleted in part",
)

Step = tuple[Any, ...]
BEGINNING: tuple[Step, ...] = (
    ("credential", "ada"),
    ("credential", "bob"),
    ("mapped", "ada", True, True),
    ("guest", "bob", "c0", True),
)
Outcome = Any


@dataclass
class Shared:
    """A collection of the model."""

    owner: str
    host: str | None = None
    flags: dict[str, bool] = field(default_factory=lambda: {"public": True, "delete_protected": True})


class Model:
    """Collections, roles and credentials by name; a target of roles is a collection, or ``None`` for the endpoint."""

    def __init__(self, bug: str | None = None) -> None:
        self.bug = bug
        self.collections: dict[str, Shared] = {}
        self.roles: dict[str | None, set[tuple[str, str]]] = {None: {("ada", "administrator")}}
        self.credentials: set[str] = set()
        self.consents: set[tuple[str, str]] = set()
        self.made = 0

    def has_role(self, actor: str, target: str | None, *names: str) -> bool:
        own = {actor, GROUP} if actor == "bob" and self.bug != "roles of groups do not count" else {actor}
        return any(principal in own and (not names or name in names) for principal, name in self.roles[target])

    def is_admin(self, actor: str) -> bool:
        return actor == "ada" or self.has_role(actor, None, "administrator")

    def administers(self, actor: str, target: str | None) -> bool:
        if target is None or self.bug != "administrators of the endpoint do not administer collections":
            if self.is_admin(actor):
                return True
            if target is None:
                return False
        found = self.collections[target]
        places = [target]
        if found.host is not None and self.bug != "owners of mapped collections do not administer their guests":
            places.append(found.host)
        return any(
            self.collections[each].owner == actor or self.has_role(actor, each, "administrator") for each in places
        )

    def sees(self, actor: str, target: str) -> bool:
        if self.collections[target].flags["public"] or self.bug == "private collections are visible":
            return True
        shows = self.bug != "roles show nothing"
        return self.administers(actor, target) or (
            shows and (self.has_role(actor, target) or self.has_role(actor, None))
        )

    def is_unseen(self, actor: str, target: str | None) -> bool:
        return target is not None and (target not in self.collections or not self.sees(actor, target))

    def grant(self, actor: str, target: str | None, principal: str, role: str) -> Outcome:
        if self.is_unseen(actor, target):
            return UNSEEN
        if not self.administers(actor, target):
            return MISSING
        if (principal, role) in self.roles[target] and self.bug != "a role can be given twice":
            return (409, "resource_conflict")
        self.roles[target].add((principal, role))
        return (200, None)

    def revoke(self, actor: str, target: str | None, principal: str, role: str) -> Outcome:
        if not self.administers(actor, target):
            return MISSING
        owner = "ada" if target is None else self.collections[target].owner
        if (principal, role) == (owner, "administrator") and self.bug != "the role of the owner can be taken":
            return (409, None)
        self.roles[target].remove((principal, role))
        return (200, None)

    def _make(self, owner: str, host: str | None, **flags: bool) -> Outcome:
        name = f"c{self.made}"
        self.made += 1
        self.collections[name] = Shared(owner, host, {"public": True, "delete_protected": host is None, **flags})
        self.roles[name] = {(owner, "administrator")}
        return (201, None)

    def mapped(self, actor: str, public: bool, allows: bool) -> Outcome:
        if not self.is_admin(actor) and self.bug != "everybody makes mapped collections":
            return MISSING
        return self._make(actor, None, public=public, allow_guest_collections=allows)

    def credential(self, actor: str) -> Outcome:
        if PEOPLE[actor] != "example.org" and self.bug != "all domains are allowed":
            return (403, "not_from_allowed_domain")
        if actor == "dan" and self.bug != "denied users have accounts":
            return (403, "invalid_user")
        self.credentials.add(actor)
        return (201, None)

    def guest(self, actor: str, host: str, consent: bool) -> Outcome:
        if consent and host in self.collections and self.collections[host].host is None:
            self.consents.add((actor, host))  # and is still given later
        if self.is_unseen(actor, host):
            return UNSEEN
        if self.collections[host].host is not None:
            return (422, "invalid_input")
        if (actor, host) not in self.consents and self.bug != "the consent is not needed":
            return (401, "missing_required_scopes")
        allows = self.collections[host].flags["allow_guest_collections"]
        if not allows and self.bug != "guest collections are always allowed":
            return (403, None)
        if PEOPLE[actor] != "example.org" and self.bug != "all domains are allowed":
            return (403, "not_from_allowed_domain")
        return self._make(actor, host) if actor in self.credentials else (403, "credential_not_found")

    def patch(self, actor: str, target: str, flag: str, value: bool) -> Outcome:
        if self.is_unseen(actor, target):
            return UNSEEN
        if not self.administers(actor, target):
            return MISSING
        if self.collections[target].host is not None and flag != "public":
            return (422, "invalid_input")
        self.collections[target].flags[flag] = value
        return (200, None)

    def refusal(self, actor: str, target: str) -> Outcome:
        if not self.administers(actor, target):
            return MISSING
        protected = self.collections[target].flags["delete_protected"]
        return (403, None) if protected and self.bug != "protected collections can be deleted" else None

    def delete(self, actor: str, target: str) -> Outcome:
        if self.is_unseen(actor, target):
            return UNSEEN
        return self.refusal(actor, target) or self.remove(target)

    def remove(self, target: str) -> Outcome:
        if target in self.collections:
            del self.collections[target]
            for name, each in list(self.collections.items()):
                if each.host == target and self.bug != "guest collections stay":
                    del self.collections[name]
        return (200, None)

    def batch(self, actor: str, targets: list[str]) -> Outcome:
        seen = [each for each in targets if not self.is_unseen(actor, each)]
        refused = [error for each in seen if (error := self.refusal(actor, each))]
        if refused and self.bug != "a batch is deleted in part":
            return refused[0]
        for each in seen:
            if each in self.collections and self.refusal(actor, each) is None:
                self.remove(each)
        return (202, None)

    def list(self, actor: str) -> Outcome:
        return frozenset(each for each in self.collections if self.sees(actor, each))


def random_step(random: Random, made: int) -> Step:
    kinds = ("grant", "revoke", "mapped", "credential", "guest", "patch", "delete", "batch", "list")
    kind, actor = random.choices(kinds, (5, 3, 2, 2, 5, 5, 2, 1, 3))[0], random.choice((*PEOPLE, "ada", "bob"))
    names = [f"c{number}" for number in range(max(made, 1))]
    target = random.choice(names[-4:])
    match kind:
        case "grant" | "revoke":
            place = random.choice((None, target, target))
            principal = random.choice((*PEOPLE, GROUP))
            return kind, actor, place, principal, random.choice(ROLES)
        case "mapped":
            return kind, actor, random.random() < 0.6, random.random() < 0.8
        case "guest":
            return kind, actor, target, random.random() < 0.8
        case "patch":
            flag, chance = random.choice(
                (
                    ("public", 0.4),
                    ("allow_guest_collections", 0.8),
                    ("delete_protected", 0.2),
                    ("delete_protected", 0.2),
                )
            )
            return kind, actor, target, flag, random.random() < chance
        case "batch":
            return kind, actor, random.sample(names[-4:], k=min(2, len(names[-4:])))
        case "delete":
            return kind, actor, target
        case _:
            return kind, actor


class World:
    """An emulated endpoint, whose collections have the names of the model."""

    def __init__(self) -> None:
        self.platform = Platform(ManualClock())
        self.auth, self.transfer = AuthService(self.platform), TransferService(self.platform)
        self.gcs = GCSService(self.platform)
        people = {name: self.auth.state.add_identity(f"{name}@{domain}") for name, domain in PEOPLE.items()}
        self.people = people
        group = self.platform.directory.add_group("Lab", member_ids=[people["bob"].id])
        self.principals = {GROUP: group.id, **{name: each.id for name, each in people.items()}}
        self.endpoint = self.gcs.state.add_endpoint("Laboratory", owner=people["ada"])
        self.gateway = self.gcs.state.add_storage_gateway(
            self.endpoint, allowed_domains=["example.org"], users_deny=["dan"]
        )
        self.ids: list[str] = []

    def id_of(self, name: str) -> str:
        number = int(name[1:])
        return self.ids[number] if number < len(self.ids) else UNKNOWN

    def token(self, actor: str, host: str | None = None) -> str:
        scope = "" if host is None else f"https://auth.globus.org/scopes/{self.id_of(host)}/data_access"
        consent = f"[*{scope}]" if self.auth.state.registry.known_scope(scope) else ""
        return self.auth.state.access_token(self.people[actor], scopes=[self.endpoint.scope + consent])

    def request(self, step: Step) -> tuple[str, str, Any] | None:  # noqa: PLR0911 -- one for each kind of step
        """Return verb, path and document of a step; `None` if there is no such role to be taken."""
        match step:
            case ("grant", _, target, principal, role):
                kind = "groups:id" if principal == GROUP else "auth:identity"
                urn = f"urn:globus:{kind}:{self.principals[principal]}"
                place = None if target is None else self.id_of(target)
                return (
                    "POST",
                    "/roles",
                    {"DATA_TYPE": "role#1.0.0", "principal": urn, "role": role, "collection": place},
                )
            case ("revoke", _, target, principal, role):
                place = self.endpoint.id if target is None else self.id_of(target)
                if place not in self.transfer.state.collections:
                    return None
                wanted = (self.principals[principal], role)
                found = [
                    each.id for each in self.gcs.state.collections.roles(place) if (each.principal, each.role) == wanted
                ]
                return ("DELETE", f"/roles/{found[0]}", None) if found else None
            case ("mapped", _, public, allows):
                return (
                    "POST",
                    "/collections",
                    {
                        "DATA_TYPE": "collection#1.0.0",
                        "collection_type": "mapped",
                        "display_name": "Mapped",
                        "collection_base_path": "/",
                        "storage_gateway_id": self.gateway.id,
                        "public": public,
                        "allow_guest_collections": allows,
                    },
                )
            case ("guest", actor, host, _):
                own = [
                    each.id
                    for each in self.endpoint.credentials.values()
                    if each.fields["identity_id"] == self.people[actor].id
                ]
                return (
                    "POST",
                    "/collections",
                    {
                        "DATA_TYPE": "collection#1.0.0",
                        "collection_type": "guest",
                        "display_name": "Guest",
                        "collection_base_path": "/",
                        "mapped_collection_id": self.id_of(host),
                        "user_credential_id": own[0] if own else UNKNOWN,
                    },
                )
            case ("credential", _):
                document = {"DATA_TYPE": "user_credential#1.0.0", "storage_gateway_id": self.gateway.id}
                return "POST", "/user_credentials", document
            case ("patch", _, target, flag, value):
                return "PATCH", f"/collections/{self.id_of(target)}", {"DATA_TYPE": "collection#1.16.0", flag: value}
            case ("delete", _, target):
                return "DELETE", f"/collections/{self.id_of(target)}", None
            case ("batch", _, targets):
                ids = [self.id_of(each) for each in targets]
                return "POST", "/collections/batch_delete", {"DATA_TYPE": "batch#1.0.0", "ids": ids}
            case _:
                return "GET", "/collections", None

    def outcome(self, step: Step, status: int, body: Any) -> Outcome:
        if step[0] == "list":
            return frozenset(f"c{self.ids.index(each['id'])}" for each in body["data"])
        if status == 201 and step[0] in {"mapped", "guest"}:
            self.ids.append(body["data"][0]["id"])
        detail = body["detail"]
        return status, detail["DATA_TYPE"].partition("#")[0] if isinstance(detail, dict) else None

    def present(self) -> frozenset[str]:
        """Return the names of the collections, which are the same for the Manager, Transfer and Auth."""
        known = {each for each in self.transfer.state.collections if each != self.endpoint.id}
        assert known == set(self.endpoint.collections)
        scopes = {each: f"https://auth.globus.org/scopes/{each}/https" for each in self.ids}
        assert {each for each in self.ids if self.auth.state.registry.known_scope(scopes[each])} == known
        return frozenset(f"c{self.ids.index(each)}" for each in known)


@cache
def history(seed: int, length: int = 80) -> list[tuple[Step, Outcome, frozenset[str]]]:
    """Return random steps, what the emulator did, and the collections that there were after each."""
    return asyncio.run(_history(Random(seed), length))


async def _history(random: Random, length: int) -> list[tuple[Step, Outcome, frozenset[str]]]:
    world, found, first = World(), list[tuple[Step, Outcome, frozenset[str]]](), iter(BEGINNING)
    async with Emulator(world.platform, [world.transfer, world.auth, world.gcs]) as emulator:
        http = emulator.http_client(base_url=f"https://{world.endpoint.host}/api")
        while len(found) < length:
            step = next(first, None) or random_step(random, len(world.ids))
            request = world.request(step)
            if request is None:
                continue
            host = step[2] if step[0] == "guest" and step[3] else None
            verb, path, document = request
            headers = {"Authorization": f"Bearer {world.token(step[1], host)}"}
            response = await http.request(verb, path, json=document, headers=headers)
            found.append((step, world.outcome(step, response.status_code, response.json()), world.present()))
    return found


def difference(seed: int, bug: str | None = None) -> str | None:
    """Return the first step in which a model differs from the emulator; `None` if there is none."""
    model = Model(bug)
    for step, outcome, present in history(seed):
        expected = getattr(model, step[0])(*step[1:])
        if (expected, frozenset(model.collections)) != (outcome, present):
            return f"{step}: {outcome}, expected {expected}; {sorted(present)}, expected {sorted(model.collections)}"
    return None


@pytest.mark.parametrize("seed", range(cases(40)))
def test_the_emulator_agrees_with_the_model(seed: int) -> None:
    """Each operation has the same outcome, and leads to the same collections."""
    assert difference(seed) is None


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    """The same histories find each of these mistakes."""
    assert any(_differs(seed, bug) for seed in range(cases(40)))


def _differs(seed: int, bug: str) -> bool:
    try:
        return difference(seed, bug) is not None
    except KeyError:  # the model has lost track
        return True
