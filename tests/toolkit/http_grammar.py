"""Responses by a grammar of HTTP/1.1 that is wrong now and then, in each of its parts."""

from __future__ import annotations

import itertools
import random
from typing import Final

__all__ = ("FuzzedResponse", "fuzzed_response")

Choices = dict[bytes, int]
"""Alternatives and how often each is taken."""

EOL: Final[Choices] = {b"\r\n": 60, b"\n": 1, b"\r": 1, b"": 1, b" \r\n": 1}
VERSION: Final[Choices] = {
    b"HTTP/1.1": 90, b"HTTP/1.0": 8, b"HTTP/1.2": 1, b"HTTP/2.0": 1, b"http/1.1": 1, b"HTTP/1.1 ": 1, b"HTTP/01.1": 1,
    b"HTTP/0.9": 1, b"ICY": 1,
}  # fmt: skip
STATUS: Final[Choices] = {
    b"200": 60, b"204": 5, b"304": 5, b"404": 5, b"100": 3, b"101": 2, b"103": 2, b"199": 1, b"99": 1, b"0200": 1,
    b"20": 1, b"600": 1, b"999": 1, b"2000": 1, b"+20": 1, b"2 0": 1,
}  # fmt: skip
REASON: Final[Choices] = {
    b" OK": 60, b"": 5, b" ": 5, b" Not Found": 5, b" \x01": 1, b" \xff": 1, b" a\tb": 1, b"\tOK": 1
}  # fmt: skip
BEFORE: Final[Choices] = {b"": 97, b"\r\n": 1, b"\n": 1, b" ": 1}
SPACE: Final[Choices] = {b" ": 97, b"  ": 1, b"\t": 1}
NAME: Final[Choices] = {
    b"X-A": 20, b"Content-Type": 20, b"Server": 20, b"X A": 1, b"X-A ": 1, b" X-A": 1, b"": 1, b"X\x00": 1, b"X\xff": 1,
    b"Connection": 4, b"Keep-Alive": 2, b"x_y": 2, b"X(": 1,
}  # fmt: skip
COLON: Final[Choices] = {b":": 30, b": ": 60, b":\t": 3, b" :": 1, b"": 1}
VALUE: Final[Choices] = {
    b"a": 20, b"application/json": 20, b"a, b": 5, b"": 5, b" ": 2, b"\ta": 2, b"a\r\n b": 2, b"a\x00b": 1, b"a\rb": 1,
    b"a\nb": 1, b"\xff": 2, b"close": 4, b"keep-alive": 2, b"a\x7f": 1, b"upgrade": 1, b"a \t": 2, b"\x01": 1,
    b"a" * 300: 1,
}  # fmt: skip
LENGTH_NAME: Final[Choices] = {
    b"Content-Length": 60, b"content-length": 30, b"CONTENT-LENGTH": 5, b"Content-Length ": 1, b"Content_Length": 1
}  # fmt: skip
CODING_NAME: Final[Choices] = {b"Transfer-Encoding": 70, b"transfer-encoding": 30, b"Transfer-Encoding ": 1}
CODING: Final[Choices] = {
    b"chunked": 80, b"Chunked": 5, b"gzip, chunked": 2, b"chunked, gzip": 1, b"identity": 1, b"chunked, chunked": 1,
    b" chunked ": 2, b"xchunked": 1, b"chunked;q=1": 1, b'"chunked"': 1, b",chunked": 1, b"": 1,
}  # fmt: skip
EXTENSION: Final[Choices] = {b"": 85, b";a": 3, b";a=b": 3, b';a="b"': 2, b" ;a": 1, b";\x00": 1, b";a\n": 1}
TRAILER: Final[Choices] = {b"X-T: 1": 1, b"Content-Length: 5": 1, b"bad": 1, b" x": 1}
LAST_SIZE: Final[Choices] = {b"0": 92, b"00": 2, b"": 2, b"0;a": 2}
AFTER: Final[Choices] = {
    b"": 85, b"\r\n": 3, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n": 3, b"x": 3, b"0\r\n\r\n": 3
}  # fmt: skip
FRAMING: Final[Choices] = {b"length": 45, b"chunked": 40, b"end of file": 8, b"both": 4, b"none": 3}


