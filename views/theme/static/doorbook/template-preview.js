// The preview of a template beside its editor, of a notice or a printed form: what is typed, with sample values; fields to put in.
import { make, one, post, quietly } from "doorbook/dom";

const form = one("#record-form");
const zh = document.documentElement.lang.startsWith("zh");
const say = (english, chinese) => (zh ? chinese : english);

const NOTICE = {
  of: "event",
  with: ["channel", "language"],
  texts: ["subject", "body"],
  url: "/notify_template/preview",
  look: "letter",
  fields: say("Fields of this event; a click puts one in:", "该事件可用的字段，点击即可插入："),
  draw: (said) => [make("strong", {}, said.subject), make("p", {}, said.body)],
};
const PRINTED = {
  of: "form",
  with: ["language"],
  texts: ["title", "body", "signatures", "foot"],
  url: "/print_template/preview",
  look: "sheet-preview",
  fields: say("Fields of this form; a click puts one in:", "该单据可用的字段，点击即可插入："),
  /** The sheet comes drawn and escaped by the server; it is parsed as a document of its own, where nothing runs. */
  draw: (said) => new DOMParser().parseFromString(said.html, "text/html").body.children,
};
const kind = "event" in form.elements ? NOTICE : PRINTED;

const shown = make("div", { class: kind.look, "aria-live": "polite" });
const wrong = make("p", { class: "wrong", role: "status" });
const gaps = make("ul", { class: "gaps" });
const usual = make("button", { type: "button", class: "button" }, say("Use the usual words", "恢复默认文字"));
const card = make(
  "section",
  { class: "card card-section notice-preview", "aria-label": say("Preview", "预览") },
  make("h2", {}, say("Preview with sample values", "预览（示例数据）")),
  shown,
  wrong,
  make("p", { class: "quiet" }, kind.fields),
  gaps,
  usual,
);
one(".card", form).after(card);

let last = form.elements.body;
let words = null;
for (const name of kind.texts) form.elements[name].addEventListener("focus", (event) => (last = event.target));

function put(name) {
  last.focus();
  last.setRangeText(`{${name}}`, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
}

async function show() {
  const asked = {};
  for (const name of [kind.of, ...kind.with, ...kind.texts]) asked[name] = form.elements[name]?.value ?? "";
  let said;
  try {
    said = await post(kind.url, asked);
  } catch (error) {
    wrong.textContent = error.message;
    return;
  }
  words = said[kind.of] ? said.usual : null;
  if (words && kind.texts.every((name) => !form.elements[name].value)) return useWords(); // a new template begins with them
  usual.hidden = !words;
  shown.replaceChildren(...(said[kind.of] ? kind.draw(said) : [make("p", { class: "quiet" }, said.hint)]));
  wrong.textContent = (said.errors ?? []).join(" ");
  gaps.replaceChildren(
    ...(said.fields ?? []).map((field) => {
      const button = make("button", { type: "button", class: "button", title: field.label }, `{${field.name}} ${field.label}`);
      button.addEventListener("click", () => put(field.name));
      return make("li", {}, button);
    }),
  );
}

function useWords() {
  for (const name of kind.texts) {
    form.elements[name].value = words[name];
    form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
  }
}

usual.addEventListener("click", useWords);
form.addEventListener("input", quietly(show, 250));
form.addEventListener("change", quietly(show, 50));
show();
