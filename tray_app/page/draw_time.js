"use strict";
// One chart over time: lanes of requests, what waited and ran, memory pressure and state, with marks; and a cursor that
// tells the exact values, by mouse, touch and keys.
import { box, f, fill, node, part, same, shape, swatch, tables } from "/draw_parts.js";

const OPEN = 1, UNSERVED = 2, RUNNING_AT_LEAST = 1, WAITING_AT_LEAST = 2;
const HEIGHTS = { normal: 0.3, calm: 0.3, warning: 0.66, tight: 0.66, critical: 1, overloaded: 1, unknown: 0.5 };
const LEVELS = ["calm", "tight", "overloaded", "unknown"], PRESSURES = ["normal", "warning", "critical", "unknown"];
const GLYPHS = {
  changed: "M0 -5l5 5-5 5-5-5z", "taken-back": "M4.5 -4.5a6 6 0 1 0 1.5 5M5 -6v3.6h-3.6", evicted: "M-5 -1.5h10M2 -5l3.5 3.5L2 2M-5 3.5h6",
  refused: "M-4 -4l8 8M4 -4l-8 8", "out-of-memory": "M0 -5.5L6 5h-12zM0 -1.5v3", crashed: "M1 -6l-4 6.5h6L-1 6",
};

export function timeChart() {
  const is = { at: null, told: null };
  is.svg = shape("svg", { class: "p-chart", "aria-hidden": "true" });
  is.cursor = node("div", { class: "p-cursor", role: "slider", tabindex: 0 });
  is.out = node("div", { class: "p-out" });
  is.legend = node("ul", { class: "p-legend" });
  is.sentences = node("div", { class: "p-sentence" });
  is.tables = node("div", {});
  is.root = node("div", {}, node("div", { class: "p-stage" }, is.svg, is.cursor), is.out, is.legend, is.sentences, is.tables);
  is.show = (told, width, u) => show(is, told, width, u);
  listen(is);
  return is;
}

function show(is, told, width, u) {
  const { view, told: before } = is;
  if (before && before.step !== told.step) is.at = null;
  is.told = told;
  const alike = before === told || (before && before.now === told.now && same(before, told)); // a long text is compared last
  if (alike && view.width === width && view.u === u) return;
  is.view = layout(told, width, u);
  paint(is);
  words(is);
  point(is);
}

// --- where everything is ---------------------------------------------------------------------

function layout(told, width, u) {
  const narrow = width < 520 * u;
  const left = narrow ? 0 : Math.min(190 * u, Math.max(...names(told).map((text) => measured(text))) * 7.4 * u + 14 * u);
  const view = { u, narrow, width, left, right: 2 * u, rows: [] };
  let y = 24 * u; // the marks stand above
  const row = (kind, high, more = {}) => {
    const label = narrow ? 15 * u : 0;
    view.rows.push({ kind, y: y + label, high: high * u, label: y + (narrow ? 11 * u : high * u / 2 + 4.5 * u), ...more });
    y += high * u + label + (narrow ? 5 : 6) * u;
  };
  told.lanes.forEach((lane) => row("lane", lane.columns.length ? 22 : Math.max(16, lane.tracks * 11), { lane, name: lane.name }));
  y += 6 * u;
  view.split = y - 6 * u;
  const most = told.most_waiting;
  view.share = Math.min(1, Math.max(0.01, ...told.lanes.flatMap((lane) => lane.columns.map((one) => one[2] / told.step))));
  row("waiting", 36, { name: told.words.waiting, most });
  row("running", 18, { name: told.words.running, most: told.most_running });
  row("pressure", 16, { name: told.words.pressure });
  row("level", 16, { name: told.words.level });
  view.axis = y + 2 * u;
  view.high = y + 20 * u;
  view.x = (seconds) => left + (seconds / (told.step * told.steps)) * (width - left - view.right);
  view.step = (width - left - view.right) / told.steps;
  return view;
}

const names = (told) => [...told.lanes.map((lane) => lane.name), told.words.waiting, told.words.running, told.words.pressure, told.words.level];
const measured = (text) => [...text].reduce((all, char) => all + (char.codePointAt(0) > 0x2e7f ? 1.75 : 1), 0);

// --- what is drawn ---------------------------------------------------------------------------

