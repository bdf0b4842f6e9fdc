"""
Checking an id_token by every rule of OpenID Connect Core 3.1.3.7 and RFC 8725. No network, no clock.

The algorithm is RS512 because it is written here, not because a token, a key or the service says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA512

from ..._http.json_reader import decode_json, is_list, is_object
from ...errors import GlobusSDKUsageError, IdTokenError
from ...secret import Secret

if TYPE_CHECKING:
    from .documents import IdTokenClaims

__all__ = ("Expected", "KeySource", "SigningKey", "check_id_token", "read_keys")

KeySource: TypeAlias = RSAPublicKey | Mapping[str, Any]
"""A public key, a JWK, or a JWK set."""

_ALGORITHM: Final = "RS512"
_SHAPE: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST: Final = 64 * 1024
_LONGEST_KEY: Final = 4096
_SMALLEST_MODULUS: Final = 2048
_FAR: Final = 1e12
_HINTS: Final = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "zip")
"""Header members by which a token would choose its own key or its own rules."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key with its id, if it has one."""

    kid: str | None
    key: RSAPublicKey


@dataclass(frozen=True, slots=True)
class Expected:
    """
    What a token must agree with.

    Args:
        issuer: The address of the service that must have made it.
        client_id: The client it must be made for.
        now: POSIX seconds, as the service counts them.
        nonce: The one that the login was started with, if it was.
        access_token: The one that came with it, if it is at hand; ``at_hash`` is checked against it.
        leeway: Seconds by which clocks may differ; 300 at most.
    """

    issuer: str
    client_id: str
    now: float
    nonce: str | None = None
    access_token: Secret | None = None
    leeway: float = 60.0

    def __post_init__(self) -> None:
        if not 0 <= self.leeway <= 300:
            raise GlobusSDKUsageError(f"leeway must be between 0 and 300 seconds, got {self.leeway}")


def read_keys(source: KeySource) -> tuple[SigningKey, ...]:
    """
    Return the keys of a source that may sign id_tokens; others that stand beside them are left out.

    Raises:
        IdTokenError: There is none, it is too short, or two have the same id.
    """
    if isinstance(source, RSAPublicKey):
        if source.key_size < _SMALLEST_MODULUS:
            raise IdTokenError("keys", f"the key is of less than {_SMALLEST_MODULUS} bits")
        return (SigningKey(None, source),)
    entries = source.get("keys", [source])
    found = [_key(entry) for entry in entries if is_object(entry)] if is_list(entries) else []
    keys = tuple(key for key in found if key is not None)
    if not keys:
        raise IdTokenError("keys", f"the key set holds no RSA key for {_ALGORITHM} signatures")
    if len({key.kid for key in keys}) != len(keys):
        raise IdTokenError("keys", "the key set holds several keys with the same id, or several without one")
    return keys


def check_id_token(id_token: str | Secret, keys: tuple[SigningKey, ...], expected: Expected) -> IdTokenClaims:
    """
    Check a token and return what it says.

    Args:
        id_token: The token, as it came.
        keys: The service's keys.
        expected: What it must agree with.

    Raises:
        IdTokenError: A rule is broken; its ``rule`` says which.
    """
    id_token = Secret.of(id_token)
    try:
        return _checked(id_token, keys, expected)
    except IdTokenError as error:
        refusal = error.with_traceback(None)  # the frames below hold the token in pieces
    raise refusal


def _checked(id_token: Secret, keys: tuple[SigningKey, ...], expected: Expected) -> IdTokenClaims:
    signed, header, payload, signature = _parts(id_token)
    _check_header(header)
    _check_signature(_choose(keys, header), signature, signed)
    claims = _json_object("payload", payload)
    _check_parties(claims, expected)
    _check_times(claims, expected)
    _check_bindings(claims, expected)
    return cast("IdTokenClaims", claims)


def _key(jwk: Mapping[str, Any]) -> SigningKey | None:
    """Read one key; ``None`` if it is not one for us."""
    operations = jwk.get("key_ops", ["verify"])
    if (
        jwk.get("kty") != "RSA"
        or jwk.get("use", "sig") != "sig"
        or jwk.get("alg", _ALGORITHM) != _ALGORITHM
        or not is_list(operations)
        or "verify" not in operations
        or not isinstance(jwk.get("kid", ""), str)
    ):
        return None
    modulus, exponent = _number(jwk.get("n")), _number(jwk.get("e"))
    if modulus is None or exponent is None or modulus.bit_length() < _SMALLEST_MODULUS:
        return None
    try:
        return SigningKey(jwk.get("kid"), RSAPublicNumbers(exponent, modulus).public_key())
    except ValueError:
        return None


