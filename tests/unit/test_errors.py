"""The errors of error responses, in every format."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
import pkgutil
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import globus_async
from globus_async._http.headers import Headers
from globus_async._http.redaction import Redaction
from globus_async._http.response import RawResponse
from globus_async.errors import (
    Attempt,
    AuthorizationRequired,
    ConsentRequired,
    ErrorKinds,
    GlobusAPIError,
    GlobusConnectionError,
    GlobusError,
    GlobusTimeoutError,
    IdTokenError,
    NetworkError,
    NotFound,
    ResponseDecodeError,
    SubmissionUncertain,
)
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.scopes import Scope
from globus_async.secret import Secret
from globus_async.services.groups import BatchResponse, MembershipActionError
from tests.toolkit.canaries import canary, leaks_of

ID = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"


def got(
    body: object,
    status: int = 404,
    *,
    content_type: str = "application/json",
    reason: str = "Not Found",
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> RawResponse:
    """Make a response; a body that is not bytes is encoded as JSON."""
    fields = [(b"Content-Type", content_type.encode()), *headers]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawResponse(
        method="GET", path="/v0.10/x", status=status, reason=reason, headers=Headers(fields), body=content
    )


# body, code, messages, request id
FORMATS: dict[str, tuple[object, str | None, list[str], str | None]] = {
    "Transfer": (
        {"code": "EndpointNotFound", "message": "No such endpoint", "request_id": "Ab1", "resource": "/x"},
        "EndpointNotFound",
        ["No such endpoint"],
        "Ab1",
    ),
    "Transfer, dotted": (
        {"code": "ExternalError.DirListingFailed.GCDisconnected", "message": "gone", "request_id": "r"},
        "ExternalError.DirListingFailed.GCDisconnected",
        ["gone"],
        "r",
    ),
    "OAuth": ({"error": "invalid_grant"}, "invalid_grant", [], None),
    "OAuth, described": (
        {"error": "invalid_client", "error_description": "wrong secret"},
        "invalid_client",
        ["wrong secret"],
        None,
    ),
    "Auth": (
        {
            "errors": [
                {"status": "404", "id": ID, "code": "NOT_FOUND", "title": "Not Found", "detail": "no such project"}
            ]
        },
        "NOT_FOUND",
        ["no such project"],
        ID,
    ),
    "Auth, several": (
        {"errors": [{"code": "A", "detail": "one"}, {"code": "B", "title": "two"}, {"code": "C"}], "error": "x"},
        None,
        ["one", "two"],
        None,
    ),
    "Auth, both": (
        {"error": "dependent_consent_required", "error_description": "why", "errors": [{"code": "C", "detail": "d"}]},
        "C",
        ["d"],
        None,
    ),
    "JSON:API": (
        {"errors": [{"id": "e1", "status": "422", "title": "Bad", "detail": "worse"}], "meta": {"request_id": "m1"}},
        None,
        ["worse"],
        "e1",
    ),
    "JSON:API, meta only": ({"errors": [{"title": "Bad"}], "meta": {"request_id": "m1"}}, None, ["Bad"], "m1"),
    "Groups": ({"code": "FORBIDDEN", "detail": "no", "provided_scopes": ["a"]}, "FORBIDDEN", ["no"], None),
    "validation list": (
        {
            "detail": [
                {"loc": ["body", "add", 0, "identity_id"], "msg": "not a UUID", "type": "uuid_parsing"},
                {"loc": [], "msg": "no place"},
                {"loc": ["body", None, True, 1.5, {}], "msg": "odd place"},
                {"loc": "body", "msg": "odd loc"},
                {"loc": ["body"], "msg": 5},
                {"loc": ["query"], "message": "", "detail": "other member"},
            ]
        },
        None,
        ["body.add.0.identity_id: not a UUID", "no place", "body: odd place", "odd loc", "query: other member"],
        None,
    ),
    "validation list, of texts": ({"detail": ["one", 5, "two"], "code": "X"}, "X", ["one", "two"], None),
    "validation list, empty": ({"detail": [], "title": "t"}, None, ["t"], None),
    "Search": (
        {
            "@datatype": "GError",
            "code": "BadRequest.ValidationError",
            "message": "Request failed input validation.",
            "request_id": "a" * 32,
            "error_data": {
                "messages": {"json": {"ingest_data": {"visible_to": ["Missing."], "gmeta": {"0": ["a", "b"]}}}}
            },
        },
        "BadRequest.ValidationError",
        [
            "Request failed input validation.",
            "json.ingest_data.visible_to: Missing.",
            "json.ingest_data.gmeta.0: a",
            "json.ingest_data.gmeta.0: b",
        ],
        "a" * 32,
    ),
    "Search, remarks": (
        {
            "code": "Conflict.LimitExceeded",
            "message": "Role limit exceeded",
            "error_data": {
                "recommended_resolution": "ask",
                "constraint": "at most 3",
                "cause": "why",
                "messages": None,
            },
        },
        "Conflict.LimitExceeded",
        ["Role limit exceeded", "why", "at most 3", "ask"],
        None,
    ),
    "Search, list": (
        {"code": "X", "message": "m", "error_data": ["one", {"field": ["two", 3, None, {"deep": "three"}]}, [[]]]},
        "X",
        ["m", "one", "1.field: two", "1.field.3.deep: three"],
        None,
    ),
    "Search, odd": ({"code": "X", "message": "m", "error_data": "none"}, "X", ["m"], None),
    "Flows": ({"error": {"code": "X", "detail": "y"}, "debug_id": "d1"}, "X", ["y"], "d1"),
    "Flows, problems": (
        {
            "error": {
                "code": "FLOW_INPUT_ERROR",
                "detail": [{"loc": ["$.bool"], "type": "InvalidActionInput", "msg": "'x' is not of type 'boolean'"}],
                "message": "Input failed schema validation with 1 error.",
            },
            "debug_id": "d1",
        },
        "FLOW_INPUT_ERROR",
        ["Input failed schema validation with 1 error.", "$.bool: 'x' is not of type 'boolean'"],
        "d1",
    ),
    "Flows, requirements": (
        {
            "error": {"code": "AUTHENTICATION_POLICY_REQUIRED", "detail": "no identity meets them"},
            "code": "AuthenticationPolicyRequired",
            "authorization_parameters": {"session_required_policies": [ID]},
            "debug_id": "d1",
        },
        "AUTHENTICATION_POLICY_REQUIRED",
        ["no identity meets them"],
        "d1",
    ),
    "Flows, empty": ({"error": {}, "code": "Outer", "message": "outer"}, "Outer", ["outer"], None),
    "Flows, odd": ({"error": {"code": 5, "detail": {}, "message": []}, "code": "Y", "debug_id": 3}, "Y", [], None),
    "Timers": ({"error": {"code": "ERROR", "detail": "it failed", "status": 500}}, "ERROR", ["it failed"], None),
    "described": ({"code": "X", "description": "y"}, "X", ["y"], None),
    "empty object": ({}, None, [], None),
    "odd members": (
        {"code": 7, "message": ["x"], "errors": "none", "request_id": {}, "error": None, "meta": 3},
        None,
        [],
        None,
    ),
    "odd errors": ({"errors": [None, "x", 3, [], {"code": 5, "message": None, "detail": "d"}]}, None, [], None),
    "empty members": ({"code": "", "message": "", "errors": []}, "", [""], None),
    "list": ([{"code": "X"}], None, [], None),
    "null": (b"null", None, [], None),
    "number": (b"17", None, [], None),
    "text": (b'"x"', None, [], None),
    "nothing": (b"", None, [], None),
    "half": (b'{"code": "X", "mess', None, [], None),
    "HTML": (b"<html><body>Bad Gateway</body></html>", None, [], None),
    "no UTF-8": (b'{"code": "\xff"}', None, [], None),
    "UTF-16": ('{"code": "X"}'.encode("utf-16"), None, [], None),
    "NaN": (b'{"code": "X", "a": NaN}', None, [], None),
    "too deep": (b"[" * 100_000, None, [], None),
    "bytes": (bytes(range(256)), None, [], None),
}


_MEMBERS = (
    *("code", "message", "errors", "error", "detail", "id", "request_id", "meta", "loc", "msg"),
    *("error_data", "messages", "cause", "debug_id", "authorization_parameters"),
)


class TestFormats:
    @pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=utf-8", ""])
    @pytest.mark.parametrize(("body", "code", "messages", "request_id"), FORMATS.values(), ids=FORMATS.keys())
    def test_every_format(
        self, body: object, code: str | None, messages: list[str], request_id: str | None, content_type: str
    ) -> None:
        """Code, messages and request id are found, whatever the content type."""
        response = got(body, content_type=content_type)
        error = GlobusAPIError(response)
        assert (error.code, error.messages, error.request_id) == (code, messages, request_id)
        assert error.message == ("; ".join(messages) or "Not Found")
        assert (error.http_status, error.http_reason, error.raw_text) == (404, "Not Found", response.text)
        assert error.text == error.raw_text
        assert error.content_type == content_type
        assert str(error).startswith(f"404 {code or 'Error'}: ")
        assert "GET /v0.10/x" in str(error)

    def test_document_body_and_headers_are_kept(self) -> None:
        """Document, body and headers."""
        document = {"code": "X", "extra": {"a": [1]}}
        error = GlobusAPIError(got(document, headers=((b"X-Request-Id", b"h1"), (b"Retry-After", b"7"))))
        assert error.raw_json == document
        assert json.loads(error.binary_content) == document
        assert error.headers["x-request-id"] == error.request_id == "h1"
        assert error.retry_after == 7

    def test_subdocuments(self) -> None:
        """Each entry of the list with its code and message."""
        error = GlobusAPIError(
            got({"errors": [{"code": "A", "title": "t", "detail": "d", "unapproved_scopes": ["s"]}]})
        )
        (entry,) = error.errors
        assert (entry.code, entry.message, entry.raw["unapproved_scopes"]) == ("A", "d", ["s"])

    def test_problems_of_a_list(self) -> None:
        """Each is an entry, with its place."""
        error = GlobusAPIError(got({"detail": [{"loc": ["body", 0], "msg": "m", "type": "missing"}]}, 422))
        (entry,) = error.errors
        assert (entry.message, entry.location, entry.get("type")) == ("m", "body.0", "missing")

    def test_a_login_that_a_nested_error_requires(self) -> None:
        """It is found inside of ``error``, and beside it; the class follows the code inside, too."""
        parameters = {"session_required_policies": [ID]}
        for document in (
            {"error": {"code": "X", "authorization_parameters": parameters}},
            {"error": {"code": "X"}, "code": "Y", "authorization_parameters": parameters},
        ):
            error = ErrorKinds(GlobusAPIError)(got(document, 403))
            assert isinstance(error, AuthorizationRequired)
            assert error.authorization_parameters.session_required_policies == [ID]
            assert error.info.authorization_parameters.session_required_policies == [ID]
        kinds = ErrorKinds(GlobusAPIError, codes=[("^NO_SUCH$", NotFound)])
        assert isinstance(kinds(got({"error": {"code": "NO_SUCH"}}, 400)), NotFound)

    def test_hostile_problems(self) -> None:
        """Long and deep places are cut, and there are at most 100 of them."""
        deep: Any = ["x"] * 1000
        for _ in range(15):
            deep = {"n" * 1000: deep}
        endless: Any = ["x"]
        for _ in range(500):
            endless = {"n": endless}
        for document in (
            {"code": "c", "message": "m", "error_data": {"messages": deep}},
            {"code": "c", "message": "m", "error_data": {"messages": endless}},
            {"detail": [{"loc": ["n" * 1000, *range(1000)], "msg": "x"}] * 1000},
            {"error": {"detail": [{"loc": ["n" * 1000, *range(1000)], "msg": "x"}] * 500}},
        ):
            error = GlobusAPIError(got(document, 422))
            assert len(error.messages) <= 101
            assert all(len(message) <= 203 for message in error.messages)

    def test_a_body_without_a_message_is_shown_in_part(self) -> None:
        """As a note of at most 2 KiB in the traceback."""
        error = GlobusAPIError(got(b"<html>" + b"x" * 10_000, 502, content_type="text/html", reason="Bad Gateway"))
        (note,) = error.__notes__
        assert note.startswith("Response body: <html>x")
        assert len(note) < 2100
        assert "x" * 100 not in str(error)

    def test_ten_megabytes_of_html(self) -> None:
        """It is made quickly, and its message is short."""
        response = got(b"<p>access_token: \"'</p>\n" * 450_000, 500, content_type="text/html")
        assert len(response.body) > 10_000_000
        began = time.process_time()
        error = GlobusAPIError(response.redacted(Redaction([Secret("AgX1AgX1AgX1")])))
        assert time.process_time() - began < 0.5
        assert len(str(error)) < 200
        assert len(error.raw_text) <= 1 << 18

    @pytest.mark.slow
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda x: (
                st.lists(x)
                | st.dictionaries(
                    st.sampled_from(_MEMBERS),
                    x,
                )
            ),
        )
    )
    def test_any_document(self, document: object) -> None:
        """Every shape makes an error with text in the places for text."""
        error = GlobusAPIError(got(document))
        assert all(isinstance(text, str) for text in (error.code or "", error.message, *error.messages, str(error)))

    def test_attempts_are_counted_in_the_message(self) -> None:
        """The number of attempts."""
        error = GlobusAPIError(got({}), (Attempt("503 x", 1.0, True), Attempt("404 y")))
        assert "2 attempts" in str(error)
        assert [attempt.maybe_executed for attempt in error.attempts] == [True, False]


class TestTerminal:
    @pytest.mark.parametrize(
        "char",
        [
            *map(chr, range(32)),
            "\x7f",
            *map(chr, range(0x80, 0xA0)),
            *"\u2028\u2029\u202e\u2066\u2069",
        ],
    )
    def test_control_characters_are_escaped(self, char: str) -> None:
        """Wherever the service puts it; line breaks and tabs are left in messages."""
        if char in "\t\n":
            return
        texts = {"code": f"a{char}b", "message": f"c{char}d", "request_id": f"e{char}f"}
        errors = [
            GlobusAPIError(got(texts)),
            GlobusAPIError(got({"errors": [{"id": f"e{char}f", "detail": f"c{char}d"}]})),
            GlobusAPIError(got(b"", reason=f"a{char}b")),
            GlobusAPIError(got(f"<p>{char}".encode(), content_type="text/html")),
            ConsentRequired(got({"code": "ConsentRequired", "required_scopes": [f"c{char}d"]}, status=403)),
            NetworkError(f"x{char}y", stage="no response"),
        ]
        for error in errors:
            shown = "\n".join([str(error), *getattr(error, "__notes__", [])])
            assert char not in shown
            assert ascii(char)[1:-1] in shown


class TestNetworkErrors:
    @pytest.mark.parametrize(
        ("stage", "idempotent", "warns"),
        [
            ("not sent", False, False),
            ("no response", False, True),
            ("response truncated", False, True),
            ("no response", True, False),
        ],
    )
    def test_the_message_says_what_to_do(self, stage: Any, idempotent: bool, warns: bool) -> None:
        """Whether the request may have been executed, and whether that matters."""
        error = GlobusTimeoutError("no answer", stage=stage, idempotent=idempotent)
        assert error.maybe_executed == (stage != "not sent")
        assert ("check before you repeat it" in str(error)) == warns


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(globus_async.__path__, "globus_async."):
        if not module.name.startswith(("globus_async.testing", "globus_async.demo", "globus_async.__main__")):
            yield module.name


def _all_errors() -> list[type[GlobusError]]:
    """Return every class of error that can reach a caller."""
    for name in _modules():
        importlib.import_module(name)

    def below(cls: type[GlobusError]) -> Iterator[type[GlobusError]]:
        yield cls
        for sub in cls.__subclasses__():
            yield from below(sub)

    ours = {cls for cls in below(GlobusError) if cls.__module__.startswith("globus_async")}
    return sorted((cls for cls in ours if cls.__name__ != "EmbeddedError"), key=lambda cls: cls.__qualname__)


LOGIN_ERRORS: Final[dict[str, tuple[Any, ...]]] = {
    "ExpiredTokenError": (1_800_000_000,),
    "IdentityMismatchError": ("words", "one", "another"),
    "InteractiveLoginRequired": (GlobusAuthorizationParameters(prompt="login"), None, "https://auth.globus.org/"),
    "UnmetScopeRequirementsError": ("words", {"transfer.api.globus.org": [Scope("all")]}),
}
"""The arguments of errors of logins and stored tokens."""


def make(cls: type[GlobusError]) -> GlobusError:
    """Make an error of a class, with everything that it can hold."""
    attempts = (Attempt("503 Busy", 1.5, True), Attempt("ReadTimeout"))
    made: Any
    arguments: Any = cls
    if issubclass(cls, GlobusAPIError):
        made = cls(got({"code": "X", "errors": [{"id": "1", "detail": "d"}], "message": "m"}), attempts)
    elif issubclass(cls, NetworkError):
        made = cls("lost", stage="no response", attempts=attempts)
    elif issubclass(cls, IdTokenError):
        made = cls("aud", "it is for another client", stale_keys=True)
    elif cls.__name__ == "TaskInactive":
        made = arguments({"task_id": ID, "nice_status": "PAUSED"})
    elif cls.__name__ in LOGIN_ERRORS:
        made = arguments(*LOGIN_ERRORS[cls.__name__])
    elif issubclass(cls, MembershipActionError):
        failure = {"identity_id": ID, "code": "ALREADY_ACTIVE", "detail": "d"}
        document: Any = {"add": [], "errors": {"add": [failure]}}
        made = cls(BatchResponse(got(document), document))
    elif issubclass(cls, BaseExceptionGroup):
        made = arguments("several", [GlobusError("one")])
    else:
        try:
            made = cls("words")
        except TypeError:
            made = arguments("words", 3)
    if isinstance(made, SubmissionUncertain):
        made.document = {"submission_id": ID}
    made.resume_from = {"offset": 100}
    made.add_note("a note")
    return made  # type: ignore[no-any-return]


class TestCopies:
    @pytest.mark.parametrize("cls", _all_errors(), ids=lambda cls: cls.__name__)
    def test_every_error_pickles_and_copies(self, cls: type[GlobusError]) -> None:
        """With all attributes; notes added to a copy are not added to the original."""
        error = make(cls)
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            assert type(again) is cls
            assert str(again) == str(error)
            assert repr(again) == repr(error)
            assert vars(again).keys() == vars(error).keys()
            for name, value in vars(again).items():
                assert value == vars(error)[name] or repr(value) == repr(vars(error)[name])
            again.add_note("another")
            assert error.__notes__[-1] == "a note"
            assert again.__notes__ == [*error.__notes__, "another"]

    def test_a_pickled_api_error_is_complete(self) -> None:
        """With code, messages, entries, attempts and headers."""
        error = pickle.loads(pickle.dumps(make(GlobusAPIError)))
        assert (error.code, error.messages, error.errors[0].message, len(error.attempts)) == ("X", ["m"], "d", 2)
        assert error.headers["content-type"] == "application/json"
        assert error.resume_from == {"offset": 100}

    def test_base_classes(self) -> None:
        """Bad arguments are `ValueError`s as well; nothing is an error of the libraries below."""
        for cls in _all_errors():
            assert issubclass(cls, Exception)
            modules = {base.__module__.partition(".")[0] for base in cls.__mro__}
            assert modules <= {"globus_async", "builtins", "typing"}


class TestSecrets:
    @pytest.mark.parametrize(
        "name", ["access_token", "refresh_token", "id_token", "client_secret", "secret", "password", "code_verifier"]
    )
    def test_members_with_secrets_are_redacted(self, name: str) -> None:
        """Wherever in the document, however it is written."""
        secret = canary(name)
        for body in (
            {name: secret},
            {"a": [{"b": {name: secret, "code": "X"}}]},
            f'{{"{name}"  :\n "{secret}"}}'.encode(),
            f'{{"{name}": "\\"{secret}\\\\"}}'.encode(),
            f'<pre>"{name}":"{secret}"</pre>'.encode(),
            f'{{"{name}": "{secret}'.encode(),
        ):
            error = GlobusAPIError(got(body).redacted(Redaction([])))
            assert leaks_of(error) == []
            assert "***" in error.raw_text

    def test_sent_secrets_are_redacted(self) -> None:
        """Wherever the service quotes them."""
        secret = canary("sent")
        for body in ({"message": f"bad token {secret}!"}, f"<html>{secret}".encode(), {secret: 1}, [secret]):
            error = GlobusAPIError(got(body).redacted(Redaction([Secret(secret), Secret(""), Secret("ab")])))
            assert leaks_of(error) == []
        response = got({}, reason=secret, headers=((b"X-Echo", secret.encode()),))
        error = GlobusAPIError(response.redacted(Redaction([Secret(secret)])))
        assert leaks_of(error) == []
        assert error.headers["x-echo"] == "***"

    def test_short_secrets_are_not_redacted(self) -> None:
        """A string of seven letters may be a word of the message."""
        redact = Redaction([Secret("a"), Secret("banana")])
        assert GlobusAPIError(got({"message": "a banana"}).redacted(redact)).message == "a banana"

    def test_cookies_are_not_shown(self) -> None:
        """Neither in repr nor in the message."""
        session = canary("session")
        error = GlobusAPIError(got({}, headers=((b"Set-Cookie", f"s={session}".encode()),)))
        assert session not in repr(error.headers) + repr(error) + str(error)


def test_a_response_without_a_reason_phrase() -> None:
    """HTTP allows an empty reason."""
    assert GlobusAPIError(got(b"", reason="")).message == "the response has no message"


def test_errors_do_not_share_state() -> None:
    """Class attributes are defaults, not shared state."""
    first, second = (
        ResponseDecodeError("a", stage="response truncated"),
        ResponseDecodeError("b", stage="response truncated"),
    )
    first.http_status, first.resume_from = 200, {"offset": 1}
    assert (second.http_status, second.resume_from, GlobusConnectionError("c", stage="not sent").attempts) == (
        None,
        None,
        (),
    )
