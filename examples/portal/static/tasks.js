"use strict";

// Shows the tasks that the server sends. All text is inserted as text, never as markup.
const list = document.getElementById("tasks");
const live = document.getElementById("live");
const cards = new Map();

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function hidden(name, value) {
  const made = element("input");
  Object.assign(made, { type: "hidden", name, value });
  return made;
}

function cardOf(task) {
  const parts = {
    label: element("strong"), state: element("span"), route: element("span", "route"), bar: element("progress"),
    percent: element("span", "percent"), details: element("span", "details"), cancel: element("button", "quiet", "Cancel"),
  };
  parts.bar.max = 100;
  const form = element("form", "", hidden("csrf_token", list.dataset.csrf), parts.cancel);
  form.method = "post";
  form.action = `${list.dataset.root}/tasks/${encodeURIComponent(task.id)}/cancel`;
  parts.card = element("li", "task",
    element("div", "row", parts.label, parts.state),
    parts.route,
    element("div", "row", parts.bar, parts.percent),
    element("div", "row", parts.details, form));
  parts.card.dataset.task = task.id;
  cards.set(task.id, parts);
  return parts;
}

function show(tasks) {
  document.getElementById("none").hidden = tasks.length > 0;
  tasks.forEach((task, place) => {
    const parts = cards.get(task.id) || cardOf(task);
    parts.label.textContent = task.label;
    parts.bar.ariaLabel = `Progress of ${task.label}`;
    parts.cancel.ariaLabel = `Cancel ${task.label}`;
    parts.state.textContent = task.state.toLowerCase();
    parts.state.className = `state ${task.state.toLowerCase()}`;
    parts.card.dataset.state = task.state;
    parts.route.replaceChildren(element("bdi", "", task.source), " → ", element("bdi", "", task.destination));
    parts.bar.value = task.percent;
    parts.percent.textContent = `${task.percent} %`;
    parts.details.textContent = [task.files, task.moved, task.is_done ? "" : task.speed, task.faults ? `${task.faults} faults` : ""]
      .filter(Boolean).join(" · ");
    parts.cancel.hidden = task.is_done;
    if (list.children[place] !== parts.card) list.insertBefore(parts.card, list.children[place] || null);
  });
}

show(JSON.parse(document.getElementById("first").textContent));

// Loads the page again as soon as the server responds; without a session, that leads to the login.
async function reload() {
  const response = await fetch(`${list.dataset.root}/tasks`, { redirect: "manual" }).catch(() => null);
  if (response && response.status < 500) location.reload();
  else setTimeout(reload, 3000);
}

const events = new EventSource(`${list.dataset.root}/tasks/events`);
events.onopen = () => { live.textContent = "live"; live.classList.add("on"); };
events.onerror = () => {
  live.textContent = "reconnecting";
  live.classList.remove("on");
  if (events.readyState === EventSource.CLOSED) setTimeout(reload, 3000); // browsers give up after an error status
};
events.onmessage = (event) => show(JSON.parse(event.data));
events.addEventListener("logout", () => { events.close(); location.assign(`${list.dataset.root}/`); });
