// Files from this computer, sent piece by piece (tus): after a broken line, a reload or a restarted server they go
// on where they stopped. When everything has come the server takes the set in like a card.
"use strict";

(() => {
  const PIECE = 8 * 1024 * 1024;
  const AT_ONCE = 2;
  const WAITS = [0, 500, 1000, 2000, ...Array(400).fill(3000)]; // twenty minutes without a sign of the server
  const SHOWN = 200; // lines of the list

  const root = document.getElementById("upload");
  const at = (id) => document.getElementById(id);
  const form = JSON.parse(document.body.getAttribute("hx-headers") || "{}");

  let set = null; // {url, send, close, known: Map(path -> file of the server)}
  let next = ""; // a set to go on with, chosen on its tile
  let files = [];
  let began = 0;
  let beganBytes = 0;

  // ---- asking the server

  class Refused extends Error {}

  const post = async (url, fields) => {
    const body = new URLSearchParams(fields || {});
    const headers = { Accept: "application/json", ...form };
    const answer = await fetch(url, { method: "POST", body, headers, credentials: "same-origin" });
    return told(answer);
  };

  const told = async (answer) => {
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(words(said, answer.status));
    return said;
  };

  const words = (said, status) => {
    if (said && said.message) return `${said.message}怎么办：${said.remedy}`;
    if (status === 401) return "登录已过期。怎么办：请重新登录后回到本页，选同样的文件，从断处接着传。";
    return "服务器没有接受。怎么办：请刷新页面再试；已传到的部分保留着。";
  };

  const look = async (url) => {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    const said = await told(answer);
    const known = new Map(said.files.map((one) => [one.path, one]));
    return { url, send: said.send, close: said.close, known };
  };

  // ---- choosing

  const fromInput = (input) => [...input.files].map((file) => [file.webkitRelativePath || file.name, file]);

  const entriesOf = (reader) => new Promise((good, bad) => reader.readEntries(good, bad));

  const walk = async (entry, found) => {
    if (entry.isFile) {
      const file = await new Promise((good, bad) => entry.file(good, bad));
      found.push([entry.fullPath.replace(/^\//, ""), file]);
    } else {
      const reader = entry.createReader();
      for (let some = await entriesOf(reader); some.length; some = await entriesOf(reader)) {
        for (const one of some) await walk(one, found);
      }
    }
  };

  const fromDrop = async (transfer) => {
    const entries = [...transfer.items].map((one) => one.webkitGetAsEntry && one.webkitGetAsEntry());
    const found = [];
    for (const entry of entries.filter(Boolean)) await walk(entry, found);
    return found;
  };

  const nameOf = (chosen) => {
    const first = chosen[0][0];
    if (first.includes("/")) return first.split("/")[0];
    return chosen.length === 1 ? first : `${first} 等 ${chosen.length} 个文件`;
  };

  // ---- sending

  const begin = async (chosen) => {
    if (!chosen.length) return;
    at("upload-now").hidden = false;
    state("正在准备");
    try {
      if (next || !set) {
        const fields = { label: nameOf(chosen), device: at("upload-device").value, device_clock: at("upload-clock").value };
        const url = next || (await post(root.dataset.new, fields)).upload;
        set = await look(url);
        next = "";
      }
    } catch (error) {
      set = null;
      return state(error instanceof Refused ? error.message : "连不上服务器。怎么办：请检查网络后再选一次文件。", true);
    }
    const there = new Set(files.map((one) => one.path));
    for (const [path, file] of chosen) {
      if (!there.has(path)) files.push({ path, file, sent: 0, stage: "waiting", said: "" });
    }
    began = Date.now();
    beganBytes = sum("sent");
    root.dataset.set = set.url;
    document.dispatchEvent(new CustomEvent("liuhen:shown"));
    at("upload-stop").textContent = "先停下";
    goOn();
  };

  const goOn = () => {
    const busy = files.filter((one) => one.stage === "sending").length;
    files.filter((one) => one.stage === "waiting").slice(0, AT_ONCE - busy).forEach(send);
    draw();
    if (files.length && files.every((one) => one.stage === "done" || one.stage === "left")) finish();
  };

  const send = (one) => {
    const known = set.known.get(one.path);
    one.stage = "sending";
    one.upload = new tus.Upload(one.file, {
      endpoint: set.send,
      uploadUrl: known && known.size === one.file.size ? known.url : null,
      chunkSize: PIECE,
      retryDelays: WAITS,
      storeFingerprintForResuming: false,
      headers: form,
      metadata: { path: one.path, modified: String(one.file.lastModified) },
      onShouldRetry: (error) => {
        const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
        one.said = status === 0 || status >= 500 ? "连接断了，正在重试" : "";
        draw();
        return status === 0 || status >= 500 || status === 409 || status === 423;
      },
      onUploadUrlAvailable: () => { one.url = one.upload.url; },
      onProgress: (sent) => {
        one.sent = sent;
        one.said = "";
        draw();
      },
      onSuccess: () => {
        one.sent = one.file.size;
        one.stage = "done";
        one.said = "";
        goOn();
      },
      onError: (error) => {
        one.stage = "failed";
        one.said = reason(error);
        goOn();
      },
    });
    one.upload.start();
  };

  const reason = (error) => {
    const answer = error.originalResponse;
    if (!answer) {
      const cause = error.causingError || error;
      return /read|NotFound|NotReadable/i.test(String(cause))
        ? "这个文件读不出来。怎么办：检查文件是否被移动、删除或占用，再选一次。"
        : "传了多次都没有成功。怎么办：检查网络，然后点“再传没传成的”。";
    }
    try {
      return words(JSON.parse(answer.getBody()), answer.getStatus());
    } catch (problem) {
      return words(null, answer.getStatus());
    }
  };

  const finish = async () => {
    const done = files.filter((one) => one.stage === "done").length;
    if (!done || !set) return reset();
    const closing = set;
    try {
      state("已传完，正在交去采集");
      await post(closing.close);
      reset();
      state("已传完，正在采集入库：见下面的方块。");
      setTimeout(() => { if (!files.length) at("upload-now").hidden = true; }, 20000);
    } catch (error) {
      state(error instanceof Refused ? error.message : "已传完，但连不上服务器，还没有交去采集。怎么办：网络恢复后，在下面的方块点“交去采集”。", true);
      reset();
    }
    document.dispatchEvent(new CustomEvent("liuhen:ask"));
  };

  const reset = () => {
    files = [];
    set = null;
    delete root.dataset.set;
    for (const id of ["pick-files", "pick-folder", "upload-clock"]) at(id).value = "";
    draw();
  };

  const stop = () => {
    files.forEach((one) => one.upload && one.stage === "sending" && one.upload.abort());
    reset();
    state("已停下，传到的部分保留着：在下面的方块点“继续上传”可接着传。");
    document.dispatchEvent(new CustomEvent("liuhen:ask"));
  };

  const leaveOut = async (one) => {
    if (one.url) {
      const headers = { "Tus-Resumable": "1.0.0", ...form };
      await fetch(one.url, { method: "DELETE", headers, credentials: "same-origin" }).catch(() => {});
    }
    one.stage = "left";
    goOn();
  };

  // ---- showing

  const sum = (what) => files.reduce((all, one) => all + (what === "sent" ? one.sent : one.file.size), 0);

  const size = (count) => {
    let amount = count;
    for (const unit of ["B", "KB", "MB", "GB"]) {
      if (amount < 1000) return `${unit === "MB" || unit === "GB" ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
      amount /= 1000;
    }
    return `${amount.toFixed(2)} TB`;
  };

  const state = (said, bad) => {
    at("upload-now").hidden = false;
    at("upload-state").textContent = said;
    at("upload-state").classList.toggle("field-error", Boolean(bad));
  };

  const STAGES = { waiting: "等待", sending: "正在传", done: "已传到", failed: "没有传成", left: "已移出" };

  let drawn = 0;
  const draw = () => {
    if (drawn) return;
    drawn = requestAnimationFrame(() => {
      drawn = 0;
      redraw();
    });
  };

  const redraw = () => {
    const failed = files.filter((one) => one.stage === "failed");
    const active = files.some((one) => one.stage === "sending" || one.stage === "waiting");
    at("upload-bar").hidden = at("upload-stop").hidden = !files.length;
    at("upload-retry").hidden = !failed.length;
    at("upload-files").replaceChildren(...order(files).slice(0, SHOWN).map(row));
    if (!files.length) {
      at("upload-counts").textContent = at("upload-pace").textContent = "";
      return;
    }
    const sent = sum("sent");
    const all = sum("all");
    const done = files.filter((one) => one.stage === "done").length;
    at("upload-bar").max = all || 1;
    at("upload-bar").value = all ? sent : done / files.length;
    at("upload-counts").textContent = `${done}/${files.length} 个文件，${size(sent)}/${size(all)}`;
    const seconds = (Date.now() - began) / 1000;
    const rate = seconds > 2 ? (sent - beganBytes) / seconds : 0;
    at("upload-pace").textContent = active && rate > 0 ? `${size(rate)}/秒，还要约 ${left((all - sent) / rate)}` : "";
    const broken = files.some((one) => one.stage === "sending" && one.said);
    if (active) state(broken ? "与服务器的连接断了，正在重试" : "正在上传");
    else if (failed.length) state(`有 ${failed.length} 个没有传成，还没有入库`, true);
  };

  const left = (seconds) => (seconds < 60 ? `${Math.max(1, Math.round(seconds))} 秒` : `${Math.round(seconds / 60)} 分钟`);

  const order = (all) => {
    const rank = { failed: 0, sending: 1, waiting: 2, done: 3, left: 4 };
    return [...all].sort((one, other) => rank[one.stage] - rank[other.stage]);
  };

  const row = (one) => {
    const item = document.createElement("li");
    item.className = `upload-file upload-${one.stage}`;
    const name = document.createElement("span");
    name.className = "upload-name";
    name.textContent = one.path;
    const word = document.createElement("span");
    word.className = "num";
    word.textContent = `${STAGES[one.stage]} ${size(one.sent)}/${size(one.file.size)}`;
    item.append(name, word);
    if (one.said) {
      const said = document.createElement("p");
      said.textContent = one.said;
      item.append(said);
    }
    if (one.stage === "failed") {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-light";
      button.textContent = "移出";
      button.addEventListener("click", () => leaveOut(one));
      item.append(button);
    }
    return item;
  };

  // ---- hands on the page

  document.addEventListener("click", (event) => {
    const pick = event.target.closest("[data-pick]");
    if (pick) at(`pick-${pick.dataset.pick}`).click();
    const more = event.target.closest("[data-upload-more]");
    if (more) {
      next = more.dataset.uploadMore;
      root.scrollIntoView({ block: "center" });
      at("pick-files").click();
      state("请选同样的文件（上次传的是文件夹的，点“选择文件夹”），会从断处接着传");
    }
  });
  for (const id of ["pick-files", "pick-folder"]) {
    at(id).addEventListener("change", (event) => begin(fromInput(event.target)));
  }
  at("upload-stop").addEventListener("click", stop);
  at("upload-retry").addEventListener("click", () => {
    files.filter((one) => one.stage === "failed").forEach((one) => { one.stage = "waiting"; one.said = ""; });
    look(set.url).then((fresh) => { set = fresh; }).catch(() => {}).finally(goOn);
  });

  const drop = at("drop");
  const over = (event) => {
    event.preventDefault();
    drop.classList.toggle("drop-over", event.type === "dragover");
  };
  for (const kind of ["dragover", "dragleave"]) drop.addEventListener(kind, over);
  drop.addEventListener("drop", async (event) => {
    over(event);
    begin(await fromDrop(event.dataTransfer));
  });
  // A file dropped beside the field must not replace the page.
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());

  // The tile of the set that is being sent from here says nothing that this panel does not say better.
  document.addEventListener("liuhen:shown", () => {
    const mine = root.dataset.set ? `upload-${root.dataset.set.split("/").filter(Boolean).pop()}` : "";
    document.querySelectorAll('[id^="upload-"][data-tile]').forEach((tile) => { tile.hidden = tile.id === mine; });
  });
})();
