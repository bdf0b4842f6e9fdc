"""RSA keys that sign id_tokens, and their JSON Web Key Set."""

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

from .seeded_rsa import rsa_key_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.ids import Ids

__all__ = ("SigningKeys", "access_token_hash")


class _SigningKey:
    """An RSA key pair, generated on first use, since that takes a noticeable time."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._lock = threading.Lock()
        self._private: rsa.RSAPrivateKey | None = None

    @property
    def private(self) -> rsa.RSAPrivateKey:
        with self._lock:
            if self._private is None:
                seeded = self._ids.is_seeded
                self._private = rsa_key_of(self._ids.random) if seeded else rsa.generate_private_key(65537, 2048)
            return self._private

    @cached_property
    def public_members(self) -> dict[str, str]:
        """The members ``e`` and ``n`` of the public JSON Web Key."""
        public = self.private.public_key().public_numbers()
        return {"e": _base64url(_big_endian(public.e)), "n": _base64url(_big_endian(public.n))}

    @cached_property
    def id(self) -> str:
        """The JWK thumbprint (RFC 7638)."""
        text = json.dumps({**self.public_members, "kty": "RSA"}, sort_keys=True, separators=(",", ":"))
        return _base64url(hashlib.sha256(text.encode()).digest())


@dataclass(slots=True)
class _KeyRing:
    current: _SigningKey
    previous: list[_SigningKey]


class SigningKeys:
    """
    The current signing key, and previous keys that are still published.

    `document` and `sign` take milliseconds of CPU time: call them in a worker thread.

    Args:
        ids: The source of the keys: those of an emulator with a seed of ids can be derived by anybody.
        key_ids: Publish a ``kid`` with each key. The real service publishes a single key without one.
    """

    def __init__(self, ids: Ids, *, key_ids: bool = False) -> None:
        self.key_ids = key_ids
        self._ids = ids
        self._made = 0
        self._ring = _KeyRing(self._new_key(), [])

    def _new_key(self) -> _SigningKey:
        self._made += 1
        return _SigningKey(self._ids.named(f"signing key {self._made}"))

    def rotate(self, *, keep: int = 1) -> None:
        """
        Sign with a new key from now on.

        Args:
            keep: How many of the previous keys stay published.
        """
        previous = [self._ring.current, *self._ring.previous]
        self._ring = _KeyRing(self._new_key(), previous[:keep])

    def document(self) -> dict[str, object]:
        """Return the JSON Web Key Set, the current key first."""
        return {"keys": [self._public(key) for key in (self._ring.current, *self._ring.previous)]}

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a signed JWT with these claims."""
        key = self._ring.current
        return jwt.encode(
            dict(claims), key.private, algorithm="RS512", headers={"kid": key.id} if self.key_ids else None
        )

    def _public(self, key: _SigningKey) -> dict[str, str]:
        key_id = {"kid": key.id} if self.key_ids else {}
        return {"alg": "RS512", "kty": "RSA", "use": "sig", **key_id, **key.public_members}


def access_token_hash(token: str) -> str:
    """Return the ``at_hash`` claim of an access token for RS512 (OpenID Connect Core 3.1.3.6)."""
    digest = hashlib.sha512(token.encode()).digest()
    return _base64url(digest[: len(digest) // 2])


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
