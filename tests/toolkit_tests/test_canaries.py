"""The search finds a secret wherever it is shown, and nothing where it is not."""

from __future__ import annotations

import base64
import logging
import urllib.parse
from dataclasses import dataclass, field

import pytest

from globus_async.secret import Secret
from tests.toolkit.canaries import Listener, canary, leaks_in_text, leaks_of, leaks_of_error

TOKEN = canary("the token")


@dataclass
class Shown:
    token: str


@dataclass
class Hidden:
    token: str = field(repr=False)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("raw", f"Bearer {TOKEN}!"),
        ("raw", f"...{TOKEN[5:17]}..."),
        ("percent-encoded", "?t=" + urllib.parse.quote(TOKEN, safe="")),
        ("reversed", TOKEN[::-1]),
        ("base64", base64.b64encode(f"id:{TOKEN}".encode()).decode()),
        ("base64", base64.b64encode(f"client:{TOKEN}".encode()).decode()),
        ("base64", base64.urlsafe_b64encode(f"clien:{TOKEN}".encode()).decode()),
    ],
)
def test_finds_every_form(form: str, text: str) -> None:
    """Raw, in part, percent-encoded, reversed, and in base64 at any offset."""
    assert any(form in leak for leak in leaks_in_text(text))


def test_finds_every_way_of_showing() -> None:
    """`repr`, `vars` and pickling are ways; what only some of them show is named."""
    assert leaks_of("nothing here") == []
    ways = {leak.split()[2] for leak in leaks_of(Shown(TOKEN))}
    assert {"repr:", "str:", "vars:", "pickle:", "json:", "copy:", "%s:"} <= ways
    assert {leak.split()[2] for leak in leaks_of(Hidden(TOKEN))} == {"vars:", "pickle:"}
    assert leaks_of(Shown(Secret(TOKEN))) == []  # type: ignore[arg-type]


def test_searches_tracebacks() -> None:
    """The locals of every frame are searched, along the whole chain."""

    def inner(token: str) -> None:
        raise ValueError("no secret in the text")

    def outer(token: str) -> None:
        try:
            inner(token)
        except ValueError as error:
            raise KeyError("nor here") from error

    with pytest.raises(KeyError) as raised:
        outer(TOKEN)
    assert leaks_of_error(raised.value) == []
    seen = leaks_of_error(raised.value, ignoring=())
    assert any("KeyError in outer" in leak for leak in seen)
    assert any("ValueError in inner" in leak for leak in seen)
    with pytest.raises(ExceptionGroup) as group:
        raise ExceptionGroup("several", [ValueError(TOKEN)])
    assert leaks_of_error(group.value) != []


def test_records_every_logger() -> None:
    """Records of all loggers at DEBUG are searched, arguments and fields included."""
    with Listener() as listener:
        logging.getLogger("quiet").debug("all %s", "well")
        assert listener.leaks() == []
        logging.getLogger("chatty").debug("sent %s", TOKEN)
        logging.getLogger("sly").debug("sent", extra={"header": TOKEN})
    assert len(listener.leaks()) >= 2
