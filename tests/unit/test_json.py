"""Decoding JSON: a value or a `ValueError`, the same with ``orjson`` and without."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async._http import json_reader
from globus_async._http.headers import Headers
from globus_async._http.json_items import NOT_DIVIDED, decode_items
from globus_async._http.json_reader import (
    LARGE,
    _decode_with_standard_library,
    _loads,
    _loads_deep,
    _pieces,
    decode_json,
)
from globus_async._http.response import RawResponse
from globus_async.errors import ResponseDecodeError
from tests.toolkit.random_cases import cases

MODES: dict[str, Any] = {
    "usual": decode_json,
    "without orjson": _decode_with_standard_library,
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
def test_invalid_json_is_refused(decode: Any, body: bytes) -> None:
    """Always with a `ValueError`."""
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
def test_valid_json(decode: Any, body: bytes, value: object) -> None:
    """Whole numbers are exact, whatever their size."""
    got = decode(body)
    assert got == value
    assert type(got) is type(value)


@each
@settings(max_examples=cases(200), deadline=None)
@given(document=documents)
def test_encoded_documents_are_decoded(decode: Any, document: object) -> None:
    """By each decoder, escaped or not."""
    for escaped in (True, False):
        assert decode(json.dumps(document, ensure_ascii=escaped).encode()) == document


@settings(max_examples=cases(500), deadline=None)
@given(st.binary(max_size=40) | st.lists(st.sampled_from(b'{}[]":,0123456789eE+-.\\unlltruefasNI \xff')).map(bytes))
def test_any_bytes(body: bytes) -> None:
    """A value or a `ValueError`; and the decoders agree which."""
    got: list[object] = []
    for decode in (decode_json, MODES["large"], MODES["without orjson"]):
        try:
            value = decode(body)
        except ValueError:
            got.append(ValueError)
        else:
            json.dumps(value, allow_nan=False).encode()
            got.append(value)
    assert got[0] == got[1] == got[2]


def texts_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make the texts of arrays and objects, with members of the same name among them."""
    names = st.sampled_from(['"a"', '"\\u0061"', '"b"', '"\\ud800"', '""'])
    blank = st.sampled_from(["", " ", "\n", "\t", "\x0c", "\xa0"])
    member = st.builds("{}{}:{}".format, names, blank, inner)
    return st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]") | st.lists(member, max_size=4).map(
        lambda members: f"{{{','.join(members)}}}"
    )


numbers = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-", "+", "--"]),
    st.integers(0, 10**40).map(str) | st.sampled_from(["0", "00", "18446744073709551616", "9" * 400, "1" * 4301, ""]),
    st.sampled_from(["", ".", ".5", f".{'0' * 30}1", f".{'123456789' * 4}"]),
    st.sampled_from(["", "e", "e5", "E+05", "e-400", "e400", f"e{'0' * 25}1", "e99999999999999999999"]),
)
escapes = st.lists(
    st.sampled_from(
        ["\\ud83d", "\\ude00", "\\\\", '\\"', "\\u0000", "\\u00e9", "ud800", "a", "é", "[", "}", "\\x", "\x01"]
    )
).map(lambda parts: f'"{"".join(parts)}"')
texts = st.recursive(
    numbers | escapes | st.sampled_from(["null", "true", "NaN", "Infinity", "-Infinity", "nul", "", "'a'"]),
    texts_of,
    max_leaves=12,
)


def result_of(decode: Any, body: bytes) -> str:
    """Return the value with its types, or that there is none; without recursion, as documents may be deep."""
    try:
        pending = [decode(body)]
    except ValueError:
        return "refused"
    parts: list[str] = []
    while pending:
        value = pending.pop()
        match value:
            case dict():
                parts.append(f"object of {list(value)}")
                pending += value.values()
            case list():
                parts.append(f"array of {len(value)}")
                pending += value
            case _:
                parts.append(repr(value))
    return ", ".join(parts)


