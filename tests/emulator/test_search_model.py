"""Random entries and queries, compared with a search that reads every entry; and with searches that have a bug."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from globus_async.emulator.kit.service import Platform
from globus_async.emulator.search.queries.documents import read_query
from globus_async.emulator.search.queries.execution import run
from globus_async.emulator.search.state import SearchState
from globus_async.emulator.search.viewer import Viewer

pytestmark = pytest.mark.slow

INDEX = "00000000-0000-4000-8000-000000000001"
ADA = "urn:globus:auth:identity:00000000-0000-4000-8000-00000000000a"
GROUP = "urn:globus:groups:id:00000000-0000-4000-8000-00000000000b"
OTHER = "urn:globus:auth:identity:00000000-0000-4000-8000-00000000000c"
PRINCIPALS = ("public", "all_authenticated_users", ADA, GROUP)
WORDS = ("red", "green", "blue", "Red", "tea")
FIELDS = ("t", "n", "f", "d", "b", "o.x", "tags")

Entry = dict[str, Any]
Document = dict[str, Any]

TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "t": TEXTS,
        "n": st.integers(-2, 2),
        "f": st.sampled_from([0.5, 1.5, 2]),
        "d": st.sampled_from(["2020-01-01", "2020-01-15", "2020-03-01 10:00:00", "2021-01-01T00:00:00Z"]),
        "b": st.booleans(),
        "o": st.fixed_dictionaries({"x": TEXTS}),
        "tags": st.lists(st.sampled_from(WORDS), max_size=3),
    },
)
VISIBLE = st.lists(st.sampled_from(("public", *PRINCIPALS, OTHER)), min_size=1, max_size=2)
ENTRIES = st.fixed_dictionaries(
    {
        "subject": st.sampled_from("pqr"),
        "id": st.sampled_from([None, "x"]),
        "visible_to": VISIBLE,
        "content": CONTENTS,
        "principal_sets": st.dictionaries(st.sampled_from("ij"), VISIBLE, max_size=1),
    }
)
VALUES: dict[str, list[Any]] = {
    "t": ["red", "red green", "blue"],
    "n": [-1, 0, 1, 2],
    "f": [0.5, 1.5, 2],
    "d": ["2020-01-01", "2020-03-01 10:00:00", "2021-01-01"],
    "b": [True, False],
    "o.x": ["red", "tea"],
    "tags": ["red", "green", "blue"],
}
FIELD = st.sampled_from(FIELDS)
SIMPLE = FIELD.flatmap(
    lambda name: st.one_of(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(["match_all", "match_any"]),
                "field_name": st.just(name),
                "values": st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=2),
            }
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("range"),
                "field_name": st.just(name),
                "values": st.fixed_dictionaries(
                    {
                        "from": st.sampled_from(["*", *VALUES[name][:1]]),
                        "to": st.sampled_from(["*", *VALUES[name][1:]]),
                    }
                ).map(lambda span: [span]),
            }
        )
        if name != "b"
        else st.just({"type": "exists", "field_name": name}),
        st.just({"type": "exists", "field_name": name}),
        st.just({"type": "like", "field_name": "t", "value": "*re?*"}),
    )
)
NESTED = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        inner.map(lambda each: {"type": "not", "filter": each}),
        st.fixed_dictionaries({"type": st.sampled_from(["and", "or"]), "filters": st.lists(inner, max_size=2)}),
    ),
    max_leaves=4,
)
FACETS: st.SearchStrategy[Any] = st.one_of(
    FIELD.map(lambda name: {"type": "terms", "field_name": name}),
    st.sampled_from(
        [
            {"type": "sum", "field_name": "n"},
            {"type": "avg", "field_name": "f", "missing": 4},
            {"type": "date_histogram", "field_name": "d", "date_interval": "month"},
            {
                "type": "numeric_histogram",
                "field_name": "n",
                "size": 2,
                "histogram_range": {"low": -2, "high": 2},
            },
        ]
    ),
)
SORT = st.fixed_dictionaries({"field_name": FIELD}, optional={"order": st.sampled_from(["asc", "desc"])})
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "q": st.one_of(st.just("*"), st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join)),
    "filters": st.lists(
        st.tuples(NESTED, st.sampled_from([{}, {"post_filter": False}, {"post_filter": True}])).map(
            lambda both: {**both[0], **both[1]}
        ),
        min_size=1,
        max_size=2,
    ),
    "facets": st.lists(FACETS, max_size=2, unique_by=lambda each: str(each["field_name"])),
    "sort": st.lists(SORT, max_size=2),
    "filter_principal_sets": st.lists(st.sampled_from("ij"), max_size=1),
    "boosts": st.just([{"field_name": "o.x", "factor": 5}]),
}


def queries(needed: str) -> st.SearchStrategy[Document]:
    """Return query documents that have one of the members, and may have the others."""
    optional = {name: each for name, each in MEMBERS.items() if name != needed}
    documents = st.fixed_dictionaries({needed: MEMBERS[needed]}, optional=optional)
    return documents.map(lambda query: query if "q" in query or "filters" in query else {"q": "*", **query})


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), ENTRIES),
        st.tuples(st.just("put"), ENTRIES),
        st.tuples(st.just("put"), ENTRIES),
        st.tuples(st.just("remove"), st.tuples(st.sampled_from("pqr"), st.sampled_from([None, "x"]))),
    ),
    min_size=3,
    max_size=7,
)


class NaiveSearch:
    """A search that reads every entry for every question, and may have a bug."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.entries: dict[tuple[str, str | None], Entry] = {}
        self.leftovers: list[Entry] = []
        self.known_words: dict[tuple[int, str], list[str]] = {}

    def put(self, entry: Entry) -> None:
        key = entry["subject"], entry["id"]
        if self.bug == "replaced entries are found" and key in self.entries:
            self.leftovers.append(self.entries[key])
        self.entries.pop(key, None)
        self.entries[key] = entry

    def remove(self, subject: str, entry_id: str | None) -> None:
        entry = self.entries.pop((subject, entry_id), None)
        if self.bug == "removed entries are found" and entry is not None:
            self.leftovers.append(entry)

    # fields

    def values(self, entry: Entry, name: str) -> list[Any]:
        value: Any = entry["content"]
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        values = value if isinstance(value, list) else [value]
        return [comparable(name, each) for each in values if each is not None]

    def words(self, entry: Entry, name: str) -> list[str]:
        key = id(entry), name
        if key not in self.known_words:
            self.known_words[key] = self.read_words(entry, name)
        return self.known_words[key]

    def read_words(self, entry: Entry, name: str) -> list[str]:
        value: Any = entry["content"]
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        texts = [word_text(name, each) for each in (value if isinstance(value, list) else [value]) if each is not None]
        words = [word for text in texts for word in re.findall("[a-zA-Z0-9]+", text)]
        return [word.lower() for word in words]

    # conditions

    def sees(self, entry: Entry, principals: Iterable[str]) -> bool:
        seen = set(principals)
        if self.bug == "groups see nothing":
            seen.discard(GROUP)
        return bool(seen & set(entry["visible_to"]))

    def holds(self, condition: Document, entry: Entry) -> bool:
        kind = condition["type"]
        match kind:
            case "not":
                return not self.holds(condition["filter"], entry)
            case "and":
                inner = [self.holds(each, entry) for each in condition["filters"]]
                return any(inner) if self.bug == "and is or" else all(inner)
            case "or":
                return any(self.holds(each, entry) for each in condition["filters"])
            case _:
                return self.field_holds(condition, entry)

    def field_holds(self, condition: Document, entry: Entry) -> bool:
        kind = condition["type"]
        name = condition["field_name"]
        values = self.values(entry, name)
        match kind:
            case "exists":
                return bool(values)
            case "like":
                return any(re.fullmatch(".*re..*", str(each)) for each in values)
            case "range":
                (span,) = condition["values"]
                low = None if span["from"] == "*" else comparable(name, span["from"])
                high = None if span["to"] == "*" else comparable(name, span["to"])
                strict = self.bug == "ranges exclude their end"
                return any(
                    (low is None or each >= low) and (high is None or (each < high if strict else each <= high))
                    for each in values
                )
            case _:
                wanted = [comparable(name, each) in values for each in condition["values"]]
                return all(wanted) if kind == "match_all" else any(wanted)

    # relevance

    def score(self, text: str, entry: Entry, boosts: dict[str, float]) -> float | None:
        """Return the relevance of an entry; `None` if no word is in it."""
        if text == "*":
            return 0.0
        total, found, words = 0.0, 0, [word.lower() for word in re.findall("[a-zA-Z]+", text)]
        for word in words:
            parts = [(name, self.bm25(word, name, entry)) for name in FIELDS if word in self.words(entry, name)]
            total += sum(boosts.get(name, 1.0) * part for name, part in parts)
            found += bool(parts)
        needed = len(words) if self.bug == "all words are needed" else 1
        return total if found >= needed else None

    def bm25(self, word: str, name: str, entry: Entry) -> float:
        count = self.words(entry, name).count(word)
        everyone = [each for each in self.entries.values() if self.words(each, name)]
        holders = sum(word in self.words(each, name) for each in everyone)
        average = sum(len(self.words(each, name)) for each in everyone) / len(everyone)
        rarity = math.log(1 + (len(everyone) - holders + 0.5) / (holders + 0.5))
        length = len(self.words(entry, name)) / average
        return rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length))

    # queries

    def search(self, query: Document, principals: Iterable[str]) -> Document:
        principals = list(principals)
        boosts: dict[str, float] = {}
        if "sort" not in query or not query["sort"]:
            boosts = {each["field_name"]: each["factor"] for each in query.get("boosts", ())}
        everything = [*self.entries.values(), *self.leftovers]
        visible = [each for each in everything if self.sees(each, principals)]
        wanted = set(query.get("filter_principal_sets", ()))
        if wanted and self.bug != "principal sets do not filter":
            inside = set(principals)
            visible = [
                e for e in visible if any(n in wanted and inside & set(s) for n, s in e["principal_sets"].items())
            ]
        scores = {id(each): self.score(query.get("q", "*"), each, boosts) for each in visible}
        found = [each for each in visible if scores[id(each)] is not None]
        for each in query.get("filters", ()):
            if not self.is_post(each):
                found = [entry for entry in found if self.holds(each, entry)]
        hits = found
        for each in query.get("filters", ()):
            if self.is_post(each):
                hits = [entry for entry in hits if self.holds(each, entry)]
        ordered = sorted({each["subject"] for each in hits})
        best = {
            subject: max(scores[id(each)] or 0.0 for each in hits if each["subject"] == subject) for subject in ordered
        }
        for each in reversed(query.get("sort", [])):
            ordered = self.sorted(ordered, hits, each)
        return {
            "subjects": ordered,
            "scores": best,
            "facets": [self.facet(each, found) for each in query.get("facets", ())],
        }

    def is_post(self, condition: Document) -> bool:
        default = condition["type"] != "match_all" and self.bug != "filters narrow facets by default"
        return bool(condition.get("post_filter", default))

    def sorted(self, subjects: list[str], hits: list[Entry], criterion: Document) -> list[str]:
        default = "asc" if self.bug == "the order is ascending by default" else "desc"
        descending = criterion.get("order", default) == "desc"
        keys: dict[str, Any] = {}
        for each in hits:
            values = self.values(each, criterion["field_name"])
            if values:
                values += [keys[each["subject"]]] if each["subject"] in keys else []
                keys[each["subject"]] = max(values) if descending else min(values)
        present = sorted((each for each in subjects if each in keys), key=lambda each: keys[each], reverse=descending)
        missing = [each for each in subjects if each not in keys]
        return missing + present if self.bug == "missing values are first" else present + missing

    def facet(self, facet: Document, found: list[Entry]) -> Any:
        name = facet["field_name"]
        groups: dict[Any, list[Any]] = {}
        for number, each in enumerate(found):
            key = number if self.bug == "facets count entries" else each["subject"]
            groups.setdefault(key, []).extend(self.values(each, name))
        match facet["type"]:
            case "terms":
                counts = Counter(value for values in groups.values() for value in set(values))
                return sorted(counts.values(), reverse=True), dict(counts)
            case "sum":
                return sum(value for values in groups.values() for value in values)
            case "avg":
                numbers = [value for values in groups.values() for value in (values or [4])]
                return sum(numbers) / len(numbers) if numbers else None
            case "date_histogram":
                months = Counter(month for values in groups.values() for month in {each[:7] for each in values})
                return sorted(months.items())
            case _:
                low = sum(any(each < 0 for each in values) for values in groups.values())
                high = sum(any(each >= 0 for each in values) for values in groups.values())
                return [low, high]


