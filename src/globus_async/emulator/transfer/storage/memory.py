"""A storage in memory."""

from __future__ import annotations

import copy
import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

from ...kit.clock import Clock, SystemClock
from . import paths
from .protocol import NAME_LIMIT, Entry, LinkInfo, Problem, StorageError

if TYPE_CHECKING:
    from .paths import Parts

__all__ = (
    "Content",
    "MemoryStorage",
)

_MAX_LINKS: Final = 40
"""The maximum number of symbolic links in one path; more are reported as a loop."""


@dataclass(slots=True, eq=False)
class _File:
    content: bytes
    mtime: float


@dataclass(slots=True, eq=False)
class _Link:
    target: str
    mtime: float


@dataclass(slots=True, eq=False)
class _Directory:
    mtime: float
    children: dict[str, _Node] = field(default_factory=dict["str", "_Node"])


_Node: TypeAlias = _File | _Link | _Directory
Content: TypeAlias = "str | bytes | Mapping[str, Content] | None"


def _check_entry(path: object, content: object) -> None:
    if not isinstance(path, str) or not isinstance(content, str | bytes | Mapping | None):
        kinds = f"{type(path).__name__}: {type(content).__name__}"
        raise TypeError(f"tree must have text, bytes, a mapping or None by path, got {kinds}")