function paint(is) {
  const { svg, told, view } = is;
  const parts = [];
  parts.push(...ticks(told, view), ...gaps(told, view));
  for (const row of view.rows) {
    parts.push(shape("text", { class: "p-label", x: view.narrow ? 0 : view.left - 10 * view.u, y: f(row.label), "text-anchor": view.narrow ? "start" : "end" }, row.name));
    parts.push(...(row.kind === "lane" ? lane(row, told, view) : row.kind === "pressure" || row.kind === "level" ? band(row, told, view) : area(row, told, view)));
  }
  parts.push(shape("path", { class: "p-split", d: `M0 ${f(view.split)}H${view.width}` }), ...marks(told, view));
  is.line = shape("path", { class: "p-line" });
  svg.setAttribute("viewBox", `0 0 ${view.width} ${f(view.high)}`);
  svg.setAttribute("width", view.width);
  svg.setAttribute("height", f(view.high));
  svg.replaceChildren(...parts, is.line);
}

function ticks(told, view) {
  const made = [];
  let rank = Math.max(...told.ticks.map((one) => one[1]), 0);
  const gap = (one) => { const at = told.ticks.filter((each) => each[1] <= one).map((each) => view.x(each[0] - told.since)); return at.length > 1 ? at[1] - at[0] : Infinity; };
  const wide = Math.max(...told.ticks.map((one) => measured(one[2])), 5) * 7.2 * view.u + 14 * view.u;
  while (rank > 0 && gap(rank) * 3 < wide) rank -= 1;
  const every = Math.max(1, Math.ceil(wide / gap(rank)));
  const shown = told.ticks.filter((one) => one[1] <= rank);
  const apart = shown.length > 1 ? shown[1][0] - shown[0][0] : 1;
  shown.forEach(([at, , label]) => {
    const place = Math.round(at / apart); // by the time itself, so that the same ticks keep their labels
    const x = view.x(at - told.since);
    made.push(shape("path", { class: "p-grid", d: `M${f(x)} ${f(20 * view.u)}V${f(view.axis - 4 * view.u)}` }));
    const half = (measured(label) * 7 * view.u) / 2;
    if (place % every === 0 && x + half <= view.width + 8 * view.u && x - half >= view.left - 12 * view.u) {
      made.push(shape("text", { class: "p-tick", x: f(Math.min(view.width - half, Math.max(half, x))), y: f(view.axis + 12 * view.u) }, label));
    }
  });
  return made;
}

function gaps(told, view) {
  const top = 22 * view.u, high = view.axis - 4 * view.u - top;
  return told.gaps.flatMap(([from, to]) => {
    const x = view.x(from * told.step), wide = view.x(to * told.step) - x;
    const made = [shape("path", { class: "p-gap", d: box(x, top, wide, high) })];
    const text = told.words.gap;
    const waits = view.rows.find((row) => row.kind === "waiting");
    if (wide > measured(text) * 7.4 * view.u + 8) made.push(shape("text", { class: "p-gap-word", x: f(x + wide / 2), y: f(waits.y + waits.high / 2 + 4 * view.u) }, text));
    return made;
  });
}

function lane(row, told, view) {
  const is = row.lane, u = view.u, least = 1.6 * u;
  const floor = shape("path", { class: "p-floor", d: `M${f(view.left)} ${f(row.y + row.high + 1.5 * u)}H${f(view.width - view.right)}` });
  if (is.columns.length) {
    const d = is.columns.map(([place, , busy]) => {
      const high = Math.max(least, (row.high * Math.min(busy / told.step, view.share)) / view.share);
      return box(view.x(place * told.step), row.y + row.high - high, Math.max(1, view.step - 0.4 * u), high);
    }).join("");
    return [floor, shape("path", { class: `p-part l-${is.id}`, d })];
  }
  const drawn = { wait: "", held: "", busy: "", first: "", broken: "", unserved: "" };
  const thick = Math.min(15 * u, row.high / is.tracks - (is.tracks > 1 ? 1.5 * u : 0));
  const piece = (kind, a, b, y, high, round) => {
    const x = view.x(Math.max(0, a));
    drawn[kind] += box(x, y + (thick - high) / 2, Math.max(least, view.x(b) - x), high, round);
  };
  for (const [from, held, busy, end, , , , first, broken, flags, track] of is.bars) {
    const y = row.y + (row.high / is.tracks) * track + (is.tracks > 1 ? 0.75 * u : (row.high - thick) / 2);
    const to = end === busy && !(flags & OPEN) ? end + 0.01 : end;
    if (held > from && held > 0) piece("held", from, held, y, thick * 0.72, 1.5 * u);
    if (busy > held && busy > 0) piece("wait", held, busy, y, thick * 0.5, 1);
    if (to > busy && to > 0) piece(flags & UNSERVED ? "unserved" : "busy", busy, to, y, thick, 2.5 * u);
    if (first !== null && first > 0 && view.x(end) - view.x(first) > 3 * u) drawn.first += `M${f(view.x(first))} ${f(y + 2 * u)}v${f(thick - 4 * u)}`;
    if (broken) drawn.broken += zigzag(view.x(Math.max(0, busy)), y, thick, u);
  }
  return [floor, ...Object.entries(drawn).filter(([, d]) => d).map(([kind, d]) => shape("path", { class: `p-${kind}${kind === "busy" ? ` p-part l-${is.id}` : ""}`, d }))];
}

