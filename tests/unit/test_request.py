"""What a call sends: paths that cannot be left, queries, bodies, dates."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from globus_async import BaseClient, Transport
from globus_async._http.body import encode_json, form_body, json_body
from globus_async._http.missing import MISSING
from globus_async._http.path import fill_path, quote_path
from globus_async._http.query import as_bit, comma_joined, drop_missing, encode_query, utc
from globus_async._http.request import Request
from globus_async.authorizers import AccessTokenAuthorizer
from globus_async.config import checked_base_url
from globus_async.errors import GlobusAPIError, GlobusConnectionError, GlobusError, GlobusSDKUsageError
from globus_async.paging import single
from globus_async.response import IterableResponse
from globus_async.secret import Secret
from tests.toolkit.canaries import canary, leaks_in_text, leaks_of_error
from tests.toolkit.clients import ONCE
from tests.toolkit.random_cases import cases
from tests.toolkit.scripted import ORIGIN, Scripted, respond

ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"
TEMPLATE = "/v0.10/endpoint/{endpoint_id}/server/{server_id:text}/end"

EVIL_PIECES = (
    "..",
    ".",
    "",
    "/",
    "\\",
    "%2e%2e",
    "%2E.",
    "%252e%252e",
    "%2f",
    "%5c",
    "%00",
    "\x00",
    "\r\n",
    "?",
    "#",
    ";",
    "@",
    ":",
    "//",
    "http://",
    "evil.example",
    "a",
    ID,
    " ",
    "\t",
    "\x7f",
    "\u2028",
    "\uff0e\uff0e",
    "\uff0f",
    "\u2024",
    "\ud800",
    "é",
)
hostile = st.one_of(st.text(max_size=24), st.lists(st.sampled_from(EVIL_PIECES), max_size=6).map("".join))


def resolved(target: str) -> list[str]:
    """Return the segments of a path as the most obliging server reads them: decoded twice, dots resolved."""
    segments: list[str] = []
    for segment in unquote(unquote(target)).replace("\\", "/").split("/")[1:]:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    return segments


class TestPath:
    def test_no_id_reaches_another_resource(self) -> None:
        """10,000 hostile ids; a path with the expected segments, or an error."""
        lots = Random(22)
        letters = [chr(number) for number in range(0x180)] + ["\u2028", "\uff0e", "\ud800", "\U0001f4a9"]
        for _ in range(5000):
            self.check("".join(lots.choices(EVIL_PIECES, k=lots.randrange(6))))
            self.check("".join(lots.choices(letters, k=lots.randrange(24))))

    @settings(max_examples=cases(500), deadline=None, derandomize=True)
    @given(hostile)
    @example("..")
    @example("%2e%2e")
    @example(f"{ID}/../../x")
    @example(f" {ID}")
    @example(f"{ID}\n")
    def test_no_generated_id_reaches_another_resource(self, value: str) -> None:
        """The same, by a generator that looks for the odd ones."""
        self.check(value)

    def check(self, value: str) -> None:
        try:
            made = fill_path(TEMPLATE, ID, value)
        except GlobusSDKUsageError:
            pass
        else:
            assert made.isascii()
            segments = resolved(made)
            assert len(segments) == 6
            assert segments[:4] == ["v0.10", "endpoint", ID, "server"]
            assert segments[5] == "end"
            assert httpx.URL(f"https://h{made}").raw_path.decode() == made
            assert URL(f"https://h{made}", encoded=True).raw_path == made
        with pytest.raises(GlobusSDKUsageError):
            fill_path(TEMPLATE, value + "x", "a")

    @pytest.mark.parametrize("value", [ID, ID.upper(), UUID(ID)])
    def test_ids(self, value: UUID | str) -> None:
        """As text in any case, or as a UUID."""
        assert fill_path("/e/{endpoint_id}", value) == f"/e/{value}"

    @pytest.mark.parametrize(
        "value",
        ["", "x", ID[:-1], ID + "0", f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", ""), None, 5, b"x", f"{ID}\n"],
    )
    def test_invalid_ids_are_refused(self, value: Any) -> None:
        """By name, with what a UUID looks like, and with the value, escaped."""
        with pytest.raises(GlobusSDKUsageError, match="endpoint_id must be a UUID"):
            fill_path("/e/{endpoint_id}", value)

    def test_a_refused_value_is_shown_escaped_and_shortened(self) -> None:
        """It may be long, or a terminal's commands."""
        with pytest.raises(GlobusSDKUsageError) as caught:
            fill_path("/e/{endpoint_id}", "\x1b[31m" + "é" * 10_000)
        assert "\x1b" not in str(caught.value)
        assert len(str(caught.value)) < 250

    def test_text_is_quoted(self) -> None:
        """Every character that means something in a URL."""
        assert fill_path("/u/{name:text}", "ada@example.org+é&=") == "/u/ada%40example.org%2B%C3%A9%26%3D"
        assert fill_path("/u/{number:text}", 7) == "/u/7"


