"""``/v2/api`` of the emulated Globus Auth: identities, consents, projects, clients, scopes and policies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from globus_async import AccessTokenAuthorizer, AuthClient
from globus_async.emulator.kit.directory import Identity
from globus_async.testing import GlobusEmulator
from tests.emulator.auth_world import (
    CALLBACK,
    DATA_ACCESS,
    GROUPS,
    MANAGE_PROJECTS,
    OPENID,
    SECRET,
    TRANSFER,
    VERIFIER,
    World,
    open_world,
)

VIEW_CONSENTS = "urn:globus:auth:scope:auth.globus.org:view_consents"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


async def create(world: World, request: str, token: str, document: Any, kind: str) -> Any:
    method, path = request.split()
    response = await world.api(method, path, token, json={kind: document})
    assert response.status_code == 200, response.text
    assert response.json().keys() == {kind}
    return response.json()[kind]


class TestIdentities:
    async def test_get_identities_by_id_and_by_username(self, world: World) -> None:
        """Both return the same documents; unknown identities are omitted."""
        token = (await world.log_in(OPENID))["access_token"]
        by_id = await world.api("GET", "identities", token, ids=f"{world.alice.id},{uuid4()},{world.bob.id}")
        by_name = await world.api("GET", "identities", token, usernames="ALICE@example.org, nobody@example.org")
        assert [each["id"] for each in by_id.json()["identities"]] == [world.alice.id, world.bob.id]
        assert by_name.json() == {
            "identities": [
                {
                    "id": world.alice.id,
                    "username": "alice@example.org",
                    "name": "Alice Liddell",
                    "email": "alice@example.org",
                    "organization": "Wonderland",
                    "identity_provider": world.alice.identity_provider.id,
                    "identity_type": "login",
                    "status": "used",
                }
            ]
        }

    async def test_unknown_identities_can_be_provisioned(self, world: World) -> None:
        """A provisioned identity is unused and has no name until its first login."""
        token = (await world.log_in(OPENID))["access_token"]
        response = await world.api("GET", "identities", token, usernames="new@example.org", provision="true")
        (document,) = response.json()["identities"]
        assert (document["status"], document["name"], document["email"]) == ("unused", None, None)
        again = await world.api("GET", "identities", token, usernames="new@example.org")
        assert again.json()["identities"] == [document]
        new = world.state.directory.find("new@example.org")
        await world.log_in(identity=new)
        used = await world.api("GET", "identities", token, ids=document["id"])
        assert used.json()["identities"][0]["status"] == "used"

    async def test_identity_providers_can_be_included(self, world: World) -> None:
        """Each provider once."""
        world.state.add_identity("carol@example.org")
        token = (await world.log_in(OPENID))["access_token"]
        response = await world.api(
            "GET", "identities", token, usernames="alice@example.org,carol@example.org", include="identity_provider"
        )
        assert [each["domains"] for each in response.json()["included"]["identity_providers"]] == [["example.org"]]

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"ids": "46bd0f56-e24f-11e5-a510-131bef46955c", "usernames": "a@b.c"},
            {"ids": "no-uuid"},
            {"usernames": "a b@example.org", "provision": "true"},
        ],
    )
    async def test_invalid_queries(self, world: World, query: dict[str, str]) -> None:
        """400 INVALID_PARAMETERS."""
        token = (await world.log_in(OPENID))["access_token"]
        assert error_of(await world.api("GET", "identities", token, **query)) == (400, "INVALID_PARAMETERS")

    async def test_get_identities_requires_authentication(self, world: World) -> None:
        """A token for Auth or a client secret; a public client cannot authenticate."""
        query = {"ids": world.alice.id}
        assert error_of(await world.api("GET", "identities", **query)) == (401, "UNAUTHORIZED")
        transfer = (await world.log_in(TRANSFER))["access_token"]
        assert error_of(await world.api("GET", "identities", transfer, **query)) == (403, "FORBIDDEN")
        basic = await world.http.get("/v2/api/identities", params=query, auth=(world.portal.id, SECRET))
        assert basic.status_code == 200
        wrong = await world.http.get("/v2/api/identities", params=query, auth=(world.portal.id, "wrong"))
        assert error_of(wrong) == (401, "UNAUTHORIZED")

    async def test_get_one_identity(self, world: World) -> None:
        """By id; 404 for an unknown one."""
        token = (await world.log_in(OPENID))["access_token"]
        response = await world.api("GET", f"identities/{world.bob.id}", token)
        assert response.json()["identity"]["username"] == "bob@uni.example.edu"
        assert error_of(await world.api("GET", f"identities/{uuid4()}", token)) == (404, "NOT_FOUND")

    async def test_identity_providers(self, world: World) -> None:
        """By id or by domain, but not by both."""
        token = (await world.log_in(OPENID))["access_token"]
        by_domain = await world.api("GET", "identity_providers", token, domains="globusid.org,example.org,no.example")
        documents = by_domain.json()["identity_providers"]
        assert documents[0] == {
            "id": "41143743-f3c8-4d60-bbdb-eeecaba85bd9",
            "name": "Globus ID",
            "short_name": "globusid",
            "alternative_names": [],
            "domains": ["globusid.org"],
        }
        by_id = await world.api("GET", "identity_providers", token, ids=",".join(each["id"] for each in documents))
        assert by_id.json() == by_domain.json()
        assert error_of(await world.api("GET", "identity_providers", token)) == (400, "INVALID_PARAMETERS")


class TestConsents:
    async def test_a_login_creates_a_tree_of_consents(self, world: World) -> None:
        """A consent for the application, and below it one for the service."""
        token = (await world.log_in(f"openid {TRANSFER}[*{DATA_ACCESS}]", access_type="offline"))["access_token"]
        response = await world.api("GET", f"identities/{world.alice.id}/consents", token)
        consents = {each["scope_name"]: each for each in response.json()["consents"]}
        top, below = consents[TRANSFER], consents[DATA_ACCESS]
        assert top["dependency_path"] == [top["id"]]
        assert below["dependency_path"] == [top["id"], below["id"]]
        assert (top["client"], below["client"]) == (world.app.id, "2fbdda78-a599-4cb5-ac3d-1fbcfbc6a754")
        assert (top["atomically_revocable"], below["atomically_revocable"]) == (False, True)
        assert (top["allows_refresh"], top["auto_approved"], top["status"]) == (True, False, "approved")
        assert top["effective_identity"] == world.alice.id

    async def test_a_second_login_updates_the_consents(self, world: World) -> None:
        """They keep their ids and get a new time of update."""
        token = (await world.log_in("openid"))["access_token"]
        path = f"identities/{world.alice.id}/consents"
        (first,) = (await world.api("GET", path, token)).json()["consents"]
        await world.clock.advance(60)
        token = (await world.log_in(f"openid {TRANSFER}"))["access_token"]
        second, transfer = (await world.api("GET", path, token)).json()["consents"]
        assert (second["id"], second["created"]) == (first["id"], first["created"])
        assert second["updated"] > first["updated"]
        assert transfer["scope_name"] == TRANSFER

    async def test_consents_for_other_clients_require_a_scope(self, world: World) -> None:
        """Other people's consents cannot be listed."""
        await world.portal_log_in(GROUPS)
        token = (await world.log_in("openid"))["access_token"]
        path = f"identities/{world.alice.id}/consents"
        mine = await world.api("GET", path, token)
        assert [each["scope_name"] for each in mine.json()["consents"]] == ["openid"]
        assert error_of(await world.api("GET", path, token, all="true")) == (403, "FORBIDDEN")
        token = (await world.log_in(f"openid {VIEW_CONSENTS}"))["access_token"]
        all_of_them = await world.api("GET", path, token, all="true")
        assert {each["client"] for each in all_of_them.json()["consents"]} == {world.app.id, world.portal.id}
        assert error_of(await world.api("GET", f"identities/{world.bob.id}/consents", token)) == (403, "FORBIDDEN")

    async def test_required_dependencies_are_consented_with_their_scope(self, world: World) -> None:
        """Timers requires Transfer: one login consents to both. Cycles of dependencies end."""
        timer = "https://auth.globus.org/scopes/524230d7-ea86-4a52-8312-86065a9e0417/timer"
        first = world.state.add_scope(world.portal, "first")
        second = world.state.add_scope(world.portal, "second", dependencies=[first.scope_string])
        first.dependencies.append(type(second.dependencies[0])(second.id))
        await world.log_in(f"openid {timer} {first.scope_string}")
        consents = world.state.consents.of(frozenset({world.alice.id}))
        names = {each.scope.scope_string: len(each.path) for each in consents}
        assert names == {
            "openid": 1,
            timer: 1,
            TRANSFER: 2,
            first.scope_string: 1,
            second.scope_string: 2,
        }


