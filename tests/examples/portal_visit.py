"""The portal, visited in this process, by an HTTP client or by a browser."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.portal.app import make_app
from examples.portal.emulated import emulated
from globus_async.fastapi import GlobusBackend, GlobusLogin, SessionStore
from globus_async.testing import GlobusEmulator
from tests.emulator.status_browser import Page

__all__ = ("Visitor", "behind", "form_of", "session", "visit")


class Visitor:
    """Somebody at a browser."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        page.call("Page.navigate", url=f"{url}/")
        self.resize(1280, 800)
        self.prefer(scheme="light")
        self.see("#login")

    def resize(self, width: int, height: int, *, has_touch: bool = False) -> None:
        self.page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=has_touch
        )
        self.page.call("Emulation.setTouchEmulationEnabled", enabled=has_touch)

    def prefer(self, *, media: str = "", **features: str) -> None:
        """Set media features, such as ``scheme``, ``forced_colors`` or ``motion``; by default motion is reduced."""
        names = {"scheme": "prefers-color-scheme", "motion": "prefers-reduced-motion", "forced_colors": "forced-colors"}
        features = {"motion": "reduce", **features}
        found = [{"name": names[name], "value": value} for name, value in features.items()]
        self.page.call("Emulation.setEmulatedMedia", media=media, features=found)

    def press(self, key: str, *, code: int, modifiers: int = 0) -> None:
        """Press a key and release it; the modifier 8 is Shift."""
        for kind in ("keyDown", "keyUp"):
            self.page.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=modifiers,
            )

    def log_in(self) -> None:
        """Log in as the identity that is offered first."""
        self.click("#login")
        self.click("button[value=allow]")
        self.see(".card a")

    def see(self, selector: str) -> None:
        """Wait until something is there, on a page that is whole."""
        found = f"document.readyState === 'complete' && !!document.querySelector({json.dumps(selector)})"
        self.page.wait_for(found, seconds=20)

    def click(self, selector: str) -> None:
        self.see(selector)
        self.page.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def fill(self, selector: str, text: str) -> None:
        self.see(selector)
        self.page.evaluate(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}")

    def go(self, path: str) -> None:
        self.page.call("Page.navigate", url=f"{self.url}{path}")

    def address(self) -> str:
        return str(self.page.evaluate("location.href"))

    def text(self, selector: str = "main") -> str:
        self.see(selector)
        return str(self.page.evaluate(f"document.querySelector({json.dumps(selector)}).textContent"))

    def open_collection(self, name: str) -> None:
        self.go("/collections")
        self.see(".card a")
        link = f"[...document.querySelectorAll('.card a')].find(a => a.textContent.includes({json.dumps(name)}))"
        self.page.evaluate(f"{link}.click()")

    def select(self, names: list[str], to: str, label: str) -> None:
        """Select files of the open folder, and fill in the form of the transfer."""
        self.see("#start")
        for name in names:
            self.click(f'input[name=names][value="{name}"]')
        option = f"[...document.querySelector('select').options].find(o => o.text === {json.dumps(to)})"
        self.page.evaluate(f"document.querySelector('select').value = {option}.value")
        self.fill("input[name=label]", label)

    def task(self, label: str) -> str:
        """Return the expression of a task's card."""
        cards = "[...document.querySelectorAll('li.task')]"
        return f"{cards}.find(card => card.querySelector('h2').textContent === {json.dumps(label)})"

    def state(self, label: str) -> str:
        """Return the expression of a task's state."""
        return f"({self.task(label)})?.dataset.state"

    def wait_until_live(self, seconds: float = 15) -> None:
        self.page.wait_for("document.getElementById('connection')?.dataset.state === 'live'", seconds=seconds)

    def percent(self, label: str) -> int:
        return int(self.page.evaluate(f"{self.task(label)}.querySelector('progress').value"))

    def cookies(self) -> dict[str, Any]:
        found = self.page.call("Network.getCookies", urls=[self.url])["cookies"]
        return {cookie["name"]: cookie for cookie in found}


def behind(app: ASGIApp, path: str) -> ASGIApp:
    """Return an application behind a proxy that serves it below a path, which it removes."""

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and path:
            if not scope["path"].startswith(f"{path}/"):
                await PlainTextResponse("another application", 410)(scope, receive, send)
                return
            scope = {**scope, "path": scope["path"].removeprefix(path), "raw_path": None}
        await app(scope, receive, send)

    return proxy


@asynccontextmanager
async def visit(
    username: str = "eve@example.org", *, path: str = "", store: SessionStore | None = None, raises: bool = False
) -> AsyncGenerator[tuple[GlobusEmulator, httpx.AsyncClient]]:
    """Run the portal in this process, and log in; uncaught errors of the portal reach the browser if it ``raises``."""
    url = f"http://localhost:8000{path}"
    async with emulated(url) as place:
        urls = {"auth": place.url, "transfer": place.url}
        globus = GlobusBackend(place.client_id, place.client_secret, service_urls=urls)
        login = GlobusLogin(globus, public_url=url, after_login="/collections", store=store)
        wire = httpx.ASGITransport(behind(make_app(globus, login), path), raise_app_exceptions=raises)
        async with globus.lifespan(), httpx.AsyncClient(transport=wire, base_url=url) as browser:
            asked = (await browser.get("/login")).headers["location"]
            user = place.emulator.directory.find(username) or place.emulator.add_identity(username)
            await browser.get(place.emulator.auth.authorize(asked, user).url)
            yield place.emulator, browser


@contextmanager
def session(portal: str) -> Generator[httpx.Client]:
    """Log in without a browser."""
    with httpx.Client(base_url=portal, follow_redirects=True) as client:
        asked = client.get("/login")
        offered = re.findall(r'name="(request|identity)" value="([^"]+)"', asked.text)
        fields = dict(reversed(offered))  # the first of the people
        action = re.findall(r'action="([^"]+)"', asked.text)[0]
        client.post(str(asked.url.join(action)), data={**fields, "decision": "allow"}).raise_for_status()
        yield client


def form_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