class TestUserPath:
    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ("v0.10/x", "/v0.10/x"),
            ("/v0.10/x/", "/v0.10/x/"),
            ("", "/"),
            ("/a b", "/a%20b"),
            ("/a%20b", "/a%20b"),
            ("/é", "/%C3%A9"),
            ("/~ada/a:b@c", "/~ada/a:b@c"),
            ("/a..b/...", "/a..b/..."),
        ],
    )
    def test_a_plain_path(self, given: str, sent: str) -> None:
        """With or without a leading slash."""
        assert quote_path(given) == sent

    @pytest.mark.parametrize(
        "given",
        [
            "..",
            "../x",
            "/a/../b",
            "/a/./b",
            "/a/..;/b",
            "/a/.;x=y/b",
            "a//b",
            "/a?b=c",
            "/a#b",
            "\\a",
            "/a\\..\\b",
            "%2e%2e/x",
            "/a%2Fb",
            "/a%5cb",
            "/a%00",
            "/a\x00",
            "/a\r\nHost: evil",
            "/\x85",
            None,
            5,
            b"/x",
            "/\ud800",
        ],
    )
    def test_a_path_that_could_leave_the_service_is_refused(self, given: Any) -> None:
        """And what is no text."""
        with pytest.raises(GlobusSDKUsageError, match="path"):
            quote_path(given)

    @settings(max_examples=cases(500), deadline=None, derandomize=True)
    @given(hostile)
    def test_no_path_leaves_its_service(self, value: str) -> None:
        """Whatever it is made of."""
        try:
            made = quote_path(value)
        except GlobusSDKUsageError:
            return
        for library in (httpx.URL(f"https://h.example{made}").host, URL(f"https://h.example{made}").host):
            assert library == "h.example"
        assert ".." not in unquote(made).replace("\\", "/").split("/")


def _corpus() -> Iterator[str]:
    own, evil = "transfer.api.globus.org", "evil.example"
    hosts = [
        evil,
        f"{own}.{evil}",
        f"{own}.",
        f"{own}:443@{evil}",
        f"{own}@{evil}",
        f"{evil}@{own}",
        f"ada:pw@{own}",
        f"@{own}",
        f":@{own}",
        f"{own}:80",
        f"{own}:8443",
        f"{own}:99999",
        f"{own}:x",
        f"{own}\\.{evil}",
        f"{own}\\@{evil}",
        f"{evil}\\@{own}",
        f"{own}%2e{evil}",
        f"{own}%00.{evil}",
        f"{own}%40{evil}",
        f"{own}#@{evil}",
        f"{own}?@{evil}",
        f"{own};@{evil}",
        f"{own}\t.{evil}",
        f"{own}\n.{evil}",
        f" {evil}",
        "transfer.api.globus\uff0eorg",
        "transfer.api.globus。org",
        "tr\u0430nsfer.api.globus.org",
        "xn--trnsfer-3fg.api.globus.org",
        "\uff54ransfer.api.globus.org",
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::1",
        "0x7f.1",
        "2130706433",
        "169.254.169.254",
        "localhost",
        "",
        f"{own}:443",
        own,
    ]
    schemes = [
        "https://",
        "http://",
        "HTTPS://",
        "hTTp://",
        "//",
        "///",
        "https:",
        "https:/",
        "https:///",
        "https:\\\\",
    ]
    schemes += ["ftp://", "file://", "javascript://", "data://", "ws://", "https://https://", "\thttps://", " https://"]
    for scheme in schemes:
        for host in hosts:
            yield f"{scheme}{host}/v0.10/x"
    yield from (f"https://{own}/../x", f"https://{own}//{evil}/", f"https://{own}/%2e%2e/x", f"https://{own}/\\{evil}")


CORPUS = tuple(_corpus())


