"""Identifiers: UUIDs, request ids, and random texts."""

from __future__ import annotations

import re
import secrets
import string
from typing import Final
from uuid import UUID, uuid4, uuid5

__all__ = ("is_uuid", "named_id", "new_id", "random_text", "request_id")

_NAMESPACE: Final = UUID("5a1c7e0e-7d0c-5b0e-9a53-6d2f7f3c9b10")
_random: Final = secrets.SystemRandom()
_LETTERS: Final = string.ascii_letters + string.digits
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def new_id() -> str:
    """Return a random UUID."""
    return str(uuid4())


def named_id(*names: str) -> str:
    """Return the UUID of these names: the same in every run."""
    return str(uuid5(_NAMESPACE, "\n".join(names)))


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID in its usual form, with hyphens."""
    return _UUID.fullmatch(text) is not None


def request_id() -> str:
    """Return a new request id: nine letters and digits."""
    return random_text(9)


def random_text(length: int) -> str:
    """Return random ASCII letters and digits: for tokens, codes and other secrets."""
    return "".join(_random.choices(_LETTERS, k=length))
