"""The lifetime of a token, without a clock."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_async.authorizers.token import Freshness, HeldToken, parse_lifetime
from globus_async.secret import Secret


def held(lifetime: float | None) -> HeldToken:
    """Return a token whose lifetime began at the instant 0."""
    return HeldToken.bearer(Secret("AgX"), lifetime, wall=0.0, monotonic=0.0)


@pytest.mark.parametrize(
    ("expires_in", "lifetime"),
    [
        (3600, 3600),
        ("3600", 3600),
        (1.5, 1.5),
        (0, 0),
        (-5, 0),
        (1000000000000.0, 366 * 86400),
        (math.inf, 366 * 86400),
        (-math.inf, 0),
        (math.nan, None),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("00000000003600", 3600),
        (" 3600 ", 3600),
        ("-5", 0),
        ("1_000", None),
        ("1e3", None),
        ("inf", None),
        ("\u0663\u0666", None),
        ("0x10", None),
        ("+5", None),
        (None, None),
        (True, None),
        ([], None),
        ({}, None),
        (10**400, None),
        ("1" * 400, 366 * 86400),
    ],
)
def test_lifetimes(expires_in: object, lifetime: float | None) -> None:
    """Invalid values become usable ones."""
    assert parse_lifetime(expires_in) == lifetime


@pytest.mark.parametrize(
    ("lifetime", "age", "freshness"),
    [
        (3600, 0, Freshness.FRESH),
        (3600, 3299, Freshness.FRESH),
        (3600, 3300, Freshness.REFRESH_SOON),
        (3600, 3539, Freshness.REFRESH_SOON),
        (3600, 3540, Freshness.REFRESH_NOW),
        (3600, 3599, Freshness.REFRESH_NOW),
        (3600, 3600, Freshness.EXPIRED),
        (100, 49, Freshness.FRESH),
        (100, 50, Freshness.REFRESH_NOW),
        (200, 99, Freshness.FRESH),
        (200, 100, Freshness.REFRESH_SOON),
        (200, 140, Freshness.REFRESH_NOW),
        (0, 0, Freshness.EXPIRED),
        (None, 10**9, Freshness.FRESH),
    ],
)
def test_when_to_refresh(lifetime: float | None, age: float, freshness: Freshness) -> None:
    """In the background five minutes before expiry, awaited one minute before; never in the first half of its life."""
    assert held(lifetime).freshness(wall=age, monotonic=age) is freshness


@given(st.floats(0, 1e6), st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_the_clock_with_less_time_remaining_decides(lifetime: float, wall: float, monotonic: float) -> None:
    """The wall clock may step, the monotonic one may stop."""
    order = list(Freshness)
    token = held(lifetime)
    both = order.index(token.freshness(wall=wall, monotonic=monotonic))
    alone = (token.freshness(wall=wall, monotonic=0.0), token.freshness(wall=0.0, monotonic=monotonic))
    assert both == max(order.index(one) for one in alone)


@given(st.floats(0.001, 1e6), st.floats(0, 1))
def test_it_never_gets_fresher(lifetime: float, part: float) -> None:
    """Freshness only decreases, and a token is fresh for half of its lifetime."""
    token, order = held(lifetime), list(Freshness)
    ages = [lifetime * part * step / 10 for step in range(11)]
    seen = [order.index(token.freshness(wall=age, monotonic=age)) for age in ages]
    assert seen == sorted(seen)
    half = lifetime * 0.499
    assert token.freshness(wall=half, monotonic=half) is Freshness.FRESH
