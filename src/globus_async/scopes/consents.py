"""Consents of users to clients, and whether they grant the scopes that an application needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from ..errors import GlobusError
from .scope import Scope, ScopeParser, Scopes

__all__ = ("Consent", "ConsentForest", "ConsentParseError", "ConsentTree", "ConsentTreeConstructionError")


class ConsentParseError(GlobusError, ValueError):
    """
    A consent document lacks a member, or has one of the wrong type.

    Attributes:
        raw_consent: The document.
    """

    def __init__(self, message: str, raw_consent: Mapping[str, Any]) -> None:
        super().__init__(message, raw_consent)
        self.message = message
        self.raw_consent = raw_consent

    def __str__(self) -> str:
        return self.message


class ConsentTreeConstructionError(GlobusError, ValueError):
    """
    The consents do not form trees: one is duplicated, or its parent is missing.

    Attributes:
        consents: The consents.
    """

    def __init__(self, message: str, consents: list[Consent]) -> None:
        super().__init__(message, consents)
        self.message = message
        self.consents = consents

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Consent:
    """
    A user's consent for a client to use a scope, for itself or as a dependency of other consents.

    Attributes:
        dependency_path: The ids of the consents from the direct one to this one.
    """

    client: str
    scope: str
    scope_name: str
    id: int
    effective_identity: str
    dependency_path: tuple[int, ...]
    created: datetime
    updated: datetime
    last_used: datetime
    status: str
    allows_refresh: bool
    auto_approved: bool
    atomically_revocable: bool

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Consent:
        """
        Read a consent document.

        Raises:
            ConsentParseError: A member is missing or has the wrong type.
        """
        try:
            consent = cls(
                client=str(data["client"]),
                scope=str(data["scope"]),
                scope_name=str(data["scope_name"]),
                id=int(data["id"]),
                effective_identity=str(data["effective_identity"]),
                dependency_path=tuple(int(step) for step in data["dependency_path"]),
                created=datetime.fromisoformat(data["created"]),
                updated=datetime.fromisoformat(data["updated"]),
                last_used=datetime.fromisoformat(data["last_used"]),
                status=str(data["status"]),
                allows_refresh=bool(data["allows_refresh"]),
                auto_approved=bool(data["auto_approved"]),
                atomically_revocable=bool(data["atomically_revocable"]),
            )
        except KeyError as error:
            why = f"a consent has no {error.args[0]!r}"
        except (TypeError, ValueError) as error:
            why = f"a member of a consent has the wrong type: {error}"
        else:
            if consent.dependency_path and consent.dependency_path[-1] == consent.id:
                return consent
            why = "a consent's dependency_path does not end with its own id"
        raise ConsentParseError(why, dict(data))

    def __str__(self) -> str:
        return f"Consent [{self.id}]: Client [{self.client}] -> Scope [{self.scope_name}]"


class _Graph:
    """Consents and their dependencies."""

    def __init__(self, nodes: Iterable[Consent], edges: Mapping[int, set[int]]) -> None:
        self.nodes: list[Consent] = list(nodes)
        self.edges: dict[int, set[int]] = {node.id: edges[node.id] for node in self.nodes}
        self._by_id = {node.id: node for node in self.nodes}

    def get_node(self, consent_id: int) -> Consent:
        """
        Return one consent.

        Raises:
            KeyError: There is no consent with this id.
        """
        return self._by_id[consent_id]

    def _holders(self, scope: Scope) -> set[int]:
        """Return the ids of the consents that grant a scope with all of its dependencies."""
        ids: dict[str, list[int]] = {}
        for node in self.nodes:
            ids.setdefault(node.scope_name, []).append(node.id)
        order, pending = list[Scope](), [scope]
        while pending:
            order.append(pending.pop())
            pending += order[-1].dependencies
        found: dict[int, set[int]] = {}
        for part in reversed(order):
            below = [found[id(dependency)] for dependency in part.dependencies]
            found[id(part)] = {
                consent_id
                for consent_id in ids.get(part.scope_string, ())
                if not any(self.edges[consent_id].isdisjoint(holders) for holders in below)
            }
        return found[id(scope)]


class ConsentTree(_Graph):
    """
    A direct consent to a client, with all consents that depend on it.

    Args:
        root_id: The id of the direct consent.
        forest: The forest that has the consents.
    """

    def __init__(self, root_id: int, forest: ConsentForest) -> None:
        self.root: Consent = forest.get_node(root_id)
        reached = [root_id]
        for consent_id in reached:
            reached += sorted(forest.edges[consent_id])
        super().__init__(map(forest.get_node, reached), forest.edges)

    @property
    def max_depth(self) -> int:
        """The number of consents on the longest path."""
        return max(self._depths().values())

    def meets_scope_requirements(self, scope: Scope) -> bool:
        """Tell whether this tree grants a scope with all of its dependencies."""
        return self.root.id in self._holders(scope)

    def _depths(self) -> dict[int, int]:
        depths = {self.root.id: 1}
        for node in self.nodes:
            depths.update(dict.fromkeys(self.edges[node.id], depths[node.id] + 1))
        return depths

    def __str__(self) -> str:
        depths = self._depths()
        lines, pending = list[str](), [self.root.id]
        while pending:
            consent_id = pending.pop()
            lines.append(f"{'  ' * (depths[consent_id] - 1)} - {self._by_id[consent_id]}")
            pending += sorted(self.edges[consent_id], reverse=True)
        return "\n".join(lines)


class ConsentForest(_Graph):
    """
    All consents of a user, as trees whose roots are the direct consents to clients.

    Args:
        consents: Consents, or the documents `AuthClient.get_consents` returns.

    Raises:
        ConsentParseError: A document lacks a member.
        ConsentTreeConstructionError: The consents do not form trees.

    Example:
        >>> forest = (await ac.get_consents(identity_id)).to_forest()
        >>> forest.meets_scope_requirements("openid profile"), forest.meets_scope_requirements(TransferScopes.all)
        (True, False)
    """

    def __init__(self, consents: Iterable[Mapping[str, Any] | Consent]) -> None:
        nodes = [item if isinstance(item, Consent) else Consent.load(item) for item in consents]
        edges: dict[int, set[int]] = {node.id: set() for node in nodes}
        if len(edges) != len(nodes):
            raise ConsentTreeConstructionError("a consent is duplicated", nodes)
        for node in nodes:
            for parent, child in pairwise(node.dependency_path[-2:]):
                if parent not in edges:
                    raise ConsentTreeConstructionError(f"consent {child} depends on {parent}, which is missing", nodes)
                edges[parent].add(child)
        super().__init__(nodes, edges)
        self.trees: list[ConsentTree] = [ConsentTree(node.id, self) for node in nodes if len(node.dependency_path) == 1]

    def meets_scope_requirements(self, scopes: Scopes) -> bool:
        """
        Tell whether each scope, with all of its dependencies, is granted by a tree.

        Args:
            scopes: A scope, a scope string, or an iterable of both.

        Raises:
            ScopeParseError: A string is not a scope string.
        """
        roots = {tree.root.id for tree in self.trees}
        return all(not roots.isdisjoint(self._holders(scope)) for scope in _scopes(scopes))

    def __str__(self) -> str:
        return "\n".join(map(str, self.trees))


def _scopes(given: Scopes) -> list[Scope]:
    if isinstance(given, Scope):
        return [given]
    if isinstance(given, str):
        return ScopeParser.parse(given)
    return [scope for item in given for scope in _scopes(item)]
