"""The emulator's kit, tested with the small service of `notes_service`."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Collection
from typing import Any, ClassVar

import httpx
import pytest
from starlette.requests import Request as StarletteRequest

from globus_async.emulator.kit.authentication import AuthenticationFailure, Authenticator, Caller, RateLimiter, Session
from globus_async.emulator.kit.clock import ManualClock
from globus_async.emulator.kit.directory import Directory
from globus_async.emulator.kit.errors import ErrorKind, ServiceError
from globus_async.emulator.kit.fields import (
    BOOLEAN,
    LINE,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    UUID,
    Fields,
    FieldType,
    choice,
    integer,
    list_of,
    parse_time,
)
from globus_async.emulator.kit.ids import is_uuid, named_id, new_id, random_text, request_id
from globus_async.emulator.kit.paging import json_api_links, json_api_page, token_page
from globus_async.emulator.kit.request import Request
from globus_async.emulator.kit.routing import application
from globus_async.emulator.kit.secret import Secret
from globus_async.emulator.kit.service import Document, Platform, RouteTable, Service
from tests.emulator.notes_service import NotesError, NotesService, NotesState

ADA = "00000000-0000-4000-8000-00000000000a"


class Authority:
    """A token issuer; a token is the list of its scopes, separated by commas."""

    def authenticate(self, authorization_header: str | None) -> Caller:
        if authorization_header is None:
            raise AuthenticationFailure("missing")
        token = authorization_header.removeprefix("Bearer ")
        if token == "expired":
            raise AuthenticationFailure("invalid")
        scopes = frozenset(token.split(","))
        return Caller(ADA, "ada@x.org", frozenset({ADA}), scopes, frozenset(), "", "notes", Secret(token), Session("1"))

    def satisfies_policy(self, policy_id: str, caller: Caller) -> bool:
        raise NotImplementedError

    def still_satisfies_policy(self, policy_id: str, caller: Caller) -> bool:
        raise NotImplementedError

    def still_consents(self, scope_string: str, caller: Caller) -> bool:
        raise NotImplementedError

    def dependent_token(self, caller: Caller, scope_string: str) -> str:
        raise NotImplementedError

    def trusted_token(self, caller: Caller, scope_string: str) -> str:
        raise NotImplementedError

    def client_token(self, client_id: str, scope_string: str) -> str:
        raise NotImplementedError

    def direct_caller(self, identity_id: str, scope_string: str) -> Caller:
        raise NotImplementedError

    def add_scope(
        self, client_id: str, scope_string: str, *, name: str, description: str = "", dependencies: Collection[str] = ()
    ) -> None:
        raise NotImplementedError

    def remove_scope(self, scope_string: str) -> None:
        raise NotImplementedError

    def add_redirect_uri(self, client_id: str, redirect_uri: str) -> None:
        raise NotImplementedError


class PlainService(Service[None]):
    """A second service, with the default error format, without authentication, and with a path of `NotesService`."""

    name = "plain"
    title = "Plain"
    hosts = ("plain.globus.org",)
    errors = ServiceError
    max_body = 1000

    def tables(self) -> dict[str, RouteTable[None]]:
        table: RouteTable[None] = (
            ("POST", "/form", _form),
            ("GET", "/query", _query),
            ("GET", "/tokens", _tokens),
            ("GET", "/linked", _linked),
        )
        return {"/v1/plain": table, "": (("GET", "/v1/notes", _broken),)}


async def _form(_state: None, request: Request) -> Document:
    return {"form": request.form(), "cookie": request.cookie("c")}


async def _query(_state: None, request: Request) -> Document:
    return {
        "a": request.parameter("a"),
        "blank": request.parameter("a", allow_blank=True),
        "list": request.parameter_list("list"),
        "flag": request.flag("flag"),
        "n": request.integer("n", 7, minimum=1, maximum=10),
    }


async def _tokens(_state: None, request: Request) -> Document:
    page, token = token_page(request, "acegi", key=str, default_limit=5, max_limit=5)
    return {"entries": [*page.entries], "next_token": token}


async def _linked(_state: None, request: Request) -> Document:
    page = json_api_page(request, "acegi")
    return {"entries": [*page.entries], "links": json_api_links(request, page)}


async def _broken(_state: None, _request: Request) -> Document:
    raise ZeroDivisionError


@pytest.fixture
def unknown() -> list[tuple[str, str]]:
    return []


@pytest.fixture
async def http(unknown: list[tuple[str, str]]) -> AsyncIterator[httpx.AsyncClient]:
    platform = Platform(clock=ManualClock())
    platform.authority = Authority()
    app = application(
        [NotesService(platform), PlainService(platform, None)],
        on_unknown=lambda verb, path: unknown.append((verb, path)),
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer notes:all"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield client


async def test_a_service_in_use(http: httpx.AsyncClient) -> None:
    """Documents are created, listed by pages, and deleted, with the headers of the service."""
    created = [await http.post("/v1/notes", json={"text": f"note {number}"}) for number in range(3)]
    assert {(each.status_code, each.json()["pinned"]) for each in created} == {(200, False)}
    assert created[0].headers["x-notes-version"] == "1"
    first = (await http.get("/v1/notes")).json()
    assert ([each["text"] for each in first["notes"]], first["has_next_page"]) == (["note 0", "note 1"], True)
    last = (await http.get("/v1/notes", params={"offset": 2, "limit": 99})).json()
    assert ([each["text"] for each in last["notes"]], last["limit"], last["has_next_page"]) == (["note 2"], 10, False)
    head = await http.head("/v1/notes")
    assert head.status_code == 200
    gone = await http.delete(
        f"/v1/notes/{created[2].json()['id']}", headers={"Authorization": "Bearer notes:all,notes:delete"}
    )
    assert gone.json() == created[2].json()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (("POST", "/v1/notes", {"content": b"{"}), (400, "BAD_REQUEST", "Could not parse JSON")),
        (("POST", "/v1/notes", {"content": b"\xff"}), (400, "BAD_REQUEST", "not UTF-8")),
        (("POST", "/v1/notes", {"json": [1]}), (400, "BAD_REQUEST", "must be a JSON object")),
        (("POST", "/v1/notes", {"json": {}}), (422, "INVALID_NOTE", "Missing required field 'text'")),
        (("POST", "/v1/notes", {"json": {"text": 1}}), (422, "INVALID_NOTE", "'text': a string is required")),
        (("GET", "/v1/notes?limit=0", {}), (400, "BAD_REQUEST", "an integer of at least 1 is required")),
        (("GET", "/v1/notes?offset=x", {}), (400, "BAD_REQUEST", "'offset': 'x', an integer is required")),
        (("DELETE", "/v1/notes/1", {}), (403, "FORBIDDEN", "does not have the scope 'notes:delete'")),
        (("GET", "/v1/other", {}), (501, "NOT_IMPLEMENTED", "not implement GET /v1/other of")),
        (("GET", "/", {}), (501, "NOT_IMPLEMENTED", "not implement GET / of")),
        (("PUT", "/v1/notes", {}), (405, "METHOD_NOT_ALLOWED", "has no method PUT")),
        (("GET", "/v1/notes", {"headers": {"Authorization": "Bearer expired"}}), (401, "UNAUTHORIZED", "not active")),
        (
            ("GET", "/v1/notes", {"headers": {"Authorization": "Bearer x"}}),
            (403, "FORBIDDEN", "'notes:all' or 'notes:d"),
        ),
    ],
)
async def test_errors_have_the_format_of_the_service(
    http: httpx.AsyncClient, sent: tuple[str, str, dict[str, Any]], expected: tuple[int, str, str]
) -> None:
    """Errors found by the kit and by the service have one format."""
    (verb, path, options), (status, code, words) = sent, expected
    refused = await http.request(verb, path, **options)
    document = refused.json()
    assert (refused.status_code, document["error"]["code"]) == (status, code)
    assert words in document["error"]["detail"]
    assert document["error"]["path"] == path.partition("?")[0]
    assert len(document["debug_id"]) == 9


async def test_an_error_of_the_service_itself(http: httpx.AsyncClient) -> None:
    """Further members of an error are in its document."""
    headers = {"Authorization": "Bearer notes:delete"}
    refused = await http.delete("/v1/notes/1", headers=headers)
    assert refused.json()["error"] == {
        "code": "NO_SUCH_NOTE",
        "detail": "There is no such note",
        "path": "/v1/notes/1",
        "note_id": "1",
    }


async def test_hosts_and_paths_select_the_service(http: httpx.AsyncClient, unknown: list[tuple[str, str]]) -> None:
    """A service responds alone on its hosts; on any other host the path selects the service, also for a 404."""
    assert (await http.get("http://plain.globus.org/v1/notes")).json() == {
        "code": "INTERNAL_ERROR",
        "message": "The emulator failed: ZeroDivisionError",
    }
    assert (await http.get("https://notes.api.globus.org/v1/notes")).json()["notes"] == []
    assert "message" in (await http.get("https://plain.globus.org/v1/other")).json()
    assert "debug_id" in (await http.get("https://notes.api.globus.org/v1/plain/query")).json()
    assert "message" in (await http.get("/v1/plain/other")).json()
    assert "debug_id" in (await http.get("/v1/plainest")).json()
    assert ("GET", "/v1/plainest") in unknown


async def test_a_405_names_the_methods(http: httpx.AsyncClient, unknown: list[tuple[str, str]]) -> None:
    """The ``Allow`` header has all verbs of the path, HEAD with GET."""
    refused = await http.put("/v1/notes")
    assert {each.strip() for each in refused.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}
    assert unknown == [("PUT", "/v1/notes")]


async def test_forms_and_cookies(http: httpx.AsyncClient) -> None:
    """A form has each field once; cookies can be read."""
    sent = await http.post("/v1/plain/form", data={"x": "1", "y": ""}, headers={"Cookie": "c=biscuit"})
    assert sent.json() == {"form": {"x": "1", "y": ""}, "cookie": "biscuit"}
    for body in (b"x=1&x=2", b"\xff", b"x=%ff"):
        refused = await http.post("/v1/plain/form", content=body)
        assert (refused.status_code, refused.json()["code"]) == (400, "BAD_REQUEST")


async def test_large_bodies(http: httpx.AsyncClient) -> None:
    """A body above the service's maximum is refused."""
    assert (await http.post("/v1/plain/form", content=b"x=" + b"1" * 998)).status_code == 200
    refused = await http.post("/v1/plain/form", content=b"x=" + b"1" * 999)
    assert (refused.status_code, refused.json()["code"]) == (413, "REQUEST_TOO_LARGE")


