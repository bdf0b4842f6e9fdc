"""Credentials are redacted from what a service echoes, in whatever form it does."""

from __future__ import annotations

import base64
import html
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from globus_async import (
    AccessTokenAuthorizer,
    BaseClient,
    BasicAuthorizer,
    GlobusAPIError,
    GlobusError,
    RetryPolicy,
    Secret,
    Transport,
)
from globus_async._http.redaction import Redaction, credentials_of
from globus_async._http.request import Request
from globus_async.authorizers import GlobusAuthorizer
from tests.toolkit.scripted import ORIGIN

ONCE = RetryPolicy(max_retries=0)
VALUES = {
    "a token": "AgX7wq3vN0pLmZ8rT2yK5bD9hJ4",
    "a secret of base64": "kA8/x+3Qz/Lw+9d0Yp5TtGh2Jm4=",
    "a password with odd characters": 'pässword "quoted" & <tagged> / 100%\\',
}


def _json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _hexadecimal(prefix: str, value: str) -> str:
    return "".join(f"{prefix}{byte:02x}" for byte in value.encode("ascii"))


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "percent-encoded": lambda value: quote(value, safe=""),
    "percent-encoded with slashes": quote,
    "percent-encoded in lower case": lambda value: quote(value, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "form": quote_plus,
    "percent-encoded twice": lambda value: quote(quote(value, safe=""), safe=""),
    "JSON": _json,
    "JSON in UTF-8": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "JSON with escaped slashes": lambda value: _json(value).replace("/", "\\/"),
    "JSON with escaped signs": lambda value: _json(value).replace("+", "\\u002b").replace("&", "\\u0026"),
    "JSON in JSON": lambda value: _json(_json(value)),
    "HTML": html.escape,
    "HTML with numbers": lambda value: html.escape(value).replace("/", "&#47;").replace("+", "&#x2B;"),
    "repr": lambda value: repr(value)[1:-1],
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 of a pair": lambda value: base64.b64encode(f"user:{value}".encode()).decode(),
    "base64 behind two bytes": lambda value: base64.b64encode(f"u:{value}!".encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    "the beginning": lambda value: value[:14],
    "bytes read as Latin-1": lambda value: value.encode().decode("latin-1"),
}


def pieces(form: str) -> list[str]:
    """Return every ten characters of a text in a row."""
    return [form[start : start + 10] for start in range(len(form) - 9)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_every_form(value: str, form: str) -> None:
    """Nothing of a form remains but single characters at its ends, and the text around it does."""
    echoed = FORMS[form](value)
    redacted = Redaction([Secret(value)])(f"before {echoed} behind {echoed} end")
    assert redacted.startswith("before ")
    assert redacted.endswith(" end")
    assert " behind " in redacted
    assert "***" in redacted
    left = [piece for piece in {*pieces(value), *pieces(echoed)} if piece in redacted]
    assert left == []


def test_text_without_secrets_is_unchanged() -> None:
    """Also its escapes; and a short secret, which is part of too many words."""
    text = 'a "quoted\\" text &amp; 100%25 of it, the secret of abc'
    assert Redaction([Secret("correct horse battery"), Secret("secret")])(text) == text
    assert Redaction([])(text) == text


@pytest.mark.parametrize("escaped", [r"\ud83d\ude00", r"\ud83d", r"\ude00\ud83d"])
def test_escaped_characters_beside_a_secret_in_unusual_escapes(escaped: str) -> None:
    """JSON libraries escape a character outside of the first plane as two halves; the result can be encoded."""
    value = VALUES["a token"]
    redacted = Redaction([Secret(value)])("".join(f"\\u{ord(each):04x}" for each in value) + f" {escaped}")
    assert redacted.encode().decode() == redacted
    assert redacted.startswith("*** ")
    if escaped == r"\ud83d\ude00":
        assert redacted == "*** \U0001f600"


def test_the_document_stays_json() -> None:
    """If the secret is echoed as JSON libraries encode it."""
    for value in VALUES.values():
        document = {"code": "Bad", "message": f"you sent {value}"}
        redacted = Redaction([Secret(value)])(json.dumps(document))
        assert json.loads(redacted) == {"code": "Bad", "message": "you sent ***"}


PASSWORD, OTHER = "pässwörd-of-the-app/1", "AnotherSecret0987654321"
ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"


def found(request: Request, header: str | None = None) -> set[str]:
    """Return the credentials that are found in a request."""
    return {secret.reveal() for secret in credentials_of(request, None if header is None else Secret(header))}


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class TestCredentialsOfARequest:
    def test_both_parts_of_a_basic_header(self) -> None:
        """Decoded; the id of an application is public."""
        request = Request("GET", ORIGIN)
        assert found(request, _basic(ID, PASSWORD)) == {_basic(ID, PASSWORD)[6:], PASSWORD}
        assert {"somebody", PASSWORD} <= found(request, _basic("somebody", PASSWORD))
        assert found(request, "Basic no-base64!") == {"no-base64!"}
        assert found(request, f"bearer {OTHER}") == {OTHER}
        assert found(request, OTHER) == {OTHER}

    def test_headers_of_the_caller(self) -> None:
        """Those that carry credentials."""
        headers = ((b"Authorization", b"Bearer " + OTHER.encode()), (b"X-Trace", b"visible-in-errors"))
        assert found(Request("GET", ORIGIN, headers)) == {OTHER}

    @pytest.mark.parametrize(
        "name",
        ["token", "access_token", "refresh_token", "id_token", "client_secret", "password", "code", "code_verifier"],
    )
    def test_fields_of_a_form_and_of_a_query(self, name: str) -> None:
        """Plain text as it is, by the name of the field."""
        body = f"grant_type=x&{name}={quote_plus(PASSWORD)}&scope=everything".encode()
        assert found(Request("POST", ORIGIN, body=body)) == {PASSWORD}
        assert found(Request("GET", f"{ORIGIN}x?a=b&{name}={quote_plus(PASSWORD)}")) == {PASSWORD}

    @pytest.mark.parametrize("name", ["client_secret", "password", "refresh_token"])
    def test_members_of_a_document(self, name: str) -> None:
        """As forms; but a code is that of an error there, which the error's class depends on."""
        body = json.dumps({"code": "EndpointNotFound", "a": {name: PASSWORD}}).encode()
        assert found(Request("POST", ORIGIN, body=body)) == {PASSWORD}


class Own(GlobusAuthorizer):
    """An authorizer of a caller's own, of another scheme."""

    async def get_authorization_header(self) -> Secret:
        return Secret(f"Token {OTHER}")


async def basic(client: BaseClient) -> object:
    client.authorizer = BasicAuthorizer(ID, PASSWORD)
    return await client.get("x")


async def bearer(client: BaseClient) -> object:
    client.authorizer = AccessTokenAuthorizer(OTHER)
    return await client.get("x")


async def own_scheme(client: BaseClient) -> object:
    client.authorizer = Own()
    return await client.get("x")


async def own_header(client: BaseClient) -> object:
    return await client.get("x", headers={"Authorization": f"Bearer {OTHER}"})


async def form_of_text(client: BaseClient) -> object:
    return await client.post("x", {"grant_type": "password", "password": PASSWORD}, encoding="form")


async def encoded_form(client: BaseClient) -> object:
    return await client.post("x", f"client_secret={quote(PASSWORD)}&code={OTHER}")


async def document(client: BaseClient) -> object:
    return await client.post("x", {"client_secret": PASSWORD})


async def query(client: BaseClient) -> object:
    return await client.get("x", query_params={"code": OTHER})


def _echo(request: httpx.Request) -> str:
    header = request.headers.get("authorization", "")
    plain = base64.b64decode(header[6:]).decode() if header.startswith("Basic ") else header.partition(" ")[2]
    sent = request.content.decode()
    return f"{header} {plain} {httpx.QueryParams(sent)} {sent} {request.url.query.decode()} {PASSWORD} {OTHER}"


ECHOES: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "message": lambda request: httpx.Response(400, json={"code": "Bad", "message": _echo(request)}),
    "entries": lambda request: httpx.Response(403, json={"errors": [{"code": "x", "detail": _echo(request)}]}),
    "text": lambda request: httpx.Response(500, text=_echo(request)),
    "page": lambda request: httpx.Response(404, html=html.escape(_echo(request))),
    "headers": lambda request: httpx.Response(
        404, headers=[(b"X-Request-Id", _echo(request).encode()), (b"Location", quote(_echo(request)).encode())]
    ),
    "reason": lambda request: httpx.Response(404, extensions={"reason_phrase": _echo(request).encode("latin-1")}),
    "no JSON": lambda request: httpx.Response(
        200, headers=[(b"Content-Type", b"application/json"), (b"X-Request-Id", _echo(request).encode())], content=b"{"
    ),
    "content type": lambda request: httpx.Response(200, headers=[(b"Content-Type", _echo(request).encode())]),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES.keys())
@pytest.mark.parametrize("call", [basic, bearer, own_scheme, own_header, form_of_text, encoded_form, document, query])
async def test_nothing_of_it_is_shown(call: Any, echo: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Not by the error, its attributes, its pickle, its traceback or the log."""
    caplog.set_level("DEBUG", "globus_async")
    secret = PASSWORD if call in {basic, form_of_text, encoded_form, document} else OTHER
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(echo)) as http,
        Transport(http_client=http) as transport,
    ):
        client = BaseClient(base_url=ORIGIN, transport=transport, retry=ONCE)
        try:
            await call(client)
        except GlobusError as error:
            caught = error
        else:
            assert echo is ECHOES["content type"]  # a response of any type is returned
            return
    shown = [str(caught), repr(caught), repr(vars(caught)), repr(pickle.loads(pickle.dumps(caught)).__dict__)]
    if isinstance(caught, GlobusAPIError):
        shown += [str(caught.headers), json.dumps(caught.raw_json), caught.raw_text, repr(dict(caught.headers))]
    shown += [*traceback.format_exception(caught), caplog.text]
    own = secret[:10]
    for text in shown:
        assert own not in text.replace(f'"{__file__}"', "")
        assert quote(secret)[:12] not in text