class TestProjects:
    async def project(self, world: World, **changes: Any) -> Any:
        document = {
            "display_name": "Portal project",
            "contact_email": "alice@example.org",
            "admin_ids": [world.alice.id],
            **changes,
        }
        return await create(world, "POST projects", world.developer(), document, "project")

    async def test_a_project_from_creation_to_deletion(self, world: World) -> None:
        """Each response is the whole document in its envelope."""
        project = await self.project(world)
        token = world.developer()
        assert project["admins"]["identities"][0]["username"] == "alice@example.org"
        assert (project["admin_ids"], project["admin_group_ids"]) == ([world.alice.id], None)
        assert project["project_name"] == "Portal project"
        assert (await world.api("GET", f"projects/{project['id']}", token)).json() == {"project": project}
        assert (await world.api("GET", "projects", token)).json() == {"projects": [project]}
        changed = await create(world, f"PUT projects/{project['id']}", token, {"display_name": "New name"}, "project")
        assert changed == {**project, "display_name": "New name", "project_name": "New name"}
        deleted = await world.api("DELETE", f"projects/{project['id']}", token)
        assert (deleted.status_code, deleted.json()) == (200, {"project": changed})
        assert error_of(await world.api("GET", f"projects/{project['id']}", token)) == (404, "NOT_FOUND")

    async def test_projects_of_others(self, world: World) -> None:
        """Not listed; 403 for all other operations, and for a token without the scope."""
        project = await self.project(world)
        bob = world.developer(world.bob)
        path = f"projects/{project['id']}"
        assert (await world.api("GET", "projects", bob)).json() == {"projects": []}
        for method in ("GET", "DELETE"):
            assert error_of(await world.api(method, path, bob)) == (403, "FORBIDDEN")
        assert error_of(await world.api("PUT", path, bob, json={"project": {}})) == (403, "FORBIDDEN")
        weak = (await world.log_in(OPENID))["access_token"]
        assert error_of(await world.api("GET", path, weak)) == (403, "FORBIDDEN")
        assert error_of(await world.api("GET", path)) == (401, "UNAUTHORIZED")

    async def test_administrators_by_linked_identity_and_by_group(self, world: World) -> None:
        """Any linked identity, or membership in a group, makes an administrator."""
        group = world.state.directory.add_group("Developers", member_ids=[world.bob.id])
        by_group = await self.project(world, admin_ids=[], admin_group_ids=[group.id])
        assert (by_group["admin_ids"], by_group["admins"]["groups"][0]["name"]) == (None, "Developers")
        bob = world.developer(world.bob)
        assert (await world.api("GET", f"projects/{by_group['id']}", bob)).status_code == 200
        carol = world.state.add_identity("carol@example.org")
        assert error_of(await world.api("GET", f"projects/{by_group['id']}", world.developer(carol)))[0] == 403
        world.state.link(carol, world.bob)
        assert (await world.api("GET", f"projects/{by_group['id']}", world.developer(carol))).status_code == 200

    async def test_a_group_of_the_emulator_administers_a_project(self) -> None:
        """A group that `GlobusEmulator.add_group` returned is accepted by Auth."""
        async with GlobusEmulator() as emulator:
            ada = emulator.add_identity("ada@example.org")
            group = emulator.add_group([ada], name="Developers")
            token = emulator.access_token(ada, scopes=[MANAGE_PROJECTS])
            auth = AuthClient(authorizer=AccessTokenAuthorizer(token), transport=emulator.transport())
            project = await auth.create_project("Portal", "ada@example.org", admin_group_ids=[group])
            assert project["project"]["admin_group_ids"] == [group]
            assert project["project"]["admins"]["groups"][0]["name"] == "Developers"
            changed = await auth.update_project(project["project"]["id"], display_name="Portal 2")
            assert changed["project"]["display_name"] == "Portal 2"

    @pytest.mark.parametrize(
        "changes",
        [
            {"display_name": ""},
            {"display_name": 7},
            {"display_name": "two\nlines"},
            {"contact_email": None},
            {"admin_ids": []},
            {"admin_ids": ["46bd0f56-e24f-11e5-a510-131bef46955c"]},
            {"admin_ids": "alice"},
            {"admin_ids": [1]},
        ],
    )
    async def test_invalid_projects(self, world: World, changes: dict[str, Any]) -> None:
        """422, at creation and at an update, and nothing changes."""
        good = {"display_name": "P", "contact_email": "a@b.c", "admin_ids": [world.alice.id]}
        token = world.developer()
        refused = await world.api("POST", "projects", token, json={"project": {**good, **changes}})
        assert error_of(refused) == (422, "UNPROCESSABLE_ENTITY")
        project = await self.project(world)
        refused = await world.api("PUT", f"projects/{project['id']}", token, json={"project": changes})
        assert error_of(refused) == (422, "UNPROCESSABLE_ENTITY")
        assert (await world.api("GET", f"projects/{project['id']}", token)).json() == {"project": project}

    @pytest.mark.parametrize(
        ("body", "status"),
        [(b"", 400), (b"{", 400), (b"[" * 100_000, 400), (b"[]", 422), (b'{"project": []}', 422), (b"{}", 422)],
    )
    async def test_bodies_that_are_not_documents(self, world: World, body: bytes, status: int) -> None:
        """400 for a body that is not JSON, 422 for other JSON than an object."""
        headers = {"Authorization": f"Bearer {world.developer()}"}
        response = await world.http.post("/v2/api/projects", content=body, headers=headers)
        assert response.status_code == status

    async def test_a_project_with_clients_cannot_be_deleted(self, world: World) -> None:
        """Its clients must be deleted first; its policies are deleted with it."""
        project = await self.project(world)
        token = world.developer()
        client = {"name": "A", "project": project["id"], "public_client": True}
        client = await create(world, "POST clients", token, client, "client")
        policy = {"project_id": project["id"], "display_name": "P", "description": "D"}
        await create(world, "POST policies", token, policy, "policy")
        assert error_of(await world.api("DELETE", f"projects/{project['id']}", token))[0] == 422
        await world.api("DELETE", f"clients/{client['id']}", token)
        assert (await world.api("DELETE", f"projects/{project['id']}", token)).status_code == 200
        assert not world.state.registry.policies


