"""An emulated Globus Auth with identities and clients, and requests that tests send to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from globus_async.emulator.auth import AuthService
from globus_async.emulator.kit.authentication import Caller
from globus_async.emulator.kit.clock import ManualClock
from globus_async.emulator.kit.routing import application
from globus_async.emulator.kit.service import Platform

AUTH = "https://auth.globus.org"
CODE_PAGE = f"{AUTH}/v2/web/auth-code"
CALLBACK = "https://portal.example.org/callback"
TRANSFER = "urn:globus:auth:scope:transfer.api.globus.org:all"
GROUPS = "urn:globus:auth:scope:groups.api.globus.org:view_my_groups_and_memberships"
MANAGE_PROJECTS = "urn:globus:auth:scope:auth.globus.org:manage_projects"
VIEW_IDENTITY_SET = "urn:globus:auth:scope:auth.globus.org:view_identity_set"
OPENID = "openid profile email"
COLLECTION = "542a86fc-1766-450d-841f-065488a2ec01"
DATA_ACCESS = f"https://auth.globus.org/scopes/{COLLECTION}/data_access"
VERIFIER = "verifier-of-a-test-with-enough-characters-0123456789"
SECRET = "made-up+secret/of=the:portal"


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class World:
    """An emulated Auth with two identities, a native client and a confidential one; Alice logs in by default."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.platform = Platform(self.clock)
        self.service = AuthService(self.platform, **options)
        self.state = self.service.state
        self.alice = self.state.add_identity("alice@example.org", name="Alice Liddell", organization="Wonderland")
        self.bob = self.state.add_identity("bob@uni.example.edu", name="Bob Builder")
        self.app = self.state.add_client("Native app")
        self.portal = self.state.add_client("Portal", secret=SECRET, redirect_uris=[CALLBACK])
        transport = httpx.ASGITransport(application([self.service]))
        self.http = httpx.AsyncClient(transport=transport, base_url=AUTH)

    # parameters

    def native_query(self, scope: str | None = TRANSFER, **changes: str | None) -> dict[str, str]:
        """Return the query of an authorize URL; `None` omits a parameter."""
        query: dict[str, str | None] = {
            "client_id": self.app.id,
            "redirect_uri": CODE_PAGE,
            "scope": scope,
            "state": "_default",
            "response_type": "code",
            "access_type": "online",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
            **changes,
        }
        return {key: value for key, value in query.items() if value is not None}

    def portal_query(self, scope: str | None = TRANSFER, **changes: str | None) -> dict[str, str]:
        return self.native_query(
            scope,
            **{
                "client_id": self.portal.id,
                "redirect_uri": CALLBACK,
                "code_challenge": None,
                "code_challenge_method": None,
                **changes,
            },
        )

    def url(self, query: Mapping[str, str]) -> str:
        return str(httpx.URL(f"{AUTH}/v2/oauth2/authorize", params=dict(query)))

    # requests

    async def exchange(self, code: str, **changes: str | None) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CODE_PAGE,
            "client_id": self.app.id,
            "code_verifier": VERIFIER,
            **changes,
        }
        return await self.token({key: value for key, value in form.items() if value is not None})

    async def token(self, form: Mapping[str, str], *, auth: tuple[str, str] | None = None) -> httpx.Response:
        return await self.http.post("/v2/oauth2/token", data=dict(form), auth=auth or httpx.USE_CLIENT_DEFAULT)

    async def log_in(self, scope: str = TRANSFER, *, identity: Any = None, **changes: str | None) -> Any:
        """Log in with the native client; return the token document."""
        redirect = self.state.authorize(self.url(self.native_query(scope, **changes)), identity)
        response = await self.exchange(redirect.code)
        assert response.status_code == 200, response.text
        return response.json()

    async def portal_log_in(self, scope: str, *, identity: Any = None, **changes: str | None) -> Any:
        """Log in with the confidential client; return the token document."""
        redirect = self.state.authorize(self.url(self.portal_query(scope, **changes)), identity)
        response = await self.as_portal(
            "/v2/oauth2/token", grant_type="authorization_code", code=redirect.code, redirect_uri=CALLBACK
        )
        assert response.status_code == 200, response.text
        return response.json()

    async def refresh(self, refresh_token: str, **changes: str) -> httpx.Response:
        return await self.token(
            {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.app.id, **changes}
        )

    async def as_portal(self, path: str, **form: str) -> httpx.Response:
        return await self.http.post(path, data=form, auth=(self.portal.id, SECRET))

    def caller(self, token: str) -> Caller:
        """Return the owner of an access token."""
        return self.state.authority.authenticate(f"Bearer {token}")

    async def introspect(self, token: str, **form: str) -> Any:
        response = await self.as_portal("/v2/oauth2/token/introspect", token=token, **form)
        assert response.status_code == 200, response.text
        return response.json()

    async def api(
        self, method: str, path: str, token: str | None = None, *, json: Any = None, **query: str
    ) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self.http.request(method, f"/v2/api/{path}", headers=headers, json=json, params=query)

    def developer(self, identity: Any = None) -> str:
        """Return an access token that may manage projects."""
        return self.state.access_token(identity or self.alice, scopes=[MANAGE_PROJECTS])


@asynccontextmanager
async def open_world(**options: Any) -> AsyncGenerator[World]:
    world = World(**options)
    async with world.http:
        yield world
