"use strict";
// Draws what it is told and sends back what was clicked. It has no sentence of its own and decides nothing.
// Everything from outside is set as text, never as markup: a server's words are not to be trusted.
import { draw } from "/draw.js";
import { ask, at, button, el, put, released } from "/parts.js";
import { compare } from "/compare.js";
import { hosted } from "/hosted.js";
import { fill as fillSettings } from "/settings.js";
import { lead, ways } from "/ways.js";

const AGAIN_MS = 1000; // between two questions, where the one before was answered at once with nothing new
const HERE_MS = 60000; // a tab in the background only says that it is there
const LATE_MS = 10000;
const HOLD_MS = 4000; // what was clicked is drawn as it is known, when nothing new came of it

let shown = null; // the document on the screen
let shownSettings = null;
let number = "";
let waiting = null;
let over = false;

// --- what is to be seen ------------------------------------------------------------------

function fixButton(fix, kind) {
  if (!fix.button) return null;
  return button(fix.button, { key: `fix:${fix.key}`, kind, asked: fix.asked, act });
}

function lines(items) {
  return el("ul", { class: "plan" }, ...items.map((text) => el("li", {}, text)));
}

function fold(key, title, ...inside) {
  return el("details", { "data-key": key }, el("summary", {}, title), ...inside);
}

function fix(one, words, kind) {
  const inside = [el("p", { class: "what" }, one.text), el("p", { class: "soft" }, one.why)];
  if (one.plan.length) inside.push(fold(`plan:${one.key}`, words.what_changes, lines(one.plan)));
  if (one.steps.length) {
    const steps = el("ol", { class: "plan" }, ...one.steps.map((text) => el("li", {}, text)));
    const copies = one.copies.map((copy) => button(copy, { key: `copy:${one.key}:${copy.copy}`, act, words }));
    inside.push(fold(`steps:${one.key}`, words.how, steps, el("div", { class: "buttons" }, ...copies)));
  }
  return el("div", { class: "fix" }, el("div", {}, ...inside), fixButton(one, kind));
}

function head(is, words) {
  at("shape").firstElementChild.setAttribute("href", `#shape-${is.shape}`);
  at("head").className = `card ${is.shape}`;
  at("title").textContent = is.title;
  put(at("sentences"), ...is.sentences.map((text) => el("p", {}, text)));
  at("memory").textContent = is.memory;
  put(at("notes"), ...is.notes.map((note, n) => button(note, { key: `note:${n}`, act, words })));
  const parts = [];
  if (is.best) parts.push(el("h2", {}, words.best), fix(is.best, words, "main"));
  if (is.more.length) {
    const list = is.more.map((one) => fix(one, words, ""));
    parts.push(fold("more", `${words.more_fixes} (${list.length})`, ...list));
  }
  put(at("fixes"), ...parts);
}

function job(is) {
  if (!is) return put(at("job"));
  const parts = [el("span", {}, is.text)];
  const bar = el("progress", { max: "100", "aria-label": is.text });
  if (is.percent !== null) bar.value = is.percent;
  parts.push(bar);
  if (is.cancel) parts.push(button(is.cancel, { key: "cancel", act }));
  return put(at("job"), ...parts);
}

function cell(kind, text, label, ...more) {
  return el("td", { class: kind, "data-label": label }, ...more, text);
}

function header(...names) {
  return el("thead", {}, el("tr", {}, ...names.map(([name, kind]) => el("th", { scope: "col", class: kind }, name))));
}

function now(is, words) {
  const rows = is.calls.map((one) =>
    el("tr", { class: `${one.kind} ${one.state}` },
      cell("who", one.what, words.request, el("span", { class: "dot", "aria-hidden": "true" })),
      cell("model", one.model, words.model),
      cell("state", one.state_word, words.state),
      cell("number", one.since, words.since)));
  const names = [[words.request, ""], [words.model, ""], [words.state, "state"], [words.since, "number"]];
  const table = rows.length ? el("table", { class: "rows" }, header(...names), el("tbody", {}, ...rows)) : null;
  put(at("calls"), table, is.told ? el("p", { class: "soft" }, is.told) : null);
}

