"""Documents to submit: transfers, deletions and tunnels, as dicts that need no client and do no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...._lazy_names import lazy_names
from .submission_data import is_document

if TYPE_CHECKING:
    from .delete_data import DeleteData
    from .transfer_data import SyncLevel, TransferData
    from .tunnel_data import CreateTunnelData

__all__ = ("CreateTunnelData", "DeleteData", "SyncLevel", "TransferData", "is_document")

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "delete_data": ("DeleteData",),
            "transfer_data": ("SyncLevel", "TransferData"),
            "tunnel_data": ("CreateTunnelData",),
        },
    )