def comparable(name: str, value: Any) -> Any:
    """Return a value as one that compares like the field: dates as texts of one form."""
    if name == "d":
        return f"{value[:10]}T{value[11:19] or '00:00:00'}.000Z"
    return value


def word_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if name == "f":
        return str(float(value))
    return str(comparable(name, value))


def shown(result: Document) -> Any:
    """Return what a facet of the emulator says, in the form of the naive search."""
    if "buckets" not in result:
        return result["value"]
    counts = [each["count"] for each in result["buckets"]]
    values = [each["value"] for each in result["buckets"]]
    if values and isinstance(values[0], dict):
        return counts
    return counts, dict(zip(values, counts, strict=True))


def compare(changes: list[tuple[str, Any]], queries: list[tuple[Document, list[str]]], bug: str = "") -> None:
    """Make changes and ask questions; both searches must respond alike."""
    state, naive = SearchState(Platform()), NaiveSearch(bug)
    state.add_index("Test", id=INDEX, owner=ADA.rpartition(":")[2])
    state.ingest(INDEX, [{"subject": "types", "content": TYPES, "visible_to": [OTHER]}])
    state.index(INDEX).data.remove("types", None)
    for kind, change in changes:
        if kind == "put":
            state.ingest(INDEX, [change])
            naive.put(change)
        else:
            state.index(INDEX).data.remove(*change)
            naive.remove(*change)
    index = state.index(INDEX).data
    assert len(index.entries) == len(naive.entries)
    for query, principals in queries:
        outcome = run(index, read_query({"limit": 100, **query}, state.limits), Viewer(frozenset(principals)))
        expected = naive.search(query, principals)
        subjects = [hit.subject for hit in outcome.hits]
        assert outcome.total == len(subjects)
        if query.get("sort"):
            assert subjects == expected["subjects"]
        else:
            assert sorted(subjects) == sorted(expected["subjects"])
            keys = [(-round(expected["scores"][each], 9), each) for each in subjects]
            assert keys == sorted(keys)
        for facet, result, wanted in zip(query.get("facets", ()), outcome.facets, expected["facets"], strict=True):
            mine = shown(result)
            if facet["type"] == "date_histogram":
                mine = [(each["value"][:7], each["count"]) for each in result["buckets"]]
            assert mine == pytest.approx(wanted) if isinstance(wanted, float) else mine == wanted


