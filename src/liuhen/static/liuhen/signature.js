// A signature drawn with finger, pen or mouse: kept as strokes, sent as PNG in a hidden field when the form is sent.
// What was sent and refused for another reason comes back in that field: it is drawn again, and goes once more as it was.
"use strict";

document.querySelectorAll("[data-sign]").forEach((box) => {
  const pad = box.querySelector("canvas");
  const field = box.querySelector("input[type=hidden]");
  const pen = pad.getContext("2d");
  let strokes = [];
  let stroke = null;
  let before = null; // the drawing that came back

  // Places are fractions of the pad, so that a turned phone keeps what was written.
  const place = (event) => {
    const edge = pad.getBoundingClientRect();
    return [(event.clientX - edge.left) / edge.width, (event.clientY - edge.top) / edge.height];
  };
  const draw = () => {
    pen.clearRect(0, 0, pad.width, pad.height);
    pen.lineWidth = 3.5;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    pen.strokeStyle = "#111";
    if (before) pen.drawImage(before, 0, 0, pad.width, pad.height);
    for (const points of strokes) {
      pen.beginPath();
      points.forEach(([x, y], at) => {
        if (at) pen.lineTo(x * pad.width, y * pad.height);
        else pen.moveTo(x * pad.width, y * pad.height);
      });
      if (points.length === 1) pen.lineTo(points[0][0] * pad.width + 0.1, points[0][1] * pad.height);
      pen.stroke();
    }
  };

  pad.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    stroke = [place(event)];
    strokes.push(stroke);
    draw();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    for (const one of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) stroke.push(place(one));
    draw();
  });
  for (const over of ["pointerup", "pointercancel"]) {
    pad.addEventListener(over, () => {
      stroke = null;
    });
  }
  const clear = () => {
    strokes = [];
    before = null;
    field.value = "";
    draw();
  };
  // Read without an address, which the page's policy would have to allow.
  const bring = async (address) => {
    try {
      const bytes = Uint8Array.from(atob(address.split(",")[1]), (one) => one.charCodeAt(0));
      before = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      draw();
    } catch (error) {
      clear(); // no drawing: to be signed anew
    }
  };
  box.querySelector("[data-sign-clear]").addEventListener("click", clear);
  const form = box.closest("form");
  if (form.elements.officer) form.elements.officer.addEventListener("change", clear); // another one's signature
  form.addEventListener("submit", () => {
    if (strokes.length) field.value = pad.toDataURL("image/png");
    else if (!before) field.value = "";
  });
  if (field.value) bring(field.value);
});
