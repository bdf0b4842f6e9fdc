"""
Validation of id_tokens by the rules of OpenID Connect Core 3.1.3.7 and RFC 8725. Pure: no network, no clock.

PyJWT checks the form, the signature, ``iss`` and ``aud``. The algorithm is the constant RS512; neither the token nor
the key nor the service can choose another. This module adds the rules that PyJWT does not have. Times are among them:
PyJWT compares them with the clock of this machine only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from ..._http.json_reader import decode_json, is_list, is_object
from ...errors import GlobusSDKUsageError, IdTokenError
from ...secret import Secret

if TYPE_CHECKING:
    from .data import KeySource
    from .documents import IdTokenClaims

__all__ = ("Expected", "check_id_token", "public_key", "read_keys")

_ALGORITHM: Final = "RS512"
_COMPACT_FORM: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{1,2731}")
"""A number of 16,384 bits at most; OpenSSL refuses a larger modulus."""
_MAX_TOKEN_CHARACTERS: Final = 64 * 1024
_MIN_KEY_BITS: Final = 2048
_MAX_TIME: Final = 1e12
_MAX_LEEWAY: Final = 300
_REFUSED_HEADERS: Final = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip")
"""Header parameters by which a token could choose its own key or its own rules."""

_OPTIONS: Final = {
    "require": ["iss", "sub", "aud", "exp", "iat"],
    "verify_exp": False,  # PyJWT compares times with the clock of this machine
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,  # its length matters too
    "verify_jti": False,  # not used by this package
}


@dataclass(frozen=True, slots=True)
class Expected:
    """
    The values that an id_token is compared with.

    Args:
        issuer: The URL of the service that must have issued it.
        client_id: The client it must be issued to.
        now: The current time of the service, POSIX seconds.
        nonce: The nonce of the login; ``None`` if the login had none.
        access_token: The access token of the same response, compared with ``at_hash``; ``None`` if it is not known.
        leeway: Tolerated difference between clocks, 0 to 300 seconds.

    Raises:
        GlobusSDKUsageError: ``leeway`` is out of range.
    """

    issuer: str
    client_id: str
    now: float
    nonce: str | None = None
    access_token: Secret | None = None
    leeway: float = 60.0

    def __post_init__(self) -> None:
        if not 0 <= self.leeway <= _MAX_LEEWAY:
            raise GlobusSDKUsageError(f"leeway must be between 0 and {_MAX_LEEWAY} seconds, got {self.leeway}")


def read_keys(source: KeySource) -> tuple[jwt.PyJWK, ...]:
    """
    Return the keys of a source that can sign id_tokens; all other keys are ignored.

    Args:
        source: An RSA public key, a JWK, or a JWK set.

    Raises:
        IdTokenError: There is no usable key, or two usable keys have the same ``kid``.
        GlobusSDKUsageError: The source is of another type.
    """
    if isinstance(source, RSAPublicKey):
        source = RSAAlgorithm.to_jwk(source, as_dict=True)
    if not isinstance(source, Mapping):
        raise GlobusSDKUsageError(f"jwk must be an RSA public key, a JWK or a JWK set, got a {type(source).__name__}")
    entries = source.get("keys", [source])
    candidates = [_usable_key(entry) for entry in entries if is_object(entry)] if is_list(entries) else []
    keys = tuple(key for key in candidates if key is not None)
    if not keys:
        raise IdTokenError(
            "keys", f"the key set has no RSA key of at least {_MIN_KEY_BITS} bits for {_ALGORITHM} signatures"
        )
    if len({key.key_id for key in keys}) != len(keys):
        raise IdTokenError("keys", "the key set has several keys with the same kid, or several without a kid")
    return keys


def public_key(key: jwt.PyJWK) -> RSAPublicKey:
    """Return the key of the ``cryptography`` package."""
    return cast("RSAPublicKey", key.key)


def check_id_token(id_token: str | Secret, keys: tuple[jwt.PyJWK, ...], expected: Expected) -> IdTokenClaims:
    """
    Validate an id_token and return its claims.

    Args:
        id_token: The token, in compact form.
        keys: The signing keys of the service.
        expected: The values that the token is compared with.

    Raises:
        IdTokenError: The token breaks a rule; ``rule`` names it.
    """
    id_token = Secret.of(id_token)
    try:
        return _validated_claims(id_token, keys, expected)
    except IdTokenError as error:
        refusal = error.with_traceback(None)  # the frames below hold parts of the token
    raise refusal


def _validated_claims(id_token: Secret, keys: tuple[jwt.PyJWK, ...], expected: Expected) -> IdTokenClaims:
    header, claims = _parse(id_token)
    _check_header(header)
    _verify(id_token, _signing_key(keys, header), expected)
    _check_parties(claims, expected)
    _check_times(claims, expected)
    _check_nonce_and_at_hash(claims, expected)
    return cast("IdTokenClaims", claims)


def _usable_key(entry: Mapping[str, Any]) -> jwt.PyJWK | None:
    """Return the key of a JWK; ``None`` if it cannot sign id_tokens."""
    operations = entry.get("key_ops", ["verify"])
    numbers = {name: entry.get(name) for name in ("n", "e")}
    if (
        entry.get("kty") != "RSA"
        or entry.get("use", "sig") != "sig"
        or entry.get("alg", _ALGORITHM) != _ALGORITHM
        or not is_list(operations)
        or "verify" not in operations
        or not isinstance(entry.get("kid", ""), str)
        or not all(isinstance(number, str) and _BASE64URL.fullmatch(number) for number in numbers.values())
    ):
        return None
    try:
        # only the public members: from private ones PyJWT would compute, and keep, a private key
        key = jwt.PyJWK({"kty": "RSA", "kid": entry.get("kid"), **numbers}, _ALGORITHM)
    except (jwt.PyJWTError, ValueError):
        return None
    return key if public_key(key).key_size >= _MIN_KEY_BITS else None


def _parse(id_token: Secret) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, not verified yet; PyJWT reads JSON less strictly."""
    if len(id_token.reveal()) > _MAX_TOKEN_CHARACTERS:
        raise IdTokenError("size", f"it is longer than {_MAX_TOKEN_CHARACTERS} characters")
    match = _COMPACT_FORM.fullmatch(id_token.reveal())
    parts = [_decode_base64url(part) for part in match.groups()] if match is not None else [None]
    if None in parts:
        raise IdTokenError("form", "it is not a signed JWT in compact form: three parts in base64url without padding")
    header, payload, _ = cast("list[bytes]", parts)
    return _decode_object("header", header), _decode_object("payload", payload)


