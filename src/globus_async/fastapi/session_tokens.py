"""The tokens of a session as a token storage, over a store that several processes may share."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Generator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Final

from ..errors import LoginRequired
from ..secret import Secret
from ..session_store import SessionStoreUnavailable
from ..token_storage.base import TokenStorage
from ..token_storage.errors import TokenStorageUnavailable
from ..token_storage.lease import Lease
from .sessions import dump_tokens, load_tokens, store_key, tokens_in, tokens_key

if TYPE_CHECKING:
    from ..clock import Clock
    from ..session_store import SessionStore
    from ..token_storage.token_data import TokenStorageData
    from .revocations import Revocations
    from .sessions import Session

__all__ = ("SessionTokenStorage",)

_log = logging.getLogger("globus_async")
_MIN_PAUSE: Final = 0.05
_MAX_PAUSE: Final = 1.0


class SessionTokenStorage(TokenStorage):
    """
    Holds the tokens of a session in the session's store, until the session ends.

    A session that has ended has no tokens. Those that arrive later are not stored, but revoked.

    Args:
        session: The session.
        store: Its store.
        clock: The clock.
        revocations: Revokes tokens that arrive after the end of the session.
    """

    def __init__(self, session: Session, store: SessionStore, *, clock: Clock, revocations: Revocations) -> None:
        super().__init__(session.key, clock=clock)
        self._session = session
        self._store = store
        self._revocations = revocations

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """Return the tokens for all services of the session."""
        found = {server: await self.get_token_data(server) for server in self._session.resource_servers}
        return {server: data for server, data in found.items() if data is not None}

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        """Return the tokens for a service; ``None`` if there are none, or they are unreadable."""
        with _typed():
            return load_tokens(await self._store.get(self._key(resource_server)))

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """
        Add or replace tokens.

        Raises:
            LoginRequired: The session has ended.
        """
        for server, data in token_data_by_resource_server.items():
            with _typed():
                await self._store.put(self._key(server), dump_tokens(data), seconds=self._seconds_left())
                if await self._has_ended(data):
                    raise LoginRequired("the session has ended")

    async def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens for a service; return whether there were any."""
        with _typed():
            return await self._store.pop(self._key(resource_server)) is not None

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """
        Replace tokens if they are still those that were read; return whether they were.

        The logout ends the session before it removes tokens. So if they are missing in a session that has not ended,
        the store has lost them, and the new ones are stored.
        """
        key = self._key(new.resource_server)
        with _typed():
            is_stored = False
            while not is_stored and ((text := await self._store.get(key)) is None or load_tokens(text) == old):
                if text is None and await self._has_ended(new):
                    return False
                is_stored = await self._store.compare_and_set(key, text, dump_tokens(new), seconds=self._seconds_left())
            # checked last: a concurrent logout either finds the new tokens in the store or is noticed here
            return not await self._has_ended(new) and is_stored

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """Return a context in which no other process has the lease of this name."""
        key = store_key("lease", self._session.key.partition(":")[2], name)
        return _SessionLease(key, name, seconds, store=self._store, clock=self._clock, revocations=self._revocations)

    async def _has_ended(self, data: TokenStorageData) -> bool:
        """Return whether the session has ended; remove and revoke its tokens then."""
        if await self._store.get(self._session.key) is not None:
            return False
        await self._store.pop(self._key(data.resource_server))
        self._revocations.start(tokens_in(data))
        return True

    def _key(self, resource_server: str) -> str:
        return tokens_key(self._session.key, resource_server)

    def _seconds_left(self) -> float:
        return max(1.0, self._session.expires_at - self._clock.wall())


class _SessionLease:
    """The context in which a lease is held: a random text in the store."""

    __slots__ = ("_clock", "_holder", "_key", "_name", "_revocations", "_seconds", "_store")

    def __init__(
        self, key: str, name: str, seconds: float, *, store: SessionStore, clock: Clock, revocations: Revocations
    ) -> None:
        self._key = key
        self._name = name
        self._seconds = seconds
        self._store = store
        self._clock = clock
        self._revocations = revocations
        self._holder = Secret("")

    async def __aenter__(self) -> Lease:
        self._holder = Secret(secrets.token_urlsafe(16))
        pause = _MIN_PAUSE
        try:
            while True:
                lease = Lease(self._name, self._seconds, self._clock)  # it ends for its holder first
                with _typed():
                    if await self._store.compare_and_set(self._key, None, self._holder, seconds=self._seconds):
                        return lease
                await self._clock.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 -- not a secret
                pause = min(2 * pause, _MAX_PAUSE)
        except BaseException:  # the store may have granted it all the same
            self._start_release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(self._start_release())

    def _start_release(self) -> asyncio.Task[object]:
        """Release the lease in a task, which no caller can cancel."""
        return self._revocations.run(self._release(), name="globus_async lease")

    async def _release(self) -> None:
        try:
            await self._store.compare_and_set(self._key, self._holder, None, seconds=self._seconds)
        except Exception as error:  # noqa: BLE001 -- a store may raise anything
            _log.warning("the lease on a session's tokens could not be released: %s", type(error).__name__)


@contextmanager
def _typed() -> Generator[None]:
    """Raise the error of a token storage in place of that of a session store."""
    try:
        yield
    except SessionStoreUnavailable as error:
        unavailable = TokenStorageUnavailable(str(error))
        unavailable.retry_after = error.retry_after
        raise unavailable from None
