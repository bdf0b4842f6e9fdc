"""Query documents: equal to what a user would write by hand, and refused before they are sent if they are wrong."""

from __future__ import annotations

import copy
import functools
import json
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from globus_async import SearchClient
from globus_async.errors import GlobusSDKUsageError
from globus_async.services.search import (
    Boost,
    DeleteByQuery,
    Facet,
    Filter,
    SearchQuery,
    SearchQueryV1,
    SearchScrollQuery,
    Sort,
    field_path,
)
from tests.services.search.parity import same_documents

INDEX = "5e1f2a4c-0000-4000-8000-00000000000a"

EXISTS = {"type": "exists", "field_name": "a"}
SQUARE = [[0, 0], [0, 9], [9, 9], [0, 0]]

CLAUSES: list[tuple[Any, dict[str, Any]]] = [
    (Filter.match_all("a", "x", 1, True), {"type": "match_all", "field_name": "a", "values": ["x", 1, True]}),
    (Filter.match_any("a.b", 1.5), {"type": "match_any", "field_name": "a.b", "values": [1.5]}),
    (
        Filter.match_any("a", UUID(int=1), date(2026, 1, 2), datetime(2026, 1, 2, 3, tzinfo=UTC)),
        {
            "type": "match_any",
            "field_name": "a",
            "values": ["00000000-0000-0000-0000-000000000001", "2026-01-02", "2026-01-02T03:00:00Z"],
        },
    ),
    (Filter.range("a", gt=1, lte=2), {"type": "range", "field_name": "a", "values": [{"gt": 1, "lte": 2}]}),
    (
        Filter.range("a", {"from": "*", "to": 5}, {"gte": date(2026, 1, 1)}),
        {"type": "range", "field_name": "a", "values": [{"from": "*", "to": 5}, {"gte": "2026-01-01"}]},
    ),
    (Filter.exists("a"), EXISTS),
    (Filter.like("a", "c?p*"), {"type": "like", "field_name": "a", "value": "c?p*"}),
    (
        Filter.geo_bounding_box("a", top_left=(10, -5), bottom_right={"lat": 0, "lon": 5}),
        {
            "type": "geo_bounding_box",
            "field_name": "a",
            "top_left": {"lat": 10, "lon": -5},
            "bottom_right": {"lat": 0, "lon": 5},
        },
    ),
    (
        Filter.geo_shape("a", [SQUARE], relation="within"),
        {
            "type": "geo_shape",
            "field_name": "a",
            "shape": {"type": "Polygon", "coordinates": [SQUARE]},
            "relation": "within",
        },
    ),
    (~Filter.exists("a"), {"type": "not", "filter": EXISTS}),
    (~~Filter.exists("a"), EXISTS),
    (Filter.exists("a") & EXISTS & EXISTS, {"type": "and", "filters": [EXISTS, EXISTS, EXISTS]}),
    (Filter.exists("a") | (Filter.exists("a") | EXISTS), {"type": "or", "filters": [EXISTS, EXISTS, EXISTS]}),
    (
        Filter.exists("a") & EXISTS | EXISTS,
        {"type": "or", "filters": [{"type": "and", "filters": [EXISTS, EXISTS]}, EXISTS]},
    ),
    (Filter.exists("a").with_post_filter(False), EXISTS | {"post_filter": False}),
    (Facet.terms("a"), {"type": "terms", "field_name": "a"}),
    (
        Facet.terms("a", name="n", size=3, additional_filters=Filter.exists("a")),
        {"type": "terms", "field_name": "a", "name": "n", "size": 3, "additional_filters": [EXISTS]},
    ),
    (
        Facet.date_histogram("a", date_interval="month", histogram_range=(date(2026, 1, 1), "2026-12-31")),
        {
            "type": "date_histogram",
            "field_name": "a",
            "date_interval": "month",
            "histogram_range": {"low": "2026-01-01", "high": "2026-12-31"},
        },
    ),
    (
        Facet.numeric_histogram("a", size=4, histogram_range=(0, 1.5)),
        {"type": "numeric_histogram", "field_name": "a", "size": 4, "histogram_range": {"low": 0, "high": 1.5}},
    ),
    (Facet.sum("a", missing=0), {"type": "sum", "field_name": "a", "missing": 0}),
    (Facet.avg("a"), {"type": "avg", "field_name": "a"}),
    (Facet.distinct_count("a"), {"type": "distinct_count", "field_name": "a"}),
    (Boost("a", 2), {"field_name": "a", "factor": 2}),
    (Sort("a"), {"field_name": "a"}),
    (Sort("a", "asc"), {"field_name": "a", "order": "asc"}),
]

