// The owner signs with finger, pen or mouse; the picture goes with the form.
import { one } from "./dom.js";

const pad = one("#sign-pad");
if (pad) {
  const form = one("#sign-form");
  const pen = pad.getContext("2d");
  let drawn = false;
  let at = null;

  const place = (event) => {
    const box = pad.getBoundingClientRect();
    return [((event.clientX - box.left) * pad.width) / box.width, ((event.clientY - box.top) * pad.height) / box.height];
  };

  function clear() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, pad.width, pad.height);
    drawn = false;
  }

  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    at = place(event);
  });
  pad.addEventListener("pointermove", (event) => {
    if (!at) return;
    const to = place(event);
    pen.strokeStyle = "#111";
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...at);
    pen.lineTo(...to);
    pen.stroke();
    at = to;
    drawn = true;
  });
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => { at = null; });
  one("#sign-clear").addEventListener("click", clear);
  form.addEventListener("submit", () => {
    form.elements.picture.value = drawn ? pad.toDataURL("image/png") : "";
  });
  clear();
}
