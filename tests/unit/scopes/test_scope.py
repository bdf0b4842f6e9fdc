"""Scope strings and the values they stand for."""

from __future__ import annotations

import copy
import pickle
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from globus_async.errors import GlobusSDKUsageError
from globus_async.scopes import Scope, ScopeCycleError, ScopeParseError, ScopeParser

NAMES = st.sampled_from(
    ["openid", "a", "b", "c", "urn:globus:auth:scope:x.org:all", "https://auth.globus.org/scopes/1-2/y"]
)
SCOPES = st.recursive(
    st.builds(Scope, NAMES, st.booleans()),
    lambda inner: st.builds(Scope, NAMES, st.booleans(), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", []),
        ("  \t\n ", []),
        ("a", ["a"]),
        ("*a", ["*a"]),
        (" a  b\n", ["a", "b"]),
        ("a b a", ["a", "b"]),
        ("a *a", ["a", "*a"]),
        ("a[b]", ["a[b]"]),
        ("a[ b c ]", ["a[b c]"]),
        ("a[*b]", ["a[*b]"]),
        ("a[b *b]", ["a[b]"]),
        ("a[*b b]", ["a[b]"]),
        ("a[b] a[c]", ["a[b c]"]),
        ("a[b] b[c]", ["a[b[c]]", "b[c]"]),
        ("b[c] a[b]", ["b[c]", "a[b[c]]"]),
        ("a[b[c] d]", ["a[b[c] d]"]),
        ("*a[b] a", ["*a[b]", "a[b]"]),
        (
            "urn:x:all[*https://auth.globus.org/scopes/1/data_access]",
            ["urn:x:all[*https://auth.globus.org/scopes/1/data_access]"],
        ),
    ],
)
def test_a_scope_string_is_parsed_and_serialized(text: str, written: list[str]) -> None:
    """Each scope is there once, in the order of the text, with all that is said of it anywhere."""
    assert [str(scope) for scope in ScopeParser.parse(text)] == written


@pytest.mark.parametrize(
    ("text", "position", "why"),
    [
        ("a [b]", 2, "without a blank"),
        ("[b]", 0, "must follow a scope"),
        ("a[[b]]", 2, "must follow a scope"),
        ("a]", 1, "without a '['"),
        ("a[b]]", 4, "without a '['"),
        ("a[]", 2, "empty"),
        ("a[  ]", 4, "empty"),
        ("a[b", 1, "never closed"),
        ("a[b c[d]", 1, "never closed"),
        ("a[", 1, "never closed"),
        ("a[b]c", 4, "followed by a blank"),
        ("a[b]*c", 4, "followed by a blank"),
        ("a[b][c]", 4, "followed by a blank"),
        ("*", 1, "followed by a scope"),
        ("* a", 1, "followed by a scope"),
        ("**a", 1, "followed by a scope"),
        ("a[*]", 3, "followed by a scope"),
        ("*[a]", 1, "followed by a scope"),
        ("a*b", 1, "stand before a scope"),
        ("a*", 1, "stand before a scope"),
        ("a\x00b", 1, "scopes cannot have"),
        ("a \x7f", 2, "scopes cannot have"),
    ],
)
def test_an_error_has_its_position(text: str, position: int, why: str) -> None:
    """The error says what is wrong and where; it is a usage error and a ValueError."""
    with pytest.raises(ScopeParseError, match=re.escape(why)) as caught:
        ScopeParser.parse(text)
    assert caught.value.position == position
    assert f"position {position}" in str(caught.value)
    assert isinstance(caught.value, GlobusSDKUsageError)
    assert isinstance(caught.value, ValueError)
    assert pickle.loads(pickle.dumps(caught.value)).position == position


@pytest.mark.parametrize("text", ["a[a]", "a[b[a]]", "a[b] b[a]", "x a[b] b[c[d]] d[*a]", "a[*a]"])
def test_a_cycle_is_named(text: str) -> None:
    """A scope that depends on itself is refused, and the way round is shown."""
    with pytest.raises(ScopeCycleError, match=r"a -> .*a"):
        ScopeParser.parse(text)


def test_scope_parse_requires_exactly_one_scope() -> None:
    """None and two are refused."""
    assert Scope.parse("a[b]") == Scope("a", dependencies=(Scope("b"),))
    for text in ("", "a b"):
        with pytest.raises(ScopeParseError, match="exactly one"):
            Scope.parse(text)


def test_a_scope_is_a_value() -> None:
    """Equal texts are equal scopes; changes make new ones; it copies, pickles and stands in a set."""
    base = Scope("a")
    changed = (
        base.with_dependency(Scope("b")).with_dependencies([Scope("c"), Scope("d", optional=True)]).with_optional(True)
    )
    assert str(base) == "a"
    assert str(changed) == "*a[b c *d]"
    assert repr(changed) == "Scope('*a[b c *d]')"
    assert changed == Scope.parse("*a[b c *d]") != base
    assert (changed == "*a[b c *d]") is False
    assert {changed, Scope.parse("*a[b c *d]")} == {changed}
    assert copy.deepcopy(changed) == pickle.loads(pickle.dumps(changed)) == changed
    with pytest.raises(AttributeError):
        base.optional = True  # type: ignore[misc]


