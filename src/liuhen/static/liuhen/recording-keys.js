// Keys of the player; nothing here knows how a wish is fulfilled. Keys typed into a field stay there.
"use strict";

const RECORDING_KEYS = {
  " ": "play", k: "play", j: "back-10", l: "faster-play",
  arrowleft: "back", arrowright: "forward", "shift+arrowleft": "back-1", "shift+arrowright": "forward-1",
  arrowup: "louder", arrowdown: "quieter", m: "mute",
  ",": "frame-back", ".": "frame-forward", "，": "frame-back", "。": "frame-forward",
  "[": "slower", "]": "faster",
  a: "loop-a", b: "loop-b", x: "loop-off",
  "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "zoom-reset", r: "rotate",
  f: "fullscreen", s: "still", home: "home", end: "end", "?": "help", "？": "help",
};

/** Call `wish(name)` for every key that means something; it returns whether it was one of its own. */
function listenToKeys(wish) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target, key = event.key.toLowerCase();
    if (target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    if ((key === " " || key === "enter") && target.closest("button, a, summary")) return;
    const name = RECORDING_KEYS[event.shiftKey ? `shift+${key}` : key] || RECORDING_KEYS[key];
    if (!name || !wish(name)) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
}
