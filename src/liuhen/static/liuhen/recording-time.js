// Times as this page writes them: elapsed to the millisecond, absolute in Beijing time.
"use strict";

// Before video.js is loaded: it writes no style elements of its own, which the page's policy would refuse.
window.VIDEOJS_NO_DYNAMIC_STYLE = true;

const RecordingTime = (() => {
  const two = (number) => String(number).padStart(2, "0");

  /** 00:01:02.480 */
  function elapsed(seconds) {
    const whole = Math.max(0, Math.round(seconds * 1000)), rest = whole % 1000, all = Math.floor(whole / 1000);
    return `${two(Math.floor(all / 3600))}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}.${String(rest).padStart(3, "0")}`;
  }

  /** 2026-07-16 09:30:12.480 in Beijing, of a moment `seconds` after `start` (ISO, UTC); empty without a start. */
  function absolute(start, seconds) {
    if (!start) return "";
    const there = new Date(Date.parse(start) + Math.round(seconds * 1000) + 8 * 3600e3).toISOString();
    return `${there.slice(0, 10)} ${there.slice(11, 23)}`;
  }

  return { elapsed, absolute };
})();
