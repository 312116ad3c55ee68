// Lists: whole rows open, j/k/Enter/x, selection, what is done to a selection or to everything that is filtered.
import { all, ask, make, on, one, placed, typing } from "doorbook/dom";

const table = one("#list");
const rows = all("tbody tr", table ?? document.createElement("table"));
const boxes = all("input[name=pk]");
const every = one("#select-all");
const bar = one("#selection");
const whole = one("#select-everything");
const everything = one("input[name=everything]");

// Columns and density of one's own are not in the address one came by; put there, it can be sent on.
if (table?.dataset.address) history.replaceState(null, "", placed(table.dataset.address));
let at = -1;
let last = null;

// Opening -------------------------------------------------------------------------------------------------------------
const open = (row, apart) => {
  const url = row?.dataset.url;
  if (!url) return;
  if (apart) window.open(url, "_blank", "noopener");
  else location.assign(url);
};

table?.addEventListener("click", (event) => {
  if (event.target.closest("a, button, input, label, .pick")) return;
  if (String(getSelection())) return; // a text was marked to be copied
  open(event.target.closest("tbody tr"), event.ctrlKey || event.metaKey);
});
table?.addEventListener("auxclick", (event) => {
  if (event.button === 1 && !event.target.closest("a, button, input, .pick")) open(event.target.closest("tbody tr"), true);
});
// All round a small box counts as the box: a missed pixel must not open the record.
on("click", "td.pick", (event, cell) => {
  if (event.target === cell) one("input", cell).click();
});

// Keys ----------------------------------------------------------------------------------------------------------------
function stand(n) {
  rows[at]?.classList.remove("at");
  at = Math.max(0, Math.min(rows.length - 1, n));
  const row = rows[at];
  row.classList.add("at");
  row.scrollIntoView({ block: "nearest" });
  (one(".row-link", row) ?? one("input", row))?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (typing(event) || !rows.length) {
    if (event.key === "/" && !typing(event)) focusSearch(event);
    return;
  }
  if (event.key === "j") stand(at + 1);
  else if (event.key === "k") stand(at < 0 ? 0 : at - 1);
  else if (event.key === "x" && at >= 0) one("input[name=pk]", rows[at])?.click();
  else if (event.key === "Enter" && at >= 0 && event.target.closest("body, #list-scroll") && !event.target.closest("a, button, summary")) open(rows[at], false);
  else if (event.key === "/") return focusSearch(event);
  else if (event.key === "Escape" && bar && !bar.hidden && !one("details.menu[open]")) clear();
  else return;
  event.preventDefault();
});

function focusSearch(event) {
  event.preventDefault();
  one("#quick")?.select();
  one("#quick")?.focus();
}

// Selection -----------------------------------------------------------------------------------------------------------
const chosen = () => boxes.filter((box) => box.checked);

function show() {
  const n = chosen().length;
  bar.hidden = n === 0;
  every.checked = n > 0 && n === boxes.length;
  every.indeterminate = n > 0 && n < boxes.length;
  const count = one("#selected-count");
  const all_ = everything?.value === "1";
  count.textContent = all_ ? whole.dataset.words.replace("{n}", whole.dataset.n) : count.dataset.words.replace("{n}", n);
  // The rest of the list is offered once the whole page of it is chosen.
  if (whole) whole.hidden = all_ || n < boxes.length;
  for (const box of boxes) box.closest("tr").classList.toggle("chosen", box.checked);
}

// A tick taken away means: not everything.
function some() {
  if (everything) everything.value = "";
}

function clear() {
  some();
  for (const box of boxes) box.checked = false;
  show();
}

if (bar) {
  every.addEventListener("change", () => {
    some();
    for (const box of boxes) box.checked = every.checked;
    show();
  });
  for (const box of boxes)
    box.addEventListener("click", (event) => {
      // Shift takes everything since the last click along.
      if (event.shiftKey && last) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      }
      last = box;
      some();
      show();
    });
  one("#select-none").addEventListener("click", clear);
  whole?.addEventListener("click", () => {
    everything.value = "1";
    show();
    one("#select-none").focus();
  });
  show(); // the browser keeps ticks over "back"
}

on("click", "[data-bulk]", async (_, button) => {
  const n = everything?.value === "1" ? whole.dataset.n : chosen().length;
  const sentence = button.dataset.ask?.replace("{n}", n);
  const danger = "danger" in button.dataset;
  if (sentence && !(await ask(sentence, { yes: button.dataset.yes, danger }))) return;
  const form = one("#rows-form");
  form.action = button.dataset.bulk;
  if (!one("[name=next]", form)) form.append(make("input", { type: "hidden", name: "next", value: location.pathname + location.search }));
  form.submit();
});

// Enter on a tick box would send the bare form; only the buttons above it say where to.
one("#rows-form")?.addEventListener("submit", (event) => event.preventDefault());

// Neighbours: a record opened from here knows the rows before and after it, and the way back to this very list.
const urls = rows.map((row) => row.dataset.url).filter(Boolean);
const pager = one(".pager");
if (table)
  sessionStorage.setItem(
    `list ${location.pathname}`,
    JSON.stringify({
      urls,
      here: location.pathname + location.search,
      next: one("a[rel=next]", pager ?? table)?.href,
      prev: one("a[rel=prev]", pager ?? table)?.href,
    }),
  );
