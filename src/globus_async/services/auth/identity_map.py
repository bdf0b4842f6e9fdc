"""Batched look-ups of identities."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, overload
from urllib.parse import quote
from uuid import UUID

from ..._concurrency.entrance import Entrance
from ..._single_flight import SingleFlight
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_iterable, check_members, check_number, check_type, check_whole

if TYPE_CHECKING:
    from ...clock import Clock
    from ...paging import Pages
    from ...transport import Transport
    from .documents import IdentityDocument

__all__ = ("IdentityCache", "IdentityMap")

D = TypeVar("D")
_MAX_BATCH_SIZE: Final = 100
_MAX_QUERY_CHARACTERS: Final = 6000
"""The maximum length of the names in a URL; servers refuse URLs above some 8,000 characters."""
_MAX_NAME_CHARACTERS: Final = 320
_READ_AT_ONCE: Final = 1000
"""Given names that are normalized at once; that takes a few milliseconds."""


class _AuthClient(Protocol):
    @property
    def transport(self) -> Transport: ...

    def get_identities(
        self, usernames: Iterable[str] | None = None, ids: Iterable[str] | None = None
    ) -> Pages[IdentityDocument]: ...


class IdentityCache(MutableMapping[str, "IdentityDocument"]):
    """
    A mapping whose entries expire; when it is full, the least recently used entry is removed.

    Args:
        max_entries: The maximum number of entries; an identity takes two, one by id and one by username.
        time_to_live: Seconds until an entry expires.
        clock: The clock.
    """

    def __init__(self, *, max_entries: int, time_to_live: float, clock: Clock) -> None:
        if max_entries < 1 or not time_to_live > 0:
            raise GlobusSDKUsageError("max_entries must be 1 or more, and time_to_live above 0 seconds")
        self._max_entries = max_entries
        self._time_to_live = time_to_live
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, IdentityDocument]] = OrderedDict()

    def __getitem__(self, key: str) -> IdentityDocument:
        end, identity = self._entries[key]
        if self._clock.monotonic() >= end:
            del self._entries[key]
            raise KeyError(key)
        self._entries.move_to_end(key)
        return identity

    def __setitem__(self, key: str, identity: IdentityDocument) -> None:
        self._entries[key] = self._clock.monotonic() + self._time_to_live, identity
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    def __delitem__(self, key: str) -> None:
        del self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class _Batch:
    """Names to look up in one request."""

    __slots__ = ("added", "names", "room")

    def __init__(self, max_names: int) -> None:
        self.names: dict[str, None] = {}
        self.added: dict[str, None] = {}
        """Those of the names that were added beforehand, and that no caller waits for."""
        self.room = max_names, _MAX_QUERY_CHARACTERS
        """How many names, and how many characters, still fit in."""

    def take(self, name: str) -> bool:
        """Add a name, if it fits in."""
        max_names, characters = self.room[0] - 1, self.room[1] - len(quote(f"{name},"))
        if max_names < 0 or characters < 0:
            return False
        self.names[name] = None
        self.room = max_names, characters
        return True


class IdentityMap:
    """
    Identities by id or username, looked up 100 at a time.

    Concurrent look-ups share a request, together with names that were added before. Identities are cached. Cancelling
    a look-up does not affect others.

    Args:
        auth_client: The client for the requests.
        identity_ids: Ids and usernames to look up with the first request.
        id_batch_size: The maximum number of names in a request, 1 to 100; the default is 100.
        max_entries: The maximum number of cached entries; an identity takes two.
        time_to_live: Seconds for which an identity is cached.
        cache: Another cache instead, such as a dict shared by several maps.

    Example:
        >>> idmap = IdentityMap(ac, ["ada@example.org"])
        >>> identity = await idmap.get(identity_id)
        >>> identity["username"], (await idmap["ada@example.org"])["id"] == identity_id
        ('ada@example.org', True)

    **Differs from globus-sdk:** look-ups are awaited, also ``await idmap[name]``; names are case-insensitive.
    """

    def __init__(
        self,
        auth_client: _AuthClient,
        identity_ids: Iterable[UUID | str] | None = None,
        *,
        id_batch_size: int | None = None,
        max_entries: int = 100_000,
        time_to_live: float = 3600.0,
        cache: MutableMapping[str, IdentityDocument] | None = None,
    ) -> None:
        check_members("auth_client", auth_client, ("get_identities", "transport"), "a client of Globus Auth")
        check_iterable("identity_ids", identity_ids, Iterable | None, "an iterable of ids and usernames")
        id_batch_size = _MAX_BATCH_SIZE if id_batch_size is None else id_batch_size
        check_whole("id_batch_size", id_batch_size, maximum=_MAX_BATCH_SIZE)
        check_whole("max_entries", max_entries)
        check_number("time_to_live", time_to_live, positive=True, finite=False)
        check_type("cache", cache, MutableMapping | None, "a mutable mapping such as a dict")
        self.auth_client = auth_client
        self.id_batch_size = id_batch_size
        self._cache: MutableMapping[str, IdentityDocument] = (
            IdentityCache(max_entries=max_entries, time_to_live=time_to_live, clock=auth_client.transport.clock)
            if cache is None
            else cache
        )
        self._given: deque[UUID | str] = deque()  # valid, to be normalized a few at a time
        self._added: dict[bool, dict[str, None]] = {True: {}, False: {}}
        self._open: dict[bool, _Batch] = {}
        self._requested: dict[str, _Batch] = {}
        self._requests: SingleFlight[dict[str, IdentityDocument]] = SingleFlight("identity look-up")
        self._entrance = Entrance()
        names = list(identity_ids or ())
        if len(names) > _READ_AT_ONCE and _are_plainly_valid(names):
            self._given.extend(names)
            return
        for name in names:
            check_type("each of identity_ids", name, str | UUID, "an id or username")
            self.add(name)

    @property
    def unresolved_ids(self) -> set[str]:
        """The ids that were added and are not looked up yet; `add` adds more."""
        self._read_given()
        return {*self._added[True]}

    @property
    def unresolved_usernames(self) -> set[str]:
        """The usernames that were added and are not looked up yet."""
        self._read_given()
        return {*self._added[False]}

    def __repr__(self) -> str:
        waiting = len(self._given) + sum(map(len, self._added.values()))
        return f"<IdentityMap: {len(self._cache)} names cached, {waiting} to look up>"

    def _read_given(self, maximum: int | None = None) -> None:
        """Add names that were given to the constructor, by default all of them."""
        for _ in range(len(self._given) if maximum is None else min(maximum, len(self._given))):
            self.add(self._given.popleft())

    def add(self, identity_id: UUID | str) -> bool:
        """
        Add an id or username to the next request.

        Returns:
            Whether it was added: it is neither cached nor requested yet.
        """
        name, is_id = _normalize(identity_id)
        if name in self._cache or name in self._added[is_id] or name in self._requested:
            return False
        self._added[is_id][name] = None
        return True

    @overload
    async def get(self, key: UUID | str) -> IdentityDocument | None: ...

    @overload
    async def get(self, key: UUID | str, default: D) -> IdentityDocument | D: ...

    async def get(self, key: UUID | str, default: object = None) -> object:
        """
        Return an identity, or the default if it is unknown.

        Args:
            key: An id or a username.
            default: The value returned for an unknown identity.

        Raises:
            GlobusAPIError: The look-up failed, so it is not known whether the identity exists.
            NetworkError: Likewise.

        Example:
            >>> await idmap.get("nobody@example.org", "unknown")
            'unknown'
        """
        try:
            return await self[key]
        except KeyError:
            return default

    async def __getitem__(self, key: UUID | str) -> IdentityDocument:
        """
        Return an identity: ``await idmap[key]``.

        Raises:
            KeyError: The identity is unknown.
            GlobusAPIError: The look-up failed.
        """
        name, is_id = _normalize(key)
        known = self._cache.get(name)
        if known is None:
            await self._entrance.enter()
            known = self._cache.get(name)
        if known is not None:
            return known
        batch = self._requested.get(name)
        if batch is None:
            batch = self._joined(name, is_id)
        try:
            found = await self._requests.join(batch, partial(self._look_up, batch, is_id))
        except asyncio.CancelledError:
            if self._requests.running(batch) is None:  # this was the last caller that waited for the request
                self._end(batch, is_id)
                self._added[is_id].update(batch.added)
            raise
        return found[name]

    def __delitem__(self, key: UUID | str) -> None:
        """Remove an identity from the cache."""
        del self._cache[_normalize(key)[0]]

    def _joined(self, name: str, is_id: bool) -> _Batch:
        """Add a name to the next request; return its batch."""
        batch = self._open.get(is_id)
        if batch is None or not batch.take(name):
            batch = self._open[is_id] = _Batch(self.id_batch_size)
            batch.take(name)
        self._requested[name] = batch
        self._added[is_id].pop(name, None)
        return batch

    async def _look_up(self, batch: _Batch, is_id: bool) -> dict[str, IdentityDocument]:
        """Make the request of a batch; return the identities by each of their names."""
        try:
            await asyncio.sleep(0)  # so that the batch has the names of all look-ups made in the same pass of the loop
            self._close(batch, is_id)
            added = self._added[is_id]
            if len(added) < self.id_batch_size:
                self._read_given(_READ_AT_ONCE)
            while (name := next(iter(added), None)) is not None and batch.take(name):
                del added[name]
                batch.added[name] = None
                self._requested[name] = batch
            names = list(batch.names)
            page = await self.auth_client.get_identities(**{"ids" if is_id else "usernames": names})
            found = {name: identity for identity in page for name in _names(identity)}
        finally:
            self._end(batch, is_id)
        self._cache.update(found)
        return found

    def _end(self, batch: _Batch, is_id: bool) -> None:
        """Remove a batch, so that no further look-up waits for it."""
        self._close(batch, is_id)
        for name in batch.names:
            if self._requested.get(name) is batch:
                del self._requested[name]

    def _close(self, batch: _Batch, is_id: bool) -> None:
        if self._open.get(is_id) is batch:
            del self._open[is_id]


def _names(identity: IdentityDocument) -> list[str]:
    """Return the names of an identity: its id and its username."""
    names = (identity.get("id"), identity.get("username"))
    return [name.lower() for name in names if isinstance(name, str)]


def _are_plainly_valid(names: list[UUID | str]) -> bool:
    """Return whether all names are valid, as most are; a hundred thousand are checked in a few milliseconds."""
    if not {*map(type, names)} <= {str, UUID}:
        return False
    texts = [name for name in names if isinstance(name, str)]
    joined = ",".join(texts)
    return (
        joined.isprintable()
        and joined.count(",") == max(0, len(texts) - 1)
        and all(map(str.strip, texts))
        and max(map(len, texts), default=0) <= _MAX_NAME_CHARACTERS // 2  # lower-case text may be longer
    )


def _normalize(key: UUID | str) -> tuple[str, bool]:
    """Return the normalized name, and whether it is an id."""
    try:
        return str(key if isinstance(key, UUID) else UUID(key)), True
    except ValueError:
        name = str(key).strip().lower()
    if not name or "," in name or len(name) > _MAX_NAME_CHARACTERS or not name.isprintable():
        raise GlobusSDKUsageError(
            "an identity id or username must be printable, without commas, and have 1 to 320 characters"
        )
    return name, False
