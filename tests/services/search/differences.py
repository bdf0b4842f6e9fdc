"""The deliberate differences of SearchClient from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "pages",
        "signature",
        "`search`, `post_search`, `scroll`, `index_list`, `get_role_list`, `get_task_list`",
        "return `Pages` and are not coroutines: `async for` yields the items of all pages, `await` returns the first"
        " page; there is no `client.paginated`",
        "one way instead of three, with types of items",
    ),
    Difference(
        "limit",
        "wire",
        "`search`, `post_search`, `scroll`",
        "`limit` is sent with every page; it is 100 unless the call or the query has one, also if the listing is"
        " awaited. `offset` is sent with every page, and is 0 at first unless the call or the query has one",
        "the default of the service, 10, needs ten times as many requests, of which it allows 5 per second",
    ),
    Difference(
        "booleans",
        "wire",
        "`advanced=`, and booleans in `query_params`",
        "are `true` and `false` in queries",
        "`True` and `False` are not values of the service",
    ),
    Difference(
        "scroll_version",
        "wire",
        "`SearchScrollQuery`",
        "sends `@version: scroll#1.0.0`, in which filters have no `post_filter`",
        "`q_settings` and `fields` exist in this dialect only",
    ),
    Difference(
        "start",
        "behaviour",
        "`search(offset=)`, and `offset` of a query",
        "iterating begins there, and counts from there",
        "the paginators of globus-sdk request the offsets 50, 2, 4, ... with `offset=50`",
    ),
    Difference(
        "page_size",
        "behaviour",
        "`search(limit=)`, and `limit` of a query",
        "is the size of a page; `num_results` is the number of hits",
        "the paginators of globus-sdk replace it by 100",
    ),
    Difference(
        "maximum",
        "behaviour",
        "`search`, `post_search`",
        "warn with `ListingTruncated`, which points to `scroll`, if they end at the 10,000 hits of the service",
        "the paginators of globus-sdk end there silently",
    ),
    Difference(
        "stalled",
        "behaviour",
        "`search`, `post_search`, `scroll`",
        "raise `PaginationStalled` if a page leads to itself or to an earlier one",
        "globus-sdk requests it for ever",
    ),
    Difference(
        "queries",
        "behaviour",
        "`SearchQueryV1`, `SearchScrollQuery`",
        "members that are not given are absent instead of `MISSING`; arguments are checked",
        "the document can be stored as JSON; a mistake is found before anything is sent",
    ),
    Difference(
        "deletion",
        "behaviour",
        "`delete_by_query`",
        "takes no `SearchQueryV1` and `SearchScrollQuery`, no query without text and filters, and no principal sets",
        "the service refuses the first; the others would delete more than was meant",
    ),
    Difference(
        "sent_once",
        "behaviour",
        "`ingest`, `create_index`, and all other calls that change something",
        "are not repeated after a failure, unless they certainly did not reach the service",
        "globus-sdk repeats them after 502, 503, 504 and lost connections, which creates a second task",
    ),
    Difference(
        "error_data",
        "error",
        "`SearchAPIError`",
        "its `messages` have the problems that `error_data` lists, each with its place",
        "the message of the service is only `Request failed input validation.`",
    ),
    Difference(
        "iterable",
        "response",
        "`get_role_list`, `get_task_list`",
        "their responses can be iterated, as those of `index_list`",
        "globus-sdk raises `KeyError: 0`",
    ),
)

DIFFERENCES: Final = Differences("SearchClient differs", _ENTRIES)
