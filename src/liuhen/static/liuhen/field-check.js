// A device looked at before use, and its clock read. Whether it passed the office says; until it has, the page says so.
"use strict";

(() => {
  const field = window.liuhenField;
  const app = field.app;
  const { data, el, fill, $ } = app;
  if (!$("check")) return;

  let read = 0;
  const devices = () => {
    const carried = data.mode === "device" ? [] : app.facts().devices.map((one) => one.serial);
    const first = data.devices.filter((one) => carried.includes(one.serial));
    return [...first, ...data.devices.filter((one) => !carried.includes(one.serial))];
  };
  const choose = () => {
    const before = $("check-device").value;
    $("check-device").replaceChildren(...devices().map((one) => el("option", { value: one.serial, selected: one.serial === before },
      `${one.serial}　${one.kind}`)));
  };
  app.shows(() => app.drawn("check-devices", devices().map((one) => one.serial), choose));
  const offset = () => {
    const shown = field.typed($("check-shown").value);
    if (!read || Number.isNaN(shown)) {
      $("check-offset").textContent = "";
      return null;
    }
    const true_now = read - (app.sender.ahead || 0) * 1000;
    const seconds = Math.round((shown - true_now) / 1000);
    const said = Math.abs(seconds) < 2 ? "与服务器时间一致" : `比服务器时间${seconds > 0 ? "快" : "慢"} ${field.about(seconds)}`;
    $("check-offset").textContent = `读数时手机 ${field.time(read)}；设备${said}${app.sender.ahead === null ? "（未联网，按手机时钟推算）" : ""}`;
    return shown;
  };
  $("check-read").addEventListener("click", () => {
    read = Math.floor(Date.now() / 1000) * 1000;
    $("check-shown").value = `${field.day(read)}T${field.time(read)}`;
    $("check-shown").focus();
    offset();
  });
  $("check-shown").addEventListener("input", () => {
    if (!read) read = Date.now();
    offset();
  });
  const number = (id) => ($(id).value === "" ? null : Number($(id).value));
  const keep = (kind, what) => {
    const shown = offset();
    const serial = $("check-device").value;
    if (!serial || (kind === "clock" && shown === null)) {
      app.say("请先按“读数”，再填写设备显示的时间。");
      return;
    }
    const fault = document.querySelector("input[name=fault]:checked");
    if (kind === "check" && !fault) {
      app.say("请选择有没有故障。");
      return;
    }
    const seen = kind === "clock" ? {} : {
      fault_free: fault.value === "no", battery_percent: number("check-battery"), free_minutes: number("check-minutes"), note: $("check-note").value.trim(),
    };
    const body = { serial, ...seen, ...(shown === null ? {} : { shown_at: field.iso(shown) }) };
    const entry = app.note(kind, body, `${what} ${serial}`, { at: read || Date.now() });
    if (!entry) return;
    read = 0;
    sent.set(entry.id, { kind, serial });
    told("wait", kind === "check" ? "已记下，送达单位后判定是否通过。没有收到结果以前，按没有通过处理。" : "已记下，送达单位后登记。");
    ["check-shown", "check-battery", "check-minutes", "check-note"].forEach((id) => { $(id).value = ""; });
    $("check-offset").textContent = "";
    document.querySelectorAll("input[name=fault]").forEach((one) => { one.checked = false; });
  };

  // ---- what the office says of it

  const sent = new Map();
  const told = (tone, words) => {
    $("check-result").className = `field-result field-${tone}`;
    $("check-result").textContent = words;
    $("check-result").hidden = false;
  };
  const head = (tone, words, sentence) => {
    if (!$("check-now")) return; // the page of one device alone has it
    fill("check-now", `${field.hm(Date.now())}　`, el("span", { class: `state state-${tone}` }, words));
    $("check-trouble").textContent = sentence;
    $("check-trouble").hidden = tone === "good";
    $("begin-with").classList.toggle("btn-primary", tone === "good");
    $("begin-with").classList.toggle("btn-light", tone !== "good");
  };
  app.heard.push((one) => {
    const about = sent.get(one.id);
    if (!about) return;
    if (one.outcome !== "done") {
      told("bad", `${about.serial} 未能登记。${one.sentence}`);
      return;
    }
    if (about.kind === "clock") {
      told("good", `${about.serial} 时钟读数已登记。`);
      return;
    }
    told(one.failed ? "bad" : "good", `${about.serial} ${one.sentence}`);
    head(one.failed ? "bad" : "good", one.failed ? "未通过" : "通过", one.sentence);
  });

  $("check-keep").addEventListener("click", () => keep("check", "使用前检查"));
  $("clock-keep").addEventListener("click", () => keep("clock", "测读设备时钟"));
  app.ticks.push((now) => { $("check-phone").textContent = field.time(now); });
})();
