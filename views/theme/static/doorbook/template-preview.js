// The preview of a notice beside its editor: what is typed, with sample values; fields to put in; the usual words.
import { make, one, post, quietly } from "doorbook/dom";

const form = one("#record-form");
const zh = document.documentElement.lang.startsWith("zh");
const say = (english, chinese) => (zh ? chinese : english);

const letter = make("div", { class: "letter", "aria-live": "polite" });
const wrong = make("p", { class: "wrong", role: "status" });
const gaps = make("ul", { class: "gaps" });
const usual = make("button", { type: "button", class: "button" }, say("Use the usual words", "恢复默认文字"));
const card = make(
  "section",
  { class: "card card-section notice-preview", "aria-label": say("Preview", "预览") },
  make("h2", {}, say("Preview with sample values", "预览（示例数据）")),
  letter,
  wrong,
  make("p", { class: "quiet" }, say("Fields of this event; a click puts one in:", "该事件可用的字段，点击即可插入：")),
  gaps,
  usual,
);
one(".card", form).after(card);

let last = one("#body") ?? form.elements.body;
let words = null;
for (const name of ["subject", "body"]) form.elements[name].addEventListener("focus", (event) => (last = event.target));

function put(name) {
  last.focus();
  last.setRangeText(`{${name}}`, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
}

function letterOf(said) {
  return [make("strong", {}, said.subject), make("p", {}, said.body)];
}

async function show() {
  const asked = {};
  for (const name of ["event", "channel", "language", "subject", "body"]) asked[name] = form.elements[name]?.value ?? "";
  let said;
  try {
    said = await post("/notify_template/preview", asked);
  } catch (error) {
    wrong.textContent = error.message;
    return;
  }
  words = said.event ? said.usual : null;
  usual.hidden = !words;
  letter.replaceChildren(...(said.event ? letterOf(said) : [make("p", { class: "quiet" }, said.hint)]));
  wrong.textContent = (said.errors ?? []).join(" ");
  gaps.replaceChildren(
    ...(said.fields ?? []).map((field) => {
      const button = make("button", { type: "button", class: "button", title: field.label }, `{${field.name}} ${field.label}`);
      button.addEventListener("click", () => put(field.name));
      return make("li", {}, button);
    }),
  );
}

usual.addEventListener("click", () => {
  for (const name of ["subject", "body"]) {
    form.elements[name].value = words[name];
    form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
  }
});
form.addEventListener("input", quietly(show, 250));
form.addEventListener("change", quietly(show, 50));
show();