class TestOrigin:
    """Credentials go to the origin of the client, and nowhere else."""

    async def test_no_url_takes_credentials_elsewhere(self) -> None:
        """Over 500 URLs: an error before anything is sent, or a request to the client's own origin."""
        assert len(CORPUS) >= 500
        service = Scripted()
        sent = 0
        async with service.client(authorizer=AccessTokenAuthorizer("AgX1")) as client:
            for url in CORPUS:
                try:
                    await client.get(url)
                except GlobusSDKUsageError:
                    continue
                sent += 1
        assert sent == len(service.requests) > 0
        for request in service.requests:
            for seen in (request.url, httpx.URL(str(request.url))):
                assert (seen.scheme, seen.host, seen.port, seen.userinfo) == (
                    "https",
                    "transfer.api.globus.org",
                    None,
                    b"",
                )
            wire = URL(str(request.url), encoded=True)
            assert (wire.scheme, wire.host, wire.port, wire.user) == ("https", "transfer.api.globus.org", 443, None)
            assert request.headers["host"] == "transfer.api.globus.org"

    @settings(max_examples=cases(300), deadline=None, derandomize=True)
    @given(hostile, st.sampled_from(["", "https://", "//", "https://transfer.api.globus.org", "/"]))
    def test_no_path_takes_credentials_elsewhere(self, value: str, before: str) -> None:
        """Made of hostile pieces."""

        async def call() -> None:
            service = Scripted()
            async with service.client(authorizer=AccessTokenAuthorizer("AgX1")) as client:
                try:
                    await client.get(before + value)
                except GlobusSDKUsageError:
                    assert not service.requests
            for request in service.requests:
                assert httpx.URL(str(request.url)).host == "transfer.api.globus.org"

        asyncio.run(call())

    async def test_an_absolute_url_of_the_service_is_accepted(self) -> None:
        """Path and query are taken over, repeated and empty parameters included."""
        service = Scripted()
        async with service.client() as client:
            await client.get(f"{ORIGIN}v0.10/task_list?filter=a&filter=b&empty=", query_params={"limit": 5})
        assert service.requests[0].url == f"{ORIGIN}v0.10/task_list?filter=a&filter=b&empty=&limit=5"

    async def test_urls_must_be_below_the_base_path(self) -> None:
        """A service may live below a path; its neighbours are not its."""
        service = Scripted()
        async with service.transport() as transport:
            client = BaseClient(base_url="https://host.example/base/", transport=transport)
            await client.get("https://host.example/base/x")
            await client.get("y")
            for url in ("https://host.example/x", "https://host.example/baseless", "https://host.example/base/../x"):
                with pytest.raises(GlobusSDKUsageError):
                    await client.get(url)
        assert service.paths == ["/base/x", "/base/y"]

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_not_followed(self, status: int) -> None:
        """Not to another origin, and not on the own one."""
        for location in ("https://evil.example/", f"{ORIGIN}elsewhere"):
            service = Scripted(respond(status, location=location))
            async with service.client(authorizer=AccessTokenAuthorizer("AgX1")) as client:
                with pytest.raises(GlobusAPIError, match=str(status)):
                    await client.get("x")
            assert service.paths == ["/x"]

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "x",
            "/x",
            "http://transfer.api.globus.org/",
            "ftp://h/",
            "https://",
            "https://u@h/",
            "https://u:p@h/",
            "https://:p@h/",
            "https://h/?a",
            "https://h/?",
            "https://h/#",
            "https://h/\\x",
            "https://h/ x",
            "https://h\t/",
            "https://h:x/",
            5,
            b"https://h/",
            "https://h:99999/",
            "https://[::1/",
            "http://127.0.0.1.evil.example/",
            "javascript:alert(1)",
        ],
    )
    def test_unsafe_base_urls_are_refused(self, url: Any) -> None:
        """Refused when the client is made."""
        with pytest.raises(GlobusSDKUsageError, match="base_url"):
            BaseClient(base_url=url)

    @pytest.mark.parametrize(
        "url",
        [
            "https://h.example",
            "https://h.example:8443/base",
            "http://127.0.0.1:80",
            "http://[::1]:5000/",
            "http://localhost",
        ],
    )
    def test_a_base_url_ends_with_a_slash(self, url: str) -> None:
        """Plain http is for this machine only."""
        assert checked_base_url(url, source="base_url") == url.rstrip("/") + "/"


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class TestQuery:
    @pytest.mark.parametrize(
        ("params", "sent"),
        [
            ({}, ""),
            ({"a": None, "b": MISSING}, ""),
            ({"a": "x y/é&=+"}, "a=x%20y%2F%C3%A9%26%3D%2B"),
            ({"a": True, "b": False}, "a=true&b=false"),
            ({"a": 1, "b": 1.5}, "a=1&b=1.5"),
            ({"a": UUID(ID)}, f"a={ID}"),
            ({"a": Colour.RED, "b": Level.HIGH}, "a=red&b=3"),
            ({"a": ["x", 1, None, MISSING, UUID(ID)]}, f"a=x&a=1&a={ID}"),
            ({"a": (c for c in "xy")}, "a=x&a=y"),
            ({"a": []}, ""),
            ({"page[limit]": 5}, "page%5Blimit%5D=5"),
            ({"a": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)}, "a=2026-01-02T03%3A04%3A05Z"),
        ],
    )
    def test_encoding_of_values(self, params: dict[str, object], sent: str) -> None:
        """What is missing is left out; lists repeat their key."""
        assert encode_query(params) == sent

    @pytest.mark.parametrize("value", [b"x", object(), {"a": 1}, [[1]], {1: 2}.items(), "\ud800", datetime(2026, 1, 1)])  # noqa: DTZ001
    def test_values_that_cannot_be_encoded_are_refused(self, value: object) -> None:
        """Before anything is sent."""
        with pytest.raises(GlobusSDKUsageError):
            encode_query({"a": value})

    @settings(max_examples=cases(300), deadline=None)
    @given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5))
    def test_decoding_returns_the_encoded_values(self, params: dict[str, str]) -> None:
        """Every text comes back, or is refused as no Unicode."""
        try:
            sent = encode_query(params)
        except GlobusSDKUsageError:
            assert any("\ud800" <= char <= "\udfff" for pair in params.items() for text in pair for char in text)
            return
        assert dict(parse_qsl(sent, keep_blank_values=True, strict_parsing=bool(sent))) == params
        assert urlsplit(f"https://h/x?{sent}").query == sent

    def test_parameters_without_missing_ones_can_be_encoded_repeatedly(self) -> None:
        """An iterator is read once and kept."""
        once = drop_missing({"a": iter("xy"), "b": None, "c": MISSING, "d": 1})
        assert encode_query(once) == encode_query(once) == "a=x&a=y&d=1"

    @pytest.mark.parametrize(
        ("value", "sent"),
        [
            (None, None),
            (MISSING, MISSING),
            ("a,b", "a,b"),
            (["a", "b"], "a,b"),
            ((1, UUID(ID)), f"1,{ID}"),
            ([], ""),
            (Colour.RED, "red"),
            (UUID(ID), ID),
            ({"a": 1}.keys(), "a"),
        ],
    )
    def test_comma_separated_lists(self, value: object, sent: object) -> None:
        """For the service's own lists."""
        assert comma_joined(value) == sent

    def test_an_item_with_a_comma(self) -> None:
        """It would become two items."""
        with pytest.raises(GlobusSDKUsageError, match="comma"):
            comma_joined(["a,b"])

    @pytest.mark.parametrize(("value", "sent"), [(True, "1"), (False, "0"), (None, None), (MISSING, MISSING)])
    def test_booleans_as_bits(self, value: Any, sent: object) -> None:
        """For the few parameters that want 1 and 0."""
        assert as_bit(value) == sent


