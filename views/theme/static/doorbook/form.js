// Forms: nothing typed is lost by accident, Ctrl+S saves, the first wrong field has the focus, one press saves once.
import { all, csrf, on, one, quietly } from "doorbook/dom";

const form = one("#record-form");
const guarded = !("unguarded" in form.dataset);

// A browser restores what it remembers after load; what counts as untouched is the form one first sees.
const look = () => new URLSearchParams([...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string")).toString();
let untouched = null;
let leaving = false;
addEventListener("load", () => setTimeout(() => (untouched = look()), 50));

const dirty = () => "dirty" in form.dataset || (untouched !== null && look() !== untouched);

// What is typed is kept on the server, a moment after each pause and when the page goes: a closed tab loses nothing.
const { draft } = form.dataset;
let kept = null;
let touched = "dirty" in form.dataset;
const drafted = () => draft && kept === look();

async function keep() {
  if (!draft || leaving || !touched || !dirty() || drafted()) return;
  const now = look();
  const body = new URLSearchParams(now);
  const note = one("#draft-note");
  const answer = await fetch(draft, { method: "POST", body, keepalive: now.length < 60_000, credentials: "same-origin", headers: { "X-CSRFToken": csrf(), Accept: "application/json" } }).catch(() => null);
  const said = answer?.ok ? await answer.json().catch(() => null) : null;
  if (said) kept = now;
  if (note) note.textContent = said ? note.dataset.words.replace("{at}", said.at) : note.dataset.failed;
}

function forget() {
  const token = one("[name=_draft]", form)?.value;
  if (draft && kept !== null) fetch(`${draft}/${token}/discard`, { method: "POST", keepalive: true, credentials: "same-origin", headers: { "X-CSRFToken": csrf(), Accept: "application/json" } }).catch(() => null);
}

if (draft) {
  const soon = quietly(keep, 900);
  for (const type of ["input", "change"])
    form.addEventListener(type, (event) => {
      if (!event.isTrusted && type === "input") return;
      touched = true;
      soon();
    });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep());
  addEventListener("pagehide", keep);
}

if (guarded)
  addEventListener("beforeunload", (event) => {
    if (!leaving && dirty() && !drafted()) event.preventDefault();
  });
for (const link of all("#cancel, #summary a[href^='/']"))
  link.addEventListener("click", () => {
    leaving = true; // they say it themselves
    if (link.id === "cancel") forget();
  });

form.addEventListener("submit", (event) => {
  if (leaving) return event.preventDefault(); // a second press while the first is under way
  leaving = true;
  const button = event.submitter;
  setTimeout(() => {
    for (const b of all("footer button", form)) b.disabled = true;
    button?.setAttribute("aria-busy", "true");
  });
});
// Back from the page cache the buttons must live again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  leaving = false;
  for (const b of all("footer button", form)) {
    b.disabled = false;
    b.removeAttribute("aria-busy");
  }
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
  event.preventDefault();
  form.requestSubmit(one(".primary", form));
});

on("click", "[data-show]", (_, button) => {
  const input = document.getElementById(button.dataset.show);
  input.type = input.type === "password" ? "text" : "password";
});

// tom-select hides its select and puts a control of its own beside it: a jump to the field must land there.
// Its hits stay shut until a hand asks for them, or they would hide the sentence below the field.
function reach(id) {
  const field = document.getElementById(id);
  const picker = field?.tomselect;
  if (!picker) return field?.focus();
  const shut = () => picker.close(false);
  picker.on("dropdown_open", shut);
  for (const type of ["pointerdown", "keydown"]) picker.control.addEventListener(type, () => picker.off("dropdown_open", shut), { once: true, capture: true });
  picker.focus();
}
on("click", '#summary a[href^="#"]', (event, link) => {
  event.preventDefault();
  reach(decodeURIComponent(link.hash.slice(1)));
});

addEventListener("load", () => {
  const wrong = one('[aria-invalid="true"]', form);
  if (wrong) reach(wrong.id);
  else if (one("#summary")) one("#summary").focus();
  else if (matchMedia("(min-width: 768px)").matches) {
    const plain = all(".fields .input", form).filter((i) => !i.readOnly && !i.dataset.picker && !i.dataset.lookupUrl);
    // In a run of rows what repeats is there already: the first empty field is where the next one begins.
    if ("more" in form.dataset) return plain.find((i) => i.matches("input, textarea") && !i.value)?.focus();
    const [first] = plain;
    if (first && !first.value && first === one(".fields .input", form)) first.focus();
  }
});