def _number(text: object) -> int | None:
    if not isinstance(text, str) or len(text) > _LONGEST_KEY or _BASE64URL.fullmatch(text) is None:
        return None
    decoded = _decoded(text)
    return None if decoded is None else int.from_bytes(decoded)


def _decoded(text: str) -> bytes | None:
    """Decode base64url without padding; ``None`` if it is not written the one way there is."""
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return decoded if base64.urlsafe_b64encode(decoded).rstrip(b"=") == text.encode() else None


def _parts(id_token: Secret) -> tuple[bytes, dict[str, Any], bytes, bytes]:
    """Take a token apart: what was signed, the header, the payload, the signature."""
    if len(id_token.reveal()) > _LONGEST:
        raise IdTokenError("size", f"it is longer than {_LONGEST} characters")
    match = _SHAPE.fullmatch(id_token.reveal())
    parts = [_decoded(part) for part in match.groups()] if match is not None else []
    if match is None or None in parts:
        raise IdTokenError("form", "it is not three parts of base64url, as a signed token is")
    header, payload, signature = cast("list[bytes]", parts)
    signed = match[0].rpartition(".")[0].encode("ascii")
    return signed, _json_object("header", header), payload, signature


def _json_object(what: str, text: bytes) -> dict[str, Any]:
    try:
        document = decode_json(text, reject_duplicate_keys=True)
    except ValueError:
        document = None
    if not is_object(document):
        raise IdTokenError(what, f"its {what} is not a JSON object in UTF-8 with unique member names")
    return document


def _check_header(header: Mapping[str, Any]) -> None:
    if header.get("alg") != _ALGORITHM:
        raise IdTokenError("alg", f"it is not signed with {_ALGORITHM}")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise IdTokenError("typ", "it is a token of another type")
    for hint in _HINTS:
        if hint in header:
            raise IdTokenError(hint, f"its header has {hint!r}, which would let a token bring its own key or rules")
    if "kid" in header and not isinstance(header["kid"], str):
        raise IdTokenError("kid", "its key id is not text")


def _choose(keys: tuple[SigningKey, ...], header: Mapping[str, Any]) -> SigningKey:
    """Choose the key by its id; without an id there must be one key only."""
    kid = header.get("kid")
    if kid is None:
        if len(keys) != 1:
            raise IdTokenError("kid", "it names no key, and the service has several", stale_keys=True)
        return keys[0]
    for key in keys:
        if key.kid == kid:
            return key
    raise IdTokenError("kid", "it is signed with a key that the service does not publish", stale_keys=True)


def _check_signature(signer: SigningKey, signature: bytes, signed: bytes) -> None:
    try:
        signer.key.verify(signature, signed, PKCS1v15(), SHA512())
    except InvalidSignature:
        good = False
    else:
        good = True
    if not good:
        # a key without an id cannot be told from its successor
        raise IdTokenError("signature", "its signature is wrong", stale_keys=signer.kid is None)


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise IdTokenError("iss", f"it was not issued by {expected.issuer}")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise IdTokenError("sub", "it names no subject of 1 to 255 characters")
    audience = claims.get("aud")
    audiences = audience if is_list(audience) else [audience]
    if not audiences or any(one != expected.client_id for one in audiences):
        raise IdTokenError("aud", "it is not for this client, or not for this client alone")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != expected.client_id:
        raise IdTokenError("azp", "it was given to another party than this client")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    if expected.now >= expires + expected.leeway:
        raise IdTokenError("exp", "it has expired")
    if issued > expected.now + expected.leeway:
        raise IdTokenError("iat", "it was issued in the future; is this machine's clock right?")
    if expires <= issued:
        raise IdTokenError("exp", "it expired before it was issued")
    if "nbf" in claims and _instant(claims, "nbf") > expected.now + expected.leeway:
        raise IdTokenError("nbf", "it does not hold yet")


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _FAR:
        raise IdTokenError(name, f"it has no {name!r} in seconds")
    return value


def _check_bindings(claims: Mapping[str, Any], expected: Expected) -> None:
    if expected.nonce is not None and not _same(claims.get("nonce"), expected.nonce):
        raise IdTokenError("nonce", "it does not belong to this login: the nonce is another")
    if "at_hash" in claims and expected.access_token is not None:
        digest = hashlib.sha512(expected.access_token.reveal().encode()).digest()
        half = base64.urlsafe_b64encode(digest[:32]).rstrip(b"=").decode("ascii")
        if not _same(claims["at_hash"], half):
            raise IdTokenError("at_hash", "it does not belong to the access token that came with it")


def _same(claim: object, text: str) -> bool:
    return isinstance(claim, str) and hmac.compare_digest(claim.encode("utf-8", "replace"), text.encode())