@dataclasses.dataclass
class Record:
    """A value that ``orjson`` could encode."""

    a: int = 1


class Texts(dict[str, object]):
    """Shows its members as text."""

    def items(self) -> Any:
        """Return the members."""
        return [(name, str(value)) for name, value in super().items()]


each_encoder = pytest.mark.parametrize("encode", [json_body, encode_json])


class TestBodies:
    @each_encoder
    @pytest.mark.parametrize(
        ("document", "sent"),
        [
            ({"a": MISSING, "b": {"c": MISSING, "d": None}, "e": [MISSING, 1]}, {"b": {"d": None}, "e": [1]}),
            ({"a": MISSING, "b": {"c": MISSING}, "e": [MISSING, 1]}, {"b": {}, "e": [1]}),
            ({"a": "MISSING", MISSING.value: 1}, {"a": "MISSING", "MISSING": 1}),
            ({"a": UUID(ID), "b": Colour.RED, "c": Level.HIGH}, {"a": ID, "b": "red", "c": 3}),
            ({"a": datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))}, {"a": "2026-07-01T10:00:00Z"}),
            ({"a": (1, 2), "b": {3}, "c": {"x": 1}.keys()}, {"a": [1, 2], "b": [3], "c": ["x"]}),
            ({"a": Secret("s")}, {"a": "s"}),
            (
                {"a": 2**70, "b": -(2**63), "c": 1e300, "d": "null"},
                {"a": 2**70, "b": -(2**63), "c": 1e300, "d": "null"},
            ),
            ({"a": Texts(b=1)}, {"a": {"b": "1"}}),
            ("é", "é"),
            ([], []),
            (None, None),
        ],
    )
    def test_json(self, encode: Any, document: object, sent: object) -> None:
        """Missing members are left out at any depth; null is null."""
        assert json.loads(encode(document)) == sent

    def test_an_iterator_is_read_once(self) -> None:
        """By one of the encoders."""
        assert encode_json({"a": iter("xy"), "b": [1]}) == b'{"a":["x","y"],"b":[1]}'

    def test_secrets_are_collected(self) -> None:
        """They are redacted in errors."""
        secrets: list[Secret] = []
        assert encode_json({"a": Secret("s")}, secrets=secrets) == b'{"a":"s"}'
        assert [secret.reveal() for secret in secrets] == ["s"]

    @each_encoder
    @pytest.mark.parametrize(
        "document",
        [
            *(math.nan, math.inf, {"a": -math.inf}, [{"b": math.nan}], object(), {1: 2}, {None: 1}),
            *(b"x", {"a": b"x"}, {"a": object()}, {"a": Record()}, {"a": date(2026, 7, 1)}),
        ],
    )
    def test_values_that_json_cannot_express_are_refused(self, encode: Any, document: object) -> None:
        """NaN and infinities among it."""
        with pytest.raises(GlobusSDKUsageError, match="JSON"):
            encode(document)

    @each_encoder
    @pytest.mark.parametrize(
        ("document", "name"),
        [
            ({"a": "x\udce9"}, "a: it is not valid Unicode"),
            ({"a": [{"b": 1}, {"b": {"c": "\udce9"}}]}, r"a\[1\]\.b\.c: it is not"),
            ({"a": {"x\udce9": 1}}, r"a\.x\\udce9: it is not"),
            (["x", "\ud83d"], r"\[1\]: it is not"),
            ({"a": Secret("s\udce9")}, "a: it is not"),
            ({"a": {"b": [1, 1j]}}, r"a\.b\[1\]: complex is not JSON"),
            ({"a": 1, "b": {3: 1}}, r"b.*: a member name must be text, got 3"),
            ("\udce9", "JSON: it is not"),
        ],
    )
    def test_a_refused_member_is_named(self, encode: Any, document: object, name: str) -> None:
        """A lone surrogate, from a file name that is not UTF-8, or any other bad value."""
        with pytest.raises(GlobusSDKUsageError, match=name) as refused:
            encode(document)
        assert str(refused.value).isprintable()

    def test_text_beyond_the_basic_plane_is_sent(self) -> None:
        """A whole surrogate pair is a character."""
        assert json.loads(json_body({"é": ["名前", "\U0001f600"]})) == {"é": ["名前", "\U0001f600"]}

    @pytest.mark.parametrize(
        ("make", "name"),
        [
            (lambda text: form_body({"a": "b", "scope": text}), "form field scope"),
            (lambda text: form_body({text: "b"}), r"form field x\\udce9"),
            (lambda text: form_body({"token": Secret(text)}), "form field token"),
            (lambda text: encode_query({"a": 1, "path": ["b", text]}), "query parameter path"),
            (lambda text: fill_path("/{name:text}", text), "name is not valid"),
            (lambda text: checked_base_url(f"https://x/{text}", source="base_url"), "base_url"),
        ],
    )
    def test_the_field_with_a_lone_surrogate_is_named(self, make: Any, name: str) -> None:
        """In forms, queries, paths and addresses."""
        with pytest.raises(GlobusSDKUsageError, match=name) as refused:
            make("x\udce9")
        assert str(refused.value).isprintable()

    @each_encoder
    def test_a_recursive_document_is_refused(self, encode: Any) -> None:
        """One that holds itself, and one that is just too deep."""
        loop: list[object] = []
        loop.append(loop)
        deep: object = 0
        for _ in range(10_000):
            deep = [deep]
        for document in (loop, deep):
            with pytest.raises(GlobusSDKUsageError):
                encode(document)

    def test_forms(self) -> None:
        """What is missing is left out; a secret is revealed here."""
        form = {"a": "x y&", "b": None, "c": MISSING, "d": True, "e": Secret("s+/="), "f": UUID(ID)}
        assert form_body(form) == f"a=x+y%26&d=true&e=s%2B%2F%3D&f={ID}".encode()

    @pytest.mark.parametrize("value", ["\ud800", Secret("\ud800"), b"x", [1]])
    def test_form_fields_that_cannot_be_encoded_are_refused(self, value: object) -> None:
        """Before anything is sent."""
        with pytest.raises(GlobusSDKUsageError):
            form_body({"a": value})

    @pytest.mark.parametrize(
        ("data", "encoding", "sent", "content_type"),
        [
            (MISSING, None, b"", None),
            (None, None, b"", None),
            (None, "json", b"null", "application/json"),
            ({}, None, b"{}", "application/json"),
            ([1], None, b"[1]", "application/json"),
            ("é", None, "é".encode(), "text/plain; charset=utf-8"),
            (b"\x00", None, b"\x00", "text/plain; charset=utf-8"),
            ("x", "json", b'"x"', "application/json"),
            ({"a": 1}, "form", b"a=1", "application/x-www-form-urlencoded"),
        ],
    )
    async def test_the_body_of_a_post(
        self, data: object, encoding: str | None, sent: bytes, content_type: str | None
    ) -> None:
        """By the type of the data, or by ``encoding``."""
        service = Scripted()
        async with service.client() as client:
            await client.post("x", data, encoding=encoding)
        (request,) = service.requests
        assert (request.content, request.headers.get("content-type")) == (sent, content_type)
        assert request.headers["content-length"] == str(len(sent))

    @pytest.mark.parametrize(
        ("data", "encoding"),
        [([1], "form"), ("x", "form"), ({}, "text"), (None, "text"), ({}, "xml"), ("\ud800", "text")],
    )
    async def test_a_body_that_does_not_fit_its_encoding(self, data: object, encoding: str) -> None:
        """Refused before anything is sent."""
        service = Scripted()
        async with service.client() as client:
            with pytest.raises(GlobusSDKUsageError):
                await client.post("x", data, encoding=encoding)
        assert not service.requests