class TestClients:
    @pytest.fixture
    async def project_id(self, world: World) -> str:
        project = await TestProjects().project(world)
        return str(project["id"])

    async def client(self, world: World, project_id: str, **changes: Any) -> Any:
        document = {"name": "Created by a test", "project": project_id, **changes}
        if "client_type" not in changes:
            document.setdefault("public_client", True)
        return await create(world, "POST clients", world.developer(), document, "client")

    async def test_a_client_from_creation_to_deletion(self, world: World, project_id: str) -> None:
        """The document has all members of the real one."""
        client = await self.client(world, project_id, public_client=False, redirect_uris=[CALLBACK])
        token = world.developer()
        assert client == {
            "id": client["id"],
            "name": "Created by a test",
            "project": project_id,
            "client_type": "hybrid_confidential_client_resource_server",
            "public_client": False,
            "visibility": "private",
            "grant_types": [
                "authorization_code",
                "client_credentials",
                "refresh_token",
                "urn:globus:auth:grant_type:dependent_token",
            ],
            "redirect_uris": [CALLBACK],
            "scopes": [],
            "fqdns": [],
            "links": {"privacy_policy": None, "terms_and_conditions": None},
            "parent_client": None,
            "required_idp": None,
            "preselect_idp": None,
            "prompt_for_named_grant": True,
            "userinfo_from_effective_identity": True,
        }
        assert (await world.api("GET", f"clients/{client['id']}", token)).json() == {"client": client}
        assert (await world.api("GET", "clients", token)).json() == {"clients": [client]}
        links = {"privacy_policy": "https://a.example", "terms_and_conditions": "https://b.example"}
        changes = {"name": "Other", "visibility": "public", "links": links}
        changed = await create(world, f"PUT clients/{client['id']}", token, changes, "client")
        assert changed == {**client, **changes}
        deleted = await world.api("DELETE", f"clients/{client['id']}", token)
        assert deleted.json() == {"client": changed}
        assert error_of(await world.api("GET", f"clients/{client['id']}", token)) == (404, "NOT_FOUND")

    @pytest.mark.parametrize(
        "client_type",
        [
            "client_identity",
            "confidential_client",
            "globus_connect_server",
            "public_installed_client",
            "hybrid_confidential_client_resource_server",
            "resource_server",
            "public_webapp_client",
        ],
    )
    async def test_every_client_type(self, world: World, project_id: str, client_type: str) -> None:
        """Confidential clients have an identity."""
        client = await self.client(world, project_id, client_type=client_type)
        assert client["client_type"] == client_type
        assert client["public_client"] == client_type.startswith("public")
        assert (client["id"] in world.state.directory.identities) != client["public_client"]

    async def test_a_new_client_can_be_used(self, world: World, project_id: str) -> None:
        """The secret is in one response only; it authenticates the client until the credential is deleted."""
        client = await self.client(world, project_id, public_client=False, redirect_uris=[CALLBACK])
        path = f"clients/{client['id']}/credentials"
        credential = await create(world, f"POST {path}", world.developer(), {"name": "first"}, "credential")
        assert (credential["name"], credential["client"]) == ("first", client["id"])
        shown = (await world.api("GET", path, world.developer())).json()
        assert shown == {"credentials": [{**credential, "secret": None}]}
        form = {"grant_type": "client_credentials", "scope": TRANSFER}
        auth = (client["id"], credential["secret"])
        token = (await world.token(form, auth=auth)).json()["access_token"]
        assert world.caller(token).identity_id == client["id"]
        deleted = await world.api("DELETE", f"{path}/{credential['id']}", world.developer())
        assert deleted.json() == {"credential": {**credential, "secret": None}}
        assert (await world.token(form, auth=auth)).status_code == 401
        again = await world.api("DELETE", f"{path}/{credential['id']}", world.developer())
        assert error_of(again) == (404, "NOT_FOUND")

    async def test_a_public_client_has_no_credentials(self, world: World, project_id: str) -> None:
        """422."""
        client = await self.client(world, project_id)
        path = f"clients/{client['id']}/credentials"
        response = await world.api("POST", path, world.developer(), json={"credential": {"name": "x"}})
        assert error_of(response) == (422, "UNPROCESSABLE_ENTITY")

    async def test_deleting_a_client_ends_its_tokens_and_consents(self, world: World, project_id: str) -> None:
        """Only its closed identity remains."""
        client = await self.client(world, project_id)
        redirect = world.state.authorize(world.url(world.native_query(client_id=client["id"])))
        token = (await world.exchange(redirect.code, client_id=client["id"])).json()["access_token"]
        found = world.state.tokens.find(token)
        assert found is not None
        assert found.is_active(world.clock.wall())
        await world.api("DELETE", f"clients/{client['id']}", world.developer())
        assert not found.is_active(world.clock.wall())
        assert not world.state.consents.of(frozenset({world.alice.id}), client_id=client["id"])

    async def test_visibility_of_clients(self, world: World, project_id: str) -> None:
        """Everybody may look up a public client; only its managers, and the client itself, a private one."""
        public = await self.client(world, project_id, visibility="public")
        private = await self.client(world, project_id)
        bob = world.developer(world.bob)
        assert (await world.api("GET", f"clients/{public['id']}", bob)).status_code == 200
        assert error_of(await world.api("GET", f"clients/{private['id']}", bob)) == (403, "FORBIDDEN")
        for method, json in (("PUT", {"client": {"name": "mine"}}), ("DELETE", None)):
            assert error_of(await world.api(method, f"clients/{public['id']}", bob, json=json)) == (403, "FORBIDDEN")
        itself = await world.http.get(f"/v2/api/clients/{world.portal.id}", auth=(world.portal.id, SECRET))
        assert itself.json()["client"]["name"] == "Portal"

    async def test_get_a_client_by_domain_name(self, world: World) -> None:
        """``fqdn`` returns the one client that has the name."""
        app = world.state.add_client("Named", fqdns=["app.example.org"], visibility="public")
        token = (await world.log_in(OPENID))["access_token"]
        response = await world.api("GET", "clients", token, fqdn="App.example.org")
        assert response.json()["client"]["id"] == app.id
        assert error_of(await world.api("GET", "clients", token, fqdn="other.example.org")) == (404, "NOT_FOUND")

    async def test_an_instance_of_a_native_client(self, world: World) -> None:
        """Created without authentication; it has the redirect URIs of its template, and can delete itself."""
        response = await world.api(
            "POST", "clients", json={"client": {"template_id": world.app.id, "name": "My installation"}}
        )
        document = response.json()
        client, credential = document["client"], document["included"]["client_credential"]
        assert credential.keys() == {"id", "name", "client", "secret"}
        assert (client["client_type"], client["parent_client"]) == ("confidential_client", world.app.id)
        auth = (client["id"], credential["secret"])
        redirect = world.state.authorize(world.url(world.native_query(client_id=client["id"])))
        form = {"grant_type": "authorization_code", "code": redirect.code, "code_verifier": VERIFIER}
        form["redirect_uri"] = world.native_query()["redirect_uri"]
        assert (await world.token(form, auth=auth)).status_code == 200
        deleted = await world.http.delete(f"/v2/api/clients/{client['id']}", auth=auth)
        assert deleted.json()["client"]["id"] == client["id"]
        assert (
            await world.token({"grant_type": "client_credentials", "scope": TRANSFER}, auth=auth)
        ).status_code == 401

    async def test_only_native_clients_are_templates(self, world: World) -> None:
        """404 for any other client."""
        for template in (world.portal.id, str(uuid4())):
            response = await world.api("POST", "clients", json={"client": {"template_id": template, "name": "x"}})
            assert error_of(response) == (404, "NOT_FOUND")

    async def test_a_child_client(self, world: World) -> None:
        """Created and managed by its parent."""
        auth = (world.portal.id, SECRET)
        document = {"client": {"name": "Child", "public_client": False}}
        child = (await world.http.post("/v2/api/clients", json=document, auth=auth)).json()["client"]
        assert (child["parent_client"], child["project"]) == (world.portal.id, None)
        changed = await world.http.put(
            f"/v2/api/clients/{child['id']}", json={"client": {"name": "Grown up"}}, auth=auth
        )
        assert changed.json()["client"]["name"] == "Grown up"
        assert error_of(await world.api("GET", f"clients/{child['id']}", world.developer())) == (403, "FORBIDDEN")

    @pytest.mark.parametrize(
        "changes",
        [
            {"name": ""},
            {"public_client": True, "client_type": "client_identity"},
            {"client_type": "spaceship"},
            {"public_client": "yes"},
            {"visibility": "secret"},
            {"redirect_uris": ["http://portal.example.org/"]},
            {"redirect_uris": ["https://portal.example.org/#part"]},
            {"redirect_uris": ["javascript:alert(1)"]},
            {"redirect_uris": ["http://[::1"]},
            {"redirect_uris": "https://portal.example.org/"},
            {"links": {"privacy_policy": "https://a.example"}},
            {"links": []},
            {"required_idp": "no uuid"},
        ],
    )
    async def test_invalid_clients(self, world: World, project_id: str, changes: dict[str, Any]) -> None:
        """422 at creation, and no client is created."""
        document = {"name": "X", "project": project_id, **changes}
        if "client_type" not in changes:
            document.setdefault("public_client", True)
        response = await world.api("POST", "clients", world.developer(), json={"client": document})
        assert error_of(response) == (422, "UNPROCESSABLE_ENTITY")
        assert (await world.api("GET", "clients", world.developer())).json() == {"clients": []}

    async def test_the_client_type_cannot_be_changed(self, world: World, project_id: str) -> None:
        """422 for an update that changes it; one that repeats it is accepted."""
        client = await self.client(world, project_id)
        path = f"clients/{client['id']}"
        for changes in ({"public_client": False}, {"client_type": "client_identity"}):
            response = await world.api("PUT", path, world.developer(), json={"client": changes})
            assert error_of(response) == (422, "UNPROCESSABLE_ENTITY")
        await create(world, f"PUT {path}", world.developer(), {"public_client": True}, "client")

    async def test_a_client_requires_a_project(self, world: World, project_id: str) -> None:
        """It must exist, and the caller must administer it."""
        client = {"name": "X", "public_client": True}
        bob = world.developer(world.bob)
        assert error_of(await world.api("POST", "clients", bob, json={"client": client}))[0] == 422
        for project, status in ((project_id, 403), (str(uuid4()), 404)):
            response = await world.api("POST", "clients", bob, json={"client": {**client, "project": project}})
            assert response.status_code == status


