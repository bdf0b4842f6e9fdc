"""A pooler in front of PostgreSQL, which sends each transaction through another connection, as PgBouncer can."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ("pooled",)

_ALLOWED: Final = frozenset({"user", "database", "client_encoding", "application_name"})
"""The parameters of a start that are not those of a session."""


class _Server:
    """A connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.greeting = b""


@asynccontextmanager
async def pooled(server_socket: Path, folder: Path, *, connections: int = 3) -> AsyncGenerator[None]:
    """
    Listen on a socket in a folder.

    Args:
        server_socket: The socket of the server.
        folder: The folder of the new socket, which has the same name.
        connections: The number of connections to the server, which take turns.
    """
    idle: deque[_Server] = deque()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            start = await _read_start(reader)
            while len(idle) < connections:
                idle.append(await _connect(server_socket, start))
            writer.write(idle[0].greeting)
            incoming = asyncio.Queue[bytes | None]()
            reading = asyncio.create_task(_read_all(reader, incoming))
            try:
                while (message := await incoming.get()) is not None:
                    await _transaction(message, incoming, writer, idle)
            finally:
                reading.cancel()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    listener = await asyncio.start_unix_server(serve, folder / server_socket.name)
    try:
        yield
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in idle:
            server.writer.close()
            with suppress(ConnectionError):
                await server.writer.wait_closed()


async def _read_all(reader: asyncio.StreamReader, incoming: asyncio.Queue[bytes | None]) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while (message := await _read(reader))[:1] != b"X":
            incoming.put_nowait(message)
    incoming.put_nowait(None)


async def _transaction(
    message: bytes | None, incoming: asyncio.Queue[bytes | None], writer: asyncio.StreamWriter, idle: deque[_Server]
) -> None:
    """
    Send the messages of a client through one connection, until the server is in no transaction.

    Raises:
        ConnectionError: The client has gone away within a transaction.
    """
    server = idle.popleft()
    expected = 0
    sending = asyncio.create_task(_value(message))
    while True:
        receiving = asyncio.create_task(_read(server.reader))
        while not receiving.done():
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                message = sending.result()
                if message is None:
                    raise ConnectionError("the client has gone away")
                server.writer.write(message)
                expected += message[:1] in {b"Q", b"S"}
                sending = asyncio.create_task(incoming.get())
        response = receiving.result()
        writer.write(response)
        expected -= response[:1] == b"Z"
        if response[:1] == b"Z" and not expected and response[5:6] == b"I":
            sending.cancel()
            idle.append(server)  # the next transaction has another one
            return


async def _value(message: bytes | None) -> bytes | None:
    return message


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[1:], "big") - 4)


async def _read_start(reader: asyncio.StreamReader) -> bytes:
    """
    Read the first message of a client.

    Raises:
        ConnectionError: It sets a parameter of the session.
    """
    head = await reader.readexactly(4)
    body = await reader.readexactly(int.from_bytes(head, "big") - 4)
    names = body[4:].split(b"\0")[:-2:2]
    if {name.decode() for name in names} - _ALLOWED:
        raise ConnectionError("unsupported startup parameter")
    return head + body


async def _connect(socket: Path, start: bytes) -> _Server:
    server = _Server(*await asyncio.open_unix_connection(socket))
    server.writer.write(start)
    while server.greeting[-6:-1] != struct.pack(">cI", b"Z", 5):
        server.greeting += await _read(server.reader)
    return server
