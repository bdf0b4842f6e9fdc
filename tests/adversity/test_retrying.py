"""Retries: hostile ``Retry-After`` headers, and a long outage."""

from __future__ import annotations

import asyncio
import random
import string
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from globus_async import BaseClient, GlobusAPIError, RetryPolicy
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async._http.retry_after import parse_retry_after
from tests.toolkit.clients import by_workers
from tests.toolkit.random_cases import cases
from tests.toolkit.scripted import Scripted, respond

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
POLICY = RetryPolicy()
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def refused(value: str, *, status: int = 429, date: str | None = None) -> RawResponse:
    fields = [(b"Retry-After", value.encode("utf-8", "surrogateescape"))]
    if date is not None:
        fields.append((b"Date", date.encode("utf-8", "surrogateescape")))
    return RawResponse(
        method="GET", path="/", status=status, reason="", headers=Headers(fields), body=b"", received_at=NOW.timestamp()
    )


def drawn_date(lots: random.Random) -> str:
    return format_datetime(NOW + timedelta(seconds=lots.randint(-(10**7), 10**7)), usegmt=True)


def odd_number(lots: random.Random) -> str:
    digits = "".join(lots.choices(string.digits, k=lots.choice((0, 1, 2, 3, 9, 10, 30, 400))))
    tail = lots.choice(("", "", " ", ".", ".5", "e9", "s", ";", ","))
    return lots.choice(("", "", "-", "+", " ", "\t", "0x")) + digits + tail


def odd_word(lots: random.Random) -> str:
    words = ("NaN", "inf", "-inf", "1e309", "\u0663", "\u00b2", "\uff11\uff12", "1_000", "None", "null", "true")
    return lots.choice(words)


def date_with_a_wrong_character(lots: random.Random) -> str:
    date = drawn_date(lots)
    place = lots.randrange(len(date))
    return date[:place] + chr(lots.randrange(0x20, 0x180)) + date[place + 1 :]


def date_cut_and_joined(lots: random.Random) -> str:
    date = drawn_date(lots)
    return date[lots.randrange(len(date)) :] + date[: lots.randrange(len(date))]


def date_of_another_age(lots: random.Random) -> str:
    return drawn_date(lots).replace(" 202", lots.choice((" 000", " 158", " 999", " 9999", " -1")), 1)


def date_of_another_zone(lots: random.Random) -> str:
    return drawn_date(lots).replace("GMT", lots.choice(("UTC", "PST", "+0100", "-9999", "", "Z", "gmt")))


def any_text(lots: random.Random) -> str:
    text = "".join(chr(lots.randrange(0x110000)) for _ in range(lots.randrange(40)))
    return text.encode("utf-8", "replace").decode()


def printable_text(lots: random.Random) -> str:
    return "".join(lots.choices(string.printable, k=lots.randrange(60)))


KINDS = (
    drawn_date,
    odd_number,
    odd_word,
    date_with_a_wrong_character,
    date_cut_and_joined,
    date_of_another_age,
    date_of_another_zone,
    any_text,
    printable_text,
)


def hostile(lots: random.Random) -> str:
    """Return a random header, valid or not."""
    return lots.choice(KINDS)(lots)


@pytest.mark.slow
def test_hostile_headers() -> None:
    """0 exceptions; the delay is none, or at most the maximum and some jitter, and never less than requested."""
    lots = random.Random(20261125)
    waits: dict[bool, int] = {False: 0, True: 0}
    for _ in range(cases(100_000)):
        date = hostile(lots) if lots.random() < 0.5 else None
        came = refused(hostile(lots), date=date)
        requested = came.retry_after
        assert requested is None or 0 <= requested < float("inf")
        delay = POLICY.delay(came, retries=0, idempotent=True, is_final=False, jitter=lots.random())
        if requested is not None and requested > POLICY.max_retry_after:
            assert delay is None
        else:
            assert delay is not None
            assert (requested or 0) <= delay <= 2 * POLICY.max_retry_after
        waits[requested is not None] += 1
    assert min(waits.values()) > cases(10_000)


