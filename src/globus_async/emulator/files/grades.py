"""How the responses of the HTTPS servers of collections are known, operation by operation."""

from __future__ import annotations

from typing import Final

from ..kit.grades import graded

__all__ = ("GRADES",)

GRADES: Final = graded(
    "recorded",
    recorded=("GET /{path:path}", "PUT /{path:path}"),
    documented=("DELETE /{path:path}",),
)
"""From the logs and sources of programs that read public collections, and a fixture of the official SDK."""
