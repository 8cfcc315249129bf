"use strict";
// The pieces that the pictures are made of.

const SVG = "http://www.w3.org/2000/svg";

function filled(made, attributes, inside) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(name, String(value));
  made.append(...inside.filter((one) => one !== null && one !== undefined));
  return made;
}

export const node = (name, attributes = {}, ...inside) => filled(document.createElement(name), attributes, inside);
export const shape = (name, attributes = {}, ...inside) => filled(document.createElementNS(SVG, name), attributes, inside);
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

// Replaces what is inside, unless it is the same: then nothing flickers and no screen reader begins anew.
export function part(root, ...inside) {
  const next = inside.filter((one) => one !== null && one !== undefined);
  const now = [...root.childNodes];
  if (now.length === next.length && now.every((one, place) => one.isEqualNode(next[place]))) return;
  root.replaceChildren(...next);
}

export function box(x, y, width, height, round = 0) {
  const r = Math.min(round, width / 2, height / 2);
  if (r < 1.2) {
    const wide = f(width);
    return `M${f(x)} ${f(y)}h${wide}v${f(height)}h${-wide}z`;
  }
  const a = `a${f(r)} ${f(r)} 0 0 1 `;
  return `M${f(x + r)} ${f(y)}h${f(width - 2 * r)}${a}${f(r)} ${f(r)}v${f(height - 2 * r)}${a}${f(-r)} ${f(r)}`
    + `h${f(2 * r - width)}${a}${f(-r)} ${f(-r)}v${f(2 * r - height)}${a}${f(r)} ${f(-r)}z`;
}

export const f = (number) => Math.round(number * 100) / 100;

// Patterns tell apart what a colour alone would not. They are in one drawing of the page, which the others refer to.
export function patterns() {
  const lines = (id, size, ...paths) => shape("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse" },
    shape("rect", { class: "p-ground", width: size, height: size }), ...paths.map((d) => shape("path", { d })));
  const slanted = (id, size) => lines(id, size, `M${-size / 4} ${size / 4}L${size / 4} ${-size / 4}M0 ${size}L${size} 0M${size * 0.75} ${size * 1.25}L${size * 1.25} ${size * 0.75}`);
  const dotted = (id, size) => lines(id, size, `M${size / 4} ${size / 4}h.01M${size * 0.75} ${size * 0.75}h.01`);
  return shape("svg", { class: "p-patterns", "aria-hidden": "true", width: 0, height: 0 },
    shape("defs", {}, slanted("p-held", 6), slanted("p-warning", 5), slanted("p-gap", 9), slanted("p-context", 7), slanted("p-over", 5),
      dotted("p-wait", 4), dotted("p-unknown", 5), dotted("p-programs", 6)));
}

export function swatch(name) {
  return shape("svg", { class: "p-swatch", "aria-hidden": "true", viewBox: "0 0 14 14" }, shape("rect", { class: name, width: 14, height: 14, rx: 3 }));
}

// A table that says what a picture shows, closed until it is asked for.
export function tableOf(told, name) {
  const head = node("tr", {}, ...told.head.map((text) => node("th", { scope: "col" }, text)));
  const rows = told.rows.map((cells) => node("tr", {}, ...cells.map((text, place) => node(place ? "td" : "th", place ? {} : { scope: "row" }, text))));
  const table = node("table", {}, node("caption", {}, told.caption), node("thead", {}, head), node("tbody", {}, ...rows));
  return node("details", { class: "p-table" }, node("summary", {}, name), node("div", { class: "p-scroll", tabindex: 0, role: "region", "aria-label": told.caption }, table));
}

// A table keeps whether it is open when it is filled anew.
export function tables(root, name, ...told) {
  const open = [...root.querySelectorAll("details")].map((one) => one.open);
  const made = told.map((one, place) => {
    const table = tableOf(one, `${name}: ${one.caption}`);
    table.open = Boolean(open[place]);
    return table;
  });
  part(root, ...made);
}

export const unit = (root) => parseFloat(getComputedStyle(root).fontSize) / 16 || 1;