async def test_query_parameters(http: httpx.AsyncClient) -> None:
    """An empty parameter counts as absent unless it may be blank; lists are separated by commas."""
    empty: dict[str, Any] = {"a": None, "blank": None, "list": [], "flag": False, "n": 7}
    assert (await http.get("/v1/plain/query")).json() == empty
    assert (await http.get("/v1/plain/query?a=&n=99")).json() == {**empty, "blank": "", "n": 10}
    given = (await http.get("/v1/plain/query?a=1&a=2&list=x,%20y,&flag=True&n=3")).json()
    assert given == {"a": "1", "blank": "1", "list": ["x", "y"], "flag": True, "n": 3}


async def test_pages_after_a_key(http: httpx.AsyncClient) -> None:
    """A page begins after the key in its token, also if the entry of that key was removed meanwhile."""
    pages: list[list[str]] = []
    token: str | None = ""
    while token is not None:
        document = (await http.get("/v1/plain/tokens", params={"next_token": token, "max_results": 2})).json()
        pages.append(document["entries"])
        token = document["next_token"]
    assert pages == [["a", "c"], ["e", "g"], ["i"]]
    after = (await http.get("/v1/plain/tokens", params={"next_token": "d", "max_results": 9})).json()
    assert after == {"entries": ["e", "g", "i"], "next_token": None}