class TestHeaders:
    async def test_default_headers(self) -> None:
        """Who asks, and what is understood."""
        service = Scripted()
        async with service.client() as client:
            client.app_name = "portal é"
            await client.get("x")
        headers = service.requests[0].headers
        assert headers["accept"] == "application/json"
        assert headers["accept-encoding"] == "gzip, deflate"
        assert headers["user-agent"].endswith("/portal é")
        assert headers["x-globus-client-info"].startswith("product=globus-async,version=")

    async def test_a_callers_header_replaces_a_default_one(self) -> None:
        """In whatever case it is written."""
        service = Scripted()
        async with service.client() as client:
            await client.get("x", headers={"ACCEPT": "text/csv", "X-Mine": "1"})
        assert service.requests[0].headers.get_list("accept") == ["text/csv"]
        assert service.requests[0].headers["x-mine"] == "1"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-Evil", "a\r\nX-Other: b"),
            ("X-Evil", "a\nb"),
            ("X-Evil", "\x00"),
            ("X Evil", "a"),
            ("X-Evil:", "a"),
            ("", "a"),
            ("X-Evil", "Ā"),
            ("Host", "evil.example"),
            ("content-length", "0"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "close"),
            ("X-Number", 5),
            ("X-None", None),
            (b"X-Bytes", "y"),
        ],
    )
    async def test_a_header_that_could_change_the_request_is_refused(self, name: Any, value: Any) -> None:
        """Line breaks, and what says where the request ends and whom it is for."""
        service = Scripted()
        async with service.client() as client:
            with pytest.raises(GlobusSDKUsageError, match="header"):
                await client.get("x", headers={name: value})
        assert not service.requests

    @pytest.mark.parametrize("name", ["a\r\nb", "a\x00", "\u0100"])
    def test_invalid_app_names(self, name: str) -> None:
        """It stands in a header."""
        with pytest.raises(GlobusSDKUsageError, match="app_name"):
            BaseClient(base_url=ORIGIN, app_name=name)

    @pytest.mark.parametrize("method", ["", "get", "GET /", "G\r\n", "É", "A" * 17])
    async def test_invalid_methods(self, method: str) -> None:
        """In capitals."""
        service = Scripted()
        async with service.client() as client:
            with pytest.raises(GlobusSDKUsageError, match="capitals"):
                await client.request(method, "x")
        assert not service.requests


