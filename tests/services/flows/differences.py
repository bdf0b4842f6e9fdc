"""The deliberate differences of the clients of Flows from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "pages",
        "signature",
        "methods that list",
        "return `Pages` and are not coroutines: `async for` yields the items of all pages, `await` returns the first"
        " page; `num_results=` limits them",
        "one way instead of three, with types of items",
    ),
    Difference(
        "constructor",
        "signature",
        "`FlowsClient(retry_config=)`, `SpecificFlowClient(retry_config=)`",
        "is `retry=`, which takes a `RetryPolicy`",
        "a retry policy is immutable, so that clients can share it",
    ),
    Difference(
        "filters",
        "signature",
        "`list_flows`, `list_runs`",
        "have a parameter for each filter of the service: title, keywords, status, label, times, order, `per_page`",
        "globus-sdk has them as `query_params` only",
    ),
    Difference(
        "more_methods",
        "extension",
        "`list_flow_runs`, `update_runs`, `create_registered_api`, `update_registered_api`, `delete_registered_api`",
        "are new",
        "the service has these operations",
    ),
    Difference(
        "waits",
        "extension",
        "`wait_for_run`, `wait_for_runs`, `watch_run`, `follow_run_logs`, `find_runs`",
        "are new",
        "polling shared by all waits, with time limits and rules for failures, is not written again in each program",
    ),
    Difference(
        "data_access_scope",
        "extension",
        "`SpecificFlowClient.transfer_data_access_scope`",
        "is new: it returns the scope that `add_app_transfer_data_access_scope` adds to an app",
        "a login without an app needs it as well",
    ),
    Difference(
        "orderby",
        "wire",
        "several criteria of `orderby`",
        "are one parameter, joined with commas",
        "so the service documents it; globus-sdk repeats the parameter, except for web inputs",
    ),
    Difference(
        "booleans",
        "wire",
        "booleans in queries",
        "are `true` and `false`",
        "`True` and `False` are Python's spelling",
    ),
    Difference(
        "texts",
        "wire",
        "principals, tags and keywords that are a single text",
        "are sent as a list of one",
        "globus-sdk sends the text, which the service refuses",
    ),
    Difference(
        "sent_once",
        "behaviour",
        "`run_flow`, `create_flow`, `resume_run`, `delete_run`, `respond_to_web_input`",
        "are not sent again where the service may have executed them; `run_flow` raises `RunUncertain` then, and"
        " `find_runs` returns the run",
        "globus-sdk repeats them after 500, 502, 503, 504 and lost connections, and may start two runs",
    ),
    Difference(
        "stalled",
        "behaviour",
        "listings whose page has `has_next_page` and no marker",
        "raise `PaginationStalled`",
        "globus-sdk requests the first page for ever",
    ),
    Difference(
        "ids",
        "behaviour",
        "all ids",
        "a value that is not a UUID is refused before anything is sent",
        "`../x` as an id would address another resource",
    ),
    Difference(
        "problems",
        "error",
        "`FlowsAPIError.messages`",
        "has the summary and each problem with its place, `request_id` the debug id",
        "globus-sdk keeps the text of the problems only",
    ),
)

DIFFERENCES: Final = Differences("FlowsClient and SpecificFlowClient differ", _ENTRIES)
