"""The portal in a real browser, from the login to the end of the session."""

from __future__ import annotations

import base64
import json
import re
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.portal.app import make_app
from examples.portal.emulated import emulated
from examples.portal.transfers import summary
from globus_async.fastapi import GlobusBackend, GlobusLogin
from globus_async.testing import GlobusEmulator
from globus_async.testing.faults import status
from tests.emulator.status_browser import PROGRAM, Page, browser
from tests.source import ROOT

pytestmark = pytest.mark.slow

PICTURES = ROOT / "build" / "portal"
"""Where the screenshots go."""


@pytest.fixture
def portal() -> Iterator[str]:
    """Run the portal as ``nox -s portal`` does, with an emulated Globus in a hurry; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "examples.portal", "--port", str(port), "--speed", "1.5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = re.match(r"The portal is at (http://localhost:\d+)/ ", process.stdout.readline())
            assert told is not None
            url = told[1]
            for _ in range(200):
                try:
                    httpx.get(url)
                except httpx.ConnectError:
                    continue
                break
            yield url
        finally:
            process.terminate()
            process.wait(10)


class Visitor:
    """Somebody at a browser."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.pictures = 0
        page.open(url)
        page.call("Emulation.setDeviceMetricsOverride", width=1280, height=800, deviceScaleFactor=1, mobile=False)
        # else bars would have to slide to where they belong before a picture is taken
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        self.see("#login")

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

    def picture(self, name: str) -> None:
        """Keep what is to be seen, where a person can look at it."""
        self.pictures += 1
        PICTURES.mkdir(parents=True, exist_ok=True)
        shot = self.page.call("Page.captureScreenshot", format="png")["data"]
        Path(PICTURES, f"{self.pictures}-{name}.png").write_bytes(base64.b64decode(shot))

    def open_collection(self, name: str) -> None:
        self.go("/collections")
        self.see("a.card")
        link = f"[...document.querySelectorAll('a.card')].find(a => a.textContent.includes({json.dumps(name)}))"
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
        return f"{cards}.find(card => card.querySelector('strong').textContent === {json.dumps(label)})"

    def percent(self, label: str) -> int:
        return int(self.page.evaluate(f"{self.task(label)}.querySelector('progress').value"))

    def cookies(self) -> dict[str, Any]:
        found = self.page.call("Network.getCookies", urls=[self.url])["cookies"]
        return {cookie["name"]: cookie for cookie in found}


