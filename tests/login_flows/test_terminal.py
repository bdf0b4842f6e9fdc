"""Logins at a real terminal: input that can be cancelled, its end, Ctrl-C, and no terminal at all."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.login_flows.world import PYTHON_PATH

PROGRAM = Path(__file__).with_name("terminal_program.py")
PROMPT = "Enter the resulting authorization code here: "
PATIENCE = 40

pytestmark = pytest.mark.slow
loops = pytest.mark.parametrize("loop", ["asyncio", "uvloop", "no readers"])


class Session:
    """A program at a terminal, and what a user sees and types."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self.shown = ""
        self._seen = 0

    def wait_for(self, pattern: str) -> str:
        """Read until something new matches; return its first group, or all of it."""
        end = time.monotonic() + PATIENCE
        while (found := re.compile(pattern).search(self.shown, self._seen)) is None:
            ready, _, _ = select.select([self._terminal], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {pattern!r} in {self.shown!r}"
            try:
                self.shown += os.read(self._terminal, 4096).decode()
            except OSError:
                raise AssertionError(f"the program ended without {pattern!r}: {self.shown!r}") from None
        self._seen = found.end()
        return found[found.re.groups]

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def ends(self) -> int:
        """Wait for the end of the program; return its status."""
        return self.process.wait(PATIENCE)


@contextmanager
def session(loop: str, scenario: str, *, output: int | None = None) -> Generator[Session]:
    """Run the program at a new terminal, and with its standard output elsewhere, if that is given."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), loop, scenario],
        stdin=theirs,
        stdout=theirs if output is None else output,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": PYTHON_PATH},
    )
    os.close(theirs)
    try:
        yield Session(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@loops
def test_a_login(loop: str) -> None:
    """The other tasks of the program run while it waits; blanks around the code do not matter."""
    with session(loop, "log in") as terminal:
        assert "https://auth.globus.org/v2/oauth2/authorize?" in terminal.wait_for(r"https://\S+")
        code = terminal.wait_for("<code>(.*)</code>")
        terminal.wait_for(PROMPT)
        terminal.type("\n")
        terminal.wait_for(PROMPT)
        terminal.type(f"  {code} \n")
        assert terminal.wait_for("<tokens>(.*)</tokens>") == "['auth.globus.org'] True"
        assert terminal.ends() == 0


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_cancelled_login_takes_no_line(loop: str) -> None:
    """The next line belongs to the program, and its terminal is as before."""
    with session(loop, "cancel") as terminal:
        terminal.wait_for(PROMPT)
        terminal.wait_for("\r\n<cancelled/>")
        terminal.type("for the program\n")
        assert terminal.wait_for("<line>(.*</line> .*)\r") == "for the program</line> True"
        assert terminal.ends() == 0


@loops
def test_a_login_after_a_cancelled_one(loop: str) -> None:
    """Where the input cannot be cancelled, the next login of the manager continues it."""
    with session(loop, "again") as terminal:
        terminal.wait_for("<cancelled/>")
        code = terminal.wait_for("<code>(.*)</code>")
        terminal.wait_for(PROMPT)
        terminal.type(f"{code}\n")
        assert terminal.wait_for("<tokens>(.*)</tokens>") == "['auth.globus.org']"
        assert terminal.ends() == 0


@loops
def test_the_program_can_end(loop: str) -> None:
    """Without another line."""
    with session(loop, "give up") as terminal:
        terminal.wait_for("<cancelled/>")
        assert terminal.ends() == 0
        assert "rror" not in terminal.shown


@loops
def test_the_end_of_the_input(loop: str) -> None:
    """Ctrl-D."""
    with session(loop, "log in") as terminal:
        terminal.wait_for(PROMPT)
        terminal.type("\x04")
        assert "start the login again" in terminal.wait_for("<ended>(.*)</ended>")
        assert terminal.ends() == 0


@loops
def test_ctrl_c(loop: str) -> None:
    """It ends the program at once."""
    with session(loop, "log in") as terminal:
        terminal.wait_for(PROMPT)
        terminal.type("\x03")
        terminal.wait_for("KeyboardInterrupt")
        assert terminal.ends() != 0


def test_a_pipeline(tmp_path: Path) -> None:
    """If the output of the program goes elsewhere, the user is asked at the terminal all the same."""
    output = tmp_path / "output"
    with output.open("wb") as file, session("asyncio", "log in", output=file.fileno()) as terminal:
        terminal.wait_for(r"https://\S+")
        terminal.wait_for(PROMPT)
        code = re.search("<code>(.*)</code>", output.read_text())
        assert code
        terminal.type(f"{code[1]}\n")
        assert terminal.ends() == 0
    assert "['auth.globus.org']" in output.read_text()
    assert "https://" not in output.read_text()


def test_control_characters() -> None:
    """Keys that edit nothing here, such as arrows, make no code; the error does not repeat them."""
    with session("asyncio", "log in") as terminal:
        terminal.wait_for(PROMPT)
        terminal.type("\x1b[Dcode\n")
        message = terminal.wait_for("LoginRefused: (.+)\r?\n")
        assert "copy the whole code" in message
        assert "\x1b" not in message
        assert terminal.ends() != 0


def test_without_a_terminal() -> None:
    """Nothing is printed, and the error says what to do."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "asyncio", "log in"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": PYTHON_PATH},
    )
    assert done.stdout.startswith("<ended>there is no terminal")
    assert "LocalServerLoginFlowManager" in done.stdout
    assert "https://" not in done.stdout
