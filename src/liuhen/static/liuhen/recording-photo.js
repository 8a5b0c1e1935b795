// A photo's page: enlarge, drag, turn.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const frame = document.querySelector("[data-stage]"), picture = document.getElementById("picture");
  if (!frame || !picture) return;
  const stage = new RecordingStage(frame, picture), keys = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "zoom-reset", r: "rotate" };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) moveStage(stage, button.dataset.do);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (moveStage(stage, keys[event.key.toLowerCase()])) event.preventDefault();
  });
});
