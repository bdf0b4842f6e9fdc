"""Faults to inject into the emulator's responses: ``emulator.faults.add("GET", "/v0.10/task/*", status(503))``."""

from __future__ import annotations

from ..emulator.faults import (
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
from ..emulator.file_faults import cut, cut_upload, false_404, hollow, login_redirect, short, stall, throttle
from ..emulator.injection import PendingFault

__all__ = (
    "PendingFault",
    "cut",
    "cut_upload",
    "drop_after",
    "drop_before",
    "drop_within",
    "empty",
    "expire_token",
    "false_404",
    "hollow",
    "html",
    "latency",
    "login_redirect",
    "malformed",
    "revoke_token",
    "short",
    "slow_body",
    "stall",
    "status",
    "throttle",
    "truncated",
)
