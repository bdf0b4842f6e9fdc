"""The hosted actions of Transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from ...kit.ids import named_id
from .provider import ActionCall, ActionProvider, ActionRefused, ActionResult

if TYPE_CHECKING:
    from ...kit.peer import PeerResponse
    from .provider import Step

__all__ = ("PROVIDERS", "TRANSFER_SCOPE")

TRANSFER_SCOPE: Final = "urn:globus:auth:scope:transfer.api.globus.org:all"
_OLD: Final = "https://actions.globus.org/transfer"
_NEW: Final = "https://transfer.actions.globus.org"
_OLD_SCOPES: Final = "https://auth.globus.org/scopes/actions.globus.org/transfer"
_CLIENT_SCOPES: Final = "https://auth.globus.org/scopes/5fac2e64-c734-4e6b-90ea-ff12ddbf9653"
_OPTIONS: Final = (
    "label",
    "deadline",
    "encrypt_data",
    "delete_destination_extra",
    "fail_on_quota_errors",
    "filter_rules",
    "notify_on_failed",
    "notify_on_inactive",
    "notify_on_succeeded",
    "preserve_timestamp",
    "recursive_symlinks",
    "skip_source_errors",
    "source_local_user",
    "destination_local_user",
    "sync_level",
    "verify_checksum",
)
_DELETE_OPTIONS: Final = (
    "label",
    "deadline",
    "ignore_missing",
    "interpret_globs",
    "local_user",
    "notify_on_failed",
    "notify_on_inactive",
    "notify_on_succeeded",
    "recursive",
)


async def _request(
    call: ActionCall, method: str, path: str, document: object = None, query: dict[str, str] | None = None
) -> Any:
    response = await _raw_request(call, method, path, document, query)
    if not response.is_success:
        raise ActionRefused(response.document)
    return response.document


async def _raw_request(
    call: ActionCall, method: str, path: str, document: object = None, query: dict[str, str] | None = None
) -> PeerResponse:
    return await call.request("transfer", method, f"/v0.10{path}", scope=TRANSFER_SCOPE, document=document, query=query)


def _given(call: ActionCall, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: call.body[name] for name in names if call.body.get(name) is not None}


def _id(call: ActionCall, *names: str) -> str:
    """Return the first of some parameters that is given, as a part of a path."""
    name = next((each for each in names if each in call.body), names[0])
    return quote(call.text(name), safe="")


async def _submit(call: ActionCall, kind: str, document: dict[str, Any]) -> ActionResult:
    # the same action is the same submission: one that was interrupted can be repeated
    identified = {"DATA_TYPE": kind, "submission_id": named_id("flows", call.action.request_id), **document}
    submitted = await _request(call, "POST", f"/{kind}", identified)
    call.memory["task_id"] = submitted["task_id"]
    return await _poll_task(call)


async def _poll_task(call: ActionCall) -> ActionResult:
    response = await _raw_request(call, "GET", f"/task/{call.memory['task_id']}")
    if not response.is_success:
        return ActionResult("FAILED", response.document)
    task = cast("dict[str, Any]", response.document)
    status = task["status"]
    if status == "INACTIVE":
        code = str(task.get("nice_status") or "INACTIVE")
        if code == "CONSENT_REQUIRED":
            required = {"code": "ConsentRequired", "required_scope": TRANSFER_SCOPE}
            return ActionResult("INACTIVE", {**required, "description": "The transfer task needs a consent"})
        return ActionResult("INACTIVE", {"code": code, "description": str(task.get("nice_status_details") or code)})
    return ActionResult(status, task, task.get("nice_status"))


async def _cancel_task(call: ActionCall) -> ActionResult:
    await _raw_request(call, "POST", f"/task/{call.memory['task_id']}/cancel")
    return await _poll_task(call)


async def _old_transfer(call: ActionCall) -> ActionResult:
    items = call.required("transfer_items")
    if not isinstance(items, list):
        raise ActionRefused("'transfer_items' is not of type 'array'")
    document = {
        **_given(call, _OPTIONS),
        "source_endpoint": call.text("source_endpoint_id"),
        "destination_endpoint": call.text("destination_endpoint_id"),
        "DATA": [
            {"DATA_TYPE": "transfer_item", **cast("dict[str, Any]", item)}
            for item in cast("list[object]", items)
            if isinstance(item, dict)
        ],
    }
    return await _submit(call, "transfer", document)


async def _new_transfer(call: ActionCall) -> ActionResult:
    return await _submit(call, "transfer", dict(call.body))


async def _old_delete(call: ActionCall) -> ActionResult:
    items = call.required("items")
    if not isinstance(items, list):
        raise ActionRefused("'items' is not of type 'array'")
    paths = [
        cast("dict[str, Any]", item) if isinstance(item, dict) else {"path": item}
        for item in cast("list[object]", items)
    ]
    document = {
        **_given(call, _DELETE_OPTIONS),
        "endpoint": call.text("endpoint_id"),
        "DATA": [{"DATA_TYPE": "delete_item", **path} for path in paths],
    }
    return await _submit(call, "delete", document)


async def _new_delete(call: ActionCall) -> ActionResult:
    return await _submit(call, "delete", dict(call.body))


async def _set_permission(call: ActionCall) -> ActionResult:
    collection = _id(call, "endpoint_id", "endpoint", "collection_id")
    operation = str(call.body.get("operation", "CREATE")).upper()
    rule = {
        "DATA_TYPE": "access",
        **_given(call, ("principal", "principal_type", "path", "permissions", "notify_email")),
    }
    match operation:
        case "CREATE":
            result = await _request(call, "POST", f"/endpoint/{collection}/access", rule)
        case "UPDATE":
            path = f"/endpoint/{collection}/access/{_id(call, 'rule_id')}"
            result = await _request(call, "PUT", path, {"permissions": call.text("permissions")})
        case "DELETE":
            result = await _request(call, "DELETE", f"/endpoint/{collection}/access/{_id(call, 'rule_id')}")
        case _:
            raise ActionRefused(f"'{operation[:100]}' is not one of ['CREATE', 'UPDATE', 'DELETE']")
    return ActionResult("SUCCEEDED", result)


async def _list_directory(call: ActionCall) -> ActionResult:
    collection = _id(call, "endpoint_id", "endpoint", "collection_id")
    path = call.body.get("path")
    query = {} if path is None else {"path": call.text("path")}
    listing = await _request(call, "GET", f"/operation/endpoint/{collection}/ls", query=query)
    entries = [{**entry, "is_folder": entry["type"] == "dir"} for entry in listing["DATA"]]
    if call.body.get("path_only") is True:
        return ActionResult("SUCCEEDED", {"path": listing["path"]})
    return ActionResult("SUCCEEDED", {**listing, "DATA": entries})


async def _make_directory(call: ActionCall) -> ActionResult:
    collection = _id(call, "endpoint_id", "endpoint", "collection_id")
    document = {"DATA_TYPE": "mkdir", "path": call.text("path")}
    return ActionResult("SUCCEEDED", await _request(call, "POST", f"/operation/endpoint/{collection}/mkdir", document))


async def _stat(call: ActionCall) -> ActionResult:
    collection = _id(call, "endpoint_id", "endpoint", "collection_id")
    query = {"path": call.text("path")}
    return ActionResult("SUCCEEDED", await _request(call, "GET", f"/operation/endpoint/{collection}/stat", query=query))


async def _collection_info(call: ActionCall) -> ActionResult:
    return ActionResult(
        "SUCCEEDED", await _request(call, "GET", f"/endpoint/{_id(call, 'endpoint_id', 'endpoint', 'collection_id')}")
    )


def _both(title: str, old: tuple[str, str, Step], new: tuple[str, Step], *, is_task: bool) -> list[ActionProvider]:
    """Return the older action, with a scope of its own, and the newer one, with that of Transfer."""
    name, scope, start = old
    common: dict[str, Any] = {"poll": _poll_task, "cancel": _cancel_task, "is_synchronous": False} if is_task else {}
    return [
        ActionProvider(f"{_OLD}/{name}", title, start, scope, (TRANSFER_SCOPE,), **common),
        ActionProvider(f"{_NEW}/{new[0]}", title, new[1], TRANSFER_SCOPE, **common),
    ]


PROVIDERS: Final[tuple[ActionProvider, ...]] = (
    *_both(
        "Transfer",
        ("transfer", f"{_OLD_SCOPES}/transfer", _old_transfer),
        ("transfer", _new_transfer),
        is_task=True,
    ),
    *_both("Delete", ("delete", f"{_OLD_SCOPES}/delete", _old_delete), ("delete", _new_delete), is_task=True),
    *_both(
        "Manage a permission",
        ("set_permission", f"{_OLD_SCOPES}/set_permission", _set_permission),
        ("manage_permission", _set_permission),
        is_task=False,
    ),
    *_both(
        "List a directory",
        ("ls", f"{_CLIENT_SCOPES}/transfer_ls", _list_directory),
        ("ls", _list_directory),
        is_task=False,
    ),
    *_both(
        "Make a directory",
        ("mkdir", f"{_CLIENT_SCOPES}/transfer_mkdir", _make_directory),
        ("mkdir", _make_directory),
        is_task=False,
    ),
    *_both(
        "Show a collection",
        ("collection_info", f"{_CLIENT_SCOPES}/transfer_collection_info", _collection_info),
        ("collection_info", _collection_info),
        is_task=False,
    ),
    ActionProvider(f"{_NEW}/stat", "Show a file", _stat, TRANSFER_SCOPE),
)
