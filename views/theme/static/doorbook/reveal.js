// A masked value in full: asked for one at a time, recorded by the server, hidden again when the person looks away.
import { all, icon, on, post, toast } from "doorbook/dom";

function hide(button) {
  button.previousElementSibling.textContent = button.dataset.mask;
  delete button.dataset.mask;
  button.setAttribute("aria-pressed", "false");
  button.replaceChildren(icon("eye"));
}

on("click", "[data-reveal]", async (event, button) => {
  event.preventDefault();
  if (button.dataset.mask) return hide(button);
  button.disabled = true;
  try {
    const { value } = await post(button.dataset.reveal);
    const place = button.previousElementSibling;
    button.dataset.mask = place.textContent;
    place.textContent = value;
    button.setAttribute("aria-pressed", "true");
    button.replaceChildren(icon("eye-off"));
  } catch (error) {
    toast(error.message, "error");
  } finally {
    button.disabled = false;
  }
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) for (const button of all("[data-mask]")) hide(button);
});
