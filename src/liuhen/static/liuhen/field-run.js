// An activity on the phone: from its beginning to the return, what is to be said, and the marks.
"use strict";

(() => {
  const field = window.liuhenField;
  const app = field.app;
  const { data, el, fill, $ } = app;
  if (data.mode !== "activity") return;

  const rules = data.rules;
  const officer = (no) => data.officers.find((one) => one.no === no);
  const nameOf = (no) => (officer(no) ? officer(no).name : no);
  const matterOf = (code) => (rules.matters.find((one) => one.code === code) || { name: code || "（未填事项）" }).name;
  const basis = (words) => (words ? el("small", { class: "field-basis" }, `依据：${words}`) : null);

  // ---- tabs

  const show = (name) => {
    document.querySelectorAll("[data-tab]").forEach((one) => { one.hidden = one.dataset.tab !== name; });
    document.querySelectorAll("[data-show]").forEach((one) => {
      if (one.dataset.show === name) one.setAttribute("aria-current", "page");
      else one.removeAttribute("aria-current");
    });
    window.scrollTo(0, 0);
  };
  document.querySelectorAll("[data-show]").forEach((one) => one.addEventListener("click", () => show(one.dataset.show)));

  // ---- a button that asks once more

  const armed = { name: "", until: 0 };
  const twice = (name, words, again, act) => {
    const on = armed.name === name && Date.now() < armed.until;
    return el("button", {
      class: `btn btn-primary field-big field-wide ${on ? "field-armed" : ""}`, type: "button",
      onclick: () => {
        if (on && Date.now() < armed.until) {
          armed.name = "";
          act();
          return;
        }
        Object.assign(armed, { name, until: Date.now() + 5000 });
        app.changed();
      },
    }, on ? again : words);
  };
  app.ticks.push((now) => {
    if (!armed.name || now < armed.until) return;
    armed.name = "";
    app.changed();
  });

  // ---- a new activity

  const chosen = (name) => Array.from(document.querySelectorAll(`input[name=${name}]:checked`), (one) => one.value);

  const tick = (name, value, label, checked) => el("label", { class: "field-tick-row" },
    el("input", { type: "checkbox", class: "form-check-input", name, value, checked }), el("span", {}, label));

  const carriers = () => {
    const people = chosen("officers");
    fill("carriers", ...chosen("devices").map((serial) => {
      const device = data.devices.find((one) => one.serial === serial);
      const before = ($(`carrier-${serial}`) || {}).value;
      const guess = before || [device.holder, device.keeper, data.account.no].find((one) => people.includes(one)) || "";
      return el("label", { class: "form-label field-line-label" }, `${serial} 由谁携带`,
        el("select", { class: "form-select field-input", id: `carrier-${serial}`, "data-carrier": serial },
          el("option", { value: "" }, "（不指定）"),
          ...people.map((no) => el("option", { value: no, selected: no === guess }, nameOf(no)))));
    }));
  };

  const setUp = () => {
    $("matter").replaceChildren(
      el("option", { value: "" }, "请选择事项"),
      ...rules.matters.map((one) => el("option", { value: one.code }, `${one.name}${one.duty === "must" ? "（必须全程记录）" : ""}`)));
    const people = (near) => data.officers.filter((one) => one.near === near)
      .map((one) => tick("officers", one.no, `${one.name}　${one.certificate}${near ? "" : `　${one.unit}`}`, one.no === data.account.no));
    fill("officers-near", ...people(true));
    fill("officers-far", ...people(false));
    $("officers-far-box").hidden = !data.officers.some((one) => !one.near);
    const me = data.account.no;
    const inHand = (one) => Boolean(me) && one.holder === me;
    const whose = (one) => {
      if (!one.holder) return "未领用";
      return inHand(one) ? "由您领用" : `由${one.holder_name}领用`;
    };
    fill("devices", ...data.devices.map((one) => tick("devices", one.serial,
      `${one.serial}　${one.kind}　${whose(one)}`, inHand(one) || one.serial === data.device)));
    $("devices-none").hidden = data.devices.length > 0;
    document.querySelectorAll("#begin input[type=checkbox]").forEach((one) => one.addEventListener("change", carriers));
    carriers();
    for (const [id, list, name] of [["begin-circumstances", data.circumstances, "circumstances"]]) {
      fill(id, ...list.filter((one) => one.listed).map((one) => tick(name, one.code, one.label, false)));
    }
    if (window.isSecureContext && navigator.geolocation) $("locate").hidden = false;
    else $("locate-not").hidden = false;
  };

  let found = null;
  $("locate").addEventListener("click", () => {
    $("located").textContent = "正在定位…";
    navigator.geolocation.getCurrentPosition((at) => {
      found = { latitude: at.coords.latitude.toFixed(6), longitude: at.coords.longitude.toFixed(6) };
      $("located").textContent = `已定位：北纬 ${found.latitude}，东经 ${found.longitude}（误差约 ${Math.round(at.coords.accuracy)} 米）`;
    }, () => { $("located").textContent = "没有取得定位：请填写地点文字。"; }, { enableHighAccuracy: true, timeout: 15000 });
  });

  const begin = (arrived) => {
    const officers = chosen("officers");
    const devices = Array.from(document.querySelectorAll("[data-carrier]"),
      (one) => ({ serial: one.dataset.carrier, officer: one.value || null }));
    const missing = [];
    if (!$("matter").value && rules.matters.length) missing.push("没有选择事项。");
    if (officers.length < 2) missing.push("执法人员少于两人：请补选另一名执法人员。依据：《中华人民共和国行政处罚法》第四十二条。");
    fill("begin-wrong", ...missing.map((one) => el("p", { class: "field-warning" }, one)));
    if (missing.length) {
      $("begin-wrong").scrollIntoView({ block: "center" });
      return;
    }
    const body = {
      matter: $("matter").value, place: $("place").value.trim(), party: $("party").value.trim(), officers, devices,
      circumstances: chosen("circumstances"), ...(found || {}),
    };
    if (arrived) body.arrived_at = field.iso(Date.now());
    app.note("open", body, arrived ? "到达现场，开始执法活动" : "登记执法活动");
    show(arrived && (rules.notice || rules.opening) ? "notice" : "run");
  };
  $("begin-now").addEventListener("click", () => begin(true));
  $("begin-later").addEventListener("click", () => begin(false));
  $("another").addEventListener("click", () => {
    app.activity = field.uuid();
    app.registered = null;
    history.pushState(null, "", `${data.urls.field}${app.activity}/?new=1`);
    ["place", "party"].forEach((id) => { $(id).value = ""; });
    app.changed();
    show("run");
  });

  // ---- how it goes

  const STEPS = {
    arrived_at: ["到达现场", "按下时即为到达时间"],
    ended_at: ["结束执法活动", "再按一次：确认结束"],
    left_at: ["离开现场", "再按一次：确认离开"],
    returned_at: ["返回单位", "再按一次：确认返回"],
  };

  const step = (name) => () => app.note("tell", { [name]: field.iso(Date.now()) }, STEPS[name][0]);

  const steps = (facts) => {
    const next = field.MOMENTS.find((name) => !facts[name]);
    fill("steps", ...field.MOMENTS.map((name) => {
      const [words, again] = STEPS[name];
      if (facts[name]) {
        return el("li", { class: "field-step field-step-done" }, el("span", {}, words), el("strong", { class: "num" }, field.hm(facts[name])));
      }
      if (!facts.arrived_at && name !== "arrived_at") {
        return el("li", { class: "field-step" },
          el("button", { class: "btn btn-light field-big field-wide", type: "button", disabled: true }, words));
      }
      const act = name === "arrived_at"
        ? el("button", { class: "btn btn-primary field-big field-wide", type: "button", onclick: step(name) }, words)
        : twice(name, words, again, step(name));
      if (name !== next) {
        act.classList.remove("btn-primary");
        act.classList.add("btn-light");
      }
      return el("li", { class: "field-step" }, act);
    }));
    $("arrive-first").hidden = Boolean(facts.arrived_at);
  };

  const left = () => {
    const facts = app.facts();
    const wrong = !facts.pending && Math.abs(app.sender.ahead || 0) > data.steady; // what is pending is by the phone's clock
    const now = Date.now() - (wrong ? app.sender.ahead * 1000 : 0);
    const rows = rules.clocks.map((clock) => [clock, field.left(clock, facts, now)]).filter(([, one]) => one);
    fill("left", ...rows.map(([clock, one]) => {
      const soon = one.due && one.due - now < 4 * 3600000;
      const tone = one.state === "overdue" ? "bad" : soon ? "wait" : one.state === "met" ? "good" : "plain";
      return el("div", { class: `field-left field-left-${tone}` },
        el("span", {}, `${clock.label}${clock.to ? `（交${clock.to}）` : ""}`),
        el("strong", { class: "num" }, one.due ? `${one.words} ${field.length(one.due - now)}` : one.words),
        one.due ? el("span", { class: "num" }, `须在 ${field.hm(one.due)} 前`) : null,
        el("small", {}, clock.text), basis(clock.basis));
    }));
    const others = facts.duties.filter((one) => !rules.clocks.some((clock) => clock.duty === one.duty));
    const words = { waiting: "等待", running: "办理中", overdue: "已逾期", immediate: "应立即办理", no_hours_named: "应及时办理", met: "已办理" };
    const tones = { met: "good", overdue: "bad", immediate: "bad", running: "wait", no_hours_named: "wait", waiting: "plain" };
    fill("duties", ...others.map((one) => el("li", {},
      el("span", { class: `state state-${tones[one.state]}` }, words[one.state]),
      ` ${one.label}${one.to ? `，报${one.to}` : ""}${one.due_at ? `，${field.hm(one.due_at)} 前` : ""}`, basis(one.basis))));
  };

  const telling = (id, list, name, facts) => fill(id, ...list.map((one) => {
    const on = facts[name].includes(one.code);
    return el("button", {
      class: `btn field-chip ${on ? "btn-primary" : "btn-light"}`, type: "button", "aria-pressed": on, disabled: on,
      onclick: () => app.note("tell", { [name]: [...app.facts()[name], one.code] }, `${name === "events" ? "发生" : "情形"}：${one.label}`),
    }, one.label);
  }));

  // ---- what is to be said

  const said = (facts, code) => facts.marks.filter((one) => one.code === code).map((one) => field.time(Date.parse(one.at)));

  const spoken = (id, rule, code, words, facts) => {
    $(id).hidden = !rule;
    if (!rule) return;
    const names = facts.officers.map(nameOf);
    if (data.account.no && names.includes(nameOf(data.account.no))) {
      names.sort((one, other) => Number(other === nameOf(data.account.no)) - Number(one === nameOf(data.account.no)));
    }
    const times = said(facts, code);
    const ticks = rule.speaks.length && !$(`${id}-speaks`).children.length;
    if (ticks) fill(`${id}-speaks`, ...rule.speaks.map((one) => tick(`${id}-said`, one, one, false)));
    fill(`${id}-text`,
      rule.script ? el("blockquote", { class: "field-script" }, field.script(rule.script, names, data.agency)) : null,
      el("p", {}, rule.text), rule.note ? el("p", { class: "field-hint" }, rule.note) : null, basis(rule.basis));
    fill(`${id}-act`,
      times.length ? el("p", { class: "field-said" }, `已标记：${times.join("、")}`) : null,
      el("button", {
        class: `btn field-big field-wide ${times.length ? "btn-light" : "btn-primary"}`, type: "button",
        onclick: () => app.note("mark", { code, note: chosen(`${id}-said`).join("、") }, words),
      }, times.length ? `再次标记：${words}` : words));
  };

  // ---- marks

  const marks = (facts) => {
    const plain = rules.marks.filter((one) => one.code !== "notice" && one.code !== "opening" && one.code !== "interruption_reason");
    fill("marks", ...plain.map((one) => {
      const times = said(facts, one.code);
      return el("button", {
        class: `btn field-mark ${times.length ? "field-mark-done" : ""}`, type: "button", "data-code": one.code, title: one.basis,
        onclick: () => {
          const note = $("mark-note").value.trim();
          if (app.note("mark", { code: one.code, ...(note ? { note } : {}) }, one.label)) $("mark-note").value = "";
        },
      }, el("span", {}, one.label), times.length ? el("small", { class: "num" }, `${times.length} 次，最近 ${times[times.length - 1]}`) : null);
    }));
  };

  // ---- drawn again after every change

  app.shows(() => {
    const facts = app.facts();
    $("begin").hidden = facts.known;
    $("running").hidden = !facts.known;
    $("tabs").hidden = !facts.known;
    if (!facts.known) $("crumb").textContent = "新的执法活动";
    if (!facts.known) return;
    $("about").textContent = [matterOf(facts.matter), facts.place].filter(Boolean).join("　");
    $("about-more").textContent = [
      facts.number || "尚未送达单位", facts.officers.map(nameOf).join("、"),
      facts.devices.map((one) => one.serial).join("、") || "没有登记设备", facts.party,
    ].filter(Boolean).join("　");
    $("void").hidden = facts.live;
    $("crumb").textContent = facts.number || "正在进行的执法活动";
    const times = rules.marks.map((one) => said(facts, one.code));
    app.drawn("steps", [field.MOMENTS.map((name) => facts[name] && field.hm(facts[name])), armed.name], () => steps(facts));
    left();
    for (const name of ["circumstances", "events"]) {
      app.drawn(name, facts[name], () => telling(name, data[name], name, facts));
    }
    app.drawn("spoken", [times, facts.officers], () => {
      spoken("notice", rules.notice, "notice", "已告知当事人", facts);
      spoken("opening", rules.opening, "opening", "已作开场说明", facts);
    });
    $("nothing-said").hidden = Boolean(rules.notice || rules.opening);
    app.drawn("marks", times, () => marks(facts));
  });
  app.ticks.push((now) => {
    if (!$("running").hidden && !$("left").closest("[data-tab]").hidden && Math.floor(now / 1000) % 20 === 0) left();
    $("phone-clock").textContent = field.time(now);
  });

  // ---- a time that was told wrongly

  $("correct").addEventListener("click", () => {
    const name = $("correct-which").value;
    const told = $("correct-at").value;
    const reason = $("correct-why").value.trim();
    if (!told || !reason) {
      app.say("请填写更正后的时间和理由。");
      return;
    }
    app.note("tell", { [name]: field.iso(field.typed(told)), reason }, `更正${STEPS[name][0]}的时间`);
    $("correct-why").value = "";
  });

  setUp();
  show("run");
  const facts = app.facts();
  if (facts.known && facts.arrived_at && !facts.ended_at && rules.notice && !said(facts, "notice").length) show("notice");
})();
