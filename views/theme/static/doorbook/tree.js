// The organisation's own page: find, open all, close all.
import { all, on } from "doorbook/dom";
import "doorbook/tree-filter";

const set = (id, open) => {
  for (const details of all("details", document.getElementById(id))) details.open = open;
};
on("click", "[data-tree-open]", (_, button) => set(button.dataset.treeOpen, true));
on("click", "[data-tree-close]", (_, button) => set(button.dataset.treeClose, false));
