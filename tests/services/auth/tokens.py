"""Keys and id_tokens, valid and invalid ones."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA512, HashAlgorithm

from tests.services.auth.service import CLIENT_ID

NOW = 1_800_000_000
ISSUER = "https://auth.example.org"
ACCESS_TOKEN = "AgTransferToken"
KEY = generate_private_key(65537, 2048)
OTHER_KEY = generate_private_key(65537, 2048)
GONE: Any = object()
"""Marks a member to be omitted."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def at_hash(access_token: str) -> str:
    return b64(hashlib.sha512(access_token.encode()).digest()[:32])


def jwk(key: RSAPrivateKey = KEY, **changes: Any) -> dict[str, Any]:
    """Return the JWK of a public key."""
    numbers = key.public_key().public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    document = {"alg": "RS512", "kty": "RSA", "use": "sig", "e": "AQAB", "n": b64(numbers.n.to_bytes(size)), **changes}
    return {name: value for name, value in document.items() if value is not GONE}


def good_claims(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "sub": "8ca28797-3541-4a5d-a264-05b00f91e608",
        "aud": CLIENT_ID,
        "iat": NOW - 5,
        "exp": NOW + 172_795,
        "nonce": "the nonce",
        "at_hash": at_hash(ACCESS_TOKEN),
        "preferred_username": "ada@example.org",
        "name": "Ada Lovelace",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not GONE}


def as_bytes(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def signed(
    claims: Any = None,
    header: Any = None,
    *,
    key: RSAPrivateKey = KEY,
    algorithm: HashAlgorithm | None = None,
) -> str:
    """Return an id_token with any claims and header."""
    header = {"typ": "JWT", "alg": "RS512"} if header is None else header
    body = f"{b64(as_bytes(header))}.{b64(as_bytes(good_claims() if claims is None else claims))}"
    return f"{body}.{b64(key.sign(body.encode(), PKCS1v15(), algorithm or SHA512()))}"
