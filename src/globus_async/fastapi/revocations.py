"""Work that follows a response: ending sessions, and revoking their tokens at Globus Auth."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..errors import GlobusError

if TYPE_CHECKING:
    from ..clock import Clock
    from ..secret import Secret

__all__ = ("Revocations",)

_log = logging.getLogger("globus_async")
_MAX_CLOSING_SECONDS: Final = 5.0
_MAX_CANCELLING_SECONDS: Final = 1.0
_MAX_CONCURRENT: Final = 8
"""The maximum number of revocations at a time: while Globus Auth is slow, they must not keep logins waiting."""
_MAX_WAITING: Final = 1000
"""The maximum number of revocations that run or wait: while Globus Auth hangs, they must not fill the memory."""


class _AuthClient(Protocol):
    async def oauth2_revoke_token(self, token: Secret, /) -> object: ...


class Revocations:
    """
    Revokes the tokens of ended sessions, in tasks that no request waits for and no request can cancel.

    Args:
        auth_client: The client of Globus Auth that the tokens were issued to.
        clock: The clock for the time limit of `aclose`.
    """

    def __init__(self, auth_client: _AuthClient, clock: Clock) -> None:
        self._auth_client = auth_client
        self._clock = clock
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, tokens: Iterable[Secret]) -> None:
        """Revoke tokens. Failures are logged: their session has ended in any case."""
        skipped = 0
        for token in tokens:
            if self._waiting >= _MAX_WAITING:
                skipped += 1
                continue
            self._waiting += 1
            self.run(self._revoke(token), name="globus_async revocation").add_done_callback(self._discard)
        if skipped:
            _log.error(
                "%d tokens of an ended session were not revoked, because %d revocations wait", skipped, self._waiting
            )

    def _discard(self, _: asyncio.Task[Any]) -> None:
        self._waiting -= 1

    def run(self, work: Coroutine[Any, Any, object], *, name: str) -> asyncio.Task[Any]:
        """Run work in a task that is finished, or cancelled after five seconds, when the application shuts down."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # marks it as retrieved: the request that waits for it may have been cancelled

    async def aclose(self) -> None:
        """Finish the running tasks, and what they start in turn; cancel them after five seconds."""
        with suppress(TimeoutError):
            async with self._clock.timeout(_MAX_CLOSING_SECONDS):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_MAX_CANCELLING_SECONDS)

    async def _revoke(self, token: Secret) -> None:
        try:
            async with self._slots:
                await self._auth_client.oauth2_revoke_token(token)
        except GlobusError as error:
            _log.error("a token of an ended session could not be revoked: %s", error)
        except asyncio.CancelledError:
            _log.error("a token of an ended session could not be revoked before the application stopped")
            raise
