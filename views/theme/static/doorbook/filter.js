// The filter popover: a field, an operator that fits it, a value. The result is an address that can be sent to a colleague.
import { all, make, on, one, quietly } from "doorbook/dom";

const panel = one("#filter-form");
const field = one("#filter-field");
const operator = one("#filter-operator");
const value = one("#filter-value");

function offer() {
  const [operators, control] = one(`template[data-field="${CSS.escape(field.value)}"]`, panel).content.children;
  operator.replaceChildren(...[...operators.options].map((option) => option.cloneNode(true)));
  value.replaceChildren(control.cloneNode(true));
  const search = one("[data-lookup]", value);
  if (search) {
    const look = quietly(() => find(search));
    search.addEventListener("input", look);
    find(search);
  }
  fit();
}

let edited = null; // the argument of the chip that is being changed

const many = () => operator.selectedOptions[0]?.dataset.needs === "many";

// "Is empty" needs no value: nothing is asked for then. "Is one of" takes several.
function fit() {
  one("select.hits", value)?.toggleAttribute("multiple", many());
  const needs = operator.selectedOptions[0]?.dataset.needs;
  const bare = needs === "none";
  const second = one("[data-second]", value);
  if (second) {
    second.hidden = needs !== "two";
    one("[data-alone]", value).hidden = needs === "two";
    one("[data-from]", value).hidden = needs !== "two";
  }
  value.hidden = bare;
  for (const input of all("[required], [data-was-required]", value)) {
    input.toggleAttribute("data-was-required", true);
    input.required = !bare && needs !== "two";
  }
}

async function find(search) {
  const hits = one(".hits", value);
  const url = new URL(search.dataset.lookup, location.href);
  url.searchParams.set("q", search.value.trim());
  const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
  const said = answer?.ok ? await answer.json().catch(() => null) : null;
  const kept = JSON.parse(hits.dataset.keep ?? "[]").filter((row) => !said?.items?.some((item) => item.id === row.id));
  hits.replaceChildren(...kept.map((row) => make("option", { value: row.id, selected: "" }, row.text)), ...(said?.items ?? []).map((item) => make("option", { value: item.id, title: item.detail ?? null }, item.detail ? `${item.text}  ${item.detail}` : item.text)));
  for (const row of JSON.parse(hits.dataset.keep ?? "[]")) for (const option of hits.options) if (option.value === String(row.id)) option.selected = true;
  if (hits.options.length === 1) hits.selectedIndex = 0;
}

function values() {
  if (operator.selectedOptions[0]?.dataset.needs === "none") return ["1"];
  const boxes = all("input[type=checkbox]", value);
  if (boxes.length) return boxes.filter((box) => box.checked).map((box) => box.value);
  const control = one("[data-value]", value);
  if (operator.selectedOptions[0]?.dataset.needs === "two") {
    const pair = [control.value.trim(), one("#filter-to", value).value.trim()];
    return pair.some(Boolean) ? [pair.join(",")] : [];
  }
  if (control.multiple) return [...control.selectedOptions].map((option) => option.value);
  return [control.value.trim()].filter(Boolean);
}

panel.addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = values();
  if (!wanted.length) return one("[data-value]", value)?.focus();
  const url = new URL(location.href);
  if (edited) url.searchParams.delete(edited);
  url.searchParams.set(`_flt_${operator.value}_${field.value}`, wanted.join(","));
  // Page 7 of the old list means nothing in the new one.
  for (const key of [...url.searchParams.keys()]) if (/^(_after|_before|page_.*)$/.test(key)) url.searchParams.delete(key);
  location.assign(url);
});

field.addEventListener("change", offer);
operator.addEventListener("change", fit);
value.addEventListener("change", (event) => {
  if (event.target.type !== "checkbox" || many()) return;
  for (const box of all("input[type=checkbox]", value)) if (box !== event.target) box.checked = false;
});
const menu = one("#filter");
menu.addEventListener("toggle", () => {
  if (!menu.open) edited = null;
  else if (!edited) field.focus(); // a chip that is edited puts the focus on its value
});

/** Puts what a chip says into the panel. */
function fill(chip) {
  const { field: key, operator: place, value: raw, chosen } = chip.dataset;
  field.value = key;
  offer();
  operator.value = place;
  fit();
  const parts = raw.split(",");
  const boxes = all("input[type=checkbox]", value);
  for (const box of boxes) box.checked = parts.includes(box.value);
  if (boxes.length) return;
  const control = one("[data-value]", value);
  if (control.matches(".hits")) {
    control.dataset.keep = chosen;
    control.replaceChildren(...JSON.parse(chosen).map((row) => make("option", { value: row.id, selected: "" }, row.text)));
  } else if (operator.selectedOptions[0]?.dataset.needs === "two") [control.value, one("#filter-to", value).value] = [parts[0], parts[1] ?? ""];
  else control.value = raw;
}

on("click", "[data-chip]", (event, chip) => {
  event.preventDefault();
  fill(chip);
  menu.open = true;
  edited = chip.dataset.chip;
  requestAnimationFrame(() => (one("[data-value]:not([type=checkbox]), input[type=checkbox]", value) ?? operator).focus());
});
offer();