async def test_pages_of_json_api(http: httpx.AsyncClient) -> None:
    """The link to the next page has all parameters of the query; the last page has none."""
    first = (await http.get("/v1/plain/linked", params={"page[limit]": 3, "filter": "x"})).json()
    assert (first["entries"], httpx.URL(first["links"]["next"]).params["filter"]) == (["a", "c", "e"], "x")
    last = (await http.get(first["links"]["next"])).json()
    assert last == {"entries": ["g", "i"], "links": None}
    beyond = (await http.get("/v1/plain/linked", params={"page[marker]": 99})).json()
    assert beyond == {"entries": [], "links": None}


def test_environment_and_status_tables() -> None:
    """A service has variables for clients and tables for the status page; the other hooks do nothing by default."""
    platform = Platform()
    platform.authority = Authority()
    service = NotesService(platform)
    assert service.environ("http://127.0.0.1:1") == {"GLOBUS_SDK_SERVICE_URL_NOTES": "http://127.0.0.1:1/"}
    service.state.notes["1"] = note = NotesState(platform).notes.setdefault("1", _note())
    assert service.snapshot() == {"notes": [{"id": "1", "owner_id": ADA, "text": "x", "pinned": False}]}
    assert note.text == "x"
    service.start()


def _note() -> Any:
    from tests.emulator.notes_service import Note  # noqa: PLC0415

    return Note("1", ADA, "x")


