"""The guide to deployment shows the files that the tests run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.deployment.application import COMMAND, FOLDER
from tests.deployment.tls_proxy import PATH
from tests.source import ROOT

GUIDE = (ROOT / "docs" / "howto" / "deployment.md").read_text()
FILES = {path.name: path.read_text() for path in FOLDER.iterdir() if path.is_file()}
CALL = """
import asyncio, httpx, os, portal

async def main():
    transport = httpx.ASGITransport(portal.app)
    async with (
        portal.app.router.lifespan_context(portal.app),
        httpx.AsyncClient(transport=transport, base_url=os.environ["PORTAL_URL"]) as browser,
    ):
        response = await browser.get("/me", headers={"Authorization": f"Bearer {os.environ['TOKEN']}"})
        print(response.json()["username"])

asyncio.run(main())
"""
BLOCK = re.compile(r"^```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_guide_has_all_files() -> None:
    """Each in a block of its own, word for word."""
    assert dict(BLOCK.findall(GUIDE)) == FILES


def test_the_command_of_the_tests_is_that_of_the_service() -> None:
    """But for the place of the program."""
    assert COMMAND.startswith("uvicorn portal:app --fd 3 --workers 4 ")


def test_the_container_has_the_options_of_the_service() -> None:
    """But for the socket."""
    (command,) = re.findall(r"^CMD (.+)$", FILES["Dockerfile"], re.MULTILINE)
    assert json.loads(command) == shlex.split(COMMAND.replace("--fd 3", "--host 0.0.0.0 --port 8000"))


def test_the_settings_are_those_that_the_application_reads() -> None:
    """No one is missing in the example, and none is too many."""
    read = re.findall(r'os\.environ\["(\w+)"\]', FILES["portal.py"])
    assert sorted(read) == sorted(re.findall(r"^(\w+)=", FILES["portal.env"], re.MULTILINE))


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_the_proxies_remove_the_path_that_the_tests_use(name: str) -> None:
    """And send requests to the socket of the service."""
    assert f"{PATH}/" in FILES[name]
    (socket,) = re.findall(r"^ListenStream=(\S+)$", FILES["portal.socket"], re.MULTILINE)
    assert socket in FILES[name]


def test_the_command_that_creates_the_tables_names_a_function() -> None:
    """That of the application."""
    assert "asyncio.run(portal.create_tables())" in GUIDE
    assert "async def create_tables() -> None:" in FILES["portal.py"]


async def test_the_emulated_globus_has_the_settings_of_the_application(tmp_path: Path) -> None:
    """With them it starts, and accepts the bearer token."""
    program = await asyncio.create_subprocess_exec(sys.executable, FOLDER / "emulated_globus.py", stdout=PIPE)
    assert program.stdout is not None
    settings: dict[str, str] = {}
    try:
        while "TOKEN" not in settings:
            line = await program.stdout.readline()
            assert line, "the program has ended"
            name, _, value = line.decode().strip().removeprefix("export ").partition("=")
            settings[name] = value
        search = os.pathsep.join((os.environ.get("PYTHONPATH", ""), str(FOLDER)))
        environ = {**os.environ, **settings, "PYTHONPATH": search}
        call = await asyncio.create_subprocess_exec(sys.executable, "-c", CALL, stdout=PIPE, cwd=tmp_path, env=environ)
        told, _ = await call.communicate()
    finally:
        program.terminate()
        await program.wait()
    assert told.decode() == "ada@example.org\n"
