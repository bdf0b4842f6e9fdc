"""The Globus that the examples in docstrings are about: its people, projects and apps, by name."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import globus_async
from globus_async import AccessTokenAuthorizer, gare, scopes
from globus_async.scopes import AuthScopes, TransferScopes
from globus_async.services import auth
from globus_async.testing import GlobusEmulator

__all__ = ("SCOPES", "World", "world")

World = dict[str, Any]
"""Names and what they stand for, ready to be the globals of an example."""

SECRET = "secret-of-the-confidential-client"
SCOPES = [
    str(scope)
    for scope in (
        AuthScopes.openid,
        AuthScopes.profile,
        AuthScopes.email,
        AuthScopes.view_identities,
        AuthScopes.view_identity_set,
        AuthScopes.view_consents,
        AuthScopes.manage_projects,
    )
]


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    """Found it, hand out its names, and close it down."""
    async with GlobusEmulator(auth={"key_ids": True}) as emulator:
        ada = emulator.add_identity("ada@example.org", name="Ada Lovelace", organization="Analytical Engines")
        native = emulator.add_client("Laptop")
        service = emulator.add_client("Service", secret=SECRET, redirect_uris=["https://portal.example.org/callback"])
        own = emulator.auth.add_scope(service, "run", dependencies=[str(TransferScopes.all)])
        transport = emulator.transport()
        auth_token = emulator.access_token(ada, scopes=SCOPES)
        async with (
            transport,
            auth.AuthClient(authorizer=AccessTokenAuthorizer(auth_token), transport=transport) as ac,
            auth.NativeAppAuthClient(native.id, transport=transport) as native_client,
            auth.ConfidentialAppAuthClient(service.id, SECRET, transport=transport) as confidential_client,
        ):
            names: World = {name: getattr(globus_async, name) for name in globus_async.__all__}
            for module in (auth, scopes, gare):
                names |= {name: getattr(module, name) for name in module.__all__}
            granted = [own.scope_string + f"[{TransferScopes.all}]"]
            names |= {
                "ac": ac,
                "access_token": emulator.access_token(ada, scopes=granted, client=native),
                "auth_token": auth_token,
                "client_id": service.id,
                "client_secret": SECRET,
                "confidential_client": confidential_client,
                "emulator": emulator,
                "identity_id": ada.id,
                "idmap": auth.IdentityMap(ac),
                "native_client": native_client,
                "refresh_token": emulator.auth.refresh_token(ada, scopes=[str(TransferScopes.all)], client=native),
                "template_id": native.id,
                "transport": transport,
            }
            await _log_in(names)
            await _register(names, ac)
            yield names


async def _log_in(names: World) -> None:
    """Start a login, and finish another."""
    for _ in range(2):
        flow = names["native_client"].oauth2_start_flow(refresh_tokens=True)
        names["flow"], names["code"] = flow, names["emulator"].auth.authorize(flow.get_authorize_url()).code
        names["tokens"] = names.get("tokens") or await flow.exchange_code_for_tokens(names["code"])


async def _register(names: World, ac: auth.AuthClient) -> None:
    """Make the projects, clients, scopes and policies there are."""
    admin = names["identity_id"]
    for name, title in (("project_id", "Analytical Engine"), ("empty_project_id", "Nothing yet")):
        made = await ac.create_project(title, "ada@example.org", admin_ids=admin)
        names[name] = made["project"]["id"]
    client = await ac.create_client("Engine portal", names["project_id"], client_type="confidential_client")
    names["project_client_id"] = client["client"]["id"]
    credential = await ac.create_client_credential(names["project_client_id"], "first")
    names["credential_id"] = credential["credential"]["id"]
    scope = await ac.create_scope(
        names["project_client_id"], "Run the engine", description="Run it", scope_suffix="run", advertised=True
    )
    names["scope_id"] = scope["scope"]["id"]
    policy = await ac.create_policy(project_id=names["project_id"], display_name="Staff only", description="Staff")
    names["policy_id"] = policy["policy"]["id"]
