"""The bytes of a stream in memory, which they need only once."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..services.files import FileStream

__all__ = ("collect",)


async def collect(stream: FileStream, size: int) -> bytes:
    """Return the bytes of a stream, in memory for once their size."""
    if size <= 0:
        return b""
    buffer = BytesIO()
    buffer.seek(size - 1)
    buffer.write(b"\0")  # all memory at once
    buffer.seek(0)
    async for chunk in stream:
        buffer.write(chunk)
    buffer.truncate()
    return buffer.getvalue()
