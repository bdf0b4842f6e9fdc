"""The clients of the unmodified official SDK for files over HTTPS, against the emulator behind TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import globus_sdk
import pytest
import trustme
from globus_sdk.experimental.gcs_collection_client import GCSCollectionClient
from globus_sdk.experimental.gcs_downloader import GCSDownloader
from globus_sdk.gare import to_gare
from globus_sdk.transport import RequestsTransport

from globus_async.testing import GlobusEmulator, LoopbackServer, MemoryStorage
from tests.toolkit.raw_server import server_tls

pytestmark = pytest.mark.slow


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError), contextlib.closing(writer):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


@contextlib.asynccontextmanager
async def behind_tls(server: LoopbackServer, tls: ssl.SSLContext) -> AsyncGenerator[str]:
    """Yield the address of a proxy with a certificate: the official client takes no address without TLS."""
    port = int(server.url.rpartition(":")[2])
    relays: set[asyncio.Task[Any]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.update(filter(None, [asyncio.current_task()]))
        upstream, downstream = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(asyncio.CancelledError):  # at the end of the test
            await asyncio.gather(copy(reader, downstream), copy(upstream, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", 0, ssl=tls) as proxy:
        yield f"https://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        for each in relays:  # connections that the official client keeps
            each.cancel()
        await asyncio.gather(*relays, return_exceptions=True)


def use(emulator: GlobusEmulator, url: str, transport: RequestsTransport) -> None:
    """Read, write and delete with the client; read with the downloader, which finds out what the file needs."""
    lab = emulator.add_collection("Lab", storage=MemoryStorage({"a b.txt": "ä"}), needs_data_access=True)
    scopes = [f"https://auth.globus.org/scopes/{lab.id}/{name}" for name in ("https", "data_access")]
    authorizer = globus_sdk.AccessTokenAuthorizer(emulator.access_token(scopes=scopes))
    client = GCSCollectionClient(lab.id, f"{url}/{lab.https_host}", authorizer=authorizer, transport=transport)
    assert client.get("/a b.txt").binary_content == "ä".encode()
    assert client.put("/new", data="1").http_status == client.delete("/new").http_status == 200
    with pytest.raises(globus_sdk.GlobusAPIError) as caught:
        client.get("/new")
    assert (caught.value.http_status, "GridFTP-Errno: 2" in (caught.value.text or "")) == (404, True)

    emulator.files.json_errors = True
    https_only = globus_sdk.AccessTokenAuthorizer(emulator.access_token(scopes=scopes[:1]))
    client = GCSCollectionClient(lab.id, f"{url}/{lab.https_host}", authorizer=https_only, transport=transport)
    with pytest.raises(globus_sdk.GlobusAPIError) as caught:
        client.get("/a b.txt")
    gare = to_gare(caught.value)
    assert gare is not None
    assert gare.authorization_parameters.required_scopes == scopes[1:]

    robot = emulator.add_client("Robot", secret="s")
    config = globus_sdk.GlobusAppConfig(token_storage="memory")
    app = globus_sdk.ClientApp("Robot", client_id=robot.id, client_secret="s", config=config)
    with contextlib.closing(app), GCSDownloader(app, transport=transport) as downloader:
        assert downloader.read_file(f"{url}/{lab.https_host}/a%20b.txt", as_text=False) == "ä".encode()
        assert downloader.gcs_client is not None
        assert downloader.gcs_client.collection_id == lab.id


async def test_clients_of_the_official_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`GCSCollectionClient` and `GCSDownloader` do what they do on the real service."""
    authority = trustme.CA()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    async with GlobusEmulator() as emulator, emulator.serve() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        async with behind_tls(server, server_tls(authority)) as url:
            with contextlib.closing(RequestsTransport(verify_ssl=str(ca))) as transport:
                await asyncio.to_thread(use, emulator, url, transport)