TYPES = {"t": "a", "n": 1, "f": 0.5, "d": "2020-01-01", "b": True, "o": {"x": "a"}, "tags": ["a"]}
VIEWERS: st.SearchStrategy[list[str]] = st.sampled_from(
    [["public"], ["public", "all_authenticated_users", ADA], list(PRINCIPALS)]
)


def asked(needed: str) -> st.SearchStrategy[list[tuple[Document, list[str]]]]:
    return st.lists(st.tuples(queries(needed), VIEWERS), min_size=1, max_size=3)


OPTIONS = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def test_random_queries() -> None:
    """Hits, their order, totals and facets are those of the naive search."""

    @settings(OPTIONS, max_examples=60, derandomize=True)
    @given(CHANGES, asked("q"))
    def check(changes: list[tuple[str, Any]], queries: list[tuple[Document, list[str]]]) -> None:
        compare(changes, queries)

    check()


BUGS = {
    "all words are needed": "q",
    "and is or": "filters",
    "facets count entries": "facets",
    "filters narrow facets by default": "facets",
    "groups see nothing": "q",
    "missing values are first": "sort",
    "principal sets do not filter": "filter_principal_sets",
    "ranges exclude their end": "filters",
    "removed entries are found": "q",
    "replaced entries are found": "q",
    "the order is ascending by default": "sort",
}
"""The bugs, and the member of queries that shows them."""


@pytest.mark.parametrize(("bug", "member"), BUGS.items(), ids=list(BUGS))
def test_a_bug_is_found(bug: str, member: str) -> None:
    """The comparison notices a search with a bug."""

    @seed(1)
    @settings(OPTIONS, max_examples=400, derandomize=False)
    @given(CHANGES, asked(member))
    def check(changes: list[tuple[str, Any]], queries: list[tuple[Document, list[str]]]) -> None:
        compare(changes, queries, bug)

    with pytest.raises(AssertionError):
        check()
