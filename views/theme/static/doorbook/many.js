// Changing many rows: who writes a new value means it, and one press changes once.
import { all, on, one } from "doorbook/dom";

const mean = (event) => {
  const field = event.target.closest(".many-field");
  if (field && event.target.name !== "_set") one("[name=_set]", field).checked = true;
};
document.addEventListener("input", mean);
document.addEventListener("change", mean);

on("submit", "#many-apply", (event, form) => {
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  for (const button of all("button[data-busy]", form)) {
    button.setAttribute("aria-busy", "true");
    one("span", button).textContent = button.dataset.busy;
  }
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of all("#many-apply")) delete form.dataset.sent;
});
one("#summary")?.focus();
