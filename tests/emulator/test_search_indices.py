"""The emulated Search: indices, roles, tasks, types of fields, limits and seeds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from globus_async.emulator.search.models import Pace
from globus_async.testing import GlobusEmulator
from tests.emulator.search_world import SearchWorld, entry, search_world, urn


@pytest.fixture
async def world() -> AsyncIterator[SearchWorld]:
    async with search_world() as made:
        yield made


# indices and roles


async def test_the_life_of_an_index(world: SearchWorld) -> None:
    """A deleted index refuses everything but its reopening, its tasks are cancelled, and one day it is gone."""
    trial = (await world.ok("POST", "/v1/index", {"display_name": "Trial", "description": "x"}))["id"]
    body = {"ingest_type": "GMetaEntry", "ingest_data": entry("a")}
    task = (await world.ok("POST", f"/v1/index/{trial}/ingest", body))["task_id"]
    await world.ok("DELETE", f"/v1/index/{trial}")
    for verb, path in (("GET", ""), ("GET", "/search"), ("POST", "/ingest"), ("DELETE", ""), ("GET", "/role_list")):
        refused = await world.refused(verb, f"/v1/index/{trial}{path}", {} if verb == "POST" else None)
        assert refused == (409, "Conflict.IncompatibleIndexStatus")
    assert (await world.ok("GET", f"/v1/task/{task}"))["state"] == "CANCELLED"
    await world.ok("POST", f"/v1/index/{trial}/reopen")
    assert (await world.ok("GET", f"/v1/index/{trial}"))["num_entries"] == 0
    assert await world.refused("POST", f"/v1/index/{trial}/reopen") == (409, "Conflict.IncompatibleIndexStatus")
    for index, retention in ((trial, 300), (world.index, 30 * 86_400)):
        await world.ok("DELETE", f"/v1/index/{index}")
        await world.emulator.advance(retention - 1)
        assert (await world.refused("GET", f"/v1/index/{index}"))[0] == 409
        await world.emulator.advance(1)
        assert await world.refused("GET", f"/v1/index/{index}") == (404, "NotFound.NoSuchIndex")


async def test_trial_indices(world: SearchWorld) -> None:
    """An identity owns three of them, also by roles that others give."""
    for name in "abc":
        index = await world.ok("POST", "/v1/index", {"display_name": name, "description": name})
        assert index["is_trial"]
    error = (await world.send("POST", "/v1/index", {"display_name": "d", "description": "d"})).json()
    assert (error["status"], error["code"], error["message"]) == (409, "Conflict.LimitExceeded", "Role limit exceeded")
    mine = await world.ok("POST", "/v1/index", {"display_name": "e", "description": "e"}, by=world.bob)
    role = {"role_name": "owner", "principal": urn(world.ada)}
    assert (await world.refused("POST", f"/v1/index/{mine['id']}/role", role, by=world.bob))[0] == 409


async def test_roles(world: SearchWorld) -> None:
    """Administrators give all roles but that of owners, and the last owner stays."""
    group = world.emulator.add_group([world.bob])
    forbidden = (403, "Forbidden.Generic")
    assert await world.refused("GET", "/role_list", by=world.bob) == forbidden
    writer = await world.ok("POST", "/role", {"role_name": "writer", "principal": f"urn:globus:groups:id:{group}"})
    assert writer["principal_type"] == "group"
    assert await world.refused("GET", "/role_list", by=world.bob) == forbidden
    assert (await world.ok("GET", "", by=world.bob))["permissions"] == ["writer"]
    await world.ok("GET", f"/v1/task_list/{world.index}", by=world.bob)
    await world.ok("POST", "/role", {"role_name": "admin", "principal": urn(world.bob)})
    give_owner = {"role_name": "owner", "principal": urn(world.bob)}
    assert await world.refused("POST", "/role", give_owner, by=world.bob) == forbidden
    assert await world.refused("DELETE", "", by=world.bob) == forbidden
    (owner, _, _) = (await world.ok("GET", "/role_list", by=world.bob))["role_list"]
    assert await world.refused("DELETE", f"/role/{owner['id']}", by=world.bob) == (409, "Conflict.Generic")
    await world.ok("POST", "/role", give_owner)
    assert await world.refused("POST", "/role", give_owner) == (409, "Conflict.Generic")
    assert (await world.ok("DELETE", f"/role/{owner['id']}", by=world.bob))["success"]
    assert await world.refused("DELETE", f"/role/{owner['id']}", by=world.bob) == (404, "NotFound.Generic")
    listed = await world.ok("GET", "/v1/index_list", by=world.bob, filter_roles="admin,owner")
    assert [each["permissions"] for each in listed["index_list"]] == [["owner", "admin", "writer"]]
    assert "filter_roles" in (await world.problems("GET", "/v1/index_list", filter_roles="boss"))["query"]
    world.state.limits.roles_per_index = 3
    third = {"role_name": "admin", "principal": urn(world.ada)}
    assert (await world.refused("POST", "/role", third, by=world.bob)) == (409, "Conflict.LimitExceeded")


@pytest.mark.parametrize(
    ("verb", "path", "scope", "status"),
    [
        ("GET", "/search?q=x", None, 200),
        ("GET", "/search?q=x", "ingest", 403),
        ("POST", "/ingest", None, 401),
        ("POST", "/ingest", "search", 403),
        ("GET", "/role_list", "ingest", 403),
        ("DELETE", "", "ingest", 403),
        ("GET", "/v1/index_list", None, 401),
        ("GET", "/v1/index_list", "globus_connect_server", 403),
    ],
)
async def test_scopes(world: SearchWorld, verb: str, path: str, scope: str | None, status: int) -> None:
    body: Any = {} if verb == "POST" else None
    response = await world.send(verb, path, body, scope=scope)
    assert response.status_code == status


# tasks


async def test_the_states_of_tasks(world: SearchWorld) -> None:
    """Tasks of one index run one after the other, each after its time."""
    world.state.pace = Pace(start_delay=2, duration=3)
    body = {"ingest_type": "GMetaEntry", "ingest_data": entry("a", {"n": 1})}
    first = (await world.ok("POST", "/ingest", body))["task_id"]
    second = (await world.ok("DELETE", "/subject", subject="a"))["task_id"]
    world.state.fail_next_task(world.index, "The disk is full")
    seen = []
    for _ in range(9):
        seen.append("".join([(await world.ok("GET", f"/v1/task/{each}"))["state"][:2] for each in (first, second)]))
        await world.emulator.advance(1)
    assert seen == ["PEPE"] * 2 + ["PRPE"] * 3 + ["FAPR"] * 3 + ["FASU"]
    failed = await world.ok("GET", f"/v1/task/{first}")
    assert (failed["message"], failed["completion_date"][-2:]) == ("The disk is full", "05")
    assert await world.refused("GET", f"/v1/task/{first}", by=world.bob) == (403, "Forbidden.Generic")
    assert await world.refused("GET", "/v1/task/unknown") == (404, "NotFound.Generic")
    listed = await world.ok("GET", f"/v1/task_list/{world.index}")
    assert [each["task_id"] for each in listed["tasks"]] == [second, first]


async def test_deletions(world: SearchWorld) -> None:
    """By entry, subject and query; a query deletes what its caller sees, other deletions everything."""
    hidden: Any = {"visible_to": [urn(world.bob)]}
    await world.ingest(entry("a"), entry("a", id="x", **hidden), entry("b", {"n": 1}), entry("c", {"n": 2}, **hidden))
    await world.ok("POST", "/delete_by_query", {"q": "*", "filters": [{"type": "exists", "field_name": "n"}]})
    await world.ok("DELETE", "/entry", subject="a", entry_id="x")
    await world.emulator.advance(1)
    assert sorted(world.state.index(world.index).data.subjects) == ["a", "c"]
    assert (await world.refused("GET", "/subject", subject="c")) == (404, "NotFound.Generic")
    await world.ok("POST", "/delete_by_query", {"q": "*", "bypass_visible_to": True, "limit": 5, "sort": []})
    await world.emulator.advance(1)
    data = world.state.index(world.index).data
    assert not any([data.subjects, data.entries, data.fields, data.fields_of_word, data.visible, data.size])
    await world.ok("PUT", "/entry", entry("d"))
    await world.ok("POST", "/entry", entry("e"))
    await world.emulator.advance(1)
    assert await world.found({"q": "*"}) == ["d", "e"]
    assert await world.refused("POST", "/delete_by_query", {"q": "(", "advanced": True}) == (400, "BadRequest.Generic")


# types and limits


@pytest.mark.parametrize(
    ("first", "later", "fits"),
    [
        (1, 2, True),
        (1, 1.5, False),
        (1.5, 2, True),
        (1, "x", False),
        ("x", 1, True),
        ("x", True, True),
        (True, "true", False),
        (True, 1, False),
        ("2020-01-01", "2020/01/02 10:00:00 +0100", True),
        ("2020-01-01", "soon", False),
        ("2020-13-01", "soon", True),
        ({"x": 1}, 1, False),
        (1, {"x": 1}, False),
        ([1, 2], 3, True),
        ([1, "x"], 3, None),
        (None, "x", True),
        (2**63, 1, None),
    ],
)
async def test_types_of_fields(world: SearchWorld, first: Any, later: Any, fits: bool | None) -> None:
    """The first value decides; what does not fit fails the task as a whole, and nothing is ingested."""
    task = await world.ingest(entry("a", {"f": first}))
    assert task["state"] == ("FAILED" if fits is None else "SUCCESS")
    if fits is None:
        return
    task = await world.ingest(entry("b", {"g": 1}), entry("c", {"f": later}))
    assert (task["state"], await world.found({"q": "*"})) == (("SUCCESS", [*"abc"]) if fits else ("FAILED", ["a"]))
    assert fits or "'f'" in task["message"]


async def test_limits_of_content(world: SearchWorld) -> None:
    """They are told in the task."""
    world.state.limits.fields_per_index = 3
    nested: Any = 1
    for _ in range(21):
        nested = {"x": nested}
    failing = {
        "fields": [entry("a", {"a": 1, "b": 1, "c": 1, "d": 1})],
        "levels": [entry("a", nested)],
        "bytes": [entry("a", {"a": "é" * 17_000})],
        "entries": [entry("a", {"a": 1}, id=str(number)) for number in range(11)],
    }
    for word, entries in failing.items():
        task = await world.ingest(*entries)
        assert (task["state"], word in task["message"]) == ("FAILED", True), task
    await world.ingest(entry("a", {"a": {"b": 1, "c.d": "x"}}))
    assert (await world.ok("GET", f"/beta/index/{world.index}/field_budget")) == {
        "budget": 3,
        "used": 2,
        "remaining": 1,
    }
    assert (await world.ok("GET", f"/beta/index/{world.index}/mapping/a.c%5C.d"))["mappings"] == {"a.c\\.d": "string"}
    assert (await world.refused("GET", f"/beta/index/{world.index}/mapping/z"))[0] == 404


async def test_invalid_ingest_documents(world: SearchWorld) -> None:
    """All problems of a document are told, each at its place."""
    entries = [{"subject": "x" * 501, "content": []}, {"visible_to": ["everyone"], "content": {}, "more": 1}, 5]
    problems = await world.problems("POST", "/ingest", {"ingest_type": "GMetaList", "ingest_data": {"gmeta": entries}})
    gmeta = problems["json"]["ingest_data"]["gmeta"]
    assert {number: sorted(each) if isinstance(each, dict) else each for number, each in gmeta.items()} == {
        "0": ["content", "subject", "visible_to"],
        "1": ["more", "subject", "visible_to"],
        "2": ["Must be an object."],
    }
    assert gmeta["0"]["visible_to"] == ["Missing data for required field."]
    assert "0" in gmeta["1"]["visible_to"]
    problems = await world.problems("POST", "/ingest", {"ingest_type": "X", "field_mapping": {"a": "geo"}})
    assert sorted(problems["json"]) == ["field_mapping", "ingest_data", "ingest_type"]
    many = {"ingest_type": "GMetaEntry", "ingest_data": entry("a", visible_to=["public"] * 101)}
    assert "visible_to" in (await world.problems("POST", "/ingest", many))["json"]["ingest_data"]
    assert (await world.send("POST", "/ingest", "x" * (10 << 20))).status_code == 413
    assert await world.refused("POST", "/ingest", []) == (400, "BadRequest.Generic")


# seeds


async def test_a_seed() -> None:
    """Indices with roles, types and entries are loaded and dumped as the same document."""
    seed = {
        "identities": [{"username": "ada@example.org"}],
        "groups": [{"name": "Editors", "members": ["ada@example.org"]}],
        "indices": [
            {
                "display_name": "Places",
                "owner": "ada@example.org",
                "fields": {"place": "geo_point"},
                "entries": [
                    {"subject": "a", "content": {"place": {"lat": 1, "lon": 2}, "n": {"x": 1}}},
                    {"subject": "a", "id": "x", "content": {}, "principal_sets": {"all": ["public"]}},
                ],
            }
        ],
    }
    async with GlobusEmulator() as emulator:
        await emulator.load_seed(seed)
        dumped = emulator.dump_seed()
        (index,) = emulator.search.indices.values()
        assert (len(index.data.subjects), len(index.data.entries)) == (1, 2)
        await emulator.load_seed(dumped)
        assert emulator.dump_seed() == dumped
        for bad in ({"display_name": "X", "role": []}, {"display_name": "X", "entries": [{"subject": "a"}]}):
            with pytest.raises(Exception, match=r"indices|role"):
                await emulator.load_seed({**seed, "indices": [bad]})
        assert emulator.snapshot()["search_indices"][0]["entries"] == 2
