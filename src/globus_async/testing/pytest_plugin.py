"""
A pytest plugin, there as soon as the package is installed: a Globus for each test that asks for one.

The fixtures are plain ones, so that they serve tests of pytest-asyncio, of anyio's plugin, and synchronous ones alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .. import AuthClient, TransferClient, Transport
    from . import GlobusEmulator, LoopbackServer, RecordedRequest

__all__ = (
    "auth_client",
    "globus_emulator",
    "globus_requests",
    "globus_retries_at_once",
    "globus_server",
    "globus_transport",
    "transfer_client",
)


@pytest.fixture
def globus_emulator() -> GlobusEmulator:
    """
    Return an emulator with one identity and nothing else: add collections, people and apps to it.

    Define a fixture of the same name to have another one, with a clock turned by hand for example.
    """
    from . import GlobusEmulator  # noqa: PLC0415 -- a test run that does not use it should not pay for it

    emulator = GlobusEmulator()
    emulator.add_identity("user@example.org", name="Default User")
    return emulator


@pytest.fixture
def globus_transport(globus_emulator: GlobusEmulator) -> Transport:
    """Return the way to the emulator, in this process and without a socket; give it to clients of your own."""
    return globus_emulator.transport()


@pytest.fixture
def globus_requests(globus_emulator: GlobusEmulator) -> list[RecordedRequest]:
    """Return the list that every request to the emulator is recorded in."""
    return globus_emulator.requests


@pytest.fixture
def globus_retries_at_once(globus_transport: Transport) -> None:
    """Take the waiting of our own choosing out of retries; what a ``Retry-After`` asks for is still waited."""
    globus_transport.jitter = lambda: 0.0


@pytest.fixture
def transfer_client(globus_emulator: GlobusEmulator, globus_transport: Transport) -> TransferClient:
    """Return a `TransferClient` of the emulator's first identity."""
    from .. import AccessTokenAuthorizer, TransferClient  # noqa: PLC0415 -- as above

    authorizer = AccessTokenAuthorizer(globus_emulator.access_token())
    return TransferClient(authorizer=authorizer, transport=globus_transport)


@pytest.fixture
def auth_client(globus_emulator: GlobusEmulator, globus_transport: Transport) -> AuthClient:
    """Return an `AuthClient` of the emulator's first identity, with all that Globus Auth lets a user ask."""
    from .. import AccessTokenAuthorizer, AuthClient  # noqa: PLC0415 -- as above
    from ..scopes import AuthScopes  # noqa: PLC0415 -- as above

    scopes = (AuthScopes.openid, AuthScopes.profile, AuthScopes.email, AuthScopes.view_identity_set)
    wanted = [str(scope) for scope in (*scopes, AuthScopes.view_identities, AuthScopes.manage_projects)]
    authorizer = AccessTokenAuthorizer(globus_emulator.access_token(scopes=wanted))
    return AuthClient(authorizer=authorizer, transport=globus_transport)


@pytest.fixture
def globus_server(globus_emulator: GlobusEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    """
    Serve the emulator on a loopback socket from a thread, and point every Globus SDK in this process to it.

    The variables ``GLOBUS_SDK_SERVICE_URL_TRANSFER`` and ``GLOBUS_SDK_SERVICE_URL_AUTH`` are set for the test: the
    official ``globus_sdk`` and programs that the test starts find the emulator by themselves.
    """
    with globus_emulator.serve_in_thread() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server
