"""The parts of fsspec that are used, which has no type hints."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import fsspec.asyn
import fsspec.spec

__all__ = ("AsyncFileSystem", "AsyncStreamedFile", "BufferedFile", "get_loop", "run", "sync_wrapper")

T = TypeVar("T")

AsyncFileSystem: Any = fsspec.asyn.AsyncFileSystem
AsyncStreamedFile: Any = fsspec.asyn.AbstractAsyncStreamedFile
BufferedFile: Any = fsspec.spec.AbstractBufferedFile
get_loop: Any = fsspec.asyn.get_loop
sync_wrapper: Any = fsspec.asyn.sync_wrapper

_sync: Any = fsspec.asyn.sync


def run(loop: object, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    """Run a coroutine in fsspec's event loop, and wait for its result."""
    result: T = _sync(loop, function, *args)
    return result
