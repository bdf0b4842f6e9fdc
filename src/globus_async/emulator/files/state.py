"""The state of the emulated HTTPS servers of collections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..kit.service import Platform

__all__ = ("FilesState",)


@dataclass(eq=False)
class FilesState:
    """The HTTPS servers of all collections."""

    platform: Platform
    json_errors: bool = False
    """Send errors as JSON documents, as newer servers do, in place of the text of GridFTP servers."""
