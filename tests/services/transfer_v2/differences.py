"""The deliberate differences of TransferClientV2 from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "listings",
        "signature",
        "`list_bookmarks`, `list_tunnels`, `get_tunnel_events`, `list_stream_access_points`",
        "return `Pages` and are not coroutines: `async for` yields the items of all pages; `num_results` and `limit`"
        " are keywords, of `list_bookmarks` also `include`",
        "globus-sdk has pages for one of them only",
    ),
    Difference(
        "keywords",
        "signature",
        "all methods",
        "take `query_params=`",
        "the service may get parameters that this package does not have",
    ),
    Difference(
        "partial_update",
        "signature",
        "`BookmarkUpdateDocument`",
        "needs neither name nor path",
        "the service changes the attributes that are there",
    ),
    Difference(
        "place",
        "signature",
        "`globus_sdk.experimental`",
        "is `globus_async`: the names are at the root of the package",
        "nothing here is experimental",
    ),
    Difference(
        "tunnel_submission_id",
        "wire",
        "`create_tunnel` without a submission id",
        "generates one, and adds it to the document",
        "submitting the same document again never creates a second tunnel",
    ),
    Difference(
        "sent_once",
        "behaviour",
        "`create_bookmark`, `update_bookmark`, `update_tunnel`",
        "are sent once: not again after a 502 or a lost connection",
        "a second attempt would fail with a conflict, although the first one succeeded",
    ),
    Difference(
        "ids",
        "behaviour",
        "all ids",
        "a value that is not a UUID is refused before anything is sent",
        "`../tunnels` as an id would address another resource",
    ),
)

DIFFERENCES: Final = Differences("TransferClientV2 differs", _ENTRIES)