@pytest.mark.parametrize("name", ["", " ", "a b", "a[b]", "*a", "a\n", "\x00"])
def test_invalid_names_are_refused(name: str) -> None:
    """A constructor takes one name, not a scope string."""
    with pytest.raises(GlobusSDKUsageError, match=r"Scope\.parse"):
        Scope(name)


def test_dependencies_must_be_scopes() -> None:
    """Text among the dependencies is refused at once, not when it is sent."""
    with pytest.raises(GlobusSDKUsageError, match="must be Scope values"):
        Scope("a").with_dependency("b")  # type: ignore[arg-type]


def test_merging_collects_the_dependencies_of_a_scope() -> None:
    """Two lists, or any number of scopes."""
    assert ScopeParser.merge_scopes([Scope("a")], [Scope.parse("a[b]"), Scope("c")]) == [
        Scope.parse("a[b]"),
        Scope("c"),
    ]
    assert Scope.merge(Scope.parse("a[*b]"), Scope.parse("a[b[c]]")) == [Scope.parse("a[b[c]]")]
    assert Scope.merge() == []


def test_serializing_does_not_parse() -> None:
    """Texts pass through as they are; nothing to send is a mistake unless allowed."""
    assert ScopeParser.serialize("a  b") == "a  b"
    assert ScopeParser.serialize(Scope("a")) == "a"
    mixed: list[str | Scope] = ["a b", Scope.parse("c[d]")]
    assert ScopeParser.serialize(iter(mixed)) == "a b c[d]"
    assert ScopeParser.serialize([], reject_empty=False) == ""
    for nothing in ("", " ", [], [""]):
        with pytest.raises(GlobusSDKUsageError, match="no scope"):
            ScopeParser.serialize(nothing)
    with pytest.raises(GlobusSDKUsageError, match="strings or Scope"):
        ScopeParser.serialize([1])  # type: ignore[list-item]


@settings(deadline=None, derandomize=True)
@given(st.lists(SCOPES, max_size=4))
def test_a_serialized_scope_is_parsed_back(scopes: list[Scope]) -> None:
    """Reading settles after once: it finds a cycle, or scopes that are read back as they are."""
    try:
        once = Scope.merge(*scopes)
    except ScopeCycleError:
        return
    assert Scope.merge(*once) == once
    assert {scope.scope_string for scope in once} == {scope.scope_string for scope in scopes}


@settings(deadline=None, derandomize=True)
@given(st.text(alphabet="ab[]* \n", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """Nothing but ScopeParseError comes out, and it points into the text."""
    position: int | None = None
    try:
        scopes = ScopeParser.parse(text)
    except ScopeParseError as error:
        position, scopes = error.position, []
    assert position is None or 0 <= position <= len(text)
    assert Scope.merge(*scopes) == scopes


HUGE = {
    "one name": "a" * 100_000,
    "many names": " ".join(f"s{n}" for n in range(15_000)),
    "deep": "".join(f"s{n}[" for n in range(14_000)) + "x" + "]" * 14_000,
    "deep by merging": " ".join(f"s{n}[s{n + 1}]" for n in range(7_000)),
    "wide": "a[" + " ".join(f"s{n}" for n in range(15_000)) + "]",
    "never closed": "a[b" * 33_000,
    "stars": "*" * 100_000,
    "brackets": "[" * 100_000,
    "closing": "a" + "]" * 100_000,
    "blanks": " " * 100_000,
    "one cycle": " ".join(f"s{n}[s{(n + 1) % 7_000}]" for n in range(7_000)),
    "doubling": " ".join(f"s{n}[l{n} r{n}] l{n}[s{n + 1}] r{n}[s{n + 1}]" for n in range(2_000)),
    "everything on everything": " ".join(f"s{n}[{' '.join(f's{m}' for m in range(n + 1, 120))}]" for n in range(119)),
}


@pytest.mark.parametrize("kind", HUGE)
def test_a_huge_text_is_parsed_in_little_time(kind: str) -> None:
    """100,000 characters are read or refused in well under a second, without running out of stack or memory."""
    started = time.process_time()
    message, scopes = "", list[Scope]()
    try:
        scopes = ScopeParser.parse(HUGE[kind])
    except ScopeParseError as error:
        message = str(error)
    assert len(message) < 1_000
    assert sum(len(str(scope)) for scope in scopes) <= 1_000_000
    assert time.process_time() - started < 5


def test_cost_grows_with_the_length_only() -> None:
    """Ten times the text takes about ten times the time, not a hundred times."""

    def cost(names: int) -> float:
        text = "".join(f"s{n}[" for n in range(names)) + "x" + "]" * names
        return min(_timed(text) for _ in range(3))

    assert cost(20_000) < 40 * cost(2_000)


def _timed(text: str) -> float:
    started = time.process_time()
    ScopeParser.parse(text)
    return time.process_time() - started
