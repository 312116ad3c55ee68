// The frame of every signed-in page: theme, menu, drawer, counts, toasts, questions before a deed.
import { all, ask, leaveInTime, make, on, one, placed, post, remember, toast } from "doorbook/dom";

const root = document.documentElement;

// Appearance ----------------------------------------------------------------------------------------------------------
const MEDIA = { dark: "screen", light: "not all", auto: "screen and (prefers-color-scheme: dark)" };

function wear(theme) {
  root.dataset.theme = theme;
  one("#dark-palette").media = MEDIA[theme];
  for (const button of all("[data-theme-choice]")) button.setAttribute("aria-pressed", button.dataset.themeChoice === theme);
}

on("click", "[data-theme-choice]", (_, button) => {
  const theme = button.dataset.themeChoice;
  wear(theme);
  localStorage.setItem("theme", theme);
  remember("theme", theme);
});

// The cookie draws the page; where it was lost and the browser still knows better, put it right once.
const known = localStorage.getItem("theme");
if (known in MEDIA && known !== root.dataset.theme) {
  wear(known);
  remember("theme", known);
}

// A narrowed console says so in its address.
if (placed(location.href).href !== location.href) history.replaceState(history.state, "", placed(location.href));

// A form is sent with the place of its page: another tab may have narrowed the console since.
document.addEventListener("submit", ({ target: form }) => {
  if (form.method !== "post") return;
  const url = new URL(form.getAttribute("action") || location.href, location.href);
  url.searchParams.set("at", one("#place")?.dataset.at || "all");
  form.setAttribute("action", url.pathname + url.search + url.hash);
});

// Sidebar -------------------------------------------------------------------------------------------------------------
const fold = one("#fold");
fold.addEventListener("click", () => {
  const folded = root.toggleAttribute("data-folded");
  fold.setAttribute("aria-pressed", folded);
  remember("folded", folded ? "1" : "0");
});

// What somebody turned over in the menu is kept in a cookie of theirs, so that the next page is drawn right at once.
const nav = one(".nav");
for (const fold of all("[data-fold]", nav)) {
  fold.addEventListener("toggle", () => {
    const turned = all("[data-fold]", nav).filter((each) => each.open !== (each.dataset.usual === "open") && (!each.open || !one("[aria-current]", each)));
    remember(nav.dataset.cookie, turned.map((each) => each.dataset.fold).join("."));
  });
}
one(".nav [aria-current]")?.scrollIntoView({ block: "nearest" });

const drawer = one("#drawer");
const scrim = one("#scrim");
function slide(open) {
  root.toggleAttribute("data-drawer", open);
  scrim.hidden = !open;
  drawer.setAttribute("aria-expanded", open);
  (open ? one(".sidebar .brand") : drawer).focus();
}
drawer.addEventListener("click", () => slide(!root.hasAttribute("data-drawer")));
scrim.addEventListener("click", () => slide(false));

// Counts of waiting work: {"issue": 214} or {"issue": {"n": 214, "late": true}}. A page is whole without them.
async function count() {
  const url = one(".nav")?.dataset.counts;
  if (!url) return;
  const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const counts = await answer.json().catch(() => ({}));
  for (const [key, value] of Object.entries(counts)) {
    const place = one(`[data-count="${CSS.escape(key)}"]`);
    if (!place || value == null) continue;
    const n = typeof value === "object" ? value.n : value;
    place.textContent = value.text ?? (n ? Number(n).toLocaleString(root.lang) : "");
    if (key === "mailbox") ring(value.text);
    if (key === "jobs" && n) watch();
    place.classList.toggle("late", Boolean(value.late));
  }
}

// One's own jobs that are under way: a sign with a number, behind it how far each is. Asked while some run and the page is
// looked at; when the last has ended it is said once.
const running = one("#running");
let watching = false;
async function watch() {
  if (watching || !running) return;
  watching = true;
  for (let pause = 1000; ; pause = Math.min(pause * 1.2, 10_000)) {
    if (!document.hidden) {
      const answer = await fetch(running.dataset.url, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
      const told = answer?.ok && !answer.redirected ? await answer.json().catch(() => null) : null;
      if (!told) break; // signed out, or the server is away: the next count finds them again
      one("[data-count]", running).textContent = told.running || "";
      running.hidden = !told.running;
      one("[data-jobs]", running).replaceChildren(...told.jobs.map(underWay));
      if (!told.running) {
        toast(running.dataset.ended);
        break;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  watching = false;
}

function underWay(job) {
  const bar = make("progress", { max: "100", "aria-label": job.title });
  if (job.percent != null) bar.value = job.percent;
  return make("a", { class: "menu-item job-line", href: job.url }, make("span", {}, job.title), bar, make("span", { class: "quiet" }, job.words));
}

// The bell says its number to those who do not see it, too.
function ring(text) {
  const bell = one("#bell");
  if (bell) bell.setAttribute("aria-label", text ? `${bell.dataset.label} ${text}` : bell.title);
}

// Counted anew when the page is looked at again, and each minute while somebody works here; a page left open asks for nothing,
// or nobody's session would ever end.
let counted = Date.now();
let touched = Date.now();
function recount(least) {
  if (document.hidden || Date.now() - counted < least) return;
  counted = Date.now();
  count();
}
for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, () => (touched = Date.now()), { passive: true });
document.addEventListener("visibilitychange", () => recount(5_000));
setInterval(() => Date.now() - touched < 300_000 && recount(55_000), 20_000);
count();

// Menus are <details>: they work without us. We only close what was left open. ----------------------------------------
document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = one("details.menu[open]");
  if (menu) {
    menu.open = false;
    one("summary", menu).focus();
  } else if (root.hasAttribute("data-drawer")) slide(false);
});
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches?.("details.menu[open]")) for (const other of all("details.menu[open]")) if (other !== event.target) other.open = false;
  },
  true,
);

// Toasts and questions ------------------------------------------------------------------------------------------------
for (const box of all(".toast")) leaveInTime(box);
on("click", ".toast-close", (_, button) => button.closest(".toast").remove());

on("click", "[data-post]", async (_, button) => {
  button.disabled = true;
  try {
    const said = await post(button.dataset.post);
    if (said.url) location.assign(said.url);
    else location.reload();
  } catch (error) {
    button.disabled = false;
    toast(error.message, "error");
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.sure) return;
  event.preventDefault();
  const button = event.submitter;
  if (!(await ask(form.dataset.confirm, { yes: button?.textContent.trim(), danger: "danger" in form.dataset }))) return;
  form.dataset.sure = "1";
  form.requestSubmit(button);
});

// Long work says so on its button and cannot be started twice.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button?.dataset.busy) return;
  setTimeout(() => {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    (one("span", button) ?? button).textContent = button.dataset.busy;
  });
});
