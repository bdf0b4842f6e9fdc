"""The documents of queries, in their dialects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from ...kit.fields import BOOLEAN, FieldType, integer
from ..content import field_path
from ..validation import NUMBER, PATH, TEXT, Members, Problems, limited_text, one_of
from ..values import parse_date
from .facets import Average, DateHistogram, DistinctCount, NumericHistogram, Sum, Terms
from .filter_documents import read_filters, read_path

if TYPE_CHECKING:
    from ..models import Limits
    from .facets import Facet
    from .filters import Filter

__all__ = ("Query", "Sort", "TextQuery", "read_delete_query", "read_query", "read_scroll")

_OLD: Final = "2017-09-01"
_SHOWN: Final = ("visible_to", "principal_sets", "content")


@dataclass(frozen=True, slots=True)
class TextQuery:
    """The words of a query."""

    text: str
    mode: Literal["query_string", "advanced_query_string", "text_match"] = "query_string"
    all_of: bool = False
    """Whether all words are needed."""
    fuzziness: int = 0


@dataclass(frozen=True, slots=True)
class Sort:
    """A criterion of the order of hits."""

    path: str
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """A query of any kind."""

    text: TextQuery | None = None
    filters: tuple[Filter, ...] = ()
    """Those that narrow the hits and the facets."""
    hit_filters: tuple[Filter, ...] = ()
    """Those that narrow the hits only."""
    facets: tuple[Facet, ...] = ()
    boosts: Mapping[str, float] = field(default_factory=dict[str, float])
    sort: tuple[Sort, ...] = ()
    offset: int = 0
    limit: int = 10
    bypass_visible_to: bool = False
    principal_sets: tuple[str, ...] = ()
    fields: frozenset[str] | None = None
    """The members of entries that are shown; content only by default."""
    marker: str | None = None


def read_query(document: Mapping[str, object], limits: Limits, *, location: str = "json") -> Query:
    """
    Return the query of a document.

    Raises:
        SearchError: 400, with all problems of the document.
    """
    problems = Problems(location)
    members = Members(document, problems)
    is_old = _dialect(members, "query#1.0.0")
    names = {"q", "limit", "offset", "advanced", "bypass_visible_to", "filter_principal_sets", "filters"}
    names |= {"facets", "boosts", "sort"}
    if not is_old:
        names |= {"post_facet_filters", "fields", "q_settings"}
    elif location == "query":
        names |= {"fields"}
    members.refuse_unknown(names)
    filters, hit_filters = _filters(members, is_old=is_old)
    if not is_old:
        hit_filters += tuple(each for each, _ in read_filters(members, "post_facet_filters"))
    facets = _facets(members, is_old=is_old)
    query = Query(
        text=_text(members, limits, has_filters=bool(filters or hit_filters), is_old=is_old),
        filters=filters,
        hit_filters=hit_filters,
        facets=facets,
        boosts=_boosts(members),
        sort=_sort(members),
        offset=members.optional("offset", integer(minimum=0), 0),
        limit=members.optional("limit", integer(minimum=0, maximum=limits.results), 10),
        bypass_visible_to=members.optional("bypass_visible_to", BOOLEAN, default=False),
        principal_sets=_principal_sets(members),
        fields=_fields(members),
    )
    if query.offset + query.limit > limits.results:
        members.report("offset", f"The sum of offset and limit must be at most {limits.results}: use scroll.")
    problems.check()
    return query


def read_scroll(document: Mapping[str, object], limits: Limits) -> Query:
    """
    Return the query of a scroll document.

    Raises:
        SearchError: 400, with all problems of the document.
    """
    problems = Problems()
    members = Members(document, problems)
    is_old = _dialect(members, "scroll#1.0.0")
    names = {"q", "limit", "advanced", "bypass_visible_to", "filter_principal_sets", "filters", "marker"}
    members.refuse_unknown(names if is_old else names | {"q_settings", "fields"})
    filters, hit_filters = _filters(members, is_old=is_old)
    query = Query(
        text=_text(members, limits, has_filters=bool(filters or hit_filters), is_old=is_old),
        filters=filters + hit_filters,
        limit=members.optional("limit", integer(minimum=1, maximum=limits.results), 10),
        bypass_visible_to=members.optional("bypass_visible_to", BOOLEAN, default=False),
        principal_sets=_principal_sets(members),
        fields=_fields(members),
        marker=members.optional("marker", TEXT, None),
    )
    problems.check()
    return query


def read_delete_query(document: Mapping[str, object], limits: Limits) -> Query:
    """
    Return the query of a deletion; members that only matter for results are ignored.

    Raises:
        SearchError: 400, with all problems of the document.
    """
    problems = Problems()
    members = Members(document, problems)
    is_old = _dialect(members, "delete_by_query#1.0.0")
    ignored = {"boosts", "sort", "limit", "offset", "facets", "filter_principal_sets"} if is_old else set[str]()
    names = {"q", "advanced", "bypass_visible_to", "filters", *ignored}
    members.refuse_unknown(names if is_old else names | {"q_settings"})
    filters, hit_filters = _filters(members, is_old=is_old)
    query = Query(
        text=_text(members, limits, has_filters=bool(filters or hit_filters), is_old=is_old),
        filters=filters + hit_filters,
        bypass_visible_to=members.optional("bypass_visible_to", BOOLEAN, default=False),
    )
    problems.check()
    return query


def _dialect(members: Members, new: str) -> bool:
    """Return whether a document is one of the old dialect, which is the one of documents that name none."""
    return members.optional("@version", one_of(_OLD, new), _OLD) == _OLD


def _filters(members: Members, *, is_old: bool) -> tuple[tuple[Filter, ...], tuple[Filter, ...]]:
    """Return the filters that narrow hits and facets, and those that narrow hits only."""
    read = read_filters(members, "filters", with_post_filter=is_old)
    return tuple(each for each, post in read if not post), tuple(each for each, post in read if post)


def _text(members: Members, limits: Limits, *, has_filters: bool, is_old: bool) -> TextQuery | None:
    text = members.optional("q", limited_text(limits.query_length), None)
    advanced = members.optional("advanced", BOOLEAN, default=False)
    settings = None if is_old else members.child("q_settings")
    mode, all_of, fuzziness = "advanced_query_string" if advanced else "query_string", False, 0
    if settings is not None:
        settings.refuse_unknown({"mode", "default_operator", "fuzziness"})
        mode = settings.optional("mode", _MODE, mode)
        all_of = settings.optional("default_operator", _OPERATOR, "or").lower() == "and"
        fuzziness = settings.optional("fuzziness", integer(minimum=0, maximum=1), 0)
        if fuzziness and mode != "text_match":
            settings.report("fuzziness", "Only the mode text_match has a fuzziness.")
    if not text:
        if not has_filters:
            members.report("q", "A query must have a text or filters.")
        return None
    return TextQuery(text, mode, all_of, fuzziness)  # type: ignore[arg-type]  # one of these modes


_MODE: Final = one_of("query_string", "advanced_query_string", "text_match")
_OPERATOR: Final = one_of("and", "or", "AND", "OR")


def _principal_sets(members: Members) -> tuple[str, ...]:
    return members.listed("filter_principal_sets", TEXT)


def _fields(members: Members) -> frozenset[str] | None:
    return frozenset(members.listed("fields", one_of(*_SHOWN))) if "fields" in members else None


def _boosts(members: Members) -> dict[str, float]:
    boosts: dict[str, float] = {}
    for each in members.children("boosts"):
        each.refuse_unknown({"field_name", "factor"})
        boosts[read_path(each)] = each.required("factor", _FACTOR, 1.0)
    return boosts


def _not_negative(value: object) -> float:
    number = NUMBER.convert(value)
    if number < 0:
        raise ValueError(value)
    return number


_FACTOR: Final = FieldType("a number of at least 0", _not_negative)


def _sort(members: Members) -> tuple[Sort, ...]:
    criteria: list[Sort] = []
    for each in members.children("sort"):
        each.refuse_unknown({"field_name", "order"})
        criteria.append(Sort(read_path(each), each.optional("order", _ORDER, "desc") == "desc"))
    return tuple(criteria)


_ORDER: Final = one_of("asc", "desc")


def _facets(members: Members, *, is_old: bool) -> tuple[Facet, ...]:
    facets: list[Facet] = []
    taken: set[str] = set()
    for each in members.children("facets"):
        facet = _facet(each, is_old=is_old)
        if facet is not None:
            if facet.name in taken:
                each.report("name", "Each facet must have a name of its own.")
            taken.add(facet.name)
            facets.append(facet)
    return tuple(facets)


_INTERVALS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_FACET_MEMBERS: Final = {
    "terms": ("size",),
    "date_histogram": ("date_interval", "histogram_range"),
    "numeric_histogram": ("size", "histogram_range"),
    "sum": ("missing",),
    "avg": ("missing",),
    "distinct_count": (),
}
_SIZE: Final = integer(minimum=1, maximum=10_000)


def _facet(members: Members, *, is_old: bool) -> Facet | None:
    kinds = [kind for kind in _FACET_MEMBERS if not (is_old and kind == "distinct_count")]
    kind = members.required("type", one_of(*kinds), "")
    if not kind:
        return None
    common = {"name", "type", "field_name", *([] if is_old else ["additional_filters"])}
    members.refuse_unknown({*common, *_FACET_MEMBERS[kind]})
    name = members.optional("name", TEXT, None) or members.required("field_name", PATH, "")
    path = field_path(members.required("field_name", PATH, "")) if "name" in members else field_path(name)
    filters = () if is_old else tuple(each for each, _ in read_filters(members, "additional_filters"))
    match kind:
        case "terms":
            return Terms(name, path, filters, members.optional("size", _SIZE, 10))
        case "date_histogram":
            interval = members.required("date_interval", one_of(*_INTERVALS), "day")
            low, high = _span(members, _MOMENT, None)
            return DateHistogram(name, path, filters, interval, low, high)
        case "numeric_histogram":
            size = members.required("size", _SIZE, 1)
            low_end, high_end = _span(members, NUMBER, 0.0, required=True)
            if not low_end < high_end and "histogram_range" in members:
                members.report("histogram_range", "The low end must be less than the high end.")
            return NumericHistogram(name, path, filters, size, low_end, high_end)
        case "sum":
            return Sum(name, path, filters, members.optional("missing", NUMBER, None))
        case "avg":
            return Average(name, path, filters, members.optional("missing", NUMBER, None))
        case _:
            return DistinctCount(name, path, filters)


def _span(members: Members, type: FieldType[Any], fallback: Any, *, required: bool = False) -> tuple[Any, Any]:
    """Return both ends of the range of a histogram."""
    span = members.child("histogram_range", required=required)
    if span is None:
        return fallback, fallback
    span.refuse_unknown({"low", "high"})
    return span.required("low", type, fallback), span.required("high", type, fallback)


def _moment(value: object) -> int:
    moment = parse_date(value) if isinstance(value, str) else None
    if moment is None:
        raise ValueError(value)
    return moment


_MOMENT: Final = FieldType("a date in one of the known formats", _moment)
