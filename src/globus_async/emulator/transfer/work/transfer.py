"""What a transfer task does: look at its items, scan directories, copy files. What blocks runs in worker threads."""

from __future__ import annotations

import fnmatch
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from ..authorized_storage import AuthorizedStorage
from ..storage.paths import Parts, joined
from ..storage.protocol import Entry, Problem, StorageError
from .file_copy import FileCopy, SourceError, StoppedError, digest, is_up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..models import Item, SuccessfulTransfer, Task
    from ..state import TransferState

__all__ = (
    "Copy",
    "Extra",
    "FatalError",
    "Link",
    "Outcome",
    "Scan",
    "Start",
    "TransferWork",
    "Unit",
)

_DEPTH: Final = 200
"""Directories below each other before links are taken for a loop."""

_BATCH: Final = 32
_BATCH_BYTES: Final = 8 << 20


T = TypeVar("T")


class FatalError(Exception):
    """An error that ends a task at once."""

    def __init__(self, code: str, description: str, details: str = "") -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.details = details or description


@dataclass(slots=True, eq=False)
class Start:
    """Look at an item of the submission."""

    item: Item
    retries: int = 0

    @property
    def source(self) -> Parts:
        """Where it comes from."""
        return self.item.source

    @property
    def destination(self) -> Parts:
        """Where it goes."""
        return self.item.destination


@dataclass(slots=True, eq=False)
class Scan:
    """List a directory and make it at the destination."""

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
    """Make a link again at the destination."""

    source: Parts
    destination: Parts
    target: str
    retries: int = 0


@dataclass(slots=True, eq=False)
class Extra:
    """Delete what only the destination has."""

    destination: Parts
    source: Parts = ()
    retries: int = 0


Unit: TypeAlias = Start | Scan | Copy | Link | Extra


@dataclass(slots=True)
class Outcome:
    """What came of a unit."""

    unit: Unit
    error: StorageError | None = None
    on_source: bool = False
    found: list[Unit] = field(default_factory=list[Unit])
    symlinks: int = 0
    transferred: SuccessfulTransfer | None = None
    skipped: bool = False

    def __post_init__(self) -> None:
        """Let go of the frames that the error has passed, which know this outcome."""
        if self.error is not None:
            self.error.__traceback__ = None


