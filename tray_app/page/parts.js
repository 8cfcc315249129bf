"use strict";
// The pieces that everything is drawn with.
export const at = (id) => document.getElementById(id);

export function el(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const STEP_MS = 30;
const CLICK_MS = 60; // a click follows the release, on a touch screen a moment later
const LONGEST_MS = 10000; // that something was let go may never be told

const down = new Set(); // the pointer, keys, and a syllable that is being put together
let clickedBy = 0;

function press(what) {
  down.add(what);
}

function release(what) {
  if (down.delete(what)) clickedBy = performance.now() + CLICK_MS;
}

function releaseAll() {
  for (const one of [...down]) release(one);
}

addEventListener("pointerdown", (event) => event.isPrimary && event.button === 0 && press("pointer"), true);
for (const kind of ["pointerup", "pointercancel", "contextmenu"]) addEventListener(kind, () => release("pointer"), true);
addEventListener("keydown", (event) => press(event.code), true);
// A Mac tells of no key that was let go while Command was down.
addEventListener("keyup", (event) => (event.key === "Meta" ? releaseAll() : release(event.code)), true);
addEventListener("compositionstart", () => press("composition"), true);
addEventListener("compositionend", () => release("composition"), true);
addEventListener("blur", releaseAll);

// Until nothing is pressed: what is made anew between press and release would never be clicked.
export async function released() {
  const end = performance.now() + LONGEST_MS;
  while ((down.size > 0 || performance.now() < clickedBy) && performance.now() < end) await pause(STEP_MS);
}

// Where the cursor stands in a field, and what is marked there; null where it is no field of text.
function cursor(active) {
  const from = "selectionStart" in active ? active.selectionStart : null;
  return from === null ? null : [[from, active.selectionEnd, active.selectionDirection], active.scrollTop];
}

// Replaces what is in an element; what had the focus, what was marked in it and what was folded open stay so.
export function put(element, ...inside) {
  const active = document.activeElement;
  const focus = active && element.contains(active) ? active.closest("[data-key], summary") : null;
  const key = focus && (focus.dataset.key || focus.parentElement.dataset.key);
  const marked = focus === active && active ? cursor(active) : null;
  const open = new Set([...element.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  element.replaceChildren(...inside.filter((one) => one !== null && one !== undefined));
  for (const one of element.querySelectorAll("details")) one.open = open.has(one.dataset.key);
  if (!key) return;
  const again = [...element.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  if (!again) return;
  (again.tagName === "DETAILS" ? again.firstElementChild : again).focus({ preventScroll: true });
  if (marked && again.setSelectionRange) {
    again.setSelectionRange(...marked[0]);
    again.scrollTop = marked[1];
  }
}

let doIt = null;

export function ask(act) {
  doIt = act;
}

function question(asked, close) {
  at("ask-title").textContent = asked.title;
  at("ask-lines").replaceChildren(...asked.lines.map((text) => el("li", {}, text)));
  const dialog = at("ask");
  const yes = el("button", { type: "button", class: "main", id: "ask-yes" }, asked.yes.text);
  const no = el("button", { type: "button", id: "ask-no" }, close);
  yes.disabled = asked.yes.busy;
  yes.addEventListener("click", () => {
    dialog.close();
    doIt(asked.yes.act);
  });
  no.addEventListener("click", () => dialog.close());
  at("ask-buttons").replaceChildren(no, yes);
  dialog.showModal();
  no.focus();
}

// A button of the document. `asked`: a question comes first.
export function button(one, { key, kind, asked, act, label, words }) {
  if (!one.act && !one.copy && !asked) return el("p", { class: "note" }, one.text);
  const made = el("button", { type: "button", class: kind, "data-key": key, "aria-label": label }, one.text);
  made.disabled = one.busy;
  made.addEventListener("click", async () => {
    if (asked) return question(asked, document.body.dataset.close);
    if (one.copy) {
      await navigator.clipboard.writeText(one.copy);
      if (words) at("message").textContent = words.copied;
      return undefined;
    }
    return act(one.act);
  });
  return made;
}
