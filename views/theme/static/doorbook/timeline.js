// The timeline of a record: comments are sent in place, drafts are kept, an @ offers who can read the record.
import { all, csrf, make, on, one, quietly, toast } from "doorbook/dom";

const home = one("#timeline");
const box = one("#comment-text");

// -- in place ---------------------------------------------------------------------------------------------------------

/** Puts what the server says now of a part of the timeline in place of what is shown. */
async function turn(url) {
  const to = new URL(url, location.href);
  const [, table, , pk] = to.pathname.split("/");
  const answer = await fetch(`/${table}/${pk}/timeline${to.search}`, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error("signed out meanwhile");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["#timeline-kinds", "#timeline-entries"]) one(id).replaceWith(document.adoptNode(one(id, fresh)));
}

on("click", "#timeline [data-turn]", async (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const kind = link.closest("#timeline-kinds") && link.textContent;
  try {
    await turn(link.href);
    const again = kind ? all("#timeline-kinds a").find((a) => a.textContent === kind) : one("#timeline-entries");
    if (!kind) again.tabIndex = -1;
    again?.focus();
  } catch {
    location.assign(link.href);
  }
});

async function send(form) {
  const fields = Object.fromEntries(new FormData(form));
  const error = form.id === "comment-form" ? one("#comment-error") : null;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(fields),
      credentials: "same-origin",
      headers: { "X-CSRFToken": csrf(), Accept: "application/json" },
    });
    if (answer.redirected || answer.status === 401 || answer.status === 400) return form.submit(); // signed out: the page keeps what was typed
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    if (form.id === "comment-form") {
      box.value = "";
      keep();
      if (error) error.hidden = true;
      box.removeAttribute("aria-invalid");
    }
    await turn(location.pathname);
    if (form.id === "comment-form") box.focus();
  } catch (failure) {
    const words = failure instanceof TypeError ? one("#toasts").dataset.failed : failure.message;
    if (!error) return toast(words, "error");
    error.textContent = words;
    error.hidden = false;
    box.setAttribute("aria-invalid", "true");
    box.setAttribute("aria-describedby", "comment-error");
    box.focus();
  } finally {
    form.removeAttribute("aria-busy");
  }
}

on("submit", "#timeline form[data-comment]", (event, form) => {
  if (event.defaultPrevented) return; // a question is being asked first
  event.preventDefault();
  if (form.getAttribute("aria-busy") !== "true") send(form);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target.closest?.("#timeline form[data-comment]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});

// -- drafts -----------------------------------------------------------------------------------------------------------

const draft = one("#comment-form")?.dataset.draft;

function keep() {
  if (box.value.trim()) localStorage.setItem(draft, box.value);
  else localStorage.removeItem(draft);
}
if (box) {
  box.value ||= localStorage.getItem(draft) ?? "";
  box.addEventListener("input", quietly(keep, 300));
  box.addEventListener("blur", keep);
}

// -- mentions ---------------------------------------------------------------------------------------------------------

const list = make("ul", { id: "people", class: "people", role: "listbox", "aria-label": home?.dataset.label, hidden: "" });
let open = null; // { area, at, items, chosen }
let asked = 0;

/** What stands between the last @ and the caret, where somebody could be meant by it. */
function sought(area) {
  const before = area.value.slice(0, area.selectionStart);
  const found = before.match(/(^|[^A-Za-z0-9._%+-])@([^\s@]{0,20})$/u);
  return found && { at: before.length - found[2].length, typed: found[2] };
}

function shut() {
  asked += 1;
  list.hidden = true;
  open?.area.removeAttribute("aria-activedescendant");
  open = null;
}

function mark(chosen) {
  open.chosen = chosen;
  for (const [place, option] of all("li", list).entries()) option.setAttribute("aria-selected", String(place === chosen));
  const option = list.children[chosen];
  open.area.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function insert(item) {
  const { area, at } = open;
  const rest = area.value.slice(area.selectionStart);
  const words = `${item.insert}${rest.startsWith(" ") ? "" : " "}`;
  area.value = area.value.slice(0, at) + words + rest;
  area.selectionStart = area.selectionEnd = at + words.length;
  shut();
  area.focus();
  if (area === box) keep();
}

async function offer(area) {
  const want = sought(area);
  if (!want) return shut();
  const mine = (asked += 1);
  const answer = await fetch(`${home.dataset.people}?q=${encodeURIComponent(want.typed)}`, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected || mine !== asked) return;
  const { items } = await answer.json();
  if (mine !== asked) return;
  one("#people-said").textContent = items.length ? home.dataset.some.replace("{n}", items.length) : home.dataset.none;
  if (!items.length) return shut();
  list.replaceChildren(...items.map((item, place) => make("li", { id: `person-${place}`, role: "option", "aria-selected": "false" }, make("span", {}, item.name), make("small", {}, item.detail))));
  area.setAttribute("aria-controls", "people");
  area.after(list);
  list.hidden = false;
  open = { area, at: want.at, items, chosen: 0 };
  mark(0);
}

const offerSoon = quietly(offer, 120);
on("input", "#timeline textarea", (event, area) => {
  if (!event.isComposing) offerSoon(area);
});
on("compositionend", "#timeline textarea", (_, area) => offerSoon(area));

document.addEventListener("keydown", (event) => {
  if (!open || event.target !== open.area || event.isComposing || event.ctrlKey || event.metaKey) return;
  const count = open.items.length;
  if (event.key === "ArrowDown") mark((open.chosen + 1) % count);
  else if (event.key === "ArrowUp") mark((open.chosen + count - 1) % count);
  else if (event.key === "Enter" || event.key === "Tab") insert(open.items[open.chosen]);
  else if (event.key === "Escape") shut();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
on("pointerdown", "#people li", (event, option) => {
  event.preventDefault(); // the box keeps the focus
  insert(open.items[[...list.children].indexOf(option)]);
});
document.addEventListener("focusin", (event) => {
  if (open && event.target !== open.area) shut();
});
