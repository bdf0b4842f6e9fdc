"""The scopes of the tokens of a login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..token_storage import ScopeRequirementsValidator
from .logins import asked_scopes

if TYPE_CHECKING:
    from ..token_storage import TokenStorageData, TokenValidationContext

__all__ = ("AskedScopesValidator",)


class AskedScopesValidator(ScopeRequirementsValidator):
    """
    Checks the tokens of a login for those required scopes that it asked for.

    Others may have been required while the user was logging in: they are for the next login.
    """

    async def before_store(
        self,
        token_data_by_resource_server: Mapping[str, TokenStorageData],
        context: TokenValidationContext,  # noqa: ARG002 -- a check takes what the interface gives it
    ) -> None:
        """Check the scopes of the tokens themselves."""
        asked = asked_scopes.get()
        for resource_server, data in token_data_by_resource_server.items():
            self._check_own_scopes(resource_server, data, asked)
