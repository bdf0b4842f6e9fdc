"""Documents to submit: transfers, deletions and tunnels, as dicts that need no client and do no I/O."""

from __future__ import annotations

from .delete_data import DeleteData
from .submission_data import is_document
from .transfer_data import SyncLevel, TransferData
from .tunnel_data import CreateTunnelData

__all__ = ("CreateTunnelData", "DeleteData", "SyncLevel", "TransferData", "is_document")
