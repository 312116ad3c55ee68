// Choosing a file: by click, by drop anywhere on the field. The name shows at once.
import { one } from "doorbook/dom";

const drop = one("#drop");
const file = one("#file");
const name = one("#drop-name");

function show() {
  const chosen = file.files[0];
  drop.classList.toggle("filled", Boolean(chosen));
  name.textContent = chosen ? `${chosen.name} · ${(chosen.size / 1024).toFixed(0)} kB` : name.dataset.none;
}

for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, () => drop.classList.add("over"));
for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("over"));
file.addEventListener("change", show);
show();

// A file that misses the field must not open in place of the page.
for (const type of ["dragover", "drop"])
  document.addEventListener(type, (event) => {
    if (!drop.contains(event.target)) event.preventDefault();
  });
