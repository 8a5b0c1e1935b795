// Several devices in step: one clock in corrected time drives them all; each picture is brought to it, never it to a picture.
"use strict";

class StepPlayer {
  static RATES = [0.25, 0.5, 0.75, 1, 1.5, 2, 4];

  /** `onMove(moment)`: called whenever the clock stands elsewhere; the timeline shows it. */
  constructor(root, onMove) {
    Object.assign(this, { root, onMove, films: [], tiles: [], moment: 0, playing: false, held: false, rate: 1, muted: false, listened: null });
    const find = (id) => document.getElementById(id);
    this.at = Object.fromEntries([
      "step-choose", "step-player", "step-grid", "step-tile", "step-clock", "step-rate", "step-state", "step-seek", "step-done", "step-knob",
      "step-speed", "step-trouble", "step-details", "step-play-words", "keys",
    ].map((id) => [id, find(id)]));
    this.wire();
    root.hidden = false;
  }

  get open() {
    return this.films.length > 0;
  }

  get first() {
    return Math.min(...this.films.map((one) => one.start));
  }

  get last() {
    return Math.max(...this.films.map((one) => one.end));
  }

  // ---- opening

  /** Ask for the sources of these recordings beside what is open; each is a viewing. Returns whether it went well. */
  async opens(ids) {
    const more = ids.filter((id) => !this.films.some((one) => one.told.id === id));
    this.say("");
    if (!more.length) return true;
    const body = new URLSearchParams(more.map((id) => ["recording", id]));
    let told;
    try {
      const answer = await fetch(this.root.dataset.play, {
        method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": this.at["step-choose"].elements.namedItem("csrfmiddlewaretoken").value },
      });
      told = await answer.json();
      if (!answer.ok) return this.say(`${told.message || "没能打开。"}${told.remedy ? `怎么办：${told.remedy}` : ""}`);
    } catch {
      return this.say("没能打开：连不上服务器。怎么办：检查网络后再试。");
    }
    const placed = told.sources.filter((one) => one.start !== null);
    const lanes = new Set([...this.films.map((one) => one.told.lane), ...placed.map((one) => one.lane)]);
    if (lanes.size > Number(this.root.dataset.most)) return this.say(`最多同时看 ${this.root.dataset.most} 台设备。怎么办：请减少勾选后重新打开。`);
    this.films.push(...placed.map((one) => new StepFilm(one)));
    this.arrange();
    return this.open;
  }

  say(text) {
    if (text) this.at["step-details"].open = true;
    this.at["step-trouble"].textContent = text;
    return false;
  }

  /** One tile a device, in the order of the lanes. */
  arrange() {
    const lanes = [...new Set(this.films.map((one) => one.told.lane))].sort();
    this.tiles = lanes.map((lane) => {
      const films = this.films.filter((one) => one.told.lane === lane).sort((a, b) => a.start - b.start);
      return new StepTile(this.at["step-tile"], lane, films, (tile) => this.listenTo(tile.lane));
    });
    this.at["step-grid"].replaceChildren(...this.tiles.map((one) => one.root));
    this.at["step-grid"].dataset.count = String(this.tiles.length);
    this.at["step-player"].hidden = false;
    this.at["step-seek"].setAttribute("aria-valuemax", (this.last - this.first).toFixed(1));
    if (!lanes.includes(this.listened)) this.listened = lanes[0];
    this.soundOut();
    if (!this.ticking) this.start();
  }

  /** To this device alone; chosen again, it is silent. */
  listenTo(lane) {
    this.muted = this.listened === lane && !this.muted;
    this.listened = lane;
    this.soundOut();
  }

  soundOut() {
    for (const one of this.tiles) one.listen(one.lane === this.listened, this.muted);
  }

  // ---- the clock

