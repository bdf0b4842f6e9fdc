"""
Drive the official SDK against the emulated Globus Auth; a test runs this script in a process of its own.

``GLOBUS_SDK_SERVICE_URL_AUTH`` is the URL of the emulator; the argument is JSON with its clients. The output is JSON:
the steps that were done, and the differences between documents and the SDK's own fixtures.
"""

from __future__ import annotations

import json
import pkgutil
import sys
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import globus_sdk
import globus_sdk.gare
import globus_sdk.testing
import globus_sdk.testing.data.auth as fixture_modules
import requests
from globus_sdk.scopes import AuthScopes, GCSCollectionScopes, GroupsScopes, TransferScopes

GIVEN = json.loads(sys.argv[1])
AUTH_SCOPES = [AuthScopes.openid, AuthScopes.profile, AuthScopes.email, AuthScopes.view_identity_set]
DATA_ACCESS = GCSCollectionScopes("542a86fc-1766-450d-841f-065488a2ec01").data_access
NATIVE = globus_sdk.NativeAppAuthClient(GIVEN["native"])
PORTAL = globus_sdk.ConfidentialAppAuthClient(GIVEN["portal"], GIVEN["secret"])

steps: list[str] = []
documents: dict[str, Any] = {}
"""The responses of the emulator, by fixture and case."""


def record(name: str, response: Any, case: str = "default") -> Any:
    """Record a response for the comparison."""
    documents[f"{name}/{case}"] = response.data if hasattr(response, "data") else response
    steps.append(name)
    return response


def refused(status: int, call: Any, *arguments: Any, **named: Any) -> globus_sdk.AuthAPIError:
    """Return the error of a call that must fail."""
    try:
        call(*arguments, **named)
    except globus_sdk.AuthAPIError as error:
        caught = error
    else:
        raise AssertionError(f"{call} was not refused")
    assert caught.http_status == status, caught
    return caught


def visit(url: str) -> str:
    """Open an authorize URL as a browser does; return the code."""
    response = requests.get(url, allow_redirects=False, timeout=10)
    assert response.status_code == 302, response.text
    return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]


def bearer(token: str) -> globus_sdk.AuthClient:
    return globus_sdk.AuthClient(authorizer=globus_sdk.AccessTokenAuthorizer(token))


def native_login(scopes: Any, **options: Any) -> Any:
    NATIVE.oauth2_start_flow(scopes, **options)
    return NATIVE.oauth2_exchange_code_for_tokens(visit(NATIVE.oauth2_get_authorize_url()))


def logins() -> dict[str, Any]:
    """Native and confidential logins, refresh, revocation."""
    tokens = native_login([*AUTH_SCOPES, TransferScopes.all.with_dependency(DATA_ACCESS)], refresh_tokens=True)
    assert set(tokens.by_resource_server) == {"auth.globus.org", "transfer.api.globus.org"}
    record("oauth2_exchange_code_for_tokens", native_login(TransferScopes.all))
    record("oauth2_exchange_code_for_tokens", native_login(AuthScopes.openid), "openid")
    code_error = refused(401, NATIVE.oauth2_exchange_code_for_tokens, "no-code")
    record("oauth2_exchange_code_for_tokens", code_error.raw_json, "invalid_grant")

    claims = tokens.decode_id_token()
    assert claims["preferred_username"] == "alice@example.org"
    decoder = globus_sdk.IDTokenDecoder(NATIVE)
    assert decoder.decode(tokens["id_token"])["sub"] == claims["sub"]
    steps.append("decode_id_token")

    refreshed = NATIVE.oauth2_refresh_token(tokens.by_resource_server["transfer.api.globus.org"]["refresh_token"])
    assert refreshed["access_token"] != tokens.by_resource_server["transfer.api.globus.org"]["access_token"]
    authorizer = globus_sdk.RefreshTokenAuthorizer(
        tokens.by_resource_server["auth.globus.org"]["refresh_token"], NATIVE, access_token="AgStale", expires_at=1
    )
    assert globus_sdk.AuthClient(authorizer=authorizer).userinfo()["sub"] == claims["sub"]
    steps.append("oauth2_refresh_token")

    PORTAL.oauth2_start_flow(GIVEN["callback"], [*AUTH_SCOPES, GroupsScopes.all], refresh_tokens=True)
    portal = PORTAL.oauth2_exchange_code_for_tokens(visit(PORTAL.oauth2_get_authorize_url()))
    PORTAL.oauth2_refresh_token(portal["refresh_token"])
    record("oauth2_token_introspect", PORTAL.oauth2_token_introspect(portal["access_token"]))
    record("oauth2_revoke_token", PORTAL.oauth2_revoke_token(portal["access_token"]))
    assert PORTAL.oauth2_token_introspect(portal["access_token"]).data == {"active": False}
    error = refused(401, bearer(portal["access_token"]).userinfo)
    record("userinfo", error.raw_json, "unauthorized")
    record("userinfo", refused(403, bearer(GIVEN["no_openid"]).userinfo).raw_json, "forbidden")
    return dict(tokens.by_resource_server["auth.globus.org"])


