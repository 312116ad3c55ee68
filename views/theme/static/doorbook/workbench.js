// Arranging the workbench: by buttons, by Alt with the arrow keys, and by dragging. The form says the order when it is sent.
import { all, on, one } from "doorbook/dom";

const form = one("#bench");
const chosen = one('[data-list="chosen"]', form);
const rest = one('[data-list="rest"]', form);
const said = one("#bench-said");

const label = (line) => one("strong", line).textContent;

function note(line) {
  const lines = all(".bench-line", chosen);
  form.elements.widgets.value = lines.map((each) => each.dataset.widget).join(",");
  const place = lines.indexOf(line);
  said.textContent =
    place < 0
      ? said.dataset.gone.replace("{w}", label(line))
      : said.dataset.words.replace("{w}", label(line)).replace("{n}", place + 1).replace("{all}", lines.length);
}

const MOVES = {
  up: (line) => line.previousElementSibling?.before(line),
  down: (line) => line.nextElementSibling?.after(line),
  remove: (line) => rest.prepend(line),
  add: (line) => chosen.append(line),
};

function act(move, line) {
  MOVES[move](line);
  const wanted = one(`[data-bench="${move}"]`, line);
  (wanted.offsetParent ? wanted : one(".when-chosen, .when-rest", line)).focus();
  if (!line.contains(document.activeElement)) all("button", line).find((button) => button.offsetParent)?.focus();
  note(line);
}

on("click", "[data-bench]", (_, button) => act(button.dataset.bench, button.closest(".bench-line")));

on("keydown", ".is-chosen .bench-line", (event, line) => {
  const move = event.altKey && { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!move) return;
  event.preventDefault();
  const focused = document.activeElement;
  MOVES[move](line);
  focused.focus();
  note(line);
});

let dragged = null;
on("dragstart", ".bench-line", (event, line) => {
  dragged = line;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", line.dataset.widget);
  line.classList.add("is-dragged");
});
on("dragover", ".bench-list", (event, list) => {
  if (!dragged) return;
  event.preventDefault();
  const under = event.target.closest(".bench-line");
  if (!under) {
    if (!list.contains(dragged)) list.append(dragged);
    return;
  }
  if (under === dragged) return;
  const box = under.getBoundingClientRect();
  if (event.clientY < box.top + box.height / 2) under.before(dragged);
  else under.after(dragged);
});
on("drop", ".bench-list", (event) => event.preventDefault());
on("dragend", ".bench-line", (_, line) => {
  line.classList.remove("is-dragged");
  dragged = null;
  note(line);
});
