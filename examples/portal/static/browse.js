// Selects, counts and filters the entries of a folder, which can be selected one by one without this.

const form = document.getElementById("selection");
const all = document.getElementById("all");
const filter = document.getElementById("filter-text");
const boxes = [...form.querySelectorAll("input[name=names]")];
const rows = new Map(boxes.map((box) => [box, box.closest("tr")]));
const names = new Map(boxes.map((box) => [box, box.value.toLowerCase()]));
const kept = `selection of ${form.elements.source.value} ${form.elements.folder.value}`;
let last = null;

const shown = () => boxes.filter((box) => !rows.get(box).hidden);
const counted = (number, noun) => (number === 1 ? `1 ${noun}` : `${number} ${noun}s`);

function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; unit += 1) bytes /= 1000;
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

function summary() {
  const selected = boxes.filter((box) => box.checked);
  const folders = selected.filter((box) => box.value.endsWith("/")).length;
  const files = selected.length - folders;
  const bytes = selected.reduce((sum, box) => sum + Number(box.dataset.size || 0), 0);
  const parts = [];
  if (files) parts.push(`${counted(files, "file")} (${size(bytes)})`);
  if (folders) parts.push(`${counted(folders, "folder")} with all contents`);
  const hidden = selected.filter((box) => rows.get(box).hidden).length;
  const note = hidden ? `, ${hidden} of them not shown` : "";
  return selected.length ? `${parts.join(" and ")} selected${note}` : "Nothing selected";
}

function update() {
  const here = shown();
  const count = here.filter((box) => box.checked).length;
  all.checked = count > 0 && count === here.length;
  all.indeterminate = count > 0 && count < here.length;
  all.disabled = here.length === 0;
  const text = summary();
  document.getElementById("selected").textContent = text;
  document.getElementById("bar-text").textContent = text;
}

function applyFilter() {
  const text = filter.value.trim().toLowerCase();
  for (const box of boxes) rows.get(box).hidden = !names.get(box).includes(text);
  document.getElementById("shown").textContent = text ? `${shown().length} of ${counted(boxes.length, "entry").replace("ys", "ies")} shown` : "";
  update();
}

form.addEventListener("click", ({ target, shiftKey }) => {
  if (target.name !== "names") return;
  const here = shown();
  const [one, other] = [here.indexOf(last), here.indexOf(target)].sort((a, b) => a - b);
  if (shiftKey && one >= 0) for (const box of here.slice(one, other + 1)) box.checked = target.checked;
  last = target;
});
form.addEventListener("change", update);
all.addEventListener("change", () => {
  for (const box of shown()) box.checked = all.checked;
});
filter.addEventListener("input", applyFilter);
filter.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault(); // it would start the transfer
  if (event.key !== "Escape") return;
  filter.value = "";
  applyFilter();
});

// The selection survives sorting, which loads the page again.
for (const link of form.querySelectorAll("thead a")) {
  link.addEventListener("click", () => {
    sessionStorage.setItem(kept, JSON.stringify(boxes.filter((box) => box.checked).map((box) => box.value)));
  });
}
const before = new Set(JSON.parse(sessionStorage.getItem(kept) || "[]"));
sessionStorage.removeItem(kept);
for (const box of boxes) box.checked ||= before.has(box.value);

all.parentElement.hidden = false;
for (const id of ["filter", "selected", "bar"]) document.getElementById(id).hidden = false;
update();
