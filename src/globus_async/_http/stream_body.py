"""A request body that is read while it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_bool, check_callable, check_whole

__all__ = ("SourceFailedError", "StreamBody", "body_of")

_PIECE: Final = 1 << 17


class SourceFailedError(Exception):
    """
    The source of a body raised an error, which ends the call.

    Args:
        error: The error.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception = error


@dataclass(frozen=True, slots=True)
class StreamBody:
    """
    A request body that is read while it is sent, so that it need not fit into memory.

    Args:
        chunks: Returns a new iterator over the bytes; called once per attempt. Each attempt closes its iterator, if
            that has ``aclose``.
        size: The number of bytes, which the server is given in advance; ``None`` if it is not known, for chunked
            encoding.
        repeatable: Whether ``chunks`` can be called again for another attempt. Otherwise a request of which a part
            has been read is not sent again.

    Raises:
        GlobusSDKUsageError: A bad argument.

    Example:
        >>> async def parts() -> AsyncIterator[bytes]:
        ...     yield b"first "
        ...     yield b"second"
        >>> StreamBody(parts, size=12).repeatable
        True
    """

    chunks: Callable[[], AsyncIterator[bytes]]
    size: int | None = None
    repeatable: bool = True

    def __post_init__(self) -> None:
        check_callable("chunks", self.chunks, optional=False)
        if self.size is not None:
            check_whole("size", self.size, minimum=0)
        check_bool("repeatable", self.repeatable)


def body_of(content: object) -> tuple[bytes | None, StreamBody | None]:
    """
    Return the body of a streamed request: bytes that are sent along with the head, or a source.

    Raises:
        GlobusSDKUsageError: It is neither bytes nor a `StreamBody`.
    """
    match content:
        case None | StreamBody():
            return None, content
        case bytes() if len(content) <= _PIECE:
            return content, None
        case bytes():
            return None, StreamBody(partial(_pieces, content), size=len(content))
        case _:
            raise GlobusSDKUsageError(
                f"content must be bytes or a StreamBody, got {type(content).__name__}; encode text, and pass an"
                " iterator as a StreamBody of a function that returns it"
            )


async def _pieces(content: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