  /** Pictures are brought along with every picture of the screen; in a hidden tab, where there are none, four times a second. */
  start() {
    this.ticking = true;
    this.before = performance.now();
    const frame = () => { this.tick(performance.now()); requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
    setInterval(() => { if (document.hidden) this.tick(performance.now()); }, 250);
  }

  tick(time) {
    const passed = (time - this.before) / 1000;
    this.before = time;
    const awaited = this.films.filter((one) => one.isAwaited(this.moment, time));
    this.held = this.playing && awaited.length > 0;
    if (this.playing && !this.held) this.moment = Math.min(this.last, this.moment + passed * this.rate);
    if (this.playing && this.moment >= this.last) this.setPlaying(false);
    const running = this.playing && !this.held;
    for (const one of this.films) one.follow(this.moment, { playing: running, rate: this.rate });
    this.tell(awaited);
  }

  tell(awaited) {
    const { moment } = this, share = `${(100 * (moment - this.first)) / (this.last - this.first || 1)}%`;
    for (const one of this.tiles) one.show(moment);
    const clock = RecordingTime.absolute(new Date(moment * 1000).toISOString(), 0);
    this.at["step-clock"].textContent = clock;
    this.at["step-done"].style.width = share;
    this.at["step-knob"].style.left = share;
    this.at["step-seek"].setAttribute("aria-valuenow", (moment - this.first).toFixed(1));
    this.at["step-seek"].setAttribute("aria-valuetext", clock);
    const state = this.held ? `正在等待 ${awaited.map((one) => one.told.number).join("、")} 的画面…` : "";
    if (this.at["step-state"].textContent !== state) this.at["step-state"].textContent = state;
    this.root.dataset.moment = moment.toFixed(3);
    this.root.dataset.playing = this.playing ? (this.held ? "held" : "yes") : "no";
    this.onMove(moment);
  }

  setPlaying(playing) {
    if (playing && this.moment >= this.last - 0.05) this.moment = this.first;
    this.playing = playing;
    this.at["step-play-words"].textContent = playing ? "暂停" : "播放";
  }

  goTo(moment) {
    this.moment = Math.min(this.last, Math.max(this.first, moment));
    for (const one of this.films) one.waitingSince = null;
  }

  setRate(rate) {
    this.rate = rate;
    this.at["step-speed"].value = String(rate);
    this.at["step-rate"].textContent = `${rate}×`;
  }

  changeRate(step) {
    const rates = StepPlayer.RATES, at = rates.indexOf(this.rate) + step;
    this.setRate(rates[Math.min(rates.length - 1, Math.max(0, at))]);
  }

  /** The beginning of the next or the last film. */
  jump(direction) {
    const starts = [...new Set(this.films.map((one) => one.start))].sort((a, b) => a - b);
    const found = direction > 0 ? starts.find((one) => one > this.moment + 0.05) : starts.reverse().find((one) => one < this.moment - 0.5);
    this.goTo(found === undefined ? (direction > 0 ? this.last : this.first) : found);
  }

  // ---- wishes, from keys and buttons

  wish(name) {
    if (!this.open) return false;
    const by = (seconds) => () => this.goTo(this.moment + seconds);
    const wishes = {
      play: () => this.setPlaying(!this.playing),
      back: by(-5), forward: by(5), "back-1": by(-1), "forward-1": by(1), "back-10": by(-10), "forward-10": by(10),
      "faster-play": () => (this.playing ? this.changeRate(1) : this.setPlaying(true)),
      faster: () => this.changeRate(1), slower: () => this.changeRate(-1),
      mute: () => { this.muted = !this.muted; this.soundOut(); },
      home: () => this.goTo(this.first), end: () => this.goTo(this.last),
      previous: () => this.jump(-1), next: () => this.jump(1),
      help: () => this.at.keys.showModal(),
    };
    if (wishes[name]) wishes[name]();
    return Boolean(wishes[name]);
  }

  wire() {
    const { at } = this;
    at["step-choose"].addEventListener("submit", async (event) => {
      event.preventDefault();
      const chosen = [...at["step-choose"].querySelectorAll("input:checked")].map((one) => one.value);
      if (!chosen.length) this.say("请勾选要播放的记录。");
      else await this.begin(chosen);
    });
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-step]");
      if (button) this.wish(button.dataset.step);
    });
    at["step-speed"].addEventListener("change", () => this.setRate(Number(at["step-speed"].value)));
    this.wireSeek();
  }

  wireSeek() {
    const seek = this.at["step-seek"];
    let held = false;
    const take = (event) => {
      const box = seek.getBoundingClientRect();
      this.goTo(this.first + ((event.clientX - box.left) / box.width) * (this.last - this.first));
    };
    seek.addEventListener("pointerdown", (event) => { held = true; seek.setPointerCapture(event.pointerId); take(event); });
    seek.addEventListener("pointermove", (event) => { if (held) take(event); });
    for (const kind of ["pointerup", "pointercancel"]) seek.addEventListener(kind, () => { held = false; });
  }

  /** Open them and play from a moment: the first picture, when none is told. */
  async begin(ids, moment = null) {
    const fresh = !this.open;
    if (!(await this.opens(ids))) return;
    this.at["step-details"].open = false;
    this.goTo(moment === null ? (fresh ? this.first : this.moment) : moment);
    this.at["step-seek"].focus({ preventScroll: true });
    this.root.scrollIntoView({ block: "nearest" });
    if (moment === null) this.setPlaying(true);
  }
}
