// Grids of children: sorted and paged without leaving the record, rows entered and changed in their place.
import { all, csrf, on, one, placed, toast } from "doorbook/dom";

const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
const words = one("#toasts").dataset;

/** Fetches this record anew and puts the grid `id` of it in place of the one that stands here. */
async function refresh(id, address = location.href) {
  const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
  const fresh = answer?.ok && !answer.redirected ? parsed(await answer.text()).getElementById(id) : null;
  if (!fresh) return location.assign(address);
  document.getElementById(id).replaceWith(document.importNode(fresh, true));
  return document.getElementById(id);
}

on("click", ".children [data-turn]", async (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { id } = link.closest(".children");
  const label = link.getAttribute("aria-label");
  const grid = await refresh(id, link.href);
  history.replaceState(null, "", placed(link.href));
  (label && one(`[data-turn][aria-label="${label}"]`, grid) || one(".grid-scroll", grid))?.focus();
});

/** Asks for a row as fields, and puts them where `put` says. Returns the drawn row. */
async function draw(grid, pk, put) {
  const url = `${grid.dataset.line}/${pk}?${grid.dataset.query}`;
  const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "text/html, application/problem+json" } }).catch(() => null);
  if (!answer?.ok) {
    const said = await answer?.json().catch(() => null);
    return toast(said?.detail ?? words.failed, "error");
  }
  return place(await answer.text(), put);
}

async function place(html, put) {
  const rows = all("tr", parsed(html)).map((row) => document.importNode(row, true));
  put(rows);
  const pickers = await import("doorbook/pickers").catch(() => null);
  pickers?.equip(rows[0]);
  const wrong = one('[aria-invalid="true"]', rows[0]);
  const first = wrong ?? one("input:not([type=hidden]), select, textarea", rows[0]);
  if (first?.tomselect) first.tomselect.control_input.focus();
  else first?.focus();
  return rows[0];
}

const errors = (row) => (row.nextElementSibling?.matches(".line-errors") ? row.nextElementSibling : null);

on("click", "[data-edit-line]", (event, button) => {
  event.preventDefault();
  const row = button.closest("tr");
  const grid = button.closest("table");
  if (one(".line-form", grid)) return one(".line-form [data-save-line]", grid).focus(); // one at a time: nothing typed is lost
  draw(grid, row.dataset.pk, (rows) => {
    row.after(...rows);
    row.hidden = true;
    rows[0].shadow = row;
  });
});

function begin(section) {
  const grid = one("table.grid", section);
  if (one(".line-form", grid)) return;
  one(".grid-scroll", section).hidden = false;
  draw(grid, "new", (rows) => one("tbody", grid).append(...rows));
}

on("click", "[data-new-line]", (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  begin(link.closest(".children"));
});

function leave(row) {
  const section = row.closest(".children");
  errors(row)?.remove();
  if (row.shadow) {
    row.shadow.hidden = false;
    one("[data-edit-line]", row.shadow)?.focus();
  } else one("[data-new-line]", section)?.focus();
  row.remove();
}
on("click", "[data-leave-line]", (_, button) => leave(button.closest("tr")));

async function save(row) {
  if (row.dataset.sent) return;
  row.dataset.sent = "1";
  const body = new URLSearchParams();
  for (const field of all("input, select, textarea", row)) if (field.name && (field.type !== "checkbox" || field.checked)) body.append(field.name, field.value);
  const answer = await fetch(row.dataset.urlLine, { method: "POST", body, credentials: "same-origin", headers: { "X-CSRFToken": csrf() } }).catch(() => null);
  delete row.dataset.sent;
  if (!answer) return toast(words.failed, "error");
  const kind = answer.headers.get("content-type") ?? "";
  if (kind.startsWith("text/html") && [409, 422, 428].includes(answer.status)) {
    const { shadow } = row;
    errors(row)?.remove();
    return place(await answer.text(), (rows) => {
      rows[0].shadow = shadow;
      row.replaceWith(...rows);
    });
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok || !said) return toast(said?.detail ?? words.refused, "error");
  const more = !row.shadow;
  const grid = await refresh(row.closest(".children").id);
  toast(said.text);
  if (more && grid) begin(grid); // in a run of rows the next line is ready
  else if (grid) one(`tr[data-pk="${said.pk}"] [data-edit-line]`, grid)?.focus();
}
on("click", "[data-save-line]", (_, button) => save(button.closest("tr")));

document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.(".line-form");
  if (!row || event.isComposing) return;
  const open = one(".ts-wrapper.dropdown-active", row);
  if (event.key === "Escape" && !open) leave(row);
  else if (event.key === "Enter" && !open && !event.target.matches("textarea, button")) save(row);
  else return;
  event.preventDefault();
  event.stopPropagation();
});
