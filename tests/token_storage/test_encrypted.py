"""Tokens that are encrypted before they are stored."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from globus_async import GlobusSDKUsageError, Secret
from globus_async.token_storage import (
    EncryptedTokenStorage,
    KeyFile,
    KeySource,
    MemoryTokenStorage,
    TokenStorageDamaged,
    TokenStorageData,
    TokenStorageError,
    TokenStorageUnavailable,
)
from tests.toolkit.canaries import SECRETS, Listener, canary, leaks_of, leaks_of_error

TRANSFER, GROUPS = "transfer.api.globus.org", "groups.api.globus.org"
IDENTITY = "ae341a98-d274-11e5-b888-dbae3a8ba545"
OLD, NEW = canary("old key"), canary("new key")


def data(access_token: str = SECRETS.access, server: str = TRANSFER, **extra: object) -> TokenStorageData:
    return TokenStorageData(
        server, IDENTITY, "urn:all", access_token, SECRETS.refresh, 1_900_000_000, "Bearer", extra or None
    )


class Source:
    """A source of a key that counts how often it is read, and may fail."""

    def __init__(self, *outcomes: str | Exception) -> None:
        self.outcomes = list(outcomes)
        self.reads = 0

    async def read_key(self) -> Secret:
        self.reads += 1
        await asyncio.sleep(0)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return Secret(outcome)


async def test_what_is_stored_comes_back() -> None:
    storage = EncryptedTokenStorage(MemoryTokenStorage(), OLD)
    entries = {TRANSFER: data(kept=["x", {"y": None}]), GROUPS: replace_of(server=GROUPS)}
    await storage.store_token_data_by_resource_server(entries)
    assert await storage.get_token_data_by_resource_server() == entries
    assert await storage.get_token_data(TRANSFER) == entries[TRANSFER]
    assert await storage.get_token_data("other") is None
    assert await storage.remove_token_data(GROUPS)
    assert not await storage.remove_token_data(GROUPS)
    assert await storage.get_token_data_by_resource_server() == {TRANSFER: entries[TRANSFER]}


def replace_of(server: str) -> TokenStorageData:
    return TokenStorageData(server, None, "", "AgX", None, 0, None)


async def test_what_stays_visible() -> None:
    """The resource server, the expiry, and whether there is a refresh token; nothing else."""
    inner = MemoryTokenStorage("user")
    storage = EncryptedTokenStorage(inner, OLD)
    await storage.store_token_data_by_resource_server({TRANSFER: data(tag="extra"), GROUPS: replace_of(GROUPS)})
    stored = await inner.get_token_data_by_resource_server()
    shown = str([each.to_dict(include_extra=True) for each in stored.values()])
    for hidden in (SECRETS.access, SECRETS.refresh, IDENTITY, "urn:all", "Bearer", "extra", "tag", "user"):
        assert hidden not in shown
    assert stored[TRANSFER].expires_at_seconds == 1_900_000_000
    assert stored[TRANSFER].refresh_token is not None
    assert stored[GROUPS].refresh_token is None


async def test_equal_tokens_are_stored_differently() -> None:
    """Nobody sees that a token has not changed."""
    inner = MemoryTokenStorage()
    storage = EncryptedTokenStorage(inner, OLD)
    await storage.store_token_data_by_resource_server({TRANSFER: data()})
    first = await inner.get_token_data(TRANSFER)
    await storage.store_token_data_by_resource_server({TRANSFER: data()})
    assert await inner.get_token_data(TRANSFER) != first


async def test_the_namespace_is_that_of_the_storage() -> None:
    storage = EncryptedTokenStorage(MemoryTokenStorage("user/production"), OLD)
    assert storage.namespace == "user/production"
    assert repr(storage) == "<EncryptedTokenStorage of <MemoryTokenStorage, namespace 'user/production'>>"


async def damaged(call: Callable[[], Any], match: str) -> TokenStorageDamaged:
    with pytest.raises(TokenStorageDamaged, match=match) as caught:
        await call()
    assert leaks_of_error(caught.value) == []
    return caught.value


async def test_another_key_reads_and_replaces_nothing() -> None:
    """The error says what to do, and every entry stays as it was."""
    inner = MemoryTokenStorage()
    await EncryptedTokenStorage(inner, OLD).store_token_data_by_resource_server({TRANSFER: data()})
    before = await inner.get_token_data_by_resource_server()
    other = EncryptedTokenStorage(inner, NEW)
    match = "another key.*remove_token_data"
    await damaged(lambda: other.get_token_data(TRANSFER), match)
    await damaged(other.get_token_data_by_resource_server, match)
    await damaged(lambda: other.store_token_data_by_resource_server({TRANSFER: data("AgNew")}), match)
    await damaged(lambda: other.compare_and_set(None, data("AgNew")), match)
    await damaged(lambda: other.compare_and_set(data(), data("AgNew")), match)
    await damaged(other.reencrypt, match)
    assert await inner.get_token_data_by_resource_server() == before


async def test_an_unreadable_entry_costs_no_other_one() -> None:
    """Others can be read and replaced, and the unreadable one can be removed."""
    inner = MemoryTokenStorage()
    await EncryptedTokenStorage(inner, OLD).store_token_data_by_resource_server({TRANSFER: data()})
    storage = EncryptedTokenStorage(inner, NEW)
    await storage.store_token_data_by_resource_server({GROUPS: data(server=GROUPS)})
    assert await storage.get_token_data(GROUPS) == data(server=GROUPS)
    assert await storage.remove_token_data(TRANSFER)
    assert await storage.get_token_data_by_resource_server() == {GROUPS: data(server=GROUPS)}


async def test_entries_cannot_be_exchanged() -> None:
    """Neither between resource servers nor between namespaces."""
    ours, theirs = MemoryTokenStorage("ours"), MemoryTokenStorage("theirs")
    for inner in (ours, theirs):
        await EncryptedTokenStorage(inner, OLD).store_token_data_by_resource_server(
            {TRANSFER: data(), GROUPS: data(server=GROUPS)}
        )
    for stolen in (await ours.get_token_data(GROUPS), await theirs.get_token_data(TRANSFER)):
        assert stolen is not None
        await ours.store_token_data_by_resource_server({TRANSFER: stolen})
        await damaged(lambda: EncryptedTokenStorage(ours, OLD).get_token_data(TRANSFER), "exchanged entries")


async def test_a_changed_entry_is_not_read() -> None:
    """Whichever part of it was changed; the visible members have no effect."""
    inner = MemoryTokenStorage()
    storage = EncryptedTokenStorage(inner, OLD)
    await storage.store_token_data_by_resource_server({TRANSFER: data()})
    stored = await inner.get_token_data(TRANSFER)
    assert stored is not None
    text = stored.access_token.reveal()
    for at in range(0, len(text), 7):
        changed = text[:at] + ("A" if text[at] != "A" else "Q") + text[at + 1 :]
        await inner.store_token_data_by_resource_server({TRANSFER: with_token(stored, changed)})
        await damaged(lambda: storage.get_token_data(TRANSFER), "not encrypted|another key")
    await inner.store_token_data_by_resource_server({TRANSFER: with_token(stored, text, identity="x", expires=1)})
    assert await storage.get_token_data(TRANSFER) == data()


def with_token(
    stored: TokenStorageData, text: str, identity: str | None = None, expires: int = 1_900_000_000
) -> TokenStorageData:
    return TokenStorageData(stored.resource_server, identity, "", text, stored.refresh_token, expires, None)


async def test_entries_in_plain_text_are_refused() -> None:
    """Anybody who can write to the storage could have put them there, such as tokens of an account of their own."""
    inner = MemoryTokenStorage()
    await inner.store_token_data_by_resource_server({TRANSFER: data()})
    storage = EncryptedTokenStorage(inner, OLD)
    match = r"not encrypted.*reencrypt\(accept_plain=True\)"
    await damaged(lambda: storage.get_token_data(TRANSFER), match)
    await damaged(lambda: storage.store_token_data_by_resource_server({TRANSFER: data()}), match)
    await damaged(lambda: storage.compare_and_set(data(), data("AgNew")), match)
    await damaged(storage.reencrypt, match)
    assert await inner.get_token_data(TRANSFER) == data()


async def test_entries_in_plain_text_are_encrypted_on_request() -> None:
    inner = MemoryTokenStorage()
    await inner.store_token_data_by_resource_server({TRANSFER: data(), GROUPS: data(server=GROUPS)})
    storage = EncryptedTokenStorage(inner, OLD)
    assert await storage.reencrypt(accept_plain=True) == 2
    stored = await inner.get_token_data(TRANSFER)
    assert stored is not None
    assert stored.access_token != Secret(SECRETS.access)
    assert await storage.get_token_data_by_resource_server() == {TRANSFER: data(), GROUPS: data(server=GROUPS)}


async def test_a_key_is_replaced() -> None:
    """The first key encrypts, all decrypt, and after `reencrypt` the old one is no longer needed."""
    inner = MemoryTokenStorage()
    entries = {TRANSFER: data(), GROUPS: data(server=GROUPS)}
    await EncryptedTokenStorage(inner, OLD).store_token_data_by_resource_server(entries)
    both = EncryptedTokenStorage(inner, [NEW, OLD])
    assert await both.get_token_data_by_resource_server() == entries
    await both.store_token_data_by_resource_server({GROUPS: entries[GROUPS]})
    assert await EncryptedTokenStorage(inner, NEW).get_token_data(GROUPS) == entries[GROUPS]
    assert await both.reencrypt() == 2
    assert await EncryptedTokenStorage(inner, NEW).get_token_data_by_resource_server() == entries
    await damaged(lambda: EncryptedTokenStorage(inner, OLD).get_token_data(TRANSFER), "another key")


async def test_reencryption_changes_nothing_if_an_entry_is_unreadable() -> None:
    """Not even the entries before it."""
    inner = MemoryTokenStorage()
    await EncryptedTokenStorage(inner, OLD).store_token_data_by_resource_server({TRANSFER: data()})
    await EncryptedTokenStorage(inner, canary("lost key")).store_token_data_by_resource_server(
        {GROUPS: data(server=GROUPS)}
    )
    before = await inner.get_token_data_by_resource_server()
    await damaged(EncryptedTokenStorage(inner, [NEW, OLD]).reencrypt, GROUPS)
    assert await inner.get_token_data_by_resource_server() == before


class Busy(MemoryTokenStorage):
    """A storage in which another process changes an entry before each of the next compare-and-sets."""

    def __init__(self, changes: list[Callable[[], Any]]) -> None:
        super().__init__()
        self.changes = changes

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        if self.changes:
            await self.changes.pop(0)()
        return await super().compare_and_set(old, new)


async def test_reencryption_keeps_what_others_store_meanwhile() -> None:
    """A refreshed token is not replaced by the one that was read before, and a removed one does not come back."""
    changes: list[Callable[[], Any]] = []
    inner = Busy(changes)
    old = EncryptedTokenStorage(inner, OLD)
    await old.store_token_data_by_resource_server({TRANSFER: data(), GROUPS: data(server=GROUPS)})
    changes += [
        lambda: old.store_token_data_by_resource_server({TRANSFER: data("AgRefreshed")}),
        lambda: old.store_token_data_by_resource_server({TRANSFER: data("AgAgain")}),
        lambda: asyncio.sleep(0),
        lambda: old.remove_token_data(GROUPS),
    ]
    await EncryptedTokenStorage(inner, [NEW, OLD]).reencrypt()
    assert await EncryptedTokenStorage(inner, NEW).get_token_data_by_resource_server() == {TRANSFER: data("AgAgain")}


async def test_compare_and_set_compares_the_tokens() -> None:
    """Although they are encrypted differently each time."""
    storage = EncryptedTokenStorage(MemoryTokenStorage(), OLD)
    assert await storage.compare_and_set(None, data("AgOne"))
    assert not await storage.compare_and_set(None, data("AgTwo"))
    assert not await storage.compare_and_set(data("AgOther"), data("AgTwo"))
    assert await storage.compare_and_set(data("AgOne"), data("AgTwo"))
    assert await storage.get_token_data(TRANSFER) == data("AgTwo")


async def test_compare_and_set_is_that_of_the_storage() -> None:
    """What another process stores between the comparison and the write is not replaced."""
    changes: list[Callable[[], Any]] = []
    inner = Busy(changes)
    storage = EncryptedTokenStorage(inner, OLD)
    await storage.store_token_data_by_resource_server({TRANSFER: data("AgOne")})
    changes.append(lambda: storage.store_token_data_by_resource_server({TRANSFER: data("AgNewer")}))
    assert not await storage.compare_and_set(data("AgOne"), data("AgTwo"))
    assert await storage.get_token_data(TRANSFER) == data("AgNewer")


async def test_a_hundred_updates_at_once() -> None:
    """None is lost."""
    storage = EncryptedTokenStorage(MemoryTokenStorage(), OLD)
    await storage.store_token_data_by_resource_server({TRANSFER: data("0")})

    async def count_up() -> None:
        while True:
            old = await storage.get_token_data(TRANSFER)
            assert old is not None
            if await storage.compare_and_set(old, data(str(int(old.access_token.reveal()) + 1))):
                return

    await asyncio.gather(*(count_up() for _ in range(20)))
    assert await storage.get_token_data(TRANSFER) == data("20")


async def test_leases_are_those_of_the_storage() -> None:
    """So that they exclude those who use it with another key, too."""
    inner = MemoryTokenStorage()
    first, second = EncryptedTokenStorage(inner, OLD), EncryptedTokenStorage(inner, [NEW, OLD])
    async with first.lease("x", 60):
        waiting = asyncio.create_task(second.lease("x", 60).__aenter__())
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_closing_closes_the_storage() -> None:
    closed: list[str] = []

    class Closing(MemoryTokenStorage):
        async def aclose(self) -> None:
            closed.append("closed")

    async with EncryptedTokenStorage(Closing(), OLD):
        pass
    assert closed == ["closed"]


async def test_a_source_is_read_once_for_all() -> None:
    """Before the first use, and not by the constructor."""
    source = Source(OLD)
    storage = EncryptedTokenStorage(MemoryTokenStorage(), source)
    assert source.reads == 0
    await asyncio.gather(*(storage.get_token_data(TRANSFER) for _ in range(20)))
    await storage.store_token_data_by_resource_server({TRANSFER: data()})
    assert source.reads == 1


async def test_a_source_that_fails_is_read_again() -> None:
    """All who wait for it get the error; the next call reads again."""
    source = Source(TokenStorageUnavailable("the keyring is locked"), OLD)
    storage = EncryptedTokenStorage(MemoryTokenStorage(), [source])
    results = await asyncio.gather(*(storage.get_token_data(TRANSFER) for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in results] == [TokenStorageUnavailable] * 5
    assert source.reads == 1
    assert await storage.get_token_data(TRANSFER) is None


async def test_one_cancelled_reader_does_not_disturb_the_others() -> None:
    source = Source(OLD)
    storage = EncryptedTokenStorage(MemoryTokenStorage(), source)
    first, second = (asyncio.create_task(storage.get_token_data(TRANSFER)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is None
    assert first.cancelled()
    assert source.reads == 1


async def test_a_source_with_a_weak_key() -> None:
    storage = EncryptedTokenStorage(MemoryTokenStorage(), Source("weak"))
    with pytest.raises(GlobusSDKUsageError, match="32 characters"):
        await storage.get_token_data(TRANSFER)


@pytest.mark.parametrize(
    "key",
    ["", "short", b"b" * 40, [], [OLD, "short"], [OLD, None], None, 7, {"key": OLD}, [[OLD]], KeyFile],
    ids=lambda value: type(value).__name__,
)
def test_bad_keys_are_refused(key: Any) -> None:
    """By the constructor, which shows none."""
    with pytest.raises(GlobusSDKUsageError, match="key") as caught:
        EncryptedTokenStorage(MemoryTokenStorage(), key)
    assert leaks_of_error(caught.value) == []


def test_a_storage_is_needed() -> None:
    not_a_storage: Any = "tokens.json"
    with pytest.raises(GlobusSDKUsageError, match="token_storage must be") as caught:
        EncryptedTokenStorage(not_a_storage, OLD)
    assert leaks_of_error(caught.value) == []


async def test_members_that_cannot_be_stored() -> None:
    """The error does not show the tokens beside them."""
    storage = EncryptedTokenStorage(MemoryTokenStorage(), OLD)
    for value in (object(), float("nan"), {1j}):
        for call in (
            storage.store_token_data_by_resource_server({TRANSFER: data(bad=value)}),
            storage.compare_and_set(None, data(bad=value)),
        ):
            with pytest.raises(GlobusSDKUsageError, match="not JSON") as caught:
                await call
            assert leaks_of_error(caught.value) == []
    assert await storage.get_token_data_by_resource_server() == {}


async def test_nothing_shows_keys_or_tokens() -> None:
    """Neither the objects, nor the log at DEBUG."""
    with Listener() as listener:
        storage = EncryptedTokenStorage(MemoryTokenStorage(), [NEW, Secret(OLD)])
        await storage.store_token_data_by_resource_server({TRANSFER: data()})
        assert leaks_of(storage) == []
        assert leaks_of(await storage.get_token_data(TRANSFER)) == []
    assert listener.leaks() == []


def test_sources_are_a_protocol() -> None:
    """Anything that reads a key, such as from a vault."""
    source: KeySource = Source(TokenStorageError("sealed"))
    assert repr(EncryptedTokenStorage(MemoryTokenStorage(), source)).startswith("<EncryptedTokenStorage of")


def test_plain_storages_load_no_cryptography() -> None:
    """Only those who encrypt wait for it to be imported."""
    code = (
        "import sys; from globus_async import token_storage as t; t.JSONTokenStorage('x'), t.SQLiteTokenStorage('x');"
        " print('cryptography' in sys.modules); t.EncryptedTokenStorage; print('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