function hosts(is, words) {
  at("hosts").hidden = !is;
  if (!is) return;
  const rows = is.rows.map((one) =>
    el("tr", { class: one.level },
      cell("", one.url, ""), cell("level", one.level_word, words.level), cell("number", one.running, words.running),
      cell("number", one.waiting, words.waiting), cell("model", one.models, words.models)));
  const names = [[words.ollama, ""], [words.level, ""], [words.running, "number"], [words.waiting, "number"], [words.models, "model"]];
  const told = is.told.length ? el("ul", {}, ...is.told.map((text) => el("li", {}, text))) : null;
  put(at("side"), el("table", { class: "rows" }, header(...names), el("tbody", {}, ...rows)), told, el("p", { class: "soft" }, is.about));
}

function toggle(one) {
  const note = one.note ? el("span", { class: "soft" }, one.note) : null;
  if (one.on === null) return el("div", { class: "toggle" }, el("span", {}, one.text, " ", note));
  const box = el("input", { type: "checkbox", role: "switch", "data-key": one.key });
  box.checked = one.on;
  box.disabled = one.busy || !one.act;
  box.addEventListener("change", () => act(one.act));
  return el("label", { class: "toggle" }, el("span", {}, one.text, note ? el("br") : null, note), box);
}

function choice(one, words) {
  const text = el("span", {}, el("strong", {}, one.text), one.note ? el("span", { class: "soft" }, ` ${one.note}`) : null);
  const use = one.chosen
    ? el("span", { class: "badge" }, words.in_use)
    : button({ text: words.use, act: one.act, copy: "", busy: one.busy }, { key: one.key, asked: one.asked, act, label: `${words.use}: ${one.text}` });
  return el("li", {}, text, use);
}

function tasks(is, words) {
  const parts = [];
  if (is.chat_first) parts.push(el("div", { class: "first" }, toggle(is.chat_first)));
  parts.push(...is.switches.map(toggle));
  if (is.told) parts.push(el("p", { class: "soft" }, is.told));
  if (is.models.length) {
    parts.push(el("h3", {}, words.task_model));
    parts.push(el("ul", { class: "choices" }, ...is.models.map((one) => choice(one, words))));
    if (is.proof) parts.push(el("div", { class: "buttons" }, button(is.proof, { key: "proof", act })));
  }
  if (is.to_get.length) parts.push(fold("get", words.get_model, ...is.to_get.map((one) => fix(one, words, ""))));
  put(at("switches"), ...parts);
}

function receipt(is, words) {
  at("receipt").hidden = !is;
  if (!is) return;
  const rows = is.figures.map((one) =>
    el("tr", { class: one.better === null ? "" : one.better ? "better" : "worse" },
      cell("", one.name, words.figure), cell("number", one.before, words.before),
      cell("number", one.after, words.after), cell("number change", one.change, words.difference)));
  const names = [[words.figure, ""], [words.before, "number"], [words.after, "number"], [words.difference, "number"]];
  const title = el("p", {}, el("strong", {}, is.what), " ", el("span", { class: "soft" }, is.when));
  put(at("brought"),
    el("div", { class: "between" }, title, is.undo ? button(is.undo, { key: "undo-receipt", act, label: `${is.undo.text}: ${is.what}` }) : null),
    is.missing ? el("p", { class: "warn" }, is.missing) : null,
    el("table", { class: "rows" }, header(...names), el("tbody", {}, ...rows)),
    el("p", { class: "soft" }, is.basis),
    ...is.notes.map((text) => el("p", { class: "soft" }, text)));
}

