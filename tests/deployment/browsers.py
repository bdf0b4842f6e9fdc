"""Browsers of users who log in on the pages of an emulated Globus, and what becomes of their requests."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any, NamedTuple

import httpx

__all__ = ("Browser", "Outcome", "Records", "Refused", "keep_busy")

_HTML = {"Accept": "text/html"}
_FIELD = re.compile(r'name="(\w+)" value="([^"]*)"')
_PAUSE = 0.05
_MAX_REPEATS = 100


class Refused(Exception):
    """A user does not get what they have a right to."""


class Outcome(NamedTuple):
    """The response to a request for the application."""

    at: float
    """When it was there, on the clock of `time.perf_counter`."""
    path: str
    status: int
    seconds: float
    """How long the request took, repetitions included."""
    retry_after: str | None


@dataclass
class Records:
    """What browsers have seen."""

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    repeats: int = 0
    """Requests that a browser repeated, because the connection was cut."""
    logins: int = 0

    @property
    def refused(self) -> Counter[str]:
        """Responses that nobody should get."""
        return Counter(f"{each.status} {each.path}" for each in self.outcomes if each.status >= 400)


class Browser:
    """
    A browser with the cookies of one user.

    Args:
        url: The address of the application.
        username: The user.
        identity: The UUID of the user's identity.
        token: A bearer token of the user, for the API.
        tls: The certificates that it trusts.
        records: Where it records its requests.
    """

    def __init__(
        self, url: str, username: str, identity: str, token: str, *, tls: ssl.SSLContext, records: Records
    ) -> None:
        self.url = url
        self.username = username
        self._identity = identity
        self._bearer = {"Authorization": f"Bearer {token}"}
        self._records = records
        self._http = httpx.AsyncClient(verify=tls, timeout=180, trust_env=False)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def log_in(self) -> None:
        """Open a page, log in on the pages of Globus, and arrive at the page."""
        page = await self.visit("GET", f"{self.url}/", headers=_HTML)
        if "/v2/oauth2/authorize" in str(page.url):
            fields = {**_fields(page.text), "identity": self._identity, "decision": "allow"}
            page = await self.visit("POST", str(page.url.join("/v2/web/consent")), data=fields)
        if page.status_code != 200 or f"Hello, {self.username}!" not in page.text:
            raise Refused(f"login: {page.status_code} {page.text[:200]}")
        self._records.logins += 1

    async def log_out(self) -> None:
        """Send the form of the page."""
        page = await self.visit("GET", f"{self.url}/", headers=_HTML)
        response = await self.send("POST", f"{self.url}/logout", data=_fields(page.text))
        if response.status_code != 303:
            raise Refused(f"logout: {response.status_code} {response.text[:200]}")

    async def request(self, number: int) -> httpx.Response:
        """Send the request of a number: a page, a call of Transfer, and the API with a bearer token, in turn."""
        match number % 3:
            case 0:
                response = await self.send("GET", f"{self.url}/", headers=_HTML)
                is_right = f"Hello, {self.username}!" in response.text
            case 1:
                response = await self.send("GET", f"{self.url}/tasks")
                is_right = response.text == "[]"
            case _:
                response = await self.send("GET", f"{self.url}/me", headers=self._bearer)
                is_right = f'"{self.username}"' in response.text
        if response.status_code == 200 and not is_right:
            raise Refused(f"{response.url}: the response to another user: {response.text[:200]}")
        return response

    async def request_as_stranger(self) -> httpx.Response:
        """Send a request with the cookie of no session, which no worker knows without the store."""
        cookie = {"Cookie": "__Secure-globus_session=of-no-session"}
        return await self._http.get(f"{self.url}/tasks", headers=cookie)

    async def visit(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request and follow redirects."""
        response = await self.send(method, url, **options)
        while response.next_request is not None:
            response = await self.send("GET", str(response.next_request.url), headers=_HTML)
        return response

    async def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request, and repeat it if the connection is cut."""
        began = time.perf_counter()
        for _ in range(_MAX_REPEATS):
            try:
                response = await self._http.request(method, url, **options)
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                self._records.repeats += 1
                await asyncio.sleep(_PAUSE)
                continue
            if url.startswith(self.url):
                now, wait = time.perf_counter(), response.headers.get("retry-after")
                path = response.request.url.path
                self._records.outcomes.append(Outcome(now, path, response.status_code, now - began, wait))
            return response
        raise Refused(f"{method} {url}: no response")


def _fields(page: str) -> dict[str, str]:
    """Return the fields of the form of a page; of several with one name, the last."""
    return {name: unescape(value) for name, value in _FIELD.findall(page)}


@asynccontextmanager
async def keep_busy(browsers: Sequence[Browser], *, pause: float) -> AsyncGenerator[None]:
    """Let all browsers send requests, with a pause after each, until the end of the block."""
    done = asyncio.Event()

    async def use(browser: Browser) -> None:
        number = 0
        while not done.is_set():
            await browser.request(number)
            await asyncio.sleep(pause)
            number += 1

    async with asyncio.TaskGroup() as group:
        for each in browsers:
            group.create_task(use(each))
        try:
            yield
        finally:
            done.set()
