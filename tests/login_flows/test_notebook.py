"""Logins in a notebook: a real kernel, whose ``input`` asks the user of the notebook."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.login_flows.world import PYTHON_PATH

jupyter_client = pytest.importorskip("jupyter_client")
pytest.importorskip("ipykernel")

PATIENCE = 40
SETUP = """
import asyncio
from tests.login_flows.terminal_program import Manager
from tests.login_flows.world import OPENID, open_globus
opened = open_globus()
manager = Manager(await opened.__aenter__())
"""

pytestmark = pytest.mark.slow


class Notebook:
    """A kernel, and the user of the notebook that it serves."""

    def __init__(self, runner: asyncio.Runner, kernel: Any, client: Any) -> None:
        self.runner = runner
        self.kernel = kernel
        self.client = client
        self.printed = ""

    def run(self, cell: str, asked: Callable[[str], object] | None = None) -> str:
        """
        Run a cell; return what it prints, and the name and text of an error.

        Args:
            cell: The code.
            asked: Called with each prompt. Without it, the notebook cannot ask.
        """
        self.printed = ""

        def output(message: Any) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                self.printed += content["text"]
            elif message["msg_type"] == "error":
                self.printed += f"{content['ename']}: {content['evalue']}"

        async def ask(message: Any) -> None:
            assert asked is not None
            result = asked(message["content"]["prompt"])
            if inspect.isawaitable(result):
                await result

        self.runner.run(
            self.client.execute_interactive(
                cell, allow_stdin=asked is not None, stdin_hook=ask, output_hook=output, timeout=PATIENCE
            )
        )
        return self.printed

    def interrupt(self) -> None:
        """Interrupt the cell, as the stop button does."""
        os.kill(self.kernel.provisioner.pid, signal.SIGINT)

    async def enter_code(self, prompt: str) -> None:
        """Enter the code that was printed."""
        assert prompt == "Enter the resulting authorization code here: "
        end = time.monotonic() + PATIENCE  # the printed text has a channel of its own
        while (code := re.search("<code>(.*)</code>", self.printed)) is None:
            assert time.monotonic() < end
            message = await self.client.get_iopub_msg(timeout=PATIENCE)
            self.printed += message["content"].get("text", "")
        self.client.input(code[1])


@pytest.fixture(scope="module")
def notebook() -> Iterator[Notebook]:
    """A notebook in which a login has been prepared."""
    manager = jupyter_client.AsyncKernelManager(kernel_name="python3")
    environment = {**os.environ, "PYTHONPATH": PYTHON_PATH}
    with asyncio.Runner() as runner:
        runner.run(manager.start_kernel(env=environment))
        client = manager.client()
        client.start_channels()
        try:
            runner.run(client.wait_for_ready(timeout=PATIENCE))
            notebook = Notebook(runner, manager, client)
            assert notebook.run(SETUP) == ""
            yield notebook
        finally:
            client.stop_channels()
            runner.run(manager.shutdown_kernel(now=True))


def test_a_login(notebook: Notebook) -> None:
    """The notebook asks for the code, and the cell goes on; other tasks run meanwhile."""
    cell = """
ticks = 0
async def tick():
    global ticks
    while True:
        await asyncio.sleep(0.001)
        ticks += 1
ticking = asyncio.create_task(tick())
await asyncio.sleep(0)
tokens = await manager.run_login_flow(OPENID)
ticking.cancel()
print(list(tokens.by_resource_server), ticks > 3)
"""

    async def enter(prompt: str) -> None:
        await asyncio.sleep(0.1)
        await notebook.enter_code(prompt)

    assert "['auth.globus.org'] True" in notebook.run(cell, enter)


def test_a_cancelled_login(notebook: Notebook) -> None:
    """The next line is the reply to the next question."""
    cell = """
try:
    async with asyncio.timeout(0.1):
        await manager.run_login_flow(OPENID)
except TimeoutError:
    print("cancelled")
"""
    assert "cancelled" in notebook.run(cell, lambda _: None)
    assert "for the cell\n" in notebook.run(
        "print(input('And now? '))", lambda _: notebook.client.input("for the cell")
    )
    assert "['auth.globus.org']" in notebook.run(
        "print(list((await manager.run_login_flow(OPENID)).by_resource_server))", notebook.enter_code
    )


def test_an_interrupted_cell(notebook: Notebook) -> None:
    """The stop button ends the login, and the kernel asks the next question as before."""
    printed = notebook.run("await manager.run_login_flow(OPENID)", lambda _: notebook.interrupt())
    assert re.search("KeyboardInterrupt|CancelledError", printed)
    assert "yes\n" in notebook.run("print(input('Still there? '))", lambda _: notebook.client.input("yes"))


def test_the_end_of_the_input(notebook: Notebook) -> None:
    """Ctrl-D."""
    printed = notebook.run("await manager.run_login_flow(OPENID)", lambda _: notebook.client.input("\x04"))
    assert "CommandLineLoginFlowEOFError: the input ended" in printed


def test_a_notebook_that_cannot_ask(notebook: Notebook) -> None:
    """Such as one that runs without a user: nothing is printed, and the error says what to do."""
    printed = notebook.run("await manager.run_login_flow(OPENID)")
    assert "CommandLineLoginFlowEOFError: there is no terminal" in printed
    assert "https://" not in printed
