// Trying a call of the REST interface where it is described. The answer is shown as text, whatever it is.
import { all, csrf, on, one } from "doorbook/dom";

const SHOWN = 20_000;

function address(call) {
  let path = call.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const field of all("[data-in]", call)) {
    const value = field.value.trim();
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    else if (value && field.dataset.in === "query") query.set(field.name, value);
    else if (value && field.dataset.in === "header") headers[field.name] = value;
  }
  return { url: query.size ? `${path}?${query}` : path, headers };
}

on("click", "[data-try]", async (_, button) => {
  const call = button.closest(".rest-call");
  const missing = all("[aria-required]", call).find((field) => !field.value.trim());
  if (missing) return missing.focus();
  const { url, headers } = address(call);
  const token = one("#rest-token").value.trim();
  const body = one("[name=body]", call)?.value;
  if (token) headers.Authorization = `Bearer ${token}`;
  else headers["X-CSRFToken"] = csrf();
  if (body) headers["Content-Type"] = "application/json";
  const words = one("span", button);
  const usual = words.textContent;
  button.disabled = true;
  words.textContent = button.dataset.busyWords;
  const began = performance.now();
  const box = one(".rest-answer", call);
  try {
    const answer = await fetch(url, { method: call.dataset.method, headers, body: body || undefined, credentials: token ? "omit" : "same-origin" });
    let text = await answer.text();
    try {
      text = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // not JSON: shown as it came
    }
    one("strong", box).textContent = `${answer.status} ${answer.statusText}`;
    one("span", box).textContent = [`${Math.round(performance.now() - began)} ms`, answer.headers.get("ETag") && `ETag ${answer.headers.get("ETag")}`, url].filter(Boolean).join(" · ");
    one("code", box).textContent = text.length > SHOWN ? `${text.slice(0, SHOWN)}\n…` : text;
  } catch (error) {
    one("strong", box).textContent = one("#toasts").dataset.failed;
    one("span", box).textContent = url;
    one("code", box).textContent = "";
  }
  box.hidden = false;
  button.disabled = false;
  words.textContent = usual;
});

on("submit", ".rest-form", (event, form) => {
  event.preventDefault();
  one("[data-try]", form.closest(".rest-call"))?.click();
});
