"""The ``httpx.AsyncClient`` that we make: no cookies, no redirects, no hooks, and no log of the URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("PlainClient",)


class _NoCookies(httpx.Cookies):
    """A cookie jar that stores nothing: one user's cookie must not be sent with another's call."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Ignore the cookies of a response."""


class PlainClient(httpx.AsyncClient):
    """
    An ``httpx.AsyncClient`` that sends a request as it is.

    httpx's own `send` logs every URL at INFO, and URLs have the names of users, files and folders in their queries.

    Args:
        transport: Sends the requests.
        is_closed: Returns whether something below the transport has been closed.
    """

    _none = _NoCookies()

    def __init__(self, transport: httpx.AsyncBaseTransport, *, is_closed: Callable[[], bool] = bool) -> None:
        super().__init__(transport=transport, trust_env=False)
        self._plain = transport
        self._is_closed_below = is_closed

    @property
    def cookies(self) -> httpx.Cookies:
        """An empty cookie jar."""
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        pass

    @property
    def is_closed(self) -> bool:
        """Whether the client or what it sends through has been closed."""
        return super().is_closed or self._is_closed_below()

    async def send(self, request: httpx.Request, *, stream: bool = False, **_: Any) -> httpx.Response:
        """Send a request; ``auth`` and ``follow_redirects`` have no effect."""
        if self.is_closed:
            raise RuntimeError("the client has been closed")
        response = await self._plain.handle_async_request(request)
        response.request = request
        if not stream:
            await response.aread()
        return response
