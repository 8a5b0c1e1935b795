// One film or sound of the player in step: where it lies in corrected time, and how it follows the one clock of all.
"use strict";

class StepFilm {
  static OFF = 0.1; // seconds apart: sought anew
  static NEAR = 0.02; // seconds apart: left alone; between the two, its speed is nudged
  static NUDGE = 0.05;
  static READY = 3; // HAVE_FUTURE_DATA
  static PATIENCE = 6000; // milliseconds that the others wait for it

  /** `told`: as the server tells a source: id, number, kind, start (seconds), seconds, parts, source, note. */
  constructor(told) {
    Object.assign(this, { told, start: told.start, trouble: told.note, waitingSince: null });
    this.media = document.createElement("video");
    Object.assign(this.media, { preload: "auto", playsInline: true, muted: true, hidden: true, controls: false, disablePictureInPicture: true });
    this.media.setAttribute("aria-label", `${told.number} 的画面`);
    Object.assign(this.media.dataset, { start: String(told.start), number: told.number });
    this.media.addEventListener("error", () => {
      this.trouble = "浏览器没能播放。怎么办：重新打开；仍不行的，到这条记录的页面查看。";
    });
    if (told.source) this.media.src = told.source;
  }

  get length() {
    const known = this.media.duration;
    return Number.isFinite(known) && known > 0 ? Math.min(known, this.told.seconds || known) : this.told.seconds;
  }

  get end() {
    return this.start + this.length;
  }

  /** Does its file hold this moment? */
  covers(moment) {
    return moment >= this.start && moment < this.end - 0.02;
  }

  /** Was anything recorded at it? A file may have holes. */
  recordedAt(moment) {
    const at = moment - this.start, parts = this.told.parts;
    return !parts.length || parts.some(([from, to]) => at >= from - 0.05 && at < to + 0.05);
  }

  get playable() {
    return Boolean(this.told.source) && !this.trouble;
  }

  /** How far its picture is from the clock, in seconds. */
  off(moment) {
    return this.media.currentTime - (moment - this.start);
  }

  /** It holds the moment and its picture is not there yet; after a while nobody waits for it any more. */
  isAwaited(moment, time) {
    const ready = !this.playable || !this.covers(moment) || (!this.media.seeking && this.media.readyState >= StepFilm.READY);
    if (ready) this.waitingSince = null;
    else if (this.waitingSince === null) this.waitingSince = time;
    return !ready && time - this.waitingSince < StepFilm.PATIENCE;
  }

  get isLost() {
    return this.waitingSince !== null && performance.now() - this.waitingSince >= StepFilm.PATIENCE;
  }

  /** To the clock: in its place, at its speed, playing or not. */
  follow(moment, { playing, rate }) {
    if (!this.playable) return;
    const { media } = this;
    if (!this.covers(moment)) {
      if (!media.paused) media.pause();
      if (!media.seeking && moment < this.start && media.currentTime > 0.02) media.currentTime = 0;
      return;
    }
    const off = this.off(moment);
    if (!media.seeking && Math.abs(off) > (playing ? StepFilm.OFF : StepFilm.NEAR)) media.currentTime = moment - this.start;
    this.setRate(playing && Math.abs(off) > StepFilm.NEAR ? rate * (1 - Math.sign(off) * StepFilm.NUDGE) : rate);
    if (playing && media.paused) media.play().catch(() => {});
    if (!playing && !media.paused) media.pause();
  }

  setRate(rate) {
    if (this.media.playbackRate !== rate) this.media.playbackRate = rate;
  }
}

/** One device: its films one after the other on one screen. */
class StepTile {
  constructor(template, lane, films, onSound) {
    this.root = template.content.firstElementChild.cloneNode(true);
    Object.assign(this, { lane, films });
    this.screen = this.root.querySelector(".step-screen");
    this.black = this.root.querySelector(".step-black");
    this.which = this.root.querySelector(".step-which");
    this.sound = this.root.querySelector(".step-sound");
    this.root.querySelector(".step-name").textContent = [lane, films[0].told.holder].filter(Boolean).join("　");
    this.sound.setAttribute("aria-label", `只听 ${lane} 的声音`);
    this.sound.addEventListener("click", () => onSound(this));
    for (const film of films) this.screen.append(film.media);
  }

  /** Show what there is at the moment, or say why nothing is. */
  show(moment) {
    const film = this.films.find((one) => one.covers(moment));
    for (const one of this.films) {
      const shown = one === film && one.playable && one.recordedAt(moment) && one.told.kind !== "audio";
      if (one.media.hidden === shown) one.media.hidden = !shown;
    }
    const words = this.words(film, moment);
    if (this.black.textContent !== words) this.black.textContent = words;
    this.black.hidden = words === "";
    const which = film ? film.told.number : "";
    if (this.which.textContent !== which) this.which.textContent = which;
  }

  words(film, moment) {
    if (!film) return "此时没有录像";
    if (film.trouble) return `${film.told.number}：${film.trouble}`;
    if (film.isLost) return "还没有取到画面，其他设备先继续";
    if (!film.recordedAt(moment)) return "此时没有录像（这一段中断）";
    return film.told.kind === "audio" ? "录音（没有画面）" : "";
  }

  listen(chosen, muted) {
    this.sound.setAttribute("aria-pressed", String(chosen && !muted));
    this.sound.classList.toggle("tool-on", chosen && !muted);
    for (const one of this.films) one.media.muted = !chosen || muted;
  }
}
