"""The work of a transfer task: scan items and directories, copy files. Blocking calls run in worker threads."""

from __future__ import annotations

import fnmatch
import itertools
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

from ..authorized_storage import AuthorizedStorage
from ..storage.paths import Parts, joined
from ..storage.protocol import Entry, Problem, StorageError
from .file_copy import FileCopy, SourceError, StoppedError, digest, is_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from ..models import Item, SuccessfulTransfer, Task
    from ..state import TransferState

__all__ = (
    "Copy",
    "FatalError",
    "Link",
    "Outcome",
    "RemoveExtra",
    "Scan",
    "StartItem",
    "TransferWork",
    "Unit",
)

_MAX_DEPTH: Final = 200
"""The maximum depth of directories; deeper ones are taken for a loop of links."""

_BATCH_UNITS: Final = 32
"""The maximum number of units executed in one call of a worker thread, while few remain."""

_LARGE_BATCH_UNITS: Final = 128
"""The same while many files remain: the switch between threads takes as long as a small file."""

_BATCH_BYTES: Final = 8 << 20
"""The size of files at which no further unit is added to a batch."""

T = TypeVar("T")


class FatalError(Exception):
    """An error that ends a task at once."""

    def __init__(self, code: str, description: str, details: str = "") -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.details: str = details or description


@dataclass(slots=True, eq=False)
class StartItem:
    """Start an item of the submission."""

    item: Item
    retries: int = 0

    @property
    def source(self) -> Parts:
        """The path on the source."""
        return self.item.source

    @property
    def destination(self) -> Parts:
        """The path on the destination."""
        return self.item.destination


@dataclass(slots=True, eq=False)
class Scan:
    """List a source directory and create it on the destination."""

    source: Parts
    destination: Parts
    depth: int = 0
    retries: int = 0


@dataclass(slots=True, eq=False)
class Copy:
    """Copy a file."""

    source: Parts
    destination: Parts
    entry: Entry
    item: Item | None = None
    retries: int = 0


@dataclass(slots=True, eq=False)
class Link:
    """Create a symbolic link on the destination."""

    source: Parts
    destination: Parts
    target: str
    retries: int = 0


@dataclass(slots=True, eq=False)
class RemoveExtra:
    """Delete an entry of the destination that the source does not have."""

    destination: Parts
    source: Parts = ()
    retries: int = 0


Unit: TypeAlias = StartItem | Scan | Copy | Link | RemoveExtra


@dataclass(slots=True)
class Outcome:
    """The result of a unit."""

    unit: Unit
    error: StorageError | None = None
    on_source: bool = False
    new_units: list[Unit] = field(default_factory=list[Unit])
    symlinks: int = 0
    transferred: SuccessfulTransfer | None = None
    skipped: bool = False

    def __post_init__(self) -> None:
        """Drop the traceback of the error: its frames refer to this outcome."""
        if self.error is not None:
            self.error.__traceback__ = None


class _Sides(NamedTuple):
    source: AuthorizedStorage
    destination: AuthorizedStorage