const zigzag = (x, y, high, u) => `M${f(x)} ${f(y - u)}l${f(-2.4 * u)} ${f(high / 3 + u)}h${f(4.8 * u)}l${f(-2.4 * u)} ${f(high * 0.66 + u)}`;

function area(row, told, view) {
  const { u } = view, waits = row.kind === "waiting", place = waits ? 11 : 10, bit = waits ? WAITING_AT_LEAST : RUNNING_AT_LEAST;
  const most = Math.max(row.most || 0, waits ? 2 : 1), bottom = row.y + row.high;
  const solid = blocks(), held = blocks(), unknown = blocks();
  let above = "";
  for (const one of told.states) {
    const from = view.x(one[0] * told.step), to = view.x((one[0] + 1) * told.step), count = one[place];
    if (count === null) { unknown.add(from, to, bottom - 5 * u, bottom); continue; }
    const top = bottom - (row.high * count) / most;
    solid.add(from, to, top, bottom);
    if (waits && one[12]) held.add(from, to, Math.max(row.y, top - (row.high * one[12]) / most), top);
    if (one[13] & bit) above += `M${f(from)} ${f(top - 2 * u)}H${f(to)}`;
  }
  const made = [shape("path", { class: "p-floor", d: `M${f(view.left)} ${f(bottom + 0.5)}H${f(view.width - view.right)}` })];
  for (const [kind, d] of [[`p-${row.kind}`, solid.d()], ["p-held", held.d()], ["p-unknown", unknown.d()], ["p-above", above]]) if (d) made.push(shape("path", { class: kind, d }));
  if (row.most) made.push(shape("text", { class: "p-most", x: f(view.left + 3 * u), y: f(row.y + 9 * u) }, above ? `≥ ${row.most}` : row.most));
  return made;
}

// Blocks one after the other; those that are alike and touch are one, so that no seam is seen between them.
function blocks() {
  let run = null, d = "";
  const end = () => { if (run) d += box(run.from, run.top, run.to - run.from, run.bottom - run.top); run = null; };
  return {
    add(from, to, top, bottom) {
      if (run && run.top === top && run.bottom === bottom && from - run.to < 0.05) { run.to = to; return; }
      end();
      if (bottom > top) run = { from, to, top, bottom };
    },
    d: () => { end(); return d; },
  };
}

// The worse, the higher: it is read without colours. A step of several states shows each as wide as it lasted.
function band(row, told, view) {
  const kinds = row.kind === "pressure" ? PRESSURES : LEVELS, first = row.kind === "pressure" ? 6 : 2;
  const drawn = kinds.map(blocks), tops = kinds.map((kind) => row.y + row.high - HEIGHTS[kind] * row.high), bottom = row.y + row.high;
  for (const one of told.states) {
    const whole = one[first] + one[first + 1] + one[first + 2] + one[first + 3];
    let x = view.x(one[0] * told.step);
    for (let place = 0; place < kinds.length; place += 1) {
      if (!one[first + place]) continue;
      const to = x + (view.step * one[first + place]) / whole;
      drawn[place].add(x, to, tops[place], bottom);
      x = to;
    }
  }
  return [shape("path", { class: "p-floor", d: `M${f(view.left)} ${f(bottom + 0.5)}H${f(view.width - view.right)}` }),
    ...kinds.map((kind, place) => [kind, drawn[place].d()]).filter(([, d]) => d).map(([kind, d]) => shape("path", { class: `p-state s-${kind}`, d }))];
}

