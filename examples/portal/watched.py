"""Transfers as a page shows them: polled from Globus, with their speed since the previous poll."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from globus_async import Secret, TaskProgress
from globus_async.fastapi import SessionStoreUnavailable

from .explanations import STATES, Explanation, problem_of, state_of
from .formatting import counted, human_duration, human_size, moment_of, time_left

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
        progress: Its progress, with the size of its files if the portal knows it.
    """

    progress: TaskProgress

    @property
    def document(self) -> TaskDocument:
        """Its document."""
        return self.progress.task

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
        return self.progress.is_done

    @property
    def percent(self) -> int | None:
        """How much is done, 100 only for success; ``None`` if it is unknown."""
        fraction = self.progress.fraction
        return (
            None if fraction is None else min(int(100 * fraction), 100 if self.progress.status == "SUCCEEDED" else 99)
        )

    @property
    def problem(self) -> Explanation | None:
        """What is wrong with it, if anything."""
        return problem_of(self.document)

    @property
    def facts(self) -> list[str]:
        """Its progress in words."""
        progress = self.progress
        done, total = progress.files_done, progress.files_total or 0
        files = counted(total, "file") if self.is_done and done >= total else f"{done:,} of {counted(total, 'file')}"
        moved = _bytes(progress.bytes_done, None if self.is_done else progress.bytes_total)
        parts = [files if total else "", moved]
        if progress.files_skipped:
            parts.append(f"{progress.files_skipped:,} already there")
        if self.is_done:
            parts.append(f"took {human_duration(self.seconds)}" if self.seconds is not None else "")
            parts.append(f"{human_size(progress.bytes_per_second)}/s on average" if progress.bytes_done else "")
        elif self.state == "ACTIVE":
            parts += [f"{human_size(progress.bytes_per_second)}/s", time_left(progress.seconds_left)]
        return [part for part in parts if part]

    @property
    def seconds(self) -> float | None:
        """Its duration, if it is done."""
        started, ended = moment_of(self.document["request_time"]), moment_of(self.document["completion_time"])
        return (ended - started).total_seconds() if started and ended else None


def _bytes(moved: int, total: int | None) -> str:
    return f"{human_size(moved)} of {human_size(total)}" if total else human_size(moved)


async def watch(
    login: GlobusLogin, documents: Iterable[TaskDocument], previous: Sequence[WatchedTask] | None
) -> list[WatchedTask]:
    """
    Return tasks with their progress.

    Args:
        login: The login, whose store has the sizes of the tasks.
        documents: The documents of the tasks, just polled.
        previous: The tasks at the previous poll, if there was one.
    """
    known = {task.id: task.progress for task in previous or ()}
    now = login.backend.transport.clock.monotonic()
    found: list[WatchedTask] = []
    for document in documents:
        if (before := known.get(document["task_id"])) is not None:
            progress = before.next(document, at=now)
        else:
            progress = TaskProgress.of(document, at=now)
            if not progress.is_done:
                progress = replace(progress, bytes_total=await _stored_size(login, document["task_id"]))
        found.append(WatchedTask(progress))
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
    percents = [task.percent or 0 for task in tasks if not task.is_done]
    progress = f"{sum(percents) // len(percents)} % · " if percents else ""
    return f"{progress}{name} · Meridian"
