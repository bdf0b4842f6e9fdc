"""The keys that sign id_tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("SigningKeys", "access_token_hash")


class _Key:
    """One RSA key; made when it is first needed, for it takes a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._private: rsa.RSAPrivateKey | None = None

    @property
    def private(self) -> rsa.RSAPrivateKey:
        with self._lock:
            if self._private is None:
                self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            return self._private

    @cached_property
    def numbers(self) -> dict[str, str]:
        public = self.private.public_key().public_numbers()
        return {"e": _base64url(_big_endian(public.e)), "n": _base64url(_big_endian(public.n))}

    @cached_property
    def id(self) -> str:
        """The thumbprint of RFC 7638."""
        text = json.dumps({**self.numbers, "kty": "RSA"}, sort_keys=True, separators=(",", ":"))
        return _base64url(hashlib.sha256(text.encode()).digest())


@dataclass(slots=True)
class _Ring:
    current: _Key
    former: list[_Key]


class SigningKeys:
    """
    The current key, and former ones that are still published.

    `document` and `sign` take milliseconds, so they are for worker threads.

    Args:
        key_ids: Name the keys (``kid``); the real service publishes one key without a name.
    """

    def __init__(self, *, key_ids: bool = False) -> None:
        self.key_ids = key_ids
        self._ring = _Ring(_Key(), [])

    def roll(self, *, keep: int = 1) -> None:
        """Sign with a new key from now on; go on publishing the ``keep`` latest former ones."""
        former = [self._ring.current, *self._ring.former]
        self._ring = _Ring(_Key(), former[:keep])

    def document(self) -> dict[str, object]:
        """Return the key set, the current key first."""
        return {"keys": [self._public(key) for key in (self._ring.current, *self._ring.former)]}

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return the claims as a JWS."""
        key = self._ring.current
        return jwt.encode(
            dict(claims), key.private, algorithm="RS512", headers={"kid": key.id} if self.key_ids else None
        )

    def _public(self, key: _Key) -> dict[str, str]:
        name = {"kid": key.id} if self.key_ids else {}
        return {"alg": "RS512", "kty": "RSA", "use": "sig", **name, **key.numbers}


def access_token_hash(token: str) -> str:
    """Return ``at_hash`` for RS512 (OpenID Connect Core 3.1.3.6)."""
    digest = hashlib.sha512(token.encode()).digest()
    return _base64url(digest[: len(digest) // 2])


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
