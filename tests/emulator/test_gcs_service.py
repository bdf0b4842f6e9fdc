"""The emulated Managers: hosts, tokens, documents, rules of access, and what Transfer, Auth and HTTPS have of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from globus_async.emulator.control.errors import ControlError
from globus_async.emulator.gcs.models import Endpoint, StorageGateway
from globus_async.emulator.kit.clock import ManualClock
from globus_async.testing import GlobusEmulator

POSIX = "145812c8-decc-41f1-83cf-bb2a85a2a70b"
GOOGLE_DRIVE = "976cf0cf-78c3-4aab-82d2-7c16adbcc281"
TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"


class World:
    """An endpoint of Ada's with a gateway."""

    def __init__(self) -> None:
        self.emulator = GlobusEmulator(clock=ManualClock())
        self.ada, self.bob, self.carl = (
            self.emulator.add_identity(f"{name}@{domain}.org")
            for name, domain in (("ada", "example"), ("bob", "example"), ("carl", "other"))
        )
        self.state = self.emulator.gcs
        self.endpoint = self.state.add_endpoint("Laboratory", owner=self.ada)
        self.http = self.emulator.http_client()

    def gateway(self, **fields: Any) -> StorageGateway:
        return self.state.add_storage_gateway(self.endpoint, files={"data/lens.csv": "1", "private/": None}, **fields)

    def token(self, who: Any, *mapped: str, endpoint: Endpoint | None = None) -> str:
        consents = " ".join(f"*https://auth.globus.org/scopes/{each}/data_access" for each in mapped)
        scope = (endpoint or self.endpoint).scope + (f"[{consents}]" if consents else "")
        return self.emulator.access_token(who, scopes=[scope])

    async def send(
        self, verb: str, path: str, document: Any = None, *, who: Any = None, token: str | None = None
    ) -> tuple[int, Any]:
        """Send a request of somebody, by default Ada; return the status and the envelope."""
        headers = {"Authorization": f"Bearer {token or self.token(who or self.ada)}"}
        url = f"https://{self.endpoint.host}/api{path}"
        response = await self.http.request(verb, url, json=document, headers=headers)
        return response.status_code, response.json()

    async def refused(self, verb: str, path: str, document: Any = None, **how: Any) -> tuple[int, Any]:
        """Return the status of a refused request, and its detail."""
        status, envelope = await self.send(verb, path, document, **how)
        assert status == envelope["http_response_code"] >= 400
        return status, envelope["detail"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    async with made.emulator:
        yield made


def mapped(gateway: StorageGateway, **fields: Any) -> dict[str, Any]:
    return {
        "DATA_TYPE": "collection#1.0.0",
        "collection_type": "mapped",
        "storage_gateway_id": gateway.id,
        "collection_base_path": "/",
        "display_name": "Storage",
        **fields,
    }


async def test_hosts_and_tokens(world: World) -> None:
    """Each endpoint has a host and a scope of its own; only the information needs no token."""
    other = world.state.add_endpoint("Other", owner=world.bob, client_id="5e1f2a4c-0000-4000-8000-000000000001")
    for endpoint in (world.endpoint, other):
        response = await world.http.get(f"https://{endpoint.host}/api/info")
        info = response.json()["data"][0]
        assert (info["endpoint_id"], info["client_id"]) == (endpoint.id, endpoint.client_id)
    response = await world.http.get(f"https://{world.endpoint.host}/api/endpoint")
    assert (response.status_code, response.json()["code"]) == (401, "not_authorized")
    assert await world.refused("GET", "/endpoint", token=world.token(world.bob, endpoint=other)) == (401, None)
    wrong = world.endpoint.scope.replace("manage_collections", "other")
    world.emulator.platform.authority.add_scope(world.endpoint.client_id, wrong, name="Other")
    status, detail = await world.refused("GET", "/endpoint", token=world.emulator.access_token(scopes=[wrong]))
    assert (status, detail["required_scopes"]) == (401, [world.endpoint.scope])
    response = await world.http.get("https://ffffff.ffff.data.globus.org/api/info")
    assert response.status_code == 501


async def test_a_domain_of_its_own(world: World) -> None:
    """The Manager is reached by it as well; a collection has its HTTPS server there."""
    domain = {"DATA_TYPE": "domain#1.0.0", "domain_name": "gcs.example.org", "wildcard": False, "private_key": "secret"}
    status, envelope = await world.send("PUT", "/endpoint/domain", domain)
    assert status == 200
    assert "private_key" not in envelope["data"][0]
    assert (await world.http.get("https://gcs.example.org/api/info")).status_code == 200
    collection = world.state.add_mapped_collection(world.gateway(), "Storage")
    path = f"/collections/{collection.id}"
    await world.send("PUT", f"{path}/domain", {**domain, "domain_name": "files.example.org"})
    _, envelope = await world.send("GET", path)
    assert envelope["data"][0]["https_url"] == "https://files.example.org"
    await world.send("DELETE", f"{path}/domain")
    await world.send("DELETE", "/endpoint/domain")
    assert (await world.http.get("https://gcs.example.org/api/info")).status_code == 501


async def test_domains_in_use(world: World) -> None:
    """Neither endpoints nor collections can take the domain of another one, or that of a service."""
    gateway = world.gateway()
    other = world.state.add_endpoint("Other", owner=world.bob)
    first = world.state.add_mapped_collection(gateway, "First", domain_name="data")
    second = world.state.add_mapped_collection(gateway, "Second")
    status, detail = await world.refused("POST", "/collections", mapped(gateway, domain_name="data"))
    assert (status, detail["resources"]) == (409, [first.id])
    taken = ("auth.globus.org", "transfer.api.globus.org", other.host, world.endpoint.domain_of(first))
    for name in taken:
        domain = {"DATA_TYPE": "domain#1.0.0", "domain_name": name, "wildcard": False}
        assert (await world.refused("PUT", "/endpoint/domain", domain))[0] == 422
        assert (await world.refused("PUT", f"/collections/{second.id}/domain", domain))[0] == 422
    own = {"DATA_TYPE": "domain#1.0.0", "domain_name": "data.example.org", "wildcard": False}
    for _ in range(2):
        assert (await world.send("PUT", f"/collections/{second.id}/domain", own))[0] == 200
    assert (await world.refused("PUT", f"/collections/{first.id}/domain", own))[0] == 422


async def test_versions_of_documents(world: World) -> None:
    """A member that the version does not have is refused, and so are missing and wrong ones, all at once."""
    gateway = world.gateway()
    wrong = mapped(gateway, enable_https=True, display_name="", user_credential_id=gateway.id)
    del wrong["collection_base_path"]
    status, detail = await world.refused("POST", "/collections", wrong)
    assert (status, detail["DATA_TYPE"], len(detail["errors"])) == (422, "invalid_input#1.0.0", 4)
    assert {"property": "collection_base_path", "message": "is a required property"} in detail["errors"]
    assert {"message": "collection#1.0.0 of a mapped collection has no property 'enable_https'"} in detail["errors"]
    for document in (
        {**mapped(gateway), "DATA_TYPE": "collection#9.0.0"},
        {"display_name": "x"},
        mapped(gateway, root=1),
    ):
        assert (await world.refused("POST", "/collections", document))[0] == 422
    long = mapped(gateway, DATA_TYPE="collection#1.1.0", user_message="x" * 65)
    assert (await world.refused("POST", "/collections", long))[0] == 422
    status, envelope = await world.send("POST", "/collections", {**long, "DATA_TYPE": "collection#1.7.0"})
    assert status == 201
    path = f"/collections/{envelope['data'][0]['id']}"
    document = (await world.send("GET", f"{path}?include=private_policies"))[1]["data"][0]
    status, envelope = await world.send("PUT", path, {**document, "keywords": ["light"]})  # as it was read
    assert (status, envelope["data"][0]["keywords"]) == (200, ["light"])
    status, envelope = await world.send("PUT", path, {**mapped(gateway), "public": False})
    assert "user_message" not in envelope["data"][0]
    headers = {"Authorization": f"Bearer {world.token(world.ada)}", "Content-Type": "text/plain"}
    response = await world.http.patch(f"https://{world.endpoint.host}/api{path}", content="{}", headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")
    assert (await world.refused("PATCH", path, [1]))[0] == 400


async def test_pages(world: World) -> None:
    """A marker continues a listing, also after entries before it were removed."""
    gateway = world.gateway()
    made = [world.state.add_mapped_collection(gateway, f"c{number}", delete_protected=False) for number in range(5)]
    _, first = await world.send("GET", "/collections?page_size=2")
    assert (len(first["data"]), first["has_next_page"]) == (2, True)
    await world.send("DELETE", f"/collections/{first['data'][0]['id']}")
    _, rest = await world.send("GET", f"/collections?page_size=9&marker={first['marker']}")
    assert {each["id"] for each in first["data"] + rest["data"]} == {each.id for each in made}
    assert (rest["has_next_page"], rest["marker"]) == (False, "")
    assert (await world.refused("GET", "/collections?filter=x"))[0] == 400
    for text, count in (("created_at>=2020-01-01", 4), ("created_at < 2020-01-01", 0), ("guest_collections", 0)):
        _, found = await world.send("GET", f"/collections?{httpx.QueryParams(filter=text)}")
        assert len(found["data"]) == count


async def test_accounts(world: World) -> None:
    """Identity mappings decide who has an account, for Transfer as for credentials."""
    rules = [
        {"source": "{username}", "match": r"(b.*)@example\.org", "output": "lab_{0}", "ignore_case": True},
        {"source": "{email}", "match": "x", "output": "x", "literal": True},
    ]
    gateway = {
        "DATA_TYPE": "storage_gateway#1.0.0",
        "display_name": "Disks",
        "connector_id": POSIX,
        "identity_mappings": [{"DATA_TYPE": "expression_identity_mapping#1.0.0", "mappings": rules}],
    }
    broken = [{"DATA_TYPE": "expression_identity_mapping#1.0.0", "mappings": [{**rules[0], "match": "("}]}]
    assert (await world.refused("POST", "/storage_gateways", {**gateway, "identity_mappings": broken}))[0] == 422
    _, envelope = await world.send("POST", "/storage_gateways", gateway)
    made = world.endpoint.gateways[envelope["data"][0]["id"]]
    collection = world.state.add_mapped_collection(made, "Storage")
    credential = {"DATA_TYPE": "user_credential#1.0.0", "storage_gateway_id": made.id}
    _, envelope = await world.send("POST", "/user_credentials", credential, who=world.bob)
    assert envelope["data"][0]["username"] == "lab_bob"
    assert (await world.refused("POST", "/user_credentials", credential))[1]["DATA_TYPE"] == "invalid_user#1.0.0"
    scope = f"{TRANSFER}[*https://auth.globus.org/scopes/{collection.id}/data_access]"
    for who, status in ((world.bob, 200), (world.ada, 403)):
        headers = {"Authorization": f"Bearer {world.emulator.access_token(who, scopes=[scope])}"}
        url = f"https://transfer.api.globus.org/v0.10/operation/endpoint/{collection.id}/ls"
        assert (await world.http.get(url, headers=headers)).status_code == status


async def test_guest_collections(world: World) -> None:
    """Each thing that is missing has an error of its own; the files are those of the mapped collection."""
    gateway = world.gateway(allowed_domains=["example.org"])
    restrictions = {"none": ["/private"], "read_write": ["/data", "/private/shared"]}
    host = world.state.add_mapped_collection(gateway, "Storage", sharing_restrict_paths=restrictions)
    credential = world.state.add_credential(gateway, world.bob)
    document = {
        "DATA_TYPE": "collection#1.0.0",
        "collection_type": "guest",
        "mapped_collection_id": host.id,
        "user_credential_id": credential.id,
        "collection_base_path": "/data",
        "display_name": "Shared",
    }
    status, detail = await world.refused("POST", "/collections", document, who=world.bob)
    assert (status, detail["DATA_TYPE"]) == (401, "missing_required_scopes#1.0.0")
    token = world.token(world.bob, host.id)
    expected = {
        "id_not_in_identity_set": {"identity_id": world.ada.id},
        "credential_not_found": {"user_credential_id": host.id},
        "invalid_input": {"collection_base_path": "/data/missing"},
    }
    for kind, change in expected.items():
        status, detail = await world.refused("POST", "/collections", {**document, **change}, token=token)
        assert detail["DATA_TYPE"] == f"{kind}#1.0.0"
    private = {**document, "collection_base_path": "/private"}
    assert await world.refused("POST", "/collections", private, token=token) == (403, None)
    host.fields["sharing_users_deny"] = ["bob"]
    assert (await world.refused("POST", "/collections", document, token=token))[1]["usernames"] == ["bob"]
    del host.fields["sharing_users_deny"]
    status, envelope = await world.send("POST", "/collections", document, token=token)
    assert status == 201
    guest = envelope["data"][0]
    https = world.emulator.access_token(world.bob, scopes=[f"https://auth.globus.org/scopes/{guest['id']}/https"])
    headers = {"Authorization": f"Bearer {https}"}
    assert (await world.http.get(f"{guest['https_url']}/lens.csv", headers=headers)).text == "1"
    await world.send("DELETE", f"/user_credentials/{credential.id}", who=world.bob)
    _, envelope = await world.send("GET", "/collections/check")
    assert [each["id"] for each in envelope["data"]] == [guest["id"]]
    await world.send("DELETE", f"/collections/{guest['id']}", who=world.bob)
    assert (await world.http.get(f"{guest['https_url']}/lens.csv", headers=headers)).status_code >= 400
    assert guest["id"] in world.emulator.transfer.deleted_collections


async def test_transfer_leaves_managed_collections_alone(world: World) -> None:
    """It neither changes nor deletes what a Manager has, which would then differ; roles are the same in both."""
    collection = world.state.add_mapped_collection(world.gateway(), "Storage")
    headers = {"Authorization": f"Bearer {world.emulator.access_token(world.ada)}"}
    url = f"https://transfer.api.globus.org/v0.10/endpoint/{collection.id}"
    document = (await world.http.get(url, headers=headers)).json()
    assert document["gcs_manager_url"] == f"https://{world.endpoint.host}"
    assert (document["owner_id"], document["entity_type"]) == (world.endpoint.id, "GCSv5_mapped_collection")
    for verb, body in (("PUT", {"display_name": "Other"}), ("DELETE", None)):
        response = await world.http.request(verb, url, json=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, "NotSupported")
    role = {"principal": world.bob.id, "principal_type": "identity", "role": "access_manager"}
    await world.http.post(f"{url}/role", json=role, headers=headers)
    _, envelope = await world.send("GET", f"/roles?collection_id={collection.id}", who=world.bob)
    assert [each["role"] for each in envelope["data"]] == ["access_manager"]


async def test_authentication_timeouts(world: World) -> None:
    """With high assurance, a login must be recent, and one with the identity itself."""
    gateway = world.gateway(high_assurance=True, authentication_timeout_mins=30)
    token, credential = world.token(world.ada), {"DATA_TYPE": "user_credential#1.0.0", "storage_gateway_id": gateway.id}
    assert (await world.send("POST", "/user_credentials", credential, token=token))[0] == 201
    await world.emulator.advance(1801)
    status, envelope = await world.send("POST", "/user_credentials", credential, token=token)
    assert (status, envelope["DATA_TYPE"]) == (403, "result#1.1.0")
    assert envelope["detail"] == {
        "DATA_TYPE": "authentication_timeout#1.1.0",
        "identities": [world.ada.id],
        "high_assurance": True,
        "require_mfa": False,
    }
    assert envelope["authorization_parameters"]["session_required_identities"] == [world.ada.id]
    robot = world.token(world.emulator.add_client("Robot", secret="s3cret"))  # which never logs in
    assert (await world.refused("POST", "/user_credentials", credential, token=robot))[0] == 403
    usual = {**credential, "storage_gateway_id": world.gateway().id}
    assert (await world.send("POST", "/user_credentials", usual, token=robot))[0] == 201
    collection = world.state.add_mapped_collection(gateway, "Protected")
    assert not world.emulator.transfer.collections[collection.id].needs_data_access
    with pytest.raises(ValueError, match="Unknown scopes"):
        world.token(world.ada, collection.id)


async def test_owners_and_subscriptions(world: World) -> None:
    """Only the owner gives an endpoint away; administrators of a subscription verify collections."""
    collection = world.state.add_mapped_collection(world.gateway(), "Storage")
    owner = {"DATA_TYPE": "endpoint_owner#1.0.0", "identity_id": world.bob.id}
    assert (await world.refused("PUT", "/endpoint/owner", owner, who=world.bob))[1]["roles"] == [
        {"collection": None, "role": "owner"}
    ]
    assert (await world.send("PUT", "/endpoint/owner", owner))[0] == 200
    _, envelope = await world.send("GET", "/roles", who=world.bob)
    assert [each["role"] for each in envelope["data"]] == ["owner"]
    assert (await world.refused("PATCH", "/endpoint", {"DATA_TYPE": "endpoint#1.0.0", "public": False}))[0] == 403
    subscription = world.emulator.add_subscription(admins=[world.bob])
    change = {"DATA_TYPE": "endpoint_subscription#1.0.0", "subscription_id": "DEFAULT"}
    assert (await world.refused("PUT", "/endpoint/subscription_id", change))[0] == 400
    assert (await world.send("PUT", "/endpoint/subscription_id", change, who=world.bob))[0] == 200
    path = f"/collections/{collection.id}/subscription_admin_verified"
    verified = {"DATA_TYPE": "subscription_admin_verified#1.0.0", "subscription_admin_verified": True}
    assert (await world.refused("PUT", path, verified))[0] == 403
    assert (await world.send("PUT", path, verified, who=world.bob))[0] == 200
    fields = world.emulator.transfer.collections[collection.id].fields
    assert (fields["subscription_id"], fields["subscription_admin_verified"]) == (subscription, True)
    same = {"DATA_TYPE": "endpoint_subscription#1.0.0", "subscription_id": subscription}
    assert (await world.refused("PUT", "/endpoint/subscription_id", same, who=world.carl))[0] == 403
    assert (await world.send("PUT", "/endpoint/subscription_id", same, who=world.bob))[0] == 200
    assert collection.verified
    change = {"DATA_TYPE": "collection_owner#1.0.0", "identity_id": world.carl.id}
    assert (await world.send("PUT", f"/collections/{collection.id}/owner", change))[0] == 200
    assert world.emulator.transfer.collections[collection.id].owner_id == world.carl.id


async def test_other_resources(world: World) -> None:
    """Nodes, stream gateways and sharing policies are made, read, changed and removed."""
    collection = world.state.add_mapped_collection(world.gateway(), "Storage")
    documents: dict[str, dict[str, Any]] = {
        "nodes": {
            "DATA_TYPE": "node#1.3.0",
            "ip_addresses": ["192.0.2.1"],
            "status": "active",
            "lan_addresses": [{"address": "10.0.0.1", "network_name": "beamline"}, {"address": "10.0.0.2"}],
        },
        "stream_gateways": {"DATA_TYPE": "stream_gateway#1.1.0", "display_name": "Cameras"},
        "sharing_policies": {
            "DATA_TYPE": "sharing_policy#1.0.0",
            "collection_id": collection.id,
            "sharing_restrict_paths": {"DATA_TYPE": "path_restrictions#1.0.0", "none": ["/private"]},
            "users": ["bob"],
        },
    }
    for name, document in documents.items():
        status, envelope = await world.send("POST", f"/{name}", document)
        made = envelope["data"][0]
        assert status == (200 if name == "nodes" else 201)
        assert made.items() >= document.items()
        path = f"/{name}/{made['id']}"
        assert (await world.send("GET", path))[1]["data"] == [made]
        _, envelope = await world.send("GET", f"/{name}?collection_id={collection.id}")
        assert envelope["data"] == [made]
        assert (await world.refused("POST", f"/{name}", document, who=world.bob))[0] == 403
        if name in {"nodes", "stream_gateways"}:
            change = {"DATA_TYPE": document["DATA_TYPE"], "users_allow": ["ada"]}
            status, envelope = await world.send("PATCH", path, change)
            assert status == (422 if name == "nodes" else 200)
        assert (await world.send("DELETE", path))[0] == 200
        assert (await world.refused("DELETE", path))[0] == 404
    assert (await world.refused("GET", "/sharing_policies"))[0] == 400
    for name, wrong in (
        ("nodes", {"lan_addresses": ["10.0.0.1"]}),
        ("nodes", {"lan_addresses": [{"network_name": "beamline"}]}),
        ("nodes", {"status": None}),
        ("stream_gateways", {"DATA_TYPE": "stream_gateway#1.0.0", "run_as_local_user": True}),
        ("stream_gateways", {"run_as_local_user": "ada"}),
        ("sharing_policies", {"sharing_restrict_paths": None}),
    ):
        assert (await world.refused("POST", f"/{name}", documents[name] | wrong))[0] == 422


async def test_lan_secrets(world: World) -> None:
    """They are for a stream gateway and a tunnel, and for those with access to the gateway."""
    gateway = {"DATA_TYPE": "stream_gateway#1.0.0", "display_name": "Cameras", "allowed_domains": ["example.org"]}
    _, envelope = await world.send("POST", "/stream_gateways", gateway)
    point, tunnel = envelope["data"][0]["id"], "5e1f2a4c-0000-4000-8000-000000000001"
    document = {"DATA_TYPE": "lan_secret_create#1.0.0", "stream_access_point_id": point, "tunnel_id": tunnel}
    status, envelope = await world.send("POST", "/lan_secrets", {**document, "expires_in_mins": 5}, who=world.bob)
    made = envelope["data"][0]
    expected = {"DATA_TYPE": "lan_secret#1.0.0", "identity_id": world.bob.id, "username": "bob", "tunnel_id": tunnel}
    assert (status, len(made["secret"]), made | expected) == (201, 32, made)
    assert made["expires"] == int(world.emulator.clock.wall()) + 300
    for change, refusal in (
        ({"DATA_TYPE": "lan_secret#1.0.0"}, 422),
        ({"tunnel_id": None}, 422),
        ({"stream_access_point_id": tunnel}, 422),
        ({"identity_id": world.ada.id}, 403),
        ({"username": "ada"}, 403),
    ):
        assert (await world.refused("POST", "/lan_secrets", {**document, **change}, who=world.bob))[0] == refusal
    status, detail = await world.refused("POST", "/lan_secrets", document, who=world.carl)
    assert (status, detail["DATA_TYPE"]) == (403, "invalid_user#1.0.0")
    path = f"/lan_secrets/{made['id']}"
    assert (await world.refused("DELETE", path))[0] == 404
    assert (await world.send("DELETE", path, who=world.bob))[0] == 200
    assert (await world.refused("DELETE", path, who=world.bob))[0] == 404


async def test_members_that_depend_on_others(world: World) -> None:
    """Custom use of the network needs its values; second factors and some settings need high assurance."""
    use = {"network_use": "custom", "max_concurrency": 4, "preferred_concurrency": 2, "max_parallelism": 4}
    plain, protected = world.gateway(), world.gateway(high_assurance=True)
    for path, kind in (("/endpoint", "endpoint#1.1.0"), (f"/storage_gateways/{plain.id}", "storage_gateway#1.3.0")):
        _, detail = await world.refused("PATCH", path, {"DATA_TYPE": kind, **use})
        assert [each["property"] for each in detail["errors"]] == ["preferred_parallelism"]
        whole = {"DATA_TYPE": kind, **use, "preferred_parallelism": 2}
        assert (await world.send("PATCH", path, whole))[0] == 200
        assert (await world.send("PATCH", path, {"DATA_TYPE": kind, "max_concurrency": 8}))[0] == 200
        assert (await world.refused("PATCH", path, {"DATA_TYPE": kind, "max_concurrency": None}))[0] == 422
    for gateway, gateway_status, status in ((plain, 422, 422), (protected, 200, 201)):
        change = {"DATA_TYPE": "storage_gateway#1.1.0", "require_mfa": True}
        assert (await world.send("PATCH", f"/storage_gateways/{gateway.id}", change))[0] == gateway_status
        for member in ({"acl_expiration_mins": 60}, {"restrict_transfers_to_high_assurance": "all"}):
            document = {**mapped(gateway), "DATA_TYPE": "collection#1.12.0", **member}
            assert (await world.send("POST", "/collections", document))[0] == status


async def test_a_login_with_a_provider(world: World) -> None:
    """A browser posts a form, is sent to the provider and back, and then there is a credential."""
    gateway = world.gateway(connector_id=GOOGLE_DRIVE)
    headers = {"Authorization": f"Bearer {world.token(world.bob)}"}
    url = f"https://{world.endpoint.host}/api/v1/user_credentials"
    response = await world.http.post(url, data={"storage_gateway_id": gateway.id}, headers=headers)
    assert response.status_code == 303
    callback = response.headers["location"]
    page = await world.http.get(callback, follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/api/v1/authclicomplete")
    (credential,) = world.endpoint.credentials.values()
    assert (credential.id, credential.fields["username"]) == (page.url.params["user_credential_id"], "bob")
    assert (await world.http.get(callback)).status_code == 400
    for form in ({"username": "root"}, {"identity_id": world.ada.id}):
        response = await world.http.post(url, data={"storage_gateway_id": gateway.id, **form}, headers=headers)
        assert response.status_code == 403
    gateway.fields["users_deny"] = ["bob"]
    response = await world.http.post(url, data={"storage_gateway_id": gateway.id}, headers=headers)
    assert response.json()["detail"]["DATA_TYPE"] == "invalid_user#1.0.0"


async def test_seed(world: World) -> None:
    """Endpoints are written to seed documents and loaded again, with the files of their collections."""
    gateway, other = world.gateway(), world.gateway(allowed_domains=["example.org"])
    whole = world.state.add_mapped_collection(gateway, "Whole")
    part = world.state.add_mapped_collection(gateway, "Part", base_path="/data", owner=world.bob)
    alone = world.state.add_mapped_collection(other, "Alone", base_path="/private")
    guest = world.state.add_guest_collection(whole, "Guest", owner=world.bob, base_path="/data")
    document = {"DATA_TYPE": "node#1.0.0", "ip_addresses": ["192.0.2.1"], "status": "active"}
    assert (await world.send("POST", "/nodes", document))[0] == 200
    before = world.emulator.dump_seed()
    await world.emulator.load_seed(json.loads(json.dumps(before)))
    assert world.emulator.dump_seed() == before
    collections = world.emulator.transfer.collections
    storage: Any = collections[whole.id].storage
    storage.write("/data/new.txt", "2")
    for each in (part, guest):
        shared: Any = collections[each.id].storage
        assert shared.tree()["new.txt"] == b"2"
    assert collections[alone.id].storage is not None
    (loaded,) = world.emulator.gcs.endpoints.values()
    assert loaded.collections.keys() == {whole.id, part.id, alone.id, guest.id}
    (row,) = world.emulator.snapshot()["endpoints"]
    assert (row["mapped"], row["guests"]) == (3, 1)
    before["gcs_endpoints"][0]["nodes"][0]["document"]["color"] = "red"
    with pytest.raises(Exception, match="no property 'color'"):
        await world.emulator.load_seed(before)


@pytest.mark.parametrize(
    ("section", "member"),
    [
        ("credentials", "identity_id"),
        ("credentials", "storage_gateway_id"),
        ("sharing_policies", "collection_id"),
        ("nodes", "ip_addresses"),
        ("stream_gateways", "display_name"),
        ("storage_gateways", "connector_id"),
        ("collections", "collection_base_path"),
        ("collections", "display_name"),
        ("collections", "user_credential_id"),
    ],
)
async def test_incomplete_seed(world: World, section: str, member: str) -> None:
    """A document without a member that the emulator needs is refused when it is loaded, and not when it is read."""
    collection = world.state.add_mapped_collection(world.gateway(), "Storage")
    world.state.add_guest_collection(collection, "Guest", owner=world.bob, base_path="/data")
    await world.send("POST", "/nodes", {"DATA_TYPE": "node#1.0.0", "ip_addresses": ["192.0.2.1"], "status": "active"})
    await world.send("POST", "/stream_gateways", {"DATA_TYPE": "stream_gateway#1.0.0", "display_name": "Cameras"})
    policy = {"collection_id": collection.id, "sharing_restrict_paths": {"none": ["/private"]}}
    await world.send("POST", "/sharing_policies", {"DATA_TYPE": "sharing_policy#1.0.0", **policy})
    seed = json.loads(json.dumps(world.emulator.dump_seed()))
    found = [each["document"] for each in seed["gcs_endpoints"][0][section] if member in each["document"]]
    del found[0][member]
    with pytest.raises(ControlError, match=member):
        await world.emulator.load_seed(seed)


async def test_domains_in_seeds(world: World) -> None:
    """Those of endpoints and collections must have a name."""
    seed = json.loads(json.dumps(world.emulator.dump_seed()))
    seed["gcs_endpoints"][0]["domain"] = {"wildcard": True}
    with pytest.raises(ControlError, match="domain_name"):
        await world.emulator.load_seed(seed)
