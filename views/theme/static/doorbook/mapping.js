// Which column goes where: a field can be filled once, and one sees how many columns are taken.
import { all, one } from "doorbook/dom";

const form = one("#mapping-form");
const selects = all('select[name^="column_"]', form);
const count = one("#mapping-count");

function show() {
  const taken = selects.map((select) => select.value).filter(Boolean);
  for (const select of selects) {
    select.closest("tr").classList.toggle("left-out", !select.value);
    for (const option of select.options) option.disabled = Boolean(option.value) && option.value !== select.value && taken.includes(option.value);
  }
  count.textContent = count.dataset.words.replace("{n}", taken.length).replace("{all}", selects.length);
}

form.addEventListener("change", show);
show();
