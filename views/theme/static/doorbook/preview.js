// The four verdicts over an import, as tabs; the one that wants attention is open first.
import { all, one } from "doorbook/dom";

const tabs = all('[role="tab"]');

function open(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", chosen);
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
}

for (const tab of tabs) {
  tab.addEventListener("click", () => open(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step) % tabs.length];
    open(next);
    next.focus();
  });
}

const n = (tab) => Number(one("strong", tab).textContent.replace(/\D/g, ""));
const order = ["tab-refused", "tab-changed", "tab-added", "tab-left"].map((id) => document.getElementById(id));
open(order.find(n) ?? order[0]);
