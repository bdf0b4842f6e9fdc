"""Two workers of the portal share a store: what one of them has begun, the other one continues."""

from __future__ import annotations

import re
import secrets
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from examples.portal.emulated import emulated
from examples.portal.settings import Settings
from globus_async import Secret
from tests.examples.portal_visit import form_of
from tests.toolkit.redis_server import shared_redis_url

URL = "http://localhost:8000"


def url_of(kind: str, folder: Path) -> str:
    """Return the URL of a store."""
    match kind:
        case "redis":
            return shared_redis_url()
        case "postgresql":
            from tests.toolkit.sql_databases import shared_url  # noqa: PLC0415 -- imports SQLAlchemy

            return shared_url()
        case "a file":
            return str(folder / "sessions.db")
        case _:
            return ""


class InTurn(httpx.AsyncBaseTransport):
    """The workers behind a proxy: each request reaches the next one."""

    def __init__(self, apps: list[FastAPI]) -> None:
        self._workers = cycle([httpx.ASGITransport(app) for app in apps])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await next(self._workers).handle_async_request(request)


@pytest.mark.parametrize("kind", ["a file", "redis", "postgresql", "its memory"])
async def test_a_session_and_its_forms_in_two_workers(kind: str, tmp_path: Path) -> None:
    """A login, a form that came back, a consent in the middle, and the size of a transfer; memory is not shared."""
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(emulated(URL))
        store, key = Secret(url_of(kind, tmp_path)), Secret(secrets.token_urlsafe(32))
        settings = Settings(URL, services.client_id, Secret(services.client_secret), services.url, store, key)
        apps = [Settings.from_environment(settings.to_environment()).make_app() for _ in range(2)]
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
        browser = httpx.AsyncClient(transport=InTurn(apps), base_url=URL, headers={"Accept": "text/html"})
        user = services.emulator.directory.find("ada@meridian.example")

        asked = (await browser.get("/login")).headers["location"]
        page = await browser.get(services.emulator.auth.authorize(asked, user).url, follow_redirects=True)
        if kind == "its memory":
            assert page.history[-1].headers["location"].startswith(services.url)  # to another login
            return
        ids = {name: each for each, name in re.findall(r'href="/collections/([^"]+)"><bdi>([^<]+)', page.text)}
        page = await browser.get(f"/collections/{ids['Beamline 7']}")
        form = {**form_of(page.text[page.text.index("split") :]), "label": "Shared", "target": "/x/"}
        form |= {"names": "README.txt", "destination": ids["Genome vault"]}
        asked = (await browser.post("/transfers", data=form)).headers["location"]
        assert "data_access" in asked
        page = await browser.get(services.emulator.auth.authorize(asked, user).url, follow_redirects=True)
        assert "Access has been granted." in page.text
        assert 'value="README.txt"' in page.text
        form |= form_of(page.text[page.text.index("split") :])
        assert (await browser.post("/transfers", data=form)).headers["location"] == "/tasks"
        for _ in range(2):
            assert "of 30 B" in (await browser.get("/tasks")).text
        assert (await browser.post("/logout", data=form)).status_code == 303
        for _ in range(2):
            assert (await browser.get("/tasks")).headers["location"] == "/login?next=/tasks"


def test_settings_show_no_secret() -> None:
    """Not in their repr, whatever the URL of the store contains."""
    store = Secret("redis://:hunter2@localhost")
    shown = repr(Settings(URL, "client", Secret("client-secret"), "", store, Secret("k" * 43)))
    assert not [secret for secret in ("hunter2", "client-secret", "kkk") if secret in shown]
