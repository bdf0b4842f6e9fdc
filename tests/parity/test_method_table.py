"""The table of all methods in the documentation is as the code is."""

from __future__ import annotations

from pathlib import Path

from tests.parity.method_table import owners, page, rows

DOCUMENTED = Path(__file__).parents[2] / "docs" / "method_table.md"


def test_the_page_is_up_to_date() -> None:
    """Run ``python -m tests.parity.method_table > docs/method_table.md`` if it is not."""
    assert DOCUMENTED.read_text() == page()


def test_every_method_is_in_it() -> None:
    """Nothing that either generation has is left out, and all of it says how it is called here."""
    for service in ("transfer", "auth"):
        for owner, (before, now) in owners(service).items():
            found = {name: here for name, _, _, here in rows(service, owner)}
            assert {*before, *now} - {"__init__"} <= set(found)
            assert all(found.values())


def test_it_tells_coroutines_from_listings() -> None:
    """What must be awaited, what iterated, and what is called as it is."""
    found = {name: here for name, _, _, here in rows("transfer", "TransferClient")}
    assert found["get_task"] == "`await get_task(...)`"
    assert found["task_list"] == "`async for ... in task_list(...)`"
    assert found["data_access_scope"] == "`data_access_scope(...)`"
