"""Filters as text and as mappings; sizes of listings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from globus_async import MISSING, AccessTokenAuthorizer, GlobusSDKUsageError, TransferClient
from globus_async._http.query import time_range
from globus_async.services.transfer.filters import filter_text, filter_texts
from globus_async.services.transfer.page_sizes import page_size, requested_results
from globus_async.testing import GlobusEmulator, MemoryStorage
from tests.services.transfer.scripted import A, B

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("type:TRANSFER,DELETE/status:ACTIVE", "type:TRANSFER,DELETE/status:ACTIVE"),
        ({"type": ["TRANSFER", "DELETE"], "status": "ACTIVE"}, "type:TRANSFER,DELETE/status:ACTIVE"),
        ({"task_id": [UUID(A), B]}, f"task_id:{A},{B}"),
        ({"task_id": UUID(A)}, f"task_id:{A}"),
        ({"is_error": 1}, "is_error:1"),
        ({"name": "a,b"}, "name:a,b"),
        ({"request_time": (NOON, None)}, "request_time:2026-07-01 10:00:00,"),
        ({"request_time": "2024-01-01,"}, "request_time:2024-01-01,"),
        ({"label": "~run: *"}, "label:~run: *"),
        ({"name": "!a"}, "name:!a"),
        ({"name": ["!a"]}, "name:=!a"),
        ({"name": ["~a*"]}, "name:=~a*"),
        ({"name": ["=a"]}, "name:==a"),
        ({"name": (name for name in ("a", "!b"))}, "name:=a,!b"),
        ({"name": ["a!", "b"]}, "name:a!,b"),
        ({}, ""),
        (None, None),
        (MISSING, MISSING),
    ],
)
def test_filter_text(given: Any, written: Any) -> None:
    """Clauses are joined by slashes, values by commas; text is not changed."""
    assert filter_text(given) == written


@pytest.mark.parametrize(
    "given",
    [
        {"name": "a/status:ACTIVE"},
        {"name": ["a,b"]},
        {"na/me": "a"},
        {"na:me": "a"},
        {"request_time": (datetime(2026, 7, 1), None)},  # noqa: DTZ001 -- the refused value
        7,
        ["a"],
    ],
)
def test_invalid_filters(given: Any) -> None:
    """Values with reserved characters, naive datetimes and other types are refused."""
    with pytest.raises(GlobusSDKUsageError):
        filter_text(given)


async def test_values_of_a_list_mean_themselves() -> None:
    """Names that begin with an operator are found like others; as text they are the service's syntax."""
    names = ["!a", "a", "~b", "b", "=c", "c", "<d", ">e", "x y", "p&q=r", "50%", "u+v", "k:v", "*", "[x]"]
    async with GlobusEmulator() as emulator:
        lab = emulator.add_collection("Lab", storage=MemoryStorage(dict.fromkeys(names, "1")))
        async with TransferClient(
            authorizer=AccessTokenAuthorizer(emulator.access_token()), transport=emulator.transport()
        ) as tc:

            async def found(value: Any) -> set[str]:
                return {entry["name"] async for entry in tc.operation_ls(lab.id, "/", filter={"name": value})}

            for name in names:
                assert await found([name]) == {name}
            assert await found(["!a", "~b", "u+v"]) == {"!a", "~b", "u+v"}
            assert await found("!a") == {*names} - {"a"}
            assert await found("~?") == {name for name in names if len(name) == 1}
            assert await found("=c") == {"c"}
            assert await found("~[*]") == {"[x]"}


def test_alternatives() -> None:
    """Several filters are alternatives, each in its own parameter."""
    assert filter_texts(["name:a", {"type": "dir"}]) == ["name:a", "type:dir"]
    assert filter_texts({"type": "dir"}) == ["type:dir"]
    assert filter_texts("type:dir") == ["type:dir"]
    assert filter_texts(None) == [None]


def test_ranges() -> None:
    """A range is a pair, whose bounds may be ``None``; text is not changed."""
    assert time_range("t", (datetime(2026, 1, 1, tzinfo=UTC), NOON)) == "2026-01-01T00:00:00Z,2026-07-01T10:00:00Z"
    assert time_range("t", (None, "2026-02-01")) == ",2026-02-01"
    assert time_range("t", "2026-01-01,") == "2026-01-01,"
    bad: Any
    for bad in ((datetime(2026, 7, 1), None), (NOON,), (NOON, NOON, NOON)):  # noqa: DTZ001 -- the refused value
        with pytest.raises(GlobusSDKUsageError):
            time_range("t", bad)


def test_listing_sizes() -> None:
    """``num_results`` limits the items; so does ``limit`` alone, and with ``num_results`` it is the page size."""
    assert requested_results(MISSING, MISSING) is MISSING
    assert requested_results(MISSING, None) is MISSING
    assert requested_results(MISSING, 50) == 50
    assert requested_results(None, 50) is None
    assert requested_results(7, 50) == 7
    assert page_size(MISSING, 1000) == 1000
    assert page_size(50, 1000) == 50
