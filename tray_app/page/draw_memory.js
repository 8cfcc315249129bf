"use strict";
import { box, node, part, patterns, shape, swatch, tables } from "/draw_parts.js";

function bar(told, whole, width, high, limit) {
  const u = high / 30;
  const x = (bytes) => (bytes / whole) * width;
  const drawn = shape("svg", { class: "p-bar", viewBox: `0 0 ${width} ${high}`, width, height: high, "aria-hidden": "true" });
  let at = 0;
  told.forEach((one) => {
    const from = x(at);
    at += one.bytes;
    const long = Math.max(x(at) - from - 1.5 * u, 1);
    drawn.append(shape("path", { class: `p-part m-${one.kind}`, d: box(from, 0, long, high, 4 * u) }));
    if (long > one.size.length * 8.5 * u) {
      drawn.append(shape("text", { class: `t-${one.kind}`, x: from + long / 2, y: high / 2 + 4.5 * u }, one.size));
    }
  });
  if (limit && at > limit) drawn.append(shape("path", { class: "p-limit", d: `M${x(limit)} -2v${high + 4}` }));
  return drawn;
}

function legend(parts) {
  return node("ul", { class: "p-legend" }, ...parts.map((one) => node("li", {}, swatch(`p-part m-${one.kind}`), `${one.name} `, node("span", { class: "p-number" }, one.size))));
}

const SIGNS = { good: "M3 8.5l3.2 3.2L13 4.8", warn: "M8 2.5v7M8 12.6v.4", bad: "M3.5 3.5l9 9M12.5 3.5l-9 9", unknown: "M5 6c0-4 6-4 6 0 0 2-3 2-3 4M8 13v.2" };

function sign(mark) {
  return shape("svg", { class: `p-sign ${mark}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, shape("path", { d: SIGNS[mark] }));
}

function choice(one, on, choose) {
  const made = node("button", { type: "button", class: "p-chip", "aria-pressed": String(on) }, sign(one.mark), one.name, node("span", { class: "p-word" }, one.verdict));
  made.addEventListener("click", () => choose(one.name));
  return made;
}

export function memoryChart() {
  const is = { chosen: null, // the model that was asked about; a tab's own
    title: node("h2", { id: "p-memory-title" }), bars: node("div", { class: "p-bars" }), ask: node("div", { class: "p-ask" }),
    sentence: node("p", { class: "p-sentence" }), tables: node("div", {}) };
  is.root = node("section", { class: "card p-memory", "aria-labelledby": "p-memory-title" }, patterns(), is.title, is.bars, is.ask, is.sentence, is.tables);
  is.show = (told, width, u) => show(is, told, width, u);
  return is;
}

function show(is, told, width, u) {
  const key = JSON.stringify([told, width, u, is.chosen]);
  if (key === is.key) return;
  is.key = key;
  const ask = told.what_if;
  const one = ask.choices.find((each) => each.name === is.chosen) || ask.choices.find((each) => each.parts.length);
  const sum = (parts) => parts.reduce((all, each) => all + each.bytes, 0);
  const whole = Math.max(...told.bars.map((each) => Math.max(each.whole, sum(each.parts))), ...(one ? [sum(one.parts)] : []), 1);
  const budget = told.bars.find((each) => each.id === "budget");
  is.title.textContent = told.title;
  part(is.bars, ...told.bars.flatMap((each) => [node("h3", {}, each.title), bar(each.parts, whole, width, 30 * u, each.whole), legend(each.parts)]));
  const focus = document.activeElement && document.activeElement.closest(".p-chip");
  const place = focus && is.ask.contains(focus) ? [...is.ask.querySelectorAll(".p-chip")].indexOf(focus) : -1;
  const choose = (name) => { is.chosen = name; show(is, told, width, u); };
  const chips = node("div", { class: "p-chips", role: "group", "aria-label": ask.title }, ...ask.choices.map((each) => choice(each, each === one, choose)));
  const drawn = one && one.parts.length && budget ? bar(one.parts, whole, width, 22 * u, budget.whole) : null;
  const next = ask.choices.length ? [node("h3", {}, ask.title), node("p", { class: "soft" }, ask.intro), chips, drawn, one ? node("p", { class: "p-told", role: "status" }, one.sentence) : null] : [];
  part(is.ask, ...next);
  if (place >= 0 && is.ask.querySelectorAll(".p-chip")[place]) is.ask.querySelectorAll(".p-chip")[place].focus();
  if (is.sentence.textContent !== told.sentence) is.sentence.textContent = told.sentence;
  tables(is.tables, told.as_table, told.table);
}
