"""Version 2 of the Globus Transfer API: `TransferClientV2`, with the documents that it sends; errors are Transfer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names
from . import documents

if TYPE_CHECKING:
    from .client import TransferClientV2
    from .data import BookmarkCreateDocument, BookmarkUpdateDocument, TunnelCreateDocument, TunnelUpdateDocument

__all__ = (
    "BookmarkCreateDocument",
    "BookmarkUpdateDocument",
    "TransferClientV2",
    "TunnelCreateDocument",
    "TunnelUpdateDocument",
    "documents",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "client": ("TransferClientV2",),
            "data": (
                "BookmarkCreateDocument",
                "BookmarkUpdateDocument",
                "TunnelCreateDocument",
                "TunnelUpdateDocument",
            ),
        },
    )
