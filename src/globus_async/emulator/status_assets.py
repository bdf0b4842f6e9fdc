"""The style and the script of the status page."""

from __future__ import annotations

from typing import Final

__all__ = ("SCRIPT", "STYLE")

STYLE: Final = """
:root {
  color-scheme: light dark;
  --page: #f5f6f8; --box: #fff; --line: #dfe3e8; --text: #1b222c; --soft: #56606e; --accent: #0b5cad;
  --good: #14692f; --bad: #b3151f; --warn: #7a4b00; --good-box: #e2f4e7; --bad-box: #fde8e8; --warn-box: #fdf0d5;
  --accent-box: #e3effb;
  font: 15px/1.45 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --box: #1b2128; --line: #313a45; --text: #e6eaef; --soft: #a3afbd; --accent: #7fb9f5;
    --good: #7fd698; --bad: #ff9c9c; --warn: #f0c069; --good-box: #17331f; --bad-box: #46191c; --warn-box: #3a2c0c;
    --accent-box: #14304d;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text) }
header, main { max-width: 80rem; margin: 0 auto; padding: 0 1.25rem }
header { padding-top: 1.5rem }
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem }
p { margin: .25rem 0 }
#summary { color: var(--soft); font-variant-numeric: tabular-nums }
#lost { color: var(--bad); background: var(--bad-box); padding: .5rem .75rem; border-radius: .5rem; margin: .5rem 0 }
.count { color: var(--soft); font-weight: 400 }
.box { background: var(--box); border: 1px solid var(--line); border-radius: .5rem; overflow-x: auto }
.empty { color: var(--soft); padding: .6rem .75rem; margin: 0 }
code, pre, td.code { font: .87em/1.5 ui-monospace, "DejaVu Sans Mono", monospace }
pre { margin: 0; padding: .6rem .75rem; overflow-x: auto }
button { font: inherit; font-size: .87rem; color: var(--accent); background: var(--box); border: 1px solid var(--line);
  border-radius: .4rem; padding: .2rem .6rem; cursor: pointer }
button:hover { border-color: var(--accent) }
.variables { position: relative; margin-top: .5rem }
.variables button { margin: 0 .75rem .6rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .45rem .75rem; border-bottom: 1px solid var(--line) }
tr:last-child td { border-bottom: 0 }
th { color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap }
td.code { overflow-wrap: anywhere }
.number, .bytes, .speed, .duration { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.time { white-space: nowrap; font-variant-numeric: tabular-nums }
td.name { overflow-wrap: anywhere; min-width: 12rem }
button.id { display: block; border: 0; padding: 0; background: none; color: var(--soft); text-align: left;
  font: .78rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace }
button.id:hover { color: var(--accent); text-decoration: underline }
.pill { display: inline-block; padding: 0 .5rem; border-radius: 1rem; font-size: .87rem; background: var(--accent-box);
  color: var(--accent); white-space: nowrap }
.details { display: block; color: var(--soft); font-size: .8rem; white-space: nowrap }
.pill.good { background: var(--good-box); color: var(--good) }
.pill.bad { background: var(--bad-box); color: var(--bad) }
.pill.warn { background: var(--warn-box); color: var(--warn) }
.bar { display: flex; white-space: nowrap; align-items: center; gap: .5rem; font-variant-numeric: tabular-nums }
progress { width: 6rem; height: .6rem; accent-color: var(--accent) }
#copied { position: fixed; right: 1rem; bottom: 1rem; margin: 0; padding: .4rem .8rem; border-radius: .5rem;
  background: var(--text); color: var(--page) }
#copied:empty { display: none }
main { padding-bottom: 3rem }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
@media (max-width: 50rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  table, tbody, tr { display: block }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line) }
  tr:last-child { border-bottom: 0 }
  td, td.number, td.bytes, td.speed, td.duration { display: flex; gap: .75rem; border: 0; padding: .15rem .75rem;
    text-align: left; white-space: normal }
  td::before { content: attr(data-title); flex: 0 0 6.5rem; color: var(--soft); font: .87rem/1.5 system-ui, sans-serif }
  td.name::before { display: none }
  td:empty { display: none }
  td.name { font-weight: 600 }
  #recent tr { display: grid; grid-template-columns: auto auto 1fr auto; align-items: baseline }
  #recent td { padding: .15rem 0 .15rem .75rem }
  #recent td:last-child { padding-right: .75rem }
  #recent td::before { display: none }
}
"""

