"""The hosted actions that need no Transfer: Hello World, Search, notifications, options and expressions."""

from __future__ import annotations

import re
from typing import Any, Final, cast
from urllib.parse import quote

from ..language.expressions import ExpressionError, evaluate
from ..language.paths import Scope
from .provider import ActionCall, ActionProvider, ActionRefused, ActionResult

__all__ = ("PROVIDERS", "SEARCH_SCOPE")

SEARCH_SCOPE: Final = "urn:globus:auth:scope:search.api.globus.org:all"
_URL: Final = "https://actions.globus.org"
_SCOPES: Final = "https://auth.globus.org/scopes/actions.globus.org"
_CLIENT_SCOPES: Final = "https://auth.globus.org/scopes/5fac2e64-c734-4e6b-90ea-ff12ddbf9653"
_VARIABLE: Final = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ActionRefused(f"'{name}' is not of type 'object'")
    return cast("dict[str, Any]", value)


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise ActionRefused(f"'{name}' is not of type 'array'")
    return cast("list[object]", value)


# Hello World


async def _greet(call: ActionCall) -> ActionResult:
    seconds = call.body.get("sleep_time", 0)
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
        raise ActionRefused("'sleep_time' is not a number of seconds")
    if call.body.get("required_dependent_scope") is not None:
        raise ActionRefused("'required_dependent_scope' is not supported")
    call.memory["until"] = call.now + min(seconds, 366 * 86400)
    return await _wake(call)


async def _wake(call: ActionCall) -> ActionResult:
    text = call.body.get("echo_string")
    details = {"Hello": "World", **({} if text is None else {"hello": text})}
    # sleeps end up to a microsecond early
    return ActionResult("ACTIVE" if call.now + 1e-5 < call.memory["until"] else "SUCCEEDED", details)


# Search


async def _ingest(call: ActionCall) -> ActionResult:
    entry = {name: call.body[name] for name in ("subject", "visible_to", "content", "id") if name in call.body}
    for name in ("subject", "visible_to", "content"):
        call.required(name)
    document = {"ingest_type": "GMetaEntry", "ingest_data": entry}
    return await _search_task(call, f"/v1/index/{quote(call.text('search_index'), safe='')}/ingest", document)


async def _delete(call: ActionCall) -> ActionResult:
    index = quote(call.text("search_index"), safe="")
    query = call.body.get("delete_by_query") or call.body.get("query")
    if query is not None:
        return await _search_task(call, f"/v1/index/{index}/delete_by_query", query)
    subject = {"subjects": [call.text("subject")]}
    return await _search_task(call, f"/v1/index/{index}/batch_delete_by_subject", subject)


async def _search_task(call: ActionCall, path: str, document: object) -> ActionResult:
    response = await call.request("search", "POST", path, scope=SEARCH_SCOPE, document=document)
    if not response.is_success:
        raise ActionRefused(response.document)
    call.memory["task_id"] = response.document["task_id"]
    return await _poll_search_task(call)


async def _poll_search_task(call: ActionCall) -> ActionResult:
    response = await call.request("search", "GET", f"/v1/task/{call.memory['task_id']}", scope=SEARCH_SCOPE)
    if not response.is_success:
        return ActionResult("FAILED", response.document)
    state = response.document["state"]
    return ActionResult({"SUCCESS": "SUCCEEDED", "FAILED": "FAILED"}.get(state, "ACTIVE"), response.document)  # type: ignore[arg-type]  # three texts


# notifications


async def _notify(call: ActionCall) -> ActionResult:
    values = _object(call.body.get("body_variables") or {}, "body_variables")
    template = str(call.body.get("body_template", ""))
    text = _VARIABLE.sub(lambda match: str(values.get(match[1], match[0])), template)
    message = {
        "destination": call.required("destination"),
        "sender": call.body.get("sender"),
        "subject": call.body.get("subject"),
        "body": text,
    }
    call.store.notifications.append(message)
    return ActionResult("SUCCEEDED", {"status": "sent", "destination": message["destination"]})


