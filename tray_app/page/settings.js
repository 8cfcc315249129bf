"use strict";
// The settings as a form. What was typed stays while the file changes beneath it: saving then says so.
import { at, el } from "/parts.js";

let form = null;
let words = {};
let send = null;
let dirty = new Map(); // key -> what was typed
let seal = "";
let told = false; // that the file is not what it was

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
  at("save-bar").hidden = dirty.size === 0;
}

function say(text, kind) {
  at("saved").textContent = text;
  at("saved").className = kind;
}

async function save(event) {
  event.preventDefault();
  if (dirty.size === 0) return;
  try {
    const reply = await send(Object.fromEntries(dirty), seal);
    say(reply.message, reply.ok ? "good" : "bad");
    if (reply.ok) dirty = new Map();
    else told = true;
  } catch {
    say(words.late, "bad");
  }
  bar();
}

function discard() {
  dirty = new Map();
  seal = form.seal;
  say("", "");
  build();
}

function build() {
  const active = document.activeElement;
  const focus = active && active.dataset.key;
  const [from, to] = active && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : [null, null];
  const open = new Set([...at("form").querySelectorAll("details[open]")].map((one) => one.dataset.key));
  const groups = form.groups.map((group) => {
    const rows = group.fields.map(row);
    const key = `group:${group.name || "general"}`;
    const made = el("details", { "data-key": key }, el("summary", {}, group.title || words.general), ...rows);
    made.open = open.has(key);
    return made;
  });
  const no = el("button", { type: "button", id: "discard" }, words.discard);
  no.addEventListener("click", discard);
  const made = el("form", { id: "settings-form" }, el("p", { class: "soft" }, words.settings_intro), ...groups,
    el("div", { class: "buttons", id: "save-bar" }, el("button", { type: "submit", class: "main", id: "save" }, words.save), no));
  made.addEventListener("submit", save);
  made.noValidate = true;
  const said = at("saved");
  at("form").replaceChildren(made, said || el("p", { id: "saved", role: "status", "aria-live": "polite" }));
  bar();
  const again = focus && [...made.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focus);
  if (again && again.tagName !== "DETAILS") {
    again.focus({ preventScroll: true });
    if (from !== null && again.setSelectionRange) again.setSelectionRange(from, to);
  }
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
  if (dirty.size === 0 || told) seal = is.seal;
  told = false;
  // Somebody types: the fields that are not touched show what the file says now, the others what was typed.
  build();
}
