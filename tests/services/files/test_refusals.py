"""Refused reads: the error says why, although a response to HEAD has no body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from globus_async import AccessTokenAuthorizer, GCSCollectionClient
from globus_async.gare import to_gare
from globus_async.scopes import GCSCollectionScopes
from globus_async.services import files
from globus_async.testing import GlobusEmulator, MemoryStorage


async def read(client: GCSCollectionClient) -> None:
    """Read a whole file."""
    await client.read("/data")


async def stream(client: GCSCollectionClient) -> None:
    """Read a file as it arrives."""
    async with client.stream_file("/data") as content:
        async for _ in content:
            pass


async def size(client: GCSCollectionClient) -> None:
    """Find the size of a file."""
    await client.size("/data")


@pytest.mark.parametrize("call", [read, stream, size])
async def test_a_consent_that_is_missing(call: Callable[[GCSCollectionClient], Awaitable[None]]) -> None:
    """Each way to read names the scope to log in again with, whichever of its requests is refused first."""
    async with GlobusEmulator() as emulator, emulator.transport() as transport:
        ada = emulator.add_identity("ada@example.org")
        storage = MemoryStorage({"data": "content"})
        vault = emulator.add_collection("Vault", storage=storage, owner=ada, needs_data_access=True)
        scopes = GCSCollectionScopes(vault.id)
        authorizer = AccessTokenAuthorizer(emulator.access_token(ada, scopes=[str(scopes.https)]))
        assert vault.https_url is not None
        client = GCSCollectionClient(vault.id, vault.https_url, authorizer=authorizer, transport=transport)
        with pytest.raises(files.ConsentRequired) as caught:
            await call(client)
        assert caught.value.required_scopes == [str(scopes.data_access)]
        gare = to_gare(caught.value)
        assert gare is not None
        assert gare.authorization_parameters == caught.value.authorization_parameters
        assert caught.value.info.consent_required.required_scopes == [str(scopes.data_access)]
