"""Undoing content codings, bounded: a small answer must not become a large one unseen."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

from ..errors import ResponseDecodeError

__all__ = ("ACCEPT_ENCODING", "BodyReader", "unusable")

ACCEPT_ENCODING: Final = "gzip, deflate"
_MOST_CODINGS: Final = 2
_STEP: Final = 65536
_RATIO_FREE: Final = 1 << 20
_RATIO: Final = 1000


class _Decoder(Protocol):
    """What ``zlib.decompressobj`` gives."""

    @property
    def eof(self) -> bool: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class _Layer:
    """One content coding, undone step by step."""

    __slots__ = ("_behind", "_coding", "_decoder", "_started")

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._decoder: _Decoder = zlib.decompressobj(wbits=31 if coding == "gzip" else 15)
        self._started = False
        self._behind = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data decode to, in pieces of a step each, of which only one exists at a time."""
        if not self._started and data:
            self._started = True
            if self._coding == "deflate" and (data[0] & 0x0F) != 8:  # raw deflate, as some servers send it
                self._decoder = zlib.decompressobj(wbits=-15)
        self._behind = self._behind or (self._decoder.eof and bool(data))
        full = False
        while (data or full) and not self._decoder.eof:
            piece = self._decoder.decompress(data, _STEP)
            data = self._decoder.unconsumed_tail
            full = len(piece) == _STEP  # then there may be more to come though all data are taken in
            if piece:
                yield piece

    @property
    def complete(self) -> bool:
        """Whether the end mark, with its checksum, was seen and nothing stands behind it."""
        return not self._started or (self._decoder.eof and not self._decoder.unused_data and not self._behind)


class BodyReader:
    """
    Collects a body, decoded, up to a limit.

    Args:
        content_encoding: The answer's ``Content-Encoding``, empty if it has none.
        limit: Most bytes of the decoded body.
    """

    __slots__ = ("_layers", "_limit", "_parts", "_received", "_size")

    def __init__(self, content_encoding: str, limit: int) -> None:
        codings = [
            name for part in content_encoding.lower().split(",") if (name := part.strip()) not in {"", "identity"}
        ]
        if len(codings) > _MOST_CODINGS or any(name not in {"gzip", "x-gzip", "deflate"} for name in codings):
            raise unusable("it has a content coding that was not asked for")
        self._layers = [_Layer(name.removeprefix("x-")) for name in reversed(codings)]
        self._limit = limit
        self._parts: list[bytes] = []
        self._received = 0
        self._size = 0

    def feed(self, data: bytes) -> None:
        """
        Take the next bytes from the wire.

        Raises:
            ResponseDecodeError: Too large, too strongly compressed, or not what its coding says.
        """
        self._received += len(data)
        if not self._layers:
            self._keep(data)
            return
        try:
            self._through(self._layers, data)
        except zlib.error:
            broken = True
        else:
            broken = False
        if broken:
            raise unusable("its compressed body is damaged", retryable=True)

    def _through(self, layers: list[_Layer], data: bytes) -> None:
        first, *rest = layers
        for piece in first.feed(data):
            if rest:
                self._through(rest, piece)
            else:
                self._keep(piece)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise unusable(f"it is larger than the limit of {self._limit} bytes (Transport(max_response_bytes=...))")
        if self._size > _RATIO_FREE and self._size > _RATIO * self._received:
            raise unusable(f"it unpacks to more than {_RATIO} times its size")
        self._parts.append(piece)

    def body(self) -> bytes:
        """
        Return the whole body.

        Raises:
            ResponseDecodeError: A compressed body without its end.
        """
        if not all(layer.complete for layer in self._layers):
            raise unusable("its compressed body breaks off", retryable=True)
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


def unusable(why: str, *, retryable: bool = False) -> ResponseDecodeError:
    """Return the error that says why an answer cannot be used, and by default that the same would come again."""
    error = ResponseDecodeError(f"the response cannot be used: {why}", stage="response truncated")
    error.retryable = retryable
    return error
