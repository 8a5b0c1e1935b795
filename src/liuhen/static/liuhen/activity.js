// The timeline of an activity: enlarged and scrolled in its own box, and the way from its blocks to the player.
"use strict";

class ActivityTimeline {
  static ZOOMS = [1, 2, 4, 8, 16, 32];

  constructor(root) {
    this.root = root;
    this.axis = JSON.parse(root.dataset.axis);
    this.box = root.querySelector(".act-scroll");
    this.drawing = document.getElementById("act-drawing");
    this.head = document.getElementById("act-head");
    this.zoom = 1;
  }

  /** Percent of the width at which a moment (seconds) stands. */
  share(moment) {
    const { start, end, room } = this.axis;
    return (Math.min(1, Math.max(0, (moment - start) / (end - start))) * room);
  }

  momentAt(event) {
    const box = this.drawing.getBoundingClientRect(), { start, end, room } = this.axis;
    const share = (100 * (event.clientX - box.left)) / box.width / room;
    return start + Math.min(1, Math.max(0, share)) * (end - start);
  }

  showHead(moment) {
    const x = `${this.share(moment).toFixed(3)}%`;
    if (this.head.getAttribute("x1") === x) return;
    this.head.setAttribute("x1", x);
    this.head.setAttribute("x2", x);
    this.head.setAttribute("visibility", "visible");
  }

  /** 0: all of it. What stood in the middle of the box stays there. */
  zoomBy(factor) {
    const zooms = ActivityTimeline.ZOOMS, middle = (this.box.scrollLeft + this.box.clientWidth / 2) / this.box.scrollWidth;
    this.zoom = factor ? Math.min(zooms[zooms.length - 1], Math.max(1, this.zoom * factor)) : 1;
    this.root.dataset.zoom = String(this.zoom);
    this.drawing.style.width = `${this.zoom * 100}%`;
    this.drawing.style.minWidth = this.zoom > 1 ? `${this.zoom * 900}px` : "";
    this.box.scrollLeft = middle * this.box.scrollWidth - this.box.clientWidth / 2;
  }

  wish(name) {
    const factors = { "zoom-in": 2, "zoom-out": 0.5, "zoom-reset": 0 };
    if (!(name in factors)) return false;
    this.zoomBy(factors[name]);
    return true;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("timeline"), step = document.getElementById("step"), zoom = document.getElementById("act-zoom");
  if (!root) return;
  const timeline = new ActivityTimeline(root);
  const player = step ? new StepPlayer(step, (moment) => timeline.showHead(moment)) : null;
  zoom.hidden = false;
  zoom.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom-by]");
    if (button) timeline.zoomBy(Number(button.dataset.zoomBy));
  });
  // A block of film opens the player there; with Ctrl or the middle button the recording's page. Elsewhere the clock goes there.
  timeline.drawing.addEventListener("click", (event) => {
    if (!player || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const block = event.target.closest("a");
    if (block && block.dataset.play) {
      event.preventDefault();
      player.begin([block.dataset.play], Number(block.dataset.at));
    } else if (!block && player.open) player.goTo(timeline.momentAt(event));
    else if (block && block.dataset.at && player.open) player.goTo(Number(block.dataset.at));
  });
  listenToKeys((name) => {
    if (document.activeElement === timeline.box && ["back", "forward"].includes(name)) return false; // they scroll
    return timeline.wish(name) || (player !== null && player.wish(name));
  });
});
