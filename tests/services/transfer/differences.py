"""The deliberate differences of TransferClient from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)


_ENTRIES: Final = (
    Difference(
        "params",
        "signature",
        "all methods of release 1",
        "`**params` is `query_params=`, in addition to a keyword for each documented parameter",
        "a misspelt keyword raises instead of becoming an ignored query parameter",
    ),
    Difference(
        "pages",
        "signature",
        "methods that list",
        "return `Pages` and are not coroutines: `async for` yields the items of all pages, `await` returns the first"
        " page; there is neither `client.paginated` nor `PaginatedResource`",
        "one way instead of three, with types of items",
    ),
    Difference(
        "positional",
        "signature",
        "options of `TransferData`, `DeleteData` and `CreateTunnelData`, after the endpoints",
        "are keyword-only",
        "keywords are readable; globus-sdk 4 has them keyword-only too",
    ),
    Difference(
        "constructor",
        "signature",
        "`TransferClient(retry_config=)`",
        "is `retry=`, which takes a `RetryPolicy`",
        "a retry policy is immutable, so that clients can share it",
    ),
    Difference(
        "data_access_scope",
        "extension",
        "`data_access_scope`",
        "is new: it returns the scope that `add_app_data_access_scope` adds to an app",
        "a login without an app needs it as well",
    ),
    Difference(
        "limit",
        "wire",
        "methods that list",
        "`limit` and `offset` are sent with every page; without `limit` only `num_results` items are requested, by"
        " default 25 of `endpoint_search` and 10 of the others",
        "unused items are not sent; the defaults are those of release 1",
    ),
    Difference(
        "completion_time",
        "wire",
        "`filter_completion_time=` with datetimes",
        "are written in UTC with a `Z`; a naive one is refused",
        "a datetime without time zone depends on the machine",
    ),
    Difference(
        "deadline",
        "wire",
        "`deadline=` with a datetime",
        "is written in UTC with a `Z` and a `T`, in whole seconds; a naive one is refused",
        "a datetime without time zone depends on the machine",
    ),
    Difference(
        "booleans",
        "wire",
        "booleans in `query_params`",
        "are `true` and `false`",
        "`True` and `False` are not values of the service",
    ),
    Difference(
        "none_submission_id",
        "wire",
        "`submission_id=None` in a document",
        "is treated as missing: a submission id is fetched",
        "globus-sdk sends null, and the service refuses it",
    ),
    Difference(
        "none_filter",
        "wire",
        "`filter=None`, `filter_completion_time=None`",
        "are left out, like every other `None` in a query",
        "globus-sdk raises `AttributeError` or `TypeError`",
    ),
    Difference(
        "literal_filter",
        "wire",
        'the values of a list in a filter, `{"name": ["!a"]}`',
        'mean themselves; text, `{"name": "!a"}`, is in the service\'s syntax',
        "with globus-sdk both find everything that is not called `a`",
    ),
    Difference(
        "comma_in_list",
        "wire",
        "an item of a comma-separated list that has a comma",
        "is refused",
        "the service would read two items",
    ),
    Difference(
        "tunnel_submission_id",
        "wire",
        "`create_tunnel` without a submission id",
        "generates a random one (UUID version 4)",
        "UUIDs of version 1 reveal the machine's network address and clock",
    ),
    Difference(
        "ids",
        "behaviour",
        "all ids",
        "a value that is not a UUID, or not a single path segment, is refused before anything is sent",
        "`../task/x` as an id would address another resource",
    ),
    Difference(
        "items",
        "behaviour",
        "`submit_transfer`, `submit_delete`",
        "a document without items or endpoints is refused before anything is sent",
        "the service would refuse it after a submission id was fetched",
    ),
    Difference(
        "uncertain",
        "behaviour",
        "`submit_transfer`, `submit_delete`",
        "an uncertain outcome raises `SubmissionUncertain`, with the document to submit again",
        "after a lost response the task may be running",
    ),
    Difference(
        "wait",
        "behaviour",
        "`task_wait`",
        "measures time; `timeout=None` is no time limit; `INACTIVE` raises `TaskInactive`; an unknown status does not"
        " end the wait",
        "globus-sdk counts intervals without the duration of requests, and treats every status but `ACTIVE` as done",
    ),
    Difference(
        "cap",
        "behaviour",
        "`task_list`, `task_event_list`, `endpoint_manager_task_event_list`",
        "`num_results=None` returns all items",
        "globus-sdk silently stops at 1000",
    ),
    Difference(
        "data_members",
        "behaviour",
        "`TransferData`, `DeleteData`, `CreateTunnelData`",
        "options that are not given are absent; ids are text",
        "the document can be stored as JSON, and submitted after it is loaded",
    ),
)

DIFFERENCES: Final = Differences("TransferClient differs", _ENTRIES)
