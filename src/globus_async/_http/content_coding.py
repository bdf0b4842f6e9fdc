"""Decoding content codings (gzip, deflate), with limits against decompression bombs."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from io import BytesIO
from typing import Final, Protocol

from ..errors import ResponseDecodeError

__all__ = ("ACCEPT_ENCODING", "UNUSABLE", "BodyReader", "decode_error")

UNUSABLE: Final = "the response cannot be used: "
ACCEPT_ENCODING: Final = "gzip, deflate"
_MAX_CODINGS: Final = 2
_STEP: Final = 65536
_RATIO_FROM: Final = 1 << 20
_MAX_RATIO: Final = 1000


class _Decoder(Protocol):
    """The type of ``zlib.decompressobj()``."""

    @property
    def eof(self) -> bool: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class _Layer:
    """The decoder of one content coding."""

    __slots__ = ("_behind", "_coding", "_decoder", "_started")

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._decoder: _Decoder = zlib.decompressobj(wbits=31 if coding == "gzip" else 15)
        self._started = False
        self._behind = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded data in pieces of limited size, one at a time."""
        if not self._started and data:
            self._started = True
            if self._coding == "deflate" and (data[0] & 0x0F) != 8:  # raw deflate, as some servers send it
                self._decoder = zlib.decompressobj(wbits=-15)
        self._behind = self._behind or (self._decoder.eof and bool(data))
        full = False
        while (data or full) and not self._decoder.eof:
            piece = self._decoder.decompress(data, _STEP)
            data = self._decoder.unconsumed_tail
            full = len(piece) == _STEP  # the decoder may have more output although it has consumed all input
            if piece:
                yield piece

    @property
    def complete(self) -> bool:
        """Whether the end of the stream was reached, checksum included, and no data follow it."""
        return not self._started or (self._decoder.eof and not self._decoder.unused_data and not self._behind)


def _decoded(layers: list[_Layer], data: bytes) -> Iterator[bytes]:
    first, *rest = layers
    for piece in first.feed(data):
        if rest:
            yield from _decoded(rest, piece)
        else:
            yield piece


class BodyReader:
    """
    Collects a body, decoded, up to a limit.

    Args:
        content_encoding: The ``Content-Encoding`` of the response, empty if it has none.
        limit: The maximum size of the decoded body, in bytes.
    """

    __slots__ = ("_layers", "_limit", "_parts", "_received", "_size")

    def __init__(self, content_encoding: str, limit: int) -> None:
        codings = [
            name for part in content_encoding.lower().split(",") if (name := part.strip()) not in {"", "identity"}
        ]
        if len(codings) > _MAX_CODINGS or any(name not in {"gzip", "x-gzip", "deflate"} for name in codings):
            raise decode_error("it has a content coding that was not requested")
        self._layers = [_Layer(name.removeprefix("x-")) for name in reversed(codings)]
        self._limit = limit
        self._parts: deque[bytes] = deque()
        self._received = 0
        self._size = 0

    def feed(self, data: bytes) -> None:
        """
        Add the next bytes of the body.

        Raises:
            ResponseDecodeError: The body is too large, compressed too strongly, or invalid in its coding.
        """
        for _ in self.steps(data):
            pass

    def steps(self, data: bytes) -> Iterator[int]:
        """
        Add the next bytes of the body in steps, each of which decompresses 64 KiB at most.

        Yields:
            The size of the decompressed body so far.

        Raises:
            ResponseDecodeError: As `feed`.
        """
        self._received += len(data)
        if not self._layers:
            self._append(data)
            return
        try:
            for piece in _decoded(self._layers, data):
                self._append(piece)
                yield self._size
        except zlib.error:
            broken = True
        else:
            broken = False
        if broken:
            raise decode_error("its compressed body is damaged", retryable=True)

    def _append(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise decode_error(
                f"it is larger than the limit of {self._limit} bytes (Transport(max_response_bytes=...))"
            )
        if self._size > _RATIO_FROM and self._size > _MAX_RATIO * self._received:
            raise decode_error(f"it decompresses to more than {_MAX_RATIO} times its size")
        self._parts.append(piece)

    @property
    def size(self) -> int:
        """The size of the decompressed body so far."""
        return self._size

    def body(self) -> bytes:
        """
        Return the whole body, once.

        Raises:
            ResponseDecodeError: A compressed body is truncated.
        """
        if not all(layer.complete for layer in self._layers):
            raise decode_error("its compressed body is truncated", retryable=True)
        if len(self._parts) <= 1:
            return self._parts.popleft() if self._parts else b""
        body = BytesIO()  # unlike join, it needs no memory for a second copy, and lets other threads run
        while self._parts:
            body.write(self._parts.popleft())
        return body.getvalue()


def decode_error(why: str, *, retryable: bool = False) -> ResponseDecodeError:
    """Return the error for a response that cannot be used; by default it is not retried."""
    error = ResponseDecodeError(UNUSABLE + why, stage="response truncated")
    error.retryable = retryable
    return error