function marks(told, view) {
  const made = [], u = view.u;
  const groups = [];
  for (const [at, kind, label] of told.marks) {
    const x = view.x(at - told.since), last = groups[groups.length - 1];
    if (last && x - last.x < 13 * u) { last.count += 1; continue; }
    groups.push({ x, kind, label, count: 1 });
  }
  groups.forEach((one, place) => {
    made.push(shape("path", { class: `p-mark-line ${one.kind}`, d: `M${f(one.x)} ${f(20 * u)}V${f(view.axis - 4 * u)}` }));
    made.push(shape("path", { class: `p-mark ${one.kind}`, transform: `translate(${f(one.x)} ${f(11 * u)}) scale(${f(u)})`, d: GLYPHS[one.kind] }));
    const label = one.count > 1 ? `${one.count}×` : one.label;
    const room = (groups[place + 1] ? groups[place + 1].x - 8 * u : view.width) - one.x - 10 * u;
    if (room > measured(label) * 7.2 * u) made.push(shape("text", { class: "p-mark-word", x: f(one.x + 9 * u), y: f(15 * u) }, label));
  });
  return made;
}

// --- in words --------------------------------------------------------------------------------

function words(is) {
  const { told } = is, w = told.words;
  is.cursor.setAttribute("aria-label", `${told.title}. ${w.use}`);
  is.cursor.setAttribute("aria-valuemin", "0");
  is.cursor.setAttribute("aria-valuemax", String(told.steps - 1));
  const kinds = { busy: "p-part l-chat", wait: "p-wait", held: "p-held", broken: "p-broken" };
  const seen = told.lanes.some((lane) => lane.bars.length);
  part(is.legend, ...w.legend.filter(() => seen).map(([kind, text]) => node("li", {}, kind === "broken" ? broken() : swatch(kinds[kind]), text)),
    told.lanes.some((lane) => lane.columns.length) ? node("li", {}, swatch("p-part l-chat"), fill(w.share, { count: Math.ceil(100 * is.view.share) })) : null,
    ...w.pressures.map((text, place) => node("li", {}, state(PRESSURES[place]), `${w.pressure}: ${text}`)));
  part(is.sentences, node("p", {}, told.sentence), node("p", {}, told.lanes_sentence));
  tables(is.tables, w.as_table, told.table, told.lanes_table);
}

const broken = () => shape("svg", { class: "p-swatch", viewBox: "0 0 14 14", "aria-hidden": "true" }, shape("path", { class: "p-broken", d: zigzag(7, 1, 12, 1) }));
const state = (kind) => shape("svg", { class: "p-swatch", viewBox: "0 0 14 14", "aria-hidden": "true" }, shape("path", { class: `p-state s-${kind}`, d: box(0, 14 - 14 * HEIGHTS[kind], 14, 14 * HEIGHTS[kind]) }));

function clock(told, seconds) {
  const at = told.since + seconds;
  const [, shift] = told.offsets.filter(([from]) => from <= at).pop() || told.offsets[0];
  const text = new Date((at + shift) * 1000).toISOString();
  const day = told.days.filter(([from]) => from <= at).pop();
  return `${day ? `${day[1]} ` : ""}${text.slice(11, told.seconds ? 19 : 16)}`;
}

function counted(told, count, atLeast) {
  if (count === null || count === undefined) return told.words.unknown;
  return atLeast ? fill(told.words.at_least, { count }) : String(count);
}

function shares(told, seconds, kinds) {
  const seen = kinds.map((word, place) => [word, seconds[place]]).filter(([, one]) => one > 0);
  if (seen.length < 2) return seen.length ? seen[0][0] : told.words.unknown;
  return seen.map(([what, one]) => fill(told.words.part, { what, seconds: fill(told.words.seconds, { count: Math.round(one) }) })).join(", ");
}

function request(told, lane, [from, held, busy, to, calls, worked, model, first, broken, flags]) {
  const w = told.words, s = (number) => Math.max(0, number).toFixed(1);
  if (calls > 1) return `${lane.name} ${fill(w.many, { count: calls })}, ${fill(w.busy, { seconds: s(worked) })}`;
  const said = [model < 0 ? lane.name : fill(w.one, { what: lane.name, model: told.models[model] })];
  if (held - from >= 0.1) said.push(fill(w.held_s, { seconds: s(held - from) }));
  if (busy - held >= 0.1) said.push(fill(w.wait, { seconds: s(busy - held) }));
  if (first !== null) said.push(fill(w.first, { seconds: s(first - from) }));
  if (to > busy) said.push(fill(w.busy, { seconds: s(to - busy) }));
  if (broken) said.push(broken === 1 ? w.broken_once : fill(w.broken, { count: broken }));
  if (flags & OPEN) said.push(w.still);
  if (flags & UNSERVED) said.push(w.unserved);
  return said.join(", ");
}

