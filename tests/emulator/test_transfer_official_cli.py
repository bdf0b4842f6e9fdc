"""The unmodified official command line against the emulator on a socket, including exit codes."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from globus_async.testing import GlobusEmulator, LoopbackServer, MemoryStorage

PYTHON = os.environ.get("OFFICIAL_SDK_PYTHON", sys.executable)
COMMAND = (PYTHON, "-m", "globus_cli")
SCRIPT = Path(__file__).with_name("official_commands.py")

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="commands are forked from a process that has imported them"),
    pytest.mark.skipif(
        sys.executable == PYTHON and importlib.util.find_spec("globus_cli") is None,
        reason="globus-cli is not installed, and OFFICIAL_SDK_PYTHON names no interpreter that has it",
    ),
    pytest.mark.slow,
]


class Commands:
    """Runs each command in a separate process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def run(self, words: tuple[str, ...], environ: dict[str, str], text: str | None) -> tuple[int, str]:
        """Run a command; return its exit code and output."""

        def opened(content: str = "") -> IO[str]:
            file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 -- the caller closes it
            file.write(content)
            file.seek(0)
            return file

        with opened(text or "") as given, opened() as output, opened() as errors:
            message = json.dumps({"words": words, "environ": environ}).encode()
            socket.send_fds(self._connection, [message], [given.fileno(), output.fileno(), errors.fileno()])
            exit_code = int(self._connection.recv(16))
            output.seek(0)
            errors.seek(0)
            return exit_code, output.read() + errors.read()


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(60)
        descriptor = theirs.fileno()
        with subprocess.Popen([PYTHON, str(SCRIPT), str(descriptor)], pass_fds=[descriptor]) as process:
            theirs.close()
            yield Commands(ours)
            ours.close()
    assert process.returncode == 0


class Shell:
    """The command line of Ada, who is logged in."""

    def __init__(self, commands: Commands, emulator: GlobusEmulator, server: LoopbackServer, home: Path) -> None:
        self._commands = commands
        self.emulator = emulator
        self._environ = {"PATH": os.environ["PATH"], "HOME": str(home), **server.environ}
        self.bob_id = emulator.add_identity("bob@example.org", name="Bob").id
        self.commands = 0

    def login(self, *options: str) -> None:
        """Log in like a user: open the page, log in, copy the code."""
        command = [*COMMAND, "login", "--no-local-server", *options]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=self._environ, text=True, **pipes) as process:  # type: ignore[call-overload]
            assert process.stdout is not None
            shown = ""
            while (found := re.search(r"http\S+authorize\S+\s", shown)) is None:
                shown += process.stdout.readline()
            page = httpx.get(found[0].strip(), follow_redirects=True)
            _, errors = process.communicate(page.url.params["code"] + "\n")
            assert process.returncode == 0, errors
        self.commands += 1

    def __call__(self, *words: str, exit_code: int = 0, text: str | None = None) -> str:
        """Run a command and return its output."""
        ended, printed = self._commands.run(words, self._environ, text)
        assert ended == exit_code, f"globus {' '.join(words)}: {printed}"
        self.commands += 1
        return printed

    def json(self, *words: str, text: str | None = None) -> Any:
        """Run a command and return its JSON output."""
        return json.loads(self(*words, "--format", "json", text=text))

    def wait(self, task_id: str, *, seconds: int = 5, exit_code: int = 0) -> None:
        self("task", "wait", task_id, "--polling-interval", "1", "--timeout", str(seconds), exit_code=exit_code)


@pytest.fixture
def shell(commands: Commands, tmp_path: Path, summary: Callable[[str], None]) -> Iterator[Shell]:
    emulator = GlobusEmulator()
    emulator.add_identity("ada@example.org", name="Ada")
    with emulator.serve_in_thread() as server:
        made = Shell(commands, emulator, server, tmp_path)
        made.login()
        yield made
        assert emulator.unknown_paths == {}
    summary(f"{made.commands} commands of globus-cli")


@pytest.fixture
def lab(shell: Shell) -> str:
    files = MemoryStorage({"data/a.txt": "one", "data/sub/b.txt": "two", "c.txt": "three"})
    return shell.emulator.add_collection("Lab storage", storage=files, entity_type="GCP_mapped_collection").id


@pytest.fixture
def archive(shell: Shell) -> str:
    return shell.emulator.add_collection("Archive", storage=MemoryStorage()).id


def test_login(shell: Shell) -> None:
    """Login, whoami, session, logout."""
    assert "ada@example.org" in shell("whoami", "--verbose")
    assert "ada@example.org" in shell("session", "show")
    assert shell("get-identities", "bob@example.org").strip() == shell.bob_id
    shell("logout", "--yes")
    assert "Missing login" in shell("whoami", exit_code=4)


