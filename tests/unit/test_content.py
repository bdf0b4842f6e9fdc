"""Undoing content codings, bounded and to the end."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from random import Random

import pytest

from globus_async._http.content_coding import BodyReader
from globus_async.errors import ResponseDecodeError

STEP = 65_536
Coder = Callable[[bytes], bytes]


def raw_deflate(data: bytes) -> bytes:
    """Deflate without a header, as some servers do."""
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return coder.compress(data) + coder.flush()


CODERS: dict[str, tuple[str, Coder]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "gzip in gzip": ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
    "deflate in gzip": ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
    "plain": ("identity", lambda data: data),
    "none": ("", lambda data: data),
}
coded = pytest.mark.parametrize(("coding", "encode"), CODERS.values(), ids=CODERS.keys())
compressed = pytest.mark.parametrize(("coding", "encode"), list(CODERS.values())[:6], ids=list(CODERS)[:6])


def read(coding: str, *chunks: bytes, limit: int = 1 << 25) -> bytes:
    """Read a body that comes in chunks."""
    reader = BodyReader(coding, limit)
    for chunk in chunks:
        reader.feed(chunk)
    return reader.body()


def cut(data: bytes, size: int) -> list[bytes]:
    """Cut into chunks of a size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


@coded
def test_what_was_sent_is_what_is_read(coding: str, encode: Coder) -> None:
    """In one piece or byte by byte."""
    data = Random(1).randbytes(700) + b"globus " * 300
    assert read(coding, encode(data)) == data
    assert read(coding, *cut(encode(data), 1)) == data
    assert read(coding, b"", encode(data), b"") == data


@coded
def test_bodies_around_the_size_of_a_step(coding: str, encode: Coder) -> None:
    """A body that ends where a step of decoding ends is whole, however well it packs."""
    for size in (0, 1, STEP - 1, STEP, STEP + 1, 2 * STEP, 3 * STEP, 4 * STEP, 8 * STEP):
        for data in (bytes(size), (b"globus" * size)[:size], Random(size).randbytes(size)):
            assert read(coding, encode(data)) == data
            assert read(coding, *cut(encode(data), 1009)) == data


@compressed
def test_a_body_that_breaks_off_is_no_body(coding: str, encode: Coder) -> None:
    """At every byte."""
    body = encode(Random(2).randbytes(200) + b"globus " * 200)
    for end in range(1, len(body)):
        with pytest.raises(ResponseDecodeError) as caught:
            read(coding, body[:end])
        assert caught.value.retryable
        assert caught.value.stage == "response truncated"


@compressed
def test_nothing_may_stand_behind_it(coding: str, encode: Coder) -> None:
    """Neither in the same chunk nor in a later one."""
    body = encode(b"globus")
    for chunks in ((body + b"x",), (body, b"x"), (*cut(body, 1), b"x")):
        with pytest.raises(ResponseDecodeError):
            read(coding, *chunks)


@compressed
def test_a_damaged_body_is_no_body(coding: str, encode: Coder) -> None:
    """Whichever bit is turned: an error of ours, or the same data where the bit means nothing."""
    data = b"globus " * 40
    body = encode(data)
    for place in range(len(body)):
        for bit in (1, 0x80):
            broken = body[:place] + bytes([body[place] ^ bit]) + body[place + 1 :]
            try:
                got = read(coding, broken)
            except ResponseDecodeError:
                continue
            assert got == data or coding == "deflate", "only raw deflate has no checksum"


@pytest.mark.parametrize(
    "coding",
    [
        "br",
        "zstd",
        "compress",
        "gzip, br",
        "gzip;q=1",
        "gzip, gzip, gzip",
        "chunked",
        "gzip gzip",
        ",".join(["gzip"] * 60),
        "\x00",
    ],
)
def test_a_coding_that_was_not_requested(coding: str) -> None:
    """Or more than two of them: an error at once, and not the bytes as they are."""
    with pytest.raises(ResponseDecodeError, match="coding") as caught:
        BodyReader(coding, 100)
    assert not caught.value.retryable


@pytest.mark.parametrize("coding", ["GZIP", " gzip ", "identity, gzip", ",gzip,", "X-Gzip"])
def test_spellings(coding: str) -> None:
    """As lists of tokens in any case."""
    assert read(coding, gzip.compress(b"globus")) == b"globus"


@coded
def test_the_limit_counts_what_comes_out(coding: str, encode: Coder) -> None:
    """Exactly the limit is allowed, one byte more is not."""
    assert len(read(coding, encode(bytes(1000)), limit=1000)) == 1000
    with pytest.raises(ResponseDecodeError, match=r"limit of 1000 bytes.*max_response_bytes") as caught:
        read(coding, encode(bytes(1001)), limit=1000)
    assert not caught.value.retryable


def test_a_body_that_packs_too_well() -> None:
    """Beyond a megabyte, a thousandfold is a bomb, whatever the limit."""
    assert len(read("gzip", gzip.compress(bytes(1 << 20)))) == 1 << 20
    with pytest.raises(ResponseDecodeError, match="1000 times its size"):
        read("gzip", gzip.compress(bytes(1 << 24)))


def test_feeding_stops_at_the_limit() -> None:
    """The rest of a bomb is not even unpacked."""
    reader = BodyReader("gzip", 1 << 16)
    with pytest.raises(ResponseDecodeError):
        reader.feed(gzip.compress(bytes(1 << 27)))
    assert sum(map(len, reader._parts)) <= 1 << 16
