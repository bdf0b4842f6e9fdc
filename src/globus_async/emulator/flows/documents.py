"""The documents of flows, runs, log entries, web inputs and registered APIs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from .language.parameters import without_private
from .language.steps import private_names
from .roles import api_roles, flow_roles, run_roles, web_input_roles

if TYPE_CHECKING:
    from ..kit.service import Document
    from .models import Action, Flow, LogEntry, RegisteredApi, Run, WebInput

__all__ = (
    "action_document",
    "api_document",
    "api_summary",
    "flow_document",
    "iso_time",
    "log_document",
    "run_document",
    "web_input_document",
    "web_input_summary",
)

_FLOWS_URL: Final = "https://flows.automate.globus.org"


def iso_time(seconds: float) -> str:
    """Return a time in UTC as Flows writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _optional_time(seconds: float | None) -> str | None:
    return None if seconds is None else iso_time(seconds)


def flow_document(
    flow: Flow, principals: frozenset[str], *, listed: bool = False, definition: Document | None = None
) -> Document:
    """
    Return a flow as a caller sees it: without roles and private parameters if it is no administrator.

    Args:
        flow: The flow.
        principals: The principals of the caller.
        listed: Whether it is part of a listing.
        definition: An earlier definition in place of the present one.
    """
    definition = flow.definition if definition is None else definition
    roles = flow_roles(flow, principals)
    is_administrator = not {"flow_owner", "flow_administrator"}.isdisjoint(roles)
    hidden = listed and flow.is_high_assurance
    url = f"{_FLOWS_URL}/flows/{flow.id}"

    def shown(principals: list[str]) -> list[str]:
        return list(principals) if is_administrator else []

    return {
        "id": flow.id,
        "title": flow.title,
        "subtitle": flow.subtitle,
        "description": flow.description,
        "keywords": list(flow.keywords),
        "definition": None if hidden else definition if is_administrator else _without_private(definition),
        "input_schema": None if hidden else flow.input_schema,
        "flow_owner": flow.owner,
        "flow_viewers": shown(flow.viewers),
        "flow_starters": shown(flow.starters),
        "flow_administrators": shown(flow.administrators),
        "run_managers": shown(flow.run_managers),
        "run_monitors": shown(flow.run_monitors),
        "created_by": flow.created_by,
        "created_at": iso_time(flow.created_at),
        "updated_at": iso_time(flow.updated_at),
        "globus_auth_scope": flow.scope,
        "globus_auth_scopes_by_RunAs": {"User": flow.scope},
        "globus_auth_username": f"{flow.id}@clients.auth.globus.org",
        "principal_urn": f"urn:globus:auth:identity:{flow.id}",
        "flow_url": url,
        "action_url": url,
        "user_role": next(iter(roles), None),
        "user_roles": roles,
        "subscription_id": flow.subscription_id,
        "authentication_policy_id": flow.authentication_policy_id,
        "is_high_assurance": flow.is_high_assurance,
        "synchronous": False,
        "log_supported": True,
        "types": ["Action"],
        "api_version": "1.0",
        "visible_to": [],
        "runnable_by": [],
        "administered_by": [],
    }


def _without_private(definition: Document) -> Document:
    states = {
        name: {**state, "Parameters": without_private(state["Parameters"], names)}
        if (names := private_names(state))
        else state
        for name, state in definition["States"].items()
    }
    return {**definition, "States": states}


def run_document(run: Run, principals: frozenset[str], *, listed: bool = False) -> Document:
    """
    Return a run as a caller sees it: without managers and monitors if it is only a monitor.

    Args:
        run: The run.
        principals: The principals of the caller.
        listed: Whether it is part of a listing.
    """
    roles = run_roles(run, principals)
    is_manager = not {"run_owner", "run_manager", "flow_run_manager"}.isdisjoint(roles)
    managers = list(run.managers) if is_manager else []
    monitors = list(run.monitors) if is_manager else []
    return {
        "run_id": run.id,
        "action_id": run.id,
        "flow_id": run.flow.id,
        "flow_title": run.flow.title,
        "flow_last_updated": iso_time(run.flow.updated_at),
        "start_time": iso_time(run.started),
        "completion_time": _optional_time(run.ended),
        "status": run.status,
        "display_status": run.status,
        "details": None if listed and run.flow.is_high_assurance else run.details,
        "label": run.label,
        "tags": list(run.tags),
        "run_owner": run.owner,
        "created_by": run.owner,
        "run_managers": managers,
        "run_monitors": monitors,
        "manage_by": managers,
        "monitor_by": monitors,
        "user_role": next(iter(roles), None),
        "user_roles": roles,
        "blocking_web_input_id": run.blocking_web_input_id,
    }


