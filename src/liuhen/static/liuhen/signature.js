// A signature drawn with finger, pen or mouse: kept as strokes, sent as PNG in a hidden field when the form is sent.
"use strict";

document.querySelectorAll("[data-sign]").forEach((box) => {
  const pad = box.querySelector("canvas");
  const field = box.querySelector("input[type=hidden]");
  const pen = pad.getContext("2d");
  let strokes = [];
  let stroke = null;

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
  box.querySelector("[data-sign-clear]").addEventListener("click", () => {
    strokes = [];
    field.value = "";
    draw();
  });
  box.closest("form").addEventListener("submit", () => {
    field.value = strokes.length ? pad.toDataURL("image/png") : "";
  });
  field.value = "";
});
