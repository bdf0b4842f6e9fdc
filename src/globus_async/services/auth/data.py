"""Data structures for requests to Globus Auth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ...errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = ("DependentScopeSpec", "KeySource", "Visibility", "as_list", "links")

KeySource: TypeAlias = "RSAPublicKey | Mapping[str, Any]"
"""An RSA public key, a JWK, or a JWK set."""

Visibility = Literal["public", "private"]
"""Who can see a client."""


class DependentScopeSpec(dict[str, Any]):
    """
    A dependency of a scope on another scope, for `AuthClient.create_scope` and `AuthClient.update_scope`.

    Args:
        scope: The UUID of the other scope.
        optional: Whether the user may decline it and consent to the rest.
        requires_refresh_token: Whether a refresh token is required for it.

    Example:
        >>> DependentScopeSpec("39f3f1a8-7a3d-4b0e-8f5b-2f6f7f0d3a11", optional=True, requires_refresh_token=False)
        {'scope': '39f3f1a8-7a3d-4b0e-8f5b-2f6f7f0d3a11', 'optional': True, 'requires_refresh_token': False}
    """

    def __init__(self, scope: UUID | str, optional: bool, requires_refresh_token: bool) -> None:
        super().__init__(scope=str(scope), optional=optional, requires_refresh_token=requires_refresh_token)

    def __reduce__(self) -> tuple[type[DependentScopeSpec], tuple[Any, ...]]:
        return type(self), tuple(self.values())


def as_list(value: UUID | str | Iterable[UUID | str] | MissingType | None) -> list[str] | MissingType | None:
    """Return one or several values as a list of strings; ``None`` and `MISSING` are returned unchanged."""
    if value is None or isinstance(value, MissingType):
        return value
    return [str(value)] if isinstance(value, (str, UUID)) else [str(item) for item in value]


def links(
    terms_and_conditions: str | MissingType | None, privacy_policy: str | MissingType | None
) -> dict[str, object] | MissingType:
    """
    Return the ``links`` of a client.

    Raises:
        GlobusSDKUsageError: Only one of the two is given, or only one is ``None``.
    """
    if type(terms_and_conditions) is not type(privacy_policy):
        raise GlobusSDKUsageError("terms_and_conditions and privacy_policy belong together: pass both or neither")
    if isinstance(terms_and_conditions, MissingType):
        return MISSING
    return {"terms_and_conditions": terms_and_conditions, "privacy_policy": privacy_policy}
