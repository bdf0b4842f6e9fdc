"""Faults to inject into the emulator's responses: ``emulator.faults.add("GET", "/v0.10/task/*", status(503))``."""

from __future__ import annotations

from ..emulator.faults import (
    PendingFault,
    drop_after,
    drop_before,
    drop_within,
    empty,
    expire_token,
    html,
    latency,
    malformed,
    revoke_token,
    slow_body,
    status,
    truncated,
)

__all__ = (
    "PendingFault",
    "drop_after",
    "drop_before",
    "drop_within",
    "empty",
    "expire_token",
    "html",
    "latency",
    "malformed",
    "revoke_token",
    "slow_body",
    "status",
    "truncated",
)
