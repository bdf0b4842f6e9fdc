"""The examples in the docstrings of token storages and credentials run, and print what they say."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from globus_async import (
    ConfidentialAppAuthClient,
    NativeAppAuthClient,
    RefreshTokenAuthorizer,
    TransferClient,
    credentials,
    token_storage,
)
from globus_async.token_storage import MemoryTokenStorage, TokenStorageData
from tests.token_storage.test_globus_cli import write
from tests.token_storage.test_keys import FakeKeyring
from tests.toolkit.examples import check_examples, examples_of

ID = "5e1f2a4c-0000-4000-8000-000000000001"
SERVER = "transfer.api.globus.org"
MODULES = (token_storage, credentials)
PUBLIC = {name: getattr(module, name) for module in MODULES for name in module.__all__}


def documented() -> Iterator[tuple[str, Any]]:
    """Yield the classes, and their public members."""
    for name, thing in PUBLIC.items():
        yield name, thing
        if inspect.isclass(thing):
            members = vars(thing).items()
            yield from ((f"{name}.{member}", each) for member, each in members if not member.startswith("_"))


EXAMPLES = {name: thing for name, thing in documented() if callable(thing) and examples_of(thing)}


class Response:
    """A response with tokens for Globus Transfer."""

    by_resource_server = {  # noqa: RUF012 -- nothing changes it
        SERVER: {
            "resource_server": SERVER,
            "scope": "all",
            "access_token": "AgX1",
            "refresh_token": None,
            "expires_at_seconds": 1_900_000_000,
            "token_type": "Bearer",
        }
    }


@pytest.mark.parametrize("name", EXAMPLES)
async def test_example(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with the names that the examples use."""
    for variable in ("GLOBUS_SDK_ENVIRONMENT", "GLOBUS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    plain = MemoryTokenStorage()
    await plain.store_token_data_by_resource_server(
        {SERVER: TokenStorageData(SERVER, None, "all", "AgX1", "AgR1", 1_900_000_000, "Bearer")}
    )
    async with NativeAppAuthClient(ID) as auth_client:
        names = {
            **PUBLIC,
            "ConfidentialAppAuthClient": ConfidentialAppAuthClient,
            "RefreshTokenAuthorizer": RefreshTokenAuthorizer,
            "TransferClient": TransferClient,
            "auth_client": auth_client,
            "cli_file": write(tmp_path),
            "client_id": ID,
            "folder": tmp_path,
            "key": "k" * 32,
            "keyring": FakeKeyring(),
            "new_key": "n" * 32,
            "old_key": "o" * 32,
            "plain_storage": plain,
            "storage": MemoryTokenStorage() if name == "ValidatingTokenStorage" else plain,
            "tokens": Response(),
        }
        await check_examples(EXAMPLES[name], names, options=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


def test_the_classes_that_users_make_have_examples() -> None:
    assert {"EncryptedTokenStorage", "JSONTokenStorage", "SQLiteTokenStorage", "CredentialChain"} <= EXAMPLES.keys()
