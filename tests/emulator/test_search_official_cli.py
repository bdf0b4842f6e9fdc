"""The commands ``globus search`` of the unmodified official command line."""

from __future__ import annotations

import json

from tests.emulator import test_transfer_official_cli
from tests.emulator.test_transfer_official_cli import Shell, commands, shell

__all__ = ("commands", "shell")

pytestmark = test_transfer_official_cli.pytestmark


def test_search_commands(shell: Shell) -> None:
    """Indices, roles, ingest, queries, subjects, tasks and deletions."""
    index = shell.json("search", "index", "create", "Library", "Books")["id"]
    assert "Library" in shell("search", "index", "list")
    assert shell.json("search", "index", "show", index)["status"] == "open"
    entry = {"@datatype": "GMetaEntry", "subject": "b1", "visible_to": ["public"], "content": {"title": "Moby Dick"}}
    task = shell.json("search", "ingest", index, "-", text=json.dumps(entry))["task_id"]
    assert shell.json("search", "task", "show", task)["state"] == "SUCCESS"
    assert task in shell("search", "task", "list", index)
    assert shell("search", "query", index, "-q", "dick").split() == ["b1"]
    assert shell("search", "query", index, "-q", "title:dick", "--advanced", "--bypass-visible-to").split() == ["b1"]
    assert shell("search", "query", index, "-q", "*", "--filter-principal-sets", "editors") == ""
    document = json.dumps({"q": "moby", "filters": [{"type": "exists", "field_name": "title"}]})
    assert shell("search", "query", index, "--query-document", "-", "--limit", "1", text=document).split() == ["b1"]
    assert "Moby Dick" in shell("search", "subject", "show", index, "b1")
    role = shell.json("search", "index", "role", "create", index, "writer", "bob@example.org")["id"]
    assert "bob@example.org" in shell("search", "index", "role", "list", index)
    assert "removed" in shell("search", "index", "role", "delete", index, role)
    assert "submitted" in shell("search", "subject", "delete", index, "b1")
    shell("search", "subject", "show", index, "b1", exit_code=1)
    assert "submitted" in shell("search", "delete-by-query", index, "-q", "*")
    bad = json.dumps({"ingest_type": "GMetaEntry", "ingest_data": {"subject": "x", "content": {}}})
    assert "visible_to" in shell("search", "ingest", index, "-", text=bad, exit_code=1)
    shell("search", "query", index, "-q", "(", "--advanced", exit_code=1)
    assert "marked for deletion" in shell("search", "index", "delete", index)
    shell("search", "index", "show", index, exit_code=1)
    missing = "00000000-0000-4000-8000-000000000000"
    assert "no search index" in shell("search", "query", missing, "-q", "x", exit_code=1)
