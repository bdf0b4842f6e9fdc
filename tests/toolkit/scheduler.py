"""An event loop that runs ready tasks in random order, to find code that relies on asyncio's usual order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

__all__ = ("ShufflingLoop", "run_shuffled")


def _is_step_of_a_task(handle: asyncio.Handle) -> bool:
    """Whether it is a step of a task; the callbacks of transports rely on their order."""
    callback = getattr(handle, "_callback", None)
    return type(callback).__name__ == "TaskStepMethWrapper" or isinstance(
        getattr(callback, "__self__", None), asyncio.Task
    )


class ShufflingLoop(asyncio.SelectorEventLoop):
    """A loop that runs ready tasks in a seeded random order."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._lots = random.Random(seed)

    def _process_events(self, event_list: list[Any]) -> None:
        super()._process_events(event_list)  # type: ignore[misc]
        ready: Any = self._ready  # type: ignore[attr-defined]
        places = [index for index, handle in enumerate(ready) if _is_step_of_a_task(handle)]
        handles = [ready[index] for index in places]
        self._lots.shuffle(handles)
        for index, handle in zip(places, handles, strict=True):
            ready[index] = handle


def run_shuffled(scenario: Callable[[], Coroutine[Any, Any, None]], seeds: Iterable[int] = range(500)) -> int:
    """
    Run a scenario once per seed, each time in another order; a failure names its seed.

    Returns:
        The number of orders tried.
    """
    tried = 0
    for seed in seeds:
        with asyncio.Runner(loop_factory=partial(ShufflingLoop, seed)) as runner:
            try:
                runner.run(scenario())
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise
        tried += 1
    return tried
