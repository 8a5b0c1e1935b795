// The field page: shows what is known, and writes down what is pressed. Everything pressed is kept on the phone before
// anything else; sending comes after, and again.
"use strict";

(() => {
  const field = window.liuhenField;
  const data = JSON.parse(document.getElementById("field-data").textContent);
  const keep = field.keeper(data.account);
  const app = { data, keep, registered: data.activity || null, activity: data.activity_id || "", uncovered: new Set() };
  const $ = (id) => document.getElementById(id);
  field.app = app;

  // ---- small tools

  const el = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
    }
    made.append(...children.filter((one) => one !== null && one !== undefined && one !== false));
    return made;
  };
  const fill = (id, ...children) => {
    const place = $(id);
    if (place) place.replaceChildren(...children.filter(Boolean));
  };
  // Draws again only what has changed: a button must not vanish from under the finger that presses it.
  const before = new Map();
  app.drawn = (name, value, draw) => {
    const now = JSON.stringify(value);
    if (before.get(name) === now) return;
    before.set(name, now);
    draw();
  };
  app.el = el;
  app.fill = fill;
  app.$ = $;

  // ---- writing down

  const NEEDED = { open: "登记执法活动" };
  let last = { what: "", ms: 0 };

  // Returns the entry, or null for a finger that trembled.
  app.note = (kind, body, what, more) => {
    const now = Date.now();
    if (last.what === kind + what && now - last.ms < 1200) return null;
    last = { what: kind + what, ms: now };
    const at = (more && more.at) || now;
    const entry = {
      id: field.uuid(),
      activity: (more && more.activity) || app.activity,
      kind,
      at: field.iso(at),
      body,
      state: "waiting",
      what: what || NEEDED[kind] || data.labels[kind],
      who: data.account.name,
      made: now,
    };
    keep.put(entry);
    if (navigator.vibrate) navigator.vibrate(30);
    say(`${field.hm(at)} 已记下：${entry.what}`);
    app.changed();
    sender.go();
    return entry;
  };

  let quiet = 0;
  const say = (words) => {
    const place = $("said");
    if (!place) return;
    place.textContent = words;
    place.hidden = false;
    clearTimeout(quiet);
    quiet = setTimeout(() => { place.hidden = true; }, 4000);
  };
  app.say = say;

  // ---- what is known

  app.facts = () => {
    const mine = keep.all().filter((one) => one.activity === app.activity);
    const open = mine.filter((one) => one.state === "waiting" || one.state === "unread" || app.uncovered.has(one.id));
    return field.facts(app.registered, open.map((one) => ({ ...one, body: one.body || kept.get(one.id) })));
  };

  const kept = new Map(); // bodies of entries that were answered and that the registered facts do not hold yet
  const sender = field.sender(data, {
    ...keep,
    all: keep.all,
    answered: (id, outcome, sentence, failed) => {
      const before = keep.all().find((one) => one.id === id);
      if (before && before.body && outcome === "done") { // one that was refused before keeps no words here
        kept.set(id, before.body);
        app.uncovered.add(id);
      }
      keep.answered(id, outcome, sentence, failed);
    },
  }, {
    activity: () => app.activity,
    changed: () => app.changed(),
    answered: (one) => app.heard.forEach((hear) => hear(one)),
    registered: (activity) => {
      if (activity && activity.id === app.activity) {
        app.registered = activity;
        const asked = new URLSearchParams(location.search);
        if (asked.has("new")) history.replaceState(null, "", location.pathname);
      }
      app.uncovered.clear();
      kept.clear();
    },
  });
  app.sender = sender;

  // ---- the strip: is the office reached, how much waits, whose clock is right

  const LINES = {
    asking: ["wait", "正在连接…"],
    online: ["good", "已连接单位"],
    offline: ["wait", "没有网络：照常登记，联网后自动发送"],
    expired: ["bad", "登录已过期：记录仍在手机上。登录后自动发送"],
    other: ["bad", "本机现在登录的是另一账号，您的记录没有发送"],
    refused: ["bad", "单位没有收下"],
    troubled: ["wait", "单位的服务器暂时不能用，稍后自动再发"],
  };

  const strip = () => {
    const waiting = keep.waiting().length;
    const [tone, words] = LINES[sender.line];
    const count = waiting ? `待发送 ${waiting} 条` : "没有待发送的记录";
    $("strip").className = `field-strip field-${sender.line === "online" && waiting ? "wait" : tone}`;
    fill("strip",
      el("span", { class: "field-line" }, words),
      el("strong", { id: "waiting-count" }, sender.sending ? `正在发送 ${sender.sending} 条` : count));
    const warnings = [];
    const back = `${data.urls.login}?next=${encodeURIComponent(location.pathname + location.search)}`;
    if (sender.line === "expired" || sender.line === "other") {
      warnings.push(el("p", { class: "field-warning" },
        sender.line === "other" ? "请退出后以本人账号登录，或导出为文件交科室管理员。" : "不必急着登录：现在登记的也都会保留。",
        el("a", { class: "btn btn-primary field-big", href: back }, "登录")));
    }
    if (sender.line === "refused") warnings.push(el("p", { class: "field-warning" }, sender.said || "请稍后再试，或导出为文件。"));
    if (sender.ahead !== null && Math.abs(sender.ahead) > data.steady) {
      const way = sender.ahead > 0 ? "快" : "慢";
      warnings.push(el("p", { class: "field-warning" },
        `手机时钟比服务器${way} ${field.about(sender.ahead)}，登记的时间已按服务器时间校正，两个时间都保留。`));
    }
    if (keep.broken) {
      warnings.push(el("p", { class: "field-warning field-loud" },
        "这个浏览器不能保存记录（无痕模式，或存储已满）：关闭本页，未发送的就会丢失！请改用普通窗口；已记下的请立即在“已记”中导出为文件。"));
    }
    fill("warnings", ...warnings);
  };

  // ---- the list of what was written down

  const STATES = {
    waiting: ["wait", "待发送"],
    unread: ["bad", "服务器没有收下"],
    done: ["good", "已登记"],
    refused: ["bad", "未能登记"],
    handled: ["plain", "已处理"],
  };

  const list = () => {
    if (!$("entries")) return;
    const rows = keep.all().filter((one) => data.mode === "home" || one.activity === app.activity || one.state !== "done");
    fill("entries", ...rows.reverse().map((one) => {
      const [tone, words] = one.failed ? ["bad", "未通过"] : STATES[one.state] || ["plain", one.state];
      return el("li", { class: "field-entry", "data-state": one.state },
        el("span", { class: "num" }, field.hm(one.at)),
        el("span", { class: "field-what" }, one.what,
          one.activity !== app.activity && data.mode === "activity" ? el("small", {}, "（另一活动）") : null,
          one.sentence ? el("small", { class: "field-sentence" }, one.sentence) : null,
          one.state === "refused" ? el("a", { href: data.urls.refused }, "到“未能登记”处理") : null),
        el("span", { class: `state state-${tone}` }, words));
    }));
    $("entries-none").hidden = rows.length > 0;
    const others = keep.others();
    fill("others", ...others.map((one) => el("p", { class: "field-warning" },
      `另一账号（${one.who || one.account}）的 ${one.entries.length} 条待发送：只能由其本人登录后发送，或导出为文件交科室管理员。`,
      el("button", { class: "btn btn-light field-big", type: "button", onclick: () => hand(one.entries, one.account, one.who) }, "导出其记录"))));
    $("export").disabled = keep.waiting().length === 0;
  };

  // ---- as a file

  const hand = (entries, account, who) => {
    const files = field.files(entries, account, who, sender.ahead, data.most);
    $("file-text").value = files.join("\n\n");
    $("file-box").hidden = false;
    files.forEach((text, place) => {
      const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      const name = `现场记录-${who}-${field.iso(Date.now()).slice(0, 16).replace(/[-:T]/g, "")}${place ? `-${place + 1}` : ""}.json`;
      const link = el("a", { href: url, download: name });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
    });
  };

  // ---- activities that only this phone knows of

  const onlyHere = () => {
    const here = keep.waiting().filter((one) => one.kind === "open");
    fill("only-here", ...here.map((one) => el("li", {},
      el("a", { class: "field-card", href: `${data.urls.field}${one.activity}/?new=1` },
        el("strong", {}, `${field.hm(one.at)} 开始的活动`), el("span", { class: "state state-wait" }, "尚未送达单位"),
        el("small", {}, (one.body && one.body.place) || "")))));
    if ($("running-none")) $("running-none").hidden = here.length > 0;
  };

  // ---- everything

  const shown = [strip, list, onlyHere];
  app.shows = (draw) => shown.push(draw);
  app.changed = () => shown.forEach((draw) => draw());

  app.begin = () => {
    keep.prune();
    if ($("export")) $("export").addEventListener("click", () => hand(keep.waiting(), data.account.id, data.account.name));
    if ($("send-now")) $("send-now").addEventListener("click", () => { keep.retry(); sender.go(); });
    window.addEventListener("storage", (event) => { if (field.isKey(event.key)) app.changed(); });
    setInterval(() => app.ticks.forEach((tick) => tick(Date.now())), 1000);
    app.changed();
    sender.go();
  };
  app.ticks = [];
  app.heard = []; // who wants to hear each answer of the office
  document.addEventListener("DOMContentLoaded", () => app.begin());
})();
