"""The lower side of a connection, in place of a socket's or of TLS."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

__all__ = ("LowerTransport",)


class LowerTransport(asyncio.Transport):
    """
    Discards what is written; nothing is received by itself.

    Args:
        kernel: The socket that is looked at for unread bytes.
    """

    def __init__(self, kernel: socket.socket) -> None:
        super().__init__({"socket": kernel})
        self.closed = False

    def is_closing(self) -> bool:
        """Return whether it was closed."""
        return self.closed

    def abort(self) -> None:
        """Close it."""
        self.closed = True

    def write(self, data: Any) -> None:
        """Discard the data."""

    def get_write_buffer_size(self) -> int:
        """Return that everything is written."""
        return 0
