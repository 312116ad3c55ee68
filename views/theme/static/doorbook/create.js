// A row that a look-up did not find, entered in a dialog with its own table's form; the form behind it stays as it is.
import { make, one, toast } from "doorbook/dom";

/** The address of the small form: what was typed as its name, and what was chosen on the form behind it. */
function address(select, typed) {
  const url = new URL(select.dataset.createUrl, location.href);
  url.searchParams.set("_small", "1");
  url.searchParams.set("_typed", typed);
  for (const field of select.form?.elements ?? []) if (field.name?.endsWith("_id") && field.value && field !== select) url.searchParams.set(field.name, field.value);
  return url;
}

async function fetched(url, options = {}) {
  const answer = await fetch(url, { credentials: "same-origin", ...options });
  if (answer.redirected || (answer.status >= 400 && ![409, 422].includes(answer.status))) throw new Error(String(answer.status));
  return answer.status === 201 ? { row: await answer.json() } : { form: await answer.text() };
}

/** Opens the dialog; resolves to the new row (id, text), or to null where nothing was entered. */
export function createInPlace(select, typed, lookUpIn) {
  const dialog = make("dialog", { class: "create-dialog", "aria-labelledby": "create-title" });
  const failed = one("#create-words").dataset.failed;
  let made = null;
  document.body.append(dialog);
  dialog.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    event.stopPropagation(); // it is this form that is saved, not the one behind
    one("form", dialog)?.requestSubmit();
  });

  function draw(markup) {
    dialog.innerHTML = markup;
    lookUpIn(dialog);
    const form = one("form", dialog);
    one("[data-cancel]", form).addEventListener("click", () => dialog.close());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = one(".primary", form);
      button.disabled = true;
      try {
        const said = await fetched(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
        if (!said.row) return draw(said.form);
        made = said.row;
        dialog.close();
      } catch {
        button.disabled = false;
        toast(failed, "error");
      }
    });
    const wrong = one(".wrong .input, .wrong select", dialog);
    const first = wrong ?? [...form.elements].find((field) => field.offsetParent && !field.value && field.matches("input.input, textarea"));
    (wrong?.tomselect ?? first)?.focus();
  }

  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(made);
      select.tomselect?.focus();
    });
    fetched(address(select, typed)).then(
      (said) => {
        draw(said.form);
        dialog.showModal();
        const empty = one("input.input", dialog);
        (one(".wrong .input", dialog) ?? [...dialog.querySelectorAll("input.input")].find((field) => !field.value && field.offsetParent) ?? empty)?.focus();
      },
      () => {
        toast(failed, "error");
        dialog.remove();
        resolve(null);
      },
    );
  });
}
