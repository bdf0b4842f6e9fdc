"""
Fixtures of pytest, available as soon as the package is installed: an emulator for each test that uses one.

Each service has a fixture with its client, named after the service: ``transfer_client`` is a `TransferClient` of the
emulator's first identity, with a token for all scopes of the service.

The fixtures are synchronous, so that they work with pytest-asyncio, with anyio's plugin and in synchronous tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from .. import Transport
    from . import GlobusEmulator, LoopbackServer, RecordedRequest

__all__ = (
    "globus_emulator",
    "globus_requests",
    "globus_retries_at_once",
    "globus_server",
    "globus_transport",
)

_PACKAGE: Final = __name__.partition(".")[0]
_SERVICES: Final = Path(__file__).parent.parent / "services"


@pytest.fixture
def globus_emulator() -> GlobusEmulator:
    """
    Return an emulator with one identity and nothing else: add collections, identities and applications to it.

    Define a fixture of the same name for an emulator with other options, such as a `ManualClock`.
    """
    from . import GlobusEmulator  # noqa: PLC0415 -- importing it takes time, which only tests that use it should spend

    emulator = GlobusEmulator()
    emulator.add_identity("user@example.org", name="Default User")
    return emulator


@pytest.fixture
def globus_transport(globus_emulator: GlobusEmulator) -> Transport:
    """
    Return a transport whose requests all reach the emulator, in process: pass it to clients of your own.

    Its clients have no rate limit, unless they are given one.
    """
    return globus_emulator.transport()


@pytest.fixture
def globus_requests(globus_emulator: GlobusEmulator) -> list[RecordedRequest]:
    """Return the list of all requests to the emulator."""
    return globus_emulator.requests


@pytest.fixture
def globus_retries_at_once(globus_emulator: GlobusEmulator, globus_transport: Transport) -> None:
    """
    Retry without the random delays of the retry policy; the delay of a ``Retry-After`` header is kept.

    For the clients of all fixtures, and for the apps and transports that the emulator makes afterwards.
    """
    globus_emulator.retries_at_once = True
    globus_transport.jitter = lambda: 0.0


def _client_class(service: str) -> Any:
    module = import_module(f"{_PACKAGE}.services.{service}.client")
    return getattr(module, module.__all__[0])


def _client_fixture(service: str) -> Callable[..., Any]:
    """Return the fixture of a service's client."""

    def client(globus_emulator: GlobusEmulator, globus_transport: Transport) -> Any:
        client_class = _client_class(service)
        scopes = [str(scope) for scope in client_class.scopes]
        authorizer = import_module(_PACKAGE).AccessTokenAuthorizer(globus_emulator.access_token(scopes=scopes))
        return client_class(authorizer=authorizer, transport=globus_transport)

    client.__doc__ = f"""Return a client of the service ``{service}``, as the emulator's first identity."""
    return pytest.fixture(name=f"{service}_client")(client)


_NAMES: Final = sorted(path.parent.name for path in _SERVICES.glob("*/client.py"))

for _service in _NAMES:
    globals()[f"{_service}_client"] = _client_fixture(_service)


@pytest.fixture
def globus_server(globus_emulator: GlobusEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    """
    Serve the emulator on a loopback socket from a thread, and direct every Globus SDK in this process to it.

    The variables of `LoopbackServer.environ`, such as ``GLOBUS_SDK_SERVICE_URL_TRANSFER``, are set for the test: the
    official ``globus_sdk``, and programs that the test starts, use the emulator without further configuration. Clients
    of this process have no rate limit during the test, unless they are given one.
    """
    for service in _NAMES:
        monkeypatch.setattr(_client_class(service), "default_rate_limit", None)
    with globus_emulator.serve_in_thread() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server
