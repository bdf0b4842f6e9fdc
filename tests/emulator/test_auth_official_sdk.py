"""The official SDK, unchanged, in a process of its own, with the emulated Globus Auth on a loopback socket."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from globus_async.emulator.auth import AuthService
from globus_async.emulator.kit.routing import application
from globus_async.emulator.kit.service import Platform
from tests.emulator.auth_world import CALLBACK, GROUPS, SECRET, TRANSFER

PYTHON = os.environ.get("OFFICIAL_SDK_PYTHON", sys.executable)
"""An interpreter with globus-sdk, and with responses, which its fixtures require."""

pytestmark = [
    pytest.mark.skipif(
        sys.executable == PYTHON and not all(map(importlib.util.find_spec, ("globus_sdk", "responses"))),
        reason="globus-sdk and responses are not installed, and OFFICIAL_SDK_PYTHON names no interpreter that has them",
    ),
    pytest.mark.slow,
]


@asynccontextmanager
async def served(service: AuthService, listener: socket.socket) -> AsyncGenerator[None]:
    config = uvicorn.Config(application([service]), lifespan="off", log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def drive(script: str, given: dict[str, str], address: str) -> Any:
    """Run a script with the official SDK; return its JSON output."""
    environment = {
        "GLOBUS_SDK_SERVICE_URL_AUTH": f"{address}/",
        "HOME": os.environ["HOME"],
        "PATH": os.environ["PATH"],
    }
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        str(Path(__file__).with_name(script)),
        json.dumps(given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        async with asyncio.timeout(50):
            out, err = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, err.decode()
    return json.loads(out)


REQUEST_MEMBERS = "the fixture has only members of the request; the other fixtures have those that the service adds"
OLDER = "the fixture is older than identity types; its case globusid has one"
DIFFERENCES: dict[str, tuple[str, list[str]]] = {
    "create_child_client/default": (REQUEST_MEMBERS, ["+client.id", "+client.project"]),
    "create_client/default": (REQUEST_MEMBERS, ["+client.id", "+client.visibility"]),
    "create_policy/default": (
        REQUEST_MEMBERS,
        [
            "+policy.authentication_assurance_timeout",
            "+policy.domain_constraints_exclude",
            "+policy.domain_constraints_include",
            "+policy.high_assurance",
            "+policy.required_mfa",
        ],
    ),
    "get_identities/default": (OLDER, ["+identities.[].identity_type"]),
    "get_identities/multiple": (OLDER, ["+identities.[].identity_type"]),
    "get_identities/sirosen": (OLDER, ["+identities.[].identity_type"]),
    "oauth2_exchange_code_for_tokens/openid": ("the fixture's default case has the state as well", ["+state"]),
    "update_client/default": (
        REQUEST_MEMBERS,
        ["+client.name", "+client.project", "+client.public_client", "+client.visibility"],
    ),
    "update_policy/default": (REQUEST_MEMBERS, ["+policy.id"]),
}
"""By fixture and case: the reason, and the members that the emulator adds (+), lacks (-) or types differently (~)."""


async def test_the_official_sdk_works_unchanged(summary: Callable[[str], None]) -> None:
    """Logins, every grant, identities and administration; the documents have the same members as its fixtures."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    service = AuthService(Platform(url=address))
    state = service.state
    alice = state.add_identity("alice@example.org")
    bob = state.add_identity("bob@uni.example.edu")
    native = state.add_client("Native app")
    portal = state.add_client("Portal", secret=SECRET, redirect_uris=[CALLBACK])
    state.add_client("Named", fqdns=["app.example.org"], visibility="public")
    scope = state.add_scope(portal, "use", dependencies=[GROUPS])
    given = {
        "native": native.id,
        "portal": portal.id,
        "secret": SECRET,
        "callback": CALLBACK,
        "portal_scope": scope.scope_string,
        "bob": bob.id,
        "group": state.directory.add_group("Developers", member_ids=[alice.id]).id,
        "no_openid": state.access_token(alice, scopes=[TRANSFER]),
    }
    async with served(service, listener):
        response = await drive("official_auth.py", given, address)
    figures = f"{len(response['steps'])} steps, {response['compared']} documents compared"
    summary(f"globus-sdk {response['version']}: {figures}")
    assert response["differences"] == {key: lines for key, (_, lines) in DIFFERENCES.items()}
    assert response["without"] == []
