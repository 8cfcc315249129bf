"use strict";
// The pictures of the details page: what it is told is drawn, and nothing is decided here.
// Everything from outside is set as text, never as markup. What is drawn anew replaces the old in one step, and only
// where it is another; what has the focus stays where it is.
import { calls } from "/draw_calls.js";
import { memoryChart } from "/draw_memory.js";
import { node, part, same, unit } from "/draw_parts.js";
import { timeChart } from "/draw_time.js";

const kept = new WeakMap();

function build(root) {
  const is = {};
  is.notes = node("div", { class: "p-notes", role: "status" });
  is.choice = node("div", { class: "p-choice", role: "group" });
  is.timeTitle = node("h2", { id: "p-time-title" });
  is.chart = timeChart();
  is.time = node("section", { class: "card p-time", "aria-labelledby": "p-time-title" },
    node("div", { class: "p-head" }, is.timeTitle, is.choice), is.chart.root);
  is.memory = memoryChart();
  is.calls = node("section", { class: "card p-calls", "aria-labelledby": "p-calls-title" });
  is.window = null;
  root.replaceChildren(is.notes, is.time, is.memory.root, is.calls);
  root.classList.add("pictures");
  new ResizeObserver(() => is.again && is.again()).observe(root);
  kept.set(root, is);
  return is;
}

function windows(is, told) {
  is.choice.setAttribute("aria-label", told.shown);
  const known = [...is.choice.children].map((one) => one.dataset.window).join();
  if (known !== told.windows.map(([id]) => id).join()) {
    is.choice.replaceChildren(...told.windows.map(([id]) => {
      const one = node("button", { type: "button", "data-window": id });
      one.addEventListener("click", () => { is.window = id; is.again(); });
      return one;
    }));
  }
  told.windows.forEach(([id, name], place) => {
    const one = is.choice.children[place];
    if (one.textContent !== name) one.textContent = name;
    one.setAttribute("aria-pressed", String(id === is.window));
  });
}

export function draw(root, pictures, previous) {
  const is = kept.get(root) || build(root);
  is.window = is.window || pictures.windows[0][0];
  is.again = () => {
    windows(is, pictures);
    const chart = pictures.times[is.window];
    if (is.timeTitle.textContent !== chart.title) is.timeTitle.textContent = chart.title;
    // Sizes are read before anything is drawn: after it the browser would have to lay out all of it for each.
    const u = unit(root), width = is.chart.root.clientWidth, other = is.memory.bars.clientWidth;
    is.chart.show(chart, Math.max(260, width), u);
    is.memory.show(pictures.memory, Math.max(200, other), u);
    calls(is.calls, pictures.calls);
  };
  if (!previous || !same(previous.notes, pictures.notes)) part(is.notes, ...pictures.notes.map((text) => node("p", {}, text)));
  is.again();
}
