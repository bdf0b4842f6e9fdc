"""Transfers as a page shows them: polled from Globus, with their speed since the previous poll."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from globus_async import Secret
from globus_async.fastapi import SessionStoreUnavailable

from .explanations import STATES, Explanation, problem_of, state_of
from .formatting import counted, human_duration, human_size, time_left
from .progress import Progress, Rates, next_rates, progress_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from globus_async.fastapi import GlobusLogin
    from globus_async.services.transfer.documents import TaskDocument

__all__ = ("WatchedTask", "heading", "store_size", "summary", "watch")


@dataclass(frozen=True)
class WatchedTask:
    """
    A task.

    Attributes:
        document: Its document.
        total_bytes: The size of its files, if the portal knows it.
        rates: Its rates while it is running.
    """

    document: TaskDocument
    total_bytes: int | None = None
    rates: Rates | None = None

    @property
    def id(self) -> str:
        """Its UUID."""
        return self.document["task_id"]

    @property
    def label(self) -> str:
        """Its label, or a general one."""
        return self.document["label"] or "Transfer"

    @property
    def state(self) -> str:
        """Its state, a key of `STATES`."""
        return state_of(self.document)

    @property
    def state_name(self) -> str:
        """The name of its state for people."""
        return STATES[self.state]

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.document["status"] in {"SUCCEEDED", "FAILED"}

    @property
    def problem(self) -> Explanation | None:
        """What is wrong with it, if anything."""
        return problem_of(self.document)

    @property
    def progress(self) -> Progress:
        """Its progress."""
        return progress_of(self.document, self.rates, self.total_bytes)

    @property
    def facts(self) -> list[str]:
        """Its progress in words."""
        task, progress = self.document, self.progress
        moved, transferred = task["bytes_transferred"] or 0, task["files_transferred"] or 0
        skipped = task["files_skipped"] or 0
        total = task["files"] or 0
        files = (
            counted(total, "file")
            if self.is_done and transferred + skipped >= total
            else f"{transferred + skipped:,} of {counted(total, 'file')}"
        )
        parts = [files if total else "", _bytes(moved, None if self.is_done else self.total_bytes)]
        if skipped:
            parts.append(f"{skipped:,} already there")
        if self.is_done:
            parts.append(f"took {human_duration(progress.seconds)}" if progress.seconds is not None else "")
            parts.append(f"{human_size(progress.bytes_per_second)}/s on average" if moved else "")
        elif self.state == "ACTIVE":
            parts += [f"{human_size(progress.bytes_per_second)}/s", time_left(progress.seconds_left)]
        return [part for part in parts if part]


def _bytes(moved: int, total: int | None) -> str:
    return f"{human_size(moved)} of {human_size(total)}" if total else human_size(moved)


async def watch(
    login: GlobusLogin, documents: Iterable[TaskDocument], previous: Sequence[WatchedTask] | None
) -> list[WatchedTask]:
    """
    Return tasks with their rates.

    Args:
        login: The login, whose store has the sizes of the tasks.
        documents: The documents of the tasks, just polled.
        previous: The tasks at the previous poll, if there was one.
    """
    known = {task.id: task for task in previous or ()}
    now = login.backend.transport.clock.wall()
    found: list[WatchedTask] = []
    for document in documents:
        task = WatchedTask(document)
        before = known.get(task.id)
        if before is not None:
            size = before.total_bytes
        else:
            size = None if task.is_done else await _stored_size(login, task.id)
        rates = None if task.is_done else next_rates(before.rates if before else None, document, now)
        found.append(WatchedTask(document, size, rates))
    return found


async def store_size(login: GlobusLogin, task_id: str, size: int) -> None:
    """Store the size of a task's files, which Globus does not report."""
    with suppress(SessionStoreUnavailable):  # the task is shown without it
        await login.store.put(f"task-size:{task_id}", Secret(str(size)), seconds=login.lifetime)


async def _stored_size(login: GlobusLogin, task_id: str) -> int | None:
    with suppress(SessionStoreUnavailable):
        if (size := await login.store.get(f"task-size:{task_id}")) is not None:
            return int(size.reveal())
    return None


def summary(tasks: Sequence[WatchedTask]) -> str:
    """Return a sentence on the states of tasks, which does not change with their progress."""
    names = [task.state_name.lower() for task in tasks]
    counts = [f"{names.count(name)} {name}" for name in dict.fromkeys(names)]
    return f"Transfers: {', '.join(counts)}." if counts else "No transfers."


def heading(tasks: Sequence[WatchedTask], name: str) -> str:
    """Return the title of a page, with the progress of its tasks that are running."""
    percents = [task.progress.percent or 0 for task in tasks if not task.is_done]
    progress = f"{sum(percents) // len(percents)} % · " if percents else ""
    return f"{progress}{name} · Meridian"
