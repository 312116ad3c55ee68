// Files of a record: several at once by choosing, dropping on the block, pasting a picture, or the phone's camera.
import { csrf, one, on, toast, typing } from "doorbook/dom";

const block = () => one("#files");

async function send(file) {
  const body = new FormData();
  body.append("file", file, file.name || "image.png");
  const words = one("#toasts").dataset;
  let answer;
  try {
    answer = await fetch(block().dataset.url, {
      method: "POST",
      body,
      credentials: "same-origin",
      headers: { "X-CSRFToken": csrf(), Accept: "application/json" },
    });
  } catch {
    throw new Error(words.failed);
  }
  if (answer.ok && !answer.redirected) return;
  const said = await answer.json().catch(() => null);
  throw new Error(said?.detail || words.failed);
}

/** Draws files and history as the server has them now; a comment that is being written stays. */
async function redraw() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!one("#files", fresh)) throw new Error("signed out meanwhile");
  for (const part of ["#files", "#timeline-kinds", "#timeline-entries"]) one(part)?.replaceWith(document.adoptNode(one(part, fresh)));
}

async function upload(files) {
  const here = block();
  if (!files.length || !one("#files-input") || here.getAttribute("aria-busy") === "true") return;
  here.setAttribute("aria-busy", "true");
  const { sending, limit, large, done } = here.dataset;
  let sent = 0;
  for (const [place, file] of files.entries()) {
    one("#files-words").textContent = files.length > 1 ? `${sending} ${place + 1}/${files.length}` : sending;
    if (file.size > Number(limit)) {
      toast(large.replace("{name}", file.name).replace("{limit}", Math.round(limit / 1048576)), "error");
      continue;
    }
    try {
      await send(file);
      sent += 1;
    } catch (failure) {
      toast(failure.message, "error");
    }
  }
  await redraw().catch(() => location.reload());
  if (sent) toast(done);
}

on("change", "#files-input, #files-camera", (_, input) => upload([...input.files]));

const carries = (event) => [...(event.dataTransfer?.types || [])].includes("Files") && one("#files-input");

document.addEventListener("dragover", (event) => {
  if (!carries(event)) return;
  event.preventDefault(); // a file that misses the block must not open in place of the page
  block().classList.toggle("over", block().contains(event.target));
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) block()?.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  const hit = block().contains(event.target);
  block().classList.remove("over");
  if (hit) upload([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  if (!files.length || typing(event)) return;
  event.preventDefault();
  upload(files);
});
