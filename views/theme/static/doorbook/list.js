// Lists: whole rows open, j/k/Enter/x, selection, what is done to a selection, columns, density.
import { all, ask, make, on, one, remember, typing } from "doorbook/dom";

const table = one("#list");
const rows = all("tbody tr", table ?? document.createElement("table"));
const boxes = all("input[name=pk]");
const every = one("#select-all");
const bar = one("#selection");
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
  count.textContent = count.dataset.words.replace("{n}", n);
  for (const box of boxes) box.closest("tr").classList.toggle("chosen", box.checked);
}

function clear() {
  for (const box of boxes) box.checked = false;
  show();
}

if (bar) {
  every.addEventListener("change", () => {
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
      show();
    });
  one("#select-none").addEventListener("click", clear);
  show(); // the browser keeps ticks over "back"
}

on("click", "[data-bulk]", async (_, button) => {
  const sentence = button.dataset.ask?.replace("{n}", chosen().length);
  const danger = "danger" in button.dataset;
  if (sentence && !(await ask(sentence, { yes: button.dataset.yes, danger }))) return;
  const form = one("#rows-form");
  form.action = button.dataset.bulk;
  if (!one("[name=next]", form)) form.append(make("input", { type: "hidden", name: "next", value: location.pathname + location.search }));
  form.submit();
});

// Enter on a tick box would send the bare form; only the buttons above it say where to.
one("#rows-form")?.addEventListener("submit", (event) => event.preventDefault());

// Columns and density -------------------------------------------------------------------------------------------------
function goWith(change) {
  const url = new URL(location.href);
  change(url.searchParams);
  location.assign(url);
}

const columns = one("#columns-form");
columns?.addEventListener("submit", (event) => {
  event.preventDefault();
  const keys = all("input:checked", columns).map((box) => box.value);
  if (keys.length) goWith((params) => params.set("_cols", keys.join(",")));
});
one("#columns-reset")?.addEventListener("click", (event) => {
  event.preventDefault();
  goWith((params) => params.delete("_cols"));
});

function pack(density) {
  if (table) table.dataset.density = density;
  for (const button of all("[data-density-choice]")) button.setAttribute("aria-pressed", button.dataset.densityChoice === density);
}
on("click", "[data-density-choice]", (_, button) => {
  pack(button.dataset.densityChoice);
  remember("density", button.dataset.densityChoice);
  button.closest("details").open = false;
});
pack(table?.dataset.density ?? "normal");

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
