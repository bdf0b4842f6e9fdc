// Keeps a page up to date. The server's events contain its live section; only nodes that differ are changed, so that
// the focus stays where it is, and screen readers read out the summary alone.

import { localize } from "./times.js";

const section = document.getElementById("live");
const connection = document.getElementById("connection");
const summary = document.getElementById("summary");
let events = null;
let timer = 0;

function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name); // the user opened these details
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  let here = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const isAlike = here && !here.id && here.nodeName === child.nodeName;
    const same = child.id ? [...old.children].find((each) => each.id === child.id) : isAlike ? here : null;
    if (!same) {
      old.insertBefore(child, here);
      continue;
    }
    if (same !== here) old.insertBefore(same, here);
    morph(same, child);
    here = same.nextSibling;
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

function show(update) {
  const fresh = document.createElement("template");
  fresh.innerHTML = update.html; // made by the server's templates, which escape all text
  localize(fresh.content);
  const focused = document.activeElement;
  const card = focused.closest("li");
  morphChildren(section, fresh.content);
  if (!focused.isConnected) (card?.querySelector("a") || document.getElementById("main")).focus(); // a button has gone
  document.title = update.title;
  if (summary.textContent !== update.summary) summary.textContent = update.summary;
}

function showConnection(state, text) {
  if (connection.dataset.state === state) return;
  connection.hidden = false;
  connection.dataset.state = state;
  connection.textContent = text;
}

// Loads the page again as soon as the server responds; without a session, that leads to the login.
async function reload() {
  const response = await fetch(location.href, { redirect: "manual" }).catch(() => null);
  if (response && response.status < 500) location.reload();
  else timer = setTimeout(reload, 3000);
}

// A stream occupies a connection, of which browsers have six for a host: a hidden page asks now and then instead.
function connect() {
  clearTimeout(timer);
  events?.close();
  events = new EventSource(section.dataset.events + (document.hidden ? "?once" : ""));
  events.onopen = () => showConnection("live", "Live");
  events.onmessage = (event) => show(JSON.parse(event.data));
  events.onerror = () => {
    if (!document.hidden) showConnection("lost", "Reconnecting…");
    if (events.readyState === EventSource.CLOSED) timer = setTimeout(reload, 3000); // after an error status
  };
  events.addEventListener("logout", async () => {
    events.close();
    // another login may have replaced the session, as for a consent; without one, this page would begin one by itself
    const response = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (response?.ok) location.reload();
    else location.assign(section.dataset.home);
  });
}

addEventListener("pageshow", connect);
addEventListener("pagehide", () => events?.close());
document.addEventListener("visibilitychange", connect);