function around(told, place) {
  const from = place * told.step, to = from + told.step, found = [];
  for (const lane of told.lanes) {
    for (const bar of lane.bars) if (bar[0] < to && bar[3] >= from) found.push(request(told, lane, bar));
    for (const [at, count, busy, held] of lane.columns) {
      if (at !== place) continue;
      const more = held ? `, ${fill(told.words.held_s, { seconds: held.toFixed(0) })}` : "";
      found.push(`${lane.name} ${fill(told.words.many, { count })}, ${fill(told.words.busy, { seconds: busy.toFixed(0) })}${more}`);
    }
  }
  return found;
}

function values(told, place) {
  const w = told.words, one = told.states.find((each) => each[0] === place);
  const from = told.since + place * told.step, to = from + told.step;
  const facts = [];
  if (one) {
    facts.push([w.level, shares(told, one.slice(2, 6), w.levels)], [w.pressure, shares(told, one.slice(6, 10), w.pressures)]);
    facts.push([w.running, counted(told, one[10], one[13] & RUNNING_AT_LEAST)], [w.waiting, counted(told, one[11], one[13] & WAITING_AT_LEAST)]);
    if (one[12]) facts.push([w.held, String(one[12])]);
  } else facts.push([w.level, w.gap_long]);
  const marked = told.marks.filter(([at]) => from <= at && at < to).map(([, , label]) => label);
  if (marked.length) facts.push([w.marks, marked.join(", ")]);
  return { time: clock(told, place * told.step), facts, requests: around(told, place) };
}

// --- the cursor ------------------------------------------------------------------------------

function point(is) {
  const { told, view } = is;
  const place = is.at === null ? last(told) : Math.min(told.steps - 1, Math.max(0, is.at));
  const is_there = is.at !== null;
  is.root.classList.toggle("p-pointed", is_there);
  const x = view.x((place + 0.5) * told.step);
  is.line.setAttribute("d", is_there ? `M${f(x)} ${f(18 * view.u)}V${f(view.axis - 4 * view.u)}` : "");
  const found = values(told, place);
  const requests = found.requests.length ? found.requests : [told.words.nothing];
  is.cursor.setAttribute("aria-valuenow", String(place));
  is.cursor.setAttribute("aria-valuetext", [found.time, ...found.facts.map(([name, value]) => `${name}: ${value}`), ...requests].join("; "));
  part(is.out, node("strong", {}, found.time), node("dl", {}, ...found.facts.map(([name, value]) => node("div", {}, node("dt", {}, name), node("dd", {}, value)))),
    node("ul", {}, ...requests.slice(0, 4).map((text) => node("li", {}, text)), requests.length > 4 ? node("li", {}, `+ ${requests.length - 4}`) : null));
}

const last = (told) => {
  const now = Math.min(told.steps - 1, Math.max(0, Math.floor((told.now - told.since) / told.step)));
  const seen = told.states.length ? told.states[told.states.length - 1][0] : now;
  return seen >= now - 1 ? seen : now; // the step that goes on may not have begun
};

function listen(is) {
  const go = (place) => { is.at = Math.min(is.told.steps - 1, Math.max(0, place)); point(is); };
  const under = (event) => {
    const at = is.svg.getBoundingClientRect(), x = ((event.clientX - at.left) / at.width) * is.view.width - is.view.left;
    go(Math.floor(x / is.view.step));
  };
  is.cursor.addEventListener("pointermove", under);
  is.cursor.addEventListener("pointerdown", under);
  is.cursor.addEventListener("pointerleave", () => { if (document.activeElement !== is.cursor) { is.at = null; point(is); } });
  is.cursor.addEventListener("focus", () => is.at === null && go(last(is.told)));
  is.cursor.addEventListener("blur", () => { is.at = null; point(is); });
  is.cursor.addEventListener("keydown", (event) => {
    const { told } = is, now = is.at === null ? last(told) : is.at, far = event.shiftKey ? 10 : 1;
    const marked = told.marks.map(([at]) => Math.floor((at - told.since) / told.step));
    const to = { ArrowLeft: now - far, ArrowRight: now + far, ArrowDown: now - far, ArrowUp: now + far, Home: 0, End: last(told),
      PageUp: marked.filter((place) => place < now).pop(), PageDown: marked.find((place) => place > now) };
    if (!(event.key in to)) return;
    event.preventDefault();
    if (to[event.key] !== undefined) go(to[event.key]);
  });
}
