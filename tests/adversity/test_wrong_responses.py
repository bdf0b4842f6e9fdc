"""Malformed responses: every method raises a `GlobusError`, or returns the type that it documents."""

from __future__ import annotations

import asyncio
import gzip
import json

import httpx
import pytest

from globus_async import GlobusError, GlobusHTTPResponse, RetryPolicy, Transport
from tests.clients import CLIENTS, Call, Client
from tests.toolkit.clock import FakeClock

pytestmark = pytest.mark.slow

JSON = "application/json"

Wrong = tuple[int, bytes, dict[str, str]]


def json_response(status: int, body: bytes | str, **headers: str) -> Wrong:
    return status, body.encode() if isinstance(body, str) else body, {"Content-Type": JSON, **headers}


def html(status: int, body: str = "<html><title>Log in</title></html>") -> Wrong:
    return status, body.encode(), {"Content-Type": "text/html; charset=utf-8"}


WRONG: dict[str, Wrong] = {
    # not JSON, whatever the status says
    "HTML with 200": html(200),
    "HTML with 401": html(401),
    "HTML with 403": html(403),
    "HTML with 404": html(404),
    "HTML with 500": html(500),
    "HTML with 502": html(502),
    "ten megabytes of HTML with 500": html(500, "<p>" * 3_500_000),
    "HTML labelled as JSON": json_response(200, "<html>"),
    "text with 200": (200, b"OK", {"Content-Type": "text/plain"}),
    "no content type": (200, b"{}", {}),
    "an empty content type": (200, b"{}", {"Content-Type": ""}),
    "a malformed content type": (200, b"{}", {"Content-Type": "application/json!; ;;="}),
    "an empty body": (200, b"", {}),
    "an empty body labelled as JSON": json_response(200, ""),
    "white space": json_response(200, "   \r\n"),
    "binary data": (200, bytes(range(256)), {"Content-Type": "application/octet-stream"}),
    "a byte order mark": json_response(200, b"\xef\xbb\xbf{}"),
    # JSON of another type
    "null": json_response(200, "null"),
    "true": json_response(200, "true"),
    "a number": json_response(200, "5"),
    "a string": json_response(200, '"ok"'),
    "a list": json_response(200, "[]"),
    "a list of lists": json_response(200, "[[1],[2]]"),
    "an empty object": json_response(200, "{}"),
    "null with 404": json_response(404, "null"),
    "a list with 400": json_response(400, '[{"code":"x"}]'),
    "a string with 400": json_response(400, '"bad"'),
    "an empty object with 400": json_response(400, "{}"),
    # members of the wrong type
    "DATA is null": json_response(200, '{"DATA":null}'),
    "DATA is an object": json_response(200, '{"DATA":{"a":1}}'),
    "DATA is a number": json_response(200, '{"DATA":7,"total":"many","has_next_page":"yes"}'),
    "items are null": json_response(200, '{"DATA":[null,1,"x"],"total":3,"identities":[null],"data":[null]}'),
    "items are empty": json_response(200, '{"DATA":[{}],"total":1,"identities":[{}],"data":[{}],"keys":[{}]}'),
    "everything is null": json_response(200, json.dumps(dict.fromkeys(("value", "status", "task_id", "code", "DATA")))),
    "everything is a number": json_response(200, json.dumps(dict.fromkeys(("value", "status", "task_id", "code"), 1))),
    "tokens are numbers": json_response(200, '{"access_token":5,"token_type":7,"expires_in":"soon","scope":[]}'),
    "tokens are null": json_response(200, '{"access_token":null,"refresh_token":null,"other_tokens":null}'),
    "other tokens are an object": json_response(
        200, '{"access_token":"a","token_type":"Bearer","other_tokens":{"x":1}}'
    ),
    "an error is a list": json_response(400, '{"errors":[null,5,{"code":5,"title":[]}],"code":[],"message":{}}'),
    "an error is nested": json_response(403, '{"error":{"code":{"a":1}},"errors":{"x":1},"request_id":5}'),
    "malformed authorization parameters": json_response(
        403, '{"code":"AuthorizationParameters","authorization_parameters":[1,{"session_required_mfa":"perhaps"}]}'
    ),
    "malformed required scopes": json_response(403, '{"code":"ConsentRequired","required_scopes":{"a":[1]}}'),
    # errors with status 200
    "an OAuth error with 200": json_response(200, '{"error":"invalid_grant","error_description":"no"}'),
    "an error document with 200": json_response(200, '{"code":"EndpointNotFound","message":"no","request_id":"x"}'),
    "an error list with 200": json_response(200, '{"errors":[{"status":"404","code":"NOT_FOUND"}]}'),
    # malformed JSON
    "NaN": json_response(200, '{"a":NaN}'),
    "infinity": json_response(200, '{"a":-Infinity}'),
    "an integer of 5,000 digits": json_response(200, '{"a":' + "9" * 5000 + "}"),
    "a float out of range": json_response(200, '{"a":1e999,"total":1e999}'),
    "100,000 nested lists": json_response(200, "[" * 100_000 + "]" * 100_000),
    "100,000 nested objects": json_response(200, '{"a":' * 100_000 + "1" + "}" * 100_000),
    "half a surrogate pair": json_response(200, '{"a":"\\ud800","DATA":[]}'),
    "UTF-16": json_response(200, '{"a":1}'.encode("utf-16")),
    "UTF-32": json_response(200, '{"a":1}'.encode("utf-32")),
    "Latin-1": json_response(200, '{"a":"é"}'.encode("latin-1")),
    "single quotes": json_response(200, "{'a': 1}"),
    "a trailing comma": json_response(200, '{"a":1,}'),
    "a comment": json_response(200, '{"a":1} // done'),
    "two documents": json_response(200, "{}{}"),
    "a truncated document": json_response(200, '{"DATA":[{"a":'),
    "a duplicate member": json_response(200, '{"access_token":"a","access_token":"b","token_type":"Bearer","DATA":[]}'),
    "NUL in a string": json_response(200, '{"message":"a\\u0000b","DATA":[]}'),
    "JSONP": json_response(200, 'callback({"a":1})'),
    # content codings
    "plain text labelled as gzip": json_response(200, "{}", **{"Content-Encoding": "gzip"}),
    "gzip without a label": json_response(200, gzip.compress(b"{}")),
    "an unknown coding": json_response(200, "{}", **{"Content-Encoding": "rot13"}),
    # statuses
    "a redirect to nowhere": (302, b"", {"Location": "http://127.0.0.1:1/steal"}),
    "not modified": (304, b"", {}),
    "no content": (204, b"", {}),
    "reset content": (205, b"", {}),
    "partial content": json_response(206, "{}", **{"Content-Range": "bytes 0-1/9"}),
    "an unknown status": json_response(299, "{}"),
    "a teapot": json_response(418, '{"code":"Teapot"}'),
    "status 600": json_response(600, "{}"),
    "control characters in an error": json_response(404, '{"code":"\\u001b[2J","message":"\\u202egnp\\r\\n\\u0007"}'),
    "a malformed Retry-After": json_response(429, "{}", **{"Retry-After": "-5"}),
    "a Retry-After of 400 digits": json_response(503, "{}", **{"Retry-After": "9" * 400}),
}