class TestDates:
    @pytest.mark.parametrize(
        ("value", "sent"),
        [
            (datetime(2026, 3, 29, 2, 30, tzinfo=UTC), "2026-03-29T02:30:00Z"),
            (
                datetime(2026, 3, 29, 2, 30, 1, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30))),
                "2026-03-28T21:00:01Z",
            ),
            (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
            ("2026-03-29", "2026-03-29"),
        ],
    )
    def test_times_are_sent_in_utc(self, value: datetime | str, sent: str) -> None:
        """RFC 3339; a text goes as it is."""
        assert utc("deadline", value) == sent

    def test_a_time_without_a_zone_is_refused(self) -> None:
        """It could be any instant; the error says what to do."""
        with pytest.raises(GlobusSDKUsageError, match=r"deadline has no time zone.*astimezone"):
            utc("deadline", datetime(2026, 3, 29, 2, 30))  # noqa: DTZ001

    @pytest.mark.parametrize(("year", "hours"), [(1, 12), (9999, -12)])
    def test_a_time_out_of_range_is_refused(self, year: int, hours: int) -> None:
        """Shifting it to UTC would leave the years that there are."""
        first, last = (1, 1, 0), (12, 31, 23)
        value = datetime(year, *(first if year == 1 else last), tzinfo=timezone(timedelta(hours=hours)))
        with pytest.raises(GlobusSDKUsageError, match="deadline"):
            utc("deadline", value)


