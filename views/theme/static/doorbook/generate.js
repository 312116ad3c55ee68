// The pattern of a project's rooms: further rows of rules, and a preview that says when it is out of date.
import { all, one } from "doorbook/dom";

const form = one("#record-form");

for (const button of all(".add-rule")) {
  const table = one(".rule-rows", button.parentElement);
  button.hidden = false;
  button.addEventListener("click", () => {
    const place = table.dataset.next++;
    const row = all("tbody tr:not(.rule-wrong)", table).at(-1).cloneNode(true);
    for (const input of all("input", row)) {
      const name = input.name.replace(/-\d+-/, `-${place}-`);
      Object.assign(input, { name, id: `f-${name}`, value: "" });
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
    table.tBodies[0].append(row);
    one("input", row).focus();
  });
}

const preview = one(".generate-preview");
const apply = all('[name="_apply"]');
if (apply.length)
  form.addEventListener("input", (event) => {
    if (event.target.name === "_changes") return;
    preview.classList.add("outdated");
    one("#outdated").hidden = false;
    for (const button of apply) button.disabled = true;
  });
