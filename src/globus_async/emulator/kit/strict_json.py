"""JSON of clients, as far as it can be stored and sent again."""

from __future__ import annotations

import json
import math
import re
from typing import Final, NoReturn

__all__ = ("parse_json",)

_ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(body: bytes) -> object:
    """
    Parse JSON text.

    Raises:
        ValueError: It is not JSON, not UTF-8, or has what neither can express: unpaired surrogates, ``NaN``, infinity.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ValueError("the text is not UTF-8") from None
    value: object = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    if _ESCAPED_SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("a string has an unpaired surrogate") from None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
