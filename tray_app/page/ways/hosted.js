"use strict";
// The form that adds a hosted model, step by step. The key is sent once and then forgotten here; the page's document
// never has it.
import { at, button, el, put } from "/parts.js";

const SEARCH_MS = 250;

let is = null;
let words = {};
let post = null;
let act = null;
let typed = null; // the address, while somebody types it
let searched = ""; // the words that the list is of
let found = null; // the list that was searched for
let chosen = "";
let step = "";
let searching = 0;

async function send(body) {
  try {
    return await post("/hosted", body);
  } catch {
    at("message").textContent = words.late;
    return { ok: false };
  }
}

function errorAt(field) {
  return is.error && is.at === field ? el("p", { class: "warn", role: "alert", id: `error-${field}` }, is.error) : null;
}

function field(key, label, hint, attributes) {
  const wrong = is.error && is.at === key;
  const input = el("input", {
    id: `host-${key}`, "data-key": `host:${key}`, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    "aria-describedby": wrong ? `error-${key} hint-${key}` : `hint-${key}`, "aria-invalid": wrong ? "true" : "", ...attributes,
  });
  const made = el("div", { class: "field" }, el("label", { for: `host-${key}` }, label),
    el("div", { class: "value" }, input, el("span", { class: "soft", id: `hint-${key}` }, hint), errorAt(key)));
  return [made, input];
}

function buttons(...made) {
  return el("div", { class: "buttons" }, ...made);
}

// While a step is carried out they keep the focus, so that who came by keyboard stays where they are.
function plain(text, key, todo) {
  const made = el("button", { type: "button", "data-key": key, "aria-disabled": is.busy ? "true" : "" }, text);
  made.addEventListener("click", () => is.busy || todo());
  return made;
}

function main(text, key) {
  return el("button", { type: "submit", class: "main", "data-key": key, "aria-disabled": is.busy ? "true" : "" }, text);
}

function form(submit, ...inside) {
  const made = el("form", { class: "step" }, ...inside);
  made.noValidate = true;
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!is.busy) submit();
  });
  return made;
}

function place() {
  const [first, address] = field("address", words.address, words.address_hint, { type: "text", inputmode: "url" });
  const [second, key] = field("key", words.key, words.key_hint, { type: "password" });
  address.value = typed === null ? is.address : typed;
  const old = at("host-key");
  key.value = old && !is.working ? old.value : ""; // what was typed stays while the page is made anew
  address.addEventListener("input", () => { typed = address.value; });
  const go = () => {
    const body = { do: "find", address: address.value, key: key.value };
    key.value = "";
    typed = null;
    send(body);
  };
  return form(go, first, second, buttons(main(words.list_models, "host:find")));
}

function offer(one) {
  const input = el("input", { type: "radio", name: "offer", id: `offer-${one.id}`, value: one.id, "data-key": `offer:${one.id}` });
  input.checked = one.id === chosen;
  input.addEventListener("change", () => { chosen = one.id; });
  const about = [one.price, one.mark].filter(Boolean).join(" · ");
  return el("li", {}, el("label", {}, input, el("span", {}, one.text, el("span", { class: "soft" }, about))));
}

function list(offers) {
  if (!offers.models.some((one) => one.id === chosen)) chosen = offers.models.length ? offers.models[0].id : "";
  const more = offers.more ? el("p", { class: "soft", role: "status" }, offers.more) : null;
  put(at("offers"), el("ul", { class: "choices offers" }, ...offers.models.map(offer)), more);
}

async function search(text) {
  searched = text;
  const mine = (searching += 1);
  await new Promise((done) => setTimeout(done, SEARCH_MS));
  if (mine !== searching) return;
  const reply = await send({ do: "search", words: text });
  if (mine !== searching || !reply.ok || is.step !== "model") return;
  found = reply.offers;
  list(found);
}

function models() {
  const input = el("input", { type: "search", id: "host-search", "data-key": "host:search", autocomplete: "off", spellcheck: "false" });
  input.value = searched;
  input.addEventListener("input", () => search(input.value));
  const go = () => chosen && send({ do: "plan", model: chosen });
  const rows = el("fieldset", {}, el("legend", {}, `${words.task_model} · ${words.price}`), el("div", { id: "offers" }));
  return form(go, ...is.notes.map((text) => el("p", {}, text)),
    el("div", { class: "field" }, el("label", { for: "host-search" }, words.search), el("div", { class: "value" }, input)),
    rows, errorAt("model"),
    buttons(main(words.show_plan, "host:plan"), plain(words.another_place, "host:back", () => send({ do: "back" }))));
}

function plan() {
  return form(() => send({ do: "add" }),
    el("ul", { class: "plan" }, ...is.plan.map((text) => el("li", {}, text))),
    ...is.notes.map((text) => el("p", {}, text)), errorAt("plan"),
    buttons(main(words.try_and_add, "host:add"), plain(words.another_model, "host:back", () => send({ do: "back" }))));
}

function done() {
  return el("div", { class: "step" },
    el("ul", { class: "plan", role: "status" }, ...is.done.map((text) => el("li", {}, text))),
    buttons(is.undo ? button(is.undo, { key: "host:undo", act }) : null,
      plain(words.another_place, "host:back", () => send({ do: "back" }))));
}

const STEPS = { place, model: models, plan, done };
const FIRST = { place: "host:address", model: "host:search", plan: "host:add", done: "host:back" };

export function hosted(now, said, given) {
  const moved = is !== null && now !== null && now.step !== step;
  const failed = is !== null && now !== null && now.error && now.error !== is.error;
  is = now;
  words = said;
  ({ post, act } = given);
  at("hosted").hidden = !is;
  if (!is) return;
  if (moved && is.step === "model") [searched, found, chosen] = ["", null, is.chosen];
  step = is.step;
  const inside = at("endpoint").contains(document.activeElement);
  const intro = el("p", {}, is.intro);
  if (is.told) {
    put(at("endpoint"), intro, el("p", { class: "soft" }, is.told));
    return;
  }
  put(at("endpoint"), intro, STEPS[is.step]());
  if (is.step === "model") list(found || is.offers);
  // Who came by keyboard goes on at the next step's first field, or at the one that is wrong.
  if (!inside || !(moved || failed)) return;
  const key = failed && is.at !== "plan" && is.at !== "model" ? `host:${is.at}` : FIRST[is.step];
  const next = [...at("endpoint").querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  (next || at("endpoint")).focus();
}