@pytest.mark.timeout(180)
@pytest.mark.skipif(not PROGRAM, reason="no Chromium is installed; TEST_CHROMIUM can name one")
def test_a_visit_from_login_to_logout(portal: str) -> None:
    """Login, consent, browsing, two transfers watched live, one of them cancelled, logout, and a dead session."""
    with browser() as page:
        visitor = Visitor(page, portal)
        visitor.picture("home")

        visitor.click("#login")
        visitor.see("button[value=allow]")
        assert "/v2/oauth2/authorize" in visitor.address()
        visitor.picture("login")
        visitor.click("button[value=allow]")
        visitor.see("a.card")
        assert visitor.address() == f"{portal}/collections"
        assert "Ada Lindgren" in visitor.text("header")
        visitor.picture("collections")

        # a collection that asks for a consent of its own: granted, and back where the visitor was
        visitor.open_collection("Genome vault")
        visitor.see("button[value=allow]")
        assert "data_access" in visitor.text()
        visitor.click("button[value=allow]")
        visitor.see("table.files")
        assert "cohort-3" in visitor.text()

        visitor.open_collection("Beamline 7")
        visitor.see('input[value="README.txt"]')
        visitor.select(["2027-03 perovskite/", "README.txt"], "Campus cluster", "Perovskite, March")
        visitor.picture("browse")
        visitor.click("#start")
        page.wait_for(f"!!({visitor.task('Perovskite, March')})")
        visitor.open_collection("Campus cluster")
        visitor.see('input[value="climate/"]')
        visitor.select(["climate/", "models/"], "Long-term archive", "Climate runs")
        visitor.click("#start")
        page.wait_for(f"!!({visitor.task('Climate runs')}) && !!({visitor.task('Perovskite, March')})")

        # both are seen to move, on one load of the page
        page.wait_for("document.getElementById('live').textContent === 'live'")
        page.evaluate("window.notReloaded = true")
        seen = {label: visitor.percent(label) for label in ("Perovskite, March", "Climate runs")}
        for label, before in seen.items():
            page.wait_for(f"{visitor.task(label)}.querySelector('progress').value > {before}", seconds=30)
            assert 0 < visitor.percent(label) < 100
        page.wait_for(f"{visitor.task('Perovskite, March')}.querySelector('progress').value > 40", seconds=30)
        visitor.picture("transfers")
        assert page.evaluate("window.notReloaded") is True

        # one is cancelled, the other goes on to its end
        page.evaluate(f"{visitor.task('Climate runs')}.querySelector('button').click()")
        page.wait_for(f"({visitor.task('Climate runs')})?.dataset.state === 'CANCELED'", seconds=20)
        assert visitor.percent("Climate runs") < 100
        page.evaluate("window.notReloaded = true")
        page.wait_for(f"{visitor.task('Perovskite, March')}.dataset.state === 'SUCCEEDED'", seconds=60)
        assert visitor.percent("Perovskite, March") == 100
        assert page.evaluate("window.notReloaded") is True
        visitor.picture("done")

        visitor.open_collection("Campus cluster")
        visitor.see("table.files")
        assert "beamline-7" in visitor.text()

        cookie = visitor.cookies()["globus_session"]
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Lax"
        visitor.click("#logout")
        visitor.see("#login")
        assert "globus_session" not in visitor.cookies()

        # the old session is dead, also for who kept its cookie
        kept = httpx.get(
            f"{portal}/tasks", cookies={"globus_session": cookie["value"]}, headers={"Accept": "text/html"}
        )
        assert kept.status_code == 303
        assert kept.headers["location"] == "/login?next=/tasks"
        page.call("Network.setCookie", name="globus_session", value=cookie["value"], url=portal)
        asked = "fetch('/tasks/events').then(answer => answer.status)"
        answered = page.call("Runtime.evaluate", expression=asked, awaitPromise=True, returnByValue=True)
        assert answered["result"]["value"] == 401


