"""Documents to submit: members, invalid arguments, and serialization."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from globus_async import MISSING, GlobusSDKUsageError
from globus_async.services.transfer import CreateTunnelData, DeleteData, TransferClient, TransferData
from tests.services.transfer.scripted import A, B, C, client_of, document_of

BAD_IDS = ["", "no-uuid", "../" + A, A + "\n", A[:-1], 7, None]


async def test_client_as_first_argument() -> None:
    """A client as first argument, as in release 1, is ignored."""
    async with TransferClient(base_url="https://transfer.example/") as client:
        assert TransferData(client, A, B) == TransferData(A, B)
        assert TransferData(transfer_client=client, source_endpoint=A, destination_endpoint=B) == TransferData(A, B)
        assert DeleteData(client, A) == DeleteData(endpoint=A) == DeleteData(A)
    assert TransferData(None, A, B) == TransferData(A, destination_endpoint=B)


def test_only_given_options() -> None:
    """Options that are not given are absent; ``None`` is null."""
    assert TransferData(A, B) == {
        "DATA_TYPE": "transfer",
        "DATA": [],
        "source_endpoint": A,
        "destination_endpoint": B,
    }
    assert TransferData(A, B, label=None)["label"] is None
    assert DeleteData(A, submission_id=None) == DeleteData(A)


@pytest.mark.parametrize(
    ("given", "level"), [("exists", 0), ("size", 1), ("mtime", 2), ("checksum", 3), (0, 0), (3, 3), (None, None)]
)
def test_sync_levels(given: Any, level: int | None) -> None:
    """A sync level is a name or a number."""
    assert TransferData(A, B, sync_level=given)["sync_level"] == level


@pytest.mark.parametrize("given", ["Checksum", "", "3", 4, -1, True, 1.0, [], object()])
def test_unknown_sync_levels(given: Any) -> None:
    """Other values are refused, with a message that lists the valid ones."""
    with pytest.raises(GlobusSDKUsageError, match="exists, size, mtime, checksum or 0 to 3"):
        TransferData(A, B, sync_level=given)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (datetime(2026, 3, 29, 2, 30, tzinfo=UTC), "2026-03-29T02:30:00Z"),
        (datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=-9, minutes=-30))), "2026-03-29T12:00:00Z"),
        ("2017-10-12 09:30Z", "2017-10-12 09:30Z"),
    ],
)
def test_deadlines(given: Any, written: str) -> None:
    """Aware datetimes are converted to UTC; text is not changed."""
    assert TransferData(A, B, deadline=given)["deadline"] == written
    assert DeleteData(A, deadline=given)["deadline"] == written


@pytest.mark.parametrize("given", [datetime(2026, 3, 29, 2, 30), 1_800_000_000, timedelta(hours=1)])  # noqa: DTZ001
def test_invalid_deadlines(given: Any) -> None:
    """A datetime without a zone, a number or a duration is refused."""
    with pytest.raises(GlobusSDKUsageError, match="time zone"):
        TransferData(A, B, deadline=given)
    with pytest.raises(GlobusSDKUsageError, match="time zone"):
        DeleteData(A, deadline=given)


@pytest.mark.parametrize("bad", BAD_IDS)
def test_invalid_ids(bad: Any) -> None:
    """Endpoint and submission ids must be UUIDs."""
    for make in (
        lambda: TransferData(A, bad),
        lambda: TransferData(source_endpoint=bad, destination_endpoint=B),
        lambda: DeleteData(endpoint=bad),
        lambda: CreateTunnelData(bad, B),
        lambda: CreateTunnelData(A, bad),
        lambda: TransferData(A, B, submission_id=bad or "none"),
    ):
        with pytest.raises(GlobusSDKUsageError):
            make()


@pytest.mark.parametrize(
    ("cls", "endpoints", "named"),
    [
        (TransferData, (A,), {}),
        (TransferData, (), {}),
        (TransferData, (A, B, C), {}),
        (TransferData, (A, B), {"source_endpoint": A}),
        (DeleteData, (), {}),
        (DeleteData, (A, B), {}),
    ],
)
def test_missing_and_surplus_endpoints(cls: Any, endpoints: tuple[str, ...], named: dict[str, str]) -> None:
    """A missing or surplus endpoint is refused."""
    with pytest.raises(GlobusSDKUsageError):
        cls(*endpoints, **named)


def test_items() -> None:
    """Items are kept in order, with the given members; `iter_items` iterates over them."""
    transfer = TransferData(A, B)
    transfer.add_item("/a", "/b")
    transfer.add_item("/dir/", "/new/", recursive=True, external_checksum=MISSING, additional_fields={"x": UUID(A)})
    transfer.add_symlink_item("/link", "/new-link")
    assert list(transfer.iter_items()) == [
        {"DATA_TYPE": "transfer_item", "source_path": "/a", "destination_path": "/b"},
        {"DATA_TYPE": "transfer_item", "source_path": "/dir/", "destination_path": "/new/", "recursive": True, "x": A},
        {"DATA_TYPE": "transfer_symlink_item", "source_path": "/link", "destination_path": "/new-link"},
    ]
    deletion = DeleteData(A)
    deletion.add_item("/a", additional_fields={"new": None})
    assert list(deletion.iter_items()) == [{"DATA_TYPE": "delete_item", "path": "/a", "new": None}]


PAIRS: dict[str, Callable[[], Any]] = {
    "mapping": lambda: {"/run1/": "/copy/", "/readme": "/copy/readme"},
    "pairs": lambda: [("/run1/", "/copy/"), ["/readme", "/copy/readme"]],
    "generator": lambda: (pair for pair in [("/run1/", "/copy/"), ("/readme", "/copy/readme")]),
    "arguments": lambda: [
        {"source_path": "/run1/", "destination_path": "/copy/", "recursive": True},
        ("/readme", "/copy/readme"),
    ],
}


@pytest.mark.parametrize("pairs", PAIRS)
async def test_pairs(pairs: str, tmp_path: Path) -> None:
    """Items can be given to the constructor; in a pair, a trailing slash at the source means a directory."""
    added = TransferData(A, B)
    added.add_item("/run1/", "/copy/", recursive=True)
    added.add_item("/readme", "/copy/readme")
    assert TransferData(A, B, items=PAIRS[pairs]()) == added
    bodies: list[Any] = []

    def service(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            bodies.append(document_of(request))
        return httpx.Response(200, json={"value": C, "task_id": C})

    async with client_of(service) as tc:  # a batch reads them in the same way
        await tc.submit_items(TransferData(A, B), PAIRS[pairs](), journal=tmp_path / "journal")
    assert bodies[0]["DATA"] == added["DATA"]


def test_paths_to_delete() -> None:
    """Paths to delete can be given to the constructor; only the document says that directories are deleted."""
    added = DeleteData(A)
    added.add_item("/a/")
    added.add_item("/b", additional_fields={"x": 1})
    assert DeleteData(A, items=["/a/", {"path": "/b", "additional_fields": {"x": 1}}]) == added
    assert "recursive" not in added


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("/a", "single string"),
        (7, "pairs of source and destination path"),
        (None, "pairs of source and destination path"),
        ({"source_path": "/a", "destination_path": "/b"}, "single mapping"),
        (TransferData(A, B), "items is a document"),
        (["/a", "/b"], "item 0 is invalid: not a pair"),
        ([("/a", "/b"), ("/a", "/b", "/c")], "item 1 is invalid: not a pair"),
        ([("/a", "")], "item 0 is invalid: destination_path"),
        ([(7, "/b")], "item 0 is invalid: source_path"),
        ({"/a": None}, "item 0 is invalid: destination_path"),
        ([{"source": "/a"}], "item 0 is invalid: .*source"),
    ],
)
async def test_invalid_items(items: Any, message: str, tmp_path: Path) -> None:
    """Items of another form are refused, with the number of the invalid one."""
    with pytest.raises(GlobusSDKUsageError, match=message):
        TransferData(A, B, items=items)
    if not isinstance(items, (int, type(None))):
        async with client_of(lambda _: httpx.Response(200, json={"value": C, "task_id": C})) as tc:
            with pytest.raises(GlobusSDKUsageError, match=message):
                await tc.submit_items(TransferData(A, B), items, journal=tmp_path / "journal")


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("/a", "single string"),
        (7, "list of paths"),
        (["/a", ""], "item 1"),
        ([("/a", "/b")], "item 0"),
        ({"path": "/a"}, "single mapping; pass a list of paths"),
        (DeleteData(A), "single mapping; pass a list of paths"),
    ],
)
def test_invalid_paths_to_delete(items: Any, message: str) -> None:
    """The same for deletions: the names of a mapping are no paths."""
    with pytest.raises(GlobusSDKUsageError, match=message):
        DeleteData(A, items=items)


@pytest.mark.parametrize(
    ("document", "endpoints"), [(TransferData, ["source_endpoint", "destination_endpoint"]), (DeleteData, ["endpoint"])]
)
def test_visible_signature(document: type, endpoints: list[str]) -> None:
    """Completion and help show the endpoints by name, although a client may stand before them."""
    parameters = inspect.signature(document).parameters.values()
    assert [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD] == endpoints
    assert all(each.kind is not each.VAR_POSITIONAL and each.kind is not each.VAR_KEYWORD for each in parameters)


@pytest.mark.parametrize("bad", ["", None, b"/a", 7])
def test_invalid_paths(bad: Any) -> None:
    """An empty path, which would be the whole collection, and other types than text are refused."""
    attempts: list[Callable[[], None]] = [
        lambda: TransferData(A, B).add_item(bad, "/b"),
        lambda: TransferData(A, B).add_item("/a", bad),
        lambda: TransferData(A, B).add_symlink_item(bad, "/b"),
        lambda: DeleteData(A).add_item(bad),
    ]
    for add in attempts:
        with pytest.raises(GlobusSDKUsageError, match="path"):
            add()


def test_filter_rules() -> None:
    """Rules are kept in order; unknown methods and types are refused."""
    transfer = TransferData(A, B)
    transfer.add_filter_rule("*.txt", method="include", type="file")
    transfer.add_filter_rule("*")
    assert transfer["filter_rules"] == [
        {"DATA_TYPE": "filter_rule", "method": "include", "name": "*.txt", "type": "file"},
        {"DATA_TYPE": "filter_rule", "method": "exclude", "name": "*"},
    ]
    bad: Any
    for bad in ({"method": "only"}, {"type": "link"}, {"type": ["file"]}):
        with pytest.raises(GlobusSDKUsageError, match="must be"):
            transfer.add_filter_rule("*", **bad)


def test_additional_fields() -> None:
    """They add or replace members; `MISSING` ones are left out."""
    document = DeleteData(A, label="mine", additional_fields={"label": "theirs", "new": {"a": 1}, "gone": MISSING})
    assert document["label"] == "theirs"
    assert document["new"] == {"a": 1}
    assert "gone" not in document


def test_tunnels() -> None:
    """A tunnel document is in JSON:API format, with the options as attributes."""
    tunnel = CreateTunnelData(UUID(A), B, label="camera", submission_id=UUID(C))
    assert tunnel["data"]["relationships"]["initiator"]["data"] == {"type": "StreamAccessPoint", "id": A}
    assert tunnel["data"]["attributes"] == {"label": "camera", "submission_id": C}
    assert json.loads(json.dumps(tunnel)) == tunnel


def test_serialization() -> None:
    """JSON, pickle and copies keep documents unchanged, with their submission id."""
    document = TransferData(UUID(A), UUID(B), sync_level="mtime", deadline=datetime(2026, 1, 1, tzinfo=UTC), label="ü")
    document.add_item("/a", "/b")
    document["submission_id"] = C
    assert json.loads(json.dumps(document)) == document
    for other in (pickle.loads(pickle.dumps(document)), copy.deepcopy(document)):
        assert other == document
        assert isinstance(other, TransferData)
        other.add_item("/c", "/d")
    assert len(document["DATA"]) == 1
