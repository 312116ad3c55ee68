// Arrow keys go from node to node; Enter on the button that then has the focus ticks the node off.

const ticks = [...document.querySelectorAll("[data-tick]")];

document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  const here = document.activeElement;
  if (here instanceof HTMLInputElement || here instanceof HTMLSelectElement || here instanceof HTMLTextAreaElement) return;
  const line = here?.closest?.(".node-line");
  const at = line ? ticks.findIndex((tick) => line.contains(tick)) : event.key === "ArrowDown" ? -1 : ticks.length;
  const next = ticks[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
});

if (location.hash.startsWith("#n-")) {
  const line = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const later = line ? ticks.find((tick) => !line.contains(tick) && tick.name === "finish" && line.compareDocumentPosition(tick) & Node.DOCUMENT_POSITION_FOLLOWING) : null;
  (later ?? line?.querySelector("[data-tick]"))?.focus();
}
