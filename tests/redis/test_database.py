"""The connection to Redis: arguments, where it may be used, outages, and what errors show."""

from __future__ import annotations

import asyncio
import copy
import gc
import logging
import os
import pickle
import re
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Self

import pytest
import redis
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from globus_async import GlobusSDKUsageError, Secret, WrongEventLoopError
from globus_async.redis import RedisDatabase, RedisSessionStore, RedisTokenStorage
from globus_async.redis.operations import Command, Script
from globus_async.session_store import SessionStoreUnavailable
from globus_async.token_storage import TokenStorageUnavailable
from tests.token_storage.factories import token_data
from tests.toolkit.canaries import Listener, canary, leaks_of, leaks_of_error
from tests.toolkit.clock import FakeClock
from tests.toolkit.redis_server import UNNAMED, RedisServer, free_port

GET, SET = Command("GET", repeatable=True), Command("SET")
SET_IN_SCRIPT = Script("return redis.call('SET', KEYS[1], ARGV[1])")
SERVER = "transfer.api.globus.org"


async def failure(database: RedisDatabase) -> TokenStorageUnavailable:
    with pytest.raises(TokenStorageUnavailable) as caught:
        await database.run(GET, "x", raises=TokenStorageUnavailable)
    return caught.value


# arguments


@pytest.mark.parametrize(
    "arguments",
    [
        {"prefix": ""},
        {"prefix": "two words"},
        {"prefix": "é"},
        {"prefix": 5},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"replicas": -1},
        {"replicas": 1.5},
        {"clock": "now"},
    ],
    ids=str,
)
async def test_wrong_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(GlobusSDKUsageError, match=next(iter(arguments))):
        RedisDatabase.from_url("redis://localhost", **arguments)


async def test_wrong_clients() -> None:
    """What is not asynchronous, or reads what may be old, is refused when it is passed."""
    wrong: Any = redis.Redis()
    for client, message in ((object(), "asyncio client"), (None, "asyncio client"), (wrong, "redis.asyncio")):
        with pytest.raises(GlobusSDKUsageError, match=message):
            RedisDatabase(client)  # type: ignore[arg-type]
    nodes = [ClusterNode("127.0.0.1", 1)]
    with pytest.raises(GlobusSDKUsageError, match="replicas"):
        RedisDatabase(RedisCluster(startup_nodes=nodes, socket_timeout=1), replicas=1)
    with (
        pytest.warns(DeprecationWarning, match="read_from_replicas"),
        pytest.raises(GlobusSDKUsageError, match="newest tokens"),
    ):
        RedisDatabase(RedisCluster(startup_nodes=nodes, read_from_replicas=True))
    once = Retry(NoBackoff(), 1)
    for repeating in (Redis(retry=once), RedisCluster(startup_nodes=nodes, socket_timeout=1, retry=once)):
        with pytest.raises(GlobusSDKUsageError, match="must not repeat commands"):
            RedisDatabase(repeating)
    for maker in (RedisTokenStorage, RedisSessionStore):
        with pytest.raises(GlobusSDKUsageError, match="database"):
            maker(wrong)


@pytest.mark.parametrize(
    "text", ["", "localhost:6379", "http://localhost", "redis://:{}@localhost:x", "redis://:a/{}@localhost"]
)
async def test_wrong_urls(text: str) -> None:
    """They are refused at once, and the error quotes nothing of them."""
    secret = canary("password")
    url = Secret(text.format(secret))
    with pytest.raises(GlobusSDKUsageError, match="url must be") as caught:
        RedisDatabase.from_url(url)
    assert leaks_of_error(caught.value) == []
    with pytest.raises(GlobusSDKUsageError, match="url must be text"):
        RedisDatabase.from_url(5)  # type: ignore[arg-type]


