"""Names of files that are not complete: those of downloads beside their targets, and those of uploads."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

__all__ = ("is_temporary_name", "temporary_name", "temporary_path")

_SUFFIX: Final = ".globus-part"
_TEMPORARY: Final = re.compile(rf"\..+{re.escape(_SUFFIX)}(?:\.json(?:\.tmp)?)?", re.DOTALL)
_MAX_BYTES: Final = 200


def temporary_name(name: str, tag: str = "") -> str:
    """
    Return a hidden name for a file that is not complete, short enough for all file systems.

    Args:
        name: The name of the complete file.
        tag: What tells it from other temporary files of the same name.
    """
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) > _MAX_BYTES:
        name = hashlib.sha256(encoded).hexdigest()
    return f".{name}{tag and '.'}{tag}{_SUFFIX}"


def temporary_path(path: str) -> str:
    """Return a hidden path that does not exist, in the directory of a path, from which it takes its name."""
    directory, slash, name = path.rpartition("/")
    return f"{directory}{slash}{temporary_name(name, secrets.token_hex(4))}"


def is_temporary_name(name: str) -> bool:
    """Return whether a name is that of a file that is not complete, or of the state of a download."""
    return _TEMPORARY.fullmatch(name) is not None
