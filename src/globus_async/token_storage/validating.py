"""A token storage that checks tokens before it stores them and after it has read them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors.arguments import check_iterable, check_type
from .base import TokenStorage, identity_of
from .token_data import TokenResponse, token_data_of
from .validation_errors import IdentityMismatchError, MissingTokenError

if TYPE_CHECKING:
    from .lease import Lease
    from .token_data import TokenStorageData

__all__ = ("TokenDataValidator", "TokenValidationContext", "ValidatingTokenStorage")


@dataclass(frozen=True, slots=True)
class TokenValidationContext:
    """
    What a validator may need besides the tokens.

    Args:
        prior_identity_id: The identity of the tokens that the storage held before; ``None`` if it is unknown.
        token_data_identity_id: The identity of the tokens to check; ``None`` if it is unknown.
    """

    prior_identity_id: str | None
    token_data_identity_id: str | None


class TokenDataValidator(ABC):
    """
    A check of tokens, which raises a `TokenValidationError` if they do not pass.

    **Differs from globus-sdk:** the methods are coroutines.
    """

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @abstractmethod
    async def before_store(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """
        Check tokens before they are stored.

        Args:
            token_data_by_resource_server: The tokens, by resource server.
            context: The identities.

        Raises:
            TokenValidationError: They must not be stored.
        """

    @abstractmethod
    async def after_retrieve(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData], context: TokenValidationContext
    ) -> None:
        """
        Check tokens that were read.

        Args:
            token_data_by_resource_server: The tokens, by resource server.
            context: The identities.

        Raises:
            TokenValidationError: They must not be used.
        """


class ValidatingTokenStorage(TokenStorage):
    """
    A token storage around another one, which checks tokens before it stores them and after it has read them.

    Args:
        token_storage: The storage that holds the tokens.
        validators: The checks, in this order; ``validators`` is a list and may be extended later.

    Attributes:
        token_storage: The storage that holds the tokens.
        validators: The checks.
        changes: How often tokens were stored or removed through this object.

    Example:
        >>> checked = ValidatingTokenStorage(storage, validators=[NotExpiredValidator()])
        >>> await checked.get_token_data_by_resource_server()
        {}

    **Differs from globus-sdk:** the constructor reads nothing: the identity is that of the tokens found by the first
    call. `compare_and_set` and `lease` are those of the other storage and check nothing: a refreshed token
    belongs to the same login, and the only valid refresh token must not be lost.
    """

    def __init__(self, token_storage: TokenStorage, *, validators: Iterable[TokenDataValidator] = ()) -> None:
        check_type("token_storage", token_storage, TokenStorage, "a TokenStorage, such as MemoryTokenStorage()")
        self.token_storage = token_storage
        check_iterable("validators", validators, Iterable, "an iterable of TokenDataValidator objects")
        self.validators: list[TokenDataValidator] = [*validators]
        for validator in self.validators:
            check_type("validators", validator, TokenDataValidator, "an iterable of TokenDataValidator objects")
        super().__init__(token_storage.namespace)
        self.changes: int = 0
        self._identity_id: str | None = None
        self._is_identity_read = False

    @property
    def identity_id(self) -> str | None:
        """The identity that the tokens belong to, as far as it is known: the first call reads it."""
        return self._identity_id

    def reset_identity(self) -> None:
        """Let the next call read the identity again, after the tokens of the former one were removed."""
        self._identity_id, self._is_identity_read = None, False
        self.changes += 1

    async def aclose(self) -> None:
        """Close the other storage."""
        await self.token_storage.aclose()

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """
        Check and store tokens.

        Raises:
            TokenValidationError: They do not pass; nothing was stored.
            TokenStorageError: The storage cannot be used.
        """
        await self._read_identity()
        context = self._context(token_data_by_resource_server)
        for validator in self.validators:
            await validator.before_store(token_data_by_resource_server, context)
        await self.token_storage.store_token_data_by_resource_server(token_data_by_resource_server)
        self._remember(context)
        self.changes += 1

    async def get_token_data(self, resource_server: str) -> TokenStorageData:
        """
        Read and check the tokens for a resource server.

        Raises:
            MissingTokenError: There are none.
            TokenValidationError: They do not pass.
            TokenStorageError: The storage cannot be used.
        """
        data = await self.token_storage.get_token_data(resource_server)
        if data is None:
            raise MissingTokenError(f"there is no token for {resource_server}", resource_server)
        await self._check_retrieved({data.resource_server: data})
        return data

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """
        Read and check all tokens.

        Raises:
            TokenValidationError: They do not pass.
            TokenStorageError: The storage cannot be used.
        """
        data = await self.token_storage.get_token_data_by_resource_server()
        await self._check_retrieved(data)
        return data

    async def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens for a resource server; return whether there were any."""
        removed = await self.token_storage.remove_token_data(resource_server)
        self.changes += 1
        return removed

    async def store_token_response(self, token_response: TokenResponse) -> None:
        """
        Check and store the tokens of a response.

        Args:
            token_response: A response of Globus Auth. That of a refresh has no id_token: its tokens belong to the
                identity of those that they replace.

        Raises:
            IdTokenError: The id_token is invalid; nothing was stored.
            TokenValidationError: The tokens do not pass; nothing was stored.
            TokenStorageError: The storage cannot be used.
        """
        if getattr(token_response, "is_refresh", False):
            await self._read_identity()
            identity_id = self._identity_id
        else:
            identity_id = await identity_of(token_response)
        await self.store_token_data_by_resource_server(token_data_of(token_response, identity_id))

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """Replace the tokens for a resource server if they are still those that were read, without further checks."""
        return await self.token_storage.compare_and_set(old, new)

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """Return a context in which no other holder has the lease of this name, for a limited time."""
        return self.token_storage.lease(name, seconds)

    async def _check_retrieved(self, data: Mapping[str, TokenStorageData]) -> None:
        if not self._is_identity_read:
            await self._read_identity()
        context = self._context(data)
        self._remember(context)
        for validator in self.validators:
            await validator.after_retrieve(data, context)

    def _context(self, data: Mapping[str, TokenStorageData]) -> TokenValidationContext:
        return TokenValidationContext(self._identity_id, _identity_of(data))

    async def _read_identity(self) -> None:
        """Read the identity of the stored tokens: another process may have logged out, and in as somebody else."""
        changes = self.changes
        identity_id = _identity_of(await self.token_storage.get_token_data_by_resource_server())
        if self.changes == changes:  # else another task has stored tokens, or logged out
            self._identity_id, self._is_identity_read = identity_id, True

    def _remember(self, context: TokenValidationContext) -> None:
        self._identity_id = context.token_data_identity_id or self._identity_id


def _identity_of(data: Mapping[str, TokenStorageData]) -> str | None:
    """Return the one identity that tokens belong to; ``None`` if it is unknown."""
    identities = sorted({entry.identity_id for entry in data.values() if entry.identity_id is not None})
    if len(identities) > 1:
        raise IdentityMismatchError(
            "the tokens belong to several identities; remove all with logout(sweep=True) of the app, and log in again",
            identities[0],
            identities[1],
        )
    return identities[0] if identities else None