async def test_what_it_shows(prefix: str) -> None:
    """The server and the prefix, and never the password; it is not pickled."""
    secret = Secret(canary("password"))
    database = RedisDatabase.from_url(
        Secret(f"rediss://ada:{secret.reveal().replace('/', '%2F')}@localhost:7/3"), prefix="p"
    )
    assert repr(database) == "<RedisDatabase at localhost:7, prefix 'p'>"
    assert repr(RedisDatabase.from_url("redis://")) == "<RedisDatabase at localhost:6379, prefix 'globus_async'>"
    assert repr(RedisDatabase.from_url("unix:///run/redis.sock?db=2")).startswith("<RedisDatabase at /run/redis.sock,")
    for shown in (database, RedisTokenStorage(database), RedisSessionStore(database, key="k" * 32)):
        assert leaks_of(shown) == []
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(database)
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.copy(database)


def test_keys() -> None:
    """They begin with prefix and version; different names make different keys, which are printable."""
    database = RedisDatabase.from_url("redis://", prefix="p")
    assert database.key("tokens") == "p:1:tokens"
    assert database.key("lease", "a b", "c:d") == "p:1:lease:a%20b:c%3Ad"
    assert database.key("lease", "a", "b:c") != database.key("lease", "a:b", "c")
    assert database.key("lease", "\ud800") != database.key("lease", "\ud801")


# where it is used


async def test_a_closed_database_is_opened_again(url: str, prefix: str) -> None:
    database = RedisDatabase.from_url(url, prefix=prefix)
    await database.aclose()
    for _ in range(2):
        await database.run(SET, database.key("x"), "y", raises=TokenStorageUnavailable)
        await database.aclose()
        await database.aclose()


async def test_a_client_that_was_passed_is_not_closed(url: str, prefix: str) -> None:
    async with Redis.from_url(url, **UNNAMED) as client:
        async with RedisDatabase(client, prefix=prefix) as database:
            await database.run(SET, database.key("x"), "y", raises=TokenStorageUnavailable)
        assert len(client.connection_pool._available_connections) == 1


@pytest.mark.parametrize("decodes", [False, True])
@pytest.mark.parametrize("protocol", [2, 3])
async def test_clients_of_every_kind(url: str, prefix: str, protocol: int, decodes: bool) -> None:
    """Whatever they decode, and in both versions of the protocol."""
    options: dict[str, Any] = {"protocol": protocol, "decode_responses": decodes, **UNNAMED}
    async with Redis.from_url(url, **options) as client:
        database = RedisDatabase(client, prefix=prefix)
        storage, store = RedisTokenStorage(database), RedisSessionStore(database, key="k" * 32)
        await storage.store_token_data_by_resource_server({SERVER: token_data("a"), "é": token_data("b", "é")})
        assert await storage.compare_and_set(token_data("a"), token_data("c"))
        assert await storage.get_token_data_by_resource_server() == {SERVER: token_data("c"), "é": token_data("b", "é")}
        assert await store.compare_and_set("session:x", None, Secret("é"), seconds=100)
        assert await store.pop("session:x") == Secret("é")
        async with storage.lease("x", 10):
            pass


def test_another_event_loop(url: str, prefix: str) -> None:
    """It is refused while the first one has connections; not after a close."""
    database = RedisDatabase.from_url(url, prefix=prefix)

    async def use() -> None:
        await database.run(GET, database.key("x"), raises=TokenStorageUnavailable)

    async def use_and_close() -> None:
        await use()
        await database.aclose()

    with asyncio.Runner() as runner:
        runner.run(use())
        with pytest.raises(WrongEventLoopError, match="another event loop"):
            asyncio.run(use())
        with pytest.raises(WrongEventLoopError, match="another event loop"):
            asyncio.run(database.aclose())
        runner.run(use_and_close())
    asyncio.run(use_and_close())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process")
