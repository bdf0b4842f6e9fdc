"""What a delete task does. Runs in a worker thread, a slice of time at a time."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..authorized_storage import AuthorizedStorage
from ..storage.paths import Parts, joined
from ..storage.protocol import Entry, Problem, StorageError
from .file_copy import StoppedError
from .transfer import FatalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..models import Item, Task
    from ..state import TransferState

__all__ = ("DeleteWork",)

_SLICE: Final = 500
"""Steps in one go."""


@dataclass(slots=True)
class _Step:
    """Something on the stack: delete it, or, on the way back, remove the directory that is empty now."""

    path: Parts
    entry: Entry | None = None
    emptied: bool = False
    is_item: bool = False


class DeleteWork:
    """The paths of a delete that are left."""

    def __init__(self, state: TransferState, task: Task, *, stopped: Callable[[], bool]) -> None:
        self._task = task
        self._stopped = stopped
        self._view = AuthorizedStorage(state, task.source, task.identities)
        self._items: list[Item] = list(reversed(task.items))
        self._stack: list[_Step] = []
        task.counts.total = len(task.items)

    def __bool__(self) -> bool:
        return bool(self._items or self._stack)

    def perform(self, *, alone: bool) -> StorageError | None:
        """
        Delete for a while; an error leaves what it met on the stack, to be tried again.

        Args:
            alone: One path only, for tasks that are slowed down.

        Raises:
            FatalError: The task cannot go on.
            StoppedError: The task has ended.
        """
        for _ in range(1 if alone else _SLICE):
            if not self:
                break
            if self._stopped():
                raise StoppedError
            try:
                if self._stack:
                    self._do(self._stack[-1])
                else:
                    self._stack += self._expand(self._items[-1])
                    self._items.pop()
            except StorageError as error:
                return error
        return None

    @property
    def place(self) -> str:
        """The path that is worked on."""
        path = self._stack[-1].path if self._stack else self._items[-1].source if self._items else ()
        return joined(path)

    def _expand(self, item: Item) -> list[_Step]:
        """Return what an item stands for: itself, or what its pattern matches."""
        path = item.source
        if not path:
            raise FatalError("PERMISSION_DENIED", "permission denied", "The root of a collection cannot be deleted")
        counts = self._task.counts
        pattern = path[-1]
        if self._task.delete_options.interpret_globs and re.search(r"[*?\[\\]", pattern):
            found = [
                entry for entry in self._view.entries(path[:-1]) if fnmatch.fnmatchcase(entry.name, _unescaped(pattern))
            ]
            if found:
                counts.total += len(found) - 1
                return [_Step((*path[:-1], entry.name), entry, is_item=True) for entry in found]
        elif (entry := self._view.find(path)) is not None:
            return [_Step(path, entry, is_item=True)]
        if self._task.delete_options.ignore_missing:
            counts.succeeded += 1
            return []
        raise FatalError("FILE_NOT_FOUND", "file not found", f"No such file or directory: {joined(path)}")

    def _do(self, step: _Step) -> None:
        entry, counts = step.entry, self._task.counts
        if step.emptied:
            # Looked at once more if the removal fails: somebody may have put a file there meanwhile.
            step.emptied = False
            self._view.remove_directory(step.path)
            counts.directories += 1
        elif entry is not None and entry.is_directory and entry.link is None:
            if not self._task.delete_options.recursive:
                raise FatalError(
                    "NOT_A_FILE",
                    "is a directory",
                    f"{joined(step.path)} is a directory, and the delete is not recursive",
                )
            children = self._view.entries(step.path)
            step.emptied = True
            self._stack += [_Step((*step.path, child.name), child) for child in children]
            return
        else:
            try:
                self._view.remove(step.path)
            except StorageError as error:
                if error.problem is not Problem.NOT_FOUND:
                    raise
            counts.files += 1
        self._stack.pop()
        if step.is_item:
            counts.succeeded += 1


def _unescaped(pattern: str) -> str:
    """Rewrite a backslash escape as fnmatch has it: in brackets."""
    return re.sub(r"\\(.)", lambda match: f"[{match[1]}]", pattern)
