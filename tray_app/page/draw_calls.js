"use strict";
import { box, fill, node, part, shape, swatch } from "/draw_parts.js";

function days(counts, names, told) {
  const most = Math.max(...counts, 1);
  const drawn = shape("svg", { class: "p-days", viewBox: `0 0 ${counts.length * 8} 20`, "aria-hidden": "true" },
    shape("path", { class: "p-floor", d: `M0 19.5h${counts.length * 8}` }),
    shape("path", { d: counts.map((count, place) => (count ? box(place * 8 + 1, 19 - Math.max(1.5, (18 * count) / most), 6, Math.max(1.5, (18 * count) / most), 1) : "")).join("") }));
  const words = counts.map((count, place) => fill(told, { day: names[place], count })).join(", ");
  return [drawn, node("span", { class: "p-unseen" }, words)];
}

function share(value) {
  return shape("svg", { class: "p-share", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    shape("rect", { class: "p-floor", width: 100, height: 6 }), shape("rect", { class: "p-fill", width: Math.max(value ? 1 : 0, 100 * value), height: 6 }));
}

function table(told, all) {
  const cell = (place, name, ...inside) => node("td", { class: name, "data-label": told.head[place] }, ...inside);
  const rows = told.rows.map((one) => node("tr", { class: `k-${one.id}` },
    node("th", { scope: "row" }, one.id === "model" ? null : swatch(`p-part l-${one.id}`), one.name),
    cell(1, "number", one.calls), cell(2, "number", one.each), cell(3, "number all", node("span", {}, one.all), share(one.share)),
    cell(4, "number", one.per), cell(5, "number days", node("span", { class: "p-mean" }, one.told), ...days(one.days, all.days, all.day))));
  const head = node("tr", {}, ...told.head.map((text, place) => node("th", { scope: "col", class: place ? "number" : "" }, text)));
  return node("table", { class: "p-costs" }, node("caption", {}, told.caption), node("thead", {}, head), node("tbody", {}, ...rows));
}

export function calls(root, told) {
  const key = JSON.stringify(told);
  if (key === root.key) return;
  root.key = key;
  const parts = [node("h2", { id: "p-calls-title" }, told.title), node("p", { class: "p-sentence" }, told.sentence)];
  if (told.kinds.rows.length) parts.push(node("div", { class: "p-tables" }, table(told.kinds, told), table(told.models, told)));
  part(root, ...parts);
}
