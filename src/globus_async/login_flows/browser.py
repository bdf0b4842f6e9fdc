"""Opening the user's browser, where there is one."""

from __future__ import annotations

import inspect
import os
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, TypeAlias

from .._concurrency.daemon_call import DaemonCall
from .errors import LocalServerEnvironmentalLoginError

if TYPE_CHECKING:
    import webbrowser

__all__ = ("BrowserOpener", "find_browser", "open_with")

BrowserOpener: TypeAlias = Callable[[str], "Awaitable[bool | None] | bool | None"]
"""Opens a URL in a browser. It may be a coroutine function; a result of ``False`` says that it failed."""

_TEXT_BROWSERS: Final = frozenset({"elinks", "links", "lynx", "w3m", "www-browser"})
_REMOTE: Final = ("SSH_TTY", "SSH_CONNECTION")
_INSTEAD: Final = "log in at the terminal instead, with CommandLineLoginFlowManager"


async def find_browser() -> BrowserOpener:
    """
    Find the browser of the user.

    Raises:
        LocalServerEnvironmentalLoginError: The session is remote, the browser shows text only, or there is none.
    """
    if any(map(os.environ.get, _REMOTE)):
        raise LocalServerEnvironmentalLoginError(
            f"this is a remote session (SSH), whose browser cannot reach this machine; {_INSTEAD}"
        )
    browser = await DaemonCall(_default_browser, name="globus_async browser").result()
    return lambda url: browser.open(url, new=1)


async def open_with(opener: BrowserOpener, url: str) -> None:
    """
    Open a URL; a function that is no coroutine function runs in a thread of its own.

    Raises:
        LocalServerEnvironmentalLoginError: It failed, or said so.
    """
    try:
        if inspect.iscoroutinefunction(opener):
            opened = await opener(url)
        else:
            opened = await DaemonCall(lambda: opener(url), name="globus_async browser").result()
            if inspect.isawaitable(opened):
                opened = await opened
    except Exception as error:
        raise LocalServerEnvironmentalLoginError(f"the browser could not be opened; {_INSTEAD}") from error
    if opened is False:
        raise LocalServerEnvironmentalLoginError(f"the browser could not be opened; {_INSTEAD}")


def _default_browser() -> webbrowser.BaseBrowser:
    import webbrowser  # noqa: PLC0415 -- few programs log in this way

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        raise LocalServerEnvironmentalLoginError(f"there is no browser on this machine; {_INSTEAD}") from None
    name = PurePath(getattr(browser, "name", "") or getattr(browser, "_name", "")).name
    if name in _TEXT_BROWSERS:
        raise LocalServerEnvironmentalLoginError(
            f"the browser {name} shows text only, and the pages of Globus need more; {_INSTEAD}"
        )
    return browser
