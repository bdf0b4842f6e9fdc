"""A page that shows the resources of an emulator in a browser, and refreshes itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from .kit.status import StatusTable

__all__ = ("status_routes",)

_STATE: Final = "/emulator/state"
_PATHS: Final = ("/", _STATE, "/favicon.ico")


def status_routes(tables: Sequence[StatusTable], snapshot: Callable[[], dict[str, Any]]) -> list[BaseRoute]:
    """
    Return the routes of the page and its data.

    Args:
        tables: What the page shows.
        snapshot: Returns time, numbers of requests, and the rows of each table by its name.
    """
    html = _page(tables)

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(html, headers={"content-security-policy": _POLICY})

    async def state(_request: Request) -> Response:
        # escaped, since a name may have characters that UTF-8 cannot encode
        body = json.dumps(snapshot())
        return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")

    async def icon(_request: Request) -> Response:
        return Response(status_code=204)

    return [Route(path, endpoint) for path, endpoint in zip(_PATHS, (page, state, icon), strict=True)]


def _page(tables: Sequence[StatusTable]) -> str:
    columns = {table.name: [asdict(column) for column in table.columns] for table in tables}
    sections = "\n".join(
        f"<h2>{escape(table.title)}</h2>\n<table>\n  <thead><tr>"
        + "".join(f"<th>{escape(column.title)}</th>" for column in table.columns)
        + f'</tr></thead>\n  <tbody id="{escape(table.name)}"></tbody>\n</table>'
        for table in tables
    )
    # "<" would end the script
    return _TEMPLATE.replace("{{sections}}", sections).replace(
        "{{columns}}", json.dumps(columns).replace("<", "\\u003c")
    )


_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"

_TEMPLATE: Final = """<!DOCTYPE html>
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
<p><span id="summary">…</span> <span id="lost" hidden>The emulator does not respond.</span></p>
{{sections}}
<script>
const TABLES = {{columns}};
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
function cell(entry, column) {
  const value = entry[column.member];
  if (column.kind === "name") return named(value, entry.id);
  if (column.kind === "progress") return bar(value);
  return value ?? "";
}
async function refresh() {
  try {
    const state = await (await fetch("/emulator/state")).json();
    $("lost").hidden = true;
    const time = new Date(state.now * 1000).toISOString().slice(0, 19).replace("T", " ");
    $("summary").textContent = `${time} UTC · ${state.requests} requests` +
      (state.unknown ? ` · ${state.unknown} for unknown paths` : "");
    const known = new Set();
    for (const [table, columns] of Object.entries(TABLES)) {
      for (const entry of state[table]) {
        const tr = row($(table), entry.id, columns.map((column) => cell(entry, column)));
        columns.forEach((column, index) => {
          if (column.kind === "status") tr.children[index].className = String(entry[column.member]).split(" ")[0];
        });
        known.add(entry.id);
      }
    }
    document.querySelectorAll("tr[data-key]").forEach((tr) => known.has(tr.dataset.key) || tr.remove());
  } catch { $("lost").hidden = false; }
  setTimeout(refresh, 500);
}
refresh();
</script>
</body>
</html>
"""
