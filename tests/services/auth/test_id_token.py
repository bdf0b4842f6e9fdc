"""An id_token is accepted if it follows every rule, and refused if it breaks one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import pickle
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP521R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt import PyJWK

from globus_async import Secret
from globus_async.errors import GlobusSDKUsageError, IdTokenError
from globus_async.services.auth.id_token import Expected, check_id_token, public_key, read_keys
from tests.services.auth.service import CLIENT_ID
from tests.services.auth.tokens import (
    ACCESS_TOKEN,
    GONE,
    ISSUER,
    KEY,
    NOW,
    OTHER_KEY,
    as_bytes,
    at_hash,
    b64,
    good_claims,
    jwk,
    signed,
)
from tests.toolkit.canaries import leaks_of_error

KEYS = read_keys({"keys": [jwk()]})
OTHER = "1d2c0f0e-6a4b-4f6f-9a6e-000000000001"
EXPECTED = Expected(ISSUER, CLIENT_ID, NOW, nonce="the nonce", access_token=Secret(ACCESS_TOKEN))


class Bad(NamedTuple):
    """A token that breaks one rule, and the name of the rule."""

    rule: str
    token: Callable[[], str]


def with_claims(**changes: Any) -> Callable[[], str]:
    return lambda: signed(good_claims(**changes))


def with_header(**changes: Any) -> Callable[[], str]:
    header = {"typ": "JWT", "alg": "RS512", **changes}
    return lambda: signed(header={name: value for name, value in header.items() if value is not GONE})


def with_payload(payload: bytes) -> Callable[[], str]:
    return lambda: signed(payload)


def resigned(algorithm: str, signature: Callable[[bytes], bytes]) -> Callable[[], str]:
    """Return a token with another algorithm and a valid signature of that algorithm."""

    def make() -> str:
        body = f"{b64(as_bytes({'typ': 'JWT', 'alg': algorithm}))}.{b64(as_bytes(good_claims()))}"
        return f"{body}.{b64(signature(body.encode()))}"

    return make


def unsigned(algorithm: str) -> Callable[[], str]:
    """Return a token with an algorithm and one zero byte as signature."""
    return lambda: f"{b64(as_bytes({'typ': 'JWT', 'alg': algorithm}))}.{b64(as_bytes(good_claims()))}.AA"


def changed(change: Callable[[str, str, str], str]) -> Callable[[], str]:
    """Return a changed valid token."""
    return lambda: change(*signed().split("."))


def with_exp(text: str) -> bytes:
    return json.dumps(good_claims()).replace(str(good_claims()["exp"]), text).encode()


PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
DUPLICATE = json.dumps(good_claims())[:-1].encode() + b', "sub": "somebody else"}'

BAD: dict[str, Bad] = {
    # issuer
    "iss foreign": Bad("iss", with_claims(iss="https://auth.evil.org")),
    "iss missing": Bad("iss", with_claims(iss=GONE)),
    "iss with a slash": Bad("iss", with_claims(iss=ISSUER + "/")),
    "iss begins alike": Bad("iss", with_claims(iss=ISSUER + ".evil.org")),
    "iss is part of ours": Bad("iss", with_claims(iss="https://auth.example.or")),
    "iss in capitals": Bad("iss", with_claims(iss=ISSUER.upper())),
    "iss a list": Bad("iss", with_claims(iss=[ISSUER])),
    # audience
    "aud another": Bad("aud", with_claims(aud=OTHER)),
    "aud missing": Bad("aud", with_claims(aud=GONE)),
    "aud null": Bad("aud", with_claims(aud=None)),
    "aud empty list": Bad("aud", with_claims(aud=[])),
    "aud without us": Bad("aud", with_claims(aud=[OTHER], azp=CLIENT_ID)),
    "aud with somebody else": Bad("aud", with_claims(aud=[CLIENT_ID, OTHER], azp=CLIENT_ID)),
    "aud contains our id": Bad("aud", with_claims(aud=CLIENT_ID + "x")),
    "aud a nested list": Bad("aud", with_claims(aud=[[CLIENT_ID]])),
    "aud with a number": Bad("aud", with_claims(aud=[CLIENT_ID, 7], azp=CLIENT_ID)),
    "aud with null": Bad("aud", with_claims(aud=[None, CLIENT_ID], azp=CLIENT_ID)),
    "aud true": Bad("aud", with_claims(aud=True)),
    "aud in capitals": Bad("aud", with_claims(aud=CLIENT_ID.upper())),
    "aud separated by a blank": Bad("aud", with_claims(aud=f"{CLIENT_ID} {OTHER}")),
    "aud an object": Bad("aud", with_claims(aud={CLIENT_ID: 1})),
    "azp another": Bad("azp", with_claims(azp=OTHER)),
    "azp null": Bad("azp", with_claims(azp=None)),
    "azp a list": Bad("azp", with_claims(azp=[CLIENT_ID])),
    "azp missing though aud is several": Bad("azp", with_claims(aud=[CLIENT_ID, CLIENT_ID])),
    # times
    "exp missing": Bad("exp", with_claims(exp=GONE)),
    "exp null": Bad("exp", with_claims(exp=None)),
    "exp text": Bad("exp", with_claims(exp=str(NOW + 100))),
    "exp true": Bad("exp", with_claims(exp=True)),
    "exp negative": Bad("exp", with_claims(exp=-1)),
    "exp an object": Bad("exp", with_claims(exp={"seconds": NOW + 100})),
    "exp of 10,000 digits": Bad("payload", with_payload(with_exp("9" * 10_000))),
    "exp 1e309": Bad("payload", with_payload(with_exp("1e309"))),
    "exp -1e309": Bad("payload", with_payload(with_exp("-1e309"))),
    "exp 1e308": Bad("exp", with_payload(with_exp("1e308"))),
    "exp NaN": Bad("payload", with_payload(with_exp("NaN"))),
    "exp Infinity": Bad("payload", with_payload(with_exp("Infinity"))),
    "exp with a leading zero": Bad("payload", with_payload(with_exp(f"0{NOW + 100}"))),
    "exp hexadecimal": Bad("payload", with_payload(with_exp("0x7fffffff"))),
    "exp beyond all numbers": Bad("exp", with_payload(with_exp("9" * 400))),
    "exp infinite": Bad("payload", with_payload(with_exp("1e999"))),
    "expired for 61 s": Bad("exp", with_claims(exp=NOW - 61, iat=NOW - 1000)),
    "expired for 299 s": Bad("exp", with_claims(exp=NOW - 299, iat=NOW - 1000)),
    "expired for a year": Bad("exp", with_claims(exp=NOW - 31_536_000, iat=NOW - 31_600_000)),
    "exp before iat": Bad("exp", with_claims(exp=NOW + 10, iat=NOW + 20)),
    "iat missing": Bad("iat", with_claims(iat=GONE)),
    "iat null": Bad("iat", with_claims(iat=None)),
    "iat true": Bad("iat", with_claims(iat=True)),
    "iat a list": Bad("iat", with_claims(iat=[NOW])),
    "iat equal to exp": Bad("exp", with_claims(exp=NOW, iat=NOW)),
    "iat text": Bad("iat", with_claims(iat="yesterday")),
    "iat in the future": Bad("iat", with_claims(iat=NOW + 61)),
    "nbf in the future": Bad("nbf", with_claims(nbf=NOW + 61)),
    "nbf text": Bad("nbf", with_claims(nbf="now")),
    "nbf digits as text": Bad("nbf", with_claims(nbf=str(NOW - 10))),
    "nbf false": Bad("nbf", with_claims(nbf=False)),
    "nbf true": Bad("nbf", with_claims(nbf=True)),
    "nbf null": Bad("nbf", with_claims(nbf=None)),
    "nbf negative": Bad("nbf", with_claims(nbf=-1)),
    # subject
    "sub missing": Bad("sub", with_claims(sub=GONE)),
    "sub empty": Bad("sub", with_claims(sub="")),
    "sub null": Bad("sub", with_claims(sub=None)),
    "sub a list": Bad("sub", with_claims(sub=["x"])),
    "sub a number": Bad("sub", with_claims(sub=7)),
    "sub of 256 characters": Bad("sub", with_claims(sub="x" * 256)),
    # nonce and at_hash
    "nonce another": Bad("nonce", with_claims(nonce="another nonce")),
    "nonce missing": Bad("nonce", with_claims(nonce=GONE)),
    "nonce a list": Bad("nonce", with_claims(nonce=["the nonce"])),
    "nonce longer": Bad("nonce", with_claims(nonce="the nonce ")),
    "at_hash of another token": Bad("at_hash", with_claims(at_hash=at_hash("another"))),
    "at_hash empty": Bad("at_hash", with_claims(at_hash="")),
    "at_hash null": Bad("at_hash", with_claims(at_hash=None)),
    "at_hash by SHA-256": Bad("at_hash", with_claims(at_hash=b64(hashlib.sha256(ACCESS_TOKEN.encode()).digest()[:16]))),
    "at_hash cut": Bad("at_hash", with_claims(at_hash=at_hash(ACCESS_TOKEN)[:-1])),
    # algorithm and signature
    "alg none": Bad("alg", lambda: f"{b64(as_bytes({'alg': 'none'}))}.{b64(as_bytes(good_claims()))}.AA"),
    "alg none with a signature": Bad("alg", with_header(alg="none")),
    **{
        f"alg {spelling}, unsigned": Bad("alg", unsigned(spelling))
        for spelling in ("None", "NONE", "nOnE", "none ", "", " RS512", "RS512\0")
    },
    "alg none and an empty signature": Bad("form", lambda: unsigned("none")()[:-2]),
    "alg null": Bad("alg", with_header(alg=None)),
    "alg a number": Bad("alg", with_header(alg=512)),
    "alg an object": Bad("alg", with_header(alg={"RS512": 1})),
    "alg missing": Bad("alg", with_header(alg=GONE)),
    "alg in small letters": Bad("alg", with_header(alg="rs512")),
    "alg a list": Bad("alg", with_header(alg=["RS512"])),
    "alg RS256, validly signed": Bad("alg", resigned("RS256", lambda body: KEY.sign(body, PKCS1v15(), SHA256()))),
    "alg RS384, validly signed": Bad("alg", resigned("RS384", lambda body: KEY.sign(body, PKCS1v15(), SHA384()))),
    "alg PS512, validly signed": Bad(
        "alg", resigned("PS512", lambda body: KEY.sign(body, PSS(MGF1(SHA512()), 64), SHA512()))
    ),
    "alg HS512 with the public key as secret": Bad(
        "alg", resigned("HS512", lambda body: hmac.digest(PUBLIC_PEM, body, hashlib.sha512))
    ),
    "alg HS512 with the JWK as secret": Bad(
        "alg", resigned("HS512", lambda body: hmac.digest(json.dumps(jwk()).encode(), body, hashlib.sha512))
    ),
    "alg HS256 with the public key as secret": Bad(
        "alg", resigned("HS256", lambda body: hmac.digest(PUBLIC_PEM, body, hashlib.sha256))
    ),
    "alg RS512, signed by HMAC with the public key": Bad(
        "signature", resigned("RS512", lambda body: hmac.digest(PUBLIC_PEM, body, hashlib.sha512))
    ),
    "alg RS512, signed with PSS": Bad(
        "signature", resigned("RS512", lambda body: KEY.sign(body, PSS(MGF1(SHA512()), 64), SHA512()))
    ),
    "alg ES512, validly signed": Bad(
        "alg", resigned("ES512", lambda body: generate_ec_key(SECP521R1()).sign(body, ECDSA(SHA512())))
    ),
    "alg EdDSA, validly signed": Bad("alg", resigned("EdDSA", Ed25519PrivateKey.generate().sign)),
    "signature of zeros": Bad("signature", resigned("RS512", lambda _: bytes(256))),
    "signature of one": Bad("signature", resigned("RS512", lambda _: bytes(255) + b"\x01")),
    "signature of one byte": Bad("signature", resigned("RS512", lambda _: b"\0")),
    "signature with a byte more": Bad("signature", changed(lambda h, p, s: f"{h}.{p}.{_longer(s)}")),
    "signature of another key": Bad("signature", lambda: signed(key=OTHER_KEY)),
    "signature with another hash": Bad("signature", lambda: signed(algorithm=SHA256())),
    "signature of another payload": Bad(
        "signature", changed(lambda h, _, s: f"{h}.{b64(as_bytes(good_claims(sub='x')))}.{s}")
    ),
    "signature of another header": Bad(
        "signature", changed(lambda _, p, s: f"{b64(as_bytes({'alg': 'RS512', 'typ': 'jwt'}))}.{p}.{s}")
    ),
    "signature cut": Bad("signature", changed(lambda h, p, s: f"{h}.{p}.{_shorter(s)}")),
    # header parameters
    "jku": Bad("jku", with_header(jku=f"{ISSUER}/jwk.json")),
    "jwk": Bad("jwk", with_header(jwk=jwk())),
    "x5u": Bad("x5u", with_header(x5u=f"{ISSUER}/cert.pem")),
    "x5c": Bad("x5c", with_header(x5c=["MII"])),
    "crit": Bad("crit", with_header(crit=["exp"])),
    "b64": Bad("b64", with_header(b64=False)),
    "zip": Bad("zip", with_header(zip="DEF")),
    "typ of an access token": Bad("typ", with_header(typ="at+jwt")),
    "typ a number": Bad("typ", with_header(typ=1)),
    "kid unknown": Bad("kid", with_header(kid="another")),
    "kid a number": Bad("kid", with_header(kid=7)),
    "kid null": Bad("kid", with_header(kid=None)),
    "kid a list": Bad("kid", with_header(kid=["k1"])),
    "kid an object": Bad("kid", with_header(kid={"k1": 1})),
    "kid empty": Bad("kid", with_header(kid="")),
    "kid a path": Bad("kid", with_header(kid="../../dev/null")),
    "typ null": Bad("typ", with_header(typ=None)),
    "typ a list": Bad("typ", with_header(typ=["JWT"])),
    "typ empty": Bad("typ", with_header(typ="")),
    "typ of a logout token": Bad("typ", with_header(typ="logout+jwt")),
    "crit empty": Bad("crit", with_header(crit=[])),
    "crit of b64": Bad("crit", with_header(crit=["b64"], b64=True)),
    "jwk null": Bad("jwk", with_header(jwk=None)),
    # form
    "empty": Bad("form", lambda: ""),
    "two parts": Bad("form", changed(lambda h, p, _: f"{h}.{p}")),
    "four parts": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s}.{s}")),
    "five parts, encrypted": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s}.{p}.{s}")),
    "no signature": Bad("form", changed(lambda h, p, _: f"{h}.{p}.")),
    "standard base64": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s[:-2]}+/")),
    "padding": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s}=")),
    "blanks": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s} ")),
    "a line break at the end": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s}\n")),
    "signature in another spelling": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{_other_spelling(s)}")),
    "a blank in front": Bad("form", lambda: " " + signed()),
    "a line break in the middle": Bad("form", changed(lambda h, p, s: f"{h}.{p[:40]}\n{p[40:]}.{s}")),
    "a zero byte at the end": Bad("form", lambda: signed() + "\0"),
    "rightly padded header": Bad("form", changed(lambda h, p, s: f"{h}{'=' * (-len(h) % 4) or '===='}.{p}.{s}")),
    "one letter too many": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s}AAA")),
    "digits that are not ASCII": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s[:-1]}\N{ARABIC-INDIC DIGIT ONE}")),
    "a lone surrogate": Bad("form", lambda: signed() + "\ud800"),
    "only dots": Bad("form", lambda: ".."),
    "with its scheme": Bad("form", lambda: f"Bearer {signed()}"),
    "not ASCII": Bad("form", changed(lambda h, p, s: f"{h}.{p}.{s}é")),
    "header no JSON": Bad("header", lambda: signed(header=b"{alg: RS512}")),
    "header a list": Bad("header", lambda: signed(header=["RS512"])),
    "header in UTF-16": Bad("header", lambda: signed(header=json.dumps({"alg": "RS512"}).encode("utf-16"))),
    "header with a byte order mark": Bad("header", lambda: signed(header=b'\xef\xbb\xbf{"alg": "RS512"}')),
    "header with more after it": Bad("header", lambda: signed(header=b'{"alg": "RS512"}{}')),
    "header null": Bad("header", lambda: signed(header=b"null")),
    "header says kid twice": Bad("header", lambda: signed(header=b'{"alg": "RS512", "kid": "a", "kid": "b"}')),
    "header nested without end": Bad("header", lambda: signed(header=b'{"x":' + b"[" * 9000 + b"]" * 9000 + b"}")),
    "header says alg twice": Bad("header", lambda: signed(header=b'{"alg": "none", "alg": "RS512"}')),
    "payload no JSON": Bad("payload", with_payload(b"not JSON")),
    "payload a list": Bad("payload", with_payload(json.dumps([good_claims()]).encode())),
    "payload null": Bad("payload", with_payload(b"null")),
    "payload in UTF-16": Bad("payload", with_payload(json.dumps(good_claims()).encode("utf-16"))),
    "payload not UTF-8": Bad("payload", with_payload(json.dumps(good_claims()).encode()[:-1] + b', "x": "\xff"}')),
    "payload says sub twice": Bad("payload", with_payload(DUPLICATE)),
    "payload says exp twice": Bad(
        "payload", with_payload(f'{json.dumps(good_claims())[:-1]}, "exp": {NOW + 9}}}'.encode())
    ),
    "payload says sub twice, once escaped": Bad(
        "payload", with_payload(json.dumps(good_claims())[:-1].encode() + b', "\\u0073ub": "somebody else"}')
    ),
    "payload with a byte order mark": Bad("payload", with_payload(b"\xef\xbb\xbf" + as_bytes(good_claims()))),
    "payload with more after it": Bad("payload", with_payload(as_bytes(good_claims()) + b"{}")),
    "payload with half a surrogate pair": Bad("payload", with_payload(as_bytes(good_claims(name="\ud800")))),
    "payload a text": Bad("payload", with_payload(json.dumps(json.dumps(good_claims())).encode())),
    "payload with NaN": Bad("payload", with_payload(json.dumps(good_claims(x=float("nan"))).encode())),
    "payload nested without end": Bad("payload", with_payload(b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}")),
    "too long": Bad("size", with_claims(x="x" * 70_000)),
}


def _shorter(text: str) -> str:
    """Remove the last byte."""
    return b64(base64.urlsafe_b64decode(text + "==")[:-1])


def _longer(text: str) -> str:
    """Append a zero byte."""
    return b64(base64.urlsafe_b64decode(text + "==") + b"\0")


def _other_spelling(text: str) -> str:
    """Change only the unused bits of the last base64url character: for 256 bytes there are four."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]
    assert base64.urlsafe_b64decode(other + "==") == base64.urlsafe_b64decode(text + "==")
    return other


