"""A token's life, without a clock."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from globus_async.authorizers.token import Freshness, HeldToken, lifetime_of
from globus_async.secret import Secret


def held(lifetime: float | None) -> HeldToken:
    """Hold a token since the instant 0."""
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
        (None, None),
        (True, None),
        ([], None),
        ({}, None),
        (10**400, None),
        ("1" * 400, 366 * 86400),
    ],
)
def test_lifetimes(expires_in: object, lifetime: float | None) -> None:
    """Odd values become what can be lived with."""
    assert lifetime_of(expires_in) == lifetime


@pytest.mark.parametrize(
    ("lifetime", "age", "freshness"),
    [
        (3600, 0, Freshness.GOOD),
        (3600, 3299, Freshness.GOOD),
        (3600, 3300, Freshness.DUE),
        (3600, 3539, Freshness.DUE),
        (3600, 3540, Freshness.LATE),
        (3600, 3599, Freshness.LATE),
        (3600, 3600, Freshness.OVER),
        (100, 49, Freshness.GOOD),
        (100, 50, Freshness.LATE),
        (200, 99, Freshness.GOOD),
        (200, 100, Freshness.DUE),
        (200, 140, Freshness.LATE),
        (0, 0, Freshness.OVER),
        (None, 10**9, Freshness.GOOD),
    ],
)
def test_when_to_renew(lifetime: float | None, age: float, freshness: Freshness) -> None:
    """Five minutes before the end beside the calls, one minute before it first; never in the first half of its life."""
    assert held(lifetime).freshness(wall=age, monotonic=age) is freshness


@given(st.floats(0, 1e6), st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_the_clock_that_says_less_is_left_decides(lifetime: float, wall: float, monotonic: float) -> None:
    """The wall clock may step, the monotonic one may stand still."""
    order = list(Freshness)
    token = held(lifetime)
    both = order.index(token.freshness(wall=wall, monotonic=monotonic))
    alone = (token.freshness(wall=wall, monotonic=0.0), token.freshness(wall=0.0, monotonic=monotonic))
    assert both == max(order.index(one) for one in alone)


@given(st.floats(0.001, 1e6), st.floats(0, 1))
def test_it_never_gets_fresher(lifetime: float, part: float) -> None:
    """Good, due, late, over, in this order; and half of its life it is good."""
    token, order = held(lifetime), list(Freshness)
    ages = [lifetime * part * step / 10 for step in range(11)]
    seen = [order.index(token.freshness(wall=age, monotonic=age)) for age in ages]
    assert seen == sorted(seen)
    half = lifetime * 0.499
    assert token.freshness(wall=half, monotonic=half) is Freshness.GOOD
