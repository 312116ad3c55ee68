// The room grid: colours, legend, the card beside it, and choosing homes by mouse, keyboard and touch.
// The table stands in the page already; this only changes classes and words, so 2,000 doors cost a few milliseconds.
import { all, make, on, one, quietly } from "doorbook/dom";

const data = JSON.parse(one("#grid-data")?.textContent ?? '{"rooms":[],"colourings":[],"units":[]}');
const grid = one("#grid");
const ID = 0, AREA = 2, LAYOUT = 3, OWNER = 4, FIRST = 5; // the places of a home's values in the page's data
const cells = [];
for (const td of grid ? all("td[data-k]", grid) : []) cells[td.dataset.k] = td;

let by = Math.max(0, data.colourings.findIndex((one_) => one_.name === one("#switch [aria-current]")?.dataset.by));
let below = new URLSearchParams(location.search).get("below") || "state";
const only = new Set(); // values of the legend that are looked at; none means all
const chosen = new Set(); // places of the chosen homes

// Colours -------------------------------------------------------------------------------------------------------------
function shadeOf(k) {
  return data.colourings[by].shades[data.rooms[k][FIRST + by]] ?? ["", data.none, "grey"];
}

function paint() {
  performance.mark("grid-start");
  cells.forEach((td, k) => {
    const [value, words, tone] = shadeOf(k);
    td.className = `room tone-${tone}${only.size && !only.has(value) ? " faded" : ""}${chosen.has(k) ? " chosen" : ""}`;
    const link = td.firstElementChild;
    const text = below === "owner" ? data.rooms[k][OWNER] || "—" : below === "area" ? data.rooms[k][AREA] : below === "layout" ? data.rooms[k][LAYOUT] : words;
    if (link.children[1].textContent !== text) link.children[1].textContent = text;
    // what the colour says is said in words too, whatever stands below the number
    if (below === "state") link.removeAttribute("aria-label");
    else link.setAttribute("aria-label", `${link.firstElementChild.textContent} ${words} ${text}`);
  });
  performance.mark("grid-end");
  performance.measure("room grid", "grid-start", "grid-end");
}

function legend() {
  const counts = new Map();
  cells.forEach((_, k) => {
    const value = shadeOf(k)[0];
    counts.set(value, (counts.get(value) ?? 0) + 1);
  });
  const shades = data.colourings[by].shades.slice();
  if (counts.has("") && !shades.some((shade) => shade[0] === "")) shades.push(["", data.none, "grey"]);
  one("#legend").setAttribute("aria-label", data.colourings[by].label);
  one("#legend").replaceChildren(
    ...shades.map(([value, words, tone]) =>
      make("li", {}, make("button", { type: "button", class: "legend-item", "data-value": value, "aria-pressed": only.has(value) }, make("span", { class: `swatch tone-${tone}` }), make("span", {}, words), " ", make("strong", {}, String(counts.get(value) ?? 0)))),
    ),
  );
}

function address() {
  const url = new URL(location.href);
  url.searchParams.set("by", data.colourings[by].name);
  for (const [name, value] of [["only", [...only].join(",")], ["below", below === "state" ? "" : below]]) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  history.replaceState(null, "", url);
  for (const link of all(".buildings a")) {
    const to = new URL(link.href);
    to.search = url.search;
    link.href = to.href;
  }
}

on("click", "#switch a", (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  by = data.colourings.findIndex((each) => each.name === link.dataset.by);
  for (const other of all("#switch a")) other.toggleAttribute("aria-current", false);
  link.setAttribute("aria-current", "true");
  only.clear();
  paint();
  legend();
  address();
});

on("click", "#legend button", (_, button) => {
  const { value } = button.dataset;
  only.has(value) ? only.delete(value) : only.add(value);
  button.setAttribute("aria-pressed", only.has(value));
  paint();
  address();
});

one("#below")?.addEventListener("change", (event) => {
  below = event.target.value;
  paint();
  address();
});

on("click", "#print", () => window.print());

// The card ------------------------------------------------------------------------------------------------------------
const body = one("#card-body");
const told = new Map();
let pointed = -1;

