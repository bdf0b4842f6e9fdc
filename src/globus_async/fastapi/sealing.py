"""Encryption with the application's keys, of what is kept in cookies and files."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import GlobusSDKUsageError
from ..secret import Secret

__all__ = ("Sealer",)

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
        texts = [Secret.of(key) for key in ([keys] if isinstance(keys, str | Secret) else keys)]
        if not texts or any(
            not isinstance(text.reveal(), str) or len(text.reveal()) < _MIN_CHARACTERS for text in texts
        ):
            raise GlobusSDKUsageError(
                f"a key must be a random text of {_MIN_CHARACTERS} characters or more;"
                " make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        self._fernet = MultiFernet([Fernet(_derived(text, purpose)) for text in texts])

    def seal(self, text: Secret) -> Secret:
        """Return an encrypted text, of letters, digits, ``-`` and ``_``."""
        return Secret(self._fernet.encrypt(text.reveal().encode()).decode("ascii").rstrip("="))

    def open(self, sealed: Secret) -> Secret | None:
        """Return the text; ``None`` if it was changed, or encrypted with other keys."""
        try:
            padding = "=" * (-len(sealed.reveal()) % 4)
            return Secret(self._fernet.decrypt(f"{sealed.reveal()}{padding}".encode()).decode())
        except InvalidToken:
            return None


def _derived(key: Secret, purpose: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"globus_async {purpose}".encode())
    return base64.urlsafe_b64encode(derivation.derive(key.reveal().encode()))