def test_collections_and_files(shell: Shell, lab: str) -> None:
    """Search, show, list, mkdir, rename, stat; errors have the exit code 1."""
    assert [each["id"] for each in shell.json("endpoint", "search", "lab")["DATA"]] == [lab]
    assert shell.json("endpoint", "show", lab)["display_name"] == "Lab storage"
    assert shell("ls", f"{lab}:/").split() == ["c.txt", "data/"]
    assert shell("ls", "--recursive", f"{lab}:/").split() == [
        "c.txt",
        "data/",
        "data/a.txt",
        "data/sub/",
        "data/sub/b.txt",
    ]
    assert shell("ls", "--filter", "~c*", f"{lab}:/").split() == ["c.txt"]
    assert "0644" in shell("ls", "--long", f"{lab}:/")
    shell("mkdir", f"{lab}:/new")
    shell("rename", lab, "/new", "/moved")
    assert shell.json("stat", f"{lab}:/moved")["type"] == "dir"
    assert "ClientError.NotFound" in shell("ls", f"{lab}:/none", exit_code=1)
    assert "ExternalError.MkdirFailed.Exists" in shell("mkdir", f"{lab}:/data", exit_code=1)
    assert "EndpointNotFound" in shell("ls", "00000000-0000-0000-0000-000000000000", exit_code=1)
    shell("endpoint", "update", lab, "--description", "new")
    shell("endpoint", "set-subscription-id", lab, "null")
    personal = shell.json("gcp", "create", "mapped", "Laptop")
    assert personal["globus_connect_setup_key"]
    guest = shell.json("gcp", "create", "guest", "Guest", f"{lab}:/data")
    assert [each["id"] for each in shell.json("endpoint", "my-shared-endpoint-list", lab)["DATA"]] == [guest["id"]]
    shell("endpoint", "delete", personal["id"])


def test_tasks(shell: Shell, lab: str, archive: str) -> None:
    """All forms of transfer, delete, rm, and the commands for tasks."""
    one = shell.json("transfer", f"{lab}:/c.txt", f"{archive}:/c.txt", "--label", "one")
    assert one["code"] == "Accepted"
    shell.wait(one["task_id"])
    assert shell.json("task", "show", one["task_id"])["status"] == "SUCCEEDED"
    assert "/c.txt" in shell("task", "show", "--successful-transfers", one["task_id"])
    assert [each["code"] for each in shell.json("task", "event-list", one["task_id"])["DATA"]] == [
        "SUCCEEDED",
        "STARTED",
    ]
    assert [each["label"] for each in shell.json("task", "list")["DATA"]] == ["one"]
    assert "not paused" in shell("task", "pause-info", one["task_id"])
    assert shell.json("task", "cancel", one["task_id"])["code"] == "TaskComplete"
    for level in ("exists", "size", "mtime", "checksum"):
        task = shell.json("transfer", "--recursive", f"{lab}:/data", f"{archive}:/data", "--sync-level", level)
        shell.wait(task["task_id"])
        assert shell.json("task", "show", task["task_id"])["files_transferred"] == (2 if level == "exists" else 0)
    batch = "/c.txt /batch/c.txt\n--recursive /data /batch/data\n"
    shell.wait(shell.json("transfer", lab, archive, "--batch", "-", text=batch)["task_id"])
    assert "data/sub/b.txt" in shell("ls", "-r", f"{archive}:/batch")
    submission = shell("task", "generate-submission-id").strip()
    twice = ["transfer", f"{lab}:/none", f"{archive}:/none", "--submission-id", submission]
    stuck = shell.json(*twice)["task_id"]
    again = shell.json(*twice)
    assert (again["code"], again["task_id"]) == ("Duplicate", stuck)
    shell.wait(stuck, seconds=1, exit_code=1)
    shell("task", "update", stuck, "--label", "new")
    assert shell.json("task", "cancel", stuck)["code"] == "Canceled"
    assert "no in-progress tasks" in shell("task", "cancel", "--all", exit_code=1)
    shell("rm", f"{archive}:/c.txt", "--polling-interval", "1")
    shell("rm", "--recursive", f"{archive}:/batch", "--polling-interval", "1")
    shell("rm", "--ignore-missing", f"{archive}:/none", "--polling-interval", "1")
    shell("rm", f"{archive}:/none", "--polling-interval", "1", exit_code=1)
    shell.wait(shell.json("delete", "--recursive", f"{archive}:/data")["task_id"])
    assert shell("ls", f"{archive}:/").strip() == ""


def test_bookmarks_permissions_roles(shell: Shell, lab: str) -> None:
    """Bookmarks, permissions and roles are created, shown, changed and deleted."""
    shell("bookmark", "create", f"{lab}:/data/", "place")
    assert shell("bookmark", "show", "place").strip() == f"{lab}:/data/"
    shell("bookmark", "rename", "place", "other")
    assert [each["name"] for each in shell.json("bookmark", "list")["DATA"]] == ["other"]
    shell("bookmark", "delete", "other")
    share = shell.json("gcp", "create", "guest", "Guest", f"{lab}:/data")["id"]
    bob = ("--identity", "bob@example.org")
    rule = shell.json("endpoint", "permission", "create", f"{share}:/", *bob, "--permissions", "r")["access_id"]
    shell("endpoint", "permission", "update", share, rule, "--permissions", "rw")
    assert "bob@example.org" in shell("endpoint", "permission", "show", share, rule)
    assert len(shell.json("endpoint", "permission", "list", share)["DATA"]) == 2
    shell("endpoint", "permission", "delete", share, rule)
    role = shell.json("endpoint", "role", "create", share, *bob, "--role", "access_manager")["id"]
    assert "access_manager" in shell("endpoint", "role", "show", share, role)
    assert len(shell.json("endpoint", "role", "list", share)["DATA"]) == 2
    shell("endpoint", "role", "delete", share, role)
    assert "RoleNotFound" in shell("endpoint", "role", "show", share, role, exit_code=1)
