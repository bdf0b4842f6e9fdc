"""Batches of membership actions, their results, and the errors of Groups."""

from __future__ import annotations

import json
import pickle
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

from globus_async import (
    AccessTokenAuthorizer,
    BatchMembershipActions,
    GlobusSDKUsageError,
    GroupPolicies,
    GroupRole,
    GroupsClient,
    GroupsManager,
    GroupVisibility,
    MembershipActionError,
    ResponseDecodeError,
    Transport,
)
from globus_async.scopes import GroupsScopes
from globus_async.services.groups import InvalidParameters, PermissionDenied
from globus_async.testing import GlobusEmulator

A, B = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2))
ADDERS = {
    "accept_invites": "accept",
    "add_members": "add",
    "approve_pending": "approve",
    "decline_invites": "decline",
    "invite_members": "invite",
    "join": "join",
    "leave": "leave",
    "reject_join_requests": "reject",
    "remove_members": "remove",
    "request_join": "request_join",
}
MANAGED = {
    "accept_invite": "accept",
    "add_member": "add",
    "approve_pending": "approve",
    "decline_invite": "decline",
    "invite_member": "invite",
    "join": "join",
    "leave": "leave",
    "reject_join_request": "reject",
    "remove_member": "remove",
    "request_join": "request_join",
}


@asynccontextmanager
async def scripted(document: Any, sent: list[Any] | None = None) -> AsyncGenerator[GroupsClient]:
    """Yield a client of a service that always sends the same document."""

    def respond(request: httpx.Request) -> httpx.Response:
        if sent is not None:
            sent.append(json.loads(request.content))
        return httpx.Response(200, json=document)

    http_client = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    async with Transport(http_client=http_client) as transport:
        yield GroupsClient(transport=transport)


@pytest.mark.parametrize(
    "ids", [A, UUID(A), [A, UUID(B)], (each for each in (A, B))], ids=["text", "UUID", "list", "generator"]
)
def test_one_identity_or_several(ids: Any) -> None:
    """Never its letters."""
    ids = [*ids] if not isinstance(ids, str | UUID) else ids
    expected = [{"identity_id": str(each)} for each in (ids if isinstance(ids, list) else [ids])]
    for method, action in ADDERS.items():
        batch = getattr(BatchMembershipActions(), method)(ids)
        items = [{"identity_id": each["identity_id"]} for each in batch.pop(action)]
        assert (items, batch) == (expected, {})
    roles = BatchMembershipActions().change_roles(GroupRole.admin, ids)
    assert roles == {"change_role": [{**each, "role": "admin"} for each in expected]}


def test_all_members_of_actions() -> None:
    """Roles, reasons and addresses; methods can be chained and repeated; it stays what it is when pickled."""
    batch = (
        BatchMembershipActions()
        .invite_members(A, role="manager", invite_email_address="a@example.org", status_reason="new")
        .invite_members(B)
        .remove_members(UUID(A), status_reason="moved")
    )
    assert batch == {
        "invite": [
            {"identity_id": A, "role": "manager", "invite_email_address": "a@example.org", "status_reason": "new"},
            {"identity_id": B, "role": "member"},
        ],
        "remove": [{"identity_id": A, "status_reason": "moved"}],
    }
    assert type(pickle.loads(pickle.dumps(batch))) is BatchMembershipActions


def test_bad_arguments_of_actions() -> None:
    """They are refused before anything is sent."""
    wrong: Any
    for wrong in ("abc", "", ["abc"], 5, None, [None], {"id": A}):
        with pytest.raises(GlobusSDKUsageError):
            BatchMembershipActions().add_members(wrong)
    for wrong in ("owner", None, "", ["admin"], 1):
        with pytest.raises(GlobusSDKUsageError, match="role must be one of"):
            BatchMembershipActions().change_roles(wrong, A)
    with pytest.raises(GlobusSDKUsageError, match="status_reason"):
        BatchMembershipActions().leave(A, status_reason=5)  # type: ignore[arg-type]  # wrong on purpose


def test_policies() -> None:
    """One signup field is one; unknown values are refused; the timeout is there if it is given."""
    given: dict[str, Any] = {
        "is_high_assurance": False,
        "group_visibility": GroupVisibility.private,
        "group_members_visibility": "members",
        "join_requests": False,
        "signup_fields": "city",
    }
    expected = {**given, "group_visibility": "private", "signup_fields": ["city"]}
    assert GroupPolicies(**given) == expected
    assert GroupPolicies(**given, authentication_assurance_timeout=None)["authentication_assurance_timeout"] is None
    wrong: dict[str, Any] = {
        "is_high_assurance": "yes",
        "group_visibility": "public",
        "group_members_visibility": GroupVisibility.private,
        "join_requests": None,
        "signup_fields": ["city", "hobby"],
        "authentication_assurance_timeout": 0,
    }
    for name, value in wrong.items():
        with pytest.raises(GlobusSDKUsageError, match=name):
            GroupPolicies(**(given | {name: value}))