def test_no_authority() -> None:
    """Without an Auth service the platform has no token authority, and an error says so."""
    with pytest.raises(LookupError, match="no service that issues tokens"):
        NotesService(Platform())


@pytest.mark.parametrize(
    ("type", "good", "bad"),
    [
        (TEXT, ["", "a\nb"], [1, None, True]),
        (LINE, ["a b"], ["", " ", "a\nb", "a\r", 1]),
        (BOOLEAN, [True, False], [0, "true", None]),
        (NUMBER, [1, 1.5], [True, "1", None]),
        (OBJECT, [{}, {"a": 1}], [[], "x", None]),
        (integer(), [-1, 0], [True, 1.0, "1"]),
        (integer(minimum=1, maximum=3), [1, 3], [0, 4]),
        (choice("a", "b"), ["a"], ["c", 1, None]),
        (list_of(TEXT), [[], ["a"]], ["a", [1], {"a": 1}, None]),
        (UUID, [ADA], ["x", ADA + "\n", ADA.replace("-", ""), 1]),
        (TIME, [], ["yesterday", 1, "0001-01-01T00:00:00+23:59", None]),
    ],
)
def test_field_types(type: FieldType[Any], good: list[object], bad: list[object]) -> None:
    """Each type accepts its own values and no others; a boolean is no number."""
    for value in good:
        assert Fields({"x": value}, ServiceError).required("x", type) == value
    for value in bad:
        with pytest.raises(ServiceError, match=f"'x': {type.name}") as caught:
            Fields({"x": value}, ServiceError).required("x", type)
        assert caught.value.status == 422


def test_converted_fields() -> None:
    """A UUID is returned in lower case, a time in POSIX seconds."""
    fields = Fields({"id": ADA.upper(), "at": "1970-01-02", "zone": "1970-01-01T01:00:00+01:00"}, ServiceError)
    assert (fields.required("id", UUID), fields.required("at", TIME), fields.required("zone", TIME)) == (ADA, 86400, 0)
    assert parse_time(" 1970-01-01T00:00:01Z ") == 1


def test_missing_and_null_fields() -> None:
    """The default is returned for a missing member; for null only if the service treats null as missing."""
    document = {"null": None}
    strict, lenient = Fields(document, ServiceError), Fields(document, ServiceError, null_is_missing=True)
    assert strict.optional("x", TEXT) is None
    assert (strict.optional("x", TEXT, "y"), strict.nullable("x", TEXT, "y")) == ("y", "y")
    assert strict.nullable("null", TEXT, "y") is None
    assert lenient.optional("null", TEXT, "y") == "y"
    for read in (strict.optional, strict.required):
        with pytest.raises(ServiceError, match="Invalid value for field 'null'"):
            read("null", TEXT)
    with pytest.raises(ServiceError, match="Missing required field 'null'"):
        lenient.required("null", TEXT)
    assert ("null" in strict, "x" in strict, list(strict), strict["null"]) == (True, False, ["null"], None)


def test_nested_fields() -> None:
    """Errors within objects and lists name the full path of the member."""
    fields = Fields({"a": {"b": {"c": 1}}, "list": [{"d": 1}, {}], "wrong": [1], "null": None}, ServiceError)
    with pytest.raises(ServiceError, match=r"field 'a\.b\.c': a string is required"):
        fields.object("a").object("b").required("c", TEXT)
    items = fields.objects("list")
    assert items is not None
    assert items[0].required("d", integer()) == 1
    with pytest.raises(ServiceError, match=r"Missing required field 'list\[1\]\.d'"):
        items[1].required("d", integer())
    assert (fields.objects("none"), fields.objects("null"), list(fields.object("none"))) == (None, None, [])
    with pytest.raises(ServiceError, match="a list of objects is required"):
        fields.objects("wrong")
    for read in (fields.object, fields.objects):
        with pytest.raises(ServiceError, match="Missing required field 'none'"):
            read("none", required=True)


