"""Deliberate differences from globus-sdk in the base client, authorizers, responses and errors."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    # errors
    Difference(
        "content_type",
        "error",
        "`raw_json`, `code`, `messages`, `errors` of an error whose `Content-Type` is not JSON",
        "are read if the body is JSON",
        "proxies and old servers send error documents with the wrong type",
    ),
    Difference(
        "strict_json",
        "error",
        "error bodies with `NaN`, or with a byte order mark",
        "are not JSON: `raw_json` is `None`",
        "one meaning of JSON, whichever library is installed",
    ),
    Difference(
        "message",
        "error",
        "`message` of an error without one",
        "is the reason phrase instead of `None`; `messages` is empty",
        "it is always text that can be shown",
    ),
    Difference(
        "oauth",
        "error",
        "`code` and `messages` of OAuth errors",
        "are read from `error` and `error_description`",
        "globus-sdk leaves them empty, so that `invalid_grant` cannot be distinguished from `invalid_client`",
    ),
    Difference(
        "request_id",
        "error",
        "`request_id`",
        "is also read from `X-Request-Id`, `meta`, and the one `id` of the entries, for all services",
        "Globus support asks for it",
    ),
    Difference(
        "charset",
        "error",
        "`text` and `binary_content` of an error",
        "are UTF-8 without credentials, and of at most 256 KiB",
        "errors are logged and pickled",
    ),
    Difference(
        "requirements",
        "error",
        "`info`",
        "is also read from entries of `errors` and from the forms that `to_gare` knows, where lists and booleans may be"
        " text; `authorization_parameters` without a requirement is false",
        "a login that the user needs is found wherever the service puts it",
    ),
)

DIFFERENCES: Final = Differences("the base client, responses and errors differ", _ENTRIES)
"""The differences that all services have in common."""
