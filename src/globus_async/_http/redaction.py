"""Redacting the credentials of a request from what a service responds, in whatever form it echoes them."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from ..secret import Secret
from .path import is_uuid

if TYPE_CHECKING:
    from .request import Request

__all__ = ("Redaction", "credentials_of")

_MASK: Final = "***"
_MIN_LENGTH: Final = 8
"""Shorter texts are not redacted: they are part of too many words."""
_MIN_PREFIX: Final = 12
"""So many characters of the beginning of a secret are redacted too: a service, or a limit, may have truncated it."""
_MAX_ESCAPES: Final = 2
_LONG: Final = 1 << 16
"""Characters; longer texts are searched for one level of escapes only, which takes long enough."""
_ESCAPE: Final = r"(?s)\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))"
_MAX_SEARCHED: Final = 1 << 16
"""So many bytes of a request body are searched for credentials: no form with credentials is larger."""
_NAMES: Final = (
    rb"(?:access_|refresh_|id_|subject_|actor_)?token|(?:client_)?secret|(?:client_)?assertion|password|code_verifier"
)
_FORM_FIELD: Final = rb"(?:^|&)(?:" + _NAMES + rb"|code)=([^&]+)"
_JSON_MEMBER: Final = rb'"(?:' + _NAMES + rb')"\s*:\s*("(?:[^"\\]|\\.)*")'
_HEADERS: Final = frozenset({b"authorization", b"cookie", b"proxy-authorization"})


def credentials_of(request: Request, header: Secret | None) -> Iterator[Secret]:
    """
    Yield the credentials in a request, those that its caller gave as plain text included.

    Args:
        request: The request.
        header: The ``Authorization`` header that the authorizer supplied.
    """
    yield from request.secrets
    if header is not None:
        yield from _parts(header.reveal())
    for name, value in request.headers:
        if name.lower() in _HEADERS:
            yield from _parts(value.decode("latin-1"))
    body = (request.body or b"")[:_MAX_SEARCHED]
    for form in (body, request.url.partition("?")[2].encode()):
        for field in re.findall(_FORM_FIELD, form):
            yield Secret(unquote_plus(field.decode("utf-8", "replace")))
    for literal in re.findall(_JSON_MEMBER, body):
        try:
            yield Secret(json.loads(literal))
        except ValueError:
            continue


def _parts(header: str) -> Iterator[Secret]:
    """Yield the credentials of a header: without the scheme, and the user name and password of a Basic header."""
    scheme, _, credentials = header.partition(" ")
    yield Secret(credentials or scheme)
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(credentials, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            return
        user, _, password = decoded.partition(":")
        yield Secret(password)
        if not is_uuid(user):  # the id of an application is public, and errors are about it
            yield Secret(user)


class Redaction:
    """
    Replaces secrets by ``***``: as they are, in the encodings of URLs, forms, JSON, HTML and base64, and truncated.

    Args:
        secrets: The secrets.

    Example:
        >>> Redaction([Secret("correct horse")])("you sent correct%20horse")
        'you sent ***'
    """

    __slots__ = ("_forms", "_values")

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._values = {value for secret in secrets if len(value := secret.reveal()) >= _MIN_LENGTH}
        self._forms = sorted({form for value in self._values for form in _forms(value)}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return a text without the secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, _MASK)
        text = self._without_prefixes(text)
        return self._without_escaped(text) if "%" in text or "\\" in text or "&" in text else text

    def _without_prefixes(self, text: str) -> str:
        for value in self._values:
            while len(value) > _MIN_PREFIX and (start := text.find(value[:_MIN_PREFIX])) >= 0:
                end = start + _MIN_PREFIX
                while text[start : end + 1] == value[: end + 1 - start] and end < len(text):
                    end += 1
                text = text[:start] + _MASK + text[end:]
        return text

    def _without_escaped(self, text: str) -> str:
        """Redact secrets in unusual escapes; a text with one is returned without its escapes."""
        texts = {text}
        for _ in range(_MAX_ESCAPES if len(text) <= _LONG else 1):
            plainer = {unescape(each) for each in texts for unescape in _UNESCAPES} - texts
            for plain in plainer:
                if any(value in plain for value in self._values):
                    return self(plain)
            texts = plainer
        return text


def _unescaped(match: re.Match[str]) -> str:
    number = match[1] or match[2]
    return chr(int(number, 16)) if number else match[3]


def _without_backslashes(text: str) -> str:
    if "\\" not in text:
        return text
    plain = re.sub(_ESCAPE, _unescaped, text)
    # two escapes may be the halves of one character; half a character alone could not be encoded
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _without_entities(text: str) -> str:
    from html import unescape  # noqa: PLC0415 -- for errors only

    return unescape(text)


_UNESCAPES: Final[tuple[Callable[[str], str], ...]] = (_without_backslashes, unquote, _without_entities)


def _forms(value: str) -> Iterator[str]:
    """Yield the usual forms of a secret."""
    from html import escape  # noqa: PLC0415 -- for errors only

    yield value
    raw = value.encode("utf-8", "replace")
    quoted = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    yield from quoted
    yield from (re.sub(_HEX, lambda match: match[0].lower(), form) for form in quoted)
    in_json = json.dumps(value)[1:-1]
    yield from (in_json, in_json.replace("/", "\\/"), json.dumps(value, ensure_ascii=False)[1:-1], escape(value))
    yield raw.decode("latin-1")  # in a header
    for offset in range(3):  # whatever stands before it, as the user name before a password
        encoded = base64.b64encode(b"\0" * offset + raw)[-(-8 * offset // 6) : 8 * (offset + len(raw)) // 6].decode()
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")


_HEX: Final = r"%[0-9A-F]{2}"
