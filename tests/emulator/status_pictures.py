"""
``python -m tests.emulator.status_pictures``: the pictures of the status page in ``docs/images``.

Chromium must be installed.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

from globus_async.testing import GlobusEmulator, LoopbackServer, ManualClock, MemoryStorage, Pace
from globus_async.testing.faults import latency, status
from tests.emulator.status_browser import Page, browser
from tests.source import ROOT

__all__ = ("busy_emulator", "prefer", "resize")

MAX_HEIGHT = 4000


def submit(emulator: GlobusEmulator, url: str, path: str, label: str) -> str:
    """Submit a transfer of a file or directory from the first collection to the second."""
    source, destination, *_ = emulator.transfer.collections
    headers = {"Authorization": f"Bearer {emulator.access_token()}"}
    document = {
        "submission_id": httpx.get(f"{url}/v0.10/submission_id", headers=headers).json()["value"],
        "source_endpoint": source,
        "destination_endpoint": destination,
        "label": label,
        "DATA": [{"source_path": path, "destination_path": f"/{label}{path}", "recursive": path.endswith("/")}],
    }
    return str(httpx.post(f"{url}/v0.10/transfer", json=document, headers=headers).json()["task_id"])


@contextmanager
def busy_emulator() -> Generator[tuple[GlobusEmulator, LoopbackServer]]:
    """Serve an emulator with users, applications, collections, tasks in all states, faults and requests."""
    clock = ManualClock()
    emulator = GlobusEmulator(clock=clock, pace=Pace(bytes_per_second=200_000, workers=1))
    ada = emulator.add_identity("ada@example.org", name="Ada Lovelace")
    emulator.add_identity("bob@example.org", name="Bob <b>Builder</b>")
    portal = emulator.add_client("Portal", secret="portal-secret", redirect_uris=["http://localhost:8000/callback"])
    emulator.add_client("Laptop")
    ada.last_authentication = clock.wall() - 60
    emulator.access_token(ada, client=portal)
    files = {f"run1/frame{number:02}.h5": "x" * 100_000 for number in range(24)} | {"notes.txt": "n" * 900}
    lab = emulator.add_collection("Beamline 7", storage=MemoryStorage(files), owner=ada)
    emulator.add_collection("Archive", storage=MemoryStorage(), owner=ada)
    emulator.add_collection("Field laptop", owner=ada)
    emulator.add_collection("Shared runs", host=lab, host_path="/run1/", owner=ada)
    with emulator.serve_in_thread() as server:
        submit(emulator, server.url, "/notes.txt", "notes")
        server.run(emulator.advance(75))
        missing = submit(emulator, server.url, "/absent.txt", "absent file")
        suspended = submit(emulator, server.url, "/run1/", "needs consent")
        server.run(emulator.advance(1))
        emulator.suspend(suspended)
        submit(emulator, server.url, "/run1/", "run 1")
        httpx.post(
            f"{server.url}/v0.10/task/{missing}/cancel",
            headers={"Authorization": f"Bearer {emulator.access_token()}"},
        )
        server.run(emulator.advance(6))
        httpx.get(f"{server.url}/v0.10/endpoint/00000000-0000-0000-0000-000000000000")
        emulator.faults.add("GET", "/v0.10/bookmark_list", status(503))
        httpx.get(f"{server.url}/v0.10/bookmark_list")
        emulator.faults.add("GET", "/v0.10/task/*", status(429, retry_after=5), times=3)
        emulator.faults.add("POST", "/v0.10/transfer", latency(2), times=1, after=2)
        yield emulator, server


def resize(page: Page, width: int, height: int) -> None:
    """Set the size of the screen; a narrow one is a phone's."""
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 800)


def prefer(page: Page, scheme: str) -> None:
    """Set the color scheme."""
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])


def main() -> None:
    """Take the pictures: of a desk for the documentation; with a folder, of a phone too."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with busy_emulator() as (_, server), browser() as page:
        page.open(f"{server.url}/")
        page.wait_for("document.querySelectorAll('tr[data-key]').length > 10")
        for scheme in ("light", "dark"):
            prefer(page, scheme)
            for width, height in ((1280, 1000), (390, 844)):
                resize(page, width, height)
                whole = int(page.evaluate("document.documentElement.scrollHeight"))
                if folder is not None:
                    resize(page, width, min(whole, MAX_HEIGHT))
                    picture = page.call("Page.captureScreenshot", format="png")["data"]
                    (folder / f"status-{width}-{scheme}.png").write_bytes(base64.b64decode(picture))
                elif width > 1000:
                    picture = page.call("Page.captureScreenshot", format="webp", quality=70)["data"]
                    (ROOT / "docs" / "images" / f"status-{scheme}.webp").write_bytes(base64.b64decode(picture))


if __name__ == "__main__":
    main()