def _decode_base64url(text: str) -> bytes | None:
    """Return the bytes; ``None`` if the text is not their canonical encoding, which PyJWT 2.10 does not check."""
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return decoded if base64.urlsafe_b64encode(decoded).rstrip(b"=") == text.encode() else None


def _decode_object(part: str, text: bytes) -> dict[str, Any]:
    try:
        document = decode_json(text, reject_duplicate_keys=True)
    except ValueError:
        document = None
    if not is_object(document):
        raise IdTokenError(part, f"its {part} is not a JSON object in UTF-8 with unique member names")
    return document


def _check_header(header: Mapping[str, Any]) -> None:
    if header.get("alg") != _ALGORITHM:
        raise IdTokenError("alg", f"it is not signed with {_ALGORITHM}")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise IdTokenError("typ", "its header has a 'typ' other than 'JWT'")
    for name in _REFUSED_HEADERS:
        if name in header:
            raise IdTokenError(name, f"its header has {name!r}, by which a token could choose its own key or rules")
    if "kid" in header and not isinstance(header["kid"], str):
        raise IdTokenError("kid", "its 'kid' is not a string")


def _signing_key(keys: tuple[jwt.PyJWK, ...], header: Mapping[str, Any]) -> jwt.PyJWK:
    """Return the key with the token's ``kid``; a token without one is accepted if there is exactly one key."""
    kid = header.get("kid")
    if kid is None:
        if len(keys) != 1:
            raise IdTokenError("kid", "it has no 'kid', and the service has several keys", stale_keys=True)
        return keys[0]
    for key in keys:
        if key.key_id == kid:
            return key
    raise IdTokenError("kid", "the service has no key with its 'kid'", stale_keys=True)


def _verify(id_token: Secret, key: jwt.PyJWK, expected: Expected) -> None:
    """Check the signature, the required claims, issuer and audience with PyJWT."""
    try:
        jwt.decode(
            id_token.reveal(),
            key,
            [_ALGORITHM],
            cast("Any", _OPTIONS),
            audience=expected.client_id,
            issuer=expected.issuer,
        )
    except jwt.InvalidSignatureError:
        # a key without a kid cannot be distinguished from its successor
        refusal = IdTokenError("signature", "its signature is not valid", stale_keys=key.key_id is None)
    except jwt.MissingRequiredClaimError as error:
        refusal = IdTokenError(error.claim, f"it has no {error.claim!r}")
    except jwt.InvalidIssuerError:
        refusal = IdTokenError("iss", f"it was not issued by {expected.issuer}")
    except jwt.InvalidAudienceError:
        refusal = IdTokenError("aud", "it was not issued to this client")
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        refusal = IdTokenError("form", "it is not a valid JWT")
    else:
        return
    raise refusal


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise IdTokenError("sub", "its 'sub' is not a string of 1 to 255 characters")
    audience = claims["aud"]
    audiences = audience if is_list(audience) else [audience]
    if any(value != expected.client_id for value in audiences):
        raise IdTokenError("aud", "it was issued to another client as well")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != expected.client_id:
        raise IdTokenError("azp", "its authorized party ('azp') is not this client")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    if expected.now >= expires + expected.leeway:
        raise IdTokenError("exp", "it has expired")
    if issued > expected.now + expected.leeway:
        raise IdTokenError("iat", "it was issued in the future; check the clock of this machine")
    if expires <= issued:
        raise IdTokenError("exp", "its 'exp' is not after its 'iat'")
    if "nbf" in claims and _time(claims, "nbf") > expected.now + expected.leeway:
        raise IdTokenError("nbf", "it is not valid yet; check the clock of this machine")


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _MAX_TIME:
        raise IdTokenError(name, f"its {name!r} is not a number of POSIX seconds")
    return value


def _check_nonce_and_at_hash(claims: Mapping[str, Any], expected: Expected) -> None:
    if expected.nonce is not None and not _equal(claims.get("nonce"), expected.nonce):
        raise IdTokenError("nonce", "its nonce is not the nonce of this login")
    if "at_hash" in claims and expected.access_token is not None:
        digest = hashlib.sha512(expected.access_token.reveal().encode()).digest()
        half = base64.urlsafe_b64encode(digest[:32]).rstrip(b"=").decode("ascii")
        if not _equal(claims["at_hash"], half):
            raise IdTokenError("at_hash", "it belongs to another access token (at_hash)")


def _equal(claim: object, text: str) -> bool:
    return isinstance(claim, str) and hmac.compare_digest(claim.encode("utf-8", "replace"), text.encode())
