"""RSA keys from a seed, for tests only: the seed gives the key to everyone who has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from random import Random

__all__ = ("rsa_key_of",)

_EXPONENT: Final = 65537
_BITS: Final = 1024
"""Of each of the two primes."""
_SMALL: Final = [n for n in range(3, 2_000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]


def rsa_key_of(source: Random) -> rsa.RSAPrivateKey:
    """
    Return the key of 2048 bits that a source of random numbers gives; it takes about half a second.

    Args:
        source: A generator with a seed.
    """
    p, q = _prime(source), _prime(source)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *crt, public).private_key()


def _prime(source: Random) -> int:
    while True:
        candidate = source.getrandbits(_BITS) | 3 << (_BITS - 2) | 1  # two bits, so that the product has all 2048
        if any(candidate % each == 0 for each in _SMALL) or candidate % _EXPONENT == 1:
            continue
        if pow(2, candidate - 1, candidate) == 1 and all(_is_witnessed(candidate, base) for base in (3, 5, 7, 11)):
            return candidate


def _is_witnessed(candidate: int, base: int) -> bool:
    """Return whether a number passes the test of Miller and Rabin."""
    odd, twos = candidate - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    value = pow(base, odd, candidate)
    if value in {1, candidate - 1}:
        return True
    for _ in range(twos - 1):
        value = value * value % candidate
        if value == candidate - 1:
            return True
    return False