def test_a_valid_token_is_accepted() -> None:
    """A token that follows every rule returns its claims."""
    assert check_id_token(signed(), KEYS, EXPECTED) == good_claims()


@pytest.mark.parametrize("name", BAD)
def test_a_token_that_breaks_one_rule_is_refused(name: str) -> None:
    """The error names the rule and contains nothing of the token."""
    bad = BAD[name]
    token = bad.token()
    with pytest.raises(IdTokenError) as caught:
        check_id_token(token, KEYS, EXPECTED)
    assert caught.value.rule == bad.rule
    assert "refused" in str(caught.value)
    assert not [piece for piece in token.split(".") if len(piece) > 12 and piece[:12] in str(caught.value)]
    assert pickle.loads(pickle.dumps(caught.value)).rule == bad.rule


def test_the_encoding_is_checked_first() -> None:
    """Not only by PyJWT, whose older releases accept several encodings of the same bytes."""
    header, payload, signature = signed(header={"alg": "RS512", "kid": "unknown"}).split(".")
    with pytest.raises(IdTokenError) as caught:
        check_id_token(f"{header}.{payload}.{_other_spelling(signature)}", KEYS, EXPECTED)
    assert caught.value.rule == "form"


def test_the_number_of_bad_tokens(summary: Callable[[str], None]) -> None:
    """Report the number of tokens and rules."""
    summary(
        f"{len(BAD)} bad id_tokens, each breaking one of {len({bad.rule for bad in BAD.values()})} rules, are refused"
    )
    assert len(BAD) >= 60


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT_ID]},
        {"azp": CLIENT_ID},
        {"aud": [CLIENT_ID, CLIENT_ID], "azp": CLIENT_ID},
        {"exp": NOW - 59, "iat": NOW - 1000},
        {"exp": NOW + 0.5, "iat": NOW - 0.5},
        {"iat": NOW + 59},
        {"nbf": NOW + 59},
        {"at_hash": GONE},
        {"sub": "x" * 255},
        {"identity_set": [{"sub": str(n)} for n in range(100)]},
        {"name": "Ada \N{SNOWMAN}"},
    ],
)
def test_edge_cases_are_accepted(claims: dict[str, Any]) -> None:
    """The limits of the rules are valid."""
    assert check_id_token(signed(good_claims(**claims)), KEYS, EXPECTED)["sub"]


