"""The work of a delete task. Runs in a worker thread."""

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

_BATCH_STEPS: Final = 500
"""The number of steps in one call of a worker thread."""


@dataclass(slots=True)
class _Step:
    """A path on the stack: a file, a directory to list, or a directory whose entries were removed."""

    path: Parts
    entry: Entry | None = None
    emptied: bool = False
    is_item: bool = False


class DeleteWork:
    """The remaining paths of a delete, and their execution."""

    def __init__(self, state: TransferState, task: Task, *, is_stopped: Callable[[], bool]) -> None:
        self._task = task
        self._is_stopped = is_stopped
        self._storage = AuthorizedStorage(state, task.source, task.identities)
        self._items: list[Item] = list(reversed(task.items))
        self._stack: list[_Step] = []
        task.counts.total = len(task.items)

    def __bool__(self) -> bool:
        return bool(self._items or self._stack)

    def perform(self, *, single: bool) -> StorageError | None:
        """
        Execute the next steps; return the error of a failed step, which stays on the stack for a retry.

        Args:
            single: Execute one step only, for tasks that are slowed down.

        Raises:
            FatalError: The task cannot continue.
            StoppedError: The task has ended.
        """
        for _ in range(1 if single else _BATCH_STEPS):
            if not self:
                break
            if self._is_stopped():
                raise StoppedError
            try:
                if self._stack:
                    self._execute(self._stack[-1])
                else:
                    self._stack += self._expand(self._items[-1])
                    self._items.pop()
            except StorageError as error:
                return error
        return None

    @property
    def current_path(self) -> str:
        """The path of the next step."""
        path = self._stack[-1].path if self._stack else self._items[-1].source if self._items else ()
        return joined(path)

    def _expand(self, item: Item) -> list[_Step]:
        """Return the steps of an item: one for its path, or one for each entry that matches its pattern."""
        path = item.source
        if not path:
            raise FatalError("PERMISSION_DENIED", "permission denied", "The root of a collection cannot be deleted")
        counts = self._task.counts
        pattern = path[-1]
        if self._task.delete_options.interpret_globs and re.search(r"[*?\[\\]", pattern):
            found = [
                entry
                for entry in self._storage.entries(path[:-1])
                if fnmatch.fnmatchcase(entry.name, _to_fnmatch(pattern))
            ]
            if found:
                counts.total += len(found) - 1
                return [_Step((*path[:-1], entry.name), entry, is_item=True) for entry in found]
        elif (entry := self._storage.find(path)) is not None:
            return [_Step(path, entry, is_item=True)]
        if self._task.delete_options.ignore_missing:
            counts.succeeded += 1
            return []
        raise FatalError("FILE_NOT_FOUND", "file not found", f"No such file or directory: {joined(path)}")

    def _execute(self, step: _Step) -> None:
        entry, counts = step.entry, self._task.counts
        if step.emptied:
            # If the removal fails, the directory is listed again: a file may have been added to it.
            step.emptied = False
            self._storage.remove_directory(step.path)
            counts.directories += 1
        elif entry is not None and entry.is_directory and entry.link is None:
            if not self._task.delete_options.recursive:
                raise FatalError(
                    "NOT_A_FILE",
                    "is a directory",
                    f"{joined(step.path)} is a directory, and the delete is not recursive",
                )
            children = self._storage.entries(step.path)
            step.emptied = True
            self._stack += [_Step((*step.path, child.name), child) for child in children]
            return
        else:
            try:
                self._storage.remove(step.path)
            except StorageError as error:
                if error.problem is not Problem.NOT_FOUND:
                    raise
            counts.files += 1
        self._stack.pop()
        if step.is_item:
            counts.succeeded += 1


def _to_fnmatch(pattern: str) -> str:
    """Convert backslash escapes of a pattern to the brackets of fnmatch."""
    return re.sub(r"\\(.)", lambda match: f"[{match[1]}]", pattern)
