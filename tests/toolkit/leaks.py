"""Leaked tasks and descriptors, and errors and warnings that were never handled."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ("Problems", "Snapshot", "open_descriptors", "recorded_problems")

_HARMLESS = ("/dev/urandom", "/dev/null", "anon_inode:[eventpoll]")


def open_descriptors() -> dict[int, str]:
    """Return this process's open descriptors and what they are: sockets, pipes and files."""
    found: dict[int, str] = {}
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 -- four times for each test
        try:
            target = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
        except OSError:
            continue  # the descriptor of the listing itself
        if target not in _HARMLESS:
            found[int(name)] = target
    return found


@dataclass(frozen=True)
class Snapshot:
    """The tasks of the running loop, if one runs, and the descriptors of this process."""

    tasks: frozenset[asyncio.Task[Any]]
    descriptors: dict[int, str]

    @classmethod
    def take(cls) -> Self:
        """Record the open descriptors and the tasks."""
        try:
            tasks = frozenset(asyncio.all_tasks())
        except RuntimeError:
            tasks = frozenset()
        return cls(tasks, open_descriptors())

    def new_tasks(self) -> list[asyncio.Task[Any]]:
        """Return the unfinished tasks that were not there."""
        try:
            return [task for task in asyncio.all_tasks() if task not in self.tasks]
        except RuntimeError:
            return []

    def new_descriptors(self) -> dict[int, str]:
        """Return the descriptors that were not there."""
        return {number: what for number, what in open_descriptors().items() if self.descriptors.get(number) != what}

    async def settle(self) -> None:
        """Wait some passes of the loop for closing to complete."""
        for wait in (0, 0, 0, 0, 0, 0.001, 0.01, 0.05):
            if not self.new_tasks() and not self.new_descriptors():
                return
            await asyncio.sleep(wait)

    def assert_nothing_new(self) -> None:
        """Raise if a task or a descriptor is there that was not."""
        tasks = self.new_tasks()
        assert not tasks, f"{len(tasks)} tasks are left over: {tasks[:3]}"
        descriptors = self.new_descriptors()
        assert not descriptors, f"{len(descriptors)} descriptors are left over: {dict(list(descriptors.items())[:5])}"


@dataclass
class Problems:
    """Problems that were reported to the loop, as warnings or in the log."""

    to_the_loop: list[dict[str, Any]] = field(default_factory=list)
    """Contexts given to the loop's exception handler: never retrieved, destroyed while pending, failed callbacks."""
    warned: list[warnings.WarningMessage] = field(default_factory=list)
    logged: list[logging.LogRecord] = field(default_factory=list)
    """Log records of level WARNING and above."""

    def assert_none(self) -> None:
        """Raise if anything was reported."""
        problems = [
            f"{context.get('message')}: {context.get('exception')!r}, {context}" for context in self.to_the_loop
        ]
        problems += [str(warning.message) for warning in self.warned]
        problems += [f"{record.name}: {record.getMessage()}" for record in self.logged if not _is_slowness(record)]
        assert not problems, f"{len(problems)} problems were reported: {problems[:5]}"


def _is_slowness(record: logging.LogRecord) -> bool:
    """Whether it is asyncio's report of a slow step, which depends on the machine rather than the code."""
    return record.name == "asyncio" and str(record.msg).startswith(("Executing", "poll"))


class _Collector(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.WARNING)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextmanager
def recorded_problems() -> Generator[Problems]:
    """Record warnings, log records and errors of the running loop in the block; collect garbage at its end."""
    problems = Problems()
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    collector = _Collector(problems.logged)
    loop.set_exception_handler(lambda _, context: problems.to_the_loop.append(context))
    logging.getLogger().addHandler(collector)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            problems.warned = warned
            yield problems
            gc.collect()
    finally:
        logging.getLogger().removeHandler(collector)
        loop.set_exception_handler(before)