REFUSED: list[tuple[str, Callable[[Any], object]]] = [
    ("needs at least one value", lambda _: Filter.match_all("a")),
    ("single list", lambda x: Filter.match_all("a", x(["b"]))),
    ("finite number", lambda _: Filter.match_any("a", float("nan"))),
    ("no time zone", lambda _: Filter.match_any("a", datetime(2026, 1, 1))),  # noqa: DTZ001
    ("must be text, a finite", lambda x: Filter.match_any("a", x({"b": 1}))),
    ("at least one bound", lambda _: Filter.range("a")),
    ("one lower and one upper", lambda _: Filter.range("a", gt=1, gte=1)),
    ("above the upper", lambda _: Filter.range("a", gte=2, lt=1)),
    ("different types", lambda _: Filter.range("a", gte="x", lt=1)),
    ("a mapping with some of", lambda _: Filter.range("a", {"form": 1})),
    ("pattern", lambda _: Filter.like("a", "")),
    ("field_name is empty", lambda _: Filter.exists("")),
    ("has an empty part", lambda _: Filter.exists("a..b")),
    ("does not escape a dot", lambda _: Filter.exists(r"a\b")),
    ("field_name must be text", lambda x: Filter.exists(x(None))),
    ("from -90 to 90", lambda _: Filter.geo_bounding_box("a", top_left=(91, 0), bottom_right=(0, 0))),
    ("south", lambda _: Filter.geo_bounding_box("a", top_left=(0, 0), bottom_right=(1, 1))),
    ("pair of latitude", lambda x: Filter.geo_bounding_box("a", top_left=x({"lat": 1}), bottom_right=(1, 1))),
    ("its last one is its first", lambda _: Filter.geo_shape("a", [SQUARE[:3]])),
    ("Polygon", lambda _: Filter.geo_shape("a", {"type": "Point"})),
    ("relation must be", lambda x: Filter.geo_shape("a", [SQUARE], relation=x("contains"))),
    ("has no post_filter", lambda _: ~Filter.exists("a").with_post_filter(True)),
    ("a Filter, or a dict", lambda x: Filter.exists("a") & x({"field_name": "a"})),
    ("size must be", lambda _: Facet.terms("a", size=0)),
    ("date_interval must be", lambda x: Facet.date_histogram("a", date_interval=x("decade"))),
    ("the lower one first", lambda _: Facet.numeric_histogram("a", size=1, histogram_range=(1, 1))),
    ("a pair of a lower", lambda x: Facet.numeric_histogram("a", size=1, histogram_range=x(5))),
    ("missing must be", lambda x: Facet.sum("a", missing=x("0"))),
    ("above 0", lambda _: Boost("a", 0)),
    ("order must be", lambda x: Sort("a", x("up"))),
    ("limit must be", lambda _: SearchQueryV1(q="x", limit=0)),
    ("from 1 to 10000", lambda _: SearchQueryV1(q="x", limit=10_001)),
    ("offset must be below 10000", lambda _: SearchQuery("x").set_offset(10_000)),
    ("q must be text", lambda x: SearchQueryV1(q=x(["x"]))),
    ("advanced must be", lambda x: SearchScrollQuery("x", advanced=x("yes"))),
    ("filters must be a list of objects", lambda x: SearchQueryV1(filters=x("exists"))),
    ("an item of filters", lambda x: SearchQueryV1(filters=x(["exists"]))),
    ("has no type", lambda _: SearchQueryV1(filters=[{"field_name": "a"}])),
    ("cannot have a post_filter", lambda _: SearchQueryV1(filters=[EXISTS | {"post_filter": True}])),
    ("two facets have the name 'a'", lambda _: SearchQuery("x").add_facet("a", "b").add_facet(Facet.sum("a"))),
    ("must have a mode", lambda _: SearchQueryV1(q="x", q_settings={"default_operator": "and"})),
    ("default_operator", lambda _: SearchQueryV1(q="x", q_settings={"mode": "text_match", "default_operator": "xor"})),
    ("text_match only", lambda _: SearchQueryV1(q="x", q_settings={"mode": "query_string", "fuzziness": 1})),
    ("fields must be some of", lambda x: SearchQueryV1(q="x", fields=x(["contents"]))),
    ("a list of texts", lambda x: SearchQueryV1(q="x", filter_principal_sets=x([1]))),
    ("type must be match_all", lambda x: SearchQuery("x").add_filter("a", ["b"], type=x("like"))),
    ("has its values already", lambda _: SearchQuery("x").add_filter(Filter.exists("a"), ["b"])),
    ("field_name is missing", lambda _: SearchQuery("x").add_facet("a")),
    ("an item of filters", lambda x: SearchQuery("x").add_filter(x(None))),
    ("an item of sort", lambda x: SearchQuery("x").add_sort(x(None))),
    ("an item of boosts", lambda x: SearchQuery("x").add_boost(x(5))),
    ("an item of facets", lambda x: SearchQuery("x").add_facet(x(None))),
    ("has its factor already", lambda _: SearchQuery("x").add_boost(Boost("a", 2), 3)),
    ("has its order already", lambda _: SearchQuery("x").add_sort(Sort("a"), order="asc")),
    ("has its members already", lambda _: SearchQuery("x").add_facet(Facet.terms("a"), size=5)),
    ("terms has no date_interval", lambda _: SearchQuery("x").add_facet("a", "b", date_interval="year")),
    ("above the upper", lambda _: Filter.range("a", gte=10**400, lt=1)),
    ("a finite number", lambda _: Boost("a", 10**400)),
    ("order must be", lambda x: Sort("a", x(["asc"]))),
    ("relation must be", lambda x: Filter.geo_shape("a", [SQUARE], relation=x(["within"]))),
    (
        "hundreds of levels",
        lambda _: functools.reduce(lambda inner, _: Filter.not_(inner), range(999), Filter.exists("a")),
    ),
    ("names, which are text", lambda _: field_path("a", "")),
]


