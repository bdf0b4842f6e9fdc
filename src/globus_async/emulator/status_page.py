"""A page that shows what goes on in an emulator: collections, tasks and their progress, as they are now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from .transfer.task_documents import task_document

if TYPE_CHECKING:
    from starlette.requests import Request

    from .globus import GlobusEmulator
    from .transfer.models import Task

__all__ = (
    "STATE_PATH",
    "snapshot",
    "status_routes",
)

STATE_PATH: Final = "/emulator/state"
"""Where the page asks for what it shows. Not recorded among the requests."""

_TASKS: Final = 200
"""The newest tasks, which are all that the page shows."""


def status_routes(emulator: GlobusEmulator) -> list[BaseRoute]:
    """Return the page and what it reads."""

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY})

    async def state(_request: Request) -> Response:
        # Escaped, since a name may have characters that UTF-8 cannot encode.
        body = json.dumps(snapshot(emulator))
        return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")

    async def icon(_request: Request) -> Response:
        return Response(status_code=204)

    return [Route("/", page), Route(STATE_PATH, state), Route("/favicon.ico", icon)]


def snapshot(emulator: GlobusEmulator) -> dict[str, Any]:
    """Describe an emulator as it is now."""
    state = emulator.transfer
    return {
        "now": state.now(),
        "requests": len(emulator.requests),
        "unknown": sum(emulator.unknown_paths.values()),
        "collections": [
            {
                "id": each.id,
                "name": each.display_name,
                "kind": each.fields["entity_type"],
                "owner": state.username(each.owner_id),
                "storage": repr(each.storage) if each.host is None else f"guest on {each.host.display_name}",
            }
            for each in state.collections.values()
        ],
        "tasks": [_task(emulator, task) for task in list(state.tasks.values())[: -_TASKS - 1 : -1]],
    }


def _task(emulator: GlobusEmulator, task: Task) -> dict[str, Any]:
    document = task_document(emulator.transfer, task)
    ended = document["subtasks_total"] - document["subtasks_pending"] - document["subtasks_retrying"]
    return {
        "id": task.id,
        "kind": task.type,
        "label": task.label or "",
        "owner": emulator.transfer.username(task.owner_id),
        "from": document["source_endpoint_display_name"],
        "to": document["destination_endpoint_display_name"] or "",
        "status": document["status"],
        "nice": "paused" if document["is_paused"] else document["nice_status"] or "",
        "files": document["files_transferred"] if task.is_transfer else document["files"],
        "bytes": document["bytes_transferred"],
        "speed": document["effective_bytes_per_second"],
        "faults": document["faults"],
        "progress": 1.0 if task.is_final else ended / max(document["subtasks_total"], 1),
    }


_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Globus emulator</title>
<style>
  :root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif }
  body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
  h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884 }
  td.number { text-align: right; font-variant-numeric: tabular-nums }
  progress { width: 8rem }
  .id { font: .8em ui-monospace, monospace; opacity: .7 }
  .SUCCEEDED { color: #1a7f37 } .FAILED { color: #cf222e } .INACTIVE { color: #9a6700 }
  #lost { color: #cf222e }
</style>
</head>
<body>
<h1>Globus emulator</h1>
<p><span id="summary">…</span> <span id="lost" hidden>The emulator does not answer.</span></p>
<h2>Collections</h2>
<table>
  <thead><tr><th>Name</th><th>Kind</th><th>Owner</th><th>Files</th></tr></thead>
  <tbody id="collections"></tbody>
</table>
<h2>Tasks</h2>
<table>
  <thead><tr><th>Task</th><th>From</th><th>To</th><th>Status</th><th>Progress</th><th>Files</th><th>Bytes</th>
  <th>Bytes/s</th><th>Faults</th></tr></thead>
  <tbody id="tasks"></tbody>
</table>
<script>
const $ = (id) => document.getElementById(id);
function row(table, key, cells) {
  let tr = table.querySelector(`tr[data-key="${key}"]`);
  if (!tr) {
    tr = document.createElement("tr");
    tr.dataset.key = key;
    cells.forEach(() => tr.append(document.createElement("td")));
  }
  cells.forEach((cell, index) => {
    const td = tr.children[index];
    if (cell instanceof Node) { if (!td.firstChild?.isEqualNode(cell)) td.replaceChildren(cell); }
    else if (td.textContent !== String(cell)) td.textContent = cell;
    if (typeof cell === "number") td.className = "number";
  });
  table.append(tr);
  return tr;
}
function named(name, id) {
  const both = document.createDocumentFragment(), small = document.createElement("span");
  small.className = "id"; small.textContent = id;
  both.append(name, document.createElement("br"), small);
  const div = document.createElement("div");
  div.append(both);
  return div;
}
function bar(value) {
  const progress = document.createElement("progress");
  progress.max = 1; progress.setAttribute("value", value.toFixed(3));
  return progress;
}
async function refresh() {
  try {
    const state = await (await fetch("/emulator/state")).json();
    $("lost").hidden = true;
    const time = new Date(state.now * 1000).toISOString().slice(0, 19).replace("T", " ");
    $("summary").textContent = `${time} UTC · ${state.requests} requests` +
      (state.unknown ? ` · ${state.unknown} of them unknown` : "");
    for (const c of state.collections) row($("collections"), c.id, [named(c.name, c.id), c.kind, c.owner, c.storage]);
    for (const t of state.tasks) {
      const status = t.nice && t.nice !== "OK" ? `${t.status} (${t.nice})` : t.status;
      const cells = [named(`${t.kind.toLowerCase()} ${t.label}`, t.id), t.from, t.to, status, bar(t.progress)];
      const tr = row($("tasks"), t.id, [...cells, t.files, t.bytes, t.speed, t.faults]);
      tr.children[3].className = t.status;
    }
    const known = new Set([...state.collections, ...state.tasks].map((each) => each.id));
    document.querySelectorAll("tr[data-key]").forEach((tr) => known.has(tr.dataset.key) || tr.remove());
  } catch { $("lost").hidden = false; }
  setTimeout(refresh, 500);
}
refresh();
</script>
</body>
</html>
"""
