"""The work of the emulated Search, counted in calls of functions, since that depends on no machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from globus_async.emulator.kit.service import Platform
from globus_async.emulator.search.queries.documents import read_query
from globus_async.emulator.search.queries.execution import run
from globus_async.emulator.search.state import SearchState
from globus_async.emulator.search.viewer import Viewer

INDEX = "00000000-0000-4000-8000-000000000001"


def calls(work: Callable[[], object]) -> int:
    """Return how many functions, of Python or C, are called."""
    count = 0

    def profile(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def filled(entries: int) -> tuple[SearchState, int]:
    """Return a state with an index of so many entries, and the calls for each."""
    state = SearchState(Platform())
    state.add_index("Test", id=INDEX, owner=INDEX)
    documents = [
        {"subject": f"s{number}", "content": {"text": f"common w{number} x{number % 7}", "n": number % 50}}
        for number in range(entries)
    ]
    return state, calls(lambda: state.ingest(INDEX, documents)) // entries


def test_the_work_grows_with_what_is_found() -> None:
    """Ingest takes the same work for each entry, a query that finds few does not depend on the size of the index."""
    (small, each_of_few), (large, each_of_many) = filled(200), filled(2000)
    assert each_of_many <= each_of_few + 1
    viewer = Viewer(frozenset({"public"}))
    queries: list[dict[str, Any]] = [
        {"q": "w77"},
        {"q": "w77 w78", "sort": [{"field_name": "n"}]},
        {"q": "w77", "filters": [{"type": "range", "field_name": "n", "values": [{"from": 5, "to": 30}]}]},
        {"q": "text:w77 AND n:27", "advanced": True},
    ]
    for document in queries:
        work = [
            calls(lambda: run(state.index(INDEX).data, read_query(document, state.limits), viewer))  # noqa: B023
            for state in (small, large)
        ]
        assert work[1] <= work[0] + 5, document
