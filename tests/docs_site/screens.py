"""
``python -m tests.docs_site.screens SITE [FOLDER]``: the main pages of the built documentation in a browser.

Each page on a phone and on a desk, light and dark: it does not scroll sideways, axe finds nothing serious, and no
script fails. Then the search, and the menu of versions. With a folder the pictures are written into it. Chromium must
be installed.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Final

from tests.docs_site.pages import SEARCHES
from tests.emulator.status_browser import Page, browser

PAGES: Final = {
    "landing": "index.html",
    "guides": "howto/index.html",
    "guide": "howto/transfers.html",
    "coming": "coming_from_globus_sdk.html",
    "reference": "reference/transfer.html",
    "performance": "performance.html",
    "versioning": "versioning.html",
}
SCREENS: Final = ((390, 844), (1280, 900))
SCHEMES: Final = ("light", "dark")
MAX_HEIGHT: Final = 4000
AXE: Final = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")

NOTE_ERRORS: Final = """
window.errors = [];
addEventListener("error", (event) => errors.push(event.message || event.target.src || event.target.href), true);
addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
"""
RUN_AXE: Final = """
axe.run({resultTypes: ["violations"]}).then((found) => {
  window.found = found.violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.target} ${node.failureSummary}`));
});
"""
WIDER: Final = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth"


class Site(SimpleHTTPRequestHandler):
    """The built pages as version 0.1, beside a version 0.2 that has the first page and the tutorial only."""

    versions: Final = {"versions": [{"version": "0.2", "url": "/0.2/"}, {"version": "0.1", "url": "/0.1/"}]}

    def do_GET(self) -> None:
        if self.path == "/0.1/_static/versions.json":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(self.versions).encode())
        else:
            super().do_GET()

    def translate_path(self, path: str) -> str:
        version, _, page = path.partition("?")[0].lstrip("/").partition("/")
        if version == "0.2" and page not in {"", "index.html", "tutorial.html"} and not page.startswith("_static/"):
            page = "absent"
        return super().translate_path("/" + page)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(site: Path) -> Generator[str]:
    """Serve a site on a free port until the end of the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/0.1/"
        finally:
            server.shutdown()
            thread.join()


def go(page: Page, url: str) -> None:
    """Open an address, and wait until it is whole."""
    page.evaluate("window.leaving = true")
    page.call("Page.navigate", url=url)
    page.wait_for("document.readyState === 'complete' && !window.leaving")


def show(page: Page, width: int, height: int, scheme: str) -> None:
    """Set the size of the screen and the color scheme."""
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 800)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])


def findings(page: Page) -> list[str]:
    """Return what is wrong with the open page."""
    found = [f"a script failed: {each}" for each in page.evaluate("window.errors")]
    if (wider := page.evaluate(WIDER)) > 0:
        found.append(f"it scrolls sideways by {wider} pixels")
    page.evaluate(AXE)
    page.evaluate(RUN_AXE)
    return found + [
        str(each).replace("\n", " ") for each in page.wait_for("window.found && [window.found]", seconds=60)[0]
    ]


def picture(page: Page, width: int, file: Path) -> None:
    """Write a picture of the open page, down to a limit."""
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), MAX_HEIGHT)
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 800)
    file.write_bytes(base64.b64decode(page.call("Page.captureScreenshot", format="png")["data"]))


def problems_of_screens(page: Page, url: str, folder: Path | None) -> Iterator[str]:
    """Yield what is wrong with the main pages."""
    for scheme in SCHEMES:
        for width, height in SCREENS:
            for name, path in PAGES.items():
                show(page, width, height, scheme)
                go(page, url + path)
                yield from (f"{path}, {width} pixels, {scheme}: {each}" for each in findings(page))
                if folder is not None:
                    picture(page, width, folder / f"{name}-{width}-{scheme}.png")


def problems_of_search(page: Page, url: str) -> Iterator[str]:
    """Yield the searches whose first three results lack their page."""
    for query, (path, _) in SEARCHES.items():
        go(page, f"{url}search.html?q={query.replace(' ', '+')}")
        page.wait_for("document.querySelectorAll('#search-results li a').length > 2")
        results = page.evaluate(
            "[...document.querySelectorAll('#search-results li a')].slice(0, 3).map(a => a.pathname)"
        )
        if not any(each.endswith(f"{path}.html") for each in results):
            yield f"search for {query!r}: {results}"


def problems_of_versions(page: Page, url: str) -> Iterator[str]:
    """Yield where the menu of versions leads to wrong pages."""
    for path, expected in (("tutorial.html", "/0.2/tutorial.html"), ("errors.html", "/0.2/")):
        show(page, 1280, 900, "light")
        go(page, url + path)
        chosen = page.wait_for("document.querySelector('#versions select')?.selectedOptions[0].text")
        if chosen != "0.1":
            yield f"{path}: the menu shows version {chosen}"
        page.evaluate(
            "(menu => { menu.selectedIndex = 0; menu.dispatchEvent(new Event('change')); })"
            "(document.querySelector('#versions select'))"
        )
        page.wait_for("location.pathname.startsWith('/0.2/') && document.readyState === 'complete'")
        if (found := page.evaluate("location.pathname")) != expected:
            yield f"{path}: the menu leads to {found}"
        if not page.wait_for("document.querySelector('#versions')?.textContent.includes('Version')"):
            yield f"{found}: no version"


def main() -> None:
    """Check the pages of a site."""
    site, folder = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with serving(site) as url, browser() as page:
        page.open("about:blank")
        page.call("Page.enable")
        page.call("Page.addScriptToEvaluateOnNewDocument", source=NOTE_ERRORS)
        problems = [
            *problems_of_screens(page, url, folder),
            *problems_of_search(page, url),
            *problems_of_versions(page, url),
        ]
    raise SystemExit("\n".join(problems) or None)


if __name__ == "__main__":
    main()
