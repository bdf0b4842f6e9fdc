"""Both programs of each pair of "Coming from globus-sdk" print the same, against the same emulator."""

from __future__ import annotations

import asyncio
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.services.transfer.world import add_more_than_a_page, world
from tests.source import ROOT
from tests.test_docs_examples import registered
from tests.toolkit.examples import executed

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "coming_from_globus_sdk.md"
PAIR = re.compile(
    r"^### (?P<heading>[^\n]+)\n(?:(?!^#).)*?^::::\{container\} pair\n(?P<body>.*?)^::::$", re.MULTILINE | re.DOTALL
)
FENCE = re.compile(r"^```(?P<language>\S*)\n(?P<source>.*?)^```$", re.MULTILINE | re.DOTALL)

Printed = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Pair:
    """Two programs under a heading."""

    heading: str
    official: str
    ours: str

    def __str__(self) -> str:
        return self.heading


def pairs(text: str) -> Iterator[Pair]:
    for match in PAIR.finditer(text):
        official, ours = (textwrap.dedent(fence["source"]) for fence in FENCE.finditer(match["body"]))
        yield Pair(match["heading"], official, ours)


def changed(text: str) -> Iterator[Pair]:
    """Yield the pair of a ``diff``: the program before, and after it."""
    for number, fence in enumerate(FENCE.finditer(text)):
        if fence["language"] == "diff":
            lines = fence["source"].splitlines()
            before, after = ("\n".join(line[1:] for line in lines if line[:1] != mark) for mark in "+-")
            yield Pair(f"README, block {number}", before, after)


PAIRS = list(pairs(PAGE.read_text()))
README = list(changed((ROOT / "README.md").read_text()))


OWN = {"code_challenge", "code_challenge_method", "state"}
"""
Parameters of an authorization URL that are documented differences: the state is random here and ``_default`` there,
and the login of a confidential application has a PKCE challenge, which is random.
"""


def authorization_url(printed: Printed) -> Printed:
    """Return the path of a URL, and its parameters in any order, without those that differ on purpose."""
    (url,), *others = printed
    parts = urlsplit(url)
    query = sorted(pair for pair in parse_qsl(parts.query) if pair[0] not in OWN)
    return [(parts.path, name, value) for name, value in query] + others


COMPARABLE: Mapping[str, Callable[[Printed], Printed]] = {
    "Log in": authorization_url,
    "Log in on the web": authorization_url,
}
"""What is compared of a pair that prints something random."""

CONTINUED: Mapping[str, tuple[str, str]] = {
    "Log in on the web": (
        "session = {}\ntokens = finish(session, log_in(begin(session)))\nprint(*sorted(tokens.by_resource_server))",
        (
            "app = ConfidentialAppAuthClient(client_id, client_secret)\nsession = {}\nasync with app:\n"
            "    tokens = await finish(session, log_in(begin(session)))\nprint(*sorted(tokens.by_resource_server))"
        ),
    )
}
"""What follows in a pair that only defines functions: the use of both. ``log_in`` returns the query of the redirect."""

NOT_COMPARED: Mapping[str, str] = {}
"""Why a pair cannot be compared: heading and reason."""


def recorder(printed: Printed) -> Callable[..., None]:
    """Return a ``print`` that keeps its arguments."""

    def record(*arguments: object) -> None:
        printed.append(arguments)

    return record


@pytest.mark.parametrize("pair", [pair for pair in (*PAIRS, *README) if pair.heading not in NOT_COMPARED], ids=str)
async def test_both_print_the_same(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Globus with more tasks and collections than a page has; the same numbers and words, in the same order."""
    official: Printed = []
    ours: Printed = []
    async with world() as names:
        emulator = names["emulator"]
        names.update(registered(emulator))
        for token in ("access_token", "service_token"):
            await add_more_than_a_page(emulator, names[token])
        known: dict[str, Any] = {name: value for name, value in names.items() if isinstance(value, str)}
        known["log_in"] = lambda url: dict(parse_qsl(urlsplit(emulator.auth.authorize(url).url).query))
        async with emulator.serve() as server:
            for variable, url in server.environ.items():
                monkeypatch.setenv(variable, url)
            official_end, our_end = CONTINUED.get(pair.heading, ("", ""))
            program = compile(f"{pair.official}\n{official_end}", f"{pair}: globus_sdk", "exec")
            await asyncio.to_thread(exec, program, {**known, "print": recorder(official)})
            program_names = {**known, "print": recorder(ours)}
            await executed(f"{pair.ours}\n{our_end}", program_names, page=f"{pair}: globus_async")
    comparable = COMPARABLE.get(pair.heading, list)
    assert comparable(official), "the program prints nothing that could be compared"
    assert comparable(ours) == comparable(official)


def test_all_pairs_are_found() -> None:
    """Every pair of the page has two programs, the official one first, and a heading of its own."""
    text = PAGE.read_text()
    assert len(PAIRS) == text.count("{container} pair") >= 6
    assert README
    assert len({pair.heading for pair in PAIRS}) == len(PAIRS)
    for pair in PAIRS:
        assert "globus_sdk" in pair.official
        assert "globus_sdk" not in pair.ours
        assert "globus_async" in pair.ours
    assert {*COMPARABLE, *CONTINUED, *NOT_COMPARED} <= {pair.heading for pair in PAIRS}
    assert all(NOT_COMPARED.values())
