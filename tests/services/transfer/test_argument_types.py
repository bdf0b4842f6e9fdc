"""Arguments of wrong types: an error that names the argument, before anything is sent or written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError, TransferClient, TransferData
from globus_async.services.transfer import DeleteData
from tests.toolkit.scripted import Scripted

ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
HUGE = 10**5000
"""More digits than Python converts to text."""


def template() -> TransferData:
    return TransferData(source_endpoint=ID, destination_endpoint=ID)


CALLS: dict[str, tuple[str, Any]] = {
    "bytes in a filter": ("a", lambda tc: tc.task_list(filter={"a": b"ab"})),
    "an object in a filter": ("a", lambda tc: tc.task_list(filter={"a": [object()]})),
    "not a number in a filter": ("a", lambda tc: tc.task_list(filter={"a": [float("nan")]})),
    "a fraction in a filter": ("a", lambda tc: tc.task_list(filter={"a": 1.5})),
    "a mapping in a filter": ("a", lambda tc: tc.task_list(filter={"a": {"b": 1}})),
    "a large number in a filter": ("a", lambda tc: tc.task_list(filter={"a": HUGE})),
    "a filter name": ("filter name", lambda tc: tc.task_list(filter={5: "a"})),
    "a time range": ("filter_completion_time", lambda tc: tc.endpoint_manager_task_list(filter_completion_time=5)),
    "bounds": ("filter_completion_time", lambda tc: tc.endpoint_manager_task_list(filter_completion_time=(5, 6))),
    "a large number in a path": ("endpoint_id", lambda tc: tc.get_endpoint(HUGE)),
    "a large number in a query": ("a", lambda tc: tc.get("/x", query_params={"a": HUGE})),
    "a large number in a form": ("a", lambda tc: tc.post("/x", data={"a": HUGE}, encoding="form")),
    "a large number in a document": ("document", lambda tc: tc.post("/x", data={"a": HUGE})),
    "a header name": ("headers", lambda tc: tc.get("/x", headers={5: "a"})),
    "a header value": ("headers", lambda tc: tc.get("/x", headers={"a": b"b"})),
    "headers": ("headers", lambda tc: tc.get("/x", headers=["a"])),
    "members of a document": (
        "additional_fields",
        lambda _: TransferData(source_endpoint=ID, destination_endpoint=ID, additional_fields="ab"),  # type: ignore[call-overload]
    ),
    "members of an item": (
        "additional_fields",
        lambda _: DeleteData(endpoint=ID).add_item("/a", additional_fields={5: 1}),  # type: ignore[dict-item]
    ),
    "a journal with NUL": ("journal", lambda tc: tc.submit_items(template(), [], journal="a\0b")),
    "a journal that is not Unicode": ("journal", lambda tc: tc.submit_documents([], journal="\ud800")),
    "a journal that is no path": ("journal", lambda tc: tc.submit_items(template(), [], journal=5)),
    "items": ("items", lambda tc: tc.submit_items(template(), 5, journal="/no/such/folder/journal")),
    "items as text": ("items", lambda tc: tc.submit_items(template(), "ab", journal="/no/such/folder/journal")),
    "documents": ("documents", lambda tc: tc.submit_documents(5, journal="/no/such/folder/journal")),
    "ids of a bulk": ("items", lambda tc: tc.get_endpoints(5)),
}


async def perform(call: Callable[[Any], object], tc: object) -> None:
    result = call(tc)
    if inspect.isawaitable(result):
        await result


@pytest.fixture
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A current folder that stays empty."""
    monkeypatch.chdir(tmp_path)
    yield
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_empty_folder")
@pytest.mark.parametrize("name", CALLS)
async def test_wrong_types(name: str) -> None:
    """No request, no file, and no error of Python's own."""
    named, call = CALLS[name]
    service = Scripted()
    async with service.client(client_class=TransferClient) as tc:
        with pytest.raises(GlobusSDKUsageError, match=named):
            await perform(call, tc)
    assert service.requests == []
