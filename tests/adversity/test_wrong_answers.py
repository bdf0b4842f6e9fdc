"""Answers that no service should give: every method raises an error of ours, or gives what it documents."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable

import httpx
import pytest

from globus_async import BaseClient, GlobusError, GlobusHTTPResponse, RetryPolicy, Transport
from globus_async.services.auth import AuthClient, ConfidentialAppAuthClient, NativeAppAuthClient
from globus_async.services.transfer import TransferClient
from tests.toolkit.calls import Call, every_call
from tests.toolkit.clock import FakeClock

ID = "5e1f2a4c-0000-4000-8000-000000000001"
JSON = "application/json"

Wrong = tuple[int, bytes, dict[str, str]]


def json_answer(status: int, body: bytes | str, **headers: str) -> Wrong:
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
    "HTML that calls itself JSON": json_answer(200, "<html>"),
    "text with 200": (200, b"OK", {"Content-Type": "text/plain"}),
    "no content type": (200, b"{}", {}),
    "an empty content type": (200, b"{}", {"Content-Type": ""}),
    "a content type that is none": (200, b"{}", {"Content-Type": "application/json!; ;;="}),
    "nothing, with 200": (200, b"", {}),
    "nothing that is JSON": json_answer(200, ""),
    "blanks": json_answer(200, "   \r\n"),
    "bytes": (200, bytes(range(256)), {"Content-Type": "application/octet-stream"}),
    "a byte order mark": json_answer(200, b"\xef\xbb\xbf{}"),
    # JSON of another kind
    "null": json_answer(200, "null"),
    "true": json_answer(200, "true"),
    "a number": json_answer(200, "5"),
    "a text": json_answer(200, '"ok"'),
    "a list": json_answer(200, "[]"),
    "a list of lists": json_answer(200, "[[1],[2]]"),
    "an empty object": json_answer(200, "{}"),
    "null with 404": json_answer(404, "null"),
    "a list with 400": json_answer(400, '[{"code":"x"}]'),
    "a text with 400": json_answer(400, '"bad"'),
    "an empty object with 400": json_answer(400, "{}"),
    # members of the wrong type
    "DATA is null": json_answer(200, '{"DATA":null}'),
    "DATA is an object": json_answer(200, '{"DATA":{"a":1}}'),
    "DATA is a number": json_answer(200, '{"DATA":7,"total":"many","has_next_page":"yes"}'),
    "items are null": json_answer(200, '{"DATA":[null,1,"x"],"total":3,"identities":[null],"data":[null]}'),
    "items are empty": json_answer(200, '{"DATA":[{}],"total":1,"identities":[{}],"data":[{}],"keys":[{}]}'),
    "everything is null": json_answer(200, json.dumps(dict.fromkeys(("value", "status", "task_id", "code", "DATA")))),
    "everything is a number": json_answer(200, json.dumps(dict.fromkeys(("value", "status", "task_id", "code"), 1))),
    "tokens are numbers": json_answer(200, '{"access_token":5,"token_type":7,"expires_in":"soon","scope":[]}'),
    "tokens are null": json_answer(200, '{"access_token":null,"refresh_token":null,"other_tokens":null}'),
    "other tokens are no list": json_answer(200, '{"access_token":"a","token_type":"Bearer","other_tokens":{"x":1}}'),
    "an error is a list": json_answer(400, '{"errors":[null,5,{"code":5,"title":[]}],"code":[],"message":{}}'),
    "an error is nested": json_answer(403, '{"error":{"code":{"a":1}},"errors":{"x":1},"request_id":5}'),
    "authorization parameters are nonsense": json_answer(
        403, '{"code":"AuthorizationParameters","authorization_parameters":[1,{"session_required_mfa":"perhaps"}]}'
    ),
    "required scopes are nonsense": json_answer(403, '{"code":"ConsentRequired","required_scopes":{"a":[1]}}'),
    # errors in disguise
    "an OAuth error with 200": json_answer(200, '{"error":"invalid_grant","error_description":"no"}'),
    "an error document with 200": json_answer(200, '{"code":"EndpointNotFound","message":"no","request_id":"x"}'),
    "an error list with 200": json_answer(200, '{"errors":[{"status":"404","code":"NOT_FOUND"}]}'),
    # JSON that is none
    "NaN": json_answer(200, '{"a":NaN}'),
    "infinity": json_answer(200, '{"a":-Infinity}'),
    "an integer of 5,000 digits": json_answer(200, '{"a":' + "9" * 5000 + "}"),
    "a float out of range": json_answer(200, '{"a":1e999,"total":1e999}'),
    "100,000 lists in each other": json_answer(200, "[" * 100_000 + "]" * 100_000),
    "100,000 objects in each other": json_answer(200, '{"a":' * 100_000 + "1" + "}" * 100_000),
    "half a surrogate pair": json_answer(200, '{"a":"\\ud800","DATA":[]}'),
    "UTF-16": json_answer(200, '{"a":1}'.encode("utf-16")),
    "UTF-32": json_answer(200, '{"a":1}'.encode("utf-32")),
    "Latin-1": json_answer(200, '{"a":"é"}'.encode("latin-1")),
    "single quotes": json_answer(200, "{'a': 1}"),
    "a comma too many": json_answer(200, '{"a":1,}'),
    "a comment": json_answer(200, '{"a":1} // done'),
    "two documents": json_answer(200, "{}{}"),
    "half a document": json_answer(200, '{"DATA":[{"a":'),
    "a member twice": json_answer(200, '{"access_token":"a","access_token":"b","token_type":"Bearer","DATA":[]}'),
    "NUL in a text": json_answer(200, '{"message":"a\\u0000b","DATA":[]}'),
    "JSONP": json_answer(200, 'callback({"a":1})'),
    # bodies in disguise
    "gzip that is none": json_answer(200, "{}", **{"Content-Encoding": "gzip"}),
    "gzip that nobody named": json_answer(200, gzip.compress(b"{}")),
    "an unknown coding": json_answer(200, "{}", **{"Content-Encoding": "rot13"}),
    # statuses
    "a redirect to nowhere": (302, b"", {"Location": "http://127.0.0.1:1/steal"}),
    "not modified": (304, b"", {}),
    "no content": (204, b"", {}),
    "reset content": (205, b"", {}),
    "partial content": json_answer(206, "{}", **{"Content-Range": "bytes 0-1/9"}),
    "a status of its own": json_answer(299, "{}"),
    "a teapot": json_answer(418, '{"code":"Teapot"}'),
    "status 600": json_answer(600, "{}"),
    "control characters in an error": json_answer(404, '{"code":"\\u001b[2J","message":"\\u202egnp\\r\\n\\u0007"}'),
    "Retry-After that is none": json_answer(429, "{}", **{"Retry-After": "-5"}),
    "Retry-After of an age": json_answer(503, "{}", **{"Retry-After": "9" * 400}),
}

TYPED = (int, float, str, bool, type(None))


def clients() -> list[tuple[type[BaseClient], Callable[[Transport], BaseClient]]]:
    retry = RetryPolicy(max_retries=1)
    return [
        (BaseClient, lambda door: BaseClient(base_url="https://a.example", transport=door, retry=retry)),
        (TransferClient, lambda door: TransferClient(transport=door, retry=retry)),
        (AuthClient, lambda door: AuthClient(transport=door, retry=retry)),
        (NativeAppAuthClient, lambda door: NativeAppAuthClient(ID, transport=door, retry=retry)),
        (ConfidentialAppAuthClient, lambda door: ConfidentialAppAuthClient(ID, "secret", transport=door, retry=retry)),
    ]


def is_an_object(wrong: Wrong) -> bool:
    """Whether an answer is a success whose body is a JSON object."""
    status, body, headers = wrong
    if not 200 <= status < 300 or headers.get("Content-Type", "").partition(";")[0] != JSON:
        return False
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def test_there_are_sixty() -> None:
    """The list is as long as was promised."""
    assert len(WRONG) >= 60


@pytest.mark.parametrize(("client_class", "make"), clients(), ids=lambda value: getattr(value, "__name__", None))
async def test_every_method_with_every_wrong_answer(
    client_class: type[BaseClient], make: Callable[[Transport], BaseClient]
) -> None:
    """0 others: an error of ours, or a response; what is no JSON object is never a typed success."""
    asyncio.get_running_loop().set_debug(False)
    given: list[Wrong] = []

    def answered(_: httpx.Request) -> httpx.Response:
        status, body, headers = given[0]
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

    others: list[str] = []
    known = {name for name, _ in ((call.method, call) for call in every_call(BaseClient))}
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(answered)) as http,
        Transport(http_client=http, clock=FakeClock(skipping=True)) as door,
    ):
        client = make(door)

        async def outcome(call: Call, wrong: Wrong) -> str | None:
            try:
                async with asyncio.timeout(5):
                    result = await call.on(client)
            except GlobusError:
                return None
            except Exception as error:  # noqa: BLE001 -- this is what must not happen
                return f"{type(error).__name__}: {error}"
            # dependent tokens come as a list, which may be empty
            typed = call.method not in known | {"oauth2_get_dependent_tokens"} and isinstance(
                result, GlobusHTTPResponse
            )
            if typed and wrong[0] not in {204, 205} and not is_an_object(wrong):
                return f"took it for {result!r:.60}"
            return None

        for name, wrong in WRONG.items():
            given[:] = [wrong]
            for call in every_call(client_class):
                if client_class is not BaseClient and call.method in known:
                    continue
                found = await outcome(call, wrong)
                if found is not None:
                    others.append(f"{call} with {name}: {found[:150]}")
    assert not others, "\n".join(others)
