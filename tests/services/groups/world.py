"""The emulated Globus of the examples in docstrings: people, groups, and a subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import globus_async
from globus_async import AccessTokenAuthorizer
from globus_async.scopes import GroupsScopes
from globus_async.services import groups
from globus_async.services.groups import GroupsClient, GroupsManager
from globus_async.testing import GlobusEmulator

__all__ = ("world",)

ALL = [str(GroupsScopes.all)]


@asynccontextmanager
async def world() -> AsyncGenerator[dict[str, Any]]:
    """Start an emulator, and yield the names of the examples."""
    async with GlobusEmulator() as emulator:
        ada, bob, carl, dana, eve, guest = (
            emulator.add_identity(f"{name}@example.org", name=name.title())
            for name in ("ada", "bob", "carl", "dana", "eve", "guest")
        )
        state = emulator.groups
        lab = state.add_group("Lab", admins=[ada.id])
        lab.policies.group_visibility, lab.policies.join_requests = "authenticated", True
        lab.memberships[ada.id].fields["institution"] = "Analytical Engines"
        state.add_membership(lab, bob.id)
        state.add_membership(lab, eve.id, role="manager")
        state.add_membership(lab, dana.id, status="pending")
        state.add_membership(lab, guest.id, status="invited")
        sub = state.add_group("Microscope users", admins=[ada.id, eve.id], parent=lab)
        visitors = state.add_group("Guests", admins=[bob.id])
        state.add_membership(visitors, ada.id, status="invited")
        opened = emulator.add_group(admins=[bob], name="Everyone", group_visibility="authenticated", joins_at_once=True)
        requested = emulator.add_group(admins=[bob], name="Users", group_visibility="authenticated", join_requests=True)
        subscription = state.add_subscription_group("Engines subscription", admins=[ada.id])
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada, scopes=ALL))
        guests = AccessTokenAuthorizer(emulator.access_token(guest, scopes=ALL))
        async with emulator.transport() as transport:
            gc = GroupsClient(authorizer=authorizer, transport=transport)
            names: dict[str, Any] = {name: getattr(groups, name) for name in groups.__all__}
            yield names | {
                "GroupsScopes": GroupsScopes,
                "UserApp": globus_async.UserApp,
                "authorizer": authorizer,
                "emulator": emulator,
                "gc": gc,
                "group_id": lab.id,
                "guest_manager": GroupsManager(GroupsClient(authorizer=guests, transport=transport)),
                "identity_id": carl.id,
                "invited_id": guest.id,
                "manager": GroupsManager(gc),
                "member_id": bob.id,
                "open_group_id": opened,
                "own_id": ada.id,
                "pending_id": dana.id,
                "requested_group_id": requested,
                "subgroup_id": sub.id,
                "subscription_group_id": subscription.group.id if subscription.group else "",
                "subscription_id": subscription.id,
                "transport": transport,
            }
