"""The scripts of the portal in a browser: selection, filter and order of a folder, live pages, retries."""

from __future__ import annotations

import re

import httpx
import pytest

from globus_async.testing import MemoryStorage
from globus_async.testing.faults import status
from tests.emulator.status_browser import Page
from tests.examples.portal_server import PortalServer
from tests.examples.portal_visit import Visitor, session

pytestmark = pytest.mark.slow

CHECKED = "[...document.querySelectorAll('input[name=names]:checked')].map(each => each.value)"
CLICK_WITH_SHIFT = """
document.querySelector('[value="%s"]').dispatchEvent(new MouseEvent('click', {bubbles: true, shiftKey: true}))
"""


def at_the_folder(portal: PortalServer, page: Page) -> Visitor:
    """Log in, and open a folder of thirty files of a megabyte."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.open_collection("Campus cluster")
    visitor.see('input[value="climate/"]')
    page.evaluate("document.querySelector('a.folder').click()")
    visitor.see('input[value="run-29.nc"]')
    visitor.see("#selected:not([hidden])")
    return visitor


def test_select_all_ranges_and_filter(portal: PortalServer, page: Page) -> None:
    """The count and the size follow, a filter limits what is selected, and the order is changed without a loss."""
    visitor = at_the_folder(portal, page)
    assert visitor.text("#selected") == visitor.text("#bar-text") == "Nothing selected"
    visitor.click("#all")
    assert visitor.text("#selected") == "30 files (30.0 MB) selected"
    assert page.evaluate("document.getElementById('all').checked")
    visitor.click('input[value="run-07.nc"]')
    assert page.evaluate("document.getElementById('all').indeterminate")
    visitor.click("#all")
    assert page.evaluate("[document.getElementById('all').checked, document.getElementById('all').indeterminate]") == [
        True,
        False,
    ]
    visitor.click("#all")
    assert page.evaluate(CHECKED) == []

    visitor.click('input[value="run-03.nc"]')
    page.evaluate(CLICK_WITH_SHIFT % "run-06.nc")
    assert page.evaluate(CHECKED) == [f"run-0{number}.nc" for number in range(3, 7)]
    page.evaluate(CLICK_WITH_SHIFT % "run-05.nc")
    assert page.evaluate(CHECKED) == ["run-03.nc", "run-04.nc"]

    page.evaluate("document.getElementById('filter-text').value = 'RUN-1'")
    page.evaluate("document.getElementById('filter-text').dispatchEvent(new Event('input'))")
    assert visitor.text("#shown") == "10 of 30 entries shown"
    visitor.click("#all")
    assert visitor.text("#selected") == "12 files (12.0 MB) selected, 2 of them not shown"

    before = page.evaluate(CHECKED)
    visitor.click("th.size a")
    visitor.see("th.size[aria-sort=descending]")
    visitor.see("#selected:not([hidden])")
    assert page.evaluate(CHECKED) == before
    visitor.go("/collections")
    visitor.see(".card a")
    page.evaluate("history.back()")
    visitor.see("th.size[aria-sort=descending]")


def test_folders_are_named(portal: PortalServer, page: Page) -> None:
    """Their size is unknown, so it is not counted; a click on the cell is a click on the box."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.open_collection("Campus cluster")
    visitor.see("#selected:not([hidden])")
    visitor.click("label:has(input[value='models/'])")
    assert visitor.text("#selected") == "1 folder with all contents selected"
    visitor.click('input[value="climate/"]')
    visitor.click('input[value="notes.txt"]')
    assert visitor.text("#selected") == "1 file (27 B) and 2 folders with all contents selected"


def test_names_that_are_markup(portal: PortalServer, page: Page) -> None:
    """Names of files and labels are text, also in live pages."""
    hostile = "<img src=x onerror='window.hacked=1'>\u202e.h5"
    portal.emulator.add_collection("<b>Lab</b>", storage=MemoryStorage({hostile: "x" * 2_000_000}))
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.open_collection("<b>Lab</b>")
    visitor.see("#selected:not([hidden])")
    visitor.click("input[name=names]")
    visitor.select([], "Campus cluster", hostile)
    visitor.click("#start")
    visitor.see("li.task")
    visitor.wait_until_live()
    assert visitor.text("li.task h2") == hostile
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.querySelectorAll('main img, main b').length") == 0


