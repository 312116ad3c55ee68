// Fast entry: each list answers to single keys, one list after the other; what could not be sent is kept and sent again.

import { all, csrf, icon, make, on, one, post, toast } from "doorbook/dom";

const form = one("#entry");
const KEYS = "123456789abcdefghijklmoqrtuvwxyz";
const OUTBOX = "inspect-outbox";
const steps = form ? all("[data-step]", form) : [];
let at = 0;
let lastSent = null;

const value = (name) => one(`input[name=${name}]:checked`, form);

/** Shows the standard problems of the category that was chosen, with keys of their own. */
function narrow() {
  const code = value("category_id")?.dataset.code;
  let n = 0;
  for (const pick of all("#standards [data-top]", form)) {
    pick.hidden = !!code && pick.dataset.top !== code;
    const key = pick.hidden ? "" : KEYS[n++] ?? "";
    one("input", pick).dataset.key = key;
    one("kbd", pick).textContent = key;
    if (pick.hidden) one("input", pick).checked = false;
  }
}

function show(step) {
  at = Math.max(0, Math.min(step, steps.length - 1));
  steps.forEach((each, n) => each.classList.toggle("now", n === at));
  form.classList.add("stepped");
  if (steps[at].dataset.step === "note") one(value("standard_id")?.value ? "#note" : "#description", form).focus();
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function empty() {
  for (const input of all("input[type=radio]", form)) input.checked = false;
  one("#description", form).value = one("#note", form).value = "";
  one("#photos", form).value = "";
  count();
  narrow();
  show(0);
}

function count() {
  const words = one("#photo-words", form);
  words.dataset.usual ??= words.textContent;
  const n = one("#photos", form).files.length;
  words.textContent = n ? words.dataset.words.replace("{n}", n) : words.dataset.usual;
}

const kept = () => JSON.parse(localStorage.getItem(OUTBOX) ?? "[]");

function keep(list) {
  localStorage.setItem(OUTBOX, JSON.stringify(list));
  const told = one("#waiting");
  told.hidden = !list.length;
  told.textContent = told.dataset.words.replace("{n}", list.length);
}

function line(found) {
  const told = [found.category, found.contractor, found.note].filter(Boolean).join(" · ");
  const again = make("button", { type: "button", class: "button small", "data-again": JSON.stringify(found.again) }, icon("copy", "small"), make("span", {}, one("#issues").dataset.again));
  return make("li", {}, make("a", { href: found.url }, make("strong", {}, `${found.part} ${found.text}`)), make("span", { class: "quiet" }, told), again);
}

async function photos(key, files) {
  if (!files.length) return;
  const body = new FormData();
  for (const file of files) body.append("file", file);
  const answer = await fetch(`/issue/${key}/files`, { method: "POST", body, credentials: "same-origin", headers: { "X-CSRFToken": csrf(), Accept: "application/json" } });
  if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.detail ?? one("#toasts").dataset.failed);
}

/** Sends one entry under a key of its own, so that sending it twice enters it once. */
async function send(entry, files = []) {
  keep([...kept(), entry]);
  let found;
  try {
    found = await post(`/inspect/${entry.room}/issue`, entry.fields);
  } catch (problem) {
    if (navigator.onLine && problem.message !== one("#toasts").dataset.failed) keep(kept().filter((each) => each.fields.entry_key !== entry.fields.entry_key));
    toast(problem.message, "error");
    return false;
  }
  keep(kept().filter((each) => each.fields.entry_key !== entry.fields.entry_key));
  lastSent = found.again;
  if (entry.room === form.dataset.room) {
    one("#issues").prepend(line(found));
    one("#count").textContent = all("#issues li").length;
    one("#clean")?.closest("form").remove();
    one("#after")?.classList.add("primary");
  }
  try {
    await photos(found.id, files);
  } catch (problem) {
    toast(problem.message, "error");
  }
  return true;
}

const entry = (fields) => ({ room: form.dataset.room, fields: { ...fields, entry_key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` } });

async function save() {
  const fields = Object.fromEntries([...new FormData(form)].filter(([name, text]) => text && !["csrf_token", "entry_key"].includes(name)));
  const files = [...one("#photos", form).files];
  if (await send(entry(fields), files)) empty();
}

async function repeat(again) {
  await send(entry(Object.fromEntries(Object.entries(again).map(([name, text]) => [name, String(text)]))));
}

if (form) {
  narrow();
  show(0);
  keep(kept());
  for (const waiting of kept()) send(waiting);
  window.addEventListener("online", () => kept().forEach((waiting) => send(waiting)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "category_id") narrow();
    if (event.target.id === "photos") count();
  });
  on("click", "#entry legend", (_, legend) => show(steps.indexOf(legend.closest("[data-step]"))));
  on("click", "#entry .pick", (event, pick) => {
    const step = steps.indexOf(pick.closest("[data-step]"));
    if (step !== at) {
      event.preventDefault(); // what was chosen before is opened again, not chosen anew
      show(step);
    } else if (event.target.type === "radio") {
      if (event.target.name === "category_id") narrow();
      show(step + 1);
    }
  });
  on("click", "button[data-again]", (_, button) => repeat(JSON.parse(button.dataset.again)));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.matches?.("input:not([type=radio]), textarea, select");
  if (typing) {
    if (event.key === "Escape" && form) show(0);
    return;
  }
  const way = { p: "#before", n: "#after" }[event.key];
  if (way && one(way)) {
    one(way).click();
    return;
  }
  if (!form) return;
  if (event.key === "0" && at === 0 && one("#clean")) {
    one("#clean").click();
  } else if (event.key === "s" && (lastSent || one("button[data-again]"))) {
    event.preventDefault();
    repeat(lastSent ?? JSON.parse(one("button[data-again]").dataset.again));
  } else if (event.key === "Backspace") {
    event.preventDefault();
    show(at - 1);
  } else if (event.key === "Enter" && event.target.matches?.("body, input[type=radio]")) {
    event.preventDefault();
    at < steps.length - 1 ? show(at + 1) : save();
  } else if (event.key.length === 1 && steps[at].dataset.step !== "note") {
    const found = all("input[data-key]", steps[at]).find((input) => input.dataset.key === event.key && !input.closest("[hidden]"));
    if (found) {
      event.preventDefault();
      found.click();
    }
  }
});
