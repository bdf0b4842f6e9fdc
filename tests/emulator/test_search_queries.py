"""The emulated Search: query documents, advanced texts, filters, facets, visibility and scrolls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from globus_async.emulator.kit.service import Platform
from globus_async.emulator.search.errors import SearchError
from globus_async.emulator.search.geometry import Shape
from globus_async.emulator.search.queries.budget import Budget
from globus_async.emulator.search.queries.documents import read_query
from globus_async.emulator.search.queries.edit_distance import is_within
from globus_async.emulator.search.queries.execution import run
from globus_async.emulator.search.queries.filters import All, Exists, Interval, Like, MatchAny, Range, RelatedTo
from globus_async.emulator.search.queries.regular_expressions import InvalidExpression, RegularExpression
from globus_async.emulator.search.queries.wildcards import Wildcard
from globus_async.emulator.search.state import SearchState
from globus_async.emulator.search.viewer import Viewer
from tests.emulator.search_world import SearchWorld, entry, search_world, urn
from tests.toolkit.random_cases import cases

BOOKS = (
    entry("fox", {"title": "The quick brown fox", "n": 1, "d": "2020-01-15", "a": {"b": "red apple"}}),
    entry("tea", {"title": "A slow green turtle", "n": 5, "d": "2021-05-01T10:00:00Z"}),
    entry("tie", {"title": "quick turtle", "n": 10, "ok": True, "a": {"b": "Apple pie", "c.d": "dot"}}),
)


@pytest.fixture
async def world() -> AsyncIterator[SearchWorld]:
    async with search_world() as made:
        made.state.ingest(made.index, BOOKS)
        yield made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("quick", "tie fox"),
        ("title:turtle", "tie tea"),
        ('"quick brown"', "fox"),
        ('"brown quick"', ""),
        ('"brown quick"~2', "fox"),
        ('"quick fox"~1', "fox"),
        ('n:"5"', "tea"),
        ("n:[1 TO 5}", "fox"),
        ("n:{1 TO *]", "tea tie"),
        ("n:>=5", "tea tie"),
        ("n:<5", "fox"),
        ("d:[2020-06-01 TO *]", "tea"),
        ('title:["A" TO "R"]', "tea"),
        ("qui*", "fox tie"),
        ("title:t?rtle", "tea tie"),
        ("title:/t[a-u]r.{2}e/", "tea tie"),
        ("/app(le|s)?/", "fox tie"),
        ("turlte~", "tie tea"),
        ("title:foz~1", "fox"),
        ("title:foz~0.9", "fox"),
        ("green^10 quick", "tea tie fox"),
        ("+quick -fox", "tie"),
        ("quick NOT turtle", "fox"),
        ("-quick", "tea"),
        ("quick AND turtle", "tie"),
        ("quick && turtle", "tie"),
        ("quick AND !turtle", "fox"),
        ("(brown || green) AND title:(quick OR slow)", "tea fox"),
        ("NOT quick", "tea"),
        ("a.b:(apple AND pie)", "tie"),
        ("a.\\*:dot", "tie"),
        ("a.c\\.d:dot", "tie"),
        ("ok:true", "tie"),
        ("ok:maybe", ""),
        ("_exists_:a", "fox tie"),
        ("a.b:*", "fox tie"),
        ("a.\\*:*", "tie fox"),
        ("*:turtle", "tie tea"),
        ("*", "fox tea tie"),
        ("unknown:x", ""),
    ],
)
async def test_advanced_texts(world: SearchWorld, text: str, found: str) -> None:
    assert " ".join(await world.found(text)) == found


@pytest.mark.parametrize(
    "text",
    ["(", '"', "a AND OR", "/(/", "/a{5}{5}{5}{5}{5}/", "a:b:c", "n:[1 TO", "(" * 60 + "a" + ")" * 60, "/*/"],
)
async def test_bad_advanced_texts(world: SearchWorld, text: str) -> None:
    """They are errors; as ordinary texts they never are."""
    assert await world.refused("GET", "/search", q=text, advanced="True") == (400, "BadRequest.Generic")
    await world.ok("GET", "/search", q=text)


ATOMS = st.sampled_from(
    [*'()[]{}"/\\*?~^:+-!&|<>= .0a', "AND ", "OR ", "NOT ", " TO ", "title:", "n:", "quick", "/(a|b)*c/", "~2", "&&"]
)


@pytest.mark.parametrize("alphabet", [ATOMS, st.characters(exclude_categories=["Cs"])], ids=["syntax", "characters"])
def test_random_advanced_texts(alphabet: st.SearchStrategy[str]) -> None:
    """Each is a query or an error of its own, within the work that a query may do."""
    state = SearchState(Platform())
    index = state.add_index("Books", owner="00000000-0000-4000-8000-00000000000a").id
    state.ingest(index, BOOKS)
    viewer = Viewer(frozenset({"public"}))
    statuses: set[int] = set()

    @settings(max_examples=cases(300), database=None, deadline=None, phases=[Phase.generate], derandomize=True)
    @given(st.lists(alphabet, min_size=1, max_size=25).map("".join))
    def check(text: str) -> None:
        try:
            run(state.index(index).data, read_query({"q": text, "advanced": True}, state.limits), viewer)
        except SearchError as error:
            statuses.add(error.status)

    check()
    assert statuses == {400}


@pytest.mark.parametrize("text", ["/(a|aa)*(b|c)?(a|b|c|d)*x{0,200}/", "*a*a*a*a*a*a*b", "aaaaaaaaaa~2 " * 15])
def test_the_work_of_a_query_is_limited(text: str) -> None:
    """No pattern makes the work explode: it is counted, and a query that needs too much ends with a 504."""
    state = SearchState(Platform())
    index = state.add_index("Books", owner="00000000-0000-4000-8000-00000000000a").id
    words = [f"{'a' * (number % 40)}{number:x}" for number in range(2000)]
    state.ingest(
        index, [entry("a", {"text": " ".join(words[at : at + 500])}, id=str(at)) for at in range(0, 2000, 500)]
    )
    query = read_query({"q": text, "advanced": True}, state.limits)
    run(state.index(index).data, query, Viewer(frozenset({"public"})))
    with pytest.raises(SearchError) as caught:
        RegularExpression("(a|b)*c", Budget(1000)).matches("ab" * 1000)
    assert caught.value.status == 504


def test_the_work_of_filters_sorts_and_facets_is_limited() -> None:
    """Each of them counts its work, by the values that it looks at."""
    state = SearchState(Platform())
    index = state.add_index("Books", owner="00000000-0000-4000-8000-00000000000a").id
    point = {"type": "Point", "coordinates": [1, 1]}
    entries = [entry(str(n), {"n": n, "text": "a" * n, "place": point}) for n in range(500)]
    state.ingest(index, entries, field_mapping={"place": "geo_point"})
    data, corners = state.index(index).data, tuple((float(n), 0.0) for n in range(2000))
    for each in (
        MatchAny("n", tuple(range(2000))),
        Range("n", (Interval(),) * 10),
        Like("text", "*" * 500),
        Like("text", "?" * 400 + "*?"),
        RelatedTo("place", Shape(lines=(corners,)), "intersects"),
        All((Exists("n"),) * 100),
    ):
        with pytest.raises(SearchError, match="too long"):
            each.entries(data, Budget(1000))
    viewer, total = Viewer(frozenset({"public"})), {"name": "n", "type": "sum", "field_name": "n"}
    for part in (
        {"sort": [{"field_name": "n", "order": "asc"}] * 1100},
        {"facets": [{**total, "name": str(n)} for n in range(250)]},
    ):
        with pytest.raises(SearchError, match="too long"):
            run(data, read_query({"q": "*", **part}, state.limits), viewer)


TEXT_OF_AB = st.text("ab", max_size=6)


@settings(
    max_examples=cases(200),
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(["a", "b", "*", "?", "\\*"]), max_size=6).map("".join), TEXT_OF_AB, TEXT_OF_AB)
def test_wildcards_and_distances(pattern: str, one: str, two: str) -> None:
    """Compared with the simplest definitions."""

    def fits(pattern: str, text: str) -> bool:
        match pattern[:1]:
            case "":
                return not text
            case "*":
                return fits(pattern[1:], text) or (bool(text) and fits(pattern, text[1:]))
            case "\\":
                return text[:1] == pattern[1] and fits(pattern[2:], text[1:])
            case sign:
                return bool(text) and sign in {"?", text[0]} and fits(pattern[1:], text[1:])

    def near(one: str, two: str, left: int) -> bool:
        if left < 0 or not one or not two:
            return 0 <= len(one + two) <= left
        if one[0] == two[0] and near(one[1:], two[1:], left):
            return True
        swapped = one[:2] == two[1::-1] and len(one) > 1 and near(one[2:], two[2:], left - 1)
        changed = near(one[1:], two[1:], left - 1)
        return swapped or changed or near(one[1:], two, left - 1) or near(one, two[1:], left - 1)

    assert Wildcard(pattern).matches(one) == fits(pattern, one)
    assert is_within(one, two, 1) == near(one, two, 1)


@pytest.mark.parametrize(
    ("expression", "matching", "other"),
    [
        ("a|bc", ["a", "bc"], ["abc", ""]),
        ("(ab)+", ["ab", "abab"], ["", "aba"]),
        ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
        ("a{2}{2}", ["aaaa"], ["aa", "aaa"]),
        ("a{2,}b?", ["aa", "aaaaab"], ["ab"]),
        ("[^a-c]x", ["dx", "-x"], ["ax"]),
        ("[a-]", ["a", "-"], ["b"]),
        ('"a.b"', ["a.b"], ["axb"]),
        ("a\\.b", ["a.b"], ["axb"]),
        ("(a*)*b", ["b", "aab"], ["a"]),
        ("", [""], ["a"]),
    ],
)
def test_regular_expressions(expression: str, matching: list[str], other: list[str]) -> None:
    made = RegularExpression(expression, Budget())
    assert [each for each in [*matching, *other] if made.matches(each)] == matching


@pytest.mark.parametrize("expression", ["(", ")", "[a", "*", "a{", "a{x}", "a{3,1}", "a\\", "[z-a]", '"a', "(" * 60])
def test_invalid_regular_expressions(expression: str) -> None:
    with pytest.raises(InvalidExpression):
        RegularExpression(expression, Budget())


# query documents


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "q"),
        ({"q": "x" * 257}, "q"),
        ({"q": "x", "offset": 9_999, "limit": 10}, "offset"),
        ({"q": "x", "limit": 10_001}, "limit"),
        ({"q": "x", "limit": True}, "limit"),
        ({"q": "x", "@version": "query#2.0.0"}, "@version"),
        ({"q": "x", "fields": ["content"]}, "fields"),
        ({"q": "x", "post_facet_filters": []}, "post_facet_filters"),
        ({"q": "x", "facets": [{"type": "distinct_count", "field_name": "n"}]}, "facets.0.type"),
        ({"q": "x", "facets": [{"type": "sum", "field_name": "n"}] * 2}, "facets.1.name"),
        ({"q": "x", "facets": [{"type": "numeric_histogram", "field_name": "n"}]}, "facets.0.histogram_range"),
        ({"q": "x", "facets": [{"type": "date_histogram", "field_name": "d"}]}, "facets.0.date_interval"),
        ({"q": "x", "boosts": [{"field_name": "n", "factor": -1}]}, "boosts.0.factor"),
        ({"q": "x", "sort": [{"field_name": "n", "order": "up"}]}, "sort.0.order"),
        ({"filters": [{"type": "match_all", "field_name": "n", "value": 1}]}, "filters.0.value"),
        ({"filters": [{"type": "match_all", "field_name": "n", "values": [{}]}]}, "filters.0.values.0"),
        ({"filters": [{"type": "range", "field_name": "n", "values": [{}]}]}, "filters.0.values.0"),
        ({"filters": [{"type": "range", "field_name": "n", "values": [{"_schema": 1}]}]}, "filters.0.values.0._schema"),
        ({"filters": [{"type": "not", "filter": {"type": "no"}}]}, "filters.0.filter.type"),
        ({"filters": [{"type": "or", "filters": [{"type": "exists"}]}]}, "filters.0.filters.0.field_name"),
        (
            {"@version": "query#1.0.0", "filters": [{"type": "exists", "field_name": "n", "post_filter": True}]},
            "filters.0.post_filter",
        ),
        ({"@version": "query#1.0.0", "q": "x", "q_settings": {"mode": "x"}}, "q_settings.mode"),
        ({"@version": "query#1.0.0", "q": "x", "q_settings": {"fuzziness": 1}}, "q_settings.fuzziness"),
        ({"q": "x", "more": 1}, "more"),
    ],
)
async def test_invalid_documents(world: SearchWorld, document: dict[str, Any], place: str) -> None:
    """The error says where the problem is."""
    found = (await world.problems("POST", "/search", document))["json"]
    for name in place.split("."):
        found = found[name]
    assert isinstance(found[0], str)


async def test_the_dialects(world: SearchWorld) -> None:
    """Post filters, operators of words, similar words, and the shown members."""
    facets = [{"type": "terms", "field_name": "n"}]

    async def counted(filters: dict[str, Any], **members: Any) -> tuple[int, int]:
        result = await world.ok("POST", "/search", {"q": "*", "facets": facets, **filters, **members})
        return result["total"], len(result["facet_results"][0]["buckets"])

    match_all = {"type": "match_all", "field_name": "n", "values": [5]}
    new = {"@version": "query#1.0.0"}
    assert await counted({"filters": [match_all]}) == (1, 1)
    assert await counted({"filters": [{**match_all, "post_filter": True}]}) == (1, 3)
    assert await counted({"filters": [{**match_all, "type": "match_any"}]}) == (1, 3)
    assert await counted({"filters": [{**match_all, "type": "match_any"}]}, **new) == (1, 1)
    assert await counted({"post_facet_filters": [match_all]}, **new) == (1, 3)
    both = {**new, "q": "quick turtle", "q_settings": {"default_operator": "and"}}
    assert await world.found(both) == ["tie"]
    near = {**new, "q": "quack", "q_settings": {"mode": "text_match", "fuzziness": 1}}
    assert await world.found(near) == ["tie", "fox"]
    assert await world.found({**near, "q_settings": {"mode": "text_match"}}) == []
    shown = await world.ok("POST", "/search", {**new, "q": "fox", "fields": ["visible_to", "principal_sets"]})
    assert sorted(shown["gmeta"][0]["entries"][0]) == [
        "entry_id",
        "matched_principal_sets",
        "principal_sets",
        "visible_to",
    ]
    extra = [{"type": "distinct_count", "field_name": "n", "additional_filters": [match_all]}]
    result = await world.ok("POST", "/search", {**new, "q": "*", "facets": extra})
    assert (result["total"], result["facet_results"][0]["approximate_value"]) == (3, 1)


async def test_invalid_parameters(world: SearchWorld) -> None:
    for parameters in ({"q": "x", "advanced": "maybe"}, {"q": "x", "limit": "few"}, {"q": "x", "fields": "all"}):
        problems = await world.problems("GET", "/search", **parameters)
        assert list(problems) == ["query"]
        assert next(iter(problems["query"])) in parameters


async def test_boosts_and_sorting(world: SearchWorld) -> None:
    query = {"q": "apple quick"}
    world.state.ingest(world.index, [entry("up", {"title": "apple", "a": {"b": "quick"}})])
    first, second = ({**query, "boosts": [{"field_name": name, "factor": 50}]} for name in ("a.b", "title"))
    assert (await world.found(first))[0] != (await world.found(second))[-1]
    assert await world.found({**query, "boosts": [{"field_name": "n", "factor": 0}]}) == await world.found(query)
    assert await world.found({"q": "*", "sort": [{"field_name": "n"}]}) == ["tie", "tea", "fox", "up"]
    ascending = {"q": "*", "sort": [{"field_name": "n", "order": "asc"}], "offset": 1, "limit": 2}
    assert await world.found(ascending) == ["tea", "tie"]


async def test_extreme_values(world: SearchWorld) -> None:
    """Results are valid JSON whatever the numbers and dates are."""
    extreme = [entry(f"x{n}", {"big": 1e308, "day": "9999-12-31T23:59:59+0000"}) for n in range(2)]
    world.state.ingest(world.index, [*extreme, entry("y", {"text": "0001-01-01T00:00:00+1400"})])
    facets = [
        {"name": "sum", "type": "sum", "field_name": "big"},
        {"name": "avg", "type": "avg", "field_name": "big"},
        {"name": "week", "type": "date_histogram", "field_name": "day", "date_interval": "week"},
        {"name": "text", "type": "terms", "field_name": "text"},
    ]
    result = await world.ok("POST", "/search", {"q": "*", "facets": facets})
    total, average, week, text = result["facet_results"]
    assert (total["value"], average["value"], week["buckets"][0]["count"]) == (None, None, 2)
    assert text["buckets"][0]["value"] == "0001-01-01T00:00:00+1400"
    span = {"low": -1e308, "high": 1e308}
    facet = {"type": "numeric_histogram", "field_name": "n", "size": 2, "histogram_range": span}
    assert (await world.problems("POST", "/search", {"q": "*", "facets": [facet]}))["json"]


async def test_histograms(world: SearchWorld) -> None:
    facets: list[dict[str, Any]] = [
        {"name": unit, "type": "date_histogram", "field_name": "d", "date_interval": unit}
        for unit in ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
    ]
    facets.append(
        {
            "name": "late",
            "type": "date_histogram",
            "field_name": "d",
            "date_interval": "day",
            "histogram_range": {"low": "2021-01-01", "high": "2022-01-01"},
        }
    )
    facets.append(
        {
            "name": "n",
            "type": "numeric_histogram",
            "field_name": "n",
            "size": 3,
            "histogram_range": {"low": 1, "high": 10},
        }
    )
    result = await world.ok("POST", "/search", {"q": "*", "facets": facets})
    starts: dict[str, list[Any]] = {
        each["name"]: [bucket["value"] for bucket in each["buckets"]] for each in result["facet_results"]
    }
    assert [starts[unit][0][:10] for unit in ("year", "quarter", "month", "week", "day")] == [
        "2020-01-01",
        "2020-01-01",
        "2020-01-01",
        "2020-01-13",
        "2020-01-15",
    ]
    assert starts["second"] == ["2020-01-15T00:00:00.000Z", "2021-05-01T10:00:00.000Z"]
    assert starts["late"] == ["2021-05-01T00:00:00.000Z"]
    parts = result["facet_results"][-1]["buckets"]
    assert [(each["value"], each["count"]) for each in parts] == [
        ({"from": 1, "to": 4}, 1),
        ({"from": 4, "to": 7}, 1),
        ({"from": 7, "to": 10}, 1),
    ]


SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]


async def test_geographic_filters(world: SearchWorld) -> None:
    """Points and shapes in boxes and polygons, also with holes and across the date line."""
    places = {
        "inside": {"type": "Point", "coordinates": [1, 1]},
        "hole": {"type": "Point", "coordinates": [5, 5]},
        "edge": {"type": "Point", "coordinates": [10, 5]},
        "line": {"type": "LineString", "coordinates": [[-5, 5], [15, 5]]},
        "around": {"type": "Polygon", "coordinates": [[[-1, -1], [11, -1], [11, 11], [-1, 11], [-1, -1]]]},
        "far": {"type": "MultiPoint", "coordinates": [[179, 0]]},
        "small": {"type": "MultiPolygon", "coordinates": [[[[1, 1], [2, 1], [2, 2], [1, 1]]]]},
    }
    entries = [entry(name, {"shape": shape}) for name, shape in places.items()]
    entries.append(entry("spot", {"point": {"lat": 1, "lon": 1}}))
    mapping = {"shape": "geo_shape", "point": "geo_point"}
    assert (await world.ingest(*entries, field_mapping=mapping))["state"] == "SUCCESS"

    async def found(name: str, **condition: Any) -> list[str]:
        return await world.found({"filters": [{"field_name": name, **condition}], "limit": 100})

    holed = {"type": "Polygon", "coordinates": [SQUARE, HOLE]}
    touching = await found("shape", type="geo_shape", shape=holed)
    assert touching == ["around", "edge", "inside", "line", "small"]
    assert await found("shape", type="geo_shape", shape=holed, relation="within") == ["edge", "inside", "small"]
    assert await found("point", type="geo_shape", shape=holed, relation="within") == ["spot"]
    box = {"type": "geo_bounding_box", "top_left": {"lat": 3, "lon": 0}, "bottom_right": {"lat": 0, "lon": 3}}
    assert await found("shape", **box) == ["around", "inside", "small"]
    assert await found("point", **box) == ["spot"]
    pacific = {**box, "top_left": {"lat": 3, "lon": 170}, "bottom_right": {"lat": 0, "lon": -170}}
    assert (await found("shape", **pacific), await found("point", **pacific)) == (["far"], [])
    wrong = {"filters": [{"field_name": "shape", "type": "geo_shape", "shape": {"type": "Circle"}}]}
    assert "shape" in (await world.problems("POST", "/search", wrong))["json"]["filters"]["0"]
    changed = await world.ingest(entry("x"), field_mapping={"point": "geo_shape"})
    assert (changed["state"], "geo_point" in changed["message"]) == ("FAILED", True)
    assert (await world.ingest(entry("x", {"point": "here"})))["state"] == "FAILED"


# visibility


async def test_visibility(world: SearchWorld) -> None:
    """By public, all users, identities and groups, whose members change; administrators may see everything."""
    group = world.emulator.add_group([world.bob])
    members = world.emulator.directory.groups[group].memberships
    viewers = {"all": ["all_authenticated_users"], "ada": [urn(world.ada)], "group": [f"urn:globus:groups:id:{group}"]}
    entries = [entry(name, {"v": 1}, visible_to=who) for name, who in viewers.items()]
    sets = {"editors": [urn(world.bob)], "readers": ["public"], "others": [urn(world.ada)]}
    world.state.ingest(world.index, [*entries, entry("sets", {"v": 1}, principal_sets=sets)])
    query = {"q": "v:1", "advanced": True}
    assert sorted(await world.found(query, scope=None)) == ["sets"]
    assert sorted(await world.found(query)) == ["ada", "all", "sets"]
    assert sorted(await world.found(query, by=world.bob)) == ["all", "group", "sets"]
    members.clear()
    assert sorted(await world.found(query, by=world.bob)) == ["all", "sets"]
    everything = {**query, "bypass_visible_to": True}
    assert sorted(await world.found(everything)) == ["ada", "all", "group", "sets"]
    assert await world.refused("POST", "/search", everything, by=world.bob) == (403, "Forbidden.Generic")
    for path in ("/subject", "/entry"):
        assert (await world.refused("GET", path, subject="group"))[0] == 404
        assert (await world.ok("GET", path, subject="group", bypass_visible_to="True"))["subject"] == "group"
        assert (await world.refused("GET", path, subject="ada", bypass_visible_to=1, by=world.bob))[0] == 403
        assert "subject" in (await world.problems("GET", path))["query"]
    result = await world.ok("GET", "/search", q="*", filter_principal_sets="editors,readers", by=world.bob)
    assert [each["entries"][0]["matched_principal_sets"] for each in result["gmeta"]] == [["editors", "readers"]]
    assert await world.found({"q": "*", "filter_principal_sets": ["editors"]}) == []


# scrolls


async def test_a_scroll(world: SearchWorld) -> None:
    """It shows each subject once, as it was at the start, and its markers are of its caller and index only."""
    world.state.ingest(world.index, [entry(f"s{number}", {"v": number}) for number in range(7)])
    query = {"filters": [{"type": "exists", "field_name": "v"}], "limit": 3}
    first = await world.ok("POST", "/scroll", query)
    assert (first["total"], first["count"], first["has_next_page"]) == (7, 3, True)
    world.state.ingest(world.index, [entry("s1", {"v": 100}), entry("r", {"v": 1})])
    world.state.index(world.index).data.remove_subject("s5")
    second = await world.ok("POST", "/scroll", {**query, "marker": first["marker"]})
    again = await world.ok("POST", "/scroll", {**query, "marker": first["marker"]})
    assert second["gmeta"] == again["gmeta"]
    third = await world.ok("POST", "/scroll", {**query, "marker": second["marker"]})
    assert [hit["subject"] for page in (first, second, third) for hit in page["gmeta"]] == [f"s{n}" for n in range(7)]
    assert (third["has_next_page"], third["marker"]) == (False, None)
    other = world.state.add_index("Other", owner=world.ada).id
    for body, path, by in (
        ({**query, "marker": first["marker"][::-1]}, "/scroll", world.ada),
        ({**query, "marker": first["marker"]}, f"/v1/index/{other}/scroll", world.ada),
        ({**query, "marker": first["marker"]}, "/scroll", world.bob),
        ({**query, "sort": []}, "/scroll", world.ada),
    ):
        assert (await world.problems("POST", path, body, by=by))["json"]
    world.state.limits.scrolls = 1
    newest = await world.ok("POST", "/scroll", query)
    await world.problems("POST", "/scroll", {**query, "marker": first["marker"]})
    await world.ok("POST", "/scroll", {**query, "marker": newest["marker"]})
