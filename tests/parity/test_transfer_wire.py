"""The same call through globus-sdk and through us puts the same request on the wire, but for listed differences."""

from __future__ import annotations

import asyncio
import copy
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import globus_sdk
import pytest
from globus_sdk.services.transfer import CreateTunnelData as TheirTunnelData

import globus_async.services.transfer as ours
from globus_async import AccessTokenAuthorizer, MissingType
from tests.parity.recording import JournalEntry, RecordingServer, recording
from tests.parity.transfer_differences import DIFFERENCES

FACTS = json.loads(Path(__file__).with_name("transfer_facts.json").read_text())["upstream"]
A, B, C = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2, 3))
SUMMER = datetime(2026, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
LATER = datetime(2026, 7, 2, tzinfo=timezone(timedelta(hours=2)))
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"

REQUIRED: dict[str, Any] = {
    "bookmark_data": {"name": "home", "endpoint_id": A, "path": "/~/"},
    "data": {"display_name": UNICODE, "public": True, "nested": {"id": UUID(B), "none": None, "list": [1, 2.5, False]}},
    "max_results": 5,
    "message": UNICODE,
    "newpath": "/~/new name.txt",
    "oldpath": "/~/old name.txt",
    "path": "/~/a folder/ä&b=c/",
    "role_data": {"DATA_TYPE": "role", "principal_type": "identity", "principal": B, "role": "access_manager"},
    "rule_data": {"DATA_TYPE": "access", "principal": UUID(B), "path": "/ä/", "permissions": "rw", "note": None},
    "server_id": 985,
    "subscription_admin_verified": True,
    "subscription_id": "DEFAULT",
    "task_ids": [A, B],
    "update_doc": {"data": {"type": "Tunnel", "attributes": {"state": "STOPPING"}}},
}
"""Values of required parameters; those named ``*_id`` are ids unless they are here."""

OPTIONAL: dict[str, list[Any]] = {
    "filter": [
        "type:TRANSFER,DELETE/status:ACTIVE",
        {"type": ["TRANSFER", "DELETE"], "label": "~" + UNICODE.replace("/", "")},
    ],
    "filter_completion_time": ["2026-01-01,", (SUMMER, LATER)],
    "filter_endpoint": [A, UUID(A)],
    "filter_endpoint_use": ["source", "destination"],
    "filter_entity_type": ["GCSv5_mapped_collection"],
    "filter_fulltext": ["lab storage", UNICODE, "", None],
    "filter_host_endpoint": [A, UUID(A), None],
    "filter_is_error": [True, False, None],
    "filter_is_paused": [True, False, None],
    "filter_local_user": ["ada", None],
    "filter_min_faults": [0, 3],
    "filter_non_functional": [True, False, None],
    "filter_owner_id": [A, None],
    "filter_scope": ["my-endpoints"],
    "filter_status": ["ACTIVE", ["ACTIVE", "INACTIVE"], ("FAILED",)],
    "filter_task_id": [A, UUID(A), [A, UUID(B)]],
    "last_key": ["complete,2024-02-06T06:59:02.291996"],
    "limit": [5, 100],
    "local_user": ["ada", UNICODE, None],
    "marker": ["93979", 93979],
    "max_results": [7],
    "next_token": ["tok/en=="],
    "offset": [0, 20],
    "orderby": ["name", ["type", "name DESC"], None],
    "path": ["/~/", UNICODE, None],
    "polling_interval": [1],
    "show_hidden": [True, False, None],
    "timeout": [1, 60],
    "query_params": [{}, {"extra": UNICODE, "number": 5, "empty": None, "list": ["a", "b"]}],
}
"""Values to try for optional parameters, one by one."""

ONLY_WITH = {"filter_endpoint_use": {"filter_endpoint": A}}
LS_FILTERS = ["name:~*.txt", {"name": ["a", "b"], "type": "file"}, ["name:a", {"type": "dir"}], [f"name:{UNICODE}"]]


@dataclass(frozen=True)
class Call:
    """A call to compare: the method, its arguments, and which differences are accepted."""

    method: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    accepts: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = [repr(value)[:24] for value in self.args] + [f"{k}={v!r}"[:44] for k, v in self.kwargs.items()]
        return ascii(f"{self.method}({', '.join(shown)})")[1:-1]


def required_value(name: str, method: str) -> Any:
    if method == "endpoint_manager_cancel_tasks" and name == "message":
        return REQUIRED["message"]
    if name in REQUIRED:
        return REQUIRED[name]
    assert name.endswith("_id"), name
    return A


def generated() -> Iterator[Call]:
    """Every method of both: as it is, with UUID objects, and with each value of each option, alone and all together."""
    for method, parameters in FACTS["TransferClient"].items():
        if method in {"__init__", "add_app_data_access_scope", "submit_transfer", "submit_delete", "create_tunnel"}:
            continue
        head, _, rest = "\0".join(parameters).partition("*")
        positional, options = [list(filter(None, each.split("\0"))) for each in (head, rest)]
        their_function = getattr(globus_sdk.TransferClient, method)
        defaults = their_function.__kwdefaults__ or {}
        optional_positional = positional[len(positional) - len(their_function.__defaults__ or ()) :]
        needed = [name for name in positional if name not in optional_positional]
        args = tuple(required_value(name, method) for name in needed)
        assert set(options) == set(defaults)
        options = [*optional_positional, *options]
        yield Call(method, args)
        uuids = tuple(UUID(value) if value == A else value for value in args)
        if uuids != args:
            yield Call(method, uuids)
        together: dict[str, Any] = {}
        for option in options:
            values = LS_FILTERS if (method, option) == ("operation_ls", "filter") else OPTIONAL[option]
            together[option] = values[0]
            for value in values:
                accepts = (
                    ("completion_time",) if option == "filter_completion_time" and isinstance(value, tuple) else ()
                )
                yield Call(method, args, {**ONLY_WITH.get(option, {}), option: value}, accepts)
        if len(together) > 1:
            yield Call(method, args, together)
        if "query_params" in options:
            yield Call(method, args, {"query_params": {"yes": True, "no": False}}, ("booleans",))


SPECIAL = [
    Call("set_subscription_id", (A, None)),
    Call("set_subscription_id", (A, UUID(B))),
    Call("set_subscription_admin_verified", (A, False)),
    Call("get_endpoint_server", (A, "985")),
    Call("endpoint_manager_cancel_tasks", ((UUID(A), B), "stop")),
    Call("endpoint_manager_create_pause_rule", ({"identity_id": None, "start_time": None},)),
]

TRANSFER_OPTIONS: list[dict[str, Any]] = [
    {},
    *({"sync_level": level} for level in ("exists", "size", "mtime", "checksum", 0, 1, 2, 3, None)),
    *({"deadline": deadline} for deadline in ("2026-07-01", "2026-07-01 10:30Z", None)),
    {"deadline": SUMMER},
    {"label": UNICODE, "submission_id": C},
    {"submission_id": UUID(C), "source_local_user": "ada", "destination_local_user": None},
    dict.fromkeys(
        (
            "verify_checksum",
            "preserve_timestamp",
            "encrypt_data",
            "skip_source_errors",
            "fail_on_quota_errors",
            "delete_destination_extra",
            "notify_on_succeeded",
            "notify_on_failed",
            "notify_on_inactive",
        ),
        True,
    ),
    {"notify_on_succeeded": False, "additional_fields": {"store_base_path_info": True, "label": "by the way"}},
]
DELETE_OPTIONS: list[dict[str, Any]] = [
    {},
    {"recursive": True, "ignore_missing": True, "interpret_globs": True, "local_user": "ada"},
    {"deadline": SUMMER, "label": None, "submission_id": C},
    {"notify_on_succeeded": False, "notify_on_failed": False, "notify_on_inactive": False},
    {"additional_fields": {"new_option": [1, {"a": None}]}},
]
TUNNEL_OPTIONS: list[dict[str, Any]] = [
    {},
    {"submission_id": C, "label": UNICODE, "lifetime_mins": 60, "restartable": True},
    {"submission_id": UUID(C), "additional_fields": {"new": 1}},
]


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with recording() as running:
        yield running


def asked_of_theirs(server: RecordingServer, call: Call) -> list[JournalEntry]:
    with globus_sdk.TransferClient(base_url=server.url, authorizer=globus_sdk.AccessTokenAuthorizer("t0ken")) as client:
        getattr(client, call.method)(*call.args, **call.kwargs)
    return server.taken()


def asked_of_ours(server: RecordingServer, call: Call) -> list[JournalEntry]:
    async def run() -> None:
        async with ours.TransferClient(base_url=server.url, authorizer=AccessTokenAuthorizer("t0ken")) as client:
            await getattr(client, call.method)(*call.args, **call.kwargs)

    asyncio.run(run())
    return server.taken()


def with_submission_id_of(theirs: Any, mine: Any) -> Any:
    """Replace the submission id that was made for a tunnel."""
    changed = copy.deepcopy(mine)
    attributes = changed["data"]["attributes"]
    assert UUID(attributes["submission_id"]).version == 4
    attributes["submission_id"] = theirs["data"]["attributes"]["submission_id"]
    return changed


def reconciled(call: Call, mine: list[JournalEntry], theirs: list[JournalEntry]) -> list[JournalEntry]:
    """Take the accepted differences out of our requests."""
    query: list[tuple[str, str]]
    changed: list[JournalEntry] = []
    for our, their in zip(mine, theirs, strict=True):
        names = {name for name, _ in their.query}
        query = [pair for pair in our.query if pair[0] in names or pair[0] not in {"limit", "offset", "max_results"}]
        if len(query) < len(our.query):
            assert DIFFERENCES.reasons("limit")
        if "booleans" in call.accepts:
            query = [(name, value.title() if value in {"true", "false"} else value) for name, value in query]
        if "completion_time" in call.accepts:
            instants = ",".join(each.isoformat(timespec="seconds") for each in (SUMMER, LATER))
            assert ("filter_completion_time", "2026-07-01T10:30:00Z,2026-07-01T22:00:00Z") in query
            query = [(name, instants if name == "filter_completion_time" else value) for name, value in query]
        body = our.body
        if "deadline" in call.accepts and body is not None:
            assert body["deadline"] == "2026-07-01T10:30:00Z"
            body = {**body, "deadline": str(SUMMER)}
        if "tunnel_submission_id" in call.accepts:
            body = with_submission_id_of(their.body, body)
        changed.append(replace(our, query=tuple(sorted(query)), body=body))
    return changed


compared: list[str] = []


def compare(server: RecordingServer, their_call: Call, our_call: Call) -> None:
    theirs = asked_of_theirs(server, their_call)
    mine = asked_of_ours(server, our_call)
    assert theirs
    assert reconciled(our_call, mine, theirs) == theirs
    if our_call.accepts:
        assert DIFFERENCES.reasons(*our_call.accepts)
    compared.append(str(our_call))


def is_refused_by_theirs(call: Call) -> bool:
    return call.kwargs.get("filter", "") is None or call.kwargs.get("filter_completion_time", "") is None


@pytest.mark.parametrize("call", [*generated(), *SPECIAL], ids=str)
def test_methods(server: RecordingServer, call: Call) -> None:
    """Method, path, query and body are the same."""
    assert not is_refused_by_theirs(call)
    compare(server, call, call)


@pytest.mark.parametrize("options", TRANSFER_OPTIONS, ids=str)
def test_transfers(server: RecordingServer, options: dict[str, Any]) -> None:
    """A transfer built and submitted with the same arguments is the same document."""

    def built(cls: Any) -> Any:
        data = cls(A, UUID(B), **options)
        data.add_item("/source/path/dir/", f"/dest/{UNICODE}/", recursive=True)
        data.add_item("/a.txt", "/b.txt", external_checksum="d41d8cd9", checksum_algorithm="MD5")
        data.add_item("/c", "/d", additional_fields={"new": None})
        data.add_filter_rule("*.tgz", type="file")
        data.add_filter_rule("keep*", method="include")
        return data

    compare_submissions(server, "submit_transfer", built, (globus_sdk.TransferData, ours.TransferData), options)


@pytest.mark.parametrize("options", DELETE_OPTIONS, ids=str)
def test_deletions(server: RecordingServer, options: dict[str, Any]) -> None:
    """A deletion built and submitted with the same arguments is the same document."""

    def built(cls: Any) -> Any:
        data = cls(UUID(A), **options)
        data.add_item("/dir/to/delete/")
        data.add_item(UNICODE, additional_fields={"new": True})
        return data

    compare_submissions(server, "submit_delete", built, (globus_sdk.DeleteData, ours.DeleteData), options)


@pytest.mark.parametrize("options", TUNNEL_OPTIONS, ids=str)
def test_tunnels(server: RecordingServer, options: dict[str, Any]) -> None:
    """A tunnel asked for with the same arguments is the same document."""
    accepts = () if "submission_id" in options else ("tunnel_submission_id",)
    theirs = Call("create_tunnel", (TheirTunnelData(A, UUID(B), **options),))
    mine = Call("create_tunnel", (ours.CreateTunnelData(A, UUID(B), **options),), accepts=accepts)
    compare(server, theirs, mine)


def compare_submissions(
    server: RecordingServer, method: str, built: Any, classes: tuple[Any, Any], options: dict[str, Any]
) -> None:
    accepts = ("deadline",) if isinstance(options.get("deadline"), datetime) else ()
    compare(server, Call(method, (built(classes[0]),)), Call(method, (built(classes[1]),), accepts=accepts))


@pytest.mark.parametrize(
    ("method", "data"),
    [
        (
            "submit_transfer",
            {"source_endpoint": A, "destination_endpoint": B, "DATA": [{"source_path": "/a"}], "x": None},
        ),
        ("submit_delete", {"endpoint": A, "submission_id": C, "DATA": [{"path": "/a"}]}),
        ("create_tunnel", {"data": {"attributes": {"submission_id": C}}}),
    ],
)
def test_plain_dicts(server: RecordingServer, method: str, data: dict[str, Any]) -> None:
    """A plain dict is submitted as it is."""
    copied = functools.partial(json.loads, json.dumps(data))
    compare(server, Call(method, (copied(),)), Call(method, (copied(),)))


@pytest.mark.parametrize(
    ("method", "args", "kwargs"),
    [
        ("task_list", (), {"filter": None}),
        ("operation_ls", (A,), {"filter": None}),
        ("endpoint_manager_task_list", (), {"filter_completion_time": None}),
    ],
)
def test_what_theirs_refuses(
    server: RecordingServer, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """``None`` as a filter raises there, and is left out here: difference "none_filter"."""
    assert DIFFERENCES.reasons("none_filter")
    with pytest.raises((AttributeError, TypeError)):
        asked_of_theirs(server, Call(method, args, kwargs))
    (request,) = asked_of_ours(server, Call(method, args, kwargs))
    assert not {name for name, _ in request.query} & set(kwargs)
    assert not any(isinstance(value, MissingType) for value in kwargs.values())


def test_a_null_submission_id(server: RecordingServer) -> None:
    """``None`` as submission id is sent as null there, and replaced here: difference "none_submission_id"."""
    assert DIFFERENCES.reasons("none_submission_id")
    document = {"endpoint": A, "submission_id": None, "DATA": [{"path": "/a"}]}
    (theirs,) = asked_of_theirs(server, Call("submit_delete", (dict(document),)))
    _, mine = asked_of_ours(server, Call("submit_delete", (dict(document),)))
    assert theirs.body["submission_id"] is None
    assert mine.body == {**theirs.body, "submission_id": "5e1f2a4c-0000-4000-8000-00000000beef"}


def test_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many were compared."""
    methods = {call.partition("(")[0] for call in compared}
    told = (
        f"{len(compared)} calls of {len(methods)} methods send the same as those of globus-sdk {globus_sdk.__version__}"
    )
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 -- figures are to be seen
    if len(compared) > 100:  # unless only some were selected
        assert methods == set(FACTS["TransferClient"]) - {"__init__", "add_app_data_access_scope"}
