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
        "`**params` is `query_params=`, besides a keyword for each documented parameter",
        "a misspelt keyword is an error instead of a query parameter that nobody reads",
    ),
    Difference(
        "pages",
        "signature",
        "methods that list",
        "return `Pages` and are no coroutines: `async for` gives items of all pages, `await` the first page;"
        " there is neither `client.paginated` nor `PaginatedResource`",
        "one spelling for what takes three there, and item types that type checkers see",
    ),
    Difference(
        "positional",
        "signature",
        "`endpoint_search(num_results)`, options of `TransferData`, `DeleteData` and `CreateTunnelData`",
        "are keyword-only",
        "a third positional argument says nothing to a reader; globus-sdk 4 has them keyword-only too",
    ),
    Difference(
        "constructor",
        "signature",
        "`TransferClient(app=, app_scopes=, retry_config=)`",
        "there is no `app`; `retry=` takes a `RetryPolicy`",
        "`GlobusApp` logs in interactively and keeps state for scripts; services hand over an authorizer. A retry"
        " policy is a value that cannot be changed under other callers",
    ),
    Difference(
        "app_scope",
        "signature",
        "`add_app_data_access_scope`",
        "is `data_access_scope(collection_ids)`, which returns the scope to log in with",
        "there is no `GlobusApp` to add it to",
    ),
    Difference(
        "limit",
        "wire",
        "methods that list",
        "`limit` and `offset` are sent with every page; without `limit` as many are asked for as are wanted, 25 of"
        " `endpoint_search` and 10 of the others unless `num_results` says more",
        "what nobody will look at need not be sent; the numbers are those of release 1",
    ),
    Difference(
        "completion_time",
        "wire",
        "`filter_completion_time=` with datetimes",
        "are written in UTC with a `Z`; a naive one is refused",
        "a datetime without zone means another instant on every machine",
    ),
    Difference(
        "deadline",
        "wire",
        "`deadline=` with a datetime",
        "is written in UTC with a `Z` and a `T`, in whole seconds; a naive one is refused",
        "a datetime without zone means another instant on every machine",
    ),
    Difference(
        "booleans",
        "wire",
        "booleans in `query_params`",
        "are `true` and `false`",
        "`True` and `False` are Python's spelling, not the service's",
    ),
    Difference(
        "none_submission_id",
        "wire",
        "`submission_id=None` in a document",
        "counts as missing: an id is fetched",
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
        "tunnel_submission_id",
        "wire",
        "`create_tunnel` without a submission id",
        "makes a random one (UUID version 4)",
        "version 1 tells the machine's network address and clock",
    ),
    Difference(
        "ids",
        "behaviour",
        "all ids",
        "what is no UUID, or no single path segment, is refused before anything is sent",
        "`../task/x` as an id reaches another resource",
    ),
    Difference(
        "items",
        "behaviour",
        "`submit_transfer`, `submit_delete`",
        "a document without items or endpoints is refused before anything is sent",
        "the service would refuse it, after a submission id was fetched",
    ),
    Difference(
        "uncertain",
        "behaviour",
        "`submit_transfer`, `submit_delete`",
        "an outcome that nobody knows raises `SubmissionUncertain`, with the document to submit again",
        "a lost answer is no refusal: the task may be running",
    ),
    Difference(
        "wait",
        "behaviour",
        "`task_wait`",
        "measures time; `timeout=None` waits as long as it takes; `INACTIVE` raises `TaskInactive`; a state it does not"
        " know does not count as over",
        "globus-sdk counts intervals without the time of requests, and takes every state but `ACTIVE` for done",
    ),
    Difference(
        "cap",
        "behaviour",
        "`task_list`, `task_event_list`, `endpoint_manager_task_event_list`",
        "`num_results=None` gives all there are",
        "globus-sdk ends at 1000 without a word",
    ),
    Difference(
        "data_members",
        "behaviour",
        "`TransferData`, `DeleteData`, `CreateTunnelData`",
        "options that are not given are absent; ids are text",
        "the document can be written as JSON as it is, and submitted after it was read back",
    ),
)

DIFFERENCES: Final = Differences("TransferClient differs", _ENTRIES)