def test_a_live_page_keeps_the_focus(portal: PortalServer, page: Page) -> None:
    """Only what differs is changed: the button with the focus stays, and the details that the user opened."""
    visitor = at_the_folder(portal, page)
    for number in range(10, 22):
        visitor.click(f'input[value="run-{number}.nc"]')
    visitor.select([], "Long-term archive", "Runs")
    visitor.click("#start")
    visitor.see("li.task")
    visitor.wait_until_live()
    page.evaluate("document.querySelector('li.task button').focus()")
    page.evaluate("window.summaries = 0")
    observe = "new MutationObserver(() => window.summaries++).observe(document.getElementById('summary'), OPTIONS)"
    page.evaluate(observe.replace("OPTIONS", "{childList: true, characterData: true, subtree: true}"))
    seen = visitor.percent("Runs")
    page.wait_for(f"{visitor.task('Runs')}.querySelector('progress').value > {seen}")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Cancel Runs"
    assert "of 12.0 MB" in visitor.text(".details")
    assert re.fullmatch(r"\d+ % · Transfers · Meridian", page.evaluate("document.title"))
    assert page.evaluate("window.summaries") == 0
    page.wait_for(f"{visitor.state('Runs')} === 'SUCCEEDED'", seconds=30)
    assert page.evaluate("document.activeElement.textContent") == "Runs"  # the button is gone
    assert visitor.text("#summary") == "Transfers: 1 completed."
    assert page.evaluate("document.title") == "Transfers · Meridian"


def test_a_hidden_page_occupies_no_connection(portal: PortalServer, page: Page) -> None:
    """Browsers have six connections for a host, and a stream takes one: hidden pages ask now and then."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.go("/tasks")
    visitor.wait_until_live()
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for("performance.getEntriesByType('resource').some(each => each.name.endsWith('/tasks/events?once'))")
    assert visitor.text("#connection") == "Live"


def test_a_logout_in_another_tab(portal: PortalServer, page: Page) -> None:
    """The live page leads to the first page; if another login has replaced the session, it is loaded again."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    visitor.go("/tasks")
    visitor.wait_until_live()
    token = "document.querySelector('form.user [name=csrf_token]')?.value"
    old, previous = page.evaluate(token), {name: each["value"] for name, each in visitor.cookies().items()}
    with session(portal.url) as other:
        for name, value in other.cookies.items():
            page.call("Network.setCookie", name=name, value=value, url=portal.url)
    httpx.post(f"{portal.url}/logout", data={"csrf_token": old}, cookies=previous)
    page.wait_for(f"{token} && {token} !== '{old}'")
    assert visitor.address() == f"{portal.url}/tasks"
    visitor.wait_until_live()
    logout = "fetch('/logout', {method: 'POST', body: new FormData(document.querySelector('form.user'))})"
    page.evaluate(logout)
    visitor.see("#login")
    assert visitor.address() == f"{portal.url}/"


def test_a_page_is_tried_again(portal: PortalServer, page: Page) -> None:
    """By itself, unless the user objects."""
    visitor = Visitor(page, portal.url)
    visitor.log_in()
    portal.emulator.faults.add("GET", "/v0.10/endpoint_search", status(503, retry_after=125))
    visitor.go("/collections?q=lab")
    visitor.see("#retry:not([hidden])")
    page.wait_for("document.getElementById('wait').textContent === '124'")
    visitor.click("#stop")
    assert visitor.text("#retry") == "This page is not tried again."
    assert page.evaluate("document.querySelector('.ways a').getAttribute('href')") == "/collections?q=lab"
    visitor.click(".ways a")
    visitor.see("input[name=q]")
