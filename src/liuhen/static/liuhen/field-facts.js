// What is known of an activity on the phone: what the office has registered, and over it what still waits here.
// And what follows from it: how long is left, and what is to be said, in words.
"use strict";

(() => {
  const field = window.liuhenField;
  const MOMENTS = ["arrived_at", "ended_at", "left_at", "returned_at"];
  const EMPTY = {
    number: "", live: true, matter: "", place: "", party: "", circumstances: [], events: [], officers: [], devices: [],
    stops: [], marks: [], documents: [], reports: [], duties: [],
  };

  field.MOMENTS = MOMENTS;

  // ---- facts

  const TELLS = {
    open: (facts, entry) => tell(facts, entry.body),
    tell: (facts, entry) => tell(facts, entry.body),
    mark: (facts, entry) => facts.marks.push({ id: entry.id, code: entry.body.code, at: entry.at }),
    stop: (facts, entry) => facts.stops.push({ id: entry.id, cause: entry.body.cause, at: entry.at, resumed_at: null }),
    resume: (facts, entry) => {
      const stop = facts.stops.find((one) => one.id === entry.body.stop);
      if (stop) stop.resumed_at = entry.at;
    },
    report: (facts, entry) => facts.reports.push({
      id: entry.id, kind: entry.body.kind, label: entry.what, number: "", state: "", stop: entry.body.stop || "",
    }),
    document: (facts, entry) => facts.documents.push({ id: entry.id, ...entry.body }),
  };

  const tell = (facts, body) => {
    for (const [name, value] of Object.entries(body)) {
      if (name in facts || MOMENTS.includes(name)) facts[name] = value;
    }
  };

  // `entries`: those of the activity that the registered facts do not hold yet, in the order in which they were made.
  field.facts = (registered, entries) => {
    const facts = JSON.parse(JSON.stringify({ ...EMPTY, ...(registered || {}) }));
    facts.known = Boolean(registered);
    facts.pending = entries.length > 0;
    for (const entry of entries) {
      if (!entry.body) continue;
      if (entry.kind === "open") facts.known = true;
      if (TELLS[entry.kind]) TELLS[entry.kind](facts, entry);
    }
    return facts;
  };

  // ---- times

  const two = (number) => String(number).padStart(2, "0");
  const inShanghai = (ms) => new Date(ms + 8 * 3600000); // its UTC parts are Shanghai's clock

  field.day = (ms) => inShanghai(ms).toISOString().slice(0, 10);
  field.time = (ms) => inShanghai(ms).toISOString().slice(11, 19);
  // What was typed into a field for date and time is Shanghai's clock, wherever the phone thinks it is. NaN for nothing.
  field.typed = (text) => (text ? Date.parse(`${text}+08:00`) : NaN);
  field.hm = (moment) => {
    const ms = typeof moment === "number" ? moment : Date.parse(moment);
    const today = field.day(Date.now()) === field.day(ms);
    return today ? field.time(ms).slice(0, 5) : `${field.day(ms).slice(5)} ${field.time(ms).slice(0, 5)}`;
  };

  // 1 天 2:05, or 23:41.
  field.length = (ms) => {
    const minutes = Math.floor(Math.abs(ms) / 60000);
    const days = Math.floor(minutes / 1440);
    const rest = `${Math.floor((minutes % 1440) / 60)}:${two(minutes % 60)}`;
    return days ? `${days} 天 ${rest}` : rest;
  };

  field.about = (seconds) => {
    const whole = Math.round(Math.abs(seconds));
    if (whole < 120) return `${whole} 秒`;
    if (whole < 7200) return `${Math.round(whole / 60)} 分`;
    return whole < 172800 ? `${Math.round(whole / 3600)} 小时` : `${Math.round(whole / 86400)} 天`;
  };

  // ---- how long is left

  const endOfDay = (ms) => Date.parse(`${field.day(ms)}T23:59:59+08:00`);

  const mainDue = (clock, start) => {
    if (clock.same_day) return endOfDay(start);
    if (clock.hours) return start + clock.hours * 3600000;
    const told = clock.by_day[field.day(start)];
    return told ? Date.parse(told) : null;
  };

  // {state: wait | running | overdue | open | met, due, words}; what the office counted stands before what the phone counts.
  field.left = (clock, facts, now) => {
    const counted = facts.duties.find((one) => one.duty === clock.duty);
    if (counted && counted.state === "met") return { state: "met", due: null, words: "已办理" };
    const start = facts[clock.start];
    if (!(["ended_at", "left_at", "arrived_at", "returned_at"].includes(clock.start))) return null;
    const excepted = clock.circumstances.some((one) => facts.circumstances.includes(one));
    const main = start ? mainDue(clock, Date.parse(start)) : null;
    let due = main;
    if (excepted && clock.later_hours) {
      if (!facts.returned_at) {
        return { state: "wait", due: null, words: `返回单位后 ${clock.later_hours} 小时内` };
      }
      due = Math.max(main || 0, Date.parse(facts.returned_at) + clock.later_hours * 3600000);
    } else if (!start) {
      return { state: "wait", due: null, words: clock.start === "returned_at" ? "返回单位后开始计时" : "活动结束后开始计时" };
    }
    if (!facts.pending && counted && counted.due_at) due = Date.parse(counted.due_at);
    if (!due) return { state: "open", due: null, words: clock.within ? "联网后显示准确时限" : "条文未写明时限，请及时移交" };
    const late = now > due;
    return { state: late ? "overdue" : "running", due, words: late ? "已超过" : "还剩" };
  };

  // ---- what is to be said

  // Wherever it stands, and as it is written: a name that looks like a blank, or holds a $, is a name.
  field.script = (text, officers, agency) => {
    const names = { officer: officers[0] || "（执法人员）", officer2: officers[1] || "（另一名执法人员）", agency };
    return text.replace(/\{(officer2?|agency)\}/g, (_, blank) => names[blank]);
  };
})();
