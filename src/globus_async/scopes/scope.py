"""Scopes as values, parsed from scope strings and serialized to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self, cast

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_bool, check_text, check_type
from .grammar import NAME, ScopeGraph, ScopeParseError, read

__all__ = ("Scope", "ScopeParser", "Scopes")

_MAX_TEXT: Final = 1_000_000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scope:
    """
    A scope with its dependencies.

    Two scopes are equal if their scope strings are.

    Args:
        scope_string: The name, such as ``"urn:globus:auth:scope:transfer.api.globus.org:all"``.
        optional: Whether the user may decline or revoke it without losing the others ("atomically revocable").
        dependencies: The scopes that the service of this scope needs at other services.

    Raises:
        GlobusSDKUsageError: The name is empty, or has spaces or one of ``[]*``; use `Scope.parse` for scope strings.

    Example:
        >>> data_access = Scope("https://auth.globus.org/scopes/2c8d/data_access", optional=True)
        >>> str(Scope("transfer").with_dependency(data_access))
        'transfer[*https://auth.globus.org/scopes/2c8d/data_access]'
    """

    scope_string: str
    optional: bool = False
    dependencies: tuple[Scope, ...] = ()

    def __post_init__(self) -> None:
        check_text("scope_string", self.scope_string)
        check_bool("optional", self.optional)
        check_type("dependencies", self.dependencies, tuple, "a tuple of Scope values")
        if NAME.fullmatch(self.scope_string) is None:
            raise GlobusSDKUsageError(
                f"the name of a scope must not have spaces or any of '[]*', got {self.scope_string!r}; "
                "use Scope.parse for a scope string"
            )
        if not all(isinstance(item, Scope) for item in cast("tuple[object, ...]", self.dependencies)):
            raise GlobusSDKUsageError("dependencies must be Scope values; use Scope.parse for scope strings")

    @classmethod
    def parse(cls, scope_string: str) -> Scope:
        """
        Parse a scope string with exactly one scope, dependencies included.

        Raises:
            ScopeParseError: Not a scope string, or not exactly one scope; the message has the position.
            ScopeCycleError: A scope depends on itself.

        Example:
            >>> Scope.parse("transfer[*data_access]").dependencies
            (Scope('*data_access'),)
        """
        scopes = ScopeParser.parse(scope_string)
        if len(scopes) != 1:
            raise ScopeParseError(f"exactly one scope was expected, but the scope string has {len(scopes)}")
        return scopes[0]

    @classmethod
    def merge(cls, *scopes: Scope) -> list[Scope]:
        """
        Merge scopes, so that each is there once with all of its dependencies.

        Example:
            >>> Scope.merge(Scope.parse("a[b]"), Scope.parse("a[c]"))
            [Scope('a[b c]')]
        """
        return ScopeParser.parse(" ".join(map(str, scopes)))

    def with_dependency(self, other_scope: Scope) -> Self:
        """Return this scope with one more dependency."""
        return replace(self, dependencies=(*self.dependencies, other_scope))

    def with_dependencies(self, other_scopes: Iterable[Scope]) -> Self:
        """Return this scope with more dependencies."""
        return replace(self, dependencies=(*self.dependencies, *other_scopes))

    def with_optional(self, optional: bool) -> Self:
        """Return this scope, made optional or required."""
        return replace(self, optional=optional)

    def __str__(self) -> str:
        parts: list[str] = []
        pending: list[Scope | str] = [self]
        while pending:
            item = pending.pop()
            if isinstance(item, str):
                parts.append(item)
                continue
            parts.append(f"*{item.scope_string}" if item.optional else item.scope_string)
            if item.dependencies:
                pending.append("]")
                for dependency in reversed(item.dependencies):
                    pending += (dependency, " ")
                pending[-1] = "["
        return "".join(parts)

    def __repr__(self) -> str:
        return f"Scope({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scope):
            return NotImplemented
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


Scopes = str | Scope | Iterable[str | Scope]
"""A scope, a scope string, or an iterable of both."""


class ScopeParser:
    """Converts scope strings to `Scope` values and back."""

    @classmethod
    def parse(cls, scope_string: str) -> list[Scope]:
        """
        Parse a scope string with any number of scopes.

        Dependencies of a scope that occurs several times are merged: ``a[b] b[c]`` is ``a[b[c]] b[c]``.

        Args:
            scope_string: Scopes, separated by spaces; dependencies in brackets, ``*`` before an optional one.

        Returns:
            The scopes in the order of the text, without duplicates.

        Raises:
            ScopeParseError: Not a scope string, or one whose scopes, serialized, would exceed 1,000,000 characters.
            ScopeCycleError: A scope depends on itself.

        Example:
            >>> ScopeParser.parse("openid transfer[*data_access]")
            [Scope('openid'), Scope('transfer[*data_access]')]
        """
        graph = read(scope_string)
        _refuse_explosion(graph)
        built: dict[str, tuple[Scope, ...]] = {}
        for name in graph.order:
            built[name] = tuple(
                Scope(child, optional, built[child]) for child, optional in graph.dependencies[name].items()
            )
        return [Scope(name, optional, built[name]) for name, optional in graph.roots]

    @classmethod
    def merge_scopes(cls, scopes_a: Iterable[Scope], scopes_b: Iterable[Scope]) -> list[Scope]:
        """Merge two lists of scopes, so that each scope is there once with all of its dependencies."""
        return Scope.merge(*scopes_a, *scopes_b)

    @classmethod
    def serialize(cls, scopes: Scopes, *, reject_empty: bool = True) -> str:
        """
        Serialize scopes as one scope string. They are neither parsed nor merged.

        Args:
            scopes: A scope, a scope string, or an iterable of both.
            reject_empty: Whether to refuse an empty result.

        Raises:
            GlobusSDKUsageError: There is no scope, or a value that is neither a string nor a scope.

        Example:
            >>> ScopeParser.serialize([Scope("openid"), "profile email"])
            'openid profile email'
        """
        check_type("scopes", scopes, str | Scope | Iterable, "a scope, a scope string, or an iterable of both")
        values = (scopes,) if isinstance(scopes, (str, Scope)) else tuple(scopes)
        if not all(isinstance(scope, (str, Scope)) for scope in cast("tuple[object, ...]", values)):
            raise GlobusSDKUsageError("scopes must be strings or Scope values")
        text = " ".join(map(str, values))
        if reject_empty and not text.strip():
            raise GlobusSDKUsageError("there is no scope; pass at least one, such as TransferScopes.all")
        return text


def _refuse_explosion(graph: ScopeGraph) -> None:
    """Refuse a short string whose scopes are too long when serialized: each of n names can double the length."""
    length: dict[str, int] = {}
    for name in graph.order:
        inside = sum(length[child] + 1 + optional for child, optional in graph.dependencies[name].items())
        length[name] = min(len(name) + inside + (inside > 0), _MAX_TEXT + 1)
    if sum(length[name] + 1 for name, _ in graph.roots) > _MAX_TEXT:
        raise ScopeParseError(f"the scopes, serialized, would be longer than {_MAX_TEXT:,} characters")
