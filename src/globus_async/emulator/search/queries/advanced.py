"""Advanced queries: fields, phrases, ranges, wildcards, regular expressions and Boolean operators."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from ..content import field_path
from ..errors import SearchError
from ..text import tokens
from .coercion import coerce
from .filters import Exists, Interval
from .phrases import score_phrase
from .regular_expressions import InvalidExpression, RegularExpression
from .wildcards import Wildcard
from .words import all_entries, combine, matching_words, score_word, similar_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..inverted_index import InvertedIndex
    from ..values import Scalar
    from .budget import Budget
    from .words import Scores

__all__ = ("score_advanced",)

_MAX_DEPTH: Final = 50
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL: Final = re.compile(r"(?<!\\)(?:\\\\)*[*?]")
_SIGNS: Final = re.compile(r'"(?:\\.|[^"\\])*"|/(?:\\.|[^/\\])*/|\\.|(?P<sign>&&|\|\||(?<![^\s(])!(?=\S))', re.DOTALL)
_SIGN_WORDS: Final = {"&&": " AND ", "||": " OR ", "!": " NOT "}


def score_advanced(
    index: InvertedIndex, text: str, *, all_of: bool, boosts: Mapping[str, float], budget: Budget
) -> Scores:
    """
    Return the entries that an advanced query finds.

    Args:
        index: The index.
        text: The query.
        all_of: Words without an operator between them are all needed.
        boosts: Factors of the relevance by field.
        budget: The work that the query may do.

    Raises:
        SearchError: 400, the text is no query; 504, the query takes too long.
    """
    # optional, and slow to import
    from luqum import exceptions, thread  # type: ignore[import-untyped]  # noqa: PLC0415

    parser, errors = cast("Any", thread), cast("Any", exceptions)
    try:
        tree = parser.parse(_SIGNS.sub(lambda found: _SIGN_WORDS.get(found["sign"], found[0]), text))
    except errors.ParseError as error:
        _refuse(str(error))
    return _Evaluation(index, boosts, budget, all_of=all_of).scores(tree, None, 0)


def _refuse(message: str) -> NoReturn:
    raise SearchError(
        400,
        "BadRequest.Generic",
        f"The advanced query could not be parsed: {message}",
        error_data={
            "cause": "The text of the query is not one of the advanced syntax.",
            "recommended_resolution": "Correct the text, or send it without the advanced syntax.",
        },
    )


class _Evaluation:
    def __init__(self, index: InvertedIndex, boosts: Mapping[str, float], budget: Budget, *, all_of: bool) -> None:
        self._index = index
        self._boosts = boosts
        self._budget = budget
        self._all_of = all_of
        self._methods: Mapping[str, Callable[[Any, Sequence[str] | None, int], Scores]] = {
            "Word": self._word,
            "Phrase": lambda node, paths, _: self._phrase(node, paths, 0),
            "Proximity": lambda node, paths, _: self._phrase(node.term, paths, min(int(node.degree or 0), 1000)),
            "Regex": self._regex,
            "Fuzzy": self._fuzzy,
            "Range": self._range,
            "From": lambda node, paths, _: self._ends(paths, node.a, None, node.include, True),
            "To": lambda node, paths, _: self._ends(paths, None, node.a, True, node.include),
            "SearchField": self._field,
            "Group": lambda node, paths, depth: self.scores(node.expr, paths, depth),
            "FieldGroup": lambda node, paths, depth: self.scores(node.expr, paths, depth),
            "Boost": self._boost,
            "AndOperation": lambda node, paths, depth: combine(self._all(node, paths, depth), all_of=True),
            "OrOperation": lambda node, paths, depth: combine(self._all(node, paths, depth), all_of=False),
            "UnknownOperation": self._implicit,
            "BoolOperation": self._implicit,
            "Plus": lambda node, paths, depth: self.scores(node.a, paths, depth),
            "Not": self._not,
            "Prohibit": self._not,
        }

    def scores(self, node: Any, paths: Sequence[str] | None, depth: int) -> Scores:
        """
        Return the entries that a part of a query finds.

        Args:
            node: The part.
            paths: The fields it is about; all by default.
            depth: How deep it is nested.
        """
        if depth > _MAX_DEPTH:
            _refuse(f"it is nested more than {_MAX_DEPTH} levels deep")
        method = self._methods.get(type(node).__name__)
        if method is None:
            _refuse("it has a part that is not known")
        self._budget.spend(1 + len(self._index.entries) // 10)
        return method(node, paths, depth + 1)

    def _all(self, node: Any, paths: Sequence[str] | None, depth: int) -> list[Scores]:
        return [self.scores(each, paths, depth) for each in node.operands]

    # operators

    def _not(self, node: Any, paths: Sequence[str] | None, depth: int) -> Scores:
        excluded = self.scores(node.a, paths, depth)
        return {number: 1.0 for number in self._index.entries if number not in excluded}

    def _implicit(self, node: Any, paths: Sequence[str] | None, depth: int) -> Scores:
        """Return the entries with all required parts, without prohibited ones, and with any or all of the others."""
        required: list[Scores] = []
        optional: list[Scores] = []
        excluded: set[int] = set()
        for each in node.operands:
            kind = type(each).__name__
            if kind in {"Not", "Prohibit"}:
                excluded |= self.scores(each.a, paths, depth + 1).keys()
            elif kind == "Plus" or self._all_of:
                required.append(self.scores(each, paths, depth))
            else:
                optional.append(self.scores(each, paths, depth))
        if required:
            found = combine(required, all_of=True)
            for part in optional:
                found = {number: score + part.get(number, 0.0) for number, score in found.items()}
        else:
            found = combine(optional, all_of=False) if optional else all_entries(self._index)
        return {number: score for number, score in found.items() if number not in excluded}

    def _boost(self, node: Any, paths: Sequence[str] | None, depth: int) -> Scores:
        factor = 1.0 if node.force is None else float(node.force)
        if not math.isfinite(factor) or factor < 0:
            _refuse("a boost must be a number of at least 0")
        return {number: score * factor for number, score in self.scores(node.expr, paths, depth).items()}

    def _field(self, node: Any, paths: Sequence[str] | None, depth: int) -> Scores:
        if paths is not None:
            _refuse("a field within a field")
        if node.name == "_exists_":
            return dict.fromkeys(
                Exists(field_path(_unescaped(str(node.expr)).strip())).entries(self._index, self._budget), 1.0
            )
        name = node.name.replace("\\*", "*")
        if name == "*":
            return self.scores(node.expr, None, depth)
        if "*" in name:
            pattern = Wildcard(name)
            return self.scores(node.expr, [path for path in self._index.fields if pattern.matches(path)], depth)
        path = field_path(name)
        if type(node.expr).__name__ == "Word" and node.expr.value == "*":
            return dict.fromkeys(Exists(path).entries(self._index, self._budget), 1.0)
        return self.scores(node.expr, [path], depth)

    # terms

    def _word(self, node: Any, paths: Sequence[str] | None, _depth: int) -> Scores:
        value: str = node.value
        if value == "*":
            if paths is None:
                return all_entries(self._index)
            return combine(
                (dict.fromkeys(Exists(path).entries(self._index, self._budget), 1.0) for path in paths), all_of=False
            )
        if _SPECIAL.search(value):
            pattern = Wildcard(value.lower())
            return self._matching(paths, pattern.matches)
        return self._text(_unescaped(value), paths)

    def _text(self, text: str, paths: Sequence[str] | None) -> Scores:
        words = tokens(text)
        if paths is None:
            return combine((score_word(self._index, word, self._boosts) for word in words), all_of=self._all_of)
        parts: list[Scores] = []
        for path in paths:
            field = self._index.fields.get(path)
            if field is not None and field.kind == "string":
                scores = (score_word(self._index, word, self._boosts, [path]) for word in words)
                parts.append(combine(scores, all_of=self._all_of))
            elif field is not None:
                value = coerce(field.kind, text)
                parts.append({} if value is None else dict.fromkeys(field.exact.get(value, ()), 1.0))
        return combine(parts, all_of=False)

    def _phrase(self, node: Any, paths: Sequence[str] | None, slop: int) -> Scores:
        text = _unescaped(node.value[1:-1])
        words = tokens(text)
        parts: list[Scores] = []
        for path in self._index.fields if paths is None else paths:
            field = self._index.fields.get(path)
            if field is not None and (field.kind == "string" or paths is None):
                parts.append(
                    score_phrase(self._index, path, words, slop=slop, boosts=self._boosts, budget=self._budget)
                )
            elif field is not None:
                parts.append(self._text(text, [path]))
        return combine(parts, all_of=False)

    def _regex(self, node: Any, paths: Sequence[str] | None, _depth: int) -> Scores:
        try:
            expression = RegularExpression(node.value[1:-1], self._budget)
        except InvalidExpression as error:
            _refuse(str(error))
        return self._matching(paths, expression.matches)

    def _fuzzy(self, node: Any, paths: Sequence[str] | None, _depth: int) -> Scores:
        parts: list[Scores] = []
        for word in tokens(_unescaped(node.term.value)):
            degree = 0 if node.degree is None else float(node.degree)
            # without a distance, longer words may differ more
            usual = (len(word) > 2) + (len(word) > 5)
            distance = min(int(degree), 2) if degree >= 1 else usual
            similar = similar_words(self._index, word, distance, self._budget)
            parts.append(matching_words(self._index, similar, self._boosts, paths))
        return combine(parts, all_of=self._all_of)

    def _matching(self, paths: Sequence[str] | None, matches: Callable[[str], bool]) -> Scores:
        """Return the entries with a word that satisfies a test."""
        found: Scores = {}
        for word in self._vocabulary(paths):
            self._budget.spend(1 + len(word) // 16)
            if matches(word):
                for number in score_word(self._index, word, {}, paths):
                    found[number] = 1.0
        return found

    def _vocabulary(self, paths: Sequence[str] | None) -> Iterable[str]:
        if paths is None:
            return self._index.fields_of_word
        fields = (self._index.fields.get(path) for path in paths)
        return dict.fromkeys(word for field in fields if field is not None for word in field.words)

    def _range(self, node: Any, paths: Sequence[str] | None, _depth: int) -> Scores:
        return self._ends(paths, node.low, node.high, node.include_low, node.include_high)

    def _ends(self, paths: Sequence[str] | None, low: Any, high: Any, with_low: bool, with_high: bool) -> Scores:
        interval = Interval(_end(low), _end(high), with_low, with_high)
        found: Scores = {}
        for path in self._index.fields if paths is None else paths:
            field = self._index.fields.get(path)
            if field is not None:
                self._budget.spend(len(field.exact))
                for value in interval.values(field):
                    found |= dict.fromkeys(field.exact[value], 1.0)
        return found


def _end(node: Any) -> Scalar | None:
    """Return an end of a range; `None` if it is open."""
    if node is None or node.value == "*":
        return None
    text: str = node.value
    return _unescaped(text[1:-1] if text.startswith('"') else text)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)