class TransferWork:
    """The remaining units of a transfer, and their execution."""

    def __init__(self, state: TransferState, task: Task, *, is_stopped: Callable[[], bool]) -> None:
        if task.destination is None:
            raise ValueError("a transfer needs a destination")
        self._task = task
        self._is_stopped = is_stopped
        self._source = AuthorizedStorage(state, task.source, task.identities)
        self._destination = AuthorizedStorage(state, task.destination, task.identities)
        self._sides = _Sides(self._source, self._destination)
        self._items = deque(task.items)
        self._starts: deque[Unit] = deque()
        self._scans: deque[Unit] = deque()
        self._copies: deque[Unit] = deque()
        self._extras: deque[Unit] = deque()
        self.failed: list[Unit] = []
        task.counts.total = len(task.items)

    def __bool__(self) -> bool:
        return bool(self._items or self._starts or self._scans or self._copies or self._extras)

    def next_batch(self, *, single: bool, is_idle: bool) -> Sequence[Unit]:
        """
        Remove and return the next units to execute together; files first, to bound the memory.

        Args:
            single: Return one unit only, for tasks that are slowed down.
            is_idle: Whether no unit is executing; only then, extra entries of the destination are removed.
        """
        if self._copies:
            batch: list[Unit] = [self._copies.popleft()]
            size = _size(batch[0])
            limit = 1 if single else min(max(_BATCH_UNITS, len(self._copies) // 4), _LARGE_BATCH_UNITS)
            while self._copies and len(batch) < limit and size < _BATCH_BYTES:
                batch.append(self._copies.popleft())
                size += _size(batch[-1])
            return batch
        if self._scans:
            return [self._scans.pop()]
        if self._items or self._starts:
            while self._items and len(self._starts) < _BATCH_UNITS:
                self._starts.append(StartItem(self._items.popleft()))
            return [self._starts.popleft() for _ in range(1 if single else min(_BATCH_UNITS, len(self._starts)))]
        if self._task.skipped:
            # An extra entry of the destination may be a source that could not be read.
            self._extras.clear()
        if self._extras and is_idle and not self.failed:
            return [self._extras.popleft()]
        return ()

    def add(self, units: Sequence[Unit]) -> None:
        """Add new units, and units to retry; new ones are counted."""
        counts = self._task.counts
        for unit in units:
            is_new = not unit.retries
            match unit:
                case Scan():
                    counts.directories += is_new
                    counts.total += is_new
                case Copy() | Link():
                    counts.files += is_new and isinstance(unit, Copy)
                    counts.total += is_new
                case StartItem() | RemoveExtra():
                    pass
        self.put_back(units)

    def put_back(self, units: Sequence[Unit]) -> None:
        """Add units that are counted already, such as interrupted ones."""
        for unit in units:
            match unit:
                case StartItem():
                    self._starts.append(unit)
                case Scan():
                    self._scans.append(unit)
                case Copy() | Link():
                    self._copies.append(unit)
                case RemoveExtra():
                    self._extras.append(unit)

    def retry_failed(self) -> None:
        """Add all failed units again."""
        failed, self.failed = self.failed, []
        self.add(failed)

    def perform(self, units: Sequence[Unit]) -> list[Outcome]:
        """
        Execute units, in a worker thread.

        Raises:
            FatalError: The task cannot continue.
            StoppedError: The task has ended.
        """
        outcomes: list[Outcome] = []
        for directories, group in itertools.groupby(units, _directories):
            with self._sides_with(directories) as sides:
                for unit in group:
                    if self._is_stopped():
                        raise StoppedError
                    try:
                        outcomes.append(self._execute(unit, sides))
                    except SourceError as error:
                        outcomes.append(Outcome(unit, error=error.error, on_source=True))
                    except StorageError as error:
                        outcomes.append(Outcome(unit, error=error))
        return outcomes

    @contextmanager
    def _sides_with(self, directories: tuple[Parts, Parts] | None) -> Generator[_Sides]:
        """Yield both storages, which keep these directories open."""
        if directories is None:
            yield self._sides
            return
        source, destination = directories
        with (
            self._source.keeping_open(source) as source_storage,
            self._destination.keeping_open(destination) as destination_storage,
        ):
            yield _Sides(source_storage, destination_storage)

    def start_copy(self, unit: Copy) -> FileCopy | Outcome:
        """Return a copy to be executed in steps, or the outcome if none is needed or possible."""
        try:
            if self._is_up_to_date(unit, self._sides):
                return Outcome(unit, skipped=True)
            return self._copy(unit, self._sides)
        except SourceError as error:
            return Outcome(unit, error=error.error, on_source=True)
        except StorageError as error:
            return Outcome(unit, error=error)

    def _execute(self, unit: Unit, sides: _Sides) -> Outcome:
        match unit:
            case StartItem():
                return self._start(unit)
            case Scan():
                return self._scan(unit)
            case Copy():
                if self._is_up_to_date(unit, sides):
                    return Outcome(unit, skipped=True)
                return Outcome(unit, transferred=self._copy(unit, sides).step())
            case Link():
                if self._destination.find(unit.destination) is not None:
                    self._destination.remove(unit.destination)
                self._destination.make_link(unit.target, unit.destination)
                return Outcome(unit)
            case RemoveExtra():
                self._remove(unit.destination)
                return Outcome(unit)

    def _start(self, unit: StartItem) -> Outcome:
        item = unit.item
        entry = _call_source(self._source.stat, item.source)
        if item.is_symlink:
            if entry.link is None:
                raise SourceError(StorageError(Problem.OTHER, "Not a symbolic link"))
            self._destination.ensure_directory(item.destination[:-1])
            return Outcome(unit, symlinks=1, new_units=[Link(item.source, item.destination, entry.link.target)])
        if entry.type == "invalid_symlink":
            raise SourceError(StorageError(Problem.NOT_FOUND, "No such file or directory"))
        if entry.is_directory:
            if item.recursive is False:
                raise FatalError(
                    "NOT_A_FILE",
                    "is a directory",
                    f"{joined(item.source)} is a directory, and the item is not recursive",
                )
            return Outcome(unit, new_units=[Scan(item.source, item.destination)])
        if item.recursive:
            raise FatalError(
                "NOT_A_DIRECTORY", "not a directory", f"{joined(item.source)} is a file, and the item is recursive"
            )
        self._destination.ensure_directory(item.destination[:-1])
        return Outcome(unit, new_units=[Copy(item.source, item.destination, entry, item)])

    def _scan(self, unit: Scan) -> Outcome:
        if unit.depth > _MAX_DEPTH:
            raise SourceError(StorageError(Problem.OTHER, f"More than {_MAX_DEPTH} directories below each other"))
        entries = _call_source(self._source.entries, unit.source)
        self._destination.ensure_directory(unit.destination)
        outcome = Outcome(unit)
        links = self._task.options.get("recursive_symlinks", "ignore")
        kept: set[str] = set()
        for entry in entries:
            if self._task.filter_rules and not self._is_included(entry):
                continue
            source, destination = (*unit.source, entry.name), (*unit.destination, entry.name)
            if entry.link is not None:
                outcome.symlinks += 1
                if links == "ignore":
                    continue
                if links == "keep":
                    outcome.new_units.append(Link(source, destination, entry.link.target))
                    kept.add(entry.name)
                    continue
            kept.add(entry.name)
            if entry.is_directory:
                outcome.new_units.append(Scan(source, destination, unit.depth + 1))
            elif entry.type in {"file", "invalid_symlink"}:
                outcome.new_units.append(Copy(source, destination, entry))
        if self._task.options.get("delete_destination_extra"):
            extra = [entry.name for entry in self._destination.entries(unit.destination) if entry.name not in kept]
            outcome.new_units += [RemoveExtra((*unit.destination, name)) for name in extra]
        return outcome

    def _is_included(self, entry: Entry) -> bool:
        """Whether the filter rules include an entry; the first matching rule decides."""
        kind = "dir" if entry.is_directory else "file"
        for rule in self._task.filter_rules:
            if rule.type in {None, kind} and fnmatch.fnmatchcase(entry.name, rule.name):
                return rule.method == "include"
        return True

    def _is_up_to_date(self, unit: Copy, sides: _Sides) -> bool:
        sync_level = self._task.options.get("sync_level")
        if sync_level is None:
            return False

        def same_checksum() -> bool:
            with sides.source.open(unit.source) as file, sides.destination.open(unit.destination) as copied:
                checksum = digest(file, "MD5", self._is_stopped)
                return checksum == digest(copied, "MD5", self._is_stopped)

        return is_up_to_date(sync_level, unit.entry, sides.destination.find(unit.destination), same_checksum)

    def _copy(self, unit: Copy, sides: _Sides) -> FileCopy:
        options = self._task.options
        return FileCopy(
            sides.source,
            unit.source,
            sides.destination,
            unit.destination,
            counts=self._task.counts,
            is_stopped=self._is_stopped,
            verify=bool(options.get("verify_checksum")),
            mtime=unit.entry.mtime if options.get("preserve_timestamp") else None,
            item=unit.item,
        )

    def _remove(self, path: Parts) -> None:
        """Delete a file or a directory tree on the destination."""
        entry = self._destination.find(path)
        if entry is None:
            return
        if not entry.is_directory or entry.link is not None:
            self._destination.remove(path)
            return
        for child in self._destination.entries(path):
            if self._is_stopped():
                raise StoppedError
            self._remove((*path, child.name))
        self._destination.remove_directory(path)


def _call_source(call: Callable[[Parts], T], path: Parts) -> T:
    try:
        return call(path)
    except StorageError as error:
        raise SourceError(error) from error


def _directories(unit: Unit) -> tuple[Parts, Parts] | None:
    """Return the directories of a file to copy, on both sides."""
    return (unit.source[:-1], unit.destination[:-1]) if isinstance(unit, Copy) else None


def _size(unit: Unit) -> int:
    return unit.entry.size if isinstance(unit, Copy) else 0