def log_document(entry: LogEntry) -> Document:
    """Return a log entry."""
    return {
        "time": iso_time(entry.time),
        "code": entry.code,
        "description": entry.description,
        "details": entry.details,
    }


def action_document(action: Action, state_name: str | None = None) -> Document:
    """
    Return the status of an action.

    Args:
        action: The action.
        state_name: The state that has started it, which the result of the state names.
    """
    document: dict[str, Any] = {
        "action_id": action.id,
        "status": action.status,
        "display_status": action.display_status or action.status,
        "creator_id": action.creator,
        "label": action.label,
        "manage_by": list(action.managers),
        "monitor_by": list(action.monitors),
        "start_time": iso_time(action.started),
        "completion_time": _optional_time(action.ended),
        "release_after": "P30D",
        "details": action.details,
    }
    return document if state_name is None else {**document, "state_name": state_name}


def web_input_summary(web_input: WebInput, principals: frozenset[str]) -> Document:
    """Return the summary of a web input."""
    return {
        "id": web_input.id,
        "status": "open" if web_input.closed is None else "closed",
        "user_roles": web_input_roles(web_input, principals),
        "input_type": "selection",
        "title": web_input.title,
        "flow": {"id": web_input.run.flow.id, "title": web_input.run.flow.title},
        "run": {"id": web_input.run.id, "label": web_input.run.label},
        "created_timestamp": iso_time(web_input.created),
        "edited_timestamp": iso_time(web_input.edited),
        "closed_timestamp": _optional_time(web_input.closed),
    }


def web_input_document(web_input: WebInput, principals: frozenset[str]) -> Document:
    """Return a web input."""
    document = web_input_summary(web_input, principals)
    del document["title"]
    return {
        **document,
        "context": web_input.context,
        "options": web_input.options,
        "input_schema": {
            "$schema": "http://json-schema.org/draft-07/schema",
            "title": "Please select an option",
            "type": "string",
            "oneOf": [
                {"const": each["option_id"], "title": each["label"], "description": each["description"]}
                for each in web_input.options
            ],
        },
        "roles": {"viewer_urns": list(web_input.viewers), "respondent_urns": list(web_input.respondents)},
        "creator_urn": web_input.creator,
    }


def api_summary(api: RegisteredApi) -> Document:
    """Return the summary of a registered API."""
    return {
        "id": api.id,
        "name": api.name,
        "description": api.description,
        "created_timestamp": iso_time(api.created),
        "updated_timestamp": iso_time(api.updated),
    }


def api_document(api: RegisteredApi, principals: frozenset[str]) -> Document:
    """Return a registered API, with the templates that the service makes of its target."""
    is_administrator = not {"owner", "administrator"}.isdisjoint(api_roles(api, principals))
    roles = {"owners": api.owners, "administrators": api.administrators, "viewers": api.viewers}
    return {
        **api_summary(api),
        "roles": roles if is_administrator else {name: [] for name in roles},
        "target": api.target,
        "data_templates": {
            "request": {"template": {part: {"$T_ref": f"$.{part}"} for part in ("path", "query", "headers", "body")}},
            "response": {
                "2XX": {"template": {"$T_ref": "$.body"}, "type": "success"},
                "default": {
                    "template": {"cause": {"$T_ref": "$.body"}, "exception": "ActionUnableToRun"},
                    "type": "failure",
                },
            },
        },
        "state_input_schema": _state_input_schema(api.target),
        "status": "ACTIVE" if api.scheduled_deletion is None else "INACTIVE",
        "subscription_id": api.subscription_id,
        "edited_timestamp": _optional_time(api.edited),
        "scheduled_deletion_timestamp": _optional_time(api.scheduled_deletion),
    }


def _state_input_schema(target: Document) -> Document:
    """Return the schema of the parameters that the operation of a target has."""
    specification: Any = target.get("specification")
    listed: Any = cast("Document", specification).get("parameters") if isinstance(specification, dict) else None
    given = [cast("Document", each) for each in cast("list[Any]", listed or []) if isinstance(each, dict)]
    parameters = [each for each in given if "name" in each]
    return {
        "type": "object",
        "properties": {str(each["name"]): each.get("schema") or {} for each in parameters},
        "required": [str(each["name"]) for each in parameters if each.get("required") is True],
    }
