"""Parsing Retry-After in all its forms, and invalid values."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async import RetryPolicy
from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async._http.retry_after import parse_http_date, parse_retry_after
from tests.toolkit.random_cases import cases

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT
PIECES = (
    *"0123456789+-. :,;eExX_\t\r\n\x00",
    "Sun",
    "Sunday",
    "Nov",
    "06",
    "1994",
    "94",
    "08:49:37",
    "GMT",
    "+0100",
    "Infinity",
    "NaN",
    "١٢",
    "²",
    "9" * 400,
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
)


def check(value: str, date: str | None = None) -> None:
    """Check one value: none, or a finite delay, and the delay of the policy is at most its maximum."""
    seconds = parse_retry_after(value, date=date, received_at=NOW)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
    fields = [(b"Retry-After", value.encode("utf-8", "replace"))]
    response = RawResponse(
        method="GET", path="/", status=503, reason="", headers=Headers(fields), body=b"", received_at=NOW
    )
    delay = RetryPolicy().delay(response, retries=0, idempotent=True, is_final=False, jitter=0.99)
    assert delay is None or 0 <= delay <= 120
    if delay is not None and response.retry_after is not None:
        assert delay >= response.retry_after


@pytest.mark.slow
def test_random_values() -> None:
    """None or a delay, and never an exception."""
    lots = Random(25)
    for _ in range(cases(50_000)):
        check("".join(lots.choices(PIECES, k=lots.randrange(8))))
        check("".join(map(chr, lots.choices(range(0x300), k=lots.randrange(12)))))


@settings(max_examples=cases(500), deadline=None, derandomize=True)
@given(st.text(), st.one_of(st.none(), st.text()))
def test_generated_values(value: str, date: str | None) -> None:
    """The same, with any Date."""
    check(value, date)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("120", 120),
        (" 7\t", 7),
        ("007", 7),
        ("00000000000005", 5),
        ("0" * 5000, 0),
        ("0" * 5000 + "9", 9),
        ("999999999", 999999999),
        ("0001000000001", 1e9),
        ("7\u00a0", None),
        ("\u0665", None),
        ("5\n", None),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e3", None),
        ("0x10", None),
        ("1_0", None),
        ("١٢", None),
        ("²", None),
        ("soon", None),
        ("5, 6", 6),
        ("5,5", 5),
        ("9 ,\t5", 9),
        ("soon, 5", 5),
        ("5, soon", 5),
        ("5, ", 5),
        (",,", None),
        ("5\n, 1.5", None),
        ("5, Sun, 06 Nov 1994 08:49:47 GMT", 10),
        ("Sun, 06 Nov 1994 08:49:47 GMT, 50", 50),
        ("Sun, 06 Nov 1994 08:49:47 GMT, Sunday, 06-Nov-94 08:49:57 GMT", 20),
        ("Sun, 06 Nov 1994 08:49:47 GMT\n", None),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10),
        ("Sun Nov  6 08:49:47 1994", 10),
        ("Sun, 06 Nov 1994 08:49:30 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:47 +0100", None),
        ("sun, 06 nov 1994 08:49:47 gmt", None),
        ("Sun, 06 Zzz 1994 08:49:47 GMT", None),
        ("Sun, 06 Nov 1994 08:49:\u0664\u0667 GMT", None),
        ("Sun, +6 Nov 1994 08:49:47 GMT", None),
        ("Sun, 06 Nov 1_99 08:49:47 GMT", None),
        ("Sun, 06 Nov 1994 08:49:47 PST", None),
        ("Sun, 06 Nov 1994 08:49:47", None),
        ("06 Nov 1994 08:49:47 GMT", None),
        ("Sun, 06 Nov 1994 08:49:47 GMT and more", None),
        ("Sun, 31 Feb 1994 08:49:47 GMT", None),
        ("Sun, 06 Nov 1994 25:61:61 GMT", None),
    ],
)
def test_forms(value: str | None, seconds: float | None) -> None:
    """ASCII digits, or one of the three HTTP dates; of several values, the longest that is valid."""
    assert parse_retry_after(value, date=None, received_at=NOW) == seconds


@pytest.mark.parametrize("digits", [10, 100, 4301, 100_000])
def test_a_number_of_any_length_is_long(digits: int) -> None:
    """Longer than any maximum, and no error."""
    seconds = parse_retry_after("9" * digits, date=None, received_at=NOW)
    assert seconds is not None
    assert 1e8 < seconds < math.inf


def test_a_date_is_compared_with_the_date_of_the_response() -> None:
    """The clock of this machine may be wrong by years."""
    date, value = "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT"
    for received_at in (0.0, NOW, 2e9, -1e9):
        assert parse_retry_after(value, date=date, received_at=received_at) == 60
    assert parse_retry_after(value, date="nonsense", received_at=NOW) == 60


@pytest.mark.parametrize(
    ("text", "year"), [("Monday, 01-Jan-68 00:00:00 GMT", 2068), ("Monday, 01-Jan-70 00:00:00 GMT", 1970)]
)
def test_years_of_two_digits(text: str, year: int) -> None:
    """They belong to the nearest century."""
    seconds = parse_http_date(text)
    assert seconds is not None
    assert round(1970 + seconds / 31_556_952) == year
