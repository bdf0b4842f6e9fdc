"""A headless Chromium, controlled through its remote debugging pipe."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

PROGRAM = os.environ.get("TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""


class Page:
    """An open page."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to = to_browser
        self._from = from_browser
        self._numbers = itertools.count(1)
        self._left = b""
        self._session: str | None = None

    def open(self, url: str) -> None:
        target = self.call("Target.createTarget", url=url)["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def wait_for(self, expression: str, *, seconds: float = 15) -> Any:
        """Evaluate until the value is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.evaluate(expression):
                return value
            time.sleep(0.05)
        raise AssertionError(f"never became true: {expression}")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._left:
                self._left += os.read(self._from, 65536)
            raw, _, self._left = self._left.partition(b"\0")
            response = json.loads(raw)
            if response.get("id") == number:
                if "navigated" in response.get("error", {}).get("message", ""):
                    return self.call(method, **params)
                assert "error" not in response, response
                result: dict[str, Any] = response["result"]
                return result


@contextmanager
def browser() -> Generator[Page]:
    """Run a browser with a profile of its own until the end of the block."""
    read_by_browser, to_browser = os.pipe()
    from_browser, written_by_browser = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # Chromium reads from descriptor 3 and writes to 4, which only a shell can set
        shell = f'exec "$0" "$@" 3<&{read_by_browser} 4>&{written_by_browser}'
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"]
        process = subprocess.Popen(
            ["/bin/bash", "-c", shell, PROGRAM, *flags, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(read_by_browser, written_by_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_by_browser)
        os.close(written_by_browser)
        try:
            yield Page(to_browser, from_browser)
        finally:
            os.close(to_browser)
            os.close(from_browser)
            process.terminate()
            process.wait(10)