class TestScopes:
    @pytest.fixture
    async def client_id(self, world: World) -> str:
        project = await TestProjects().project(world)
        client = await TestClients().client(world, str(project["id"]), public_client=False)
        return str(client["id"])

    async def scope(self, world: World, client_id: str, **changes: Any) -> Any:
        document = {"name": "Use", "description": "Use it", "scope_suffix": "use", **changes}
        return await create(world, f"POST clients/{client_id}/scopes", world.developer(), document, "scope")

    async def test_a_scope_from_creation_to_deletion(self, world: World, client_id: str) -> None:
        """The document has all members of the real one; the scope can be requested at once."""
        scope = await self.scope(world, client_id)
        token = world.developer()
        assert scope == {
            "id": scope["id"],
            "scope_string": f"https://auth.globus.org/scopes/{client_id}/use",
            "name": "Use",
            "description": "Use it",
            "client": client_id,
            "advertised": False,
            "allows_refresh_token": True,
            "required_domains": [],
            "dependent_scopes": [],
        }
        access = (await world.log_in(scope["scope_string"]))["access_token"]
        assert world.caller(access).resource_server == client_id
        client = (await world.api("GET", f"clients/{client_id}", token)).json()["client"]
        assert client["scopes"] == [scope["id"]]
        assert (await world.api("GET", "scopes", token)).json() == {"scopes": [scope]}
        changes = {"name": "Other", "scope_suffix": "other", "advertised": True, "required_domains": ["example.org"]}
        changed = await create(world, f"PUT scopes/{scope['id']}", token, changes, "scope")
        assert changed["scope_string"].endswith("/other")
        assert (changed["name"], changed["advertised"], changed["required_domains"]) == ("Other", True, ["example.org"])
        deleted = await world.api("DELETE", f"scopes/{scope['id']}", token)
        assert deleted.json() == {"scope": changed}
        assert error_of(await world.api("GET", f"scopes/{scope['id']}", token)) == (404, "NOT_FOUND")
        assert world.state.tokens.find(access).is_active(world.clock.wall()) is False  # type: ignore[union-attr]

    async def test_dependent_scopes(self, world: World, client_id: str) -> None:
        """Given by id; a login consents to the required ones."""
        token = world.developer()
        found = await world.api("GET", "scopes", token, scope_strings=f"{TRANSFER},{GROUPS},nothing")
        ids = {each["scope_string"]: each["id"] for each in found.json()["scopes"]}
        assert ids.keys() == {TRANSFER, GROUPS}
        dependencies = [
            {"scope": ids[TRANSFER], "optional": False, "requires_refresh_token": True},
            {"scope": ids[GROUPS], "optional": True, "requires_refresh_token": False},
        ]
        scope = await self.scope(world, client_id, dependent_scopes=dependencies)
        assert scope["dependent_scopes"] == dependencies
        access = (await world.log_in(scope["scope_string"]))["access_token"]
        assert world.caller(access).dependent_scopes == {TRANSFER}
        by_id = await world.api("GET", "scopes", token, ids=f"{scope['id']},{uuid4()}")
        assert by_id.json() == {"scopes": [scope]}
        assert error_of(await world.api("GET", "scopes", token, ids="x", scope_strings="y"))[0] == 400

    @pytest.mark.parametrize(
        "changes",
        [
            {"scope_suffix": "Not Good"},
            {"scope_suffix": "a/b"},
            {"name": ""},
            {"description": 5},
            {"advertised": "yes"},
            {"required_domains": "example.org"},
            {"dependent_scopes": ["x"]},
            {"dependent_scopes": [{"scope": "46bd0f56-e24f-11e5-a510-131bef46955c"}]},
            {"dependent_scopes": [{"optional": True}]},
        ],
    )
    async def test_invalid_scopes(self, world: World, client_id: str, changes: dict[str, Any]) -> None:
        """422, at creation and at an update, and nothing changes."""
        scope = await self.scope(world, client_id)
        document = {"name": "N", "description": "D", "scope_suffix": "another", **changes}
        token = world.developer()
        response = await world.api("POST", f"clients/{client_id}/scopes", token, json={"scope": document})
        assert error_of(response) == (422, "UNPROCESSABLE_ENTITY")
        response = await world.api("PUT", f"scopes/{scope['id']}", token, json={"scope": changes})
        assert error_of(response) == (422, "UNPROCESSABLE_ENTITY")
        assert (await world.api("GET", "scopes", token)).json() == {"scopes": [scope]}

    async def test_scope_strings_are_unique(self, world: World, client_id: str) -> None:
        """422 for a second scope with the same suffix, new or renamed."""
        await self.scope(world, client_id)
        other = await self.scope(world, client_id, scope_suffix="other")
        document = {"name": "N", "description": "D", "scope_suffix": "use"}
        response = await world.api("POST", f"clients/{client_id}/scopes", world.developer(), json={"scope": document})
        assert error_of(response)[0] == 422
        response = await world.api(
            "PUT", f"scopes/{other['id']}", world.developer(), json={"scope": {"scope_suffix": "use"}}
        )
        assert error_of(response)[0] == 422

    async def test_scopes_of_others(self, world: World, client_id: str) -> None:
        """Visible if advertised; 403 for changes."""
        scope = await self.scope(world, client_id)
        bob = world.developer(world.bob)
        path = f"scopes/{scope['id']}"
        assert error_of(await world.api("GET", path, bob)) == (403, "FORBIDDEN")
        assert (await world.api("GET", "scopes", bob, ids=scope["id"])).json() == {"scopes": []}
        await create(world, f"PUT {path}", world.developer(), {"advertised": True}, "scope")
        assert (await world.api("GET", path, bob)).status_code == 200
        assert error_of(await world.api("PUT", path, bob, json={"scope": {}})) == (403, "FORBIDDEN")
        assert error_of(await world.api("DELETE", path, bob)) == (403, "FORBIDDEN")


