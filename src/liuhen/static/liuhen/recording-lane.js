// The lane above the bar: what was recorded without a break, where it broke, what is marked, and what comes before and after.
"use strict";

class RecordingLane {
  static SVG = "http://www.w3.org/2000/svg";

  /** `facts`: seconds, gaps [{start, length}], stretches [{start, end, kind, label}], marks [{at, label, kind?}], before and
   *  after {words}. */
  constructor(place, facts) {
    Object.assign(this, { place, facts, marks: facts.marks || [] });
    this.draw();
  }

  /** Marks come later, too: stills that are kept, key content that is marked. */
  setMarks(marks) {
    this.marks = marks;
    this.draw();
  }

  element(name, attributes, title) {
    const made = document.createElementNS(RecordingLane.SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (title) made.append(Object.assign(document.createElementNS(RecordingLane.SVG, "title"), { textContent: title }));
    return made;
  }

  share(seconds) {
    return `${Math.min(100, Math.max(0, (seconds / (this.facts.seconds || 1)) * 100))}%`;
  }

  /** Unbroken pieces between the gaps: [start, end]. */
  segments() {
    const gaps = [...this.facts.gaps].sort((a, b) => a.start - b.start), pieces = [];
    let from = 0;
    for (const gap of gaps) {
      if (gap.start > from) pieces.push([from, gap.start]);
      from = Math.max(from, gap.start + gap.length);
    }
    if (this.facts.seconds > from) pieces.push([from, this.facts.seconds]);
    return pieces;
  }

  draw() {
    const drawing = this.element("svg", { width: "100%", height: "22", preserveAspectRatio: "none" });
    const bar = (start, end, name, title) => this.element("rect", {
      x: this.share(start), y: 4, width: this.share(end - start), height: 10, class: name,
    }, title);
    this.segments().forEach(([start, end], at) => {
      drawing.append(bar(start, end, "lane-segment", `第 ${at + 1} 段 ${RecordingTime.elapsed(start)} 至 ${RecordingTime.elapsed(end)}`));
    });
    for (const gap of this.facts.gaps) {
      drawing.append(bar(gap.start, gap.start + gap.length, "lane-gap", `中断 ${gap.length.toFixed(3)} 秒，自 ${RecordingTime.elapsed(gap.start)}`));
    }
    for (const one of this.facts.stretches || []) {
      const title = `${one.label} ${RecordingTime.elapsed(one.start)} 至 ${RecordingTime.elapsed(one.end)}`;
      const [y, height] = one.kind === "silent" ? [12, 4] : [2, 4];
      drawing.append(this.element("rect", { x: this.share(one.start), y, width: this.share(one.end - one.start), height, class: `lane-stretch lane-${one.kind}` }, title));
    }
    for (const [side, one] of [["0%", this.facts.before], ["100%", this.facts.after]]) {
      if (one) drawing.append(this.element("rect", { x: side, y: 0, width: 3, height: 18, class: "lane-neighbour", transform: side === "100%" ? "translate(-3)" : "" }, `${one.number} ${one.words}`));
    }
    for (const mark of this.marks) {
      drawing.append(this.element("circle", { cx: this.share(mark.at), cy: 18, r: 4, class: `lane-mark lane-mark-${mark.kind || "still"}` }, mark.label));
    }
    this.place.replaceChildren(drawing);
  }

  /** How often what is hard to see or hear occurs: [label, times]. */
  poor() {
    const counted = new Map();
    for (const { label } of this.facts.stretches || []) counted.set(label, (counted.get(label) || 0) + 1);
    return [...counted];
  }

  /** The same in words, for who cannot see the lane. */
  words() {
    const gaps = this.facts.gaps.length;
    const parts = [gaps ? `${this.segments().length} 段，中断 ${gaps} 处` : "没有中断"];
    for (const [label, times] of this.poor()) parts.push(`${label} ${times} 处`);
    if (this.facts.before) parts.push(`与前一条${this.facts.before.words}`);
    if (this.facts.after) parts.push(`与后一条${this.facts.after.words}`);
    return parts.join("；");
  }
}
