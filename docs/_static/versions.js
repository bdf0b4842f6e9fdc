// Replaces the version in the sidebar by a menu of all versions, if the list has more than this one.
"use strict";
(() => {
  const box = document.getElementById("versions");
  if (!box || location.protocol === "file:") return; // pages of a disk cannot read the list
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  const list = new URL(box.dataset.list, root);

  async function open(url) {
    const page = new URL(box.dataset.page, url);
    const found = await fetch(page, { method: "HEAD" }).then((response) => response.ok, () => false);
    location.href = found ? page.href + location.hash : url; // its first page, if it lacks this one
  }

  function show(versions) {
    const label = document.createElement("label");
    const menu = document.createElement("select");
    label.append("Version ", menu);
    for (const { version, url } of versions) {
      const target = new URL(url, list);
      if (target.origin !== location.origin) continue;
      menu.add(new Option(version, target.href, false, target.href === root.href));
    }
    if (menu.length < 2 || ![...menu.options].some((option) => option.value === root.href)) return;
    menu.addEventListener("change", () => open(menu.value));
    box.replaceChildren(label);
  }

  fetch(list)
    .then((response) => response.json())
    .then(({ versions }) => show(versions))
    .catch(() => {}); // without a list the version stays as text
})();
