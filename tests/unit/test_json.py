"""Reading JSON: a value, or a `ValueError`, and the same whichever decoder does it."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async._http.headers import Headers
from globus_async._http.json_reader import LARGE, decode_json
from globus_async._http.response import RawResponse
from globus_async.errors import ResponseDecodeError

MODES: dict[str, Any] = {
    "usual": decode_json,
    "unique": partial(decode_json, reject_duplicate_keys=True),
    "large": partial(decode_json, yield_to_threads=True),
}
each = pytest.mark.parametrize("decode", MODES.values(), ids=MODES.keys())

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@each
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b'{"a": 1',
        b'{"a": 1}}',
        b"{'a': 1}",
        b'{"a": 1,}',
        b"[1 2]",
        b"nul",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b'{"a": NaN}',
        b"01",
        b"+1",
        b".5",
        b"1.",
        b"0x10",
        b'"\x01"',
        b'"\\x"',
        b'"\\ud800"',
        b'{"a": "\\udc00"}',
        b'{"\\ud83d": 1}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32-be"),
        b"<html>",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"1" * 5000,
        b"1e999",
        b"[-1e400]",
        b"// x\n1",
    ],
    ids=repr,
)
def test_what_is_not_json(decode: Any, body: bytes) -> None:
    """Always a `ValueError`, never another exception, and never a value."""
    with pytest.raises(ValueError):
        decode(body)


@each
@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b' {"a": [1, 2.5, null, true, "\xc3\xa9\\u00e9\\ud83d\\ude00"]}\r\n', {"a": [1, 2.5, None, True, "éé😀"]}),
        (b"0", 0),
        (b"-0.0", 0.0),
        (b"1e2", 100.0),
        (b'"x"', "x"),
        (b"[]", []),
        (b"9007199254740993", 9007199254740993),
        (b"18446744073709551615", 2**64 - 1),
        (b"[123456789012345678901234567890]", [123456789012345678901234567890]),
        (b"-170141183460469231731687303715884105728", -(2**127)),
        (b'{"a": "18446744073709551616123"}', {"a": "18446744073709551616123"}),
    ],
)
def test_what_is(decode: Any, body: bytes, value: object) -> None:
    """Whole numbers are exact, whatever their size."""
    got = decode(body)
    assert got == value
    assert type(got) is type(value)


@each
@settings(max_examples=200, deadline=None)
@given(document=documents)
def test_what_was_said_is_what_is_read(decode: Any, document: object) -> None:
    """Whichever decoder does it, escaped or not."""
    for escaped in (True, False):
        assert decode(json.dumps(document, ensure_ascii=escaped).encode()) == document


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=40) | st.lists(st.sampled_from(b'{}[]":,0123456789eE+-.\\unlltruefasNI \xff')).map(bytes))
def test_any_bytes(body: bytes) -> None:
    """A value or a `ValueError`; and the decoders agree which."""
    got: list[object] = []
    for decode in (decode_json, MODES["large"]):
        try:
            value = decode(body)
        except ValueError:
            got.append(ValueError)
        else:
            json.dumps(value, allow_nan=False).encode()
            got.append(value)
    assert got[0] == got[1]


def test_a_name_that_is_there_twice() -> None:
    """Refused where it matters, at any depth; elsewhere the last one counts."""
    for body in (b'{"a": 1, "a": 2}', b'[{"b": {"a": 1, "\\u0061": 2}}]'):
        assert decode_json(body)
        with pytest.raises(ValueError, match="twice"):
            decode_json(body, reject_duplicate_keys=True)


def answer(body: bytes, content_type: str | None = "application/json", *, method: str = "GET") -> RawResponse:
    """Make an answer of 200."""
    fields = [] if content_type is None else [(b"Content-Type", content_type.encode())]
    return RawResponse(method=method, path="/x", status=200, reason="OK", headers=Headers(fields), body=body)


class TestAnswer:
    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/problem+json",
            "application/json;",
        ],
    )
    def test_what_calls_itself_json(self, content_type: str) -> None:
        """In any case, with parameters, or as one of its kinds."""
        assert answer(b"[1]", content_type).json() == [1]

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/html",
            "text/plain",
            None,
            "",
            "application/jsonp",
            "json",
            "text/json-not",
        ],
    )
    def test_what_does_not_is_not_read_as_such(self, content_type: str | None) -> None:
        """The error says what may stand in between."""
        with pytest.raises(ResponseDecodeError, match="proxy or login page") as caught:
            answer(b"[1]", content_type).json()
        assert not caught.value.retryable
        assert caught.value.http_status == 200

    def test_half_a_document_may_come_whole_the_next_time(self) -> None:
        """It says which call, and how large the answer was."""
        with pytest.raises(ResponseDecodeError, match=r"GET /x: the response \(200, 4 bytes\)") as caught:
            answer(b'{"a"').json()
        assert caught.value.retryable

    async def test_a_large_document_is_read_apart_from_the_loop(self) -> None:
        """The loop goes on meanwhile; a duplicate name is still refused."""
        items = LARGE  # some half a second's work
        body = b"[" + b'{"a": 1},' * items + b"{}]"
        passes = 0

        async def tick() -> None:
            nonlocal passes
            while True:
                await asyncio.sleep(0.001)
                passes += 1

        ticking = asyncio.create_task(tick())
        assert len(await answer(body).read_json()) == items + 1
        ticking.cancel()
        assert passes >= 3
        twice = b'[{"a": 1, "a": 2}]'
        assert await answer(twice).read_json() == [{"a": 2}]
        with pytest.raises(ResponseDecodeError, match="twice"):
            await answer(twice).read_json(reject_duplicate_keys=True)

    def test_headers(self) -> None:
        """Names in any case; repeated ones are joined; bytes that are no text are replaced."""
        headers = Headers([(b"X-A", b"1"), (b"x-a", b"2"), (b"Set-Cookie", b"s=1"), (b"X-B", b"\xff\xc3\xa9")])
        assert headers["x-A"] == "1, 2"
        assert headers["X-B"] == "\ufffdé"
        assert "X-a" in headers
        assert "X-C" not in headers
        assert sorted(headers) == ["set-cookie", "x-a", "x-b"]
        assert "s=1" not in repr(headers)