class FuzzedResponse:
    """
    A response, in the pieces in which it arrives.

    Attributes:
        method: The method of its request.
        pieces: The pieces.
        ends: Whether the connection ends after them.
    """

    def __init__(self, method: str, pieces: list[bytes], *, ends: bool) -> None:
        self.method = method
        self.pieces = pieces
        self.ends = ends

    def __repr__(self) -> str:
        return f"FuzzedResponse({self.method!r}, {self.pieces}, ends={self.ends})"


def fuzzed_response(seed: int) -> FuzzedResponse:
    """Return the response with this number."""
    source = random.Random(seed)
    data = _Grammar(source).response()
    cuts = source.choice([0, 0, 1, 2, 5, len(data)])
    places = [0, *sorted({source.randrange(1, len(data)) for _ in range(cuts)}), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    if source.random() < 0.1:
        pieces = pieces[: source.randrange(1, len(pieces) + 1)]
    return FuzzedResponse(source.choices(["GET", "HEAD", "POST"], [80, 10, 10])[0], pieces, ends=source.random() < 0.7)


class _Grammar:
    def __init__(self, source: random.Random) -> None:
        self._source = source

    def _pick(self, choices: Choices) -> bytes:
        return self._source.choices([*choices], [*choices.values()])[0]

    def _is(self, share: float) -> bool:
        return self._source.random() < share

    def _line(self, *parts: bytes) -> bytes:
        return b"".join(parts) + self._pick(EOL)

    def response(self) -> bytes:
        framing = self._pick(FRAMING)
        body = bytes(self._source.randrange(32, 127) for _ in range(self._source.randrange(20)))
        is_chunked = framing in {b"chunked", b"both"}
        parts = [self._interim() for _ in range(self._is(0.1) + self._is(0.03))]
        parts.append(self._pick(BEFORE))
        parts.append(self._line(self._pick(VERSION), self._pick(SPACE), self._pick(STATUS), self._pick(REASON)))
        parts += [self._line(header) for header in self._headers(framing, len(body))]
        parts += [self._line(), self._chunks(body) if is_chunked else body, self._pick(AFTER)]
        return b"".join(parts)

    def _interim(self) -> bytes:
        link = self._line(b"Link: a") if self._is(0.3) else b""
        return self._line(b"HTTP/1.1 ", self._source.choice([b"100", b"102", b"103"]), b" x") + link + self._line()

    def _headers(self, framing: bytes, size: int) -> list[bytes]:
        headers = [self._pick(NAME) + self._pick(COLON) + self._pick(VALUE) for _ in range(self._source.randrange(4))]
        if framing in {b"length", b"both"}:
            value = self._pick(_lengths(size))
            headers += [self._pick(LENGTH_NAME) + b": " + value for _ in range(1 + self._is(0.05))]
        if framing in {b"chunked", b"both"}:
            coding = self._pick(CODING)
            headers += [self._pick(CODING_NAME) + b": " + coding for _ in range(1 + self._is(0.04))]
        self._source.shuffle(headers)
        return headers

    def _chunks(self, body: bytes) -> bytes:
        parts: list[bytes] = []
        while body:
            size = self._source.randrange(1, len(body) + 1)
            part, body = body[:size], body[size:]
            parts += [self._line(self._pick(_sizes(size)), self._pick(EXTENSION)), self._line(part)]
        parts.append(self._line(self._pick(LAST_SIZE)))
        parts += [self._line(self._pick(TRAILER)) for _ in range(self._is(0.1))]
        return b"".join([*parts, self._line()])


def _lengths(size: int) -> Choices:
    """Return the values of ``Content-Length`` for a body."""
    return {
        b"%d" % size: 70, b"%d" % (size + 3): 4, b"%d" % max(0, size - 3): 4, b"+%d" % size: 1, b"-1": 1,
        b"%d, %d" % (size, size): 2, b"%d,%d" % (size, size + 1): 1, b"0x5": 1, b"": 1, b" %d " % size: 2,
        b"00%d" % size: 2, b"9" * 23: 1, b"1_0": 1, b"\xb25": 1,
    }  # fmt: skip


def _sizes(size: int) -> Choices:
    """Return the sizes that a chunk may be said to have."""
    return {
        b"%x" % size: 80, b"%X" % size: 5, b"0%x" % size: 4, b"%x" % (size + 1): 2, b"0x%x" % size: 1,
        b" %x" % size: 1, b"%x " % size: 1, b"-%x" % size: 1, b"+%x" % size: 1, b"": 1, b"g": 1,
        b"0" * 25 + b"%x" % size: 1, b"f" * 17: 1,
    }  # fmt: skip
