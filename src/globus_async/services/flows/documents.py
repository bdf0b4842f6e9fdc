"""The documents of Globus Flows."""

from typing import Any, Literal, NotRequired, TypedDict

__all__ = (
    "BatchUpdateDocument",
    "DeletedFlowDocument",
    "FlowDescriptionDocument",
    "FlowDocument",
    "FlowValidationDocument",
    "RegisteredAPIDocument",
    "RegisteredAPIRolesDocument",
    "RegisteredAPISummaryDocument",
    "RunDefinitionDocument",
    "RunDocument",
    "RunLogEntryDocument",
    "RunStatus",
    "RunValidationDocument",
    "WebInputDocument",
    "WebInputFlowDocument",
    "WebInputOptionDocument",
    "WebInputResponseDocument",
    "WebInputRolesDocument",
    "WebInputRunDocument",
    "WebInputSummaryDocument",
)

RunStatus = Literal["ACTIVE", "INACTIVE", "SUCCEEDED", "FAILED", "ENDED"]
"""
The statuses of a run. ``SUCCEEDED``, ``FAILED`` and ``ENDED`` are final; a canceled run is ``FAILED``.

The service may add statuses, so the type of ``status`` in documents is ``str``.
"""


class FlowDocument(TypedDict):
    """
    A flow.

    Lists of principals are empty unless you administer the flow. In listings, ``definition`` and ``input_schema`` of a
    high-assurance flow are null.
    """

    id: str
    title: str
    subtitle: str
    description: str
    keywords: list[str]
    definition: dict[str, Any] | None
    input_schema: dict[str, Any] | None
    flow_owner: str
    flow_viewers: list[str]
    flow_starters: list[str]
    flow_administrators: list[str]
    run_managers: list[str]
    run_monitors: list[str]
    user_role: str
    user_roles: list[str]
    created_by: str
    created_at: str
    updated_at: str
    globus_auth_scope: str
    globus_auth_scopes_by_RunAs: NotRequired[dict[str, Any]]
    globus_auth_username: str
    principal_urn: str
    flow_url: str
    action_url: NotRequired[str]
    subscription_id: str | None
    authentication_policy_id: NotRequired[str | None]
    is_high_assurance: NotRequired[bool]
    synchronous: bool
    log_supported: bool
    types: list[str]
    api_version: str
    visible_to: NotRequired[list[str]]
    runnable_by: NotRequired[list[str]]
    administered_by: NotRequired[list[str]]


class DeletedFlowDocument(FlowDocument):
    """A flow that was deleted: the last state of its document."""

    DELETED: bool
    deleted_at: NotRequired[str]


class FlowValidationDocument(TypedDict):
    """The result of a validation: the scopes that the flow requires, by the role that its actions run as."""

    scopes: dict[str, list[str]]


class FlowDescriptionDocument(TypedDict):
    """The description of the flow of a run, as it is now."""

    id: str
    title: str
    subtitle: NotRequired[str]
    description: NotRequired[str]
    keywords: NotRequired[list[str]]
    flow_owner: NotRequired[str]
    created_at: str
    updated_at: NotRequired[str]
    deleted_at: NotRequired[str]


class RunDocument(TypedDict):
    """
    A run of a flow.

    The form of ``details`` depends on the status; it has a ``code`` and a ``description``, of a successful run the
    ``output``, and of an inactive one what must be done. In listings it is null for runs of high-assurance flows.
    """

    run_id: str
    action_id: str
    flow_id: str
    flow_title: str
    flow_last_updated: str
    status: str
    display_status: NotRequired[str]
    start_time: str
    completion_time: str | None
    label: str
    tags: list[str]
    details: dict[str, Any] | None
    run_owner: str
    created_by: NotRequired[str]
    run_managers: list[str]
    run_monitors: list[str]
    manage_by: NotRequired[list[str]]
    monitor_by: NotRequired[list[str]]
    user_role: str
    user_roles: NotRequired[list[str]]
    blocking_web_input_id: NotRequired[str | None]
    flow_description: NotRequired[FlowDescriptionDocument]


class RunDefinitionDocument(TypedDict):
    """The definition and the input schema of a flow when a run was started."""

    flow_id: str
    definition: dict[str, Any]
    input_schema: dict[str, Any]


class RunValidationDocument(TypedDict):
    """The result of the validation of an input."""

    message: str


class RunLogEntryDocument(TypedDict):
    """An entry of the log of a run, such as ``ActionStarted``; its details have the state and its input or output."""

    time: str
    code: str
    description: str
    details: dict[str, Any]


class BatchUpdateDocument(TypedDict):
    """The result of an update of several runs, which has no members; the update may be completed later."""


class RegisteredAPISummaryDocument(TypedDict):
    """A registered API in a listing."""

    id: str
    name: str
    description: str
    created_timestamp: str
    updated_timestamp: str


class RegisteredAPIRolesDocument(TypedDict):
    """The principals that have a role on a registered API."""

    owners: list[str]
    administrators: list[str]
    viewers: list[str]


class RegisteredAPIDocument(RegisteredAPISummaryDocument):
    """A registered API."""

    roles: RegisteredAPIRolesDocument
    target: dict[str, Any]
    data_templates: NotRequired[dict[str, Any]]
    state_input_schema: NotRequired[dict[str, Any]]
    status: str
    subscription_id: str | None
    edited_timestamp: str | None
    scheduled_deletion_timestamp: str | None


class WebInputFlowDocument(TypedDict):
    """The flow that a web input belongs to."""

    id: str
    title: str


class WebInputRunDocument(TypedDict):
    """The run that waits for a web input."""

    id: str
    label: str


class WebInputSummaryDocument(TypedDict):
    """A web input in a listing."""

    id: str
    status: str
    user_roles: list[str]
    input_type: str
    title: str
    flow: WebInputFlowDocument
    run: WebInputRunDocument
    created_timestamp: str
    edited_timestamp: str
    closed_timestamp: str | None


class WebInputOptionDocument(TypedDict):
    """An option of a web input."""

    option_id: str
    label: str
    description: str


class WebInputRolesDocument(TypedDict):
    """The principals that may view a web input, or respond to it."""

    viewer_urns: list[str]
    respondent_urns: list[str]


class WebInputDocument(TypedDict):
    """
    A web input: a question that a run has for a person, and its options.

    ``context`` has the ``title`` and, by its ``presentation_style``, a ``text`` or ``rows``.
    """

    id: str
    status: str
    user_roles: list[str]
    input_type: str
    context: dict[str, Any]
    options: list[WebInputOptionDocument]
    input_schema: dict[str, Any]
    roles: WebInputRolesDocument
    creator_urn: str
    flow: WebInputFlowDocument
    run: WebInputRunDocument
    created_timestamp: str
    edited_timestamp: str
    closed_timestamp: str | None


class WebInputResponseDocument(TypedDict):
    """The result of a response to a web input."""

    status: str
