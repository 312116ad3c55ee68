// Finding a node in a tree by code, name or initials. Used by the tree page and by the switcher.
import { all, one, on } from "doorbook/dom";

/** Shows the nodes that hold `text`, and the way down to them; opens what leads to a hit, and closes it again after. */
export function filterTree(tree, text) {
  const wanted = text.trim().toLowerCase();
  let hits = 0;
  const visit = (node) => {
    const own = node.dataset.node.toLowerCase().includes(wanted);
    const children = all(":scope > details > ul > li", node);
    const below = children.map(visit).some(Boolean);
    if (own && wanted) hits += 1;
    // Below a hit everything stays reachable, but closed.
    if (own && !below) for (const child of all("li", node)) child.hidden = false;
    node.hidden = Boolean(wanted) && !own && !below;
    const details = one(":scope > details", node);
    if (details) {
      details.dataset.was ??= details.open ? "1" : "";
      details.open = wanted ? below : Boolean(details.dataset.was);
      if (!wanted) delete details.dataset.was;
    }
    return own || below;
  };
  for (const node of all(":scope > ul > li", tree)) visit(node);
  one(".tree-none", tree).hidden = !wanted || hits > 0;
}

on("input", "[data-tree-filter]", (_, input) => filterTree(document.getElementById(input.dataset.treeFilter), input.value));
on("keydown", "[data-tree-filter]", (event) => {
  if (event.key === "Enter") event.preventDefault(); // looking for a node is not yet choosing it
});
