// The organisation's own page: find, open all, close all.
import { all, on } from "doorbook/dom";
import "doorbook/tree-filter";

const set = (id, open) => {
  for (const details of all("details", document.getElementById(id))) details.open = open;
};
on("click", "[data-tree-open]", (_, button) => set(button.dataset.treeOpen, true));
on("click", "[data-tree-close]", (_, button) => set(button.dataset.treeClose, false));

// Moving: a unit is dragged onto its new parent, or its button pressed and a marked place chosen. Nothing moves here: the
// server shows what comes of it first, and asks for the right at both ends again.
const tree = document.getElementById("org-tree");
const moving = document.getElementById("moving");
const form = document.getElementById("move-form");
let carried = null;

/** Whether the carried unit may hang below `row`: a place that takes its kind, not itself, not below it, not where it is. */
function takes(row) {
  const item = carried.closest("li");
  return row.dataset.takes.split(" ").includes(carried.dataset.kind) && !item.contains(row) && item.parentElement.closest("li")?.querySelector(":scope > .tree-row") !== row;
}

const places = () => all(".tree-row", tree).filter(takes);

function send(row) {
  form.action = `/tree/move/${carried.dataset.kind}/${carried.dataset.key}`;
  form.elements.parent.value = carried.dataset.kind === "department" ? row.dataset.pk : row.dataset.key;
  form.submit();
}

function mark() {
  for (const row of places()) row.classList.add("takes");
}

function stop({ back = true } = {}) {
  const button = carried?.querySelector("[data-move]");
  for (const row of all(".takes, .over", tree)) row.classList.remove("takes", "over");
  for (const here of all(".tree-here", tree)) here.remove();
  moving.hidden = true;
  carried?.classList.remove("carried");
  carried = null;
  if (back) button?.focus();
}

if (form) {
  on("click", "[data-move]", (_, button) => {
    if (carried) stop({ back: false });
    carried = button.closest(".tree-row");
    carried.classList.add("carried");
    const found = places();
    const { name } = carried.dataset;
    document.getElementById("moving-words").textContent = (found.length ? moving.dataset.words : moving.dataset.none).replace("{name}", name);
    moving.hidden = false;
    mark();
    for (const row of found) {
      for (let up = row.parentElement.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
      const here = document.createElement("button");
      here.type = "button";
      here.className = "button small tree-here";
      here.textContent = moving.dataset.here.replace("{name}", row.dataset.name);
      here.addEventListener("click", () => send(row));
      row.append(here);
    }
    (found[0]?.querySelector(".tree-here") ?? document.getElementById("stay")).focus();
  });
  document.getElementById("stay").addEventListener("click", () => stop());
  document.addEventListener("keydown", (event) => {
    if (!carried) return;
    if (event.key === "Escape") stop();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !document.activeElement.matches(".tree-here")) return;
    event.preventDefault();
    const offered = all(".tree-here", tree);
    offered[(offered.indexOf(document.activeElement) + step + offered.length) % offered.length].focus();
  });

  let wait;
  tree.addEventListener("dragstart", (event) => {
    const row = event.target.closest?.(".tree-row[draggable]");
    if (!row) return;
    if (carried) stop({ back: false });
    carried = row;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", row.dataset.name);
    setTimeout(() => {
      row.classList.add("carried");
      mark();
    });
  });
  // a row that has parts lies over the line of its fold and lets the pointer through: the row is that of the list item
  const rowAt = (target) => target.closest?.("li")?.querySelector(":scope > .tree-row");
  tree.addEventListener("dragover", (event) => {
    const row = rowAt(event.target);
    if (!carried || !row) return;
    for (const other of all(".over", tree)) if (other !== row) other.classList.remove("over");
    if (takes(row)) {
      event.preventDefault();
      row.classList.add("over");
    }
  });
  tree.addEventListener("dragenter", (event) => {
    clearTimeout(wait);
    const closed = event.target.closest?.("li")?.querySelector(":scope > details:not([open])");
    if (carried && closed) wait = setTimeout(() => (closed.open = true), 700); // a branch one rests on opens
  });
  tree.addEventListener("drop", (event) => {
    const row = rowAt(event.target);
    if (!carried || !row || !takes(row)) return;
    event.preventDefault();
    send(row);
  });
  tree.addEventListener("dragend", () => stop({ back: false }));
}
document.documentElement.dataset.tree = "ready";