async def test_a_fork(url: str, prefix: str) -> None:
    """A child does not use its parent's connections; what was not used before may be used there."""
    used, unused = (RedisDatabase.from_url(url, prefix=prefix) for _ in range(2))
    await used.run(GET, used.key("x"), raises=TokenStorageUnavailable)

    async def use(database: RedisDatabase) -> None:
        await database.run(GET, database.key("x"), raises=TokenStorageUnavailable)
        await database.aclose()

    if not (pid := os.fork()):
        signal.alarm(20)
        status = 1
        try:
            asyncio.events._set_running_loop(None)
            asyncio.run(use(unused))
            try:
                asyncio.run(use(used))
            except WrongEventLoopError as error:
                status = 0 if "fork" in str(error) else 2
        finally:
            os._exit(status)
    _, status = await asyncio.to_thread(os.waitpid, pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    await used.run(GET, used.key("x"), raises=TokenStorageUnavailable)
    await used.aclose()


# outages


async def test_an_outage(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """Calls fail at once and say when to try again; the log has its beginning and its end once."""
    clock = FakeClock()
    async with RedisDatabase.from_url(server.url, clock=clock) as database:
        store = RedisSessionStore(database)
        await store.put("session:x", Secret("y"), seconds=100)
        server.kill()
        with caplog.at_level(logging.INFO, "globus_async"):
            error = await failure(database)
            assert error.retry_after == 1.0
            assert str(error) == f"Redis at 127.0.0.1:{server.port} cannot be used: Connection refused"
            assert error.__cause__ is None
            assert error.__context__ is None
            clock.jump(0.25)
            assert (await failure(database)).retry_after == 0.75
            with pytest.raises(SessionStoreUnavailable) as caught:
                await store.get("session:x")
            assert caught.value.retry_after == 0.75
            server.start()
            assert (await failure(database)).retry_after == 0.75
            clock.jump(0.75)
            assert await store.get("session:x") is None
            assert await store.get("session:x") is None
        assert [record.getMessage() for record in caplog.records if record.name == "globus_async"] == [
            f"Redis at 127.0.0.1:{server.port} cannot be used: Connection refused; calls fail until it can",
            f"Redis at 127.0.0.1:{server.port} responds again",
        ]


async def test_a_restart_between_two_calls_is_not_noticed(server: RedisServer) -> None:
    """With its data or without: connections are made again, and scripts are sent again."""
    async with RedisDatabase.from_url(server.url) as database:
        store = RedisSessionStore(database)
        await store.put("session:x", Secret("1"), seconds=100)
        assert await store.compare_and_set("session:x", Secret("1"), Secret("2"), seconds=100)
        server.restart(with_data=True)
        assert await store.compare_and_set("session:x", Secret("2"), Secret("3"), seconds=100)
        server.restart(with_data=False)
        assert await store.compare_and_set("session:x", None, Secret("4"), seconds=100)
        assert await store.get("session:x") == Secret("4")


async def test_a_frozen_server_is_waited_for_once(server: RedisServer) -> None:
    """Those that were waiting when it froze, and one probe per second; everybody else fails at once."""
    clock = FakeClock()
    async with RedisDatabase.from_url(server.url, timeout=2, clock=clock) as database:
        await database.run(GET, "x", raises=TokenStorageUnavailable)
        server.freeze()
        waiting = [asyncio.create_task(failure(database)) for _ in range(80)]
        await clock.asleep(80)
        await clock.advance(2)
        for error in await asyncio.gather(*waiting):
            assert "no response within 2 s" in str(error)
        for _ in range(3):
            assert {(await failure(database)).retry_after for _ in range(200)} == {1.0}
            await clock.advance(1)
            probe = asyncio.create_task(failure(database))
            await clock.asleep()
            assert {(await failure(database)).retry_after for _ in range(200)} == {1.0}
            await clock.advance(2)
            assert "no response" in str(await probe)
        await clock.advance(1)
        task = asyncio.create_task(database.run(GET, "x", raises=TokenStorageUnavailable))
        await clock.asleep()
        server.thaw()
        assert await task is None
        await database.run(GET, "x", raises=TokenStorageUnavailable)


async def test_a_cancelled_probe(server: RedisServer) -> None:
    """The next call is the probe."""
    clock = FakeClock()
    async with RedisDatabase.from_url(server.url, clock=clock) as database:
        server.kill()
        await failure(database)
        server.start()
        server.freeze()
        clock.jump(1)
        probe = asyncio.create_task(database.run(GET, "x", raises=TokenStorageUnavailable))
        await clock.asleep()
        probe.cancel()
        await asyncio.wait({probe})
        assert probe.cancelled()
        server.thaw()
        assert await database.run(GET, "x", raises=TokenStorageUnavailable) is None


async def test_errors_that_are_responses(server: RedisServer) -> None:
    """They name the reason without the server's text, and are no outage."""
    async with RedisDatabase.from_url(server.url) as database:
        server.command("SET", "x", "y")
        for source, reason in (
            ("return redis.error_reply('OOM command not allowed, secret-text')", "its memory is full"),
            (
                "return redis.error_reply('NOPERM secret-text')",
                "its user may not use EVALSHA and EVAL on keys of its prefix",
            ),
            ("return redis.error_reply('MISCONF secret-text')", "it cannot write to its disk"),
            ("return redis.error_reply('<b>secret-text</b>')", "ResponseError"),
        ):
            with pytest.raises(TokenStorageUnavailable, match=f"cannot be used: {reason}$") as caught:
                await database.run(Script(source), "x", raises=TokenStorageUnavailable)
            assert caught.value.retry_after == 1.0
            assert await database.run(GET, "x", raises=TokenStorageUnavailable) == b"y"


class Proxy:
    """Between a client and its server; it resets connections instead of forwarding the next requests."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.resets = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own_reader, own_writer = await asyncio.open_connection("127.0.0.1", self._target)
        back = asyncio.create_task(self._copy(own_reader, writer))
        try:
            while data := await reader.read(65536):
                if self.resets:
                    self.resets -= 1
                    break
                own_writer.write(data)
        finally:
            back.cancel()
            await asyncio.wait({back})
            own_writer.close()
            writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)


async def test_a_lost_connection_is_replaced_for_reading(server: RedisServer) -> None:
    """Once; a write is not repeated, since it may have been executed."""
    clock = FakeClock()
    server.command("SET", "x", "y")
    async with (
        Proxy(server.port) as proxy,
        RedisDatabase.from_url(f"redis://127.0.0.1:{proxy.port}", clock=clock) as database,
    ):
        for resets in (0, 1):
            proxy.resets = resets
            assert await database.run(GET, "x", raises=TokenStorageUnavailable) == b"y"
        for resets, operation in ((2, GET), (1, SET), (1, Script("return 1"))):
            proxy.resets = resets
            with pytest.raises(TokenStorageUnavailable, match=r"ConnectionError|reset"):
                await database.run(operation, "x", "z", raises=TokenStorageUnavailable)
            assert proxy.resets == 0
            clock.jump(1)
        assert await database.run(GET, "x", raises=TokenStorageUnavailable) == b"y"


async def test_wrong_password(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing shows it, nor the tokens that were to be stored: texts, locals of frames, logs."""
    secrets = [canary("password"), canary("access token"), canary("session")]
    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        with RedisServer(password="right") as server:
            url = Secret(server.url.replace("right", secrets[0].replace("/", "%2F").replace("+", "%2B")))
            for is_down in (False, True):
                if is_down:
                    server.kill()
                async with RedisDatabase.from_url(url) as database:
                    errors = await _errors_of_all_calls(database, secrets[1], secrets[2])
                    assert str(errors[0]).endswith("refused" if is_down else "it refuses the user or the password")
                    for error in errors:
                        assert leaks_of_error(error) == []
    finally:
        logging.getLogger().removeHandler(listener)
    gc.collect()
    assert caplog.records
    assert leaks_of(listener) == []


async def _errors_of_all_calls(database: RedisDatabase, access_token: str, session: str) -> list[Exception]:
    storage, store = RedisTokenStorage(database), RedisSessionStore(database)
    data, value = token_data(access_token), Secret(session)
    calls: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: storage.store_token_data_by_resource_server({SERVER: data}),
        lambda: storage.compare_and_set(data, data),
        storage.get_token_data_by_resource_server,
        lambda: storage.lease("x", 10).__aenter__(),
        lambda: store.put("session:x", value, seconds=10),
        lambda: store.compare_and_set("session:x", None, value, seconds=10),
        lambda: store.pop("session:x"),
    )
    errors: list[Exception] = []
    for call in calls:
        try:
            await call()
        except (TokenStorageUnavailable, SessionStoreUnavailable) as error:
            errors.append(error)
    assert len(errors) == len(calls)
    return errors


@pytest.mark.parametrize("operation", [SET, SET_IN_SCRIPT], ids=["command", "script"])
async def test_a_server_that_is_a_replica_now(server: RedisServer, operation: Command | Script) -> None:
    """Behind a name that leads to the new master: idle connections are closed, so that the next call reaches it."""
    with RedisServer() as master:
        async with RedisDatabase.from_url(server.url) as database:
            await database.run(operation, "x", "1", raises=TokenStorageUnavailable)
            before = {each["id"] for each in _clients(server)}
            server.command("REPLICAOF", "127.0.0.1", master.port)
            with pytest.raises(TokenStorageUnavailable, match="a read-only replica"):
                await database.run(operation, "x", "2", raises=TokenStorageUnavailable)
            server.command("REPLICAOF", "NO", "ONE")
            await database.run(operation, "x", "3", raises=TokenStorageUnavailable)
            assert not before & {each["id"] for each in _clients(server)}


@pytest.mark.parametrize("operation", [SET, SET_IN_SCRIPT], ids=["command", "script"])
async def test_the_reason_of_a_refusal(server: RedisServer, operation: Command | Script) -> None:
    """In words that an operator can act on."""
    async with RedisDatabase.from_url(server.url) as database:
        server.command("CONFIG", "SET", "maxmemory", 1)
        with pytest.raises(TokenStorageUnavailable, match="its memory is full"):
            await database.run(operation, "x", "1", raises=TokenStorageUnavailable)
        server.command("CONFIG", "SET", "maxmemory", 0)
        await database.run(operation, "x", "1", raises=TokenStorageUnavailable)
    server.command("ACL", "SETUSER", "reader", "on", ">word", "~*", "+@all", "-set", "-evalsha")
    async with RedisDatabase.from_url(server.url.replace("://", "://reader:word@")) as database:
        name = "SET" if operation is SET else "EVALSHA and EVAL"
        with pytest.raises(TokenStorageUnavailable, match=f"its user may not use {name} on keys of its prefix"):
            await database.run(operation, "x", "1", raises=TokenStorageUnavailable)


async def test_a_client_with_few_connections(url: str, prefix: str) -> None:
    """Calls wait for one of them, so that a burst is no outage."""
    async with Redis.from_url(url, max_connections=2, **UNNAMED) as client:
        database = RedisDatabase(client, prefix=prefix, timeout=10)
        key = database.key("x")
        await asyncio.gather(*(database.run(SET, key, "1", raises=TokenStorageUnavailable) for _ in range(20)))


def _clients(server: RedisServer) -> list[dict[str, str]]:
    with server.client() as client:
        own = str(client.client_id())
        return [each for each in client.client_list(_type="normal") if each["id"] != own]


# replicas


async def test_waiting_for_replicas(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """Tokens are stored when a replica has them; with too few of them, too, and the log says so once per time."""
    with RedisServer("--replicaof", "127.0.0.1", str(server.port)) as replica:
        async with RedisDatabase.from_url(server.url, replicas=1, timeout=10) as database:
            storage, store = RedisTokenStorage(database), RedisSessionStore(database)
            replica.freeze()
            storing = asyncio.create_task(storage.store_token_data_by_resource_server({SERVER: token_data("a")}))
            await asyncio.sleep(0.1)
            assert not storing.done()
            replica.thaw()
            await storing
            assert await storage.get_token_data(SERVER) == token_data("a")
            assert not [each for each in caplog.records if each.name == "globus_async"]
        async with RedisDatabase.from_url(server.url, replicas=2, timeout=2) as database:
            storage, store = RedisTokenStorage(database), RedisSessionStore(database)
            await storage.store_token_data_by_resource_server({SERVER: token_data("b")})
            await store.put("session:x", Secret("x"), seconds=100)
            assert await storage.compare_and_set(token_data("b"), token_data("c"))
            assert await storage.get_token_data(SERVER) == token_data("c")
    (message,) = [record.getMessage() for record in caplog.records if record.name == "globus_async"]
    # how many there are in time depends on the replica
    assert re.fullmatch(
        rf"Redis at {server.address}: a write is in [01] of 2 replicas only; a failover would lose it", message
    )


async def test_no_server_at_all() -> None:
    """Nothing is sent before the first call, which says what is wrong; leaving is quiet."""
    async with RedisDatabase.from_url(f"redis://127.0.0.1:{free_port()}") as database:
        assert "refused" in str(await failure(database))