class TestSecrets:
    """Nothing that is sent can be seen in what goes wrong."""

    async def test_a_failing_call_shows_neither_token_nor_form(self) -> None:
        """Not by repr, pickle, chain or the locals of any frame."""
        token, refresh = canary("token"), canary("refresh token")
        echo = respond(400, {"error": "invalid_grant", "sent": refresh, "client_secret": refresh})
        for step in (echo, respond(200, "no object"), _refuse):
            service = Scripted(step)
            async with service.client(authorizer=AccessTokenAuthorizer(token), client_class=Posting) as client:
                assert isinstance(client, Posting)
                with pytest.raises(GlobusError) as caught:
                    await client.send_form({"refresh_token": Secret(refresh), "client_id": "me"})
                assert leaks_of_error(caught.value) == []
                service.steps = (respond(400, {"client_secret": refresh}),)
                with pytest.raises(GlobusError) as caught:
                    await client.send_json({"client_secret": Secret(refresh)})
                assert leaks_of_error(caught.value) == []

    async def test_a_cancelled_call_shows_neither_token_nor_form(self) -> None:
        """A traceback of a cancellation is logged by many a server."""

        async def silent(_: httpx.Request) -> httpx.Response:
            await asyncio.get_running_loop().create_future()
            raise AssertionError("never")

        token, refresh = canary("token"), canary("refresh token")
        async with Scripted(silent).client(authorizer=AccessTokenAuthorizer(token), client_class=Posting) as client:
            assert isinstance(client, Posting)
            call = asyncio.create_task(client.send_form({"refresh_token": Secret(refresh)}))
            await asyncio.sleep(0.01)
            call.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await call
        assert leaks_of_error(caught.value) == []

    @pytest.mark.parametrize(
        "make",
        [
            partial(form_body, {"b": "\ud800"}),
            partial(json_body, {"b": math.nan}),
            partial(json_body, {"b": object()}),
        ],
    )
    def test_a_refused_body_does_not_show_the_rest_of_it(self, make: Any) -> None:
        """Encoding fails with the secret in hand."""
        make.args[0]["a"] = Secret(canary("in a body"))
        with pytest.raises(GlobusSDKUsageError) as caught:
            make()
        assert leaks_of_error(caught.value) == []

    @pytest.mark.parametrize("send", ["send_form", "send_json", "request_json", "request_form"])
    async def test_a_secret_of_the_body_is_redacted_in_errors(self, send: str) -> None:
        """A service may repeat in its error what it was sent, in JSON as in a form."""
        secret = canary("in a body")
        async with Scripted(respond(400, {"message": f"bad password {secret}"})).client(client_class=Posting) as client:
            with pytest.raises(GlobusAPIError, match=r"bad password \*\*\*") as caught:
                await getattr(client, send)({"password": Secret(secret)})
        assert leaks_of_error(caught.value) == []

    def test_a_request_hides_its_body_and_headers(self) -> None:
        """It is a local of the loop, in every traceback."""
        secret = canary("header").encode()
        request = Request("GET", "https://h/x", ((b"Authorization", secret),), secret, secrets=(Secret("x"),))
        assert leaks_in_text(repr([request])) == []

    async def test_no_kind_of_transport_failure_shows_secrets(self) -> None:
        """Errors of the HTTP library stay below."""
        token = canary("token")
        async with Transport(http_client=httpx.AsyncClient(transport=httpx.MockTransport(_refuse))) as transport:
            client = BaseClient(
                base_url=ORIGIN, transport=transport, authorizer=AccessTokenAuthorizer(token), retry=ONCE
            )
            with pytest.raises(GlobusConnectionError, match="could not be sent") as caught:
                await client.post("x", {})
        assert leaks_of_error(caught.value) == []
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


