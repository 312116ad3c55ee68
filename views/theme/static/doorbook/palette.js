// Ctrl+K: pages from the menu at once; records, actions and pages by initials from the server as they come.
import { icon, make, one, all, quietly } from "doorbook/dom";

const dialog = one("#palette");
const input = one("#palette-input");
const list = one("#palette-hits");
let turn = 0;
let asking = null;

const pages = () =>
  all(".nav-item").map((link) => ({
    label: one(".nav-label", link).textContent,
    detail: link.closest("details")?.querySelector("summary")?.textContent.trim() ?? "",
    url: link.href,
    symbol: one("use", link)?.getAttribute("href"),
  }));

function matching(words) {
  const found = pages().filter((page) => words.every((word) => (page.label + " " + page.detail).toLowerCase().includes(word)));
  return found.slice(0, words.length ? 8 : 12).map((page) => ({ ...page, group: one("#palette-pages").content.textContent }));
}

function lit(text, words) {
  const lower = text.toLowerCase();
  const word = words.find((w) => lower.includes(w));
  if (!word) return [text];
  const at = lower.indexOf(word);
  return [text.slice(0, at), make("mark", {}, text.slice(at, at + word.length)), text.slice(at + word.length)];
}

function draw(hits, words) {
  list.replaceChildren();
  let group = null;
  hits.forEach((hit, i) => {
    if (hit.group !== group) {
      group = hit.group;
      list.append(make("div", { class: "palette-group", role: "presentation" }, group ?? ""));
    }
    const symbol = icon(hit.icon ?? "file-text");
    if (hit.symbol) symbol.firstChild.setAttribute("href", hit.symbol);
    const said = make("span", { class: "palette-said" }, make("span", {}, ...lit(hit.label, words)));
    if (hit.detail) said.append(make("small", {}, ...lit(hit.detail, words)));
    list.append(make("div", { class: "palette-hit", role: "option", id: `hit-${i}`, "aria-selected": "false", "data-url": hit.url }, symbol, said));
  });
  choose(one(".palette-hit"));
}

function choose(row) {
  one('[aria-selected="true"]', list)?.setAttribute("aria-selected", "false");
  if (!row) return input.removeAttribute("aria-activedescendant");
  row.setAttribute("aria-selected", "true");
  row.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", row.id);
}

async function search() {
  const mine = ++turn;
  const text = input.value.trim();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const local = matching(words);
  const show = (records, down) => {
    if (mine !== turn) return; // an older answer that came late
    const told = new Set(records.map((hit) => new URL(hit.url, location.href).href));
    const hits = [...records, ...local.filter((page) => !told.has(page.url))];
    draw(hits, words);
    one("#palette-none").hidden = hits.length > 0 || down;
    one("#palette-down").hidden = !down;
  };
  if (local.length) draw(local, words);
  asking?.abort(); // what was typed before is of no interest any more
  asking = new AbortController();
  try {
    const url = new URL(dialog.dataset.url, location.href);
    url.searchParams.set("q", text);
    const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, signal: asking.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const said = await answer.json();
    show(Array.isArray(said) ? said : (said.items ?? []), false);
  } catch (error) {
    if (error.name !== "AbortError") show([], Boolean(text));
  }
}

function go(row, apart) {
  if (!row) return;
  if (apart) window.open(row.dataset.url, "_blank", "noopener");
  else location.assign(row.dataset.url);
}

function open() {
  if (dialog.open || !dialog.dataset.url) return;
  input.value = "";
  dialog.showModal();
  input.focus();
  search();
}

one("#palette-open")?.addEventListener("click", open);
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  }
});

const later = quietly(search, 140);
input.addEventListener("input", later);
input.addEventListener("keydown", (event) => {
  if (event.isComposing) return; // the arrows choose a character of the input method now
  const rows = all(".palette-hit", list);
  const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (rows.length) choose(rows[(at + (event.key === "ArrowDown" ? 1 : rows.length - 1) + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % rows.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    go(rows[at], event.ctrlKey || event.metaKey);
  }
});
list.addEventListener("pointermove", (event) => {
  const row = event.target.closest(".palette-hit");
  if (row && row.getAttribute("aria-selected") !== "true") choose(row);
});
list.addEventListener("click", (event) => go(event.target.closest(".palette-hit"), event.ctrlKey || event.metaKey));
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
