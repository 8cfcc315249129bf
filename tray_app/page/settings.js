"use strict";
// The settings as a form. What was typed stays while the file changes beneath it: saving then says so.
import { at, el, put } from "/parts.js";

let form = null;
let words = {};
let send = null;
let dirty = new Map(); // key -> what was typed
let seal = ""; // of the file that the person knows

function valueOf(input) {
  return input.type === "checkbox" ? input.checked : input.value;
}

function typed(field, input) {
  const value = valueOf(input);
  if (value === field.value) dirty.delete(field.key);
  else dirty.set(field.key, value);
  bar();
}

function control(field) {
  const common = { id: `set-${field.key}`, "data-key": `set:${field.key}`, "aria-describedby": field.hint || field.unit ? `hint-${field.key}` : "" };
  const value = dirty.has(field.key) ? dirty.get(field.key) : field.value;
  let made;
  if (field.kind === "switch") {
    made = el("input", { ...common, type: "checkbox", role: "switch" });
    made.checked = value;
  } else if (field.kind === "choice") {
    made = el("select", common, ...field.choices.map(([one, name]) => el("option", { value: one || " " }, name)));
    for (const option of made.options) option.value = option.value.trim();
    made.value = value;
  } else {
    const lines = field.kind === "lines";
    const kind = lines ? { rows: "3" } : { type: "text", inputmode: field.kind === "number" ? "decimal" : "" };
    made = el(lines ? "textarea" : "input", { ...common, ...kind, spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
    made.value = value;
  }
  made.addEventListener("input", () => typed(field, made));
  return made;
}

function row(field) {
  const hint = [field.unit, field.hint].filter(Boolean).join(" · ");
  return el("div", { class: `field ${field.kind}${field.set ? " set" : ""}` },
    el("label", { for: `set-${field.key}` }, field.label, el("code", {}, field.key)),
    el("div", { class: "value" }, control(field), hint ? el("span", { class: "soft", id: `hint-${field.key}` }, hint) : null));
}

function bar() {
  const is = at("save-bar");
  if (!is) return; // meanwhile the file cannot be read
  const gone = dirty.size === 0;
  // Who came by keyboard goes on from here, not from the top of the page.
  if (gone && is.contains(document.activeElement)) at("form").focus({ preventScroll: true });
  is.hidden = gone;
}

function say(text, kind) {
  at("saved").textContent = text;
  at("saved").className = kind;
}

async function save(event) {
  event.preventDefault();
  if (dirty.size === 0) return;
  try {
    const sent = Object.fromEntries(dirty);
    const reply = await send(sent, seal);
    say(reply.message, reply.ok ? "good" : "bad");
    seal = reply.seal; // what was told is known now: it is told once
    // What was typed while it was under way is still to be saved.
    if (reply.ok) for (const [key, value] of Object.entries(sent)) if (dirty.get(key) === value) dirty.delete(key);
  } catch {
    say(words.late, "bad");
  }
  bar();
}

function discard() {
  dirty = new Map();
  seal = form.seal;
  say("", "");
  bar();
  build();
}

function build() {
  const groups = form.groups.map((group) =>
    el("details", { "data-key": `group:${group.name || "general"}` },
      el("summary", {}, group.title), group.told ? el("p", { class: "soft" }, group.told) : null, ...group.fields.map(row)));
  const yes = el("button", { type: "submit", class: "main", id: "save", "data-key": "save" }, words.save);
  const no = el("button", { type: "button", id: "discard", "data-key": "discard" }, words.discard);
  no.addEventListener("click", discard);
  const made = el("form", { id: "settings-form" }, el("p", { class: "soft" }, words.settings_intro), ...groups,
    el("div", { class: "buttons", id: "save-bar" }, yes, no));
  made.addEventListener("submit", save);
  made.noValidate = true;
  made.querySelector("#save-bar").hidden = dirty.size === 0;
  put(at("form"), made, at("saved") || el("p", { id: "saved", role: "status", "aria-live": "polite" }));
}

export function fill(is, said, post) {
  words = said;
  send = post;
  if (!is) {
    at("form").replaceChildren(el("p", { class: "warn" }, words.settings_unread));
    form = null;
    return;
  }
  form = is;
  if (dirty.size === 0) seal = is.seal;
  // Somebody types: the fields that are not touched show what the file says now, the others what was typed.
  build();
}