class MemoryStorage:
    """
    A storage in memory, for tests without a disk.

    Example:
        >>> storage = MemoryStorage({"data/a.txt": "one", "empty/": None})
        >>> storage.tree()
        {'data/a.txt': b'one', 'empty/': None}
    """

    def __init__(
        self, tree: Mapping[str, Content] | None = None, *, quota: int | None = None, clock: Clock | None = None
    ) -> None:
        """
        Create a storage with the given files.

        Args:
            tree: The contents by path: text or bytes for a file, a mapping or ``None`` for a directory.
            quota: The maximum total size of all files, in bytes; no limit by default.
            clock: The clock for modification times; the system clock by default.
        """
        self._now = (clock or SystemClock()).wall
        self._root = _Directory(self._now())
        self._lock = threading.RLock()
        self._quota = quota
        self._max_links = _MAX_LINKS
        self._add_tree((), {} if tree is None else tree)

    def __repr__(self) -> str:
        return f"<MemoryStorage of {len(self.tree())} entries>"

    def _add_tree(self, top: Parts, tree: Mapping[str, Content]) -> None:
        if not isinstance(tree, Mapping):
            raise TypeError(f"tree must be a mapping of paths to contents, got {type(tree).__name__}")
        for text, content in tree.items():
            _check_entry(text, content)
            path = top + paths.parse(text)
            is_directory = content is None or isinstance(content, Mapping)
            for depth in range(1, len(path) + is_directory):
                if not self._exists(path[:depth]):
                    self.make_directory(path[:depth])
            if isinstance(content, Mapping):
                self._add_tree(path, content)
            elif content is not None:
                self.write(path, content.encode() if isinstance(content, str) else content)

    def write(self, path: Parts | str, content: bytes | str) -> None:
        """Write a whole file; an existing file is replaced."""
        upload = self.create(paths.parse(path) if isinstance(path, str) else path)
        upload.write(content.encode() if isinstance(content, str) else content)
        upload.commit()

    def read(self, path: Parts | str) -> bytes:
        """Return the content of a file."""
        with self.open(paths.parse(path) if isinstance(path, str) else path) as file:
            return file.read()

    def tree(self) -> dict[str, bytes | None]:
        """Return contents by path: symbolic links as their targets, empty directories as ``None``."""
        with self._lock:
            return dict(_leaves(self._root, ""))

    # The methods of the `Storage` protocol.

    @property
    def has_symlinks(self) -> bool:
        """Whether symbolic links are supported."""
        return True

    def stat(self, path: Parts) -> Entry:
        """Return the entry at a path."""
        with self._lock:
            if not path:
                return _entry("", self._root)
            parent = self._parent(path)
            node = parent.children.get(path[-1])
            if node is None:
                raise StorageError(Problem.NOT_FOUND, "No such file or directory")
            return self._entry(path, node)

    def entries(self, path: Parts) -> list[Entry]:
        """Return all entries of a directory."""
        with self._lock:
            resolved, node = self._find(path)
            if not isinstance(node, _Directory):
                raise StorageError(Problem.NOT_A_DIRECTORY, "Not a directory")
            return [self._entry((*resolved, name), child) for name, child in node.children.items()]

    def make_directory(self, path: Parts) -> None:
        """Create a directory; its parent must exist."""
        with self._lock:
            self._add(path, _Directory(self._now()))

    def make_link(self, target: str, path: Parts) -> None:
        """Create a symbolic link."""
        with self._lock:
            self._add(path, _Link(target, self._now()))

    def rename(self, old: Parts, new: Parts) -> None:
        """Move a file or directory; the new path must not exist."""
        with self._lock:
            if not old:
                raise StorageError(Problem.PERMISSION_DENIED, "The root cannot be moved")
            source = self._parent(old)
            node = source.children.get(old[-1])
            if node is None:
                raise StorageError(Problem.NOT_FOUND, "No such file or directory")
            if (
                isinstance(node, _Directory)
                and new
                and any(self._is_at(new[:depth], node) for depth in range(len(new)))
            ):
                raise StorageError(Problem.OTHER, "A directory cannot be moved into itself")
            self._add(new, node)
            del source.children[old[-1]]
            source.mtime = self._now()

    def remove(self, path: Parts) -> None:
        """Remove a file or a symbolic link."""
        with self._lock:
            parent, node = self._child(path)
            if isinstance(node, _Directory):
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            del parent.children[path[-1]]
            parent.mtime = self._now()

    def remove_directory(self, path: Parts) -> None:
        """Remove an empty directory."""
        with self._lock:
            parent, node = self._child(path)
            if not isinstance(node, _Directory):
                raise StorageError(Problem.NOT_A_DIRECTORY, "Not a directory")
            if node.children:
                raise StorageError(Problem.NOT_EMPTY, "Directory not empty")
            del parent.children[path[-1]]
            parent.mtime = self._now()

    def set_mtime(self, path: Parts, mtime: float) -> None:
        """Set the modification time of a file or directory."""
        with self._lock:
            self._find(path)[1].mtime = mtime

    def open(self, path: Parts) -> BinaryIO:
        """Open a file for reading."""
        with self._lock:
            _, node = self._find(path)
            if not isinstance(node, _File):
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            return io.BytesIO(node.content)

    def create(self, path: Parts) -> _MemoryUpload:
        """Open a file for writing."""
        with self._lock:
            if not path:
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            self._target(path)
            return _MemoryUpload(self, path)

    def real_path(self, path: Parts) -> Parts:
        """Resolve all symbolic links of a path."""
        with self._lock:
            return self._resolve(path)[0]

    def without_links(self) -> MemoryStorage:
        """Return the same files as a storage that does not follow symbolic links."""
        storage: MemoryStorage = copy.copy(self)
        storage._max_links = 0
        return storage

    def keeping_open(self, directory: Parts) -> AbstractContextManager[MemoryStorage]:  # noqa: ARG002 -- nothing to open
        """Return this storage."""
        return nullcontext(self)

    def subtree(self, path: Parts) -> MemoryStorage:
        """Return a storage with this directory as its root; it shares the files with this storage."""
        with self._lock:
            _, node = self._find(path)
            if not isinstance(node, _Directory):
                raise StorageError(Problem.NOT_A_DIRECTORY, "Not a directory")
            storage: MemoryStorage = copy.copy(self)
            storage._root = node
            return storage

    def _exists(self, path: Parts) -> bool:
        try:
            self._find(path)
        except StorageError:
            return False
        return True

    def _is_at(self, path: Parts, node: _Node) -> bool:
        try:
            return self._find(path)[1] is node
        except StorageError:
            return False

    def _find(self, path: Parts) -> tuple[Parts, _Node]:
        """Return the resolved path and its node."""
        resolved, node = self._resolve(path)
        if node is None:
            raise StorageError(Problem.NOT_FOUND, "No such file or directory")
        return resolved, node

    def _resolve(self, path: Parts) -> tuple[Parts, _Node | None]:
        """Resolve all symbolic links of a path; return the path and its node, ``None`` if only that is missing."""
        entered: list[tuple[str, _Node]] = []
        here: _Node = self._root
        remaining = list(reversed(path))
        links = 0
        while remaining:
            name = remaining.pop()
            if name == "..":
                if not entered:
                    raise StorageError(Problem.PERMISSION_DENIED, "Path not allowed: it leaves the collection")
                entered.pop()
                here = entered[-1][1] if entered else self._root
                continue
            if not isinstance(here, _Directory):
                raise StorageError(Problem.NOT_A_DIRECTORY, "Not a directory")
            child = here.children.get(name)
            if child is None:
                if remaining:
                    raise StorageError(Problem.NOT_FOUND, "No such file or directory")
                return (*(each for each, _ in entered), name), None
            if isinstance(child, _Link):
                links += 1
                if links > self._max_links:
                    raise StorageError(Problem.OTHER, "Too many levels of symbolic links")
                if child.target.startswith("/"):
                    entered, here = [], self._root
                remaining += [part for part in reversed(child.target.split("/")) if part not in {"", "."}]
                continue
            entered.append((name, child))
            here = child
        return tuple(name for name, _ in entered), here

    def _parent(self, path: Parts) -> _Directory:
        _, node = self._find(path[:-1])
        if not isinstance(node, _Directory):
            raise StorageError(Problem.NOT_A_DIRECTORY, "Not a directory")
        return node

    def _child(self, path: Parts) -> tuple[_Directory, _Node]:
        """Return a directory and an entry in it, without following a link at the end of the path."""
        if not path:
            raise StorageError(Problem.PERMISSION_DENIED, "The root cannot be removed")
        parent = self._parent(path)
        node = parent.children.get(path[-1])
        if node is None:
            raise StorageError(Problem.NOT_FOUND, "No such file or directory")
        return parent, node

    def _add(self, path: Parts, node: _Node) -> None:
        if not path:
            raise StorageError(Problem.EXISTS, "File exists")
        parent = self._parent(path)
        _check_name(path[-1])
        if path[-1] in parent.children:
            raise StorageError(Problem.EXISTS, "File exists")
        parent.children[path[-1]] = node
        parent.mtime = self._now()

    def _target(self, path: Parts) -> tuple[_Directory, str, _File | None]:
        """Return the directory and the name of a file to write, and the existing file."""
        parent = self._parent(path)
        name = path[-1]
        _check_name(name)
        node = parent.children.get(name)
        if isinstance(node, _Link):
            resolved, node = self._resolve(path)
            if not resolved:
                raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
            parent, name = self._parent(resolved), resolved[-1]
        if isinstance(node, _Directory):
            raise StorageError(Problem.IS_A_DIRECTORY, "Is a directory")
        return parent, name, node if isinstance(node, _File) else None

    def put(self, path: Parts, content: bytes, mtime: float | None) -> None:
        """Store a file, within the quota."""
        with self._lock:
            parent, name, old = self._target(path)
            if self._quota is not None:
                used = sum(len(leaf) for _, leaf in _leaves(self._root, "") if leaf) - len(old.content if old else b"")
                if used + len(content) > self._quota:
                    raise StorageError(Problem.QUOTA, "Disk quota exceeded")
            parent.children[name] = _File(content, self._now() if mtime is None else mtime)
            parent.mtime = self._now()

    def _entry(self, path: Parts, node: _Node) -> Entry:
        name = path[-1]
        if not isinstance(node, _Link):
            return _entry(name, node)
        link = LinkInfo(node.target, len(node.target), node.mtime, "emulator", "emulator")
        try:
            _, target = self._find(path)
        except StorageError:
            return Entry(name, "invalid_symlink", link.size, link.mtime, 0o777, link.user, link.group, link)
        return _entry(name, target)._replace(link=link)


