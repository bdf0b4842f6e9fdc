"""Encryption with the application's keys, of what is kept in cookies, files and token storages."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import GlobusSDKUsageError
from .secret import Secret

__all__ = ("Sealer", "check_key")

_MIN_CHARACTERS: Final = 32


class Sealer:
    """
    Encrypts and authenticates texts (Fernet: AES and HMAC-SHA256).

    Args:
        keys: A random text of 32 characters or more, such as that of ``secrets.token_urlsafe(32)``; or several: the
            first one encrypts, all of them decrypt, so that a key can be replaced.
        purpose: What is encrypted: each purpose has keys of its own, derived from ``keys`` (HKDF).

    Raises:
        GlobusSDKUsageError: There is no key, or one is too short.
    """

    def __init__(self, keys: str | Secret | Sequence[str | Secret], *, purpose: str) -> None:
        given = [keys] if isinstance(keys, str) or not isinstance(keys, Sequence) else keys
        secrets = [Secret.of(key) for key in given]
        del keys, given  # not shown by the traceback of an error
        if not secrets:
            raise GlobusSDKUsageError("there is no key: at least one is needed")
        for secret in secrets:
            check_key(secret)
        self._fernet = MultiFernet([Fernet(_derived(secret, purpose)) for secret in secrets])

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def seal(self, text: Secret) -> Secret:
        """Return an encrypted text, of letters, digits, ``-`` and ``_``."""
        return Secret(self._fernet.encrypt(text.reveal().encode()).decode("ascii").rstrip("="))

    def open(self, sealed: Secret) -> Secret | None:
        """Return the text; ``None`` if it was changed, or encrypted with other keys."""
        if not sealed.reveal().isascii():
            return None
        try:
            padding = "=" * (-len(sealed.reveal()) % 4)
            return Secret(self._fernet.decrypt(f"{sealed.reveal()}{padding}".encode()).decode())
        except InvalidToken:
            return None


def check_key(key: Secret) -> None:
    """
    Check that a key is long enough.

    Raises:
        GlobusSDKUsageError: It is not.
    """
    if not isinstance(key.reveal(), str) or len(key.reveal()) < _MIN_CHARACTERS:
        raise GlobusSDKUsageError(
            f"a key must be a random text (str) of {_MIN_CHARACTERS} characters or more;"
            " make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )


def _derived(key: Secret, purpose: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"globus_async {purpose}".encode())
    return base64.urlsafe_b64encode(derivation.derive(key.reveal().encode()))
