// Which project? What is typed leaves those that have it in name or initials; Enter opens the first of them.
import { all, one } from "doorbook/dom";

const field = one("#projects-filter");
const items = all("#projects li");

function narrow() {
  const wanted = field.value.trim().toLowerCase();
  for (const item of items) item.hidden = !item.dataset.name.toLowerCase().includes(wanted);
  for (const group of all(".projects-of")) group.hidden = !all("li", group).some((item) => !item.hidden);
  one("#projects-none").hidden = items.some((item) => !item.hidden);
}

field?.addEventListener("input", narrow);
field?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  one("a", items.find((item) => !item.hidden))?.click();
});
if (matchMedia("(min-width: 800px)").matches) field?.focus();