@pytest.mark.slow
def test_all_three_forms_of_date_mean_the_same() -> None:
    """Random instants, each in three forms, relative to the response's ``Date`` and to our clock."""
    lots = random.Random(1)
    for _ in range(cases(10_000)):
        instant = NOW + timedelta(seconds=lots.randint(-(10**6), 10**9))
        away = max(0.0, (instant - NOW).total_seconds())
        forms = [
            format_datetime(instant, usegmt=True),
            instant.strftime("%a %b ") + f"{instant.day:2} {instant:%H:%M:%S %Y}",
        ]
        if instant.year < 2069:  # two digits of a year are ambiguous beyond
            forms.append(f"{WEEKDAYS[instant.weekday()]}, {instant:%d-%b-%y %H:%M:%S} GMT")
        for form in forms:
            assert parse_retry_after(form, date=None, received_at=NOW.timestamp()) == away
            server_date = format_datetime(NOW, usegmt=True)
            assert parse_retry_after(form, date=server_date, received_at=NOW.timestamp() + 86_400) == away


@pytest.mark.parametrize("seconds", [0, 1, 7, 119, 120])
async def test_never_repeated_earlier_than_requested(seconds: int) -> None:
    """The delay is the requested one and some jitter, by the clock."""
    service = Scripted(respond(503, Retry_After=str(seconds)), respond(200))
    async with service.client() as client:
        await client.get("/")
    assert len(service.times) == 2
    assert service.times[1] - service.times[0] >= seconds


@pytest.mark.parametrize("requested", ["121", "86400", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_too_long_a_delay_is_an_error_at_once(requested: str) -> None:
    """Beyond the maximum there is no wait and no retry; the error has the header."""
    service = Scripted(respond(503, Retry_After=requested), respond(200))
    async with service.client() as client:
        with pytest.raises(GlobusAPIError) as raised:
            await client.get("/")
    assert len(service.requests) == 1
    assert service.clock.slept == []
    assert raised.value.headers["retry-after"] == requested


@pytest.mark.slow
async def test_an_outage_does_not_cause_a_retry_storm() -> None:
    """10,000 calls that all get a 503: at most 10,040 attempts. After 100 successes calls are retried again."""
    asyncio.get_running_loop().set_debug(False)
    service = Scripted(respond(503))
    async with service.client(max_in_flight=100) as client:

        async def ask(_: int) -> None:
            with pytest.raises(GlobusAPIError):
                await client.get("/")

        await by_workers(ask, range(10_000), workers=100)
        assert 10_000 <= len(service.requests) <= 10_040
        service.steps = (respond(200),)
        for _ in range(100):
            await client.get("/")
        service.requests.clear()
        service.steps = (respond(503), respond(503), respond(200))
        assert (await client.get("/")).http_status == 200
        assert len(service.requests) == 3


async def test_an_outage_of_one_service_leaves_the_others_their_retries() -> None:
    """The retry budget is kept by origin: one service does not use up the budget of another."""
    service = Scripted(respond(503))
    async with service.client() as client:
        for _ in range(50):
            with pytest.raises(GlobusAPIError):
                await client.get("/")
        service.requests.clear()
        service.steps = (respond(503), respond(200))
        other = BaseClient(base_url="https://auth.globus.org/", transport=client.transport)
        assert (await other.get("/")).http_status == 200


def test_waits_are_spread_evenly() -> None:
    """Full jitter: 10,000 first waits fall evenly into ten parts of their range (chi-square below the 0.1 % bound)."""
    lots = random.Random(7)
    parts = [0] * 10
    came = RawResponse(method="GET", path="/", status=502, reason="", headers=Headers([]), body=b"")
    for _ in range(10_000):
        delay = POLICY.delay(came, retries=3, idempotent=True, is_final=False, jitter=lots.random())
        assert delay is not None
        parts[int(delay / (8 * POLICY.base_delay) * 10)] += 1
    assert sum((count - 1000) ** 2 / 1000 for count in parts) < 27.88
