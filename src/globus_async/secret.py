"""Secret texts, such as tokens and client secrets."""

from __future__ import annotations

import hmac
import re
from typing import Final, Self

from .errors import GlobusSDKUsageError

__all__ = ("Secret",)

_MASK: Final = "***"
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


class Secret:
    """
    A secret text. ``repr``, ``str``, ``format`` and pickling return ``***``; only `reveal` returns the text.

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
        del value  # not shown by the traceback of the error
        self.check("value")

    @classmethod
    def of(cls, value: str | Secret) -> Secret:
        """Wrap a text; return a `Secret` unchanged. For an argument, call `check` afterwards."""
        if isinstance(value, Secret):
            return value
        secret = cls.__new__(cls)  # of any type: once it is wrapped, no traceback shows it
        secret._value = value  # noqa: SLF001 -- of this class
        return secret

    def check(self, name: str) -> None:
        """
        Check that the value is text.

        Args:
            name: The name of the argument, for the error.

        Raises:
            GlobusSDKUsageError: It is of another type.
        """
        if not isinstance(self._value, str):
            raise GlobusSDKUsageError(f"{name} must be text (str) or a Secret; got a {type(self._value).__name__}")

    @classmethod
    def token(cls, name: str, value: str | Secret) -> Secret:
        """
        Wrap a bearer token, after checking its characters.

        Args:
            name: The name of the argument, for the error.
            value: The token.

        Raises:
            GlobusSDKUsageError: It is not text, is empty, or has spaces, line breaks or other characters that RFC 6750
                2.1 forbids.
        """
        value = cls.of(value)  # so that no traceback shows it
        if not isinstance(value.reveal(), str) or _TOKEN.fullmatch(value.reveal()) is None:
            raise GlobusSDKUsageError(
                f"{name} is not a token: it is empty, or has spaces, line breaks or other forbidden characters"
            )
        return value

    def reveal(self) -> str:
        """Return the text."""
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