@pytest.mark.parametrize("header", [{"alg": "RS512"}, {"alg": "RS512", "typ": "jwt"}, {"alg": "RS512", "x5t": "hint"}])
def test_accepted_headers(header: dict[str, Any]) -> None:
    """No ``typ``, and parameters without effect."""
    assert check_id_token(signed(header=header), KEYS, EXPECTED)["sub"]


def test_nonce_and_at_hash_are_optional() -> None:
    """They are checked only if nonce and access token are given."""
    token = signed(good_claims(nonce=GONE, at_hash="anything"))
    assert check_id_token(token, KEYS, Expected(ISSUER, CLIENT_ID, NOW))["sub"]
    assert check_id_token(signed(), KEYS, Expected(ISSUER, CLIENT_ID, NOW)).get("nonce") == "the nonce"


def test_the_leeway() -> None:
    """From 0 to 300 seconds; it is applied exactly."""
    for leeway in (0.0, 300.0):
        expected = Expected(ISSUER, CLIENT_ID, NOW, leeway=leeway)
        assert check_id_token(signed(good_claims(exp=NOW - leeway + 1, iat=NOW - 1000)), KEYS, expected)
        with pytest.raises(IdTokenError, match="expired"):
            check_id_token(signed(good_claims(exp=NOW - leeway, iat=NOW - 1000)), KEYS, expected)
    for leeway in (-1, 301, float("nan"), float("inf")):
        with pytest.raises(GlobusSDKUsageError, match="leeway"):
            Expected(ISSUER, CLIENT_ID, NOW, leeway=leeway)