@pytest.mark.slow
@settings(max_examples=cases(1000), deadline=None)
@given(texts)
def test_any_text_means_the_same_with_orjson_and_without(text: str) -> None:
    """Members of the same name, numbers of any size, escapes and constants included."""
    body = text.encode()
    assert result_of(decode_json, body) == result_of(_decode_with_standard_library, body)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\ud800", "a": 1}',
        '{"a": 1e999, "a": 1}',
        '{"a": NaN, "a": 1}',
        '{"a": ' + "[" * 1024 + "]" * 1024 + ', "a": 1}',
        '"\\\\ud800"',
        '"\\\\\\ud800"',
        '"\\ud83d\\\\\\ude00"',
        '"\\ude00\\ud83d"',
        '"\\ud83d\\ud83d\\ude00"',
        "[-0, -0.0, 0e99999, 1e-99999]",
        "123456789012345678901234567890",
        "-123456789012345678901234567890.0",
        '["' + "[" * 2000 + '"]',
        '["\\"' + "[" * 2000 + '", [1]]',
        *("[" * depth + "]" * depth for depth in (900, 995, 1000, 1024, 1025, 5000)),
        *('{"a":' * depth + "1" + "}" * depth for depth in (995, 1024, 1025)),
        *("[" * depth + "1" * 30 + "]" * depth for depth in (1024, 1025)),
    ],
    ids=lambda text: text[:40],
)
def test_hand_picked_texts_mean_the_same(text: str) -> None:
    """Among them those that the two decoders differ in by themselves."""
    body = text.encode()
    assert result_of(decode_json, body) == result_of(_decode_with_standard_library, body)


def test_the_depth_that_is_accepted() -> None:
    """1024 levels, however deep the stack is already."""

    def at(frames: int, decode: Any, depth: int) -> object:
        return at(frames - 1, decode, depth) if frames else decode(b"[" * depth + b"]" * depth)

    for decode in (decode_json, _decode_with_standard_library):
        for frames in (0, 500):
            assert at(frames, decode, 1024)
            with pytest.raises(ValueError, match=r"deep|depth"):
                at(frames, decode, 1025)


@pytest.mark.slow
@settings(max_examples=cases(500), deadline=None)
@given(st.recursive(texts, texts_of, max_leaves=12), st.integers(0, 40))
def test_a_text_decoded_in_parts_means_the_same(text: str, depth: int) -> None:
    """The parts of a deep text are decoded one by one; strings, constants and errors within them are as ever."""
    text = "[" * depth + text + "]" * depth
    deep, usual = (partial(decode, hook=None) for decode in (_loads_deep, _loads))
    assert result_of(deep, text) == result_of(usual, text)  # type: ignore[arg-type] # text, for these two


OPEN, CLOSED = "[" * 40, "]" * 40


@pytest.mark.parametrize(
    "text",
    [
        f"{OPEN}NaN{CLOSED}",
        f"{OPEN}Infinity{CLOSED}",
        f"[{OPEN}{CLOSED},NaN]",
        f"[NaN,{OPEN}{CLOSED}]",
        f"{{{OPEN}{CLOSED}}}",
        f"{OPEN}}}{CLOSED}",
        f'{OPEN}"{CLOSED}',
        f"{OPEN}{CLOSED}]",
        f"1{OPEN}{CLOSED}",
        OPEN,
        CLOSED,
    ],
)
def test_deep_texts_that_are_refused(text: str) -> None:
    """Also those with the constant that stands for a decoded part."""
    with pytest.raises(ValueError, match=r".+"):
        _loads_deep(text, None)


def test_the_recursion_limit_stays() -> None:
    """A deep text changes nothing for other threads, and nothing for good where the stack is nearly full."""
    limit = sys.getrecursionlimit()
    limits: set[int] = set()

    def hook(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        limits.add(sys.getrecursionlimit())
        return dict(pairs)

    assert _loads_deep('{"a":' * 1024 + "1" + "}" * 1024, hook)
    assert limits == {limit}

    def at_the_bottom(frames: int) -> None:
        if frames:
            at_the_bottom(frames - 1)
        else:
            with contextlib.suppress(RecursionError):
                _decode_with_standard_library(b"[" * 1024 + b"]" * 1024)

    for frames in range(800, limit):
        with contextlib.suppress(RecursionError):
            at_the_bottom(frames)
        assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("body", [b"[" * 1025 + b'"' + b'\\"' * 40_000, b"[" * 1025 + b'\\"' * 40_000])
def test_unpaired_quotes_cost_no_time(body: bytes) -> None:
    """A text of many quotes is searched once, not once for each of them: that took minutes."""
    started = time.perf_counter()
    with pytest.raises(ValueError, match=r".+"):
        decode_json(body, reject_duplicate_keys=True)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 18])
