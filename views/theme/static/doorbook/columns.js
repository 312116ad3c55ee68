// How a person has a list: columns and their order, widths, density. Kept on the server, so that another machine has it too.
import { all, make, on, one, placed, post, remember, toast } from "doorbook/dom";

const table = one("#list");
const form = one("#columns-form");
const inView = new URL(location.href).searchParams.get("_view");
const mine = !inView || inView === "0"; // a saved view has columns of its own: they change in the address until it is saved

async function keep(fields) {
  if (!mine) return true;
  const url = form?.dataset.url ?? table?.dataset.layout;
  try {
    await post(url, fields);
    return true;
  } catch (error) {
    toast(error.message, "error");
    return false;
  }
}

function go(change) {
  const url = new URL(location.href);
  change(url.searchParams);
  location.assign(url);
}

const set = (params, name, value) => (value ? params.set(name, value) : params.delete(name));

// The chooser ---------------------------------------------------------------------------------------------------------
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const items = all("li", form).filter((item) => one("input[type=checkbox]", item).checked);
  if (!items.length) return;
  const key = (item) => one("input[type=checkbox]", item).value;
  const columns = items.map(key).join(",");
  const widths = items
    .map((item) => [key(item), one(".column-width", item).value])
    .filter(([, width]) => width)
    .map((pair) => pair.join(":"))
    .join(",");
  if (!(await keep({ columns, widths }))) return;
  go((params) => {
    set(params, "_cols", columns);
    set(params, "_w", widths);
  });
});

one("#columns-reset")?.addEventListener("click", async () => {
  if (!(await keep({ reset: "1" }))) return;
  go((params) => {
    for (const name of ["_cols", "_w", "_density"]) params.delete(name);
  });
});

on("click", "[data-move]", (event, button) => {
  const item = button.closest("li");
  const other = button.dataset.move === "1" ? item.nextElementSibling : item.previousElementSibling;
  if (!other) return;
  if (button.dataset.move === "1") other.after(item);
  else other.before(item);
  one("input[type=checkbox]", item).checked = true; // who puts a column in a place wants to see it
  button.focus();
});

// Widths --------------------------------------------------------------------------------------------------------------
const wide = matchMedia("(min-width: 768px)");

function fit(head, width) {
  const place = head.cellIndex;
  for (const cell of all(`tr > :nth-child(${place + 1})`, table)) cell.style.width = cell.style.minWidth = cell.style.maxWidth = width ? `${width}px` : "";
}

function widths() {
  return all("th[data-width]", table)
    .filter((head) => head.dataset.width)
    .map((head) => `${head.dataset.key}:${head.dataset.width}`)
    .join(",");
}

function draw() {
  for (const head of all("th[data-width]", table ?? make("table"))) fit(head, wide.matches ? head.dataset.width : "");
}
draw();
wide.addEventListener("change", draw);

on("pointerdown", "[data-resize]", (event, handle) => {
  event.preventDefault();
  const head = handle.closest("th");
  const from = event.clientX;
  const before = head.getBoundingClientRect().width;
  handle.setPointerCapture(event.pointerId);
  const drag = (moved) => {
    head.dataset.width = Math.round(Math.min(640, Math.max(48, before + moved.clientX - from)));
    fit(head, head.dataset.width);
  };
  handle.addEventListener("pointermove", drag);
  handle.addEventListener(
    "pointerup",
    async () => {
      handle.removeEventListener("pointermove", drag);
      const url = new URL(location.href);
      set(url.searchParams, "_w", widths());
      history.replaceState(null, "", url);
      await keep({ widths: widths() });
    },
    { once: true },
  );
});

// Density -------------------------------------------------------------------------------------------------------------
function pack(density) {
  if (table) table.dataset.density = density;
  for (const button of all("[data-density-choice]")) button.setAttribute("aria-pressed", button.dataset.densityChoice === density);
}
on("click", "[data-density-choice]", async (event, button) => {
  const density = button.dataset.densityChoice;
  pack(density);
  remember("density", density); // lists that nobody keeps anything of, such as the recycle bin, go by it
  button.closest("details").open = false;
  if (!table?.dataset.layout) return;
  const url = new URL(location.href);
  url.searchParams.set("_density", density);
  history.replaceState(null, "", url);
  await keep({ density });
});
pack(table?.dataset.density ?? "normal");

// A link to this very list --------------------------------------------------------------------------------------------
one("#copy-link")?.addEventListener("click", async (event) => {
  const button = event.currentTarget;
  const url = placed(button.dataset.link).href;
  try {
    await navigator.clipboard.writeText(url);
  } catch {
    // Without a secure connection the browser keeps its clipboard to itself; a text that is marked still copies.
    const box = make("textarea", { class: "unseen", readonly: "" }, url);
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  toast(button.dataset.done);
});
