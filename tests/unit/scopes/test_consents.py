"""What a user has allowed, and whether it is enough."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from globus_async.scopes import Scope, ScopeParser
from globus_async.scopes.consents import Consent, ConsentForest, ConsentParseError, ConsentTreeConstructionError

TIME = "2026-09-21T17:10:14.270581+00:00"


def document(path: list[int], name: str, **changes: Any) -> dict[str, Any]:
    """Make a consent document."""
    return {
        "id": path[-1],
        "client": "065db752-2f43-4fe1-a633-2ee68c9da889",
        "scope": "89ecabba-4acf-4e2e-a98d-ce592ccc2818",
        "scope_name": name,
        "effective_identity": "8ca28797-3541-4a5d-a264-05b00f91e608",
        "dependency_path": path,
        "created": TIME,
        "updated": TIME,
        "last_used": TIME,
        "status": "approved",
        "allows_refresh": True,
        "auto_approved": False,
        "atomically_revocable": False,
        **changes,
    }


FOREST = [
    document([1], "transfer"),
    document([1, 2], "data1"),
    document([1, 3], "data2"),
    document([1, 3, 4], "deep"),
    document([5], "openid"),
    document([5, 6], "data1"),
    document([1, 7], "data1"),
    document([1, 7, 8], "deep"),
]


@pytest.mark.parametrize(
    ("scopes", "met"),
    [
        ("transfer", True),
        ("transfer[data1]", True),
        ("transfer[data1 data2]", True),
        ("transfer[data2[deep]]", True),
        ("transfer[data1[deep]]", True),  # by way of the second data1
        ("transfer[data1[deep] data2[deep]]", True),
        ("openid[data1]", True),
        ("transfer openid", True),
        ("openid[data2]", False),
        ("openid[data1[deep]]", False),
        ("data1", False),  # given, but not to the client itself
        ("transfer[deep]", False),
        ("transfer[data2 data3]", False),
        ("nothing", False),
        ("transfer nothing", False),
        ("", True),
    ],
)
def test_a_forest_grants_what_its_trees_grant(scopes: str, met: bool) -> None:
    """A scope is granted by a tree whose root has its name and which holds all it depends on."""
    forest = ConsentForest(FOREST)
    assert forest.meets_scope_requirements(scopes) is met
    assert forest.meets_scope_requirements([scopes]) is met
    assert forest.meets_scope_requirements(ScopeParser.parse(scopes)) is met


def test_a_tree_is_a_root_with_all_its_dependencies() -> None:
    """Trees know their nodes, edges and depth, and can be printed."""
    first, second = ConsentForest(FOREST).trees
    assert [node.id for node in first.nodes] == [1, 2, 3, 7, 4, 8]
    assert first.edges == {1: {2, 3, 7}, 2: set(), 3: {4}, 7: {8}, 4: set(), 8: set()}
    assert (first.max_depth, second.max_depth) == (3, 2)
    assert first.get_node(4).scope_name == "deep"
    assert second.meets_scope_requirements(Scope.parse("openid[data1]"))
    assert not second.meets_scope_requirements(Scope("transfer"))
    assert str(first).splitlines()[2].startswith("   - Consent [3]")
    assert len(str(ConsentForest(FOREST)).splitlines()) == len(FOREST)
    with pytest.raises(KeyError):
        first.get_node(5)


def test_consents_may_be_loaded_before() -> None:
    """A forest takes documents, consents, or both."""
    forest = ConsentForest([Consent.load(FOREST[0]), *FOREST[1:]])
    assert forest.nodes[0].created.year == 2026
    assert forest.nodes[3].dependency_path == (1, 3, 4)


@pytest.mark.parametrize("member", document([1], "x"))
def test_a_document_that_lacks_a_member_is_refused(member: str) -> None:
    """The error names the member and keeps the document, also through pickling."""
    broken = document([1], "x")
    del broken[member]
    with pytest.raises(ConsentParseError, match=member) as caught:
        ConsentForest([broken])
    assert pickle.loads(pickle.dumps(caught.value)).raw_consent == broken


@pytest.mark.parametrize(
    "changes",
    [
        {"created": "yesterday"},
        {"created": 5},
        {"id": "one"},
        {"dependency_path": None},
        {"dependency_path": []},
        {"dependency_path": [2]},
    ],
)
def test_a_document_with_a_member_of_the_wrong_type_is_refused(changes: dict[str, Any]) -> None:
    """Nothing but ConsentParseError comes out of a bad document."""
    with pytest.raises(ConsentParseError):
        Consent.load(document([1], "x", **changes))


def test_consents_that_form_no_trees_are_refused() -> None:
    """A missing parent and a repeated id are errors."""
    with pytest.raises(ConsentTreeConstructionError, match="depends on 1") as caught:
        ConsentForest([document([1, 2], "x")])
    assert [consent.id for consent in pickle.loads(pickle.dumps(caught.value)).consents] == [2]
    with pytest.raises(ConsentTreeConstructionError, match="duplicated"):
        ConsentForest([document([1], "x"), document([1], "y")])


def test_a_long_chain_of_dependencies() -> None:
    """Depth costs no stack."""
    chain = [document([*([n - 1] if n else []), n], f"s{n}") for n in range(3_000)]
    forest = ConsentForest(chain)
    scope = Scope.parse("".join(f"s{n}[" for n in range(2_999)) + "s2999" + "]" * 2_999)
    assert forest.meets_scope_requirements(scope)
    assert forest.trees[0].max_depth == 3_000
    assert str(forest)