SCRIPT: Final = """
"use strict";
const TABLES = {{tables}};
const $ = (id) => document.getElementById(id);

const UNITS = ["B", "kB", "MB", "GB", "TB"];
function size(bytes) {
  let unit = 0;
  for (; bytes >= 999.5 && unit < UNITS.length - 1; unit++) bytes /= 1000;
  return `${unit === 0 ? Math.round(bytes) : bytes.toFixed(bytes < 9.95 ? 1 : 0)} ${UNITS[unit]}`;
}
function duration(seconds) {
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60), hours = Math.floor(minutes / 60);
  if (whole < 60) return whole < 1 ? "< 1 s" : `${whole} s`;
  if (hours < 1) return `${minutes} min ${whole % 60} s`;
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
let today = "";
function date(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}
// what stays as it is, is not written: selections and focus remain
function set(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}
function hide(part, isHidden) {
  if (part.hidden !== isHidden) part.hidden = isHidden;
}
function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
function pill(text, kind) {
  return element("span", text, `pill ${kind}`);
}
const HTTP = { 2: "good", 3: "", 4: "warn", 5: "bad" };
const STATUS = { SUCCEEDED: "good", FAILED: "bad", INACTIVE: "warn" };

// what a cell shows, as a node or a text
const SHOW = {
  name(value, row) {
    const both = element("div", value), id = element("button", row.id, "id");
    id.type = "button";
    id.title = "Copy the id";
    both.append(id);
    return both;
  },
  status(value) {
    const both = element("div"), [state, details] = value.split(" (");
    both.append(pill(state, STATUS[state] || ""));
    if (details) both.append(element("span", details.replace(/\\)$/, ""), "details"));
    return both;
  },
  http: (value) => value === null ? "no response" : pill(value, HTTP[Math.floor(value / 100)]),
  progress(value) {
    const bar = element("div", undefined, "bar"), progress = element("progress");
    progress.max = 1;
    progress.setAttribute("value", value.toFixed(3));
    progress.setAttribute("aria-label", "Progress");
    bar.append(progress, `${Math.floor(value * 100)} %`);
    return bar;
  },
  bytes: size,
  speed: (value) => value ? `${size(value)}/s` : "",
  duration,
  time(value) {
    const [day, time] = date(value).split(" ");
    return day === today ? time : `${day} ${time}`;
  },
  number: (value) => value.toLocaleString("en"),
};

function fill(td, column, row) {
  const value = row[column.member];
  const isEmpty = value === undefined || value === null && column.kind !== "http";
  const shown = isEmpty ? "" : (SHOW[column.kind] || String)(value, row);
  if (typeof shown === "string") {
    if (td.textContent !== shown) td.textContent = shown;
  } else if (!td.firstChild?.isEqualNode(shown)) td.replaceChildren(shown);
  const exact = column.kind === "bytes" && typeof value === "number" ? `${value} bytes` : "";
  if (td.title !== exact) td.title = exact;
}
function show(name, columns, rows) {
  const body = $(name), known = new Map([...body.children].map((tr) => [tr.dataset.key, tr]));
  rows.forEach((row, index) => {
    let tr = known.get(row.id);
    known.delete(row.id);
    if (!tr) {
      tr = element("tr");
      tr.dataset.key = row.id;
      for (const column of columns) {
        const td = element("td", undefined, column.kind);
        td.dataset.title = column.title;
        td.dataset.member = column.member;
        tr.append(td);
      }
    }
    columns.forEach((column, place) => fill(tr.children[place], column, row));
    if (body.children[index] !== tr) body.insertBefore(tr, body.children[index] || null);
  });
  known.forEach((tr) => tr.remove());
  set(`${name}-count`, String(rows.length || ""));
  hide($(`${name}-empty`), rows.length > 0);
  hide(body.parentNode, rows.length === 0);
}
function summary(state) {
  const parts = [`${date(state.now)} UTC`, `${state.requests.toLocaleString("en")} requests`];
  if (state.unknown) parts.push(`${state.unknown.toLocaleString("en")} for unknown paths`);
  return parts.join(" · ");
}
async function refresh() {
  try {
    const state = await (await fetch("/emulator/state")).json();
    hide($("lost"), true);
    today = date(state.now).split(" ")[0];
    set("summary", summary(state));
    set("address", state.url || "");
    set("variables", Object.entries(state.environ).map(([name, value]) => `export ${name}=${value}`).join("\\n"));
    hide($("connect"), !state.url);
    for (const [name, columns] of Object.entries(TABLES)) show(name, columns, state[name]);
  } catch { hide($("lost"), false); }
  setTimeout(refresh, document.hidden ? 5000 : 500);
}
let timer;
async function copy(text) {
  let said = "Copied";
  try { await navigator.clipboard.writeText(text); } catch { said = "The browser does not allow copying"; }
  $("copied").textContent = said;
  clearTimeout(timer);
  timer = setTimeout(() => { $("copied").textContent = ""; }, 1500);
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) copy(button.dataset.copies ? $(button.dataset.copies).textContent : button.textContent);
});
refresh();
"""
