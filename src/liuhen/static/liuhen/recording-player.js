// The player: one clock for picture, lane, wave and words; frame by frame; loops; stills out of the original.
"use strict";

class RecordingPlayer {
  static RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 4, 8, 16];

  constructor(root) {
    this.root = root;
    this.facts = JSON.parse(root.dataset.facts);
    this.loop = { a: null, b: null };
    this.shown = 0; // media time of the picture on the screen
    const find = (id) => document.getElementById(id);
    this.at = Object.fromEntries([
      "seek", "seek-done", "seek-head", "seek-loop", "hover", "hover-picture", "hover-time", "clock-absolute", "clock-elapsed",
      "timeline", "lane", "wave", "speed", "lane-words", "player-trouble", "still-form", "still-seconds", "still-pending", "still-preview", "keys",
    ].map((id) => [id, find(id)]));
    this.openVideo();
    this.lane = new RecordingLane(this.at.lane, this.facts);
    this.at["lane-words"].textContent = this.lane.words();
    this.drawWave();
    this.wire();
    this.tick(0);
  }

  openVideo() {
    const sound = this.facts.kind === "audio";
    this.player = window.videojs("video", {
      language: "zh-CN", controls: true, preload: "auto", playsinline: true, playbackRates: [], userActions: { hotkeys: false, doubleClick: true },
      audioOnlyMode: sound, enableSmoothSeeking: true, errorDisplay: false,
      controlBar: { pictureInPictureToggle: false, remainingTimeDisplay: false, currentTimeDisplay: true, timeDivider: true, durationDisplay: true, fullscreenToggle: !sound },
      sources: [{ src: this.facts.source, type: this.facts.mime }],
    });
    this.video = this.player.el().querySelector("video");
    this.stage = new RecordingStage(this.root.querySelector("[data-stage]"), this.video);
    this.player.on("error", () => this.fail());
    for (const name of ["timeupdate", "seeked", "loadedmetadata", "play", "pause", "ratechange"]) {
      this.video.addEventListener(name, () => this.tick(this.video.currentTime));
    }
    this.followFrames();
    // HEVC "plays" with sound and without a picture, and without an error: only the size tells.
    this.video.addEventListener("loadeddata", () => {
      if (!sound && this.video.videoWidth === 0) this.fail();
    });
  }

  fail() {
    this.at["player-trouble"].textContent = "浏览器没能播放。怎么办：刷新本页再试；仍不行的，请由科室管理员下载原件，用专用播放软件查看。查看超时的，刷新后会登记为一次新的查看。";
    this.at["player-trouble"].hidden = false;
  }

  /** The exact time of each picture, where the browser tells it. */
  followFrames() {
    if (!this.video.requestVideoFrameCallback) return;
    const next = (_, frame) => {
      this.shown = frame.mediaTime;
      this.root.dataset.frame = String(frame.mediaTime);
      this.video.requestVideoFrameCallback(next);
    };
    this.video.requestVideoFrameCallback(next);
  }

  get seconds() {
    return this.facts.seconds || this.video.duration || 0;
  }

  now() {
    return this.video.requestVideoFrameCallback && this.video.paused && this.facts.kind === "video" ? this.shown : this.video.currentTime;
  }

  goTo(seconds) {
    this.video.currentTime = Math.min(this.seconds, Math.max(0, seconds));
    this.tick(this.video.currentTime);
  }

  // ---- the clock

  tick(seconds) {
    const share = `${this.seconds ? Math.min(100, (seconds / this.seconds) * 100) : 0}%`;
    this.at["seek-done"].style.width = share;
    this.at["seek-head"].style.left = share;
    this.at["clock-absolute"].textContent = RecordingTime.absolute(this.facts.start, seconds) || "没有可信时间";
    this.at["clock-elapsed"].textContent = `${RecordingTime.elapsed(seconds)} / ${RecordingTime.elapsed(this.seconds)}`;
    const { seek } = this.at;
    seek.setAttribute("aria-valuemax", this.seconds.toFixed(3));
    seek.setAttribute("aria-valuenow", seconds.toFixed(3));
    seek.setAttribute("aria-valuetext", `${RecordingTime.elapsed(seconds)}　${RecordingTime.absolute(this.facts.start, seconds)}`);
    this.root.dataset.playing = this.video.paused ? "no" : "yes";
    this.keepInLoop(seconds);
    if (!this.video.paused) requestAnimationFrame(() => this.tick(this.video.currentTime));
  }

  keepInLoop(seconds) {
    const { a, b } = this.loop;
    if (a !== null && b !== null && (seconds >= b || seconds < a - 0.5) && !this.video.paused) this.goTo(a);
  }

  setLoop(which) {
    if (which) this.loop[which] = this.video.currentTime;
    else this.loop = { a: null, b: null };
    if (this.loop.a !== null && this.loop.b !== null && this.loop.b <= this.loop.a) this.loop[which === "a" ? "b" : "a"] = null;
    const { a, b } = this.loop, bar = this.at["seek-loop"], share = (at) => `${(at / (this.seconds || 1)) * 100}%`;
    bar.hidden = a === null && b === null;
    bar.style.left = share(a === null ? 0 : a);
    bar.style.right = b === null ? "0" : `calc(100% - ${share(b)})`;
    this.root.querySelector("[data-do=loop-off]").disabled = bar.hidden;
    this.root.querySelector("[data-do=loop-a]").classList.toggle("tool-on", a !== null);
    this.root.querySelector("[data-do=loop-b]").classList.toggle("tool-on", b !== null);
  }

  // ---- one frame

  /** To the middle of the next or the last picture's time, by the recorded rate; over a gap in one step. */
  stepFrame(direction) {
    const one = 1 / this.facts.fps, here = this.now();
    this.video.pause();
    let target = here + (direction > 0 ? 1.5 : -0.5) * one;
    const gap = this.facts.gaps.find(({ start, length }) => direction > 0 && target > start + one && target < start + length);
    if (gap) target = gap.start + gap.length + 0.5 * one;
    if (target < this.seconds) this.goTo(target);
  }

  // ---- stills

  keepStill() {
    if (!this.at["still-form"]) return;
    this.video.pause();
    this.at["still-form"].requestSubmit();
  }

  beforeStill() {
    const preview = this.at["still-preview"];
    this.at["still-seconds"].value = (this.now() + Math.min(0.25 / this.facts.fps, 0.005)).toFixed(6);
    preview.height = Math.round((preview.width * this.video.videoHeight) / (this.video.videoWidth || 1)) || 90;
    preview.getContext("2d").drawImage(this.video, 0, 0, preview.width, preview.height);
    this.at["still-pending"].hidden = false;
  }

  afterStill() {
    this.at["still-pending"].hidden = true;
    this.showMarks();
  }

  /** Stills and marks as they stand on the page, and the marks of the field that fall into it, on the lane. */
  showMarks() {
    const stills = [...document.querySelectorAll("#stills [data-seek]")].map((one) => ({ at: Number(one.dataset.seek), label: one.closest("li").querySelector("strong").textContent }));
    const marks = [...document.querySelectorAll("#marks .marks:not(.marks-proposed) [data-seek]")].map((one) => ({ at: Number(one.dataset.seek), label: one.dataset.label, kind: "mark" }));
    this.lane.setMarks([...stills, ...marks, ...this.facts.marks.filter((one) => one.kind === "field")]);
  }

  // ---- wishes, from keys and buttons

  wish(name) {
    const video = this.video, jump = (by) => () => this.goTo(video.currentTime + by);
    const wishes = {
      play: () => (video.paused ? video.play() : video.pause()),
      back: jump(-5), forward: jump(5), "back-1": jump(-1), "forward-1": jump(1), "back-10": jump(-10),
      "faster-play": () => (video.paused ? video.play() : this.changeRate(1)),
      faster: () => this.changeRate(1), slower: () => this.changeRate(-1),
      louder: () => { video.volume = Math.min(1, video.volume + 0.1); },
      quieter: () => { video.volume = Math.max(0, video.volume - 0.1); },
      mute: () => { video.muted = !video.muted; },
      "frame-back": () => this.stepFrame(-1), "frame-forward": () => this.stepFrame(1),
      "loop-a": () => this.setLoop("a"), "loop-b": () => this.setLoop("b"), "loop-off": () => this.setLoop(null),
      fullscreen: () => (this.player.isFullscreen() ? this.player.exitFullscreen() : this.player.requestFullscreen()),
      still: () => this.keepStill(),
      home: () => this.goTo(0), end: () => this.goTo(this.seconds),
      help: () => this.at.keys.showModal(),
    };
    if (wishes[name]) wishes[name]();
    return Boolean(wishes[name]) || moveStage(this.stage, name);
  }

  changeRate(step) {
    const rates = RecordingPlayer.RATES, at = rates.indexOf(this.video.playbackRate);
    this.setRate(rates[Math.min(rates.length - 1, Math.max(0, (at < 0 ? 3 : at) + step))]);
  }

  setRate(rate) {
    this.video.playbackRate = rate;
    this.at.speed.value = String(rate);
  }

  // ---- the bar

  secondsAt(event) {
    const box = this.at.seek.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.seconds;
  }

  showHover(event) {
    const { hover, timeline } = this.at, seconds = this.secondsAt(event), box = timeline.getBoundingClientRect();
    hover.hidden = false;
    this.at["hover-time"].textContent = `${RecordingTime.elapsed(seconds)}\n${RecordingTime.absolute(this.facts.start, seconds)}`;
    this.showTile(seconds);
    const half = hover.offsetWidth / 2;
    hover.style.left = `${Math.min(box.width - half, Math.max(half, event.clientX - box.left))}px`;
  }

  showTile(seconds) {
    const strip = this.facts.strip, picture = this.at["hover-picture"];
    picture.hidden = !strip;
    if (!strip) return;
    const number = Math.min(strip.count - 1, Math.floor(seconds / strip.interval));
    picture.style.width = `${strip.tile_width}px`;
    picture.style.height = `${strip.tile_height}px`;
    picture.style.backgroundImage = `url("${strip.url}")`;
    picture.style.backgroundPosition = `-${(number % strip.columns) * strip.tile_width}px -${Math.floor(number / strip.columns) * strip.tile_height}px`;
  }

  wireBar() {
    const { timeline, seek } = this.at;
    let held = false;
    const take = (event) => { this.goTo(this.secondsAt(event)); this.showHover(event); };
    timeline.addEventListener("pointerdown", (event) => {
      held = true;
      timeline.setPointerCapture(event.pointerId);
      seek.focus({ preventScroll: true });
      take(event);
    });
    timeline.addEventListener("pointermove", (event) => (held ? take(event) : this.showHover(event)));
    for (const kind of ["pointerup", "pointercancel", "pointerleave"]) {
      timeline.addEventListener(kind, () => {
        if (kind !== "pointerleave") held = false;
        if (!held) this.at.hover.hidden = true;
      });
    }
  }

  async drawWave() {
    if (!this.facts.peaks) return;
    const answer = await fetch(this.facts.peaks);
    if (!answer.ok) return;
    const { peaks } = await answer.json(), parts = [0, 1].map((side) => peaks.filter((_, at) => at % 2 === side).map((one) => one / 128));
    this.at.wave.classList.add("wave-there");
    window.WaveSurfer.create({
      container: this.at.wave, peaks: [parts[1], parts[0]], duration: this.seconds, height: this.facts.kind === "audio" ? 96 : 36,
      waveColor: "#6f8fae", progressColor: "#6f8fae", cursorWidth: 0, interact: false, cspNonce: this.root.dataset.nonce, normalize: false,
    });
  }

  wire() {
    this.wireBar();
    listenToKeys((name) => this.wish(name));
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]"), place = event.target.closest("[data-seek]");
      if (button) this.wish(button.dataset.do);
      if (place) this.goTo(Number(place.dataset.seek) + Math.min(0.5 / this.facts.fps, 0.01));
    });
    this.at.speed.addEventListener("change", () => this.setRate(Number(this.at.speed.value)));
    // A film that has all been fetched asks for nothing more: while it plays, say that somebody is still here.
    setInterval(() => this.video.paused || fetch(this.facts.source, { method: "HEAD" }), 60000);
    const form = this.at["still-form"];
    if (!form) return;
    form.addEventListener("htmx:configRequest", (event) => {
      this.beforeStill();
      event.detail.parameters.seconds = this.at["still-seconds"].value;
    });
    form.addEventListener("htmx:afterRequest", () => setTimeout(() => this.afterStill()));
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("player");
  if (root && document.getElementById("video")) window.recordingPlayer = new RecordingPlayer(root);
});
