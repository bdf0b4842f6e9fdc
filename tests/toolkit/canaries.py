"""
Secrets that are unmistakable, and a search for them in everything an object can show.

`canary` makes a secret; `leaks_of` searches an object, `leaks_of_error` an exception with its chain and the locals
of every frame, `Listener` all log records. Each finding says where it was found.
"""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import pprint
import re
import traceback
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Self

__all__ = ("SECRETS", "Canaries", "Listener", "canary", "leaks_in_text", "leaks_of", "leaks_of_error")

_SLICE: Final = 12
"""So many characters of a secret in a row count as the secret."""
_LOTS: Final = Random(20261125)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_RUN: Final = re.compile(rf"[A-Za-z0-9+/%_=-]{{{_SLICE},}}")
"""Secrets, in whatever form, are made of these letters."""
_known: dict[str, dict[str, None]] = {}
"""Every slice of every form of every secret, and what it is part of: texts are searched in one pass, however many."""


def canary(name: str) -> str:
    """Make a secret that occurs nowhere else, and that is a valid bearer token; it needs percent-encoding in a URL."""
    body = "".join(_LOTS.choices(_LETTERS, k=40))
    secret = f"{body[:13]}+{body[13:27]}/{body[27:]}"
    for form, text in _forms(secret).items():
        for piece in _slices(text):
            _known.setdefault(piece, {})[f"{name} ({form})"] = None
    return secret


def _slices(text: str) -> Iterator[str]:
    return (text[start : start + _SLICE] for start in range(len(text) - _SLICE + 1))


def _forms(secret: str) -> dict[str, str]:
    """Return each form a secret can take, by name."""
    raw = secret.encode()
    forms = {
        "raw": secret,
        "percent-encoded": urllib.parse.quote(secret, safe=""),
        "reversed": secret[::-1],
    }
    for offset in range(3):
        # The first and last letters of a piece of base64 depend on its neighbours.
        encoded = base64.b64encode(b"\0" * offset + raw).decode()
        forms[f"base64 at {offset}"] = encoded[4 if offset else 0 :].rstrip("=")[:-2]
        forms[f"url-safe base64 at {offset}"] = forms[f"base64 at {offset}"].replace("+", "-").replace("/", "_")
    return forms


@dataclass(frozen=True)
class Canaries:
    """One secret of each kind that a client can hold."""

    access: str
    refresh: str
    client_secret: str
    code: str
    created: str
    """A client secret that the service has just created."""
    cookie: str
    verifier: str
    """A PKCE verifier."""


SECRETS: Final = Canaries(
    access=canary("access token"),
    refresh=canary("refresh token"),
    client_secret=canary("client secret"),
    code=canary("code"),
    created=canary("created secret"),
    cookie=canary("cookie"),
    verifier=canary("verifier").replace("+", "-").replace("/", "_") + "~~",
)


def leaks_in_text(text: str) -> list[str]:
    """Return the secrets that a text shows, with their form."""
    found: dict[str, None] = {}
    for run in _RUN.findall(text):
        for start in range(len(run) - _SLICE + 1):
            if (piece := run[start : start + _SLICE]) in _known:
                found.update(_known[piece])
    return list(found)


def _showings(thing: object) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every way in which an object can be shown."""
    yield "repr", lambda: repr(thing)
    yield "str", lambda: str(thing)
    yield "format", lambda: f"{thing}"
    yield "%s", lambda: "%s %r" % (thing, [thing])  # noqa: UP031 -- the form that logging uses
    yield "pprint", lambda: pprint.pformat(thing)
    yield "vars", lambda: repr(vars(thing))
    yield "json", lambda: json.dumps({"it": thing}, default=repr, skipkeys=True)
    yield "pickle", lambda: pickle.dumps(thing).decode("latin-1")
    yield "copy", lambda: repr(copy.copy(thing))
    yield "deepcopy", lambda: repr(copy.deepcopy(thing))
    if isinstance(thing, BaseException):
        yield "args", lambda: repr(thing.args)
        yield "notes", lambda: repr(getattr(thing, "__notes__", []))


def leaks_of(thing: object) -> list[str]:
    """Return every way in which an object shows a secret; a refused operation, such as pickling, shows none."""
    found: list[str] = []
    for way, show in _showings(thing):
        try:
            text = str(show())
        except Exception as refusal:  # noqa: BLE001 -- a refusal is fine; its message is searched too
            text = str(refusal)
        found += (f"{type(thing).__name__} by {way}: {leak}" for leak in leaks_in_text(text))
    return found


def leaks_of_error(error: BaseException, *, ignoring: tuple[str, ...] = ("/tests/",)) -> list[str]:
    """
    Return the secrets that an exception shows itself, in its chain, and in the local variables of each frame.

    Args:
        error: The exception.
        ignoring: Frames of files whose path has one of these in it are the test's own, and know the secrets.
    """
    found: list[str] = []
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        found += leaks_of(one)
        rendered = traceback.TracebackException.from_exception(one, capture_locals=True, compact=True)
        for frame in rendered.stack:
            if any(part in frame.filename for part in ignoring):
                continue
            shown = "\n".join(f"{name} = {value}" for name, value in (frame.locals or {}).items())
            found += (f"{type(one).__name__} in {frame.name}:{frame.lineno}: {leak}" for leak in leaks_in_text(shown))
        waiting += (other for other in (one.__cause__, one.__context__) if other is not None)
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
    return found


class Listener(logging.Handler):
    """Records all loggers at DEBUG while it is entered; `leaks` returns the secrets that were logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)

    def leaks(self) -> list[str]:
        """Return which secrets the records show, in their text, arguments, fields or tracebacks."""
        formatter = logging.Formatter("%(name)s %(message)s")
        return [
            f"logged by {record.name}: {leak}"
            for record in self.records
            for leak in leaks_in_text(f"{formatter.format(record)} {record.args!r} {vars(record)!r}")
        ]

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._level = root.level
        self._quiet = {
            name: logger.level
            for name, logger in logging.Logger.manager.loggerDict.items()
            if isinstance(logger, logging.Logger) and logger.level != logging.NOTSET
        }
        for name in self._quiet:
            logging.getLogger(name).setLevel(logging.DEBUG)
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self._level)
        for name, level in self._quiet.items():
            logging.getLogger(name).setLevel(level)