class TestKeys:
    def test_the_key_is_chosen_by_its_kid(self) -> None:
        """Not by its position in the set."""
        keys = read_keys({"keys": [jwk(OTHER_KEY, kid="old"), jwk(kid="new")]})
        assert check_id_token(signed(header={"alg": "RS512", "kid": "new"}), keys, EXPECTED)["sub"]
        with pytest.raises(IdTokenError, match="signature"):
            check_id_token(signed(header={"alg": "RS512", "kid": "old"}), keys, EXPECTED)

    def test_a_token_without_a_kid_requires_a_single_key(self) -> None:
        """Keys are not tried one after another."""
        assert check_id_token(signed(), read_keys({"keys": [jwk(kid="only")]}), EXPECTED)["sub"]
        with pytest.raises(IdTokenError, match="several") as caught:
            check_id_token(signed(), read_keys({"keys": [jwk(kid="a"), jwk(OTHER_KEY, kid="b")]}), EXPECTED)
        assert caught.value.stale_keys

    def test_stale_keys(self) -> None:
        """Newer keys can help if the kid is unknown or missing, not if the signature of a known kid is wrong."""
        with pytest.raises(IdTokenError) as caught:
            check_id_token(
                signed(key=OTHER_KEY, header={"alg": "RS512", "kid": "a"}), read_keys(jwk(kid="a")), EXPECTED
            )
        assert (caught.value.rule, caught.value.stale_keys) == ("signature", False)
        with pytest.raises(IdTokenError) as caught:
            check_id_token(signed(key=OTHER_KEY), KEYS, EXPECTED)
        assert (caught.value.rule, caught.value.stale_keys) == ("signature", True)

    def test_key_sources(self) -> None:
        """A key set, a JWK and a key of the cryptography package are accepted."""
        for source in ({"keys": [jwk()]}, jwk(), KEY.public_key()):
            assert check_id_token(signed(), read_keys(source), EXPECTED)["sub"]

    @pytest.mark.parametrize(
        "other",
        [
            {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
            {"kty": "EC", "crv": "secp256k1", "alg": "RS512", "x": "AA", "y": "AA"},
            {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
            {"kty": "oct", "k": "c2VjcmV0"},
            {"kty": "oct", "alg": "RS512", "k": "c2VjcmV0", "n": "AQAB", "e": "AQAB"},
            {**jwk(), "kty": "rsa"},
            jwk(kty=GONE),
            jwk(kty=None),
            jwk(kty=["RSA"]),
            jwk(alg=None),
            jwk(alg=["RS512"]),
            jwk(use=["sig"]),
            jwk(key_ops=["sign"]),
            jwk(kid=None),
            jwk(kid=["a"]),
            jwk(n=f"{jwk()['n']}=="),
            jwk(n=f" {jwk()['n']}"),
            jwk(n=""),
            jwk(e=""),
            jwk(e=65537),
            jwk(n="A" * 4_000_000),
            jwk(n=b64(b"\x01" * 2049)),
            jwk(n=b64(b"\xc1" * 64)),  # 512 bits
            jwk(n=b64(b"\xc1" * 255)),  # 2,040 bits
            jwk(use="enc"),
            jwk(alg="RS256"),
            jwk(alg="none"),
            jwk(key_ops=["encrypt"]),
            jwk(key_ops="verify"),
            jwk(kid=5),
            jwk(n=GONE),
            jwk(e=GONE),
            jwk(n=5),
            jwk(n="!!"),
            jwk(n="A" * 5000),
            jwk(e="AA"),
            jwk(e="AQ"),
            jwk(e="Ag"),
            jwk(generate_private_key(65537, 1024)),
            "text",
            None,
        ],
        ids=lambda other: str(other)[:40],
    )
    def test_unusable_keys_are_ignored(self, other: Any) -> None:
        """They verify nothing, and do not affect other keys."""
        with pytest.raises(IdTokenError, match="no RSA key"):
            read_keys({"keys": [other]})
        assert check_id_token(signed(), read_keys({"keys": [other, jwk()]}), EXPECTED)["sub"]

    @pytest.mark.parametrize(
        "source",
        [
            {"keys": []},
            {"keys": None},
            {"keys": {}},
            {},
            {"keys": "AQAB"},
            {"keys": 7},
            {"keys": [[jwk()]]},
            {"keys": [jwk(), jwk(OTHER_KEY)]},
            generate_private_key(65537, 1024).public_key(),
        ],
    )
    def test_unusable_key_sources(self, source: Any) -> None:
        """No usable key, ambiguous keys, or a key that is too short."""
        with pytest.raises(IdTokenError):
            read_keys(source)

    @pytest.mark.parametrize(
        "private",
        [
            {"d": "AAAA"},
            {"d": "not base64!"},
            {"d": None},
            {"p": "AQAB", "q": "AQAB", "dp": "AQAB", "dq": "AQAB", "qi": "AQAB", "d": "AQAB"},
            {"oth": []},
        ],
        ids=str,
    )
    def test_private_members_are_ignored(self, private: dict[str, Any]) -> None:
        """The key that is used is public, and nothing is computed from the private members."""
        keys = read_keys({"keys": [{**jwk(), **private}]})
        assert isinstance(public_key(keys[0]), RSAPublicKey)
        assert check_id_token(signed(), keys, EXPECTED)["sub"]

    def test_duplicate_kids_of_usable_keys_are_refused(self) -> None:
        """A key that cannot sign id_tokens may have the same kid."""
        elliptic = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "a"}
        keys = read_keys({"keys": [elliptic, jwk(kid="a"), jwk(OTHER_KEY, kid="a", use="enc")]})
        assert check_id_token(signed(header={"alg": "RS512", "kid": "a"}), keys, EXPECTED)["sub"]
        for pair in ((jwk(kid="a"), jwk(kid="a")), (jwk(kid="a"), jwk(OTHER_KEY, kid="a")), (jwk(), jwk())):
            with pytest.raises(IdTokenError, match="several keys") as caught:
                read_keys({"keys": [*pair, jwk(kid="b")]})
            assert caught.value.rule == "keys"

    def test_the_key_set_does_not_choose_the_algorithm(self) -> None:
        """A key without ``alg``, which PyJWT takes for RS256, verifies RS512 only."""
        keys = read_keys({"keys": [jwk(alg=GONE)]})
        assert [key.algorithm_name for key in keys] == ["RS512"]
        assert check_id_token(signed(), keys, EXPECTED)["sub"]
        with pytest.raises(IdTokenError) as caught:
            check_id_token(BAD["alg RS256, validly signed"].token(), keys, EXPECTED)
        assert caught.value.rule == "alg"

    def test_a_key_of_another_type_cannot_verify(self) -> None:
        """PyJWT itself refuses even a key that `read_keys` should have ignored."""
        secret = PyJWK({"kty": "oct", "k": b64(PUBLIC_PEM)}, "HS512")
        for token in (signed(), BAD["alg HS512 with the public key as secret"].token()):
            with pytest.raises(IdTokenError):
                check_id_token(token, (secret,), EXPECTED)


def test_tracebacks_contain_no_token() -> None:
    """Not even with the local variables of every frame."""
    for name, bad in BAD.items():
        token = bad.token()
        with pytest.raises(IdTokenError) as caught:
            check_id_token(Secret(token), KEYS, EXPECTED)
        shown = _frames(caught.value)
        pieces = [token[at : at + 12] for at in range(0, len(token) - 12, 12)]
        assert not any(piece in shown for piece in pieces), name


def _frames(error: BaseException) -> str:
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in report.stack if "/tests/" not in frame.filename]
    assert error.__context__ is None or error.__suppress_context__ or not error.__context__.__traceback__
    return "\n".join(str(frame.locals) for frame in frames) + str(
        error.__context__ and leaks_of_error(error.__context__)
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from([*good_claims(), "azp", "nbf"]), JSON, max_size=4))
def test_any_claims_are_accepted_or_refused(changes: dict[str, Any]) -> None:
    """Only IdTokenError is raised, and accepted tokens are for this client."""
    try:
        claims = check_id_token(signed(good_claims(**changes)), KEYS, EXPECTED)
    except IdTokenError:
        return
    assert claims["iss"] == ISSUER
    assert claims["aud"] in (CLIENT_ID, [CLIENT_ID])


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=60) | st.binary(max_size=40).map(b64))
def test_any_text_is_refused(text: str) -> None:
    """Text without a signature is refused, with no other exception."""
    for token in (text, f"{text}.{text}.{text}", signed().replace("e", text, 1) + text + "x"):
        with pytest.raises(IdTokenError):
            check_id_token(token, KEYS, EXPECTED)


