"""
``python -m tests.examples.portal_pictures``: the pictures of the portal in ``docs/images/portal``.

Each page on three screens, light and dark. Chromium must be installed.
"""

from __future__ import annotations

import base64

from tests.emulator.status_browser import browser
from tests.examples.portal_server import running
from tests.examples.portal_tour import tour
from tests.examples.portal_visit import Visitor
from tests.source import ROOT

FOLDER = ROOT / "docs" / "images" / "portal"
SCREENS = ((390, 844), (820, 1180), (1440, 900))
MAX_HEIGHT = 1500
QUALITY = 60


def take(visitor: Visitor, name: str) -> None:
    """Take the pictures of a page."""
    for scheme in ("light", "dark"):
        visitor.prefer(scheme=scheme)
        for width, height in SCREENS:
            visitor.resize(width, height, has_touch=width < 1000)
            whole = int(visitor.page.evaluate("document.documentElement.scrollHeight"))
            visitor.resize(width, min(max(whole, height), MAX_HEIGHT), has_touch=width < 1000)
            picture = visitor.page.call("Page.captureScreenshot", format="webp", quality=QUALITY)["data"]
            (FOLDER / f"{name}-{width}-{scheme}.webp").write_bytes(base64.b64decode(picture))
    visitor.resize(1280, 800)


def main() -> None:
    """Take the pictures of all pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    with running(speed=0.5) as portal, browser() as page:
        page.open("about:blank")
        for name, visitor in tour(portal, page):
            take(visitor, name)


if __name__ == "__main__":
    main()