def test_a_text_in_pieces_means_the_same(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """However long the pieces are: strings with quotes, backslashes, brackets, pairs and other scripts stay whole."""
    monkeypatch.setattr(json_reader, "_PIECE", size)
    deep = b"[" * 500 + b'"]]]"' + b"]" * 500
    texts = [
        rb'["\\\\", "\\\"", "a\\", "[[[", "\ud83d\ude00", "\\ud83d"]',
        '{"é": ["日本", "😀", "\\u00e9"], "a\\"b": 1.5}'.encode(),
        b'"' + b"x" * 300 + b'"',
        b'{"a": ' + deep + b', "b": "[[[["}',
        b"[" + b'"",' * 200 + b'""]',
        b'{"a": "' + b"[" * 3000 + b'\\"' + b"x" * 3000 + b'"}',
        b'{"a": "' + b"[" * (size + 2000) + b'\\"' + b"x" * (size + 2000) + b'"}',
    ]
    for text in texts:
        assert b"".join(_pieces(text)) == text
        assert _decode_with_standard_library(text) == json.loads(text)
    for text in (rb'["\ud83d"]', rb'["\ud83d", "\ude00"]', rb'["\\\ud83d"]', b'["\xff"]', b"[" * 1025 + b"]" * 1025):
        with pytest.raises(ValueError, match=r"surrogate|utf-8|deep"):
            _decode_with_standard_library(text)


def test_pieces_are_short() -> None:
    """A text with strings of the usual length is never searched for long without a pause for other threads."""
    text = b"[" + b'{"name": "a \\"file\\" of some length", "size": 123},' * 50_000 + b"{}]"
    assert len(text) > 8 * 2**18
    assert max(map(len, _pieces(text))) <= 2**18 + 200


items = st.lists(
    st.fixed_dictionaries({"a": documents}, optional={"b": documents}) | documents.filter(lambda value: value != []),
    min_size=1,
    max_size=12,
)


@given(items, documents, st.sampled_from([1, 20, 200]), st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=cases(300))
def test_items_decoded_some_at_a_time_mean_the_same(
    values: list[Any], other: Any, size: int, indent: int | None, in_object: bool
) -> None:
    """Whatever they are, and whatever is around them; or the document is not divided."""
    value = {"before": other, "DATA": values, "after": other} if in_object else values
    text = json.dumps(value, indent=indent).encode()
    decoded = decode_items(text, decode_json, size)
    assert decoded is NOT_DIVIDED or decoded == json.loads(text)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [100, 1000])
def test_a_listing_is_decoded_some_items_at_a_time(size: int, indent: int | None) -> None:
    """No text that is decoded is much longer than the size of a part."""
    listing = {
        "errors": [],
        "filters": [{"name": "x"}],
        "DATA": [{"DATA_TYPE": "file", "name": f"}},{{{n}", "link": {"DATA_TYPE": None}} for n in range(200)],
        "total": 200,
    }
    text = json.dumps(listing, indent=indent).encode()
    lengths: list[int] = []

    def decode(part: bytes) -> Any:
        lengths.append(len(part))
        return decode_json(part)

    assert decode_items(text, decode, size) == listing
    assert max(lengths) < 5 * size + 600


@pytest.mark.parametrize(
    "text",
    [
        '{"DATA": [{"a": 1}, {"a": 2}], "DATA": [{"a": 3}, {"a": 4}]}',
        '{"DATA": [{"a": 1}, {"a": 2}, {"a": 3}], "DATA": 5}',
        '{"x": [], "y": 1, "x": [{"a": 1}, {"a": 2}, {"a": 3}]}',
        '{"DATA": [{"a": 1}, {"a": 2}], "other": [{"a": 3}, {"a": 4}, {"a": 5}]}',
        json.dumps({"DATA": [{"a": number} for number in range(4)], "other": [{"a": number} for number in range(20)]}),
        '[{"a": 1}, {"b": 2}, {"a": 3}, [{"a": 4}, {"a": 5}], "{\\"a\\": 6}", 7]',
        '[{"a": [{"a": 1}, {"a": 2}, {"a": [{"a": 3}]}]}, {"a": 4}]',
        '{"x": "[{\\"a\\": 1}, {\\"a\\": 2}", "y": [{"a": 1}, {"a": 2}, {"a": 3}]}',
    ],
)
@pytest.mark.parametrize("size", [1, 10, 15, 25, 30])
def test_documents_that_look_like_listings(text: str, size: int) -> None:
    """A name that occurs twice, arrays of the same objects side by side or nested."""
    decoded = decode_items(text.encode(), decode_json, size)
    assert decoded is NOT_DIVIDED or decoded == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"DATA": [{"a": 1}, {"a": 2} {"a": 3}, {"a": 4}]}',
        b'{"DATA": [{"a": 1}, {"a": 2}, 5 {"a": 3}, {"a": 4}]}',
        b'{"DATA": [{"a": 1}, {"a": 2}, , {"a": 3}, {"a": 4}]}',
        b'{"DATA": [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}}',
        b'{"DATA": [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]]',
        b'{"DATA": [{"a": 1}, {"a": 2}, {"a": 3}, {"a": "\xff"}]}',
        b'{"DATA": [{"a": NaN}, {"a": 2}, {"a": 3}, {"a": 4}]}',
        b'{"DATA": [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]} x',
    ],
)
@pytest.mark.parametrize("size", [1, 10, 100])
def test_invalid_documents_are_not_divided(text: bytes, size: int) -> None:
    """Their decoding at once names the cause."""
    assert decode_items(text, decode_json, size) is NOT_DIVIDED
    with pytest.raises(ValueError, match=r".+"):
        decode_json(text, yield_to_threads=True)