@pytest.mark.parametrize(("made", "by_hand"), CLAUSES, ids=lambda value: str(value.get("type", value))[:30])
def test_clauses(made: Any, by_hand: dict[str, Any]) -> None:
    """They equal the objects of the service, cannot be changed through what they return, and can be copied."""
    assert made == by_hand
    assert json.loads(json.dumps(made.to_dict())) == by_hand
    made.to_dict().clear()
    for value in made.values():
        if isinstance(value, (list, dict)):
            value.clear()
    assert made == by_hand
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == by_hand
    assert repr(made).startswith(type(made).__name__)


@pytest.mark.parametrize(("message", "make"), REFUSED, ids=[message for message, _ in REFUSED])
def test_what_is_refused(message: str, make: Callable[[Any], object]) -> None:
    """When it is made."""

    def untyped(value: Any) -> Any:
        return value

    with pytest.raises(GlobusSDKUsageError, match=message):
        make(untyped)


def test_chained_queries() -> None:
    """Each method adds to the query and returns it."""
    query = (
        SearchQuery("copper")
        .set_query("glass")
        .set_limit(5)
        .set_offset(10)
        .set_advanced(True)
        .add_filter("a", ["x", "y"])
        .add_filter("b", 1, type="match_any")
        .add_filter("c", [{"from": 1, "to": "*"}], type="range", additional_fields={"post_filter": False})
        .add_filter(~Filter.exists("d"))
        .add_facet("n", "a", size=3)
        .add_facet("m", "b", type="date_histogram", date_interval="year")
        .add_facet("o", "c", type="numeric_histogram", size=2, histogram_range=(1, 2))
        .add_facet(Facet.avg("e"))
        .add_boost("a", 2)
        .add_sort("a", order="asc")
        .add_sort(Sort("b"))
    )
    assert type(query) is SearchQuery
    assert query == {
        "q": "glass",
        "limit": 5,
        "offset": 10,
        "advanced": True,
        "filters": [
            {"type": "match_all", "field_name": "a", "values": ["x", "y"]},
            {"type": "match_any", "field_name": "b", "values": [1]},
            {"type": "range", "field_name": "c", "values": [{"from": 1, "to": "*"}], "post_filter": False},
            {"type": "not", "filter": {"type": "exists", "field_name": "d"}},
        ],
        "facets": [
            {"type": "terms", "field_name": "a", "name": "n", "size": 3},
            {"type": "date_histogram", "field_name": "b", "name": "m", "date_interval": "year"},
            {
                "type": "numeric_histogram",
                "field_name": "c",
                "name": "o",
                "size": 2,
                "histogram_range": {"low": 1, "high": 2},
            },
            {"type": "avg", "field_name": "e"},
        ],
        "boosts": [{"field_name": "a", "factor": 2}],
        "sort": [{"field_name": "a", "order": "asc"}, {"field_name": "b"}],
    }
    assert json.loads(json.dumps(query)) == query