class TransferWork:
    """The units of a transfer that are left, and how each is done."""

    def __init__(self, state: TransferState, task: Task, *, stopped: Callable[[], bool]) -> None:
        if task.destination is None:
            raise ValueError("a transfer has a destination")
        self._task = task
        self._stopped = stopped
        self._source = AuthorizedStorage(state, task.source, task.identities)
        self._destination = AuthorizedStorage(state, task.destination, task.identities)
        self._items = deque(task.items)
        self._starts: deque[Unit] = deque()
        self._scans: deque[Unit] = deque()
        self._copies: deque[Unit] = deque()
        self._extras: deque[Unit] = deque()
        self.failed: list[Unit] = []
        task.counts.total = len(task.items)

    def __bool__(self) -> bool:
        return bool(self._items or self._starts or self._scans or self._copies or self._extras)

    def take(self, *, alone: bool, nothing_in_flight: bool) -> Sequence[Unit]:
        """
        Take units to be done in one go: files first, so that little is kept in memory.

        Args:
            alone: One unit only, for tasks that are slowed down.
            nothing_in_flight: Whether others still work: what is extra at the destination goes last.
        """
        if self._copies:
            batch: list[Unit] = [self._copies.popleft()]
            size = _size(batch[0])
            while not alone and self._copies and len(batch) < _BATCH and size < _BATCH_BYTES:
                batch.append(self._copies.popleft())
                size += _size(batch[-1])
            return batch
        if self._scans:
            return [self._scans.pop()]
        if self._items or self._starts:
            while self._items and len(self._starts) < _BATCH:
                self._starts.append(Start(self._items.popleft()))
            return [self._starts.popleft() for _ in range(1 if alone else min(_BATCH, len(self._starts)))]
        if self._task.skipped:
            # What could not be read might be what the destination has.
            self._extras.clear()
        if self._extras and nothing_in_flight and not self.failed:
            return [self._extras.popleft()]
        return ()

    def add(self, units: Sequence[Unit]) -> None:
        """Take up units that were found, or that are to be tried again."""
        counts = self._task.counts
        for unit in units:
            first = not unit.retries
            match unit:
                case Scan():
                    counts.directories += first
                    counts.total += first
                case Copy() | Link():
                    counts.files += first and isinstance(unit, Copy)
                    counts.total += first
                case Start() | Extra():
                    pass
        self.put_back(units)

    def put_back(self, units: Sequence[Unit]) -> None:
        """Let units that were counted wait to be taken, such as those whose work was stopped."""
        for unit in units:
            match unit:
                case Start():
                    self._starts.append(unit)
                case Scan():
                    self._scans.append(unit)
                case Copy() | Link():
                    self._copies.append(unit)
                case Extra():
                    self._extras.append(unit)

    def retry_failed(self) -> None:
        """Put all that failed back to be done."""
        failed, self.failed = self.failed, []
        self.add(failed)

    def perform(self, units: Sequence[Unit]) -> list[Outcome]:
        """
        Do some units, in a worker thread.

        Raises:
            FatalError: The task cannot go on.
            StoppedError: The task has ended.
        """
        outcomes: list[Outcome] = []
        for unit in units:
            if self._stopped():
                raise StoppedError
            try:
                outcomes.append(self._do(unit))
            except SourceError as error:
                outcomes.append(Outcome(unit, error=error.error, on_source=True))
            except StorageError as error:
                outcomes.append(Outcome(unit, error=error))
        return outcomes

    def copy_in_steps(self, unit: Copy) -> FileCopy | Outcome:
        """Begin a copy that the caller will drive step by step; or tell that none is needed."""
        try:
            return Outcome(unit, skipped=True) if self._is_up_to_date(unit) else self._copy(unit)
        except SourceError as error:
            return Outcome(unit, error=error.error, on_source=True)
        except StorageError as error:
            return Outcome(unit, error=error)

    def _do(self, unit: Unit) -> Outcome:
        match unit:
            case Start():
                return self._start(unit)
            case Scan():
                return self._scan(unit)
            case Copy():
                if self._is_up_to_date(unit):
                    return Outcome(unit, skipped=True)
                return Outcome(unit, transferred=self._copy(unit).step())
            case Link():
                if self._destination.find(unit.destination) is not None:
                    self._destination.remove(unit.destination)
                self._destination.make_link(unit.target, unit.destination)
                return Outcome(unit)
            case Extra():
                self._remove(unit.destination)
                return Outcome(unit)

    def _start(self, unit: Start) -> Outcome:
        item = unit.item
        entry = _at_source(self._source.stat, item.source)
        if item.is_symlink:
            if entry.link is None:
                raise SourceError(StorageError(Problem.OTHER, "Not a symbolic link"))
            self._destination.ensure_directory(item.destination[:-1])
            return Outcome(unit, symlinks=1, found=[Link(item.source, item.destination, entry.link.target)])
        if entry.type == "invalid_symlink":
            raise SourceError(StorageError(Problem.NOT_FOUND, "No such file or directory"))
        if entry.is_directory:
            if item.recursive is False:
                raise FatalError(
                    "NOT_A_FILE",
                    "is a directory",
                    f"{joined(item.source)} is a directory, and the item is not recursive",
                )
            return Outcome(unit, found=[Scan(item.source, item.destination)])
        if item.recursive:
            raise FatalError(
                "NOT_A_DIRECTORY", "not a directory", f"{joined(item.source)} is a file, and the item is recursive"
            )
        self._destination.ensure_directory(item.destination[:-1])
        return Outcome(unit, found=[Copy(item.source, item.destination, entry, item)])

    def _scan(self, unit: Scan) -> Outcome:
        if unit.depth > _DEPTH:
            raise SourceError(StorageError(Problem.OTHER, f"More than {_DEPTH} directories below each other"))
        entries = _at_source(self._source.entries, unit.source)
        self._destination.ensure_directory(unit.destination)
        outcome = Outcome(unit)
        links = self._task.options.get("recursive_symlinks", "ignore")
        kept: set[str] = set()
        for entry in entries:
            if not self._is_wanted(entry):
                continue
            source, destination = (*unit.source, entry.name), (*unit.destination, entry.name)
            if entry.link is not None:
                outcome.symlinks += 1
                if links == "ignore":
                    continue
                if links == "keep":
                    outcome.found.append(Link(source, destination, entry.link.target))
                    kept.add(entry.name)
                    continue
            kept.add(entry.name)
            if entry.is_directory:
                outcome.found.append(Scan(source, destination, unit.depth + 1))
            elif entry.type in {"file", "invalid_symlink"}:
                outcome.found.append(Copy(source, destination, entry))
        if self._task.options.get("delete_destination_extra"):
            extra = [entry.name for entry in self._destination.entries(unit.destination) if entry.name not in kept]
            outcome.found += [Extra((*unit.destination, name)) for name in extra]
        return outcome

    def _is_wanted(self, entry: Entry) -> bool:
        """Whether the filter rules let an entry through; the first that matches decides."""
        kind = "dir" if entry.is_directory else "file"
        for rule in self._task.filter_rules:
            if rule.type in {None, kind} and fnmatch.fnmatchcase(entry.name, rule.name):
                return rule.method == "include"
        return True

    def _is_up_to_date(self, unit: Copy) -> bool:
        level = self._task.options.get("sync_level")
        if level is None:
            return False

        def same_checksum() -> bool:
            here = digest(self._source, unit.source, "MD5", self._stopped)
            return here == digest(self._destination, unit.destination, "MD5", self._stopped)

        return is_up_to_date(level, unit.entry, self._destination.find(unit.destination), same_checksum)

    def _copy(self, unit: Copy) -> FileCopy:
        options = self._task.options
        return FileCopy(
            self._source,
            unit.source,
            self._destination,
            unit.destination,
            counts=self._task.counts,
            stopped=self._stopped,
            verify=bool(options.get("verify_checksum")),
            mtime=unit.entry.mtime if options.get("preserve_timestamp") else None,
            item=unit.item,
        )

    def _remove(self, path: Parts) -> None:
        """Delete a whole tree at the destination."""
        entry = self._destination.find(path)
        if entry is None:
            return
        if not entry.is_directory or entry.link is not None:
            self._destination.remove(path)
            return
        for child in self._destination.entries(path):
            if self._stopped():
                raise StoppedError
            self._remove((*path, child.name))
        self._destination.remove_directory(path)


def _at_source(call: Callable[[Parts], T], path: Parts) -> T:
    try:
        return call(path)
    except StorageError as error:
        raise SourceError(error) from error


def _size(unit: Unit) -> int:
    return unit.entry.size if isinstance(unit, Copy) else 0
