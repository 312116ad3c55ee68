// Beside the form of a grant: the rows and rights it would give and take, before it is saved.
import { make, one, post, quietly } from "doorbook/dom";

const form = one("#record-form");
const zh = document.documentElement.lang.startsWith("zh");
const title = zh ? "授权影响预览" : "What it gives and takes";
const shown = make("div", { "aria-live": "polite" });
const card = make("section", { class: "card card-section rights-preview", "aria-label": title }, make("h2", {}, title), shown);
one(".card", form).after(card);

const quiet = (text) => make("p", { class: "quiet" }, text);

function drawn(person, heads) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const rows = person.rows.map((cells) => make("tr", {}, ...cells.map((text, i) => make("td", { "data-label": heads[i] }, text))));
  const table = make("table", { class: "grid" }, make("thead", {}, head), make("tbody", {}, ...rows));
  const scroll = make("div", { class: "grid-scroll", tabindex: "0", role: "region", "aria-label": person.name }, table);
  return [make("h3", {}, person.name), scroll];
}

async function show() {
  const asked = { row: /\/edit\/(\d+)/.exec(form.getAttribute("action"))?.[1] ?? "" };
  for (const name of ["profile_id", "role", "node_id", "from_day", "until_day"]) asked[name] = form.elements[name]?.value ?? "";
  let said;
  try {
    said = await post("/grant/preview", asked);
  } catch (error) {
    shown.replaceChildren(quiet(error.message));
    return;
  }
  if (said.wrong || said.hint) shown.replaceChildren(make("p", { class: said.wrong ? "notice warn" : "quiet" }, said.wrong || said.hint));
  else shown.replaceChildren(...said.people.flatMap((person) => drawn(person, said.heads)));
}

form.addEventListener("input", quietly(show, 400));
form.addEventListener("change", quietly(show, 50));
show();
