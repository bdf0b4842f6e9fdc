"""A socket that ends TLS in front of an emulator, for official clients that reach a Manager by ``https`` only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from tests.toolkit.raw_server import server_tls

__all__ = ("tls_front",)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()


@contextmanager
def tls_front(url: str, folder: Path) -> Generator[tuple[str, Path]]:
    """
    Listen with TLS, in a thread; yield the address and the file with the certificate of the authority.

    Args:
        url: Where to connect to.
        folder: The folder of the file.
    """
    authority, address = trustme.CA(), urlsplit(url)
    certificates = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(certificates))
    loop, started, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs = await asyncio.open_connection(address.hostname, address.port)
        ways = [asyncio.create_task(_pass_on(reader, theirs[1])), asyncio.create_task(_pass_on(theirs[0], writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ways:
                each.cancel()
            for end in (writer, theirs[1]):
                end.transport.abort()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_tls(authority))
        ports.append(server.sockets[0].getsockname()[1])
        started.set()
        await stop.wait()
        server.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports are closed in the next round

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    started.wait()
    try:
        yield f"https://127.0.0.1:{ports[0]}", certificates
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
