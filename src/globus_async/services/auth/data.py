"""What is sent to Globus Auth when more than a few values belong together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ...errors import GlobusSDKUsageError

__all__ = ("DependentScopeSpec", "Visibility", "as_list", "links")

Visibility = Literal["public", "private"]
"""Who may see that a client exists."""


class DependentScopeSpec(dict[str, Any]):
    """
    A scope that another one needs, for `AuthClient.create_scope` and `AuthClient.update_scope`.

    Args:
        scope: Its UUID.
        optional: Whether the user may decline it and still consent to the rest.
        requires_refresh_token: Whether the holder needs a refresh token for it.

    Example:
        >>> DependentScopeSpec("39f3f1a8-7a3d-4b0e-8f5b-2f6f7f0d3a11", optional=True, requires_refresh_token=False)
        {'scope': '39f3f1a8-7a3d-4b0e-8f5b-2f6f7f0d3a11', 'optional': True, 'requires_refresh_token': False}
    """

    def __init__(self, scope: UUID | str, optional: bool, requires_refresh_token: bool) -> None:
        super().__init__(scope=str(scope), optional=optional, requires_refresh_token=requires_refresh_token)

    def __reduce__(self) -> tuple[type[DependentScopeSpec], tuple[Any, ...]]:
        return type(self), tuple(self.values())


def as_list(value: UUID | str | Iterable[UUID | str] | MissingType | None) -> list[str] | MissingType | None:
    """Return one or any number of values as a list of texts; what is not given stays so."""
    if value is None or isinstance(value, MissingType):
        return value
    return [str(value)] if isinstance(value, (str, UUID)) else [str(item) for item in value]


def links(
    terms_and_conditions: str | MissingType | None, privacy_policy: str | MissingType | None
) -> dict[str, object] | MissingType:
    """
    Return the pages that users are shown, which are given both or neither.

    Raises:
        GlobusSDKUsageError: Only one is given, or only one is taken away.
    """
    if type(terms_and_conditions) is not type(privacy_policy):
        raise GlobusSDKUsageError("terms_and_conditions and privacy_policy go together: give both or neither")
    if isinstance(terms_and_conditions, MissingType):
        return MISSING
    return {"terms_and_conditions": terms_and_conditions, "privacy_policy": privacy_policy}