def is_an_object(wrong: Wrong) -> bool:
    """Whether a response is a success whose body is a JSON object."""
    status, body, headers = wrong
    if not 200 <= status < 300 or headers.get("Content-Type", "").partition(";")[0] != JSON:
        return False
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def test_there_are_sixty() -> None:
    """At least sixty malformed responses are tried."""
    assert len(WRONG) >= 60


@pytest.mark.parametrize("client", CLIENTS, ids=str)
async def test_every_method_with_every_wrong_response(client: Client) -> None:
    """No other outcome than a `GlobusError` or a response; a body that is no JSON object is never a typed success."""
    asyncio.get_running_loop().set_debug(False)
    current: list[Wrong] = []

    def respond(_: httpx.Request) -> httpx.Response:
        status, body, headers = current[0]
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

    others: list[str] = []
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http,
        Transport(http_client=http, clock=FakeClock(skipping=True)) as transport,
    ):
        made = client.make(transport, retry=RetryPolicy(max_retries=1))

        async def outcome(call: Call, wrong: Wrong) -> str | None:
            try:
                async with asyncio.timeout(5):
                    result = await call.run(made)
            except GlobusError:
                return None
            except Exception as error:  # noqa: BLE001 -- no other error may be raised
                return f"{type(error).__name__}: {error}"
            untyped = client.service is None or call.method in client.facts.lists
            typed = not untyped and isinstance(result, GlobusHTTPResponse)
            if typed and wrong[0] not in {204, 205} and not is_an_object(wrong):
                return f"returned {result!r:.60}"
            return None

        for name, wrong in WRONG.items():
            current[:] = [wrong]
            for call in client.calls:
                found = await outcome(call, wrong)
                if found is not None:
                    others.append(f"{call} with {name}: {found[:150]}")
    assert not others, "\n".join(others)