function journal(is, words) {
  const rows = is.lines.map((one) =>
    el("tr", { class: one.in_force ? "force" : "" },
      cell("when", one.when, words.when), cell("", one.what, words.change), cell("", one.state, words.state),
      cell("number", "", "", one.undo ? button(one.undo, { key: `undo:${one.key}`, act, label: `${one.undo.text}: ${one.what}` }) : null)));
  const names = [[words.when, ""], [words.change, ""], [words.state, ""]];
  const top = header(...names);
  top.firstElementChild.append(el("td", {}));
  put(at("changes"), rows.length ? el("table", { class: "rows" }, top, el("tbody", {}, ...rows)) : null,
    is.told ? el("p", { class: "soft" }, is.told) : null);
}

function about(is, words) {
  put(at("about"), el("span", {}, is.name), is.cost ? el("span", {}, is.cost) : null,
    el("div", { class: "buttons" }, ...is.links.map((link, n) => button(link, { key: `link:${n}`, act, words }))));
}

const given = { act, fix, post };
const SECTIONS = {
  head, job, hosts, now, tasks, receipt, journal, about,
  ways: (is, words) => ways(is, words, given),
  hosted: (is, words) => hosted(is, words, given),
  compare: (is, words) => compare(is, words, given),
};

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

// A part that breaks takes no other with it.
function apart(make) {
  try {
    make();
  } catch (error) {
    console.error(error);
  }
}

function show(is, whole) {
  const before = whole ? null : shown;
  shown = is;
  if (!before || !same(before.words, is.words) || before.lang !== is.lang) {
    document.documentElement.lang = is.lang;
    document.title = is.words.title;
    document.body.dataset.close = is.words.close;
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = is.words[element.dataset.text];
  }
  for (const [name, make] of Object.entries(SECTIONS)) {
    if (!before || !same(before[name], is[name])) apart(() => make(is[name], is.words));
  }
  if (!before || before.message !== is.message) at("message").textContent = is.message;
  if (!same(shownSettings, [is.settings, is.lang])) {
    shownSettings = [is.settings, is.lang];
    apart(() => fillSettings(is.settings, is.words, setting));
  }
  at("page").hidden = false; // what is drawn asks how wide it may be
  if (is.pictures) apart(() => draw(at("pictures"), is.pictures, before && before.pictures));
  lead(is.at);
}

// --- what is asked for -------------------------------------------------------------------

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Elbowroom": "1" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function again() {
  await pause(HOLD_MS);
  await released();
  if (shown) show(shown, true);
}

async function act(token) {
  try {
    const reply = await post("/act", { act: token });
    if (!reply.ok) at("message").textContent = reply.message;
    again();
  } catch {
    late();
  }
}

function setting(values, seal) {
  return post("/setting", { values, seal });
}

// --- following -----------------------------------------------------------------------------

function late() {
  if (!shown) return;
  at("gone").textContent = over ? shown.words.gone : shown.words.late;
  at("gone").hidden = false;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function seen() {
  if (!document.hidden) return null;
  return new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
}

async function look() {
  const began = Date.now();
  waiting = new AbortController();
  const answer = await fetch(`/state?seen=${number}`, { signal: waiting.signal });
  if (answer.status === 410 || answer.status === 403) {
    over = true;
    return late();
  }
  at("gone").hidden = true;
  if (answer.status === 200) {
    const told = await answer.json();
    number = told.number;
    await released();
    return show(told.document);
  }
  if (Date.now() - began < AGAIN_MS) await pause(AGAIN_MS);
  return undefined;
}

async function follow() {
  let failed = 0;
  while (!over && failed < 3) {
    await seen();
    try {
      await look();
      failed = 0;
    } catch (error) {
      if (error.name === "AbortError") continue;
      console.error(error);
      failed += 1;
      if (failed === 3) over = true;
      late();
      if (!over) await pause(LATE_MS / 4);
    }
  }
}

document.addEventListener("visibilitychange", () => document.hidden && waiting && waiting.abort());
setInterval(() => document.hidden && !over && fetch("/here").catch(() => {}), HERE_MS);
ask(act);
follow();
