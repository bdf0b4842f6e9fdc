"""Every method of the Groups classes of the unmodified official SDK, and the commands of the official CLI."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Iterator
from typing import Any

import globus_sdk
import pytest

from globus_async.emulator.groups.permissions import ALL
from globus_async.emulator.kit.directory import Identity
from globus_async.testing import GlobusEmulator
from tests.emulator.test_transfer_official_cli import Shell, commands, pytestmark, shell

__all__ = ("commands", "pytestmark", "shell")


class World:
    """People with official clients, whose calls are counted."""

    def __init__(self, emulator: GlobusEmulator) -> None:
        self.emulator = emulator
        names = ("ada", "bob", "carl", "dana", "eve")
        self.ada, self.bob, self.carl, self.dana, self.eve = (
            emulator.add_identity(f"{name}@example.org") for name in names
        )
        self.called: set[str] = set()
        self.clients: list[Any] = []

    def counted(self, owner: Any) -> Any:
        world = self

        class Counted:
            def __getattr__(self, name: str) -> Any:
                method = getattr(owner, name)

                @functools.wraps(method)
                def call(*args: Any, **kwargs: Any) -> Any:
                    world.called.add(f"{type(owner).__name__}.{name}")
                    return method(*args, **kwargs)

                return call

        return Counted()

    def client(self, who: Identity) -> Any:
        kind: Any = globus_sdk.GroupsClient
        token = self.emulator.access_token(who, scopes=[ALL])
        client = kind(authorizer=globus_sdk.AccessTokenAuthorizer(token))
        self.clients.append(client)
        return client

    def manager(self, who: Identity) -> Any:
        kind: Any = globus_sdk.GroupsManager
        return self.counted(kind(self.client(who)))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    emulator = GlobusEmulator()
    with emulator.serve_in_thread() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        world = World(emulator)
        yield world
        for client in world.clients:
            client.close()


def methods_of(kind: type) -> set[str]:
    found = (name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_"))
    return {f"{kind.__name__}.{name}" for name in found if not hasattr(globus_sdk.BaseClient, name)}


def test_every_method(world: World) -> None:
    """Groups, policies, all actions, preferences, fields and subscriptions."""
    manager, gc = world.manager(world.ada), world.counted(world.client(world.ada))
    lab = manager.create_group("Lab", "of Ada")["id"]
    assert manager.create_group("Sub", "of Lab", parent_id=lab)["parent_id"] == lab
    policies: dict[str, Any] = {
        "is_high_assurance": False,
        "group_visibility": "authenticated",
        "group_members_visibility": globus_sdk.GroupMemberVisibility.members,
        "join_requests": True,
        "signup_fields": [globus_sdk.GroupRequiredSignupFields.city],
    }
    assert manager.set_group_policies(lab, **policies)["authentication_assurance_timeout"] is None
    gc.set_group_policies(lab, globus_sdk.GroupPolicies(**policies, authentication_assurance_timeout=900))
    assert gc.get_group_policies(lab)["authentication_assurance_timeout"] == 900
    memberships(world, manager, lab)
    found = gc.get_group(lab, include=["memberships", "my_memberships", "policies", "allowed_actions", "child_ids"])
    assert len(found["child_ids"]) == 1
    assert [each["name"] for each in gc.get_my_groups(statuses=["active", "pending"])] == ["Lab", "Sub"]
    assert gc.update_group(lab, {"name": "Laboratory", "terms_and_conditions": "Be kind"})["name"] == "Laboratory"
    assert gc.create_group({"name": "Whole", "policies": {"join_requests": True}})["name"] == "Whole"
    assert gc.set_identity_preferences({world.ada.id: {"allow_add": False}}).data == gc.get_identity_preferences().data
    gc.set_membership_fields(lab, {world.ada.id: {"city": "London"}})
    assert gc.get_membership_fields(lab)[world.ada.id] == {"city": "London"}
    subscription = world.emulator.groups.add_subscription_group("Engines", admins=[world.ada.id])
    assert subscription.group is not None
    assert gc.get_group_by_subscription_id(subscription.id)["group_id"] == subscription.group.id
    assert gc.set_subscription_admin_verified(lab, subscription.id)["group_id"] == lab
    with pytest.raises(globus_sdk.GlobusAPIError) as caught:
        gc.delete_group(lab)
    assert (caught.value.http_status, caught.value.code) == (400, "BAD_REQUEST")
    assert gc.delete_group(found["child_ids"][0])["name"] == "Sub"
    assert world.called == methods_of(globus_sdk.GroupsClient) | methods_of(globus_sdk.GroupsManager)


def memberships(world: World, manager: Any, lab: str) -> None:
    """Do each action through the manager and a batch, as those who may do it."""
    people = [world.bob, world.carl, world.dana, world.eve]
    bob, carl, dana, eve = (world.manager(each) for each in people)
    assert manager.add_member(lab, world.bob.id, role="manager")["add"][0]["role"] == "manager"
    assert manager.add_member(lab, world.bob.id)["errors"]["add"][0]["code"] == "ALREADY_ACTIVE"
    assert manager.change_role(lab, world.bob.id, "member")["change_role"][0]["role"] == "member"
    assert manager.invite_member(lab, world.carl.id)["invite"][0]["status"] == "invited"
    assert carl.accept_invite(lab, world.carl.id)["accept"][0]["status"] == "active"
    assert manager.invite_member(lab, world.dana.id)["invite"][0]["status"] == "invited"
    assert dana.decline_invite(lab, world.dana.id)["decline"][0]["status"] == "declined"
    assert dana.request_join(lab, world.dana.id)["request_join"][0]["status"] == "pending"
    assert manager.approve_pending(lab, world.dana.id)["approve"][0]["status"] == "active"
    assert eve.request_join(lab, world.eve.id)["request_join"][0]["status"] == "pending"
    assert manager.reject_join_request(lab, world.eve.id)["reject"][0]["status"] == "rejected"
    assert bob.leave(lab, world.bob.id)["leave"][0]["status"] == "left"
    assert manager.remove_member(lab, world.carl.id)["remove"][0]["status"] == "removed"
    with pytest.raises(globus_sdk.GlobusAPIError) as caught:
        eve.join(lab, world.eve.id)
    assert (caught.value.http_status, caught.value.code) == (403, "FORBIDDEN")
    batch = globus_sdk.BatchMembershipActions().add_members([world.carl.id, world.eve.id]).remove_members(world.dana.id)
    result = world.counted(world.client(world.ada)).batch_membership_action(lab, batch)
    assert [len(result[each]) for each in ("add", "remove")] == [2, 1]


def test_the_command_line(shell: Shell) -> None:
    """All commands for groups, as Ada."""
    emulator = shell.emulator
    ada = emulator.auth.login_identity
    assert ada is not None
    carl = emulator.add_identity("carl@example.org")
    lab = shell.json("group", "create", "Lab", "--description", "of Ada")["id"]
    assert "created" in shell("group", "create", "Sub", "--parent-id", lab)
    shell("group", "set-policies", lab, "--visibility", "authenticated", "--join-requests", "--signup-fields", "city")
    assert "Join Requests" in shell("group", "show", lab)
    shell("group", "update", lab, "--name", "Laboratory")
    assert [each["name"] for each in shell.json("group", "list")] == ["Laboratory", "Sub"]
    assert "bob@example.org" in shell("group", "member", "add", lab, "bob@example.org", "--role", "manager")
    assert "already an active member" in shell("group", "member", "add", lab, "bob@example.org", exit_code=1)
    assert "carl@example.org" in shell("group", "member", "invite", lab, "carl@example.org")
    assert [each["username"] for each in shell.json("group", "member", "list", lab)["memberships"]] == [
        "ada@example.org",
        "bob@example.org",
        "carl@example.org",
    ]
    shell("group", "member", "remove", lab, "carl@example.org")
    group = emulator.groups.group(lab)
    for command, status in (("approve", "active"), ("reject", "rejected")):
        emulator.groups.add_membership(group, carl.id, status="pending")
        shell("group", "member", command, lab, "carl@example.org")
        assert group.memberships[carl.id].status == status
    other = emulator.groups.add_group("Other", admins=[shell.bob_id])
    other.policies.group_visibility, other.policies.join_requests = "authenticated", True
    assert "ada@example.org" in shell("group", "join", other.id, "--request")
    for command, status in (("accept", "active"), ("decline", "declined")):
        emulator.groups.add_membership(other, ada.id, status="invited")
        shell("group", "invite", command, other.id)
        assert other.memberships[ada.id].status == status
    emulator.groups.add_membership(other, ada.id)
    assert "Left group" in shell("group", "leave", other.id)
    assert "last administrator" in shell("group", "leave", lab, exit_code=1)
    subscription = emulator.groups.add_subscription_group("Engines", admins=[ada.id])
    shell("group", "set-subscription-admin-verified", lab, subscription.id)
    assert group.verified_subscription_id == subscription.id
    assert subscription.id in json.dumps(shell.json("group", "get-by-subscription", subscription.id))
    shell("group", "get-subscription-info", subscription.id)
    shell("group", "delete", emulator.directory.children(group)[0].id)
    shell("group", "delete", lab)
    assert lab not in emulator.groups.groups
