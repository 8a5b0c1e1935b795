// Marks at the player: one key or one button, at the picture that is shown; the list and the lane follow.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("mark-form"), player = window.recordingPlayer;
  if (!form || !player) return;
  const buttons = () => [...form.querySelectorAll("[data-key]")];

  form.addEventListener("htmx:configRequest", (event) => {
    event.detail.parameters.seconds = player.now().toFixed(3);
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "marks") player.showMarks();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    const button = buttons().find((one) => one.dataset.key.toLowerCase() === event.key.toLowerCase());
    if (!button) return;
    event.preventDefault();
    button.click();
  });
});
