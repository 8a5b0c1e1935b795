// The stage: a picture that can be enlarged, dragged and turned, by mouse, by touch and by key.
"use strict";

class RecordingStage {
  static LARGEST = 8;

  constructor(frame, picture) {
    Object.assign(this, { frame, picture, scale: 1, x: 0, y: 0, turned: 0 });
    this.fingers = new Map();
    this.moved = false;
    frame.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      frame.addEventListener(kind, (event) => this[kind](event));
    }
    // A click that ended a drag is no wish to play.
    frame.addEventListener("click", (event) => {
      if (this.moved) event.stopPropagation();
      this.moved = false;
    }, true);
    new ResizeObserver(() => this.draw()).observe(frame);
  }

  rotate() {
    this.turned = (this.turned + 90) % 360;
    this.draw();
  }

  reset() {
    Object.assign(this, { scale: 1, x: 0, y: 0, turned: 0 });
    this.draw();
  }

  /** Enlarge by a factor around a point of the frame (its middle, when none is given). */
  zoom(factor, point) {
    const box = this.frame.getBoundingClientRect();
    const px = point ? point.clientX - box.left - box.width / 2 : 0, py = point ? point.clientY - box.top - box.height / 2 : 0;
    const scale = Math.min(RecordingStage.LARGEST, Math.max(1, this.scale * factor)), ratio = scale / this.scale;
    this.x = px - (px - this.x) * ratio;
    this.y = py - (py - this.y) * ratio;
    this.scale = scale;
    this.draw();
  }

  draw() {
    const box = this.frame.getBoundingClientRect(), lying = this.turned % 180 !== 0;
    const fits = lying && box.width && box.height ? Math.min(box.width / box.height, box.height / box.width) : 1;
    const roomX = (box.width * (this.scale - 1)) / 2, roomY = (box.height * (this.scale - 1)) / 2;
    this.x = Math.min(roomX, Math.max(-roomX, this.x));
    this.y = Math.min(roomY, Math.max(-roomY, this.y));
    this.picture.style.transform = `translate(${this.x}px, ${this.y}px) rotate(${this.turned}deg) scale(${this.scale * fits})`;
    this.frame.classList.toggle("stage-large", this.scale > 1);
  }

  onWheel(event) {
    if (!event.ctrlKey && this.scale === 1 && this.picture.tagName === "VIDEO") return; // the page scrolls
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event);
  }

  isControl(event) {
    return event.target.closest(".vjs-control-bar, button") !== null;
  }

  pointerdown(event) {
    if (this.isControl(event)) return;
    this.fingers.set(event.pointerId, event);
    this.moved = false;
  }

  pointermove(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const others = [...this.fingers.values()].filter((one) => one.pointerId !== event.pointerId);
    if (others.length) this.pinch(before, event, others[0]);
    else if (this.scale > 1) this.drag(before, event);
    this.fingers.set(event.pointerId, event);
  }

  drag(before, now) {
    const dx = now.clientX - before.clientX, dy = now.clientY - before.clientY;
    if (Math.abs(dx) + Math.abs(dy) > 2) this.moved = true;
    this.x += dx;
    this.y += dy;
    this.draw();
  }

  pinch(before, now, other) {
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const middle = { clientX: (now.clientX + other.clientX) / 2, clientY: (now.clientY + other.clientY) / 2 };
    this.moved = true;
    if (apart(before) > 0) this.zoom(apart(now) / apart(before), middle);
  }

  pointerup(event) {
    this.fingers.delete(event.pointerId);
  }

  pointercancel(event) {
    this.pointerup(event);
  }
}

/** Buttons and keys that move a stage; returns whether it knew the wish. */
function moveStage(stage, wish) {
  const moves = {
    "zoom-in": () => stage.zoom(1.5),
    "zoom-out": () => stage.zoom(1 / 1.5),
    "zoom-reset": () => stage.reset(),
    rotate: () => stage.rotate(),
  };
  if (!moves[wish]) return false;
  moves[wish]();
  return true;
}
