// Jobs under way: their bars are kept in step; a page about one job is loaded anew when it has ended.
import { all, make, on, one } from "doorbook/dom";

const QUICK = 1000;
const SLOW = 10_000;

on("click", "tr[data-url]", (event, row) => {
  if (!event.target.closest("a, button, input") && !String(getSelection())) location.assign(row.dataset.url);
});

function show(box, told) {
  const bar = one("[data-bar] progress", box);
  const words = one("[data-words]", box);
  if (bar) {
    if (told.percent == null) bar.removeAttribute("value");
    else bar.value = told.percent;
    bar.hidden = told.percent == null && !told.living;
  }
  if (words) {
    words.replaceChildren(told.percent == null ? "" : `${told.percent} % `, make("span", { class: "quiet" }, told.progress ?? ""));
  }
  const state = one("[data-state] .state", box);
  if (state) {
    state.className = `state tone-${told.tone}`;
    state.textContent = told.state_words;
  }
  const took = one("[data-took]", box);
  if (took && told.took) took.textContent = told.took;
}

async function follow(box) {
  let pause = QUICK;
  const first = box.querySelector("[data-state] .state")?.textContent;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (document.hidden) continue;
    let told = null;
    try {
      const answer = await fetch(box.dataset.poll, { headers: { Accept: "application/json" }, redirect: "manual" });
      if (answer.status === 404 || answer.status === 403 || answer.type === "opaqueredirect") return;
      if (answer.ok) told = await answer.json();
    } catch {
      // the server is away for a moment; asked again, more slowly
    }
    pause = told ? Math.min(pause * 1.1, 5000) : SLOW;
    if (!told) continue;
    show(box, told);
    if ("thenReload" in box.dataset && told.state_words !== first) {
      location.reload(); // begun, or ended: the facts below are others now
      return;
    }
    if (!told.living) {
      if ("thenReload" in box.dataset) location.reload();
      return;
    }
  }
}

for (const box of all("[data-poll]")) follow(box);