def services() -> None:
    """Client credentials and dependent tokens."""
    record("oauth2_client_credentials_tokens", PORTAL.oauth2_client_credentials_tokens(TransferScopes.all))
    record("oauth2_client_credentials_tokens", PORTAL.oauth2_client_credentials_tokens(AuthScopes.openid), "openid")
    authorizer = globus_sdk.ClientCredentialsAuthorizer(PORTAL, AUTH_SCOPES)
    assert globus_sdk.AuthClient(authorizer=authorizer).userinfo()["sub"] == GIVEN["portal"]

    user = native_login(GIVEN["portal_scope"])["access_token"]
    dependent = record("oauth2_get_dependent_tokens", PORTAL.oauth2_get_dependent_tokens(user), "groups")
    assert list(dependent.by_resource_server) == ["groups.api.globus.org"]
    offline = PORTAL.oauth2_get_dependent_tokens(user, refresh_tokens=True)
    record("oauth2_get_dependent_tokens", offline, "groups_with_refresh_token")
    error = refused(403, PORTAL.oauth2_get_dependent_tokens, user, scope=str(TransferScopes.all))
    assert error.code == "DEPENDENT_CONSENT_REQUIRED"
    gare = globus_sdk.gare.to_gare(error)
    assert gare is not None
    native_login(gare.authorization_parameters.required_scopes)
    granted = PORTAL.oauth2_get_dependent_tokens(user, scope=str(TransferScopes.all))
    assert list(granted.by_resource_server) == ["transfer.api.globus.org"]


def people(auth: globus_sdk.AuthClient, refresh_token: str) -> str:
    """Identities, providers, consents."""
    sub = str(auth.userinfo()["sub"])
    found = record("get_identities", auth.get_identities(usernames=["alice@example.org", "bob@uni.example.edu"]))
    assert len(found["identities"]) == 2
    for case in ("multiple", "sirosen", "globusid"):
        record("get_identities", found, case)
    record("get_identities", auth.get_identities(ids=str(uuid.uuid4())), "empty")
    record("get_identities", refused(401, globus_sdk.AuthClient().get_identities, ids=sub).raw_json, "unauthorized")
    assert auth.get_identities(usernames="new@example.org", provision=True)["identities"][0]["status"] == "unused"
    identities = globus_sdk.IdentityMap(auth, ["alice@example.org"])
    identities.add(GIVEN["bob"])
    assert identities["alice@example.org"]["id"] == sub
    assert identities[GIVEN["bob"]]["username"] == "bob@uni.example.edu"
    steps.append("IdentityMap")
    providers = auth.get_identity_providers(domains=["globusid.org", "globus.org"])
    for case in ("default", "globusid", "globus_staff"):
        record("get_identity_providers", providers, case)
    forest = record("get_consents", auth.get_consents(sub)).to_forest()
    assert forest.meets_scope_requirements(TransferScopes.all.with_dependency(DATA_ACCESS))
    assert NATIVE.post(
        "/v2/oauth2/token/validate", data={"token": refresh_token, "client_id": GIVEN["native"]}, encoding="form"
    )["active"]
    return sub


