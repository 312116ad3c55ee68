// The board keeps itself current: it asks with what it has, and is told "nothing new" for almost nothing.
import { one } from "./dom.js";

const board = one("#board");
const clock = one("#board-clock");
const EVERY = 5000;
let seen = "";

function said(text, lost) {
  clock.textContent = text;
  clock.classList.toggle("late", lost);
}

const now = () => new Date().toTimeString().slice(0, 8);
let last = now();

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(board.dataset.live, { cache: "no-cache", credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
    if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
    const tag = answer.headers.get("ETag");
    if (tag !== seen) {
      const html = await answer.text();
      if (seen) show(html);
      seen = tag;
      board.dataset.seen = tag;
    }
    last = now();
    said(`${clock.dataset.live} ${last}`, false);
  } catch {
    said(clock.dataset.lost.replace("{at}", last), true);
  }
}

/** Puts the new board in the place of the old one; focus and scrolled places stay where they were. */
function show(html) {
  const at = document.activeElement;
  const href = board.contains(at) ? at.getAttribute("href") : null;
  const scrolled = [...board.querySelectorAll(".grid-scroll")].map((each) => [each.scrollLeft, each.scrollTop]);
  board.innerHTML = html;
  [...board.querySelectorAll(".grid-scroll")].forEach((each, place) => {
    if (scrolled[place]) [each.scrollLeft, each.scrollTop] = scrolled[place];
  });
  if (href) board.querySelector(`a[href="${CSS.escape(href)}"]`)?.focus({ preventScroll: true });
}

look();
setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