class TestComparisonWithGlobusSdk:
    """Six invalid tokens that globus_sdk 4.10 accepts."""

    WRONG: dict[str, dict[str, Any]] = {  # noqa: RUF012 -- a table
        "foreign iss": {"iss": "https://auth.evil.org"},
        "missing iss": {"iss": GONE},
        "missing exp": {"exp": GONE},
        "expired 240 s ago": {"exp": -240},
        "azp of another client": {"azp": OTHER},
        "wrong at_hash": {"at_hash": at_hash("another token")},
    }

    @pytest.mark.parametrize("name", WRONG)
    def test_is_refused(self, name: str) -> None:
        """globus_sdk accepts it; this package names the broken rule."""
        globus_sdk = pytest.importorskip("globus_sdk")
        now = int(time.time())
        changes = {**self.WRONG[name]}
        if changes.get("exp") == -240:
            changes["exp"] = now - 240
        claims = good_claims(**{"iat": now - 1000, "exp": now + 1000, **changes})

        class Client:
            client_id = CLIENT_ID

            def get_openid_configuration(self) -> Any: ...
            def get_jwk(self, *_: Any, **__: Any) -> Any: ...

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = globus_sdk.IDTokenDecoder(Client())
            theirs.store_openid_configuration({"issuer": ISSUER, "id_token_signing_alg_values_supported": ["RS512"]})
            theirs.store_jwk(KEY.public_key())
            assert theirs.decode(signed(claims))["sub"] == claims["sub"]
        expected = Expected(ISSUER, CLIENT_ID, now, nonce="the nonce", access_token=Secret(ACCESS_TOKEN))
        with pytest.raises(IdTokenError) as caught:
            check_id_token(signed(claims), KEYS, expected)
        assert caught.value.rule in name


@pytest.mark.parametrize("source", ["-----BEGIN PUBLIC KEY-----", b"x", [jwk()], KEY, None])
def test_a_key_source_of_another_type(source: Any) -> None:
    """Such as PEM text, a list of keys or a private key: the error names the types that are accepted, and no key."""
    with pytest.raises(GlobusSDKUsageError, match="an RSA public key, a JWK or a JWK set"):
        read_keys(source)
