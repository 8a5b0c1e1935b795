// Interruptions, reports and papers on the phone.
"use strict";

(() => {
  const field = window.liuhenField;
  const app = field.app;
  const { data, el, fill, $ } = app;
  const basis = (words) => (words ? el("small", { class: "field-basis" }, `依据：${words}`) : null);

  const options = (list) => list.map((one) => el("option", { value: one.code }, one.listed ? one.label : `${one.label}（条文未列）`));

  if (data.mode !== "activity") return;

  // ---- interruptions

  const rules = data.rules;
  const nameOf = (code) => data.names[code] || code;
  $("cause").replaceChildren(el("option", { value: "" }, "请选择原因"), ...options(rules.causes));
  fill("stop-rule", rules.stop.text || "规定没有写明中断怎样处理：照常登记。", basis(rules.stop.basis));
  $("cause").addEventListener("change", () => {
    const one = rules.causes.find((cause) => cause.code === $("cause").value);
    $("cause-unlisted").hidden = !one || one.listed || !rules.stop.basis;
  });
  $("stop").addEventListener("click", () => {
    const cause = $("cause").value;
    if (!cause) {
      app.say("请先选择原因。");
      return;
    }
    if (app.note("stop", { cause, text: $("stop-text").value.trim() }, `中断：${nameOf(cause)}`)) {
      $("cause").value = "";
      $("stop-text").value = "";
      $("cause-unlisted").hidden = true;
    }
  });

  const running = (facts) => facts.stops.filter((one) => !one.resumed_at);

  const stops = (facts) => {
    const open = running(facts);
    const over = Boolean(facts.ended_at || facts.left_at || facts.returned_at);
    $("stop-form").hidden = open.length > 0 || over;
    $("stop-over").hidden = !over;
    fill("stopped", ...open.map((one) => el("div", { class: "field-stopped" },
      el("p", {}, `${field.hm(one.at)} 起中断：${nameOf(one.cause)}`),
      over ? null : el("button", { // what did not go on before the end did not go on
        class: "btn btn-primary field-big field-wide", type: "button",
        onclick: () => app.note("resume", { stop: one.id }, "恢复记录"),
      }, "恢复记录"),
      el("button", {
        class: "btn btn-light field-big field-wide", type: "button",
        onclick: () => {
          const asked = rules.reports.find((report) => report.kind !== "unrecorded_report");
          $("report-fold").open = true;
          if (asked) $("report-kind").value = asked.kind;
          grounds();
          $("report-fold").scrollIntoView();
        },
      }, rules.stop.spoken ? "恢复不了：写报告" : "写工作记录"))));
    const resumed = facts.stops.filter((one) => one.resumed_at);
    const reasons = facts.marks.filter((one) => one.code === "interruption_reason").length;
    $("reason-box").hidden = !(rules.stop.spoken && resumed.length > reasons);
    fill("stops", ...facts.stops.map((one) => el("li", {},
      `${field.hm(one.at)} 至 ${one.resumed_at ? field.hm(one.resumed_at) : "（未恢复）"}　${nameOf(one.cause)}`,
      ...facts.reports.filter((report) => report.stop === one.id).map((report) => el("small", {}, `　已交${report.label} ${report.number} ${report.state}`)))));
    const before = $("report-stop").value;
    $("report-stop").replaceChildren(...facts.stops.map((one) => el("option", { value: one.id, selected: one.id === before }, `${field.hm(one.at)} ${nameOf(one.cause)}`)));
    fill("reports", ...facts.reports.filter((one) => !one.stop).map((one) => el("li", {}, `${one.label} ${one.number} ${one.state || "待发送"}`)));
  };
  $("reason").addEventListener("click", () => app.note("mark", { code: "interruption_reason" }, "语音说明中断原因"));

  // ---- reports

  const kind = () => rules.reports.find((one) => one.kind === $("report-kind").value) || rules.reports[0];
  const grounds = () => {
    const one = kind();
    $("report-code").replaceChildren(el("option", { value: "" }, "请选择"), ...options(one.codes));
    $("report-stop-box").hidden = one.kind === "unrecorded_report";
    const to = `交${one.to}审核${one.named ? "" : "（本规定没有写明报谁，按本系统安全规则由科室负责人审核）"}。`;
    fill("report-rule", one.asked ? one.text : `${one.text || "规定没有要求这种报告"}；需要时仍可登记。`, el("br"), to, basis(one.basis));
    $("report-unlisted").hidden = true;
  };
  $("report-kind").replaceChildren(...rules.reports.map((one) => el("option", { value: one.kind }, one.label)));
  $("report-kind").addEventListener("change", grounds);
  $("report-code").addEventListener("change", () => {
    const one = kind().codes.find((code) => code.code === $("report-code").value);
    $("report-unlisted").hidden = !one || one.listed || !kind().basis;
  });
  grounds();
  $("report").addEventListener("click", () => {
    const one = kind();
    const code = $("report-code").value;
    const reason = $("report-reason").value.trim();
    const stop = one.kind === "unrecorded_report" ? null : $("report-stop").value;
    if (!code || !reason || stop === "") {
      app.say(stop === "" ? "请先登记中断，再写它的报告。" : "请选择理由，并写明当时的情况。");
      return;
    }
    const body = { kind: one.kind, code, reason, grounds: $("report-grounds").value.trim(), ...(stop ? { stop } : {}) };
    if (app.note("report", body, one.label)) {
      ["report-reason", "report-grounds"].forEach((id) => { $(id).value = ""; });
      grounds();
    }
  });

  // ---- papers

  fill("kinds", ...data.kinds.map((one) => el("option", { value: one })));
  $("paper-start").addEventListener("click", () => {
    const named = $("paper-kind").value.trim();
    if (!named) {
      app.say("请选择或填写文书种类。");
      return;
    }
    app.keep.draft(app.activity, { id: field.uuid(), kind: named, number: $("paper-number").value.trim(), started_at: field.iso(Date.now()) });
    $("paper-kind").value = "";
    $("paper-number").value = "";
    app.say(`${field.hm(Date.now())} 文书开始：${named}`);
    app.changed();
  });
  const end = (one, ended) => {
    const { id, ...told } = one;
    const body = { ...told, ...(ended ? { ended_at: field.iso(Date.now()) } : {}) };
    if (app.note("document", body, `文书《${one.kind}》`)) {
      app.keep.undraft(app.activity, id);
      app.changed();
    }
  };
  const papers = (facts) => {
    const drafts = app.keep.drafts(app.activity);
    fill("drafts", ...drafts.map((one) => el("div", { class: "field-stopped" },
      el("p", {}, `《${one.kind}》${one.number}　${field.hm(one.started_at)} 开始，正在制作`),
      el("button", { class: "btn btn-primary field-big field-wide", type: "button", onclick: () => end(one, true) }, "结束"),
      el("button", { class: "btn btn-light field-big field-wide", type: "button", onclick: () => end(one, false) }, "不填结束时间，登记"))));
    $("drafts-open").hidden = !(drafts.length && facts.ended_at);
    fill("papers", ...facts.documents.map((one) => el("li", {},
      `《${one.kind}》${one.number || ""}　${one.started_at ? field.hm(one.started_at) : "—"} 至 ${one.ended_at ? field.hm(one.ended_at) : "—"}`)));
  };

  app.shows(() => {
    const facts = app.facts();
    if (!facts.known) return;
    const spoken = facts.marks.filter((one) => one.code === "interruption_reason").length;
    app.drawn("stops", [facts.stops, facts.reports, spoken, field.MOMENTS.map((name) => facts[name])], () => stops(facts));
    app.drawn("papers", [app.keep.drafts(app.activity), facts.documents, facts.ended_at], () => papers(facts));
    const open = running(facts).length;
    const tab = document.querySelector("[data-show=stops]");
    tab.classList.toggle("field-alarm", open > 0);
  });
})();
