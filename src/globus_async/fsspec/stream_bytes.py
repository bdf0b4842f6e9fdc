"""The bytes of a stream in memory, which they need only once."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..services.files import FileStream

__all__ = ("collect",)

_MAX_AT_ONCE: Final = 1 << 28
"""Memory of a size that is only stated; beyond it, memory grows with what has arrived."""


async def collect(stream: FileStream, size: int) -> bytes:
    """Return all bytes of a stream, in memory for once their size, which is stated and may be wrong."""
    buffer = BytesIO()
    if size > 0:
        buffer.seek(min(size, _MAX_AT_ONCE) - 1)
        buffer.write(b"\0")  # all memory at once
        buffer.seek(0)
    async for chunk in stream:
        buffer.write(chunk)
    buffer.truncate()
    return buffer.getvalue()
