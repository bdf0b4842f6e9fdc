"""What kind of login a service wants, in all the ways services say it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.errors import ErrorSubdocument, GlobusAPIError, GlobusSDKUsageError
from globus_async.gare import GARE, ErrorInfo, GlobusAuthorizationParameters, has_gares, is_gare, to_gare, to_gares

SCOPE = "urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/2c8d/data_access]"
POLICY = "8f0c4d52-9b0e-4b86-a1d9-0d6a3a7b1c2d"


def api_error(document: object, status: int = 403) -> GlobusAPIError:
    """Make the error that a document with this status becomes."""
    headers = Headers([(b"Content-Type", b"application/json")])
    body = json.dumps(document).encode()
    return GlobusAPIError(
        RawResponse(method="GET", path="/x", status=status, reason="Forbidden", headers=headers, body=body)
    )


CURRENT = {
    "code": "ConsentRequired",
    "authorization_parameters": {
        "session_message": "please",
        "session_required_identities": ["ada@example.org"],
        "session_required_policies": [POLICY],
        "session_required_single_domain": ["example.org", "example.com"],
        "session_required_mfa": True,
        "required_scopes": [SCOPE],
        "prompt": "login",
        "new_thing": 7,
    },
    "request_id": "abc",
}
TRANSFER_OLD = {"code": "ConsentRequired", "message": "Missing consent", "request_id": "r", "required_scopes": [SCOPE]}
TRANSFER_NEW = TRANSFER_OLD | {
    "authorization_parameters": {"required_scopes": [SCOPE], "session_message": "Missing data_access"}
}
POLICY_TEXT = {
    "code": "AuthPolicyFailed",
    "authorization_parameters": {"session_required_policies": f"{POLICY},{POLICY}"},
}
ACTION_PROVIDER = {"code": "ConsentRequired", "required_scope": SCOPE, "description": "needs consent"}
AUTH = {
    "error": "dependent_consent_required",
    "error_description": "dependent consent required",
    "errors": [
        {
            "code": "DEPENDENT_CONSENT_REQUIRED",
            "id": "e1",
            "status": "403",
            "title": "Dependent Consent Required",
            "detail": "Missing required consent for dependent scope(s)",
            "unapproved_scopes": [SCOPE],
        }
    ],
}
SESSION_ONLY = {
    "authorization_parameters": {"session_required_mfa": "True", "session_required_single_domain": "a.org, b.org"}
}
STORAGE_REPLY = (
    "Error (login)\nEndpoint: lab (2c8d)\n---\nDetails: 530-Login incorrect. : GlobusError: v=1 c=LOGIN_DENIED\\r\\n"
    '530-GridFTP-JSON-Result: {"DATA_TYPE": "result#1.0.0", "code": "authentication_required", '
    '"authorization_parameters": {"session_required_policies": ["' + POLICY + '"]}}\\r\\n530 End.\\r\\n'
)
STORAGE = {"code": "ExternalError.DirListingFailed.LoginFailed", "message": STORAGE_REPLY}


@pytest.mark.parametrize(
    ("document", "code", "parameters"),
    [
        (CURRENT, "ConsentRequired", CURRENT["authorization_parameters"]),
        (TRANSFER_OLD, "ConsentRequired", {"required_scopes": [SCOPE], "session_message": "Missing consent"}),
        (TRANSFER_NEW, "ConsentRequired", {"required_scopes": [SCOPE], "session_message": "Missing data_access"}),
        (POLICY_TEXT, "AuthPolicyFailed", {"session_required_policies": [POLICY, POLICY]}),
        (ACTION_PROVIDER, "ConsentRequired", {"required_scopes": [SCOPE], "session_message": "needs consent"}),
        (AUTH, "ConsentRequired", {"required_scopes": [SCOPE]}),
        (AUTH["errors"][0], "ConsentRequired", {"required_scopes": [SCOPE]}),
        (
            SESSION_ONLY,
            "AuthorizationRequired",
            {"session_required_mfa": True, "session_required_single_domain": ["a.org", "b.org"]},
        ),
        (STORAGE, "authentication_required", {"session_required_policies": [POLICY]}),
        ({"code": "X", "authorization_parameters": {}}, "X", {}),
        (
            TRANSFER_OLD | {"authorization_parameters": {"session_required_mfa": False}},
            "ConsentRequired",
            {"session_required_mfa": False, "required_scopes": [SCOPE]},
        ),
    ],
    ids=lambda value: value.get("code") if isinstance(value, dict) else str(value),
)
def test_every_shape_is_read(document: dict[str, Any], code: str, parameters: dict[str, Any]) -> None:
    """The current shape and the older ones give the same value, from a dict, an entry and an error."""
    gare = to_gare(document)
    assert gare is not None
    assert gare.code == code
    assert gare.authorization_parameters.to_dict(include_extra=True) == parameters
    assert to_gare(ErrorSubdocument(document, None, None)) == gare == to_gare(api_error(document))
    assert is_gare(document)
    assert has_gares([{}, api_error(document)])
    assert GARE.from_dict(gare.to_dict(include_extra=True)) == gare


@pytest.mark.parametrize(
    "document", [{"authorization_parameters": {"prompt": "login"}}, TRANSFER_OLD, AUTH, CURRENT | {"code": 5}]
)
def test_from_dict_reads_the_current_form(document: dict[str, Any]) -> None:
    """Without a code, or in an older form, the document is refused; `to_gare` reads the older forms."""
    with pytest.raises(GlobusSDKUsageError, match=r"code must be|authorization_parameters must be"):
        GARE.from_dict(document)
    assert is_gare(document)


def test_members_that_are_not_standard() -> None:
    """They are part of the document on demand."""
    gare = GARE.from_dict(CURRENT)
    assert gare.to_dict(include_extra=True) == CURRENT
    assert "request_id" not in gare.to_dict()
    assert "new_thing" in CURRENT["authorization_parameters"]
    assert "new_thing" not in gare.to_dict()["authorization_parameters"]


@pytest.mark.parametrize("wrong", [{"session_message": 5}, {"required_scopes": [1]}, {"session_required_mfa": "x"}])
def test_constructors_check_their_values(wrong: dict[str, Any]) -> None:
    """As the documents are checked; parameters may be a document."""
    with pytest.raises(GlobusSDKUsageError):
        GlobusAuthorizationParameters(**wrong)
    with pytest.raises(GlobusSDKUsageError):
        GARE("X", wrong)  # type: ignore[arg-type]
    parameters: Any = {"prompt": "login"}
    assert GARE("X", parameters).authorization_parameters == GlobusAuthorizationParameters(prompt="login")


def test_a_wrong_member_does_not_hide_the_others() -> None:
    """``info`` has the members of the right type."""
    info = api_error({"authorization_parameters": {"session_message": 5, "session_required_identities": ["a"]}}).info
    assert info.authorization_parameters.session_required_identities == ["a"]
    assert info.authorization_parameters.session_message is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"code": "ConsentRequired"},
        {"code": "ConsentRequired", "required_scopes": SCOPE},
        {"code": "ConsentRequired", "required_scopes": [1]},
        {"code": "ConsentRequired", "required_scope": None},
        {"code": "NotFound", "required_scopes": [SCOPE]},
        {"code": "X", "authorization_parameters": []},
        {"code": "X", "authorization_parameters": {"session_required_policies": 5}},
        {"code": "X", "authorization_parameters": {"session_required_policies": [5]}},
        {"code": "X", "authorization_parameters": {"session_required_mfa": "perhaps"}},
        {"code": "X", "authorization_parameters": {"session_message": ["a"]}},
        {"code": "X", "authorization_parameters": {"prompt": 1}},
        {"error": "dependent_consent_required", "errors": []},
        {"error": "dependent_consent_required", "errors": ["x"]},
        {"error": "invalid_grant"},
        {"message": "530-GridFTP-JSON-Result: {broken"},
        {"message": "530-GridFTP-JSON-Result: " + "[" * 100_000},
        {"message": "530-GridFTP-JSON-Result: [1]"},
        *(
            {"message": f'530-GridFTP-JSON-Result: {{"code": "ConsentRequired", "required_scopes": ["a"], "x": {odd}}}'}
            for odd in ("NaN", "-Infinity", "1e999", '"\\ud800"')
        ),
        {"message": 5},
    ],
    ids=lambda document: json.dumps(document)[:60],
)
def test_what_is_none_is_none(document: dict[str, Any]) -> None:
    """Other errors, and requirements that are malformed, are not taken for one."""
    assert to_gare(document) is None
    assert not is_gare(api_error(document))
    assert not has_gares([document])
    with pytest.raises(GlobusSDKUsageError):
        GARE.from_dict(document)


@pytest.mark.parametrize("document", [None, [], "text", 5, [CURRENT]])
def test_an_error_that_is_no_document_is_none(document: object) -> None:
    """The body of an error may be anything."""
    assert to_gare(api_error(document)) is None
    assert to_gares([api_error(document)]) == []


def test_an_error_may_hold_several() -> None:
    """Entries are read as well as the document, and each requirement is given once."""
    entries = {"errors": [CURRENT, {"code": "NotFound"}, POLICY_TEXT]}
    assert [gare.code for gare in to_gares([api_error(entries), ACTION_PROVIDER])] == [
        "ConsentRequired",
        "AuthPolicyFailed",
        "ConsentRequired",
    ]
    assert len(to_gares([api_error(AUTH)])) == 1
    first = to_gare(api_error(entries))
    assert first is not None
    assert first.code == "ConsentRequired"


def test_arguments_for_the_authorize_url() -> None:
    """The keyword arguments for the authorize URL leave out the scopes, which the flow asks for."""
    gare = GARE.from_dict(CURRENT)
    assert gare.authorization_parameters.for_authorize_url() == {
        "session_message": "please",
        "session_required_identities": ["ada@example.org"],
        "session_required_policies": [POLICY],
        "session_required_single_domain": ["example.org", "example.com"],
        "session_required_mfa": True,
        "prompt": "login",
    }
    assert gare.extra == {"request_id": "abc"}


def test_info_is_true_only_for_requirements_found() -> None:
    """Each part of `ErrorInfo` tests true if the error says something of it."""
    both = api_error(CURRENT).info
    assert both.authorization_parameters.session_required_mfa is True
    assert both.consent_required.required_scopes == [SCOPE]
    consent = api_error(TRANSFER_OLD).info
    assert not consent.authorization_parameters
    assert consent.consent_required
    session = api_error(POLICY_TEXT).info
    assert session.authorization_parameters.session_required_policies == [POLICY, POLICY]
    assert not session.consent_required
    assert session.consent_required.required_scopes == []
    nothing = api_error({"code": "NotFound"}).info
    assert (bool(nothing), bool(nothing.authorization_parameters), bool(nothing.consent_required)) == (
        False,
        False,
        False,
    )
    assert nothing.authorization_parameters == GlobusAuthorizationParameters()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*CURRENT, *AUTH, "required_scopes", "required_scope", "unapproved_scopes"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, derandomize=True)
@given(JSON)
def test_any_document(document: object) -> None:
    """No body makes reading fail."""
    error = api_error(document)
    assert isinstance(to_gare(error), GARE | None)
    assert isinstance(error.info, ErrorInfo)


NAME = f"\\r\\n530-GridFTP-JSON-Result: {json.dumps(TRANSFER_OLD)}"
"""Of a file or a collection: its owner wants users to consent to something."""


@pytest.mark.parametrize(
    "document",
    [
        {
            "code": "ClientError.NotFound",
            "message": f"Path not found, Error (list)\nCommand: MLSD /{NAME}\n---\nDetails: 550",
        },
        {
            "code": "ClientError.NotFound",
            "message": f"Error (list)\n---\nDetails: 550-/{NAME}: No such file\\r\\n550 End.",
        },
        {"code": "EndpointPermissionDenied", "message": f"Error (login)?\nEndpoint: {NAME}\n---\nDetails: 530-{NAME}"},
        {
            "code": "ExternalError.DirListingFailed.LoginFailed",
            "message": f"Error (login)\nEndpoint: {NAME}\nMessage: Login",
        },
        {"code": "PermissionDenied", "message": f"Error (login)\nEndpoint: {NAME}\n---\nDetails: 530-Login incorrect."},
        {"code": "Conflict", "message": f"{NAME} exists", "detail": NAME},
    ],
    ids=lambda document: document["code"],
)
def test_names_are_no_requirements(document: dict[str, Any]) -> None:
    """A message quotes names, which anybody may choose: no login follows from them."""
    assert to_gare(document) is None
    assert not is_gare(api_error(document))


def test_names_in_texts_are_no_requirements() -> None:
    """Nor from those in the text of a server of files, or of a proxy."""
    for text in (f"500-Command failed. : /{NAME}\n550 End.", f"<h1>/{NAME} was not found", NAME):
        body = text.replace("\\r\\n", "\n").encode()
        response = RawResponse(method="GET", path="/x", status=404, reason="Not Found", headers=Headers([]), body=body)
        assert not is_gare(GlobusAPIError(response))


@pytest.mark.parametrize(("spaces", "is_read"), [(0, True), (400_000, True), (600_000, False)])
def test_a_document_in_a_long_text(spaces: int, is_read: bool) -> None:
    """It is found, unless the text is so long that the search would block the event loop."""
    body = f"530-Login incorrect.{' ' * spaces}\n530-GridFTP-JSON-Result: {json.dumps(CURRENT)}".encode()
    response = RawResponse(method="GET", path="/x", status=403, reason="Forbidden", headers=Headers([]), body=body)
    assert is_gare(GlobusAPIError(response)) is is_read
