"""Scopes as values, and how they are read from text and written to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self, cast

from ..errors import GlobusSDKUsageError
from .grammar import NAME, ScopeGraph, ScopeParseError, read

__all__ = ("Scope", "ScopeParser", "Scopes")

_LONGEST_TEXT: Final = 1_000_000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scope:
    """
    A permission to ask for, with the permissions it needs in turn.

    Two scopes are equal if their texts are.

    Args:
        scope_string: Its name, such as ``"urn:globus:auth:scope:transfer.api.globus.org:all"``.
        optional: The user may decline it, or revoke it later, without losing the rest ("atomically revocable").
        dependencies: Scopes that the holder of this one needs at other services.

    Raises:
        GlobusSDKUsageError: The name is empty, or has blanks or one of ``[]*``; `Scope.parse` reads those.

    Example:
        >>> data_access = Scope("https://auth.globus.org/scopes/2c8d/data_access", optional=True)
        >>> str(Scope("transfer").with_dependency(data_access))
        'transfer[*https://auth.globus.org/scopes/2c8d/data_access]'
    """

    scope_string: str
    optional: bool = False
    dependencies: tuple[Scope, ...] = ()

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.scope_string) is None:
            raise GlobusSDKUsageError(
                f"a scope's name must have no blanks and none of '[]*', got {self.scope_string!r}; "
                "use Scope.parse to read a whole scope string"
            )
        if not all(isinstance(item, Scope) for item in cast("tuple[object, ...]", self.dependencies)):
            raise GlobusSDKUsageError("dependencies must be Scopes; use Scope.parse to make them from text")

    @classmethod
    def parse(cls, scope_string: str) -> Scope:
        """
        Read a text that holds exactly one scope, dependencies included.

        Raises:
            ScopeParseError: Not a scope string, or not exactly one; says where.
            ScopeCycleError: A scope depends on itself.

        Example:
            >>> Scope.parse("transfer[*data_access]").dependencies
            (Scope('*data_access'),)
        """
        scopes = ScopeParser.parse(scope_string)
        if len(scopes) != 1:
            raise ScopeParseError(f"exactly one scope was expected, but the text holds {len(scopes)}")
        return scopes[0]

    @classmethod
    def merge(cls, *scopes: Scope) -> list[Scope]:
        """
        Put scopes together so that each is there once, with all of its dependencies.

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
        """Return this scope as an optional or as a required one."""
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
    """Between scope strings and `Scope` values."""

    @classmethod
    def parse(cls, scope_string: str) -> list[Scope]:
        """
        Read a scope string of any number of scopes.

        What is said of a scope in several places is put together: ``a[b] b[c]`` is ``a[b[c]] b[c]``.

        Args:
            scope_string: Scopes, separated by blanks; dependencies in brackets, ``*`` before an optional one.

        Returns:
            The scopes in the order of the text, each once.

        Raises:
            ScopeParseError: Not a scope string, or one whose scopes, written out, would exceed 1,000,000 characters.
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
        """Put two lists of scopes together so that each scope is there once, with all of its dependencies."""
        return Scope.merge(*scopes_a, *scopes_b)

    @classmethod
    def serialize(cls, scopes: Scopes, *, reject_empty: bool = True) -> str:
        """
        Write scopes as the one text that Globus Auth takes. Nothing is parsed or merged.

        Args:
            scopes: A scope, a scope string, or any number of them.
            reject_empty: Whether no scope at all is a mistake.

        Raises:
            GlobusSDKUsageError: No scope, or something that is neither text nor a scope.

        Example:
            >>> ScopeParser.serialize([Scope("openid"), "profile email"])
            'openid profile email'
        """
        given = (scopes,) if isinstance(scopes, (str, Scope)) else tuple(scopes)
        if not all(isinstance(scope, (str, Scope)) for scope in cast("tuple[object, ...]", given)):
            raise GlobusSDKUsageError("scopes must be text or Scope values")
        text = " ".join(map(str, given))
        if reject_empty and not text.strip():
            raise GlobusSDKUsageError("no scope was given; pass at least one, such as TransferScopes.all")
        return text


def _refuse_explosion(graph: ScopeGraph) -> None:
    """Refuse a short text that stands for an endless one: each of n names may double what the one before it says."""
    length: dict[str, int] = {}
    for name in graph.order:
        inside = sum(length[child] + 1 + optional for child, optional in graph.dependencies[name].items())
        length[name] = min(len(name) + inside + (inside > 0), _LONGEST_TEXT + 1)
    if sum(length[name] + 1 for name, _ in graph.roots) > _LONGEST_TEXT:
        raise ScopeParseError(f"the scopes, written out, would be longer than {_LONGEST_TEXT:,} characters")
