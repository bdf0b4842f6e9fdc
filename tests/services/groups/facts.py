"""Facts about Groups for the tests of all clients."""

from __future__ import annotations

from typing import Any

import httpx
import respx

from globus_async import AccessTokenAuthorizer, Transport
from globus_async.services import groups
from tests.toolkit.canaries import Canaries
from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)

ID = "5e1f2a4c-0000-4000-8000-000000000001"


async def _objects(secrets: Canaries) -> list[object]:
    """Make instances of the public classes that can hold a secret."""
    router = respx.Router()
    document: dict[str, Any] = {"add": [], "errors": {"add": [{"identity_id": ID, "code": "X", "detail": "d"}]}}
    router.post(f"https://groups.api.globus.org/v2/groups/{ID}").respond(
        json=document, headers={"Set-Cookie": secrets.cookie}
    )
    router.get("https://groups.api.globus.org/v2/groups/my_groups").respond(json=[])
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler))
    async with Transport(http_client=http_client) as transport:
        gc = groups.GroupsClient(transport=transport, authorizer=AccessTokenAuthorizer(secrets.access))
        batch = groups.BatchMembershipActions().add_members(ID)
        response = await gc.batch_membership_action(ID, batch)
        policies = groups.GroupPolicies(
            is_high_assurance=False,
            group_visibility="private",
            group_members_visibility="members",
            join_requests=False,
            signup_fields=[],
        )
        return [
            gc,
            groups.GroupsManager(gc),
            batch,
            policies,
            response,
            *response.results,
            groups.MembershipActionError(response),
            await gc.get_my_groups(),
        ]


FACTS = ServiceFacts(
    values={
        "actions": {"add": [{"identity_id": ID}]},
        "data": {"name": "Lab"},
        "subscription_id": ID,
    },
    arguments={
        "set_identity_preferences": {"data": {ID: {"allow_add": True}}},
        "set_membership_fields": {"data": {ID: {"city": "London"}}},
    },
    lists=frozenset({"get_my_groups"}),
    without_example={
        "MembershipResult": "shown in the example of BatchResponse",
        **dict.fromkeys(
            ("GroupMemberVisibility", "GroupRequiredSignupFields", "GroupRole", "GroupVisibility"),
            "shown in the example of GroupPolicies",
        ),
    },
    objects=_objects,
    without_secrets=frozenset({"GroupMemberVisibility", "GroupRequiredSignupFields", "GroupRole", "GroupVisibility"}),
)