async def test_each_method_of_the_manager() -> None:
    """Each sends one action for one identity, raises if it failed, and keeps the response reachable."""
    failure = {"identity_id": A, "code": "FORBIDDEN", "detail": "no\x1b[31m"}
    for method, action in MANAGED.items():
        sent: list[Any] = []
        async with scripted({action: [], "errors": {action: [failure]}}, sent) as gc:
            with pytest.raises(MembershipActionError, match="1 of 1 membership actions failed") as caught:
                await getattr(GroupsManager(gc), method)(B, A, status_reason="why")
        ((item,),) = sent[0].values()
        assert [*sent[0]] == [action]
        assert item.pop("role", "member") == "member"
        assert item == {"identity_id": A, "status_reason": "why"}
        assert caught.value.code == "FORBIDDEN"
        assert caught.value.response["errors"] == {action: [failure]}
        assert "\x1b" not in str(caught.value)
        again = pickle.loads(pickle.dumps(caught.value))
        assert (str(again), again.code) == (str(caught.value), "FORBIDDEN")


@pytest.mark.parametrize(
    "document", [{}, {"code": "FORBIDDEN", "detail": "no"}, {"add": None, "errors": {"add": "no"}}]
)
async def test_no_result_is_not_a_success(document: Any) -> None:
    """The member may not have been added."""
    async with scripted(document) as gc:
        with pytest.raises(ResponseDecodeError, match="or an error"):
            await GroupsManager(gc).add_member(A, B)


async def test_the_length_of_messages() -> None:
    """The response has the whole text."""
    failure = {"identity_id": A, "code": "FORBIDDEN", "detail": "x" * 1_000_000}
    async with scripted({"errors": {"add": [failure] * 7}}) as gc:
        with pytest.raises(MembershipActionError, match=r"; and 2 more$") as caught:
            await GroupsManager(gc).add_member(A, B)
    assert len(str(caught.value)) < 3000


async def test_results() -> None:
    """One for each identity, in which actions that failed are false."""
    member = {"identity_id": A, "status": "active"}
    errors = {"remove": [{"identity_id": B, "code": "NO_MEMBERSHIP", "detail": "none"}], "leave": None}
    document = {"add": [member], "remove": [], "join": None, "note": "text", "errors": errors}
    async with scripted(document) as gc:
        response = await gc.batch_membership_action(A, {})
    assert [(each.action, each.identity_id, bool(each), each.code) for each in response.results] == [
        ("add", A, True, None),
        ("remove", B, False, "NO_MEMBERSHIP"),
    ]
    assert response.results[0].membership == member
    assert response.failures == response.results[1:]
    assert response["errors"] == errors


@pytest.mark.parametrize(
    "document",
    [[], {"add": [1]}, {"add": [{}]}, {"add": [{"identity_id": 5}]}, {"errors": []}, {"errors": {"add": ["x"]}}],
    ids=str,
)
async def test_malformed_results(document: Any) -> None:
    """They are an error that says that the request may have been executed, not a success."""
    async with scripted(document) as gc:
        with pytest.raises(ResponseDecodeError) as caught:
            await gc.batch_membership_action(A, {})
    assert caught.value.maybe_executed


async def test_errors_of_the_service() -> None:
    """A missing scope is named; a problem has its place; an identity that is twice in a batch is named."""
    async with GlobusEmulator() as emulator, emulator.transport() as transport:
        ada = emulator.add_identity("ada@example.org")
        group = emulator.add_group(admins=[ada])

        def client(scope: object) -> GroupsClient:
            token = emulator.access_token(ada, scopes=[str(scope)])
            return GroupsClient(authorizer=AccessTokenAuthorizer(token), transport=transport)

        with pytest.raises(PermissionDenied, match=r"request urn:.*:all, in an app") as denied:
            await client(GroupsScopes.view_my_groups_and_memberships).create_group({"name": "x"})
        assert denied.value.required_scope == str(GroupsScopes.all)
        gc = client(GroupsScopes.all)
        with pytest.raises(InvalidParameters) as invalid:
            await gc.create_group({"description": "x"})
        assert (invalid.value.http_status, invalid.value.messages) == (422, ["body.name: Field required"])
        with pytest.raises(InvalidParameters) as invalid:
            await gc.batch_membership_action(group, {"add": [{"identity_id": A}, {"identity_id": "x"}]})
        assert invalid.value.errors[0].location == "body.add.1.identity_id"
        with pytest.raises(InvalidParameters) as twice:
            await gc.batch_membership_action(group, BatchMembershipActions().add_members([A, A]))
        assert twice.value.ambiguous_identities == [A]
        with pytest.raises(PermissionDenied) as forbidden:
            await gc.batch_membership_action(group, BatchMembershipActions().join(ada.id))
        assert forbidden.value.required_scope is None
        assert GroupsManager(gc).client is gc
        with pytest.raises(GlobusSDKUsageError, match="client must be a GroupsClient"):
            GroupsManager("x")  # type: ignore[arg-type]  # wrong on purpose
