"use strict";
// The pieces that everything is drawn with.
export const at = (id) => document.getElementById(id);

export function el(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

// Replaces what is in an element; what had the focus and what was folded open stays so.
export function put(element, ...inside) {
  const active = document.activeElement;
  const focus = active && element.contains(active) ? active.closest("[data-key], summary") : null;
  const key = focus && (focus.dataset.key || focus.parentElement.dataset.key);
  const open = new Set([...element.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  element.replaceChildren(...inside.filter((one) => one !== null && one !== undefined));
  for (const one of element.querySelectorAll("details")) one.open = open.has(one.dataset.key);
  if (!key) return;
  const again = [...element.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  if (again) (again.tagName === "DETAILS" ? again.firstElementChild : again).focus({ preventScroll: true });
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
