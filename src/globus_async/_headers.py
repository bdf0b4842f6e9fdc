"""The headers that go out: ours, and a caller's own where they may stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ._version import __version__
from .errors import GlobusSDKUsageError

__all__ = ("Fields", "standard", "with_own")

Fields = tuple[tuple[bytes, bytes], ...]
"""Headers as they are sent."""

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\x20-\x7e\xa1-\xff]*")
_FRAMING: Final = frozenset({"connection", "content-length", "host", "transfer-encoding", "upgrade"})


def standard(app_name: str | None) -> Fields:
    """
    Return the headers of every call.

    Raises:
        GlobusSDKUsageError: The application's name has characters that no header may have.
    """
    if app_name is not None and _VALUE.fullmatch(app_name) is None:
        raise GlobusSDKUsageError("app_name must be printable text without line breaks")
    agent = f"globus-async-py/{__version__}" + (f"/{app_name}" if app_name else "")
    return (
        (b"Accept", b"application/json"),
        (b"Accept-Encoding", b"gzip, deflate"),
        (b"User-Agent", agent.encode("latin-1")),
        (b"X-Globus-Client-Info", f"product=globus-async,version={__version__}".encode()),
    )


def with_own(fields: Fields, headers: Mapping[str, str]) -> Fields:
    """
    Add a caller's own headers; one of ours gives way to one of the same name.

    Raises:
        GlobusSDKUsageError: A header that no header may be, or that is the connection's business.
    """
    for name, value in headers.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            raise GlobusSDKUsageError(f"the header {name!a} and its value must be text")
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise GlobusSDKUsageError(f"the header {name!a} has characters that no header may have")
        if name.lower() in _FRAMING:
            raise GlobusSDKUsageError(f"the header {name} is set by the client; leave it out")
    own = {name.lower() for name in headers}
    kept = tuple(field for field in fields if field[0].decode().lower() not in own)
    return (*kept, *((name.encode(), value.encode("latin-1")) for name, value in headers.items()))