async def test_the_rate_limiter() -> None:
    """Each identity has its own limit over 10 seconds; the error says how long to wait."""
    clock = ManualClock()
    limiter = RateLimiter(clock, 0.2, errors=NotesError)
    for _ in range(2):
        limiter.count(ADA)
    limiter.count("another")
    await clock.advance(2.5)
    with pytest.raises(NotesError, match=r"more than 0\.2 per second") as caught:
        limiter.count(ADA)
    assert (caught.value.status, caught.value.headers) == (429, {"retry-after": str(math.ceil(7.5))})
    await clock.advance(7.5)
    limiter.count(ADA)


def test_requests_without_a_token() -> None:
    """A request without a token is refused, or has no caller if the service allows it."""
    authority = Authority()
    with pytest.raises(NotesError, match="No credentials supplied"):
        Authenticator(authority, errors=NotesError).authenticate(None)
    assert Authenticator(authority, errors=NotesError, optional=True).authenticate(None) is None
    caller = Authenticator(authority, errors=NotesError, scopes=["a"]).authenticate("Bearer a[b]")
    assert caller is not None
    assert caller.scopes == {"a[b]"}


def test_the_directory() -> None:
    """Identities are found by id and name, links merge, groups and subscriptions have members."""
    directory = Directory()
    ada, ben, cid = (directory.add(f"{name}@x.org") for name in ("ada", "ben", "cid"))
    assert (directory.find("ADA@x.org"), directory.find(ben.id.upper())) == (ada, ben)
    assert directory.find("nobody@x.org") is None
    assert directory.username(ada.id) == "ada@x.org"
    assert directory.username("1") == "1@identities.invalid"
    for name in ("ada@x.org", "a b@x.org", "@x.org", "a,b@x.org"):
        with pytest.raises(ValueError, match=r"username|there is"):
            directory.add(name)
    with pytest.raises(ValueError, match="with the id"):
        directory.add("dot@x.org", id=ada.id)
    directory.link([ada, ben])
    assert directory.linked_ids(ben.id) == {ada.id, ben.id}
    assert [each.id for each in directory.linked(ben.id)] == [ada.id, ben.id]
    group = directory.add_group("Team", member_ids=[ada.id], admin_ids=[cid.id])
    group.memberships[cid.id].status = "left"
    assert directory.groups_of([ben.id, ada.id]) == {group.id}
    assert directory.groups_of([cid.id]) == frozenset()
    subscription = directory.add_subscription(member_ids=[ben.id], admin_ids=[ada.id])
    assert (subscription.admin_ids, subscription.member_ids) == ([ada.id], [ada.id, ben.id])
    assert directory.add("eve").username == "eve@globusid.org"


def test_ids() -> None:
    """Named ids are the same in every run; new ids differ."""
    assert named_id("a", "b") == named_id("a", "b") != named_id("a\nb", "")
    assert is_uuid(new_id())
    assert not is_uuid("x" * 36)
    assert request_id() != request_id()
    assert len(random_text(30)) == 30
    assert random_text(30).isalnum()


def test_secrets() -> None:
    """The text of a secret is in none of its representations; a secret equals other secrets only."""
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {secret:>10}"
    assert secret == Secret("hunter2") != Secret("other")
    assert secret != "hunter2"
    assert {secret: 1}[Secret("hunter2")] == 1
    assert (bool(secret), bool(Secret("")), secret.reveal()) == (True, False, "hunter2")


class OtherError(ServiceError):
    """A second error format of a service."""

    codes: ClassVar = {ErrorKind.INVALID_JSON: (415, "NO_JSON"), ErrorKind.NOT_AN_OBJECT: (422, "NO_OBJECT")}


def test_codes_of_bodies_that_are_not_objects() -> None:
    """They are those of invalid JSON, unless the service has its own."""
    assert ServiceError.code_of(ErrorKind.NOT_AN_OBJECT) == ServiceError.code_of(ErrorKind.INVALID_JSON)
    assert OtherError.code_of(ErrorKind.NOT_AN_OBJECT) == (422, "NO_OBJECT")


def test_a_request_with_another_error_format() -> None:
    """Its readers raise errors of the other format."""
    raw = StarletteRequest({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []})
    request = Request("POST", "/", "1", ServiceError, raw, b"[1]").with_errors(OtherError)
    with pytest.raises(OtherError) as caught:
        request.fields()
    assert caught.value.status == 422


def test_default_error_document() -> None:
    """The base class has a status and a code for each kind of error."""
    for kind in ErrorKind:
        error = ServiceError.of_kind(kind, "message")
        assert error.document(path="/", request_id="1") == {"code": error.code, "message": "message"}
        assert 400 <= error.status <= 503
