"""The ``flows`` commands of the unmodified official command line, against the emulator on a socket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from globus_async.testing import GlobusEmulator
from tests.emulator import test_transfer_official_cli as official
from tests.emulator.test_transfer_official_cli import Commands, Shell, commands

__all__ = ("commands",)

pytestmark = official.pytestmark

ACTION = "https://actions.example.org/greet"
DEFINITION = {
    "StartAt": "Greet",
    "States": {"Greet": {"Type": "Action", "ActionUrl": ACTION, "Parameters": {"name.$": "$.name"}, "End": True}},
}
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}}


@pytest.fixture
def shell(commands: Commands, tmp_path: Path) -> Iterator[Shell]:
    emulator = GlobusEmulator()
    emulator.add_identity("ada@example.org", name="Ada")
    with emulator.serve_in_thread() as server:
        made = Shell(commands, emulator, server, tmp_path)
        made.login()
        yield made
        assert emulator.unknown_paths == {}


def wait(shell: Shell, run_id: str, status: str) -> None:
    deadline = time.monotonic() + 10
    while shell.emulator.flows.runs[run_id].status != status:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_command(shell: Shell) -> None:
    """Flows are made, started, changed and deleted; runs inactive, resumed and cancelled; web inputs responded to."""
    state = shell.emulator.flows
    state.register_action(ACTION, lambda body: f"Hello, {body['name']}")
    definition, schema = json.dumps(DEFINITION), json.dumps(SCHEMA)
    shell("flows", "validate", definition, "--input-schema", schema)
    made = shell.json("flows", "create", "Greet", definition, "--input-schema", schema, "--viewer", "public")
    flow_id = made["id"]
    shell("flows", "create", "Broken", '{"StartAt": "x", "States": {}}', exit_code=1)
    assert "Greet" in shell("flows", "list")
    assert flow_id in shell("flows", "list", "--filter-role", "flow_owner", "--orderby", "title:ASC", "--limit", "1")
    assert "Greet" in shell("flows", "show", flow_id)
    assert shell.json("flows", "update", flow_id, "--title", "Greetings", "--keywords", "a,b")["keywords"] == ["a", "b"]

    shell("flows", "start", flow_id, "--input", '{"name": "Ada"}', exit_code=4)  # not logged in to this flow
    shell.login("--flow", flow_id)
    shell("flows", "start", flow_id, "--input", '{"name": 1}', exit_code=1)
    run_id = shell.json("flows", "start", flow_id, "--input", '{"name": "Ada"}', "--label", "first")["run_id"]
    wait(shell, run_id, "SUCCEEDED")
    assert "first" in shell("flows", "run", "list")
    assert "SUCCEEDED" in shell("flows", "run", "show", run_id)
    assert "Greetings" in shell("flows", "run", "show", run_id, "--include-flow-description")
    assert "FlowSucceeded" in shell("flows", "run", "show-logs", run_id, "--reverse")
    assert json.loads(shell("flows", "run", "show-definition", run_id))["definition"] == DEFINITION
    assert shell.json("flows", "run", "update", run_id, "--label", "renamed", "--tags", "a")["tags"] == ["a"]
    assert shell.json("flows", "run", "delete", run_id)["status"] == "SUCCEEDED"

    requirement = {"code": "X", "authorization_parameters": {"session_message": "Log in again"}}
    state.suspend_next_action(ACTION, requirement)
    second = shell.json("flows", "start", flow_id, "--input", '{"name": "Bob"}')["run_id"]
    wait(shell, second, "INACTIVE")
    shell("flows", "run", "resume", second, "--skip-inactive-reason-check")
    wait(shell, second, "SUCCEEDED")

    state.delay_next_action(ACTION, 100)
    third = shell.json("flows", "start", flow_id, "--input", '{"name": "Eve"}')["run_id"]
    web_input = state.open_web_input(third, "Go on?", ["yes", "no"])
    assert "Go on?" in shell("flows", "web-input", "list")
    assert "Go on?" in shell("flows", "web-input", "show", web_input.id)
    shell("flows", "web-input", "respond", web_input.id, web_input.options[1]["option_id"])
    assert web_input.response == web_input.options[1]["option_id"]
    shell("flows", "run", "cancel", third)
    assert state.runs[third].status == "FAILED"

    identity = shell.emulator.directory.find("ada@example.org")
    assert identity is not None
    api = state.add_registered_api("An API", {"destination": {"method": "get", "url": "https://x"}}, owner=identity)
    assert "An API" in shell("flows", "registered-api", "list")
    assert "An API" in shell("flows", "registered-api", "show", api.id)
    assert "True" in shell("flows", "delete", flow_id)
