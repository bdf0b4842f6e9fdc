"""Random requests to the emulated Globus Auth: every response has one of its formats, and none is a 5xx."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.routing import Route

from globus_async.emulator.kit.routing import service_routes
from tests.emulator.auth_world import OPENID, SECRET, TRANSFER, World, open_world

pytestmark = pytest.mark.slow

TEXTS = [
    "",
    "x",
    "true",
    "%00",
    "\x00",
    "é🙂",
    "[",
    "a[b",
    "*",
    "..",
    "openid",
    TRANSFER,
    f"{TRANSFER}[",
    "46bd0f56-e24f-11e5-a510-131bef46955c",
    "alice@example.org",
    "http://[::1",
    "javascript:alert(1)",
    "1e999",
    "A" * 3_000,
]
VALUES: list[Any] = [None, True, 0, -1, 1.5, 10**30, [], {}, [None], [[]], {"a": {}}, *TEXTS]
NAMES = {
    "query": "ids usernames provision include domains all fqdn scope_strings client_id redirect_uri scope state prompt "
    "response_type access_type code_challenge code_challenge_method session_required_identities "
    "session_required_policies session_required_single_domain session_required_mfa session_message redirect_name "
    "code error error_description",
    "form": "grant_type code redirect_uri client_id code_verifier refresh_token scope token include access_type "
    "authentication_policies request identity decision",
    "document": "display_name contact_email admin_ids admin_group_ids name project template_id public_client "
    "client_type visibility redirect_uris links required_idp preselect_idp scope_suffix description advertised "
    "allows_refresh_token required_domains dependent_scopes project_id high_assurance "
    "authentication_assurance_timeout required_mfa domain_constraints_include",
}
GRANTS = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:globus:auth:grant_type:dependent_token",
]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world(auto_consent=False) as world:
        yield world


async def send_random_request(world: World, rng: random.Random, ids: list[str]) -> tuple[int, str, str]:
    """Send one request with some valid parameters; return status, content type and body."""
    route = rng.choice([each for each in service_routes(world.service) if isinstance(each, Route)])
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", rng.choice([*ids, "no-uuid", "%00", "é"]))
    texts = [*TEXTS, *ids]

    def random_members(kind: str, values: list[Any]) -> dict[str, Any]:
        names = NAMES[kind].split()
        return {rng.choice(names): rng.choice(values) for _ in range(rng.randrange(8))}

    body: bytes | None = None
    data: dict[str, Any] | None = None
    kind = rng.choice(["form", "document", "bytes", "nothing"])
    if kind == "form":
        data = {**random_members("form", texts), **({"grant_type": rng.choice(GRANTS)} if rng.random() < 0.5 else {})}
    elif kind == "document":
        envelope = rng.choice(["project", "client", "scope", "policy", "credential", "other"])
        body = json.dumps({envelope: random_members("document", [*VALUES, *ids, ids[:2]])}).encode()
    elif kind == "bytes":
        body = rng.randbytes(rng.randrange(50))
    token = world.state.access_token(
        world.alice, scopes=[f"{OPENID} urn:globus:auth:scope:auth.globus.org:manage_projects"]
    )
    query = random_members("query", texts)
    if "authorize" in path and rng.random() < 0.7:
        query = {**world.native_query(), **query}
    response = await world.http.request(
        rng.choice(["GET", "POST", "PUT", "DELETE", "HEAD"]),
        path,
        params=query,
        content=body,
        data=data,
        auth=(world.portal.id, SECRET) if rng.random() < 0.4 else None,
        headers={"Authorization": f"Bearer {token}"} if rng.random() < 0.5 else None,
    )
    return response.status_code, response.headers.get("content-type", ""), response.text


@pytest.mark.parametrize("seed", range(6))
async def test_random_requests(world: World, seed: int) -> None:
    """No exception, no 5xx, and each error in a format of the service."""
    rng = random.Random(seed)
    seen: set[int] = set()
    for _ in range(250):
        ids = [
            world.alice.id,
            world.app.id,
            world.portal.id,
            *world.state.registry.projects,
            *list(world.state.registry.scopes)[-3:],
            *world.state.registry.policies,
        ]
        status, kind, body = await send_random_request(world, rng, ids)
        seen.add(status)
        assert status < 500
        if status >= 400 and body and kind.startswith("application/json"):
            assert isinstance(json.loads(body)["error"], str)
        elif body:
            assert kind.startswith(("text/html", "application/json"))
    assert {200, 400, 401, 404, 405} <= seen
