// Small manners of every page; without it every page still works.
"use strict";

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  if (target.closest("[data-print]")) window.print();
  if (target.closest("[data-back]")) history.length > 1 ? history.back() : location.assign("/");
  // A menu or pop-over closes when one looks elsewhere.
  document.querySelectorAll("details.basis[open], details.chooser[open], details.confirm[open]").forEach((one) => {
    if (!one.contains(target)) one.removeAttribute("open");
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.basis[open], details.chooser[open], details.confirm[open]").forEach((one) => {
    one.removeAttribute("open");
    one.querySelector("summary").focus();
  });
});

// On a phone a row becomes a small card (.stacked in liuhen.css); its cells are named after their columns.
document.querySelectorAll("table[data-named]").forEach((table) => {
  const names = [...table.querySelectorAll("thead th")].map((one) => one.textContent.trim());
  const rows = [...table.querySelectorAll("tbody tr")];
  if (!names.length || rows.some((row) => row.cells.length !== names.length)) return;
  rows.forEach((row) => [...row.cells].forEach((cell, place) => (cell.dataset.label = names[place])));
  table.classList.add("stacked");
});

// A filter applies at once.
document.addEventListener("change", (event) => {
  if (event.target instanceof HTMLSelectElement && event.target.matches("select[data-submit]")) {
    event.target.form.requestSubmit();
  }
});

// The chosen columns stand in the URL as one word list.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  if (form.matches("[data-columns]")) {
    const chosen = [...form.querySelectorAll("input[type=checkbox]:checked")].map((one) => one.value);
    form.elements.namedItem("cols").value = chosen.join(",");
  }
  // A form is sent once, however often the button is pressed.
  if (form.method === "post" && !form.hasAttribute("data-again")) {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  }
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
