"""The deliberate differences of the client of files from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "constructor",
        "signature",
        "`GCSCollectionClient(retry_config=)`",
        "is `retry=`, which takes a `RetryPolicy`; `max_connections=` is new",
        "a retry policy is immutable, so that clients can share it",
    ),
    Difference(
        "methods",
        "extension",
        "`read`, `stream_file`, `size`, `download`, `download_tree`, `upload`, `upload_tree`, `delete_file`",
        "are new",
        "globus-sdk has `get`, which reads a whole file into memory; its class `GCSDownloader` has no counterpart here",
    ),
    Difference(
        "not_found",
        "error",
        "404",
        "is a `NotFound` only if the storage says that the file is missing, else an `UnconfirmedNotFound`",
        "a server that cannot ask its storage returns 404 as well",
    ),
    Difference(
        "backend",
        "behaviour",
        "404 of a server that cannot ask its storage",
        "is retried on a new connection",
        "the broken part of the server sticks to the connection",
    ),
    Difference(
        "redirect",
        "behaviour",
        "a redirect to a login page",
        "is a `LoginRequested` error",
        "globus-sdk follows it, and returns the page in place of the file",
    ),
)

DIFFERENCES: Final = Differences("GCSCollectionClient differs", _ENTRIES)
