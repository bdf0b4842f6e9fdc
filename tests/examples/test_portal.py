"""The portal in a real browser, from the login to the end of the session."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.portal.explanations import state_of
from tests.emulator.status_browser import Page
from tests.examples.path_proxy import proxying
from tests.examples.portal_server import PortalServer, running
from tests.examples.portal_visit import Visitor, form_of, session, visit

if TYPE_CHECKING:
    from globus_async.services.transfer.documents import TaskDocument

pytestmark = pytest.mark.slow


def test_a_visit_from_login_to_logout(portal: PortalServer, page: Page) -> None:
    """Login, consent, browsing, two transfers watched live, one of them cancelled, logout, and a dead session."""
    visitor = Visitor(page, portal.url)

    visitor.click("#login")
    visitor.see("button[value=allow]")
    assert "/v2/oauth2/authorize" in visitor.address()
    visitor.click("button[value=allow]")
    visitor.see(".card a")
    assert visitor.address() == f"{portal.url}/collections"
    assert "Ada Lindgren" in visitor.text("header")

    # a collection that asks for a consent of its own: granted, and back where the visitor was
    visitor.open_collection("Genome vault")
    visitor.see("button[value=allow]")
    assert "data_access" in visitor.text()
    visitor.click("button[value=allow]")
    visitor.see("table.files")
    assert "cohort-3" in visitor.text()

    tasks = portal.emulator.task_runner
    pace = tasks.pace
    tasks.pace = replace(pace, bytes_per_second=200_000)  # so that neither ends before it is looked at
    visitor.open_collection("Beamline 7")
    visitor.see('input[value="README.txt"]')
    visitor.select(["2027-03 perovskite/", "README.txt"], "Campus cluster", "Perovskite, March")
    visitor.click("#start")
    page.wait_for(f"!!({visitor.task('Perovskite, March')})")
    visitor.open_collection("Campus cluster")
    visitor.see('input[value="climate/"]')
    visitor.select(["climate/", "models/"], "Long-term archive", "Climate runs")
    visitor.click("#start")
    page.wait_for(f"!!({visitor.task('Climate runs')}) && !!({visitor.task('Perovskite, March')})")

    # both are seen to move, on one load of the page
    visitor.wait_until_live()
    page.evaluate("window.notReloaded = true")
    seen = {label: visitor.percent(label) for label in ("Perovskite, March", "Climate runs")}
    for label, before in seen.items():
        page.wait_for(f"{visitor.task(label)}.querySelector('progress').value > {before}", seconds=30)
        assert 0 < visitor.percent(label) < 100
    assert page.evaluate("window.notReloaded") is True

    # one is cancelled, the other goes on to its end
    page.evaluate(f"{visitor.task('Climate runs')}.querySelector('button').click()")
    page.wait_for(f"!window.notReloaded && {visitor.state('Climate runs')} === 'CANCELED'", seconds=20)
    assert visitor.percent("Climate runs") < 100
    tasks.pace = pace
    page.evaluate("window.notReloaded = true")
    page.wait_for(f"{visitor.task('Perovskite, March')}.dataset.state === 'SUCCEEDED'", seconds=60)
    assert visitor.percent("Perovskite, March") == 100
    assert page.evaluate("window.notReloaded") is True

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
        f"{portal.url}/tasks", cookies={"globus_session": cookie["value"]}, headers={"Accept": "text/html"}
    )
    assert kept.status_code == 303
    assert kept.headers["location"] == "/login?next=/tasks"
    page.call("Network.setCookie", name="globus_session", value=cookie["value"], url=portal.url)
    asked = "fetch('/tasks/events').then(answer => answer.status)"
    answered = page.call("Runtime.evaluate", expression=asked, awaitPromise=True, returnByValue=True)
    assert answered["result"]["value"] == 401


@pytest.mark.parametrize("is_logged_in", [True, False])
def test_a_live_page_survives_a_restart(page: Page, is_logged_in: bool) -> None:
    """Browsers do not reconnect a stream after an error status: the page is loaded again, or leads to the login."""
    with proxying("/lab") as (proxy, url), running(url) as portal:
        proxy.port = portal.port
        visitor = Visitor(page, url)
        visitor.log_in()
        visitor.go("/tasks")
        visitor.wait_until_live()
        proxy.stop_application()
        page.wait_for("document.getElementById('connection').dataset.state === 'lost'", seconds=20)
        assert visitor.text("#connection") == "Reconnecting…"
        if not is_logged_in:
            page.call("Network.clearBrowserCookies")
        proxy.is_down = False
        if is_logged_in:
            visitor.wait_until_live(20)
        else:
            page.wait_for("location.pathname.includes('/v2/oauth2/authorize')", seconds=20)


def test_logout_on_a_shared_computer(portal: PortalServer, page: Page) -> None:
    """The session at Globus ends by its own logout, which leads back to the portal."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.click("#logout")
    visitor.see("#globus-logout")
    visitor.click("#globus-logout")
    visitor.see(f"a[href='{portal.url}/']")
    visitor.click(f"a[href='{portal.url}/']")
    visitor.see("#login")
    visitor.click("#login")
    visitor.see("button[value=allow]")


