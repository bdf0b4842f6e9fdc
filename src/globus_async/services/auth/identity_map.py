"""Many look-ups of identities, made in few requests."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, overload
from urllib.parse import quote
from uuid import UUID

from ..._single_flight import SingleFlight
from ...errors import GlobusSDKUsageError

if TYPE_CHECKING:
    from ...clock import Clock
    from ...paging import Pages
    from ...transport import Transport
    from .documents import IdentityDocument

__all__ = ("IdentityCache", "IdentityMap")

D = TypeVar("D")
_LARGEST_BATCH: Final = 100
_LONGEST_ADDRESS: Final = 6000
"""Characters in which a request may name what it looks up; servers refuse addresses above some 8,000."""
_LONGEST_NAME: Final = 320


class _AuthClient(Protocol):
    @property
    def transport(self) -> Transport: ...

    def get_identities(
        self, usernames: Iterable[str] | None = None, ids: Iterable[str] | None = None
    ) -> Pages[IdentityDocument]: ...


class IdentityCache(MutableMapping[str, "IdentityDocument"]):
    """
    A mapping that forgets what is old, and what was not used for longest when it is full.

    Args:
        max_entries: Most entries; an identity takes two, one by its id and one by its username.
        time_to_live: Seconds until an entry is old.
        clock: Where the time comes from.
    """

    def __init__(self, *, max_entries: int, time_to_live: float, clock: Clock) -> None:
        if max_entries < 1 or not time_to_live > 0:
            raise GlobusSDKUsageError("max_entries must be 1 or more, and time_to_live above 0 seconds")
        self._most = max_entries
        self._seconds = time_to_live
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
        self._entries[key] = self._clock.monotonic() + self._seconds, identity
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
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
        self.room = max_names, _LONGEST_ADDRESS
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

    Look-ups that are made at the same time go out together; so do names that were added before. What was found is kept
    for a while. The answer for one name never depends on whether others were cancelled.

    Args:
        auth_client: The client that looks identities up.
        identity_ids: Ids and usernames, in any mixture, that will be wanted.
        id_batch_size: Most names in one request; 100 at most.
        max_entries: Most entries to keep; an identity takes two.
        time_to_live: Seconds for which an identity is kept.
        cache: Where to keep them instead, such as a dict shared by several maps.

    Example:
        >>> idmap = IdentityMap(ac, ["ada@example.org"])
        >>> identity = await idmap.get(identity_id)
        >>> identity["username"], (await idmap["ada@example.org"])["id"] == identity_id
        ('ada@example.org', True)

    **Differs from globus-sdk:** look-ups are awaited, also ``await idmap[name]``; letters' case does not matter.
    """

    def __init__(
        self,
        auth_client: _AuthClient,
        identity_ids: Iterable[UUID | str] | None = None,
        *,
        id_batch_size: int = _LARGEST_BATCH,
        max_entries: int = 100_000,
        time_to_live: float = 3600.0,
        cache: MutableMapping[str, IdentityDocument] | None = None,
    ) -> None:
        if not 1 <= id_batch_size <= _LARGEST_BATCH:
            raise GlobusSDKUsageError(f"id_batch_size must be between 1 and {_LARGEST_BATCH}")
        self.auth_client = auth_client
        self.id_batch_size = id_batch_size
        self._cache: MutableMapping[str, IdentityDocument] = (
            IdentityCache(max_entries=max_entries, time_to_live=time_to_live, clock=auth_client.transport.clock)
            if cache is None
            else cache
        )
        self._added: dict[bool, dict[str, None]] = {True: {}, False: {}}
        self._open: dict[bool, _Batch] = {}
        self._asked: dict[str, _Batch] = {}
        self._requests: SingleFlight[dict[str, IdentityDocument]] = SingleFlight("identity look-up")
        for name in identity_ids or ():
            self.add(name)

    def add(self, identity_id: UUID | str) -> bool:
        """
        Note an id or username that will be wanted, so that it goes out with the next request.

        Returns:
            Whether it is new.
        """
        name, is_id = _normal(identity_id)
        if name in self._cache or name in self._added[is_id] or name in self._asked:
            return False
        self._added[is_id][name] = None
        return True

    @overload
    async def get(self, key: UUID | str) -> IdentityDocument | None: ...

    @overload
    async def get(self, key: UUID | str, default: D) -> IdentityDocument | D: ...

    async def get(self, key: UUID | str, default: object = None) -> object:
        """
        Return an identity, or the default if there is none of that name.

        Args:
            key: An id or a username.
            default: What to return if Globus Auth does not know it.

        Raises:
            GlobusAPIError: The look-up failed; that is not the same as not found.
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
            KeyError: Globus Auth does not know it.
            GlobusAPIError: The look-up failed.
        """
        name, is_id = _normal(key)
        known = self._cache.get(name)
        if known is not None:
            return known
        batch = self._asked.get(name)
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
        """Forget an identity, so that it is looked up anew."""
        del self._cache[_normal(key)[0]]

    def _joined(self, name: str, is_id: bool) -> _Batch:
        """Return the batch that gathers names now, with one more."""
        batch = self._open.get(is_id)
        if batch is None or not batch.take(name):
            batch = self._open[is_id] = _Batch(self.id_batch_size)
            batch.take(name)
        self._asked[name] = batch
        self._added[is_id].pop(name, None)
        return batch

    async def _look_up(self, batch: _Batch, is_id: bool) -> dict[str, IdentityDocument]:
        """Make the request of a batch; return the identities by each of their names."""
        try:
            await asyncio.sleep(0)  # so that the batch has the names of all look-ups made in the same pass of the loop
            self._close(batch, is_id)
            added = self._added[is_id]
            while (name := next(iter(added), None)) is not None and batch.take(name):
                del added[name]
                batch.added[name] = None
                self._asked[name] = batch
            names = list(batch.names)
            page = await self.auth_client.get_identities(**{"ids" if is_id else "usernames": names})
            found = {name: identity for identity in page for name in _names(identity)}
        finally:
            self._end(batch, is_id)
        self._cache.update(found)
        return found

    def _end(self, batch: _Batch, is_id: bool) -> None:
        """Let no further look-up wait for a batch."""
        self._close(batch, is_id)
        for name in batch.names:
            if self._asked.get(name) is batch:
                del self._asked[name]

    def _close(self, batch: _Batch, is_id: bool) -> None:
        if self._open.get(is_id) is batch:
            del self._open[is_id]


def _names(identity: IdentityDocument) -> list[str]:
    """Return the names under which an identity is found."""
    names = (identity.get("id"), identity.get("username"))
    return [name.lower() for name in names if isinstance(name, str)]


def _normal(key: UUID | str) -> tuple[str, bool]:
    """Return the one spelling of a name, and whether it is an id."""
    try:
        return str(key if isinstance(key, UUID) else UUID(key)), True
    except ValueError:
        name = str(key).strip().lower()
    if not name or "," in name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise GlobusSDKUsageError("an id or username is wanted, without commas, of 320 characters at most")
    return name, False
