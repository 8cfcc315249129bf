"use strict";
// Task models side by side: which to try, and the table of the newest comparison with what each of them wrote.
import { at, el, put } from "/parts.js";

let picked = null; // a Set, once somebody chose

function entrant(one) {
  const input = el("input", { type: "checkbox", "data-key": `entrant:${one.id}` });
  input.checked = picked ? picked.has(one.id) : one.chosen;
  input.addEventListener("change", () => {
    picked = new Set([...at("contest").querySelectorAll("[data-entrant]:checked")].map((box) => box.dataset.entrant));
  });
  input.dataset.entrant = one.id;
  return el("li", {}, el("label", {}, input, el("span", {}, one.text, one.note ? el("span", { class: "soft" }, one.note) : null)));
}

function table(is) {
  const top = el("thead", {}, el("tr", {}, ...is.headers.map((name, n) => el("th", { scope: "col", class: n ? "number" : "" }, name))));
  const rows = is.rows.map((one) =>
    el("tr", { class: one.best ? "winner" : one.able ? "" : "unable" },
      ...one.cells.map((text, n) => el("td", { class: n ? "number" : "", "data-label": is.headers[n] }, text))));
  return el("table", { class: "rows" }, top, el("tbody", {}, ...rows));
}

function draft(one) {
  return el("div", { class: one.wrong ? "draft wrong" : "draft" },
    el("dt", {}, one.name), ...one.lines.map((text) => el("dd", {}, text)));
}

function contest(is) {
  return [
    el("p", { class: "verdict" }, is.verdict),
    el("p", { class: "soft" }, is.chat_model),
    el("div", { class: "wide" }, table(is)),
    ...is.notes.map((text) => el("p", { class: "soft" }, text)),
    el("h3", {}, is.written_title),
    ...is.written.flatMap((one) => [el("h4", {}, one.task), el("dl", { class: "drafts" }, ...one.drafts.map(draft))]),
    el("p", { class: is.left ? "warn" : "soft" }, is.ending),
  ];
}

export function compare(is, words, { post }) {
  at("compare").hidden = !is;
  if (!is) return;
  at("compare").classList.toggle("told", is.contest !== null);
  const busy = is.busy ? "true" : "";
  const start = el("button", { type: "submit", class: "main", "data-key": "compare:start", "aria-disabled": busy }, words.start_compare);
  const form = el("form", { class: "step" }, el("p", {}, is.intro),
    el("fieldset", {}, el("legend", {}, words.which_models), el("ul", { class: "choices" }, ...is.entrants.map(entrant))),
    el("div", { class: "buttons" }, start));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const models = [...at("contest").querySelectorAll("[data-entrant]:checked")].map((box) => box.dataset.entrant);
    if (!models.length || is.busy) return;
    try {
      await post("/compare", { models });
    } catch {
      at("message").textContent = words.late;
    }
  });
  put(at("contest"), form, is.told ? el("p", { class: "warn", role: "status" }, is.told) : null, ...(is.contest ? contest(is.contest) : []));
}
