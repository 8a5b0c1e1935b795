// The ingest wall, kept up to date: asks its own server again and again, replaces only what has changed, and
// sounds a tone when a card that was seen going in has come to its end.
"use strict";

(() => {
  const line = document.getElementById("line");
  const SOUND = "liuhen.sound";
  const IDLE = 60000; // after so long without a hand on the page, asking is no sign of a person
  let touched = Date.now();
  let sound = localStorage.getItem(SOUND) !== "off";
  let audio = null;

  // ---- the tone

  const wake = () => {
    touched = Date.now();
    if (!sound || audio) return;
    try {
      audio = new AudioContext();
    } catch (error) {
      audio = null; // a computer without sound still sees colours and words
    }
  };

  const note = (frequency, after, length) => {
    const start = audio.currentTime + after;
    const voice = audio.createOscillator();
    const gain = audio.createGain();
    voice.type = "sine";
    voice.frequency.value = frequency;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.2, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, start + length);
    voice.connect(gain).connect(audio.destination);
    voice.start(start);
    voice.stop(start + length);
  };

  const ring = (good) => {
    document.dispatchEvent(new CustomEvent("liuhen:ring", { detail: good }));
    if (!sound || !audio) return;
    audio.resume();
    if (good) {
      note(660, 0, 0.35);
      note(880, 0.18, 0.6);
    } else {
      note(300, 0, 0.3);
      note(300, 0.35, 0.3);
      note(220, 0.7, 0.6);
    }
  };

  const button = document.getElementById("sound");
  const sayNote = () => {
    button.setAttribute("aria-pressed", String(sound));
    button.querySelector("span").textContent = sound ? "提示音：开" : "提示音：关";
  };
  button.addEventListener("click", () => {
    sound = !sound;
    localStorage.setItem(SOUND, sound ? "on" : "off");
    sayNote();
    wake();
    if (sound && audio) ring(true);
  });
  sayNote();
  for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, wake);
  document.addEventListener("pointermove", () => { touched = Date.now(); });

  // ---- the recorder's clock: the present minute is written in, the person corrects it to what the screen shows

  document.addEventListener("focusin", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !field.matches("[data-clock]") || field.value) return;
    const now = new Date(Date.now() + 8 * 3600000).toISOString();
    field.value = `${now.slice(0, 10)} ${now.slice(11, 17)}`;
  });
  document.addEventListener("focusout", (event) => {
    const field = event.target;
    // only what was written in for the person: nothing was read, nothing is sent
    if (field instanceof HTMLInputElement && field.matches("[data-clock]") && field.value.endsWith(":")) field.value = "";
  });

  // ---- replacing what has changed

  // What somebody has opened or writes in is left alone until they are done.
  const inUse = (part) =>
    part.querySelector("details[open]") ||
    (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));

  // True when everything could be replaced.
  const takeOver = (old, fresh) => {
    let whole = true;
    old.className = fresh.className;
    for (const name of ["data-tile", "data-alive", "aria-label"]) {
      if (fresh.hasAttribute(name)) old.setAttribute(name, fresh.getAttribute(name));
    }
    for (const part of [...fresh.querySelectorAll("[data-part]")]) {
      const before = old.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!before) old.append(part);
      else if (before.dataset.version === part.dataset.version) continue;
      else if (inUse(before)) whole = false;
      else before.replaceWith(part);
    }
    return whole;
  };

  const ended = (old, fresh) => old.dataset.alive === "yes" && fresh.dataset.alive === "no";

  const show = (place, html, quiet) => {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    const pieces = [...fresh.children].filter((one) => one.dataset.tile);
    const wanted = new Set(pieces.map((one) => one.id));
    for (const old of [...place.children]) {
      if (!wanted.has(old.id) && !inUse(old)) old.remove();
    }
    let after = null;
    let whole = true;
    for (const piece of pieces) {
      const old = document.getElementById(piece.id);
      if (old && !quiet && ended(old, piece) && piece.dataset.tile !== "plain") ring(piece.dataset.tile === "good");
      if (old && !takeOver(old, piece)) whole = false;
      const one = old || piece;
      const next = after ? after.nextElementSibling : place.firstElementChild;
      if (next !== one && !inUse(one)) place.insertBefore(one, next);
      after = one;
    }
    document.dispatchEvent(new CustomEvent("liuhen:shown"));
    return whole;
  };

  // ---- asking again

  let over = false; // the session has ended: nothing that is still on its way may cover that
  const tell = (words, href) => {
    if (over) return;
    over = Boolean(href);
    line.hidden = !words;
    line.textContent = words;
    if (!href) return;
    const link = document.createElement("a");
    link.href = href;
    link.textContent = "重新登录";
    line.append(" ", link);
  };

  const ask = async (place) => {
    const headers = { "X-Liuhen-Watching": Date.now() - touched > IDLE ? "yes" : "no" };
    if (place.dataset.mark) headers["If-None-Match"] = `"${place.dataset.mark}"`;
    const answer = await fetch(place.dataset.live, { headers, cache: "no-store", credentials: "same-origin" });
    if (answer.status === 401) {
      tell("登录已过期，看不到最新进度；采集不受影响。", `/sign-in/?next=${encodeURIComponent(location.pathname)}`);
      return false;
    }
    if (answer.status === 200) {
      const mark = (answer.headers.get("ETag") || "").replace(/^W\//, "").replaceAll('"', "");
      const whole = show(place, await answer.text(), !place.dataset.seen);
      place.dataset.seen = "yes";
      place.dataset.mark = whole ? mark : ""; // what was in use is asked for again
    }
    if (answer.ok || answer.status === 304) tell("");
    return true;
  };

  const watch = async (place) => {
    if (over) return;
    const every = Number(place.dataset.every);
    let pause = document.hidden ? every * 5 : every;
    try {
      if (!(await ask(place))) return;
    } catch (error) {
      tell("与服务器的连接断了，正在重试；采集在服务器上照常进行。");
      pause = Math.max(every, 2000);
    }
    setTimeout(watch, pause, place);
  };

  document.querySelectorAll("[data-live]").forEach((place) => {
    if (place.dataset.mark) place.dataset.seen = "yes";
    setTimeout(watch, place.dataset.mark ? Number(place.dataset.every) : 0, place);
  });
  document.addEventListener("liuhen:ask", () => {
    document.querySelectorAll("#tiles[data-live]").forEach((place) => ask(place).catch(() => {}));
  });
})();