def development(sub: str) -> None:
    """Projects, clients, credentials, scopes and policies: create, get, update and delete."""
    auth = bearer(native_login(AuthScopes.manage_projects)["access_token"])
    project = record("create_project", auth.create_project("P", "a@example.org", admin_ids=sub))["project"]["id"]
    group = auth.create_project("G", "a@example.org", admin_ids=sub, admin_group_ids=GIVEN["group"])
    record("create_project", group, "admin_group")
    record("get_project", auth.get_project(project))
    record("get_projects", auth.get_projects())
    record("update_project", auth.update_project(project, display_name="Q"))
    record("update_project", auth.update_project(group["project"]["id"], display_name="H"), "admin_group")
    record("delete_project", auth.delete_project(group["project"]["id"]))

    policy = record(
        "create_policy",
        auth.create_policy(
            project_id=project,
            display_name="P",
            description="D",
            high_assurance=True,
            authentication_assurance_timeout=600,
            domain_constraints_include=["example.org"],
        ),
    )["policy"]["id"]
    record("get_policy", auth.get_policy(policy))
    record("get_policies", auth.get_policies())
    record("update_policy", auth.update_policy(policy, display_name="Q"))
    record("delete_policy", auth.delete_policy(policy))

    client = record(
        "create_client",
        auth.create_client(
            "C",
            project,
            public_client=False,
            redirect_uris=["https://c.example"],
            terms_and_conditions="https://a.example",
            privacy_policy="https://b.example",
        ),
    )["client"]["id"]
    record("get_client", auth.get_client(client_id=client))
    record("get_client", auth.get_client(fqdn="app.example.org"), "fqdn")
    record("get_clients", auth.get_clients())
    record("update_client", auth.update_client(client, name="D", visibility="public"))
    credential = record("create_client_credential", auth.create_client_credential(client, "first"))["credential"]
    record("get_client_credentials", auth.get_client_credentials(client))
    confidential = globus_sdk.ConfidentialAppAuthClient(client, credential["secret"])
    assert confidential.oauth2_client_credentials_tokens(TransferScopes.all)["access_token"]
    record("create_child_client", confidential.create_child_client("Child", public_client=True))
    instance = record("create_native_app_instance", NATIVE.create_native_app_instance(GIVEN["native"], "Mine"))
    secret = instance["included"]["client_credential"]
    itself = globus_sdk.ConfidentialAppAuthClient(secret["client"], secret["secret"])
    itself.delete(f"/v2/api/clients/{secret['client']}")

    transfer = auth.get_scopes(scope_strings=str(TransferScopes.all))["scopes"][0]["id"]
    dependencies = [globus_sdk.DependentScopeSpec(transfer, True, False)]
    created = auth.create_scope(client, "S", "Scope", "use", dependent_scopes=dependencies)
    scope = record("create_scope", created)["scope"]["id"]
    record("get_scope", auth.get_scope(scope))
    record("get_scopes", auth.get_scopes())
    record("get_scopes", auth.get_scopes(ids=scope), "id")
    record("get_scopes", auth.get_scopes(scope_strings=str(TransferScopes.all)), "string")
    record("update_scope", auth.update_scope(scope, name="T", advertised=True))
    record("delete_scope", auth.delete_scope(scope))
    record("delete_client_credential", auth.delete_client_credential(client, credential["id"]))
    record("delete_client", auth.delete_client(client))
    auth.delete_project(project)


def types_by_path(value: Any, path: str = "") -> dict[str, set[str]]:
    """Return the types of the values at each path of a document."""
    found: dict[str, set[str]] = {path: {type(value).__name__}}
    inner = (
        value.items()
        if isinstance(value, dict)
        else [("[]", each) for each in value]
        if isinstance(value, list)
        else []
    )
    for name, each in inner:
        for below, kind in types_by_path(each, f"{path}.{name}".lstrip(".")).items():
            found.setdefault(below, set()).update(kind)
    return found


def differences_of(theirs: dict[str, set[str]], ours: dict[str, set[str]]) -> list[str]:
    """List members that our document lacks (-), adds (+) or has with another type (~); skip empty lists."""
    empty = {path for path in theirs.keys() ^ ours.keys() if path.endswith("[]")}
    lines = [f"-{path}" for path in theirs.keys() - ours.keys() if not path.startswith(tuple(empty))]
    lines += [f"+{path}" for path in ours.keys() - theirs.keys() if not path.startswith(tuple(empty))]
    for path in theirs.keys() & ours.keys():
        known, given = theirs[path] - {"NoneType"}, ours[path] - {"NoneType"}
        if known and given and not known & given:
            lines.append(f"~{path}: {', '.join(sorted(known))} and {', '.join(sorted(given))}")
    return sorted(lines)


def compared() -> dict[str, list[str]]:
    """Compare each document with its fixture; return the differences by fixture and case."""
    differences: dict[str, list[str]] = {}
    for key, document in documents.items():
        name, case = key.split("/")
        fixture: Any = globus_sdk.testing.get_response_set(f"auth.{name}").lookup(case)
        expected = fixture.json
        if name == "create_native_app_instance":
            expected = expected["client"]  # this fixture has a second envelope
        if lines := differences_of(types_by_path(expected), types_by_path(document)):
            differences[key] = lines
    return differences


def main() -> None:
    first = logins()
    services()
    development(people(bearer(first["access_token"]), first["refresh_token"]))
    done = {key.partition("/")[0] for key in documents}
    fixtures = {module.name for module in pkgutil.iter_modules(fixture_modules.__path__)} - {"_common"}
    response = {
        "version": globus_sdk.__version__,
        "steps": steps,
        "compared": len(documents),
        "differences": compared(),
        "without": sorted(fixtures - done),
    }
    sys.stdout.write(json.dumps(response))


main()
