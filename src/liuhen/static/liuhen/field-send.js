// Sends what a phone has kept, and asks what is registered: again and again, whenever the office can be reached.
// Every entry has a key of its own, so that two tabs, or an answer that was lost, do nothing twice.
"use strict";

(() => {
  const field = window.liuhenField;
  const PATIENCE = 20000; // ms for one answer
  const SOON = 4000; // ms after a failure, doubled up to LATER
  const LATER = 60000;
  const IDLE = 60000; // after so long without a hand on the page, asking is no sign of a person
  const AT_ONCE = 100; // entries in one request

  class Failed extends Error {
    constructor(status, said) {
      super((said && said.message) || `status ${status}`);
      this.status = status;
      this.code = (said && said.code) || "";
      this.said = said ? `${said.message}${said.remedy ? `怎么办：${said.remedy}` : ""}` : "";
    }
  }

  field.sender = (data, keep, on) => {
    const sender = { line: "asking", said: "", ahead: null, sending: 0 };
    let busy = false;
    let once_more = false;
    let timer = 0;
    let pause = SOON;
    let token = "";
    let touched = Date.now();

    const ask = async (url, body) => {
      const stop = new AbortController();
      const alarm = setTimeout(() => stop.abort(), PATIENCE);
      const headers = { Accept: "application/json" };
      if (Date.now() - touched > IDLE) headers["X-Liuhen-Watching"] = "yes";
      if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": token });
      try {
        const options = { method: body ? "POST" : "GET", credentials: "same-origin", cache: "no-store", headers };
        const answer = await fetch(url, { ...options, body: body && JSON.stringify(body), signal: stop.signal });
        const said = await answer.json().catch(() => null);
        if (!answer.ok) throw new Failed(answer.status, said);
        if (!said) throw new Failed(0, null); // not the office: a page of some network's own
        return said;
      } finally {
        clearTimeout(alarm);
      }
    };

    const look = async () => {
      const began = Date.now();
      const said = await ask(`${data.urls.state}?activity=${encodeURIComponent(on.activity())}`);
      sender.ahead = Math.round((began + Date.now()) / 2 - Date.parse(said.now)) / 1000;
      token = said.token;
      if (said.account !== data.account.id) throw new Failed(409, { code: "other_account", message: said.name });
      return said;
    };

    const post = (entries) => ask(data.urls.entries, {
      entries: entries.map(field.bare),
      sent_at: field.iso(Date.now()),
      account: data.account.id,
      who: data.account.name,
    });

    // What the server cannot read as a whole is sent one by one, so that one bad entry holds up no other.
    const send = async (entries) => {
      try {
        const { answers } = await post(entries);
        answers.forEach((one) => {
          keep.answered(one.id, one.outcome, one.sentence, one.failed);
          on.answered(one);
        });
      } catch (error) {
        if (!(error instanceof Failed) || (error.status !== 400 && error.status !== 413)) throw error;
        if (entries.length === 1) {
          keep.answered(entries[0].id, "unread", `${error.said || "服务器没有收下。"}`);
          return;
        }
        for (const one of entries) await send([one]);
      }
    };

    const all = async () => {
      const first = await look();
      let left = keep.waiting().filter((one) => one.state === "waiting");
      if (!left.length) {
        on.registered(first.activity);
        return;
      }
      left.sort((one, other) => one.made - other.made);
      while (left.length) {
        sender.sending = left.length;
        on.changed();
        await send(left.splice(0, AT_ONCE));
      }
      on.registered((await look()).activity);
    };

    const failed = (error) => {
      const status = error instanceof Failed ? error.status : -1;
      sender.said = error instanceof Failed ? error.said : "";
      if (status === 401) sender.line = "expired";
      else if (error.code === "other_account") sender.line = "other";
      else if (status === 403 || status === 404 || status === 409) sender.line = "refused";
      else if (status >= 500) sender.line = "troubled";
      else sender.line = "offline";
    };

    sender.go = async () => {
      if (busy) {
        once_more = true;
        return;
      }
      busy = true;
      clearTimeout(timer);
      try {
        await all();
        sender.line = "online";
        sender.said = "";
        pause = SOON;
      } catch (error) {
        failed(error);
        pause = Math.min(pause * 2, LATER);
      }
      sender.sending = 0;
      busy = false;
      on.changed();
      if (once_more) {
        once_more = false;
        pause = SOON;
        sender.go();
        return;
      }
      const waits = sender.line !== "online" && keep.waiting().length > 0;
      if (!document.hidden || waits) timer = setTimeout(sender.go, waits ? pause : LATER);
    };

    for (const kind of ["pointerdown", "keydown"]) {
      document.addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
    }
    window.addEventListener("online", () => sender.go());
    window.addEventListener("pageshow", (event) => { if (event.persisted) sender.go(); });
    window.addEventListener("offline", () => { sender.line = "offline"; on.changed(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) sender.go(); });
    return sender;
  };
})();
