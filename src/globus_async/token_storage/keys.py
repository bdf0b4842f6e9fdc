"""The keys of encrypted token storages."""

from __future__ import annotations

import re
import secrets
from typing import Final, Protocol

from ..errors import GlobusSDKUsageError
from ..sealing import check_key
from ..secret import Secret
from .errors import TokenStorageDamaged

__all__ = ("MAX_CHARACTERS", "KeySource", "checked_key", "new_key")

MAX_CHARACTERS: Final = 1024
_KEY: Final = re.compile(rf"[!-~]{{1,{MAX_CHARACTERS}}}")


class KeySource(Protocol):
    """Where an `EncryptedTokenStorage` reads a key, before it is first used."""

    async def read_key(self) -> Secret:
        """
        Return the key, a text of 32 characters or more.

        Raises:
            TokenStorageError: There is none, or it cannot be read.
        """
        ...


def new_key() -> Secret:
    """Return a new random key."""
    return Secret(secrets.token_urlsafe(32))


def checked_key(key: Secret, where: str) -> Secret:
    """
    Return a key that was read, without spaces around it.

    Raises:
        TokenStorageDamaged: It is not a key.
    """
    text = Secret.of(key.reveal().strip())
    try:
        check_key(text)
    except GlobusSDKUsageError as error:
        raise TokenStorageDamaged(f"{where} has no key: {error}") from None
    if _KEY.fullmatch(text.reveal()) is None:
        raise TokenStorageDamaged(f"{where} has no key: a key is one word of at most {MAX_CHARACTERS} ASCII characters")
    return text
