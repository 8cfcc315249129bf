"use strict";
// The answers to the problem side by side, each with its button; and the way to the forms.
import { at, el, put } from "/parts.js";

const FIELD = { hosted: "host:address", compare: "compare:start" };
let led = "";

// Shows a form and goes into its first field.
export function open(form) {
  const section = at(form);
  if (!section || section.hidden) return;
  const fold = section.querySelector("details");
  if (fold) fold.open = true;
  section.scrollIntoView({ block: "start" });
  const field = [...section.querySelectorAll("[data-key]")].find((one) => one.dataset.key === FIELD[form]);
  (field || section.querySelector("[tabindex]")).focus({ preventScroll: true });
}

// Where a row of the menu leads: once for each time that it was chosen, when that part is there.
export function lead(where) {
  const form = where.split(":")[0];
  if (!form || where === led || !at(form) || at(form).hidden) return;
  led = where;
  open(form);
}

function way(one, words, { fix }) {
  const said = [one.why, one.means, one.costs].filter(Boolean).map((text) => el("p", { class: "soft" }, text));
  const parts = [
    el("h3", {}, one.name, " ", el("span", { class: "standing" }, one.standing)),
    el("p", { class: "brings" }, one.brings),
    ...said,
  ];
  if (one.fix) parts.push(fix({ ...one.fix, key: `way:${one.fix.key}`, why: "", text: one.fix.button ? "" : one.fix.text }, words, one.suits ? "main" : ""));
  if (one.form) {
    const go = el("button", { type: "button", "data-key": `open:${one.form}` }, words.add_hosted);
    go.addEventListener("click", () => open(one.form));
    parts.push(el("div", { class: "buttons" }, go));
  }
  return el("article", { class: one.suits ? "way suits" : "way" }, ...parts);
}

export function ways(is, words, given) {
  at("ways").hidden = !is;
  if (!is) return;
  put(at("four"),
    el("div", { class: "four" }, ...is.ways.map((one) => way(one, words, given))),
    is.told ? el("p", { class: "soft" }, is.told) : null);
}
