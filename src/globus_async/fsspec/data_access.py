"""Access to the data of mapped collections, for applications: they request it when a service demands it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Collection
from typing import TYPE_CHECKING, Final

from .._http.response import RawResponse
from ..authorizers import LoginAuthorizer
from ..errors import GlobusAPIError, GlobusError, TokenRefreshError
from ..errors.authorization import find_gares
from ..errors.codes import embedded_documents
from ..scopes import GCSCollectionScopes, TransferScopes
from ..services.transfer import TransferClient

if TYPE_CHECKING:
    from ..credentials import CredentialChain
    from ..secret import Secret

__all__ = ("DataAccessAuthorizer",)

_log = logging.getLogger("globus_async")
_DATA_ACCESS: Final = re.compile(
    r"https://auth\.globus\.org/scopes/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/data_access\b"
)
"""The scope, wherever it is in a scope string: these are of any depth, since servers of files write them."""

_MAX_DEMANDED: Final = 16
"""Collections of one demand; a transfer has two. A server of files may demand any number, also through Transfer."""


class DataAccessAuthorizer(LoginAuthorizer):
    """
    The authorizer of an application, which consents to its own access to data without a login.

    A call that is refused for want of the scope ``data_access`` of a collection is repeated with a token that has it.
    If Globus Auth later refuses the scopes, such as that of a deleted collection, they are given up, and requested
    again by the calls that need them.

    Args:
        chain: The credentials of the application.
        collection_id: The collection whose server of files is called, for its own data only; ``None`` for Transfer.
    """

    def __init__(self, chain: CredentialChain, collection_id: str | None = None) -> None:
        self._chain = chain
        self._collection_id = collection_id
        self._collections: frozenset[str] = frozenset()
        self._authorizer = self._authorizer_for(self._collections)
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        server = self._collection_id or TransferScopes.resource_server
        return f"<{type(self).__name__} of {server}, for the data of {len(self._collections)} collections>"

    async def current_header(self) -> Secret:
        """
        Return the header.

        Raises:
            GlobusError: There are no usable credentials.
        """
        authorizer = self._authorizer
        try:
            return await authorizer.current_header()
        except TokenRefreshError as error:
            if not self._collections or not _are_scopes_refused(error):
                raise
            if authorizer is self._authorizer:
                _log.warning("access to the data of %s is given up: %s", ", ".join(sorted(self._collections)), error)
                self._collections = frozenset()
                self._authorizer = self._authorizer_for(self._collections)
        return await self._authorizer.current_header()

    def login_for(self, reason: RawResponse | GlobusError) -> Awaitable[None] | None:
        """Return the request for a token with the access that the response of a service demands."""
        collections = _demanded(reason) if isinstance(reason, RawResponse) else frozenset[str]()
        if self._collection_id is not None:
            collections &= {self._collection_id}
        return self._extend(collections) if 0 < len(collections) <= _MAX_DEMANDED else None

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        """Let a new token be requested, instead of the refused one."""
        return self._authorizer.handle_missing_authorization(refused)

    def is_refreshing(self) -> bool:
        """Return whether the current task is a token refresh."""
        return self._authorizer.is_refreshing()

    def _authorizer_for(self, collections: Collection[str]) -> LoginAuthorizer:
        if self._collection_id is None:
            scope = TransferClient.data_access_scope(collections)
            return self._chain.get_authorizer(TransferScopes.resource_server, scope)
        scopes = GCSCollectionScopes(self._collection_id)
        needed = [scopes.https, scopes.data_access] if collections else [scopes.https]
        return self._chain.get_authorizer(self._collection_id, needed)

    async def _extend(self, collections: frozenset[str]) -> None:
        async with self._lock:
            if collections <= self._collections:
                return  # another call has requested it
            # the second, since one of the others may be deleted
            for extended in dict.fromkeys((self._collections | collections, collections)):
                authorizer = self._authorizer_for(sorted(extended))
                try:
                    await authorizer.current_header()
                except TokenRefreshError as error:
                    if not _are_scopes_refused(error):
                        raise
                    # the error of the call is that of the service
                    _log.warning(
                        "the application gets no access to the data of %s: %s", ", ".join(sorted(extended)), error
                    )
                else:
                    self._collections, self._authorizer = extended, authorizer
                    return


def _are_scopes_refused(error: TokenRefreshError) -> bool:
    cause = error.__cause__
    return isinstance(cause, GlobusAPIError) and cause.http_status == 400


def _demanded(response: RawResponse) -> frozenset[str]:
    """Return the collections for whose data a response demands a scope; in texts of servers of files it is embedded."""
    documents = embedded_documents(response.error_document(), response.text)
    scopes = [scope for gare in find_gares(documents) for scope in gare.authorization_parameters.required_scopes or ()]
    return frozenset(_DATA_ACCESS.findall(" ".join(scopes)))
