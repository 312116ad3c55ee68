// What every module needs: finding, listening, asking, telling.

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Listens once for all present and future elements that match `selector`. */
export function on(type, selector, act) {
  document.addEventListener(type, (event) => {
    const found = event.target instanceof Element && event.target.closest(selector);
    if (found) act(event, found);
  });
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Forms that lead back to where one stands (language, place) are told the address when they are sent.
on("submit", "form:has([data-here])", (_, form) => {
  one("[data-here]", form).value = location.pathname + location.search;
});

/** An address that says which part of the tree is shown here: sent on, it shows the same to whoever may see it. */
export function placed(address) {
  const url = new URL(address, location.href);
  const at = one("#place")?.dataset.at;
  if (at) url.searchParams.set("at", at);
  else url.searchParams.delete("at");
  return url;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.body.dataset.sprite}#i-${name}`);
  svg.append(use);
  return svg;
}

/** Remembers a choice of looks; a cookie, so that the server draws the next page right from its first byte. */
export function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

export const csrf = () => one('meta[name="csrf-token"]').content;

/** POSTs and returns the JSON of the answer. Throws an Error whose message is the server's sentence, where it gave one. */
export async function post(url, fields = {}) {
  const body = new URLSearchParams(fields);
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      body,
      credentials: "same-origin",
      headers: { "X-CSRFToken": csrf(), Accept: "application/json, application/problem+json", "X-Requested-With": "fetch" },
    });
  } catch {
    throw new Error(one("#toasts").dataset.failed);
  }
  const said = await answer.json().catch(() => null);
  if (answer.ok && said) return said;
  const words = one("#toasts").dataset;
  const problem = new Error(said?.detail || said?.title || ([400, 401, 403].includes(answer.status) || answer.redirected ? words.refused : words.failed));
  throw Object.assign(problem, { status: answer.status });
}

export function toast(text, kind = "ok") {
  const region = one("#toasts");
  const close = make("button", { type: "button", class: "toast-close", "aria-label": region.dataset.close }, icon("x"));
  const name = { ok: "circle-check", warn: "alert-triangle", error: "alert-circle" }[kind];
  const box = make("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : null }, icon(name), make("p", {}, text), close);
  region.append(box);
  leaveInTime(box);
}

/** Good news goes by itself, unless a pointer or the focus rests on it; warnings and errors wait to be closed. */
export function leaveInTime(box) {
  if (!box.classList.contains("ok")) return;
  const tryLater = () => setTimeout(() => (box.matches(":hover, :focus-within") ? tryLater() : box.remove()), 6000);
  tryLater();
}

/** Asks in the page's own dialog; resolves to true or false. */
export function ask(sentence, { yes = null, danger = false } = {}) {
  const dialog = one("#ask");
  const button = one("#ask-yes");
  button.dataset.usual ??= button.textContent;
  one("#ask-sentence").textContent = sentence;
  button.textContent = yes || button.dataset.usual;
  button.classList.toggle("danger-fill", danger);
  button.classList.toggle("primary", !danger);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

/** True while a person types: single-letter keys are text then, not commands. */
export const typing = (event) =>
  event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");

/** Calls `act` once things have been quiet for `wait` ms. */
export function quietly(act, wait = 180) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), wait);
  };
}
