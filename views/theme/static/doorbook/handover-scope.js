// What lies in a larger choice is chosen with it; the count follows while one chooses.
import { all, csrf, one, quietly } from "./dom.js";

const form = one("#scope");
const boxes = all('input[type="checkbox"][name="pick"]', form);
const by = new Map(boxes.map((box) => [box.value, box]));

/** A box whose larger choice is taken is shown as chosen, and is not sent. */
function settle() {
  for (const box of boxes) {
    const larger = by.get(box.dataset.in);
    if (!larger) continue;
    const within = larger.checked;
    if (within && !box.dataset.within) box.dataset.within = box.checked ? "own" : "yes";
    if (!within && box.dataset.within) {
      box.checked = box.dataset.within === "own";
      delete box.dataset.within;
    }
    if (within) box.checked = true;
    box.disabled = within || form.dataset.locked === "1";
  }
}

const count = quietly(async () => {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (name === "pick") body.append("pick", value);
  const answer = await fetch(form.dataset.count, { method: "POST", body, credentials: "same-origin", headers: { "X-CSRFToken": csrf(), Accept: "application/json" } });
  if (answer.ok) {
    one("#scope-words").textContent = (await answer.json()).text;
  }
}, 150);

if (boxes.some((box) => box.disabled)) form.dataset.locked = "1";
settle();
form.addEventListener("change", () => {
  settle();
  count();
});