const fetchCard = quietly(async (k) => {
  if (k !== pointed || getComputedStyle(one("#card")).display === "none") return;
  const id = data.rooms[k][ID];
  if (!told.has(id)) {
    const answer = await fetch(grid.dataset.card + id, { credentials: "same-origin", headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    told.set(id, await answer.text());
  }
  if (k === pointed) body.innerHTML = told.get(id); // a fragment of our own server, escaped there
}, 140);

function point(k) {
  if (k === pointed || k < 0) return;
  cells[pointed]?.removeAttribute("data-pointed");
  pointed = k;
  cells[k].setAttribute("data-pointed", "");
  one("#card-empty").hidden = true;
  const room = data.rooms[k];
  const [, words, tone] = shadeOf(k);
  body.replaceChildren(
    make("h2", { class: "door-name" }, [data.units[room[1]], one("b", cells[k]).textContent].filter(Boolean).join(" ")),
    make("p", { class: "quiet" }, [room[AREA] && `${room[AREA]} ㎡`, room[LAYOUT]].filter(Boolean).join(" · ")),
    make("p", {}, make("span", { class: `state tone-${tone}` }, words), " ", room[OWNER]),
  );
  fetchCard(k);
}

const placeOf = (target) => Number(target.closest?.("td[data-k]")?.dataset.k ?? -1);
grid?.addEventListener("pointerover", (event) => event.pointerType === "mouse" && !drag && point(placeOf(event.target)));
grid?.addEventListener("focusin", (event) => point(placeOf(event.target)));

// Choosing ------------------------------------------------------------------------------------------------------------
const bar = one("#chosen");
const mode = one("#select");

function choose(places, wanted) {
  for (const k of places) {
    wanted ? chosen.add(k) : chosen.delete(k);
    cells[k].classList.toggle("chosen", wanted);
    const mark = one(".chosen-words", cells[k]);
    if (wanted && !mark) cells[k].firstElementChild.append(make("span", { class: "unseen chosen-words" }, grid.dataset.wordsChosen));
    else if (!wanted) mark?.remove();
  }
  bar.hidden = !chosen.size;
  document.body.classList.toggle("has-chosen", chosen.size > 0);
  if (!chosen.size) return;
  const count = one("#chosen-count");
  count.textContent = count.dataset.words.replace("{n}", chosen.size.toLocaleString(document.documentElement.lang));
  const ids = ranges([...chosen].map((k) => data.rooms[k][ID]));
  const many = ids.length > 6000;
  one("#chosen-many").hidden = !many;
  const form = one("#many-form");
  if (form) {
    form.elements.query.value = `ids=${ids}`;
    one("button", form).disabled = many;
  }
  for (const link of all("[data-to]", bar)) {
    link.toggleAttribute("data-off", many);
    many ? link.removeAttribute("href") : link.setAttribute("href", link.dataset.to + ids);
  }
}

/** Keys as the server reads them: '12-45,50'. */
function ranges(keys) {
  const found = [];
  for (const key of keys.sort((a, b) => a - b)) {
    const last = found.at(-1);
    last && key === last[1] + 1 ? (last[1] = key) : found.push([key, key]);
  }
  return found.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(",");
}

mode?.addEventListener("click", () => {
  const now = mode.getAttribute("aria-pressed") !== "true";
  mode.setAttribute("aria-pressed", now);
  grid.classList.toggle("choosing", now);
});
one("#unchoose")?.addEventListener("click", () => choose([...chosen], false));

// A rectangle over the doors, wherever their table stands.
let drag = null;
let moved = false;
const frame = make("div", { class: "grid-frame", hidden: "" });
grid?.append(frame);

function inside(box) {
  return drag.boxes.filter(([, r]) => r.left < box.right && r.right > box.left && r.top < box.bottom && r.bottom > box.top).map(([k]) => k);
}

grid?.addEventListener("dragstart", (event) => event.preventDefault()); // links would be carried away
grid?.addEventListener("pointerdown", (event) => {
  moved = false;
  if (event.button !== 0 || (event.pointerType !== "mouse" && mode.getAttribute("aria-pressed") !== "true") || event.target.closest("button, a.button")) return;
  const boxes = cells.map((td, k) => {
    const r = td.getBoundingClientRect();
    return [k, { left: r.left + scrollX, right: r.right + scrollX, top: r.top + scrollY, bottom: r.bottom + scrollY }];
  });
  drag = { x: event.pageX, y: event.pageY, boxes, id: event.pointerId, before: new Set(chosen), add: event.ctrlKey || event.metaKey || event.shiftKey || event.pointerType !== "mouse" };
});
grid?.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const box = { left: Math.min(drag.x, event.pageX), right: Math.max(drag.x, event.pageX), top: Math.min(drag.y, event.pageY), bottom: Math.max(drag.y, event.pageY) };
  if (!moved && box.right - box.left < 6 && box.bottom - box.top < 6) return;
  if (!moved) {
    moved = true;
    grid.setPointerCapture(drag.id);
    grid.classList.add("dragging");
  }
  const at = grid.getBoundingClientRect();
  frame.hidden = false;
  frame.style.setProperty("left", `${box.left - scrollX - at.left}px`);
  frame.style.setProperty("top", `${box.top - scrollY - at.top}px`);
  frame.style.setProperty("width", `${box.right - box.left}px`);
  frame.style.setProperty("height", `${box.bottom - box.top}px`);
  const now = new Set(inside(box));
  const leave = [...chosen].filter((k) => !now.has(k) && !(drag.add && drag.before.has(k)));
  choose(leave, false);
  choose([...now].filter((k) => !cells[k].classList.contains("faded")), true);
});
function drop() {
  drag = null;
  frame.hidden = true;
  grid.classList.remove("dragging");
}
grid?.addEventListener("pointerup", drop);
grid?.addEventListener("pointercancel", drop);
grid?.addEventListener(
  "click",
  (event) => {
    const k = placeOf(event.target);
    if (moved) {
      event.preventDefault(); // the end of a rectangle is no click
      moved = false;
    } else if (k >= 0 && (mode.getAttribute("aria-pressed") === "true" || (chosen.size && (event.ctrlKey || event.metaKey || event.shiftKey)))) {
      event.preventDefault();
      choose([k], !chosen.has(k));
    }
  },
  true,
);

