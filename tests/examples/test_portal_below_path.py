"""The portal below a path of a host, behind a proxy that removes the path."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.emulator.status_browser import Page
from tests.examples.conftest import served
from tests.examples.path_proxy import proxying
from tests.examples.portal_visit import Visitor, form_of, visit

PATH = "/lab/portal"
ADA = "ada@meridian.example"


def addresses(page: httpx.Response) -> list[str]:
    """Return the addresses in a page, without those at Globus, and those that only replace its query."""
    found = re.findall(r' (?:href|src|action|data-events|data-home)="([^"]*)"', page.text)
    return [address for address in found if not address.startswith(("?", "#", "http:"))]


async def test_every_address_is_below_the_path() -> None:
    """Links, forms, assets and redirects, also of error pages."""
    async with visit(ADA, path=PATH) as (_, browser):
        collections = await browser.get("/", follow_redirects=True)
        assert collections.url.path == f"{PATH}/collections"
        assert 'collections" aria-current="page"' in collections.text
        card = next(address for address in addresses(collections) if "/collections/" in address)
        folder = await browser.get(card.removeprefix(PATH))
        tasks = await browser.get("/tasks")
        assert f'data-events="{PATH}/tasks/events"' in tasks.text
        assert 'tasks" aria-current="page"' in tasks.text
        missing = await browser.get("/nowhere")
        assert missing.status_code == 404
        form = form_of(folder.text[folder.text.index("split") :])
        incomplete = await browser.post("/transfers", data={**form, "destination": form["source"]})
        assert incomplete.headers["location"].startswith(f"{PATH}/collections/{form['source']}?form=")
        transfer = {**form, "destination": form["source"], "names": "logbook.md"}
        assert (await browser.post("/transfers", data=transfer)).headers["location"] == f"{PATH}/tasks"
        left = await browser.post("/logout", data=form, follow_redirects=True)
        assert left.url.path == f"{PATH}/"
        pages = [collections, folder, tasks, missing, left]
        for address in {address for page in pages for address in addresses(page)}:
            assert address == PATH or address.startswith(f"{PATH}/")
        refused = await browser.get("/tasks", headers={"Accept": "text/html"})
        assert refused.headers["location"] == f"{PATH}/login?next={PATH}/tasks"


@pytest.mark.parametrize("address", ["/tasks/", "/collections/", "/login/", "/static"])
async def test_no_redirect_to_the_host_of_the_request(address: str) -> None:
    """Its header is not trusted, and the path of the proxy is not in it."""
    async with visit(ADA, path=PATH) as (_, browser):
        page = await browser.get(address, headers={"Host": "evil.example"})
        assert (page.status_code, page.headers.get("location")) == (404, None)


@pytest.mark.slow
def test_a_visit_below_the_path(page: Page) -> None:
    """A browser logs in, starts and cancels a transfer that it watches, and logs out; of the program itself."""
    with proxying(PATH) as (proxy, url), served(f"{url}/") as program:
        assert program.url == url
        proxy.port = program.port
        visitor = Visitor(page, url)
        visitor.log_in()
        visitor.open_collection("Beamline 7")
        visitor.see('input[value="README.txt"]')
        visitor.select(["2027-03 perovskite/"], "Campus cluster", "Below a path")
        visitor.click("#start")
        page.wait_for(f"!!({visitor.task('Below a path')})")
        assert visitor.address() == f"{url}/tasks"
        visitor.wait_until_live()
        page.evaluate(f"{visitor.task('Below a path')}.querySelector('button').click()")
        page.wait_for(f"{visitor.state('Below a path')} === 'CANCELED'", seconds=20)
        assert page.evaluate("getComputedStyle(document.querySelector('.task')).borderTopStyle") == "solid"
        visitor.click("#logout")
        visitor.see("#login")
        assert visitor.address() == f"{url}/"
