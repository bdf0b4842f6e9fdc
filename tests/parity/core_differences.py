"""Deliberate differences from globus-sdk in the base client, authorizers, responses and errors."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "constructor",
        "signature",
        "`BaseClient(retry_config=)`",
        "is `retry=`, which takes a `RetryPolicy`",
        "a retry policy is immutable, so that clients can share it",
    ),
    Difference(
        "base_client",
        "signature",
        "`BaseClient(service, environment, base_path, authorizer, app_name)` of release 1",
        "the authorizer is the first parameter, as of all its clients; the others are keyword-only; `service` and"
        " `base_path` are the class attributes `service_name` and `base_path`",
        "a client class is of one service",
    ),
    Difference(
        "qjoin_path",
        "signature",
        "`qjoin_path` of release 1",
        "is `fill_path`",
        "it refuses ids that would lead to another resource",
    ),
    Difference(
        "low_level",
        "signature",
        "`get`, `post`, ... of release 1 with `response_class`, `text_body`, or `retry_401` by position",
        'have `encoding="text"` for text, `call` for a response class, and `retry_401=` by keyword; path, body, query'
        " parameters and headers are positional",
        "as in globus-sdk 4",
    ),
    Difference(
        "app",
        "behaviour",
        "a client with `app=`, without a transport",
        "uses the connections of the app, which closes them; `client.authorizer` is that of the app",
        "any number of clients need no connections of their own",
    ),
    Difference(
        "aclose",
        "signature",
        "`close`, `with client:`",
        "are `await client.aclose()`, `async with client:`",
        "closing connections waits for them",
    ),
    Difference(
        "redirects",
        "wire",
        "`request(allow_redirects=)`, `get`, `post`, ...",
        "never follow a redirect: it is a `GlobusAPIError`, whose `headers` have the `Location`; `allow_redirects=True`"
        " is refused",
        "a token must not be sent where a response points to",
    ),
    Difference(
        "absolute_url",
        "wire",
        "`request` with an absolute URL",
        "refuses one that is not below the client's base URL",
        "globus-sdk sends the token to any URL",
    ),
    Difference(
        "stream",
        "wire",
        "`request(stream=True)`",
        "is refused: the whole body is read, up to the limit of the transport",
        "a response holds no connection, so that it need not be closed",
    ),
    Difference(
        "base_path",
        "wire",
        '`tc.get("/endpoint/...")`, a path of Transfer without a version',
        "is below `/v0.10`, as in release 1; in globus-sdk 4 it is below the root, where there is nothing",
        "both forms work",
    ),
    Difference(
        "tokens",
        "behaviour",
        "`access_token`, `expires_at`, `ensure_valid_token` of authorizers",
        "do not exist; `await authorizer.get_authorization_header()` refreshes the token if necessary, and returns a"
        " `Secret`",
        "tokens do not appear in logs and tracebacks",
    ),
    Difference(
        "no_io",
        "behaviour",
        "the constructor of an authorizer without an access token",
        "makes no request; the first call does",
        "constructors cannot wait",
    ),
    # responses
    Difference(
        "one_page",
        "response",
        "`.data` of a listing",
        "is the document of one page (`(await tc.task_list()).data`), as in globus-sdk 4; in release 1 it is the list"
        " of all items, here `await tc.task_list(num_results=None).list()`",
        "an attribute cannot make requests",
    ),
    Difference(
        "iter_key",
        "response",
        "`default_iter_key`, `iter_key` of `IterableResponse`",
        "are the argument `items_key` of its constructor",
        "the client method that makes the response knows the key",
    ),
    Difference(
        "response_type",
        "response",
        "`data` of a response that is JSON by its body, but not by its `Content-Type`",
        "is `None`",
        "login pages and proxies send anything",
    ),
    Difference(
        "made_here",
        "extension",
        "the constructors of responses and errors",
        "take a `RawResponse` instead of one of `requests`",
        "there is no requests library",
    ),
    # errors
    Difference(
        "underlying_exception",
        "error",
        "`underlying_exception` of a `NetworkError`",
        "is the error of the operating system or of TLS, or `None`, instead of one of `requests`",
        "exceptions of HTTP libraries hold the request with its token",
    ),
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
        "is also read from `X-Request-Id`, `debug_id`, `meta`, and the one `id` of the entries, for all services",
        "Globus support asks for it",
    ),
    Difference(
        "nested",
        "error",
        "`code`, `messages` and `errors` of documents whose `error` is an object",
        "are read from it, whichever service sends it; globus-sdk does so for Flows and Timers only",
        "a proxy or a new service may use the same format",
    ),
    Difference(
        "problems",
        "error",
        "`messages` and `errors` of documents with a list of problems, or with `error_data`",
        "have each problem with its place, `body.name: Field required`; globus-sdk has no message, or no reason",
        "the reason is needed to correct the request",
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
