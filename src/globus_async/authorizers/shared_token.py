"""The access token of a login or an application in a token storage, refreshed once for all processes."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from .._concurrency.tasks import run_to_end
from .._single_flight import SingleFlight
from ..errors import GlobusAPIError, GlobusTimeoutError, TokenRefreshError, TransientStorageError
from ..token_storage.errors import LeaseLost, TokenStorageError
from .refusals import refusal_of
from .storage_access import StorageAccess
from .stored_token import entry_for, held_token, is_better, is_rotated, updated, with_refresh_token
from .token import HeldToken
from .token_entries import issued_token, refresh_token_of, token_entries

if TYPE_CHECKING:
    from .._single_flight import TaskOwner
    from ..clock import Clock
    from ..secret import Secret
    from ..token_storage.base import TokenStorage
    from ..token_storage.lease import Lease
    from ..token_storage.token_data import TokenStorageData

__all__ = ("Grant", "SharedToken")

_ROUNDS: Final = 3
"""How often a lost lease is taken again."""
_SECONDS_TO_STORE: Final = 10.0
"""The last seconds of a lease, in which no request is running."""
_SECONDS_BEFORE_REPETITION: Final = 0.5
_MAX_SECONDS_BEFORE_REPETITION: Final = 1.5
_MAX_PAUSE: Final = 30.0
_MAX_REPLACED: Final = 20
_WRITE: Final = "token write"

_log = logging.getLogger("globus_async")


class Grant(Protocol):
    """What a token is requested with, and which stored tokens it may use."""

    @property
    def needs_storage(self) -> bool:
        """Whether a request without the storage could lose a login."""
        ...

    def accepts(self, stored: TokenStorageData) -> bool:
        """Return whether a stored access token may be used, while it is valid."""
        ...

    def refresh_token(self, stored: TokenStorageData | None) -> Secret | None:
        """
        Return the refresh token to send; ``None`` for a grant without one.

        Raises:
            TokenRefreshError: There is none, or the stored tokens must not be replaced.
        """
        ...

    def note(self, stored: TokenStorageData) -> None:
        """Note what is stored."""
        ...

    def reject(self, refresh_token: Secret | None) -> None:
        """Never send a refresh token again."""
        ...

    async def request(self, refresh_token: Secret | None) -> Any:
        """Request a token."""
        ...


class SharedToken:
    """
    An access token in a storage: read, or refreshed by one of all processes, under a lease.

    Args:
        grant: What it is requested with.
        storage: The storage.
        resource_server: The resource server that the token is for.
        clock: The clock.
        task_owner: Awaits running calls before it closes.
    """

    def __init__(
        self, grant: Grant, storage: TokenStorage, resource_server: str, *, clock: Clock, task_owner: TaskOwner
    ) -> None:
        self._grant = grant
        self._access = StorageAccess(storage, resource_server, clock=clock, task_owner=task_owner)
        self._clock = clock
        self._known: TokenStorageData | None = None
        """The stored tokens, as this process has read or written them last."""
        self._unwritten: tuple[TokenStorageData | None, TokenStorageData] | None = None
        """Tokens that could not be stored yet, after those that they replace."""
        self._replaced: deque[Secret] = deque(maxlen=_MAX_REPLACED)
        """The last refresh tokens for which this process has received others, and those that it knew before them."""
        self._read_before: deque[Secret] = deque(maxlen=_MAX_REPLACED)
        """The refresh tokens that were stored since the last request, in order."""
        self._writes: SingleFlight[None] = SingleFlight(_WRITE, owner=task_owner, continues=True)

    @property
    def refresh_token(self) -> Secret | None:
        """The newest refresh token that this process knows."""
        known = self._known if self._unwritten is None else self._unwritten[1]
        return None if known is None else known.refresh_token

    async def refresh(self, *, held: HeldToken | None, refused: Secret | None) -> tuple[HeldToken, Any]:
        """
        Return a new access token: the one that another process has stored, or the one of a request.

        Args:
            held: The token in use, if there is one.
            refused: The header that a service refused last.

        Returns:
            The token, and the response of the request; ``None`` if there was none.

        Raises:
            LeaseLost: The process was paused each time for longer than the lease lasts.
            TokenStorageError: The storage cannot be used, and a request without it could lose the login.
            TokenRefreshError: There is no refresh token, or the response is unusable.
            GlobusError: The token request failed.
        """
        if self._unwritten is not None and (found := self._usable(self._unwritten[1], held, refused)) is not None:
            return found, None  # received by a refresh that was cancelled
        try:
            if (found := self._usable(await self._read(), held, refused)) is not None:
                return found, None
            for attempt in range(1, _ROUNDS + 1):
                self._grant.refresh_token(self._known)
                try:
                    async with self._access.lease() as lease:
                        return await self._refresh(lease, held, refused)
                except LeaseLost:
                    if attempt == _ROUNDS:
                        raise
        except TokenStorageError:
            if self._grant.needs_storage:
                raise
        return await self._request(self._known, None, refused)  # by an application, which has no login to lose

    async def _refresh(self, lease: Lease, held: HeldToken | None, refused: Secret | None) -> tuple[HeldToken, Any]:
        stored = await self._read()
        while (found := self._usable(stored, held, refused)) is None:
            sent = self._grant.refresh_token(stored)
            try:
                return await self._request(stored, lease, refused)
            except GlobusAPIError as error:
                if sent is None or refusal_of(error) != "grant":
                    raise
                stored = await self._read()  # a new login may have replaced the refresh token
                if self._grant.refresh_token(stored) == sent:
                    self._grant.reject(sent)
                    raise
        return found, None

    def _usable(
        self, stored: TokenStorageData | None, held: HeldToken | None, refused: Secret | None
    ) -> HeldToken | None:
        """Return a stored access token as it is sent, if it is to be used in place of the held one."""
        if stored is None or not self._grant.accepts(stored):
            return None
        found = held_token(stored, wall=self._clock.wall(), monotonic=self._clock.monotonic())
        return found if found is not None and is_better(found, held, refused=refused) else None

    async def _request(
        self, stored: TokenStorageData | None, lease: Lease | None, refused: Secret | None
    ) -> tuple[HeldToken, Any]:
        """Request a token and store it; return it, or the one that another process has stored at the same time."""
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        sent = self._grant.refresh_token(stored)
        self._note_sent(sent)
        response = await self._response(sent, lease)
        entry = token_entries(response.data)[0]
        try:
            entry = entry_for(response.data, self._access.resource_server)
            issued = issued_token(entry)
        except TokenRefreshError:
            if stored is not None and (rotated := refresh_token_of(entry)) is not None:
                self._note_replaced(sent, rotated)
                await self._store(stored, with_refresh_token(stored, rotated))  # it may be the only one that is valid
            raise
        new = updated(stored, entry, issued, resource_server=self._access.resource_server, wall=wall)
        self._note_replaced(sent, new.refresh_token)
        token = HeldToken.bearer(issued.access_token, issued.lifetime, wall=wall, monotonic=monotonic)
        now_stored = await self._store(stored, new)
        if now_stored is None:
            self._grant.refresh_token(None)  # of a login, none is there: it has ended
        found = None if now_stored == new else self._usable(now_stored, None, refused)
        return found or token, response

    async def _response(self, refresh_token: Secret | None, lease: Lease | None) -> Any:
        if lease is None:
            return await self._grant.request(refresh_token)
        if (seconds := lease.seconds_left - _SECONDS_TO_STORE) <= 0:
            raise LeaseLost(f"the lease of {lease.name!r} ran out before the token was refreshed")
        try:
            async with self._clock.timeout(seconds):  # so nothing is sent after the lease has run out
                return await self._grant.request(refresh_token)
        except TimeoutError:
            raise GlobusTimeoutError("the token request took too long", stage="no response") from None

    async def _store(self, old: TokenStorageData | None, new: TokenStorageData) -> TokenStorageData | None:
        """Store new tokens, even if everything is being cancelled; return what is stored afterwards."""
        self._unwritten = old, new
        try:
            return await run_to_end(self._write_twice)
        except TokenStorageError:
            self._writes.start(_WRITE, self._write_later)
            return new

    async def _read(self) -> TokenStorageData | None:
        """Return the stored tokens, after storing those that could not be stored before."""
        if (unwritten := self._unwritten) is not None:
            try:
                return await run_to_end(self._write)
            except TokenStorageError:
                if is_rotated(*unwritten):
                    raise  # while the old refresh token is stored, the use of the new one would revoke both
        known, stored = self._known, await self._access.read()
        if known is None or not self._is_outdated(stored, known):
            return self._noted(stored)
        # a failover of the storage's server has lost a write, or a copy was restored
        _log.warning(
            "the token storage has an old refresh token of %s; the newer one is stored again", known.resource_server
        )
        self._unwritten = stored, known
        return await run_to_end(self._write)

    async def _write(self) -> TokenStorageData | None:
        """Store the tokens that are not stored yet, unless others are there; return what is stored afterwards."""
        unwritten = self._unwritten
        if unwritten is not None:
            stored, new = unwritten
            while not await self._access.compare_and_set(stored, new):
                stored = await self._access.read()
                if not self._is_outdated(stored, new):
                    break
            else:
                stored = new
            if self._unwritten is unwritten:
                self._unwritten = None
                self._noted(stored)
        return self._known

    def _note_sent(self, sent: Secret | None) -> None:
        """Note that those which were stored before a refresh token are replaced, even if its response is lost."""
        self._replaced += (each for each in self._read_before if each != sent)
        self._read_before.clear()

    def _note_replaced(self, sent: Secret | None, received: Secret | None) -> None:
        if sent is not None and received != sent:
            self._replaced.append(sent)

    def _is_outdated(self, stored: TokenStorageData | None, known: TokenStorageData) -> bool:
        """Return whether stored tokens have a refresh token that was replaced, and known ones do not."""
        if stored is None or stored.refresh_token is None:
            return False
        return stored.refresh_token in self._replaced and known.refresh_token not in self._replaced

    def _noted(self, stored: TokenStorageData | None) -> TokenStorageData | None:
        self._known = stored
        if stored is not None and stored.refresh_token is not None:
            self._read_before.append(stored.refresh_token)
        if stored is not None:
            self._grant.note(stored)
        return stored

    async def _write_twice(self) -> TokenStorageData | None:
        try:
            return await self._write()
        except TokenStorageError as error:
            pause = _SECONDS_BEFORE_REPETITION
            if isinstance(error, TransientStorageError):  # calls before that may fail without being made
                pause = max(pause, min(error.retry_after or 0.0, _MAX_SECONDS_BEFORE_REPETITION))
        await self._clock.sleep(pause)
        try:
            return await self._write()
        except TokenStorageError as error:
            _log.warning("a new token is in use, but could not be stored yet: %s", error)
            raise

    async def _write_later(self) -> None:
        """Try to store the tokens until they are stored; a last time if this task is being cancelled."""
        pause = 1.0
        while self._unwritten is not None:
            try:
                await self._clock.sleep(pause)
            except asyncio.CancelledError:
                with suppress(TokenStorageError):
                    await run_to_end(self._write_twice)
                raise
            with suppress(TokenStorageError):
                await run_to_end(self._write)
            pause = min(2 * pause, _MAX_PAUSE)
