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

/** Photos that wait, under the key of their entry: files are too large for the store of the entries. */
async function shelf(mode, work) {
  const opened = indexedDB.open("inspect-photos", 1);
  opened.onupgradeneeded = () => opened.result.createObjectStore("photos");
  const answered = (asked) => new Promise((done, failed) => Object.assign(asked, { onsuccess: () => done(asked.result), onerror: () => failed(asked.error) }));
  const base = await answered(opened);
  try {
    return await answered(work(base.transaction("photos", mode).objectStore("photos")));
  } finally {
    base.close();
  }
}

async function photos(key, files) {
  if (!files?.length) return;
  const body = new FormData();
  for (const file of files) body.append("file", file, file.name);
  const answer = await fetch(`/issue/${key}/files`, { method: "POST", body, credentials: "same-origin", headers: { "X-CSRFToken": csrf(), Accept: "application/json" } });
  if (!answer.ok) throw Object.assign(new Error((await answer.json().catch(() => null))?.detail ?? one("#toasts").dataset.failed), { status: answer.status });
}

const REFUSED = [404, 409, 413, 415, 422];
const keyOf = (entry) => entry.fields.entry_key;
const others = (entry) => kept().filter((each) => keyOf(each) !== keyOf(entry));

function done(entry) {
  keep(others(entry));
  shelf("readwrite", (store) => store.delete(keyOf(entry))).catch(() => null);
}

/** Sends one entry under a key of its own, so that sending it twice enters it once; then its photos.
 * Answers whether the form may be emptied: the entry is in, or kept on the device with its photos. */
async function send(entry, files = null) {
  let held = !files?.length;
  if (files?.length) held = await shelf("readwrite", (store) => store.put(files, keyOf(entry))).then(() => true, () => false);
  keep([...others(entry), entry]);
  if (!entry.issue) {
    try {
      entry.found = await post(`/inspect/${entry.room}/issue`, entry.fields);
    } catch (problem) {
      toast(problem.message, "error");
      const refused = files ? problem.status >= 400 && problem.status < 500 : REFUSED.includes(problem.status);
      if (refused) done(entry); // the form still has it
      return !refused && held;
    }
    entry.issue = entry.found.id;
    lastSent = entry.found.again;
    if (entry.room === form.dataset.room) {
      one("#issues").prepend(line(entry.found));
      one("#count").textContent = all("#issues li").length;
      one("#clean")?.closest("form").remove();
      one("#after")?.classList.add("primary");
    }
    delete entry.found;
    keep([...others(entry), entry]); // from now on only its photos are owed
  }
  try {
    await photos(entry.issue, files ?? (await shelf("readonly", (store) => store.get(keyOf(entry))).catch(() => null)));
  } catch (problem) {
    toast(problem.message, "error");
    if (held && !REFUSED.includes(problem.status)) return true;
  }
  done(entry);
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
