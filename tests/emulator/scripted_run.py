"""A script of requests over all services of an emulator, which keeps the bytes of every response."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from globus_async.emulator.absent import AbsentService
from globus_async.testing import GlobusEmulator

__all__ = ("SEED", "Run", "play")

LAB: Final = "0d6a1b9e-3f2c-4f1e-9a57-6b1a1f3f7a10"
VAULT: Final = "5b3ff5a1-8c27-4c2f-8d0f-2f4f1f0d9c22"
APP: Final = "3f0c2b1a-90a3-4f7e-8d55-1c2b3a4d5e6f"
PORTAL: Final = "9a8b7c6d-5e4f-4a3b-9c2d-1e0f9a8b7c6d"
ADA: Final = "c0ffee00-1111-4222-8333-444455556666"
BOB: Final = "c0ffee00-1111-4222-8333-444455557777"
NONE: Final = "11111111-2222-4333-8444-555555555555"
VERIFIER: Final = "a" * 43
CHALLENGE: Final = "ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA"
TRANSFER: Final = "urn:globus:auth:scope:transfer.api.globus.org:all"
MANAGE: Final = "urn:globus:auth:scope:auth.globus.org:manage_projects"

SEED: Final = {
    "identities": [
        {"username": "ada@example.org", "id": ADA},
        {"username": "bob@example.org", "id": BOB},
        {"username": "cyd@example.org"},
    ],
    "clients": [
        {"id": APP, "name": "App"},
        {"id": PORTAL, "name": "Portal", "secret": "s3cret", "redirect_uris": ["http://localhost/back"]},
    ],
    "groups": [{"name": "Lab", "admins": ["ada@example.org"], "members": ["bob@example.org", "cyd@example.org"]}],
    "collections": [
        {"id": LAB, "display_name": "Lab", "owner": "ada@example.org", "files": {"/a/x": "1", "/a/y": "22", "/b": ""}},
        {"id": VAULT, "display_name": "Vault", "owner": "ada@example.org", "files": {"/old": "0"}},
    ],
}

PROJECT: Final = {"display_name": "P", "contact_email": "a@b.org", "admin_ids": [ADA]}


class Run:
    """
    Requests to an emulator, and the bytes of the responses.

    Args:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.responses: list[tuple[str, int, list[tuple[str, str]], bytes]] = []
        self.token = ""

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request, keep the response, and return its document; a `dict` is JSON, a `str` a form."""
        kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
        data = body if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        given |= {"Content-Type": kind, "X-Emulator-Control": "1"} if body is not None else {"X-Emulator-Control": "1"}
        self._connection.request(method, path, data, {**given, **headers})
        response = self._connection.getresponse()
        content = response.read()
        self.responses.append((f"{method} {path}", response.status, response.getheaders(), content))
        try:
            return json.loads(content)
        except ValueError:
            return {"text": content.decode(), "location": response.getheader("location")}

    def log_in(self, name: str, *scopes: str) -> None:
        """Use a token of a person from now on."""
        made = self.send("POST", "/emulator/tokens", {"identity": f"{name}@example.org", "scopes": list(scopes)})
        self.token = made["access_token"]

    def close(self) -> None:
        self._connection.close()


def every_route() -> list[tuple[str, str]]:
    """Return verb and path of every operation of every service, for resources that do not exist."""
    found: list[tuple[str, str]] = []
    for service in GlobusEmulator().services.values():
        if not isinstance(service, AbsentService) and not service.needs_host:
            host = "" if service.name in {"auth", "transfer"} else f"/{service.hosts[0]}"
            found += [
                (verb, host + re.sub(r"\{[^}]*\}", NONE, prefix + path))
                for prefix, table in service.tables().items()
                for verb, path, _ in table
            ]
    return found


def play(url: str) -> list[tuple[str, int, list[tuple[str, str]], bytes]]:
    """Send the script to an emulator with the `SEED` and a manual clock; return the responses."""
    run = Run(url)
    try:
        _auth(run)
        _transfer(run)
        _groups(run)
        _search(run)
        _flows_and_timers(run)
        for verb, path in every_route():
            run.send(verb, path, {})
        run.send("GET", "/emulator/seed")
        run.send("GET", "/emulator/requests")
        run.send("GET", "/emulator/state")
        run.send("POST", "/emulator/reset")
        _transfer(run)
        run.send("GET", "/emulator/seed")
    finally:
        run.close()
    return run.responses


def _auth(run: Run) -> None:
    query = {
        "client_id": APP,
        "redirect_uri": "https://auth.globus.org/v2/web/auth-code",
        "scope": f"openid profile email {TRANSFER}",
        "state": "x",
        "response_type": "code",
        "access_type": "offline",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    address = f"/v2/oauth2/authorize?{urlencode(query)}"
    location = urlsplit(run.send("GET", address)["location"])
    form = {"grant_type": "authorization_code", "client_id": APP, "code_verifier": VERIFIER}
    form |= {"code": parse_qs(location.query)["code"][0], "redirect_uri": query["redirect_uri"]}
    tokens = run.send("POST", "/v2/oauth2/token", urlencode(form))
    assert tokens["id_token"]
    refresh = [each["refresh_token"] for each in (tokens, *tokens["other_tokens"])]
    for each in refresh:
        form = {"grant_type": "refresh_token", "client_id": APP, "refresh_token": each}
        run.send("POST", "/v2/oauth2/token", urlencode(form))
    basic = {"Authorization": "Basic " + "OWE4YjdjNmQtNWU0Zi00YTNiLTljMmQtMWUwZjlhOGI3YzZkOnMzY3JldA=="}
    form = {"grant_type": "client_credentials", "scope": f"{TRANSFER} {MANAGE}"}
    run.send("POST", "/v2/oauth2/token", urlencode(form), **basic)
    form = {"token": tokens["access_token"], "include": "identity_set,identity_set_detail,session_info"}
    run.send("POST", "/v2/oauth2/token/introspect", urlencode(form), **basic)
    run.send("GET", "/v2/oauth2/userinfo", Authorization=f"Bearer {tokens['access_token']}")
    run.send("GET", "/jwk.json")
    run.send("GET", "/.well-known/openid-configuration")
    run.log_in("ada", MANAGE)
    project = run.send("POST", "/v2/api/projects", {"project": PROJECT})
    client = {"name": "C", "project": project["project"]["id"], "public_client": False, "visibility": "private"}
    made = run.send("POST", "/v2/api/clients", {"client": client})["client"]
    run.send("POST", f"/v2/api/clients/{made['id']}/credentials", {"credential": {"name": "K"}})
    scope = {"name": "S", "description": "D", "scope_suffix": "all", "advertised": True}
    run.send("POST", f"/v2/api/clients/{made['id']}/scopes", {"scope": scope})
    run.send("GET", "/v2/api/scopes")


def _transfer(run: Run) -> None:
    run.log_in("ada", TRANSFER)
    submission = run.send("GET", "/v0.10/submission_id")["value"]
    items = [{"source_path": "/a/", "destination_path": "/a/", "recursive": True}]
    data = {"source_endpoint": LAB, "destination_endpoint": VAULT, "submission_id": submission, "DATA": items}
    task = run.send("POST", "/v0.10/transfer", data)["task_id"]
    run.send("GET", f"/v0.10/task/{task}")
    run.send("POST", "/emulator/clock/advance", {"seconds": 60})
    for path in (f"task/{task}", f"task/{task}/event_list", f"task/{task}/successful_transfers", "task_list"):
        run.send("GET", f"/v0.10/{path}")
    run.send("GET", f"/v0.10/operation/endpoint/{VAULT}/ls?path=/a/")
    run.send("POST", "/v0.10/bookmark", {"name": "home", "endpoint_id": LAB, "path": "/"})
    role = {"principal_type": "identity", "principal": NONE, "role": "administrator"}
    run.send("POST", f"/v0.10/endpoint/{LAB}/role", role)
    run.send("GET", f"/v0.10/endpoint/{LAB}")
    run.send("GET", f"/v0.10/endpoint/{LAB}/role_list")
    run.send("GET", "/v0.10/endpoint_search?filter_fulltext=lab")


def _groups(run: Run) -> None:
    base = "/groups.api.globus.org/v2"
    run.log_in("ada", "urn:globus:auth:scope:groups.api.globus.org:all")
    group = run.send("POST", f"{base}/groups", {"name": "Team", "description": "Ours"})["id"]
    run.send("POST", f"{base}/groups/{group}", {"add": [{"identity_id": BOB}], "invite": [{"identity_id": NONE}]})
    run.send("GET", f"{base}/groups/{group}?include=memberships,my_memberships,policies,allowed_actions")
    run.send("GET", f"{base}/groups/my_groups")


def _search(run: Run) -> None:
    base = "/search.api.globus.org/v1"
    run.log_in("ada", "urn:globus:auth:scope:search.api.globus.org:all")
    index = run.send("POST", f"{base}/index", {"display_name": "Samples", "description": "Ours"})["id"]
    entries = [{"subject": name, "visible_to": ["public"], "content": {"name": name, "n": 1}} for name in "abc"]
    data = {"ingest_type": "GMetaList", "ingest_data": {"gmeta": entries}}
    task = run.send("POST", f"{base}/index/{index}/ingest", data)["task_id"]
    run.send("POST", "/emulator/clock/advance", {"seconds": 60})
    assert run.send("GET", f"{base}/task/{task}")["state"] == "SUCCESS"
    run.send("GET", f"{base}/index/{index}/search?q=a")
    facets = [{"name": "Names", "type": "terms", "field_name": "name"}]
    run.send("POST", f"{base}/index/{index}/search", {"q": "*", "facets": facets})
    run.send("POST", f"{base}/index/{index}/scroll", {"q": "*", "limit": 2})
    run.send(
        "POST", f"{base}/index/{index}/role", {"role_name": "writer", "principal": f"urn:globus:auth:identity:{NONE}"}
    )
    run.send("GET", f"{base}/index/{index}/role_list")
    run.send("GET", f"{base}/index/{index}")


def _flows_and_timers(run: Run) -> None:
    base, scopes = "/flows.automate.globus.org", "https://auth.globus.org/scopes"
    run.log_in("ada", f"{scopes}/eec9b274-0c81-4334-bdc2-54e90e689b9a/all")
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}}}
    flow = run.send("POST", f"{base}/flows", {"title": "F", "definition": definition, "input_schema": {}})["id"]
    run.log_in("ada", f"{scopes}/{flow}/flow_{flow.replace('-', '_')}_user")
    made = run.send("POST", f"{base}/flows/{flow}/run", {"body": {}, "label": "R"})["run_id"]
    run.log_in("ada", f"{scopes}/eec9b274-0c81-4334-bdc2-54e90e689b9a/all")
    run.send("POST", "/emulator/clock/advance", {"seconds": 60})
    assert run.send("GET", f"{base}/runs/{made}")["status"] == "SUCCEEDED"
    run.send("GET", f"{base}/runs/{made}/log")
    run.log_in("ada", f"{scopes}/524230d7-ea86-4a52-8312-86065a9e0417/timer[{TRANSFER}]")
    items = [{"source_path": "/a/x", "destination_path": "/t/x"}]
    body = {"source_endpoint": LAB, "destination_endpoint": VAULT, "DATA": items}
    schedule = {"type": "recurring", "interval_seconds": 3600, "end": {"condition": "iterations", "count": 2}}
    timer = {"timer_type": "transfer", "name": "T", "schedule": schedule, "body": body}
    job = run.send("POST", "/timer.automate.globus.org/v2/timer", {"timer": timer})["timer"]["job_id"]
    run.send("POST", "/emulator/clock/advance", {"seconds": 7300})
    run.send("GET", f"/timer.automate.globus.org/jobs/{job}")
    run.send("GET", "/emulator/work")
