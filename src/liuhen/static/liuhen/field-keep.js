// What a phone keeps in the field: each entry under a key of its own, before anything else is done with it.
// Two tabs never write the same key differently, so neither loses what the other kept.
"use strict";

window.liuhenField = window.liuhenField || {};

(() => {
  const field = window.liuhenField;
  const ENTRY = "liuhen.field.";
  const DRAFT = "liuhen.field-draft.";
  const KEPT_MS = 3 * 24 * 3600 * 1000; // what is registered stays in the phone's list so long, without its words

  const two = (number) => String(Math.abs(number)).padStart(2, "0");

  // A moment with the phone's own offset: 2026-11-19T09:00:00.000+08:00.
  field.iso = (ms) => {
    const at = new Date(ms);
    const offset = -at.getTimezoneOffset();
    const whole = new Date(ms + offset * 60000).toISOString().slice(0, 23);
    return `${whole}${offset < 0 ? "-" : "+"}${two(Math.trunc(offset / 60))}:${two(offset % 60)}`;
  };

  // crypto.randomUUID is not there on plain http; random numbers are.
  field.uuid = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const text = Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
    return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
  };

  const store = (() => {
    try {
      const found = window.localStorage;
      found.setItem("liuhen.field-try", "1");
      found.removeItem("liuhen.field-try");
      return found;
    } catch (error) {
      return null; // private mode, or forbidden
    }
  })();

  const keys = (prefix) => {
    const found = [];
    for (let place = 0; store && place < store.length; place += 1) {
      const key = store.key(place);
      if (key && key.startsWith(prefix)) found.push(key);
    }
    return found;
  };

  const parsed = (text) => {
    try {
      return JSON.parse(text);
    } catch (error) {
      return null;
    }
  };

  // `broken`: the browser does not keep what we give it; then entries live in this page alone, and the page says so.
  field.keeper = (account) => {
    const mine = `${ENTRY}${account.id}.`;
    const loose = new Map();
    const keep = { broken: !store };

    const write = (key, value) => {
      try {
        if (!store) throw new Error("no store");
        store.setItem(key, JSON.stringify(value));
        if (store.getItem(key) === null) throw new Error("not kept");
        loose.delete(key);
        return true;
      } catch (error) {
        keep.broken = true;
        loose.set(key, value);
        return false;
      }
    };

    const read = (prefix) => {
      const found = new Map();
      keys(prefix).forEach((key) => {
        const value = parsed(store.getItem(key));
        if (value && value.id) found.set(key, value);
      });
      loose.forEach((value, key) => {
        if (key.startsWith(prefix)) found.set(key, value);
      });
      return found;
    };

    const keyOf = (entry) => `${mine}${entry.activity}.${entry.id}`;

    keep.put = (entry) => write(keyOf(entry), entry);

    keep.all = () => Array.from(read(mine).values()).sort((one, other) => one.made - other.made);

    keep.waiting = () => keep.all().filter((one) => one.state === "waiting" || one.state === "unread");

    // The answer of the server: what is registered needs its words here no longer.
    keep.answered = (id, outcome, sentence, failed) => {
      const entry = keep.all().find((one) => one.id === id);
      if (!entry) return;
      const after = { ...entry, state: outcome, sentence, failed: Boolean(failed) };
      if (outcome !== "unread") delete after.body;
      keep.put(after);
    };

    // Once more, for what the server did not take.
    keep.retry = () => keep.all().filter((one) => one.state === "unread").forEach((one) => keep.put({ ...one, state: "waiting", sentence: "" }));

    keep.forget = (id) => {
      const entry = keep.all().find((one) => one.id === id);
      if (!entry || entry.state === "waiting" || entry.state === "unread") return;
      loose.delete(keyOf(entry));
      if (store) store.removeItem(keyOf(entry));
    };

    keep.prune = () => {
      const before = Date.now() - KEPT_MS;
      keep.all().filter((one) => one.state === "done" && one.made < before).forEach((one) => keep.forget(one.id));
    };

    // Entries of other accounts on this phone: counted and handed over as a file, never sent as mine.
    keep.others = () => {
      const found = new Map();
      read(ENTRY).forEach((entry, key) => {
        if (key.startsWith(mine) || (entry.state !== "waiting" && entry.state !== "unread")) return;
        const number = key.slice(ENTRY.length).split(".")[0];
        const one = found.get(number) || { account: Number(number), who: entry.who || "", entries: [] };
        one.entries.push(entry);
        found.set(number, one);
      });
      return Array.from(found.values());
    };

    // A paper that was begun and not ended yet.
    keep.drafts = (activity) => Array.from(read(`${DRAFT}${account.id}.${activity}.`).values());
    keep.draft = (activity, one) => write(`${DRAFT}${account.id}.${activity}.${one.id}`, one);
    keep.undraft = (activity, id) => {
      const key = `${DRAFT}${account.id}.${activity}.${id}`;
      loose.delete(key);
      if (store) store.removeItem(key);
    };
    return keep;
  };

  field.isKey = (key) => key === null || key.startsWith(ENTRY) || key.startsWith(DRAFT);

  // As the office takes it: without what only this page knows.
  field.bare = (entry) => ({ id: entry.id, activity: entry.activity, kind: entry.kind, at: entry.at, body: entry.body });

  field.files = (entries, account, who, ahead, most) => {
    const files = [];
    for (let place = 0; place < entries.length; place += most) {
      const part = entries.slice(place, place + most).map(field.bare);
      files.push(JSON.stringify({ entries: part, sent_at: null, ahead, account, who }, null, 1));
    }
    return files;
  };
})();
