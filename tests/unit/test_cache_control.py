"""The freshness lifetime of a response."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async._http.cache_control import freshness_lifetime


@pytest.mark.parametrize(
    ("cache_control", "age", "expected"),
    [
        (None, None, None),
        ("", None, None),
        ("public", None, None),
        ("s-maxage=10", None, None),
        ("max-age=600", None, 600),
        ("public, max-age=600, must-revalidate", None, 600),
        ("MAX-AGE=600", None, 600),
        ("  max-age = 600 ", None, 600),
        ('max-age="600"', None, 600),
        ("max-age=0", None, 0),
        ("max-age=600, max-age=60", None, 60),
        ("max-age=600, no-cache", None, 0),
        ("no-store", None, 0),
        ('no-cache="set-cookie"', None, 0),
        ("max-age", None, 0),
        ("max-age=", None, 0),
        ("max-age=-5", None, 0),
        ("max-age=+5", None, 0),
        ("max-age=1e9", None, 0),
        ("max-age=60.5", None, 0),
        ("max-age=soon", None, 0),
        ("max-age=\N{ARABIC-INDIC DIGIT FIVE}", None, 0),
        ("max-age=" + "9" * 5000, None, 2**31),
        ("max-age=9999999999", None, 2**31),
        ("max-age=00000000000005", None, 5),
        ("max-age=600", "00000000000100", 500),
        ("max-age=600", "100, 50", 500),
        ("max-age=600", "1_0", 600),
        ("max-age=600", "100", 500),
        ("max-age=600", "700", 0),
        ("max-age=600", "-5", 600),
        ("max-age=600", "old", 600),
        (None, "100", None),
    ],
)
def test_lifetimes(cache_control: str | None, age: str | None, expected: float | None) -> None:
    """Seconds from ``max-age``, minus ``Age``; an unreadable directive allows no time at all."""
    headers = {"cache-control": cache_control, "age": age}
    assert freshness_lifetime({name: value for name, value in headers.items() if value is not None}) == expected


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=40), st.text(max_size=10))
def test_any_header_gives_a_bounded_lifetime(cache_control: str, age: str) -> None:
    """No text raises, or gives a negative or endless lifetime."""
    for text in (cache_control, f"max-age={cache_control}"):
        lifetime = freshness_lifetime({"cache-control": text, "age": age})
        assert lifetime is None or 0 <= lifetime <= 1e10