class Posting(BaseClient):
    async def send_form(self, form: dict[str, object]) -> Any:
        return await self.call("POST", fill_path("/token"), dict[str, Any], form=form)

    async def send_json(self, data: object) -> Any:
        return await self.call("POST", fill_path("/token"), dict[str, Any], data=data)

    async def request_json(self, data: object) -> Any:
        return await self.post("/token", data)

    async def request_form(self, data: object) -> Any:
        return await self.post("/token", data, encoding="form")


class TestMisuse:
    """A client of one's own that is written carelessly sends nothing, least of all credentials to another host."""

    PATHS = (
        *("", "x", ".example.org/x", "@example.org/", ":80/x", "https://example.org/x", "//example.org/x", "\\x"),
        *("/a/../b", "/a/%2e%2e/b", "/a%2fb", "/a?b=c", "/a#b", "/a b", "/é", "/\ud800", "/\r\nX: y", "/a\n", "/{a}"),
        *(None, 5, b"/x"),
    )

    @pytest.mark.parametrize("path", PATHS)
    async def test_paths(self, path: Any) -> None:
        """What is no plain path is refused, whether it is called or listed."""
        service = Scripted()
        async with service.client() as client:
            with pytest.raises(GlobusSDKUsageError, match="path must be a constant with a leading slash"):
                await client.call("GET", path, dict[str, Any])
            with pytest.raises(GlobusSDKUsageError, match="path must be a constant with a leading slash"):
                client.listing(path, dict[str, Any], style=single)
        assert service.requests == []

    @pytest.mark.parametrize("method", ["get", "", "G T", "GET\r\nX: y", "GET\n", None])
    async def test_methods(self, method: Any) -> None:
        """Only a method in capitals is one."""
        service = Scripted()
        async with service.client() as client:
            with pytest.raises(GlobusSDKUsageError, match="HTTP method must be in capitals"):
                await client.call(method, "/x", dict[str, Any])
        assert service.requests == []

    @pytest.mark.parametrize(
        ("bodies", "message"),
        [
            ({"data": {}, "content": b"{}"}, "one body"),
            ({"data": {}, "form": {}}, "one body"),
            ({"data": None, "form": {}}, "one body"),
            ({"content": b"{}", "form": {"a": "b"}}, "one body"),
            ({"content": "{}"}, "content must be bytes, got str"),
            ({"form": [("a", "b")]}, "type list cannot be sent as form"),
            ({"form": {1: Secret("x")}}, "form field 1 cannot be sent"),
            ({"form": {"a": [Secret("x"), "y"]}}, "form field 'a' cannot be sent: a list"),
        ],
    )
    async def test_bodies(self, bodies: Any, message: str) -> None:
        """There is one body, and it is of its type."""
        service = Scripted()
        async with service.client() as client:
            with pytest.raises(GlobusSDKUsageError, match=message):
                await client.call("POST", "/x", dict[str, Any], **bodies)
        assert service.requests == []

    async def test_an_empty_content_is_sent_as_it_is(self) -> None:
        """It is not taken for a missing one."""
        service = Scripted()
        async with service.client() as client:
            await client.call("POST", "/x", dict[str, Any], content=b"")
        assert service.requests[0].content == b""

    @pytest.mark.parametrize(
        ("template", "values"),
        [
            ("/x/{a}", ()),
            ("/x", ("y",)),
            ("/x/{a:int}", (5,)),
            ("/x/{a:int}/{b:text}", ("y",)),
            ("/x/{a:text", ("y",)),
            *(("/x/{a:text}", (value,)) for value in (None, True, MISSING, b"x", 1.5, ["a"], Secret("x"))),
        ],
    )
    def test_fields_of_paths(self, template: str, values: tuple[Any, ...]) -> None:
        """A value that is missing or has no spelling does not become a segment such as ``None``."""
        with pytest.raises(GlobusSDKUsageError, match=r"fields?|must be text"):
            fill_path(template, *values)

    @pytest.mark.parametrize("number", [0, -1, "5", True])
    async def test_max_results(self, number: Any) -> None:
        """As for the other numbers of a listing."""
        async with Scripted().client() as client:
            with pytest.raises(GlobusSDKUsageError, match="max_results must be a whole number"):
                client.listing("/x", dict[str, Any], style=single, max_results=number)

    async def test_a_generic_response_type(self) -> None:
        """``IterableResponse[Widget]`` makes an `IterableResponse`."""
        async with Scripted(respond(200, {"DATA": [{}]})).client() as client:
            response = await client.call("GET", "/x", IterableResponse[dict[str, Any]])
        assert [*response] == [{}]


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.LocalProtocolError(f"Illegal header value {request.headers['authorization']!r}")
