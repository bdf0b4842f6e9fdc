"""A text that shows itself to nobody: tokens, client secrets and codes travel in it."""

from __future__ import annotations

import hmac
import re
from typing import Final, Self
from urllib.parse import quote

from .errors import GlobusSDKUsageError

__all__ = ("Secret", "bare", "redact")

_MASK: Final = "***"
_STRIKABLE: Final = 8
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def bare(header: Secret | None) -> tuple[Secret, ...]:
    """Return the token of an ``Authorization`` header, if there is one."""
    return () if header is None else (Secret(header.reveal().partition(" ")[2]),)


def redact(text: str, *secrets: Secret) -> str:
    """Return a text with secrets struck out, be they as they are or as URLs, forms and JSON spell them."""
    for secret in secrets:
        shown = secret.reveal()
        if len(shown) >= _STRIKABLE:
            for form in (shown, quote(shown, safe=""), shown.replace("/", "\\/")):
                text = text.replace(form, _MASK)
    return text


class Secret:
    """
    A secret text. ``repr``, ``str``, ``format`` and pickling give ``***``; only `reveal` gives the text.

    Example:
        >>> token = Secret("AgX1")
        >>> print(token, [token])
        *** [Secret('***')]
        >>> token.reveal()
        'AgX1'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    @classmethod
    def of(cls, value: str | Secret) -> Secret:
        """Wrap a text; a secret stays what it is."""
        return value if isinstance(value, Secret) else cls(value)

    @classmethod
    def token(cls, name: str, value: str | Secret) -> Secret:
        """
        Wrap a bearer token, after checking that it can stand in a header.

        Raises:
            GlobusSDKUsageError: Empty, or with blanks, line breaks or other characters no token has (RFC 6750 2.1).
        """
        value = cls.of(value)  # from here on no traceback shows it
        if not isinstance(value.reveal(), str) or _TOKEN.fullmatch(value.reveal()) is None:
            raise GlobusSDKUsageError(
                f"{name} is not a token: it is empty or has blanks, line breaks or other characters that no token has"
            )
        return value

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({_MASK!r})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, spec: str, /) -> str:
        return format(_MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, (_MASK,))


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")
