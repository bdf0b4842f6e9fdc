"""Every page of the portal, one after the other, for tests and for pictures."""

from __future__ import annotations

from collections.abc import Iterator

from globus_async.testing.faults import status
from tests.emulator.status_browser import Page
from tests.examples.portal_server import PortalServer
from tests.examples.portal_visit import Visitor

__all__ = ("tour",)

DENIED = {"code": "EndpointPermissionDenied", "message": "Denied by endpoint"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def tour(portal: PortalServer, page: Page) -> Iterator[tuple[str, Visitor]]:
    """Yield the name of each page while a browser shows it."""
    visitor = Visitor(page, portal.url)
    yield "home", visitor
    visitor.click("#login")
    visitor.click("button[value=deny]")
    visitor.see(".problem")
    yield "login-declined", visitor
    visitor.go("/")
    visitor.log_in()
    yield "collections", visitor
    visitor.go("/tasks")
    visitor.see(".empty")
    yield "no-transfers", visitor
    visitor.open_collection("Beamline 7")
    visitor.see("#selected:not([hidden])")
    for name in ("2027-03 perovskite/", "README.txt", "logbook.md"):
        visitor.click(f'input[name=names][value="{name}"]')
    yield "browse", visitor
    visitor.go("/collections")
    visitor.open_collection("Long-term archive")
    visitor.see(".folder")
    visitor.click(".folder")
    visitor.see(".box")
    yield "empty-folder", visitor
    visitor.open_collection("Campus cluster")
    visitor.see('input[value="climate/"]')
    visitor.select([], "Long-term archive", "My label")
    visitor.click("#start")
    visitor.see(".notice")
    yield "notice", visitor
    visitor.select(["climate/"], "Long-term archive", "Climate runs, " + 25 * "long")
    visitor.click("#start")
    visitor.see("li.task")
    visitor.open_collection("Campus cluster")
    visitor.see('input[value="notes.txt"]')
    visitor.select(["notes.txt"], "Course share", "Notes for the course")
    visitor.click("#start")
    visitor.see("li.task:nth-child(2)")
    visitor.open_collection("Beamline 7")
    visitor.see('input[value="README.txt"]')
    visitor.select(["2027-03 perovskite/"], "Campus cluster", "Perovskite, March")
    visitor.click("#start")
    visitor.see("li.task:nth-child(3)")
    visitor.wait_until_live()
    page.wait_for(f"{visitor.task('Perovskite, March')}.querySelector('progress').value > 15", seconds=30)
    page.wait_for(f"{visitor.state('Notes for the course')} === 'RETRYING'", seconds=30)
    yield "transfers", visitor
    page.evaluate(f"{visitor.task('Notes for the course')}.querySelector('h2 a').click()")
    visitor.see(".numbers")
    visitor.wait_until_live()
    page.evaluate("document.querySelector('details').open = true")
    yield "transfer", visitor
    visitor.click("section.task form button")
    page.wait_for(f"{visitor.state('Notes for the course')} === 'CANCELED'", seconds=20)
    yield "transfers-done", visitor
    visitor.go("/nowhere")
    visitor.see(".problem")
    yield "not-found", visitor
    portal.emulator.faults.add("GET", "/v0.10/operation/endpoint/*/ls", status(403, document=DENIED))
    visitor.open_collection("Genome vault")
    visitor.see(".problem")
    yield "denied", visitor
    visitor.open_collection("Field laptop")
    visitor.see("#retry:not([hidden])")
    yield "offline", visitor
    portal.emulator.faults.add("GET", "/v0.10/endpoint_search", status(503, retry_after=150))
    visitor.go("/collections")
    visitor.see("#retry:not([hidden])")
    yield "unavailable", visitor
