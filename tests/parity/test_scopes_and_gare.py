"""Scopes, their strings and authorization requirements are read as globus-sdk reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import globus_sdk
import globus_sdk.gare
import globus_sdk.scopes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import globus_async.scopes as ours
from globus_async.errors import GlobusSDKUsageError
from globus_async.gare import GARE, to_gare
from tests.unit.test_gare import ACTION_PROVIDER, AUTH, CURRENT, POLICY_TEXT, TRANSFER_NEW, TRANSFER_OLD

PIECES = st.sampled_from(["a", "b", "c", "[", "]", " *", "*", " ", "a[b]", " c", "x[y *z]", "urn:x:all"])
REFUSED = "refused"


def shape(scopes: Iterable[Any]) -> Any:
    """Return what scopes say, whatever their order."""
    return frozenset((scope.scope_string, scope.optional, shape(scope.dependencies)) for scope in scopes)


def read(parser: Any, error: type[Exception], text: str) -> Any:
    try:
        return shape(parser.parse(text))
    except error:
        return REFUSED


@settings(deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_scope_strings(text: str) -> None:
    """The same is read and the same refused; but ``a*b``, which they take for two scopes, is a mistake here."""
    theirs = read(globus_sdk.scopes.ScopeParser, globus_sdk.scopes.ScopeParseError, text)
    mine = read(ours.ScopeParser, ours.ScopeParseError, text)
    if mine == REFUSED and theirs != REFUSED:
        with pytest.raises(ours.ScopeParseError, match="must stand before a scope"):
            ours.ScopeParser.parse(text)
    else:
        assert mine == theirs


FURTHER = {"FlowsScopes": {str(ours.FlowsScopes.web_input_respond), str(ours.FlowsScopes.web_input_view)}}
"""Scopes that globus-sdk lacks."""


@pytest.mark.parametrize(
    "name",
    [
        "AuthScopes",
        "ComputeScopes",
        "FlowsScopes",
        "GroupsScopes",
        "NexusScopes",
        "SearchScopes",
        "TimersScopes",
        "TransferScopes",
    ],
)
def test_constants(name: str) -> None:
    """Each service has the same scopes, under the same names."""
    theirs, mine = getattr(globus_sdk.scopes, name), getattr(ours, name)
    assert mine.resource_server == theirs.resource_server
    named = {
        each: str(getattr(theirs, each)) for each in dir(theirs) if isinstance(getattr(theirs, each), globus_sdk.Scope)
    }
    assert {each: str(getattr(mine, each)) for each in named} == named
    further: Any = {(scope, False, frozenset()) for scope in FURTHER.get(name, ())}
    assert shape(mine) == shape(theirs) | further


@pytest.mark.parametrize("name", ["GCSCollectionScopes", "GCSEndpointScopes", "SpecificFlowScopes"])
def test_scopes_of_one_thing(name: str) -> None:
    """They are built in the same way on an id."""
    uuid = "5e1f2a4c-0000-4000-8000-000000000001"
    assert shape(getattr(ours, name)(uuid)) == shape(getattr(globus_sdk.scopes, name)(uuid))


def test_everything_that_their_package_offers() -> None:
    """No name is missing."""
    assert set(globus_sdk.scopes.__all__) <= set(ours.__all__)


DOCUMENTS: list[dict[str, Any]] = [
    CURRENT,
    TRANSFER_OLD,
    TRANSFER_NEW,
    POLICY_TEXT,
    ACTION_PROVIDER,
    AUTH,
    {"authorization_parameters": {"session_required_mfa": True}},
    {"authorization_parameters": {"session_required_single_domain": "a.org"}},
    {"code": "x", "authorization_parameters": {}},
    {"code": "ConsentRequired"},
    {"code": "ConsentRequired", "required_scopes": "x"},
    {"error": "invalid_grant"},
    {},
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: ",".join(document)[:60] or "empty")
def test_authorization_requirements(document: dict[str, Any]) -> None:
    """Code and parameters are the same, or there are none for both."""
    theirs, mine = globus_sdk.gare.to_gare(document), to_gare(document)
    if theirs is None:
        assert mine is None
        return
    assert mine is not None
    assert mine.code == theirs.code
    for include_extra in (False, True):
        expected = theirs.authorization_parameters.to_dict(include_extra)
        assert mine.authorization_parameters.to_dict(include_extra) == expected


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: ",".join(document)[:60] or "empty")
def test_reading_the_current_form(document: dict[str, Any]) -> None:
    """``from_dict`` reads the same documents, and writes them in the same way."""
    try:
        theirs = globus_sdk.gare.GARE.from_dict(document)
    except globus_sdk.exc.ValidationError:
        if not isinstance(document.get("code"), str):
            with pytest.raises(GlobusSDKUsageError):
                GARE.from_dict(document)
        return
    mine = GARE.from_dict(document)
    for include_extra in (False, True):
        assert mine.to_dict(include_extra) == theirs.to_dict(include_extra)


def _collection(module: Any) -> Any:
    """Make a collection whose scopes are properties, as the classes of globus-sdk define them."""

    class Mine(module.DynamicScopeCollection):  # type: ignore[misc]
        _scope_names = ("first", "second")

        @property
        def first(self) -> Any:
            return module.Scope(f"https://auth.globus.org/scopes/{self.resource_server}/first")

        @property
        def second(self) -> Any:
            return module.Scope("second")

        @property
        def other(self) -> str:
            raise AssertionError("this is no scope")

    return Mine("5e1f2a4c")


def test_scopes_that_are_properties() -> None:
    """A collection is iterated over the names that it declares."""
    mine, theirs = _collection(ours), _collection(globus_sdk.scopes)
    assert [*map(str, mine)] == [*map(str, theirs)]
    assert len([*mine]) == 2


def test_properties_that_are_not_declared() -> None:
    """Without declared names, all scopes of a collection are found; globus-sdk fails."""

    class Mine(ours.DynamicScopeCollection):
        @property
        def one(self) -> ours.Scope:
            return ours.Scope(f"urn:{self.resource_server}")

    class Further(Mine):
        two = ours.Scope("two")

    assert [*map(str, Further("x"))] == ["urn:x", "two"]
