"""Hidden names for files that are not complete yet, in the directory of their targets."""

from __future__ import annotations

import secrets
from typing import Final

__all__ = ("temporary_path",)

_STEM_BYTES: Final = 100
"""Names have at most 255 bytes on most storages."""


def temporary_path(path: str) -> str:
    """Return a hidden path that does not exist, in the directory of a path, from which it takes its name."""
    directory, _, name = path.rpartition("/")
    stem = name.encode()[:_STEM_BYTES].decode(errors="ignore")
    return f"{directory}/.{stem}.{secrets.token_hex(4)}.globus-part"