class _MemoryUpload:
    """A file in memory that is being written."""

    def __init__(self, storage: MemoryStorage, path: Parts) -> None:
        self._storage = storage
        self._path = path
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Append data to the file."""
        self._pieces.append(data)

    def read_back(self) -> BinaryIO:
        """Open the file for reading."""
        self._pieces = [b"".join(self._pieces)]
        return io.BytesIO(self._pieces[0])

    def commit(self, *, mtime: float | None = None) -> None:
        """Store the file under its path; an existing file is replaced."""
        self._storage.put(self._path, b"".join(self._pieces), mtime)

    def abandon(self) -> None:
        """Discard the file."""
        self._pieces.clear()


def _check_name(name: str) -> None:
    if not paths.is_text(name):
        raise StorageError(Problem.OTHER, "Invalid file name")
    if len(name.encode()) > NAME_LIMIT:
        raise StorageError(Problem.OTHER, "File name too long")


def _entry(name: str, node: _Node) -> Entry:
    if isinstance(node, _Directory):
        return Entry(name, "dir", 4096, node.mtime, 0o755, "emulator", "emulator")
    size = len(node.content) if isinstance(node, _File) else 0
    return Entry(name, "file", size, node.mtime, 0o644, "emulator", "emulator")


def _leaves(directory: _Directory, prefix: str) -> Iterator[tuple[str, bytes | None]]:
    for name, node in directory.children.items():
        match node:
            case _Directory() if node.children:
                yield from _leaves(node, f"{prefix}{name}/")
            case _Directory():
                yield f"{prefix}{name}/", None
            case _File():
                yield prefix + name, node.content
            case _Link():
                yield prefix + name, node.target.encode()