// Keyboard: one stop for Tab, arrows move by sight, Space chooses, Shift and arrows choose what lies between.
let here = 0;
let anchor = null;
for (const td of cells) td.firstElementChild.tabIndex = -1;
if (cells[0]) cells[0].firstElementChild.tabIndex = 0;

function stand(k) {
  cells[here].firstElementChild.tabIndex = -1;
  here = k;
  const link = cells[k].firstElementChild;
  link.tabIndex = 0;
  link.focus();
}

function neighbour(k, dx, dy) {
  const from = cells[k].getBoundingClientRect();
  const x = (from.left + from.right) / 2, y = (from.top + from.bottom) / 2;
  let best = -1, least = Infinity;
  cells.forEach((td, other) => {
    if (other === k) return;
    const r = td.getBoundingClientRect();
    const along = dx ? ((r.left + r.right) / 2 - x) * dx : ((r.top + r.bottom) / 2 - y) * dy;
    const across = dx ? Math.max(0, r.top - y, y - r.bottom) : Math.max(0, r.left - x, x - r.right);
    if (along <= 2) return;
    const far = along + across * 8;
    if (far < least) [best, least] = [other, far];
  });
  return best;
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
grid?.addEventListener("keydown", (event) => {
  const k = placeOf(event.target);
  if (event.key === "Escape" && chosen.size) {
    choose([...chosen], false);
    return;
  }
  if (k < 0 || event.altKey) return;
  if (event.key in STEPS) {
    event.preventDefault();
    const next = neighbour(k, ...STEPS[event.key]);
    if (next < 0) return;
    if (event.shiftKey) {
      anchor ??= k;
      const a = cells[anchor].getBoundingClientRect(), b = cells[next].getBoundingClientRect();
      const box = { left: Math.min(a.left, b.left) + 2, right: Math.max(a.right, b.right) - 2, top: Math.min(a.top, b.top) + 2, bottom: Math.max(a.bottom, b.bottom) - 2 };
      choose([...chosen], false);
      choose(cells.map((td, n) => [n, td.getBoundingClientRect()]).filter(([, r]) => r.left < box.right && r.right > box.left && r.top < box.bottom && r.bottom > box.top).map(([n]) => n), true);
    } else anchor = null;
    stand(next);
  } else if (event.key === " ") {
    event.preventDefault();
    anchor = null;
    choose([k], !chosen.has(k));
  } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    choose(cells.map((_, n) => n).filter((n) => !cells[n].classList.contains("faded")), true);
  }
});
grid?.addEventListener("focusin", (event) => {
  const k = placeOf(event.target);
  if (k < 0 || k === here) return;
  cells[here].firstElementChild.tabIndex = -1;
  here = k;
  cells[k].firstElementChild.tabIndex = 0;
});

// What the address asks for -------------------------------------------------------------------------------------------
if (grid) {
  const asked = new URLSearchParams(location.search);
  const known = new Set(data.colourings[by].shades.map((shade) => shade[0]));
  for (const value of (asked.get("only") ?? "").split(",")) if (value && known.has(value)) only.add(value);
  if (!all("option", one("#below")).some((option) => option.value === below)) below = "state";
  one("#below").value = below;
  if (only.size || below !== "state") paint();
  if (only.size) legend();
  one(".buildings [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  document.documentElement.dataset.grid = "ready";
}