class TestPolicies:
    @pytest.fixture
    async def project_id(self, world: World) -> str:
        project = await TestProjects().project(world)
        return str(project["id"])

    async def policy(self, world: World, project_id: str, **changes: Any) -> Any:
        document = {"project_id": project_id, "display_name": "Policy", "description": "For tests", **changes}
        return await create(world, "POST policies", world.developer(), document, "policy")

    async def test_a_policy_from_creation_to_deletion(self, world: World, project_id: str) -> None:
        """The document has all members of the real one."""
        policy = await self.policy(world, project_id)
        token = world.developer()
        assert policy == {
            "id": policy["id"],
            "project_id": project_id,
            "display_name": "Policy",
            "description": "For tests",
            "high_assurance": False,
            "authentication_assurance_timeout": None,
            "required_mfa": False,
            "domain_constraints_include": None,
            "domain_constraints_exclude": None,
        }
        assert (await world.api("GET", f"policies/{policy['id']}", token)).json() == {"policy": policy}
        assert (await world.api("GET", "policies", token)).json() == {"policies": [policy]}
        changes = {"required_mfa": True, "domain_constraints_exclude": ["bad.example"], "display_name": "Other"}
        changed = await create(world, f"PUT policies/{policy['id']}", token, changes, "policy")
        assert changed == {**policy, **changes}
        assert (await world.api("DELETE", f"policies/{policy['id']}", token)).json() == {"policy": changed}
        assert error_of(await world.api("GET", f"policies/{policy['id']}", token)) == (404, "NOT_FOUND")

    async def test_policies_of_others(self, world: World, project_id: str) -> None:
        """Not listed; 403 for all other operations."""
        policy = await self.policy(world, project_id)
        bob = world.developer(world.bob)
        path = f"policies/{policy['id']}"
        assert (await world.api("GET", "policies", bob)).json() == {"policies": []}
        for method, json in (("GET", None), ("PUT", {"policy": {}}), ("DELETE", None)):
            assert error_of(await world.api(method, path, bob, json=json)) == (403, "FORBIDDEN")
        new = {"project_id": project_id, "display_name": "P", "description": "D"}
        assert error_of(await world.api("POST", "policies", bob, json={"policy": new})) == (403, "FORBIDDEN")

    @pytest.mark.parametrize(
        "changes",
        [
            {"display_name": None},
            {"high_assurance": "very"},
            {"authentication_assurance_timeout": -1},
            {"authentication_assurance_timeout": True},
            {"authentication_assurance_timeout": "35"},
            {"required_mfa": 1},
            {"domain_constraints_include": "example.org"},
        ],
    )
    async def test_invalid_policies(self, world: World, project_id: str, changes: dict[str, Any]) -> None:
        """422, and nothing is created or changed."""
        policy = await self.policy(world, project_id)
        document = {"project_id": project_id, "display_name": "P", "description": "D", **changes}
        token = world.developer()
        assert error_of(await world.api("POST", "policies", token, json={"policy": document}))[0] == 422
        assert error_of(await world.api("PUT", f"policies/{policy['id']}", token, json={"policy": changes}))[0] == 422
        assert (await world.api("GET", "policies", token)).json() == {"policies": [policy]}

    async def test_high_assurance_cannot_be_changed(self, world: World, project_id: str) -> None:
        """422 for an update that changes it."""
        policy = await self.policy(world, project_id)
        response = await world.api(
            "PUT", f"policies/{policy['id']}", world.developer(), json={"policy": {"high_assurance": True}}
        )
        assert error_of(response)[0] == 422

    async def evaluate(self, world: World, token: str, policy_id: str) -> bool:
        document = await world.introspect(token, authentication_policies=policy_id)
        return bool(document["policy_evaluations"][policy_id]["evaluation"])

    async def test_domain_constraints(self, world: World, project_id: str) -> None:
        """Without high assurance a linked identity satisfies a policy, without a login."""
        inside = await self.policy(world, project_id, domain_constraints_include=["uni.example.edu"])
        outside = await self.policy(world, project_id, domain_constraints_exclude=["example.org"])
        token = (await world.portal_log_in("openid"))["access_token"]
        assert [await self.evaluate(world, token, each["id"]) for each in (inside, outside)] == [False, False]
        world.state.link(world.alice, world.bob)
        assert [await self.evaluate(world, token, each["id"]) for each in (inside, outside)] == [True, True]
        assert not await self.evaluate(world, token, str(uuid4()))

    async def test_high_assurance_requires_a_recent_login(self, world: World, project_id: str) -> None:
        """It expires; a login that names the policy satisfies it again, without prompt=login."""
        policy = await self.policy(
            world, project_id, high_assurance=True, authentication_assurance_timeout=600, required_mfa=True
        )
        token = (await world.portal_log_in("openid"))["access_token"]
        assert not await self.evaluate(world, token, policy["id"])
        token = (await world.portal_log_in("openid", session_required_policies=policy["id"]))["access_token"]
        assert await self.evaluate(world, token, policy["id"])
        await world.clock.advance(601)
        assert not await self.evaluate(world, token, policy["id"])
        token = (await world.portal_log_in("openid"))["access_token"]
        assert not await self.evaluate(world, token, policy["id"])
        token = (await world.portal_log_in("openid", session_required_policies=policy["id"]))["access_token"]
        assert await self.evaluate(world, token, policy["id"])

    async def test_an_allowed_identity_logs_in_for_a_policy(self, world: World, project_id: str) -> None:
        """The linked identity in an allowed domain; without one the login is refused."""
        policy = await self.policy(
            world,
            project_id,
            high_assurance=True,
            authentication_assurance_timeout=600,
            domain_constraints_include=["uni.example.edu"],
        )
        query = world.portal_query("openid", session_required_policies=policy["id"])
        assert world.state.authorize(world.url(query), world.alice).error == "access_denied"
        world.state.link(world.alice, world.bob)
        document = await world.portal_log_in("openid", identity=world.alice, session_required_policies=policy["id"])
        caller = world.caller(document["access_token"])
        assert world.bob.id in caller.session.authentications
        assert world.state.authority.satisfies_policy(policy["id"], caller)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "projects"), ("POST", "identities"), ("DELETE", "clients"), ("PUT", "policies")],
)
async def test_other_methods_are_not_allowed(world: World, method: str, path: str) -> None:
    """405 in the format of the service, with ``Allow``."""
    response = await world.api(method, path, world.developer())
    assert error_of(response) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "projects/{id}"),
        ("PUT", "projects/{id}"),
        ("DELETE", "projects/{id}"),
        ("GET", "policies/{id}"),
        ("DELETE", "policies/{id}"),
        ("GET", "clients/{id}"),
        ("PUT", "clients/{id}"),
        ("DELETE", "clients/{id}"),
        ("GET", "clients/{id}/credentials"),
        ("POST", "clients/{id}/scopes"),
        ("GET", "scopes/{id}"),
        ("DELETE", "scopes/{id}"),
    ],
)
async def test_unknown_resources(world: World, method: str, path: str) -> None:
    """404 for an unknown id, 401 without authentication."""
    for value in (str(uuid4()), "no-uuid"):
        response = await world.api(method, path.format(id=value), world.developer(), json={})
        assert error_of(response) == (404, "NOT_FOUND")
        assert error_of(await world.api(method, path.format(id=value), json={})) == (401, "UNAUTHORIZED")


async def test_a_client_can_administer_a_project(world: World) -> None:
    """By its identity, with its secret or with a token."""
    project = await TestProjects().project(world, admin_ids=[world.portal.id])
    path = f"/v2/api/projects/{project['id']}"
    assert (await world.http.get(path, auth=(world.portal.id, SECRET))).status_code == 200
    assert isinstance(world.state.directory.find(world.portal.id), Identity)
    token = world.state.access_token(world.portal, scopes=[MANAGE_PROJECTS])
    assert (await world.api("GET", f"projects/{project['id']}", token)).status_code == 200