def test_the_other_dialects() -> None:
    """With the members that only they have."""
    filters = [Filter.exists("a")]
    given: dict[str, Any] = {"filters": filters, "q_settings": {"mode": "text_match", "fuzziness": 2}}
    document = {"q": "x", "filters": [EXISTS], "q_settings": {"mode": "text_match", "fuzziness": 2}}
    both: dict[str, Any] = {"fields": "visible_to", "filter_principal_sets": "s", "bypass_visible_to": True}
    returned = {"fields": ["visible_to"], "filter_principal_sets": ["s"], "bypass_visible_to": True}
    v1 = SearchQueryV1(q="x", **given, **both).add_post_facet_filter(Filter.exists("a"))
    assert v1 == {"@version": "query#1.0.0", **document, **returned, "post_facet_filters": [EXISTS]}
    scroll = SearchScrollQuery("x", **given, **both).set_marker("m").set_limit(3)
    assert scroll == {"@version": "scroll#1.0.0", **document, **returned, "marker": "m", "limit": 3}
    assert DeleteByQuery("x", **given) == {"@version": "delete_by_query#1.0.0", **document}


@pytest.mark.parametrize("query", [SearchQueryV1(q="x"), SearchScrollQuery("x")])
async def test_a_deletion_takes_a_query_of_its_own(query: SearchQueryV1 | SearchScrollQuery) -> None:
    """The service refuses the other versions; nothing is sent, and the error says what to write."""
    async with SearchClient() as sc:
        with pytest.raises(GlobusSDKUsageError, match=r"write DeleteByQuery\(q, filters="):
            await sc.delete_by_query(INDEX, query)


def test_the_documents_of_callers_are_not_changed() -> None:
    """Neither by the query nor by a later change of it."""
    theirs = [{"type": "and", "filters": [dict(EXISTS)]}]
    query = SearchQueryV1(filters=theirs)
    query["filters"][0]["filters"][0]["field_name"] = "z"
    query.add_filter("b", "x")
    assert theirs == [{"type": "and", "filters": [EXISTS]}]


def test_the_same_documents_as_globus_sdk() -> None:
    """But for the version of scrolls."""
    for ours, theirs in same_documents():
        assert {"@version": "scroll#1.0.0"} | dict(theirs) == ours


def test_field_paths() -> None:
    """Dots and backslashes of names are escaped."""
    path = field_path("a", "b.c", "d\\")
    assert path == r"a.b\.c.d\\"
    assert Filter.exists(path)["field_name"] == path
