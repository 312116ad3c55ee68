// The tree switcher: which company, which projects. Its inside comes from the server when it is first opened.
import { make, one } from "doorbook/dom";
import "doorbook/tree-filter";

const button = one("#place");
const panel = one("#place-panel");
let loaded = false;

async function load() {
  panel.replaceChildren(make("p", {}, panel.dataset.loading));
  const answer = await fetch(button.dataset.url, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  // A redirect leads to the sign-in page: a whole page is no fragment.
  if (!answer?.ok || answer.redirected) return panel.replaceChildren(make("p", { role: "alert" }, panel.dataset.failed));
  panel.innerHTML = await answer.text();
  loaded = true;
}

async function show(open) {
  panel.hidden = !open;
  button.setAttribute("aria-expanded", open);
  if (!open) return;
  const box = button.getBoundingClientRect();
  panel.style.left = `${Math.max(12, Math.min(box.left, innerWidth - panel.offsetWidth - 12))}px`;
  if (!loaded) await load();
  one("input[type=search]", panel)?.focus();
  one(":checked", panel)?.scrollIntoView({ block: "center" });
}

button?.addEventListener("click", () => show(panel.hidden));
document.addEventListener("click", (event) => {
  if (!panel.hidden && !panel.contains(event.target) && !button.contains(event.target)) show(false);
});
panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  show(false);
  button.focus();
});