async def test_requirements_that_no_login_can_meet() -> None:
    """The server of a collection may require something that is not a scope: the user sees an error page."""
    demand = {"code": "ConsentRequired", "message": "Consent, please", "required_scopes": ["all[["]}

    async def refuse(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse(demand, 403)(scope, receive, send)

    async with _visit() as (emulator, browser):
        emulator.faults.add("GET", "/v0.10/endpoint_search", refuse)
        answer = await browser.get("/collections")
        assert answer.status_code == 403
        assert "Consent, please" in answer.text
        assert (await browser.get("/collections")).status_code == 200


async def test_a_page_that_cannot_be_kept_up_to_date_is_told_so() -> None:
    """If Globus fails while a page is live, the stream ends, and the browser asks for another."""
    async with _visit() as (emulator, browser):
        emulator.faults.add("GET", "/v0.10/task_list", status(400))
        live = await browser.get("/tasks/events")
        assert (live.status_code, live.text) == (200, "")


async def test_names_that_a_collection_makes_up() -> None:
    """They are neither shown, which would link to other folders, nor accepted from a form."""
    names = ["..", ".", "../../up", "/abs", "ok"]
    listing = {"DATA": [{"name": name, "type": "dir", "size": 0, "last_modified": "2026-01-01"} for name in names]}

    async def listed(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse(listing)(scope, receive, send)

    async with _visit() as (emulator, browser):
        lab = emulator.add_collection("../../Etc/passwd")
        emulator.faults.add("GET", f"/v0.10/operation/endpoint/{lab.id}/ls", listed)
        page = await browser.get(f"/collections/{lab.id}")
        assert re.findall(r'name="names" value="([^"]*)"', page.text) == ["ok/"]
        assert 'name="target" value="/etc-passwd/"' in page.text
        form = {**_form(page.text[page.text.index("split") :]), "destination": lab.id, "target": "/x/"}
        for name in names[:-1]:
            refused = await browser.post("/transfers", data={**form, "names": name})
            assert refused.status_code == 400
        assert not [request for request in emulator.requests if request.path == "/v0.10/transfer"]


@pytest.mark.parametrize(
    ("fatal_error", "state"),
    [(None, "CANCELED"), ({"code": "FILE_NOT_FOUND", "description": "file not found"}, "FAILED")],
)
def test_state_of_a_failed_task(fatal_error: object, state: str) -> None:
    """The open items of a task that failed count as canceled too; the task was not canceled."""
    task: dict[str, Any] = {
        **dict.fromkeys(("task_id", "label", "source_endpoint_display_name", "destination_endpoint_display_name")),
        **dict.fromkeys(("subtasks_total", "subtasks_succeeded", "files", "files_transferred", "faults"), 0),
        **dict.fromkeys(("bytes_transferred", "effective_bytes_per_second"), 0),
        "status": "FAILED",
        "subtasks_canceled": 3,
        "fatal_error": fatal_error,
    }
    assert summary(task)["state"] == state


@asynccontextmanager
async def _visit() -> AsyncGenerator[tuple[GlobusEmulator, httpx.AsyncClient]]:
    """Run the portal in this process, and log in."""
    url = "http://localhost:8000"
    async with emulated(url) as place:
        urls = {"auth": place.url, "transfer": place.url}
        globus = GlobusBackend(place.client_id, place.client_secret, service_urls=urls)
        wire = httpx.ASGITransport(app=make_app(globus, GlobusLogin(globus, public_url=url)))
        async with globus.lifespan(), httpx.AsyncClient(transport=wire, base_url=url) as browser:
            asked = (await browser.get("/login")).headers["location"]
            eve = place.emulator.add_identity("eve@example.org")
            await browser.get(place.emulator.auth.authorize(asked, eve).url)
            yield place.emulator, browser


@contextmanager
def _session(portal: str) -> Generator[httpx.Client]:
    """Log in without a browser."""
    with httpx.Client(base_url=portal, follow_redirects=True) as client:
        asked = client.get("/login")
        offered = re.findall(r'name="(request|identity)" value="([^"]+)"', asked.text)
        fields = dict(reversed(offered))  # the first of the people
        action = re.findall(r'action="([^"]+)"', asked.text)[0]
        client.post(str(asked.url.join(action)), data={**fields, "decision": "allow"}).raise_for_status()
        yield client


def _form(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


@pytest.mark.timeout(120)
def test_a_form_that_is_sent_twice_makes_one_task(portal: str) -> None:
    """A double click, or a reload of the page after the form, does not copy everything twice."""
    with _session(portal) as client:
        found = dict(
            re.findall(r'href="/collections/([^"]+)">.*?<strong>([^<]+)', client.get("/collections").text, re.DOTALL)
        )
        ids = {name: collection_id for collection_id, name in found.items()}
        page = client.get(f"/collections/{ids['Beamline 7']}")
        form = {
            **_form(page.text[page.text.index("split") :]),
            "names": "logbook.md",
            "destination": ids["Campus cluster"],
        }
        answers = [client.post("/transfers", data={**form, "target": "/here/", "label": "once"}) for _ in range(3)]
        assert {answer.url.path for answer in answers} == {"/tasks"}
        told = re.search(r'id="first">(.*?)</script>', answers[-1].text)
        assert told
        assert len(json.loads(told[1])) == 1


@pytest.mark.timeout(120)
def test_error_pages(portal: str) -> None:
    """Pages with words for people, their statuses, and no way to run a script or to send forms from elsewhere."""
    with _session(portal) as client:
        missing = client.get("/collections/00000000-0000-4000-8000-000000000000")
        assert missing.status_code == 404
        assert "Something went wrong" in missing.text
        assert client.get("/collections/no-id").status_code == 422
        assert client.post("/transfers", data={}).status_code in {403, 422}
        assert client.post("/tasks/00000000-0000-4000-8000-000000000000/cancel").status_code == 403
        shown = client.get("/collections", params={"q": "<script>alert(1)</script>"})
        assert "<script>" not in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert client.get("/callback", params={"state": "x", "code": "y"}).status_code == 400