# options


async def _ask(call: ActionCall) -> ActionResult:
    run = next((each for each in call.store.runs.values() if call.store.action_of(each) is call.action), None)
    if run is None:
        raise ActionRefused("only a flow can ask for an option here")
    options = [_object(each, "options") for each in _list(call.required("options"), "options")]
    if not options or not all(each.get("name") for each in options):
        raise ActionRefused("'options' is not a list of objects with a name")
    details = _object(call.body.get("landing_page") or {}, "landing_page")
    selectors = _list(call.body.get("selectable_by") or [run.owner], "selectable_by")
    web_input = call.store.web_inputs.open(
        run,
        title=str(details.get("header") or "Please select an option"),
        text=str(details.get("page_body") or details.get("description") or ""),
        options=[{"label": str(each["name"]), "description": str(each.get("description", ""))} for each in options],
        respondents=[str(each) for each in selectors],
        action=call.action,
    )
    call.memory["web_input"] = web_input.id
    return await _poll_option(call)


async def _poll_option(call: ActionCall) -> ActionResult:
    web_input = call.store.web_inputs.by_id[call.memory["web_input"]]
    options = [
        {**each, "url": f"https://app.flows.globus.org/web-inputs/{web_input.id}"} for each in call.body["options"]
    ]
    details: dict[str, Any] = {"options": options}
    if web_input.closed is None:
        return ActionResult("ACTIVE", details)
    number = next((n for n, each in enumerate(web_input.options) if each["option_id"] == web_input.response), None)
    if number is None:
        return ActionResult("FAILED", details)
    chosen = call.body["options"][number]
    return ActionResult(
        "SUCCEEDED",
        {
            "name": chosen["name"],
            "url_suffix": chosen.get("url_suffix"),
            "message": chosen.get("completed_message"),
            **details,
        },
    )


# expressions


async def _evaluate(call: ActionCall) -> ActionResult:
    details: dict[str, Any] = {}
    for item in _list(call.body.get("expressions", [call.body]), "expressions"):
        each = _object(item, "expressions")
        if not isinstance(each.get("expression"), str):
            raise ActionRefused("'expression' is a required property")
        arguments = _object(each.get("arguments") or {}, "arguments")
        try:
            value = evaluate(each["expression"], Scope({**details, **arguments}, {}))
        except ExpressionError as error:
            raise ActionRefused(str(error)) from None
        details[str(each.get("result_path") or "result")] = value
    return ActionResult("SUCCEEDED", details)


PROVIDERS: Final[tuple[ActionProvider, ...]] = (
    ActionProvider(
        f"{_URL}/hello_world", "Hello World", _greet, f"{_SCOPES}/hello_world", poll=_wake, is_synchronous=False
    ),
    ActionProvider(
        f"{_URL}/search/ingest",
        "Ingest into Search",
        _ingest,
        f"{_SCOPES}/search/ingest",
        (SEARCH_SCOPE,),
        poll=_poll_search_task,
        is_synchronous=False,
    ),
    ActionProvider(
        f"{_URL}/search/delete",
        "Delete from Search",
        _delete,
        f"{_SCOPES}/search/delete",
        (SEARCH_SCOPE,),
        poll=_poll_search_task,
        is_synchronous=False,
    ),
    ActionProvider(f"{_URL}/notification/notify", "Notify", _notify, f"{_SCOPES}/notification/notify"),
    ActionProvider(
        f"{_URL}/weboption/wait_for_option",
        "Wait for an option",
        _ask,
        f"{_CLIENT_SCOPES}/weboption_wait_for_option",
        poll=_poll_option,
        is_synchronous=False,
    ),
    ActionProvider(f"{_URL}/expression_eval", "Evaluate expressions", _evaluate, f"{_CLIENT_SCOPES}/expression"),
)
