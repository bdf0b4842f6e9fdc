"""The files of a collection in a seed document."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from ..transfer.storage import paths
from ..transfer.storage.memory import MemoryStorage
from ..transfer.storage.paths import PathError
from ..transfer.storage.protocol import StorageError
from .errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..kit.clock import Clock
    from ..kit.service import Document
    from ..transfer.storage.paths import Parts
    from ..transfer.storage.protocol import Storage

__all__ = ("dump_files", "load_files")


def load_files(files: Mapping[str, Any], clock: Clock) -> MemoryStorage:
    """
    Return a storage with files: text, ``{"base64": ...}`` or ``{"link": target}``; paths of directories end with ``/``.

    Args:
        files: The contents by path.
        clock: The clock for modification times.

    Raises:
        ControlError: 400, a path or a content is invalid.
    """
    storage = MemoryStorage(clock=clock)
    for path, content in files.items():
        try:
            parts = paths.parse(path)
            _make_directories(storage, parts if path.endswith("/") else parts[:-1])
            match content:
                case None | "" if path.endswith("/"):
                    pass
                case str():
                    storage.write(parts, content)
                case {"base64": str(encoded)} if len(content) == 1:
                    storage.write(parts, base64.b64decode(encoded, validate=True))
                case {"link": str(target)} if len(content) == 1:
                    storage.make_link(target, parts)
                case _:
                    raise ControlError.invalid_field(f"files.{path}", 'text, {"base64": ...} or {"link": ...}')
        except (PathError, StorageError, binascii.Error) as error:
            raise ControlError(400, "INVALID_FIELD", f"Invalid file '{path}': {error}") from None
    return storage


def _make_directories(storage: MemoryStorage, parts: Parts) -> None:
    for depth in range(1, len(parts) + 1):
        try:
            storage.make_directory(parts[:depth])
        except StorageError:
            if not storage.stat(parts[:depth]).is_directory:
                raise


def dump_files(storage: Storage) -> Document:
    """Return the contents of a storage by path, as `load_files` takes them."""
    return dict(_contents(storage))


def _contents(storage: Storage) -> Iterator[tuple[str, Any]]:
    directories: list[Parts] = [()]  # a tree may be deeper than the stack of calls
    while directories:
        top = directories.pop()
        entries = storage.entries(top)
        if top and not entries:
            yield f"{paths.joined(top)}/", None
        for entry in entries:
            parts = (*top, entry.name)
            if entry.link is not None:
                yield paths.joined(parts), {"link": entry.link.target}
            elif entry.is_directory:
                directories.append(parts)
            else:
                with storage.open(parts) as file:
                    yield paths.joined(parts), _content(file.read())


def _content(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
