// Ticking recordings across pages of one search; the search itself is sent when all of it is meant.
"use strict";

(() => {
  const KEY = "liuhen.picked";
  const phone = window.matchMedia("(max-width: 991.98px)");

  const form = () => document.getElementById("selection");
  const boxes = () => [...document.querySelectorAll('input[name="pick"][form="selection"]')];
  const search = () => form().elements.namedItem("query").value;

  // {query, all, keys}: what is ticked belongs to the search it was ticked in.
  const kept = () => {
    try {
      const told = JSON.parse(sessionStorage.getItem(KEY) || "null");
      if (told && told.query === search()) return told;
    } catch (error) {
      sessionStorage.removeItem(KEY);
    }
    return { query: search(), all: false, keys: [] };
  };
  const keep = (picked) => sessionStorage.setItem(KEY, JSON.stringify(picked));

  const show = () => {
    const bar = form();
    if (!bar) return;
    const picked = kept();
    const keys = new Set(picked.keys);
    for (const box of boxes()) {
      box.checked = picked.all || keys.has(box.value);
      const around = box.closest("tr, .card-one");
      if (around) around.classList.toggle("picked", box.checked);
    }
    const total = Number(bar.dataset.total || 0);
    const count = picked.all ? total : keys.size;
    const page = bar.querySelector("[data-pick-page]");
    page.checked = boxes().length > 0 && boxes().every((box) => box.checked);
    const words = picked.all && !total ? "已选中全部搜索结果" : count ? `已选中 ${count} 条` : "";
    bar.querySelector("[data-picked-words]").textContent = words;
    bar.querySelector("[data-pick-all]").hidden = picked.all || !page.checked || (total && total <= keys.size);
    bar.querySelector("[data-pick-none]").hidden = !count && !picked.all;
    bar.elements.namedItem("scope").value = picked.all ? "all" : "picked";
    bar.elements.namedItem("picked").value = picked.all ? "" : picked.keys.join(",");
    bar.querySelectorAll("[data-needs-picks]").forEach((button) => {
      button.disabled = !count && !picked.all;
    });
  };

  document.addEventListener("change", (event) => {
    const target = event.target;
    if (!(target instanceof HTMLInputElement) || !form()) return;
    if (!target.matches('[data-pick-page], input[name="pick"]')) return;
    const picked = kept();
    const keys = new Set(picked.all ? boxes().map((box) => box.value) : picked.keys);
    const changed = target.matches("[data-pick-page]") ? boxes() : [target];
    for (const box of changed) {
      if (target.checked) keys.add(box.value);
      else keys.delete(box.value);
    }
    keep({ query: search(), all: false, keys: [...keys] });
    show();
  });

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target || !form()) return;
    if (target.closest("[data-pick-all]")) keep({ query: search(), all: true, keys: [] });
    else if (target.closest("[data-pick-none]")) sessionStorage.removeItem(KEY);
    else return;
    show();
  });

  // What was ticked and is being dealt with is not ticked afterwards.
  document.addEventListener("submit", (event) => {
    if (event.target === form() && event.submitter && event.submitter.hasAttribute("formaction")) {
      setTimeout(() => sessionStorage.removeItem(KEY));
    }
  });

  const fold = () => {
    const facets = document.querySelector("details.facets");
    if (facets && phone.matches) facets.open = false;
  };

  const begin = () => {
    fold();
    show();
  };
  document.addEventListener("htmx:afterSettle", begin);
  window.addEventListener("pageshow", begin);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
