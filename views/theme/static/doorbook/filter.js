// The filter popover: a field, an operator that fits it, a value. The result is an address that can be sent to a colleague.
import { all, make, one, quietly } from "doorbook/dom";

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

const many = () => operator.selectedOptions[0]?.dataset.needs === "many";

// "Is empty" needs no value: nothing is asked for then. "Is one of" takes several.
function fit() {
  one("select.hits", value)?.toggleAttribute("multiple", many());
  const bare = operator.selectedOptions[0]?.dataset.needs === "none";
  value.hidden = bare;
  for (const input of all("[required], [data-was-required]", value)) {
    input.toggleAttribute("data-was-required", true);
    input.required = !bare;
  }
}

async function find(search) {
  const hits = one(".hits", value);
  const url = new URL(search.dataset.lookup, location.href);
  url.searchParams.set("q", search.value.trim());
  const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
  const said = answer?.ok ? await answer.json().catch(() => null) : null;
  hits.replaceChildren(...(said?.items ?? []).map((item) => make("option", { value: item.id, title: item.detail ?? null }, item.detail ? `${item.text}  ${item.detail}` : item.text)));
  if (hits.options.length === 1) hits.selectedIndex = 0;
}

function values() {
  if (operator.selectedOptions[0]?.dataset.needs === "none") return ["1"];
  const boxes = all("input[type=checkbox]", value);
  if (boxes.length) return boxes.filter((box) => box.checked).map((box) => box.value);
  const control = one("[data-value]", value);
  if (control.multiple) return [...control.selectedOptions].map((option) => option.value);
  return [control.value.trim()].filter(Boolean);
}

panel.addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = values();
  if (!wanted.length) return one("[data-value]", value)?.focus();
  const url = new URL(location.href);
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
one("#filter").addEventListener("toggle", (event) => {
  if (event.target.open) field.focus();
});
offer();