def test_the_depth_of_items() -> None:
    """It is counted from the document, not from the item."""
    for levels, is_valid in ((1021, True), (1022, False)):
        deep = b"[" * levels + b"]" * levels
        text = b'{"DATA": [' + b", ".join([b'{"a": 1}'] * 100 + [b'{"a": ' + deep + b"}"] + [b'{"a": 1}'] * 100) + b"]}"
        assert (decode_items(text, decode_json, 50) is not NOT_DIVIDED) is is_valid


def test_duplicate_member_names() -> None:
    """Refused on demand, at any depth; otherwise the last one counts."""
    for body in (b'{"a": 1, "a": 2}', b'[{"b": {"a": 1, "\\u0061": 2}}]'):
        assert decode_json(body)
        with pytest.raises(ValueError, match="twice"):
            decode_json(body, reject_duplicate_keys=True)


def response(body: bytes, content_type: str | None = "application/json", *, method: str = "GET") -> RawResponse:
    """Make a response with status 200."""
    fields = [] if content_type is None else [(b"Content-Type", content_type.encode())]
    return RawResponse(method=method, path="/x", status=200, reason="OK", headers=Headers(fields), body=body)


class TestRawResponse:
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
    def test_json_content_types(self, content_type: str) -> None:
        """In any case, with parameters, or with the suffix ``+json``."""
        assert response(b"[1]", content_type).json() == [1]

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
    def test_other_content_types_are_not_decoded(self, content_type: str | None) -> None:
        """The error mentions proxies and login pages."""
        with pytest.raises(ResponseDecodeError, match="proxy or login page") as caught:
            response(b"[1]", content_type).json()
        assert not caught.value.retryable
        assert caught.value.http_status == 200

    def test_a_truncated_document_is_retryable(self) -> None:
        """The error names the request and the size of the response."""
        with pytest.raises(ResponseDecodeError, match=r"GET /x: the response \(200, 4 bytes\)") as caught:
            response(b'{"a"').json()
        assert caught.value.retryable

    @pytest.mark.slow
    async def test_a_large_document_does_not_block_the_event_loop(self) -> None:
        """Other tasks run meanwhile; duplicate names are still refused on demand."""
        items = LARGE  # some half a second's work
        body = b"[" + b'{"a": 1},' * items + b"{}]"
        passes = 0

        async def tick() -> None:
            nonlocal passes
            while True:
                await asyncio.sleep(0.001)
                passes += 1

        ticking = asyncio.create_task(tick())
        assert len(await response(body).read_json()) == items + 1
        ticking.cancel()
        assert passes >= 3
        twice = b'[{"a": 1, "a": 2}]'
        assert await response(twice).read_json() == [{"a": 2}]
        with pytest.raises(ResponseDecodeError, match="twice"):
            await response(twice).read_json(reject_duplicate_keys=True)

    def test_headers(self) -> None:
        """Names in any case; repeated ones are joined; bytes that are no text are replaced."""
        headers = Headers([(b"X-A", b"1"), (b"x-a", b"2"), (b"Set-Cookie", b"s=1"), (b"X-B", b"\xff\xc3\xa9")])
        assert headers["x-A"] == "1, 2"
        assert headers["X-B"] == "\ufffdé"
        assert "X-a" in headers
        assert "X-C" not in headers
        assert sorted(headers) == ["set-cookie", "x-a", "x-b"]
        assert "s=1" not in repr(headers)