async def test_requirements_that_no_login_can_meet() -> None:
    """The server of a collection may require something that is not a scope: the user sees an error page."""
    demand = {"code": "ConsentRequired", "message": "Consent, please", "required_scopes": ["all[["]}

    async def refuse(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse(demand, 403)(scope, receive, send)

    async with visit() as (emulator, browser):
        emulator.faults.add("GET", "/v0.10/endpoint_search", refuse)
        answer = await browser.get("/collections")
        assert answer.status_code == 403
        assert "Consent, please" in answer.text
        assert (await browser.get("/collections")).status_code == 200


async def test_names_that_a_collection_makes_up() -> None:
    """They are neither shown, which would link to other folders, nor accepted from a form."""
    names = ["..", ".", "../../up", "/abs", "~", None, 5, "ok"]
    listing = {"DATA": [{"name": name, "type": "dir", "size": 0, "last_modified": "2026-01-01"} for name in names]}

    async def listed(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse(listing)(scope, receive, send)

    async with visit("ada@meridian.example") as (emulator, browser):
        lab = emulator.add_collection("../../Etc/passwd")
        emulator.faults.add("GET", f"/v0.10/operation/endpoint/{lab.id}/ls", listed)
        page = await browser.get(f"/collections/{lab.id}")
        assert re.findall(r'name="names" value="([^"]*)"', page.text) == ["ok/"]
        assert 'name="target" value="/etc-passwd/"' in page.text
        form = {**form_of(page.text[page.text.index("split") :]), "destination": lab.id, "target": "/x/"}
        for name in names[:5]:
            refused = await browser.post("/transfers", data={**form, "names": name})
            assert refused.status_code == 400
        assert not [request for request in emulator.requests if request.path == "/v0.10/transfer"]


@pytest.mark.parametrize(
    ("fatal_error", "state"),
    [(None, "CANCELED"), ({"code": "FILE_NOT_FOUND", "description": "file not found"}, "FAILED")],
)
def test_state_of_a_failed_task(fatal_error: object, state: str) -> None:
    """The open items of a task that failed count as canceled too; the task was not canceled."""
    task: dict[str, Any] = {"status": "FAILED", "subtasks_canceled": 3, "fatal_error": fatal_error}
    assert state_of(cast("TaskDocument", task)) == state


def test_a_form_that_is_sent_twice_makes_one_task(portal: PortalServer) -> None:
    """A double click, or a reload of the page after the form, does not copy everything twice."""
    with session(portal.url) as client:
        found = dict(re.findall(r'href="/collections/([^"]+)"><bdi>([^<]+)', client.get("/collections").text))
        ids = {name: collection_id for collection_id, name in found.items()}
        page = client.get(f"/collections/{ids['Beamline 7']}")
        form = {
            **form_of(page.text[page.text.index("split") :]),
            "names": "logbook.md",
            "destination": ids["Campus cluster"],
        }
        answers = [client.post("/transfers", data={**form, "target": "/here/", "label": "once"}) for _ in range(3)]
        assert {answer.url.path for answer in answers} == {"/tasks"}
        assert answers[-1].text.count('class="task"') == 1


def test_error_pages(portal: PortalServer) -> None:
    """Pages with words for people, their statuses, and no way to run a script or to send forms from elsewhere."""
    with session(portal.url) as client:
        missing = client.get("/collections/00000000-0000-4000-8000-000000000000")
        assert missing.status_code == 404
        assert "Not found" in missing.text
        assert client.get("/collections/no-id").status_code == 422
        assert client.post("/transfers", data={}).status_code == 403
        assert client.post("/tasks/00000000-0000-4000-8000-000000000000/cancel").status_code == 403
        shown = client.get("/collections", params={"q": "<script>alert(1)</script>"})
        assert "<script>" not in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert client.get("/callback", params={"state": "x", "code": "y"}).status_code == 400
