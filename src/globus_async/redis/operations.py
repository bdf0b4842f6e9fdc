"""What is sent to Redis: commands and scripts, each about one key."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any, Final, Protocol, TypeAlias

from redis.exceptions import NoScriptError

__all__ = ("Argument", "Client", "Command", "Operation", "Script", "ValueOfAnotherType", "send")

Argument: TypeAlias = str | memoryview | int
"""An argument of a command; a secret one is a view, which tracebacks do not show."""

_RAW: Final = {"NEVER_DECODE": True}
"""The option of redis-py for responses in bytes, whatever its client decodes."""


class ValueOfAnotherType(Exception):
    """The value of a key is of a type of Redis that this library does not store there."""


class Client(Protocol):
    """The part of redis-py's asynchronous clients that is used here."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command; return its response."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """
    A command of Redis.

    Args:
        name: Its name.
        repeatable: Whether to send it again if the connection is lost, since it changes nothing.
        durable: Whether to wait until replicas have it, if the database is set to do so.
    """

    name: str
    repeatable: bool = False
    durable: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """
    A script in Lua, which Redis executes without interruption.

    Args:
        source: Its text; `KEYS[1]` is the key.
        repeatable: Whether to send it again if the connection is lost: a second execution changes nothing.
        durable: Whether to wait until replicas have its changes, if the database is set to do so.

    Attributes:
        digest: The name under which Redis has it.
    """

    source: str
    repeatable: bool = False
    durable: bool = False
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        digest = sha1(self.source.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "digest", digest)


Operation: TypeAlias = Command | Script


async def send(
    client: Client, operation: Operation, key: str, arguments: tuple[Argument, ...], *, replicas: int, wait: int
) -> tuple[Any, int]:
    """
    Execute an operation.

    Args:
        client: The client of redis-py.
        operation: The operation.
        key: The key.
        arguments: Its further arguments.
        replicas: How many replicas to wait for; 0 for none.
        wait: How many milliseconds to wait for them.

    Returns:
        Its response, and the number of replicas that have its changes.
    """
    if isinstance(operation, Command):
        return await _send(client, (operation.name, key, *arguments), replicas, wait)
    try:
        return await _send(client, ("EVALSHA", operation.digest, 1, key, *arguments), replicas, wait)
    except NoScriptError:  # the server was started, or became the master, since it was sent last
        pass
    return await _send(client, ("EVAL", operation.source, 1, key, *arguments), replicas, wait)


async def _send(client: Any, command: tuple[Argument, ...], replicas: int, wait: int) -> tuple[Any, int]:
    if not replicas:
        return await client.execute_command(*command, **_RAW), 0
    # WAIT is about the writes of the same connection, which a pipeline has for itself
    async with client.pipeline(transaction=False) as pipeline:
        pipeline.execute_command(*command, **_RAW)
        pipeline.execute_command("WAIT", replicas, wait)
        response, acknowledged = await pipeline.execute(raise_on_error=False)
    if isinstance(response, Exception):
        raise response
    return response, acknowledged if isinstance(acknowledged, int) else 0
