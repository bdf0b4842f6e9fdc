"""The members of queries: checked, and set by methods that can be chained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self, TypeAlias, cast, get_args

from ...._http.missing import MISSING, MissingType
from ....errors import GlobusSDKUsageError
from ....errors.arguments import check_bool, check_text, check_whole, checked_members, refusal
from .filters import Filter
from .lists import clause_dict, clause_dicts, filter_dicts, is_several

if TYPE_CHECKING:
    from .clauses import FieldValue

__all__ = (
    "MAX_RESULTS",
    "Clauses",
    "Query",
    "QuerySettings",
    "ResultField",
    "SizedQuery",
    "check_limit",
    "check_offset",
    "principal_set_names",
    "result_fields",
)

MAX_RESULTS: Final = 10_000
"""The number of hits that the service returns at most; `SearchClient.scroll` has no maximum."""

ResultField: TypeAlias = Literal["content", "visible_to", "principal_sets"]
"""A part of the entries of a hit."""
QuerySettings: TypeAlias = Mapping[str, object]
"""
How the text of a query is read: ``mode`` (``"query_string"``, ``"advanced_query_string"`` or ``"text_match"``),
``default_operator`` (``"and"`` or ``"or"``), and ``fuzziness``, a whole number, for ``"text_match"``.
"""
Clauses: TypeAlias = Mapping[str, object] | Iterable[Mapping[str, object]]
"""A clause, such as a `Filter`, or several."""

_MODES: Final = ("query_string", "advanced_query_string", "text_match")
_RESULT_FIELDS: Final = get_args(ResultField)


class Query(dict[str, Any]):
    """
    The members that all queries have, and the methods that set them and return the query.

    Attributes:
        allows_post_filter: Whether its filters may have a ``post_filter``.
    """

    allows_post_filter: ClassVar[bool] = False

    def __init__(
        self, members: Mapping[str, object], additional_fields: Mapping[str, object] | MissingType | None
    ) -> None:
        super().__init__()
        for name, value in members.items():
            if value is not MISSING:
                self[name] = self._checked(name, value)
        further = checked_members("additional_fields", additional_fields)
        self.update({name: value for name, value in further.items() if value is not MISSING})

    def _checked(self, name: str, value: object) -> object:
        """Return a member; raise `GlobusSDKUsageError` if it is invalid."""
        match name:
            case "q" | "marker":
                check_text(name, value)
            case "limit":
                check_limit(value)
            case "offset":
                check_offset(value)
            case "advanced" | "bypass_visible_to":
                check_bool(name, value)
            case "filters" | "post_facet_filters":
                return filter_dicts(name, value, allow_post_filter=self.allows_post_filter)
            case "facets":
                return _facets(value)
            case "boosts" | "sort":
                return clause_dicts(name, value)
            case "filter_principal_sets":
                return principal_set_names(value)
            case "q_settings":
                return _settings(value)
            case "fields":
                return result_fields(value)
            case _:
                pass
        return value

    def _set(self, name: str, value: object) -> Self:
        self[name] = self._checked(name, value)
        return self

    def _add(self, name: str, value: object) -> Self:
        return self._set(name, [*self.get(name, ()), value])

    def set_query(self, query: str) -> Self:
        """Set the text to search for."""
        return self._set("q", query)

    def set_advanced(self, advanced: bool) -> Self:
        """Set whether the text has operators and field names; an invalid text is then an error."""
        return self._set("advanced", advanced)

    def add_filter(
        self,
        field_name: str | Filter | Mapping[str, object],
        values: FieldValue | Iterable[Any] | None = None,
        *,
        type: Literal["match_all", "match_any", "range"] = "match_all",  # globus-sdk's name
        additional_fields: Mapping[str, object] | None = None,
    ) -> Self:
        """
        Add a condition on entries; all conditions must hold.

        Args:
            field_name: The field; or a `Filter`, or a dict of the same form, without further arguments.
            values: The values of the field, or ranges of values (``{"gte": 1990, "lt": 2000}``).
            type: Whether the field has all of the values, one of them, or a value in one of the ranges.
            additional_fields: Further members of the filter.
        """
        return self._add("filters", _filter(field_name, values, type, additional_fields))


class SizedQuery(Query):
    """A query whose results come in pages."""

    def set_limit(self, limit: int) -> Self:
        """Set the number of hits per page, at most 10,000."""
        return self._set("limit", limit)


def check_limit(value: object) -> None:
    """Check a number of hits per page."""
    check_whole("limit", value, maximum=MAX_RESULTS)


def check_offset(value: object) -> None:
    """Check a number of hits to skip."""
    if isinstance(value, int) and value >= MAX_RESULTS:
        raise GlobusSDKUsageError(f"offset must be below {MAX_RESULTS}, the service's maximum; scroll() has none")
    check_whole("offset", value, minimum=0)


def principal_set_names(value: object) -> list[str]:
    """Return the names of principal sets; one text is one name."""
    return _texts("filter_principal_sets", value)


def result_fields(value: object) -> list[str]:
    """Return the parts of entries to return; one text is one part."""
    fields = _texts("fields", value)
    if not all(field in _RESULT_FIELDS for field in fields):
        raise GlobusSDKUsageError(f"fields must be some of {', '.join(_RESULT_FIELDS)}")
    return fields


def _texts(name: str, value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not is_several(value):
        raise refusal(name, value, "text, or a list of texts")
    texts: list[object] = list(value)
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise refusal(name, value, "a list of texts, none of them empty")
    return cast("list[str]", texts)


def _facets(value: object) -> list[dict[str, Any]]:
    facets = clause_dicts("facets", value)
    names = [str(facet.get("name", facet.get("field_name"))) for facet in facets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise GlobusSDKUsageError(f"two facets have the name {twice!r:.80}; give each a name of its own")
    return facets


def _settings(value: object) -> dict[str, Any]:
    settings = dict(checked_members("q_settings", value))
    mode, operator = settings.get("mode"), settings.get("default_operator", "and")
    if mode not in _MODES:
        raise GlobusSDKUsageError(f"q_settings must have a mode, one of {', '.join(_MODES)}")
    if not isinstance(operator, str) or operator.lower() not in {"and", "or"}:
        raise GlobusSDKUsageError("default_operator must be 'and' or 'or'")
    if "fuzziness" in settings:
        check_whole("fuzziness", settings["fuzziness"], minimum=0)
        if mode != "text_match":
            raise GlobusSDKUsageError("fuzziness is of the mode text_match only")
    return settings


def _filter(
    field_name: str | Mapping[str, object], values: Any, kind: str, additional_fields: Mapping[str, object] | None
) -> dict[str, Any]:
    further = checked_members("additional_fields", additional_fields)
    if not isinstance(field_name, str):
        if values is not None:
            raise GlobusSDKUsageError("a filter has its values already")
        return {**clause_dict("filters", field_name), **further}
    given = tuple(values) if is_several(values) else (values,)
    match kind:
        case "match_all":
            made = Filter.match_all(field_name, *given)
        case "match_any":
            made = Filter.match_any(field_name, *given)
        case "range":
            made = Filter.range(field_name, *given)
        case _:
            raise GlobusSDKUsageError("type must be match_all, match_any or range; pass a Filter for any other")
    return {**made, **further}
