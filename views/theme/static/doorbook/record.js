// A record: rows of its children open as rows of a list do; p and n go to its neighbours, e edits.
import { all, icon, make, on, one, typing } from "doorbook/dom";

// The list this tab last showed of the table says what stands before and after, page by page.
const [, table, , pk] = location.pathname.split("/");
const list = JSON.parse(sessionStorage.getItem(`list /${table}/list/`) ?? "null");
const at = list?.urls.indexOf(`/${table}/show/${pk}`) ?? -1;
const position = one("#position");
if (position && at >= 0) {
  const step = (id, name, to) =>
    make(to ? "a" : "span", { class: "button ghost square small", id: to && id, href: to, "aria-label": to && position.dataset[name], title: to && position.dataset[name], "data-off": to ? null : "", "aria-hidden": to ? null : "true" }, icon(`chevron-${name === "prev" ? "left" : "right"}`));
  position.append(step("prev-record", "prev", list.urls[at - 1] ?? list.prev), make("span", {}, `${at + 1} / ${list.urls.length}`), step("next-record", "next", list.urls[at + 1] ?? list.next));
  position.hidden = false;
}
if (list) for (const link of all(`.crumbs a[href="/${table}/list/"]`)) link.href = list.here;

on("click", "tr[data-url]", (event, row) => {
  if (event.target.closest("a, button, input") || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.url, "_blank", "noopener");
  else location.assign(row.dataset.url);
});

document.addEventListener("keydown", (event) => {
  if (typing(event)) return;
  const target = { n: "#next-record", p: "#prev-record", e: ".page-actions .primary" }[event.key];
  if (target) one(target)?.click();
});
