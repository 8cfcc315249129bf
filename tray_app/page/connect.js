"use strict";
// Everything from outside is set as text, never as markup: a server's words are not to be trusted.
const at = (id) => document.getElementById(id);
const SECRETS = ["api-key", "password"];
let texts = {};

function choose() {
  const key = at("by-key").checked;
  const password = at("by-password").checked;
  at("key-part").hidden = !key;
  at("password-part").hidden = !password;
  at("api-key").required = key;
  at("email").required = password;
  at("password").required = password;
}

function chosen() {
  say("", ""); // what went wrong with the way before says nothing about this one
  choose();
}

function say(text, kind) {
  at("message").textContent = text;
  at("message").className = kind;
  at("message").scrollIntoView({ block: "nearest" });
}

function filled() {
  const body = { url: at("url").value, keep_in_file: at("keep-in-file").checked };
  if (at("by-key").checked) body.api_key = at("api-key").value;
  if (at("by-password").checked) {
    body.email = at("email").value;
    body.password = at("password").value;
  }
  return body;
}

async function ask(body) {
  const answer = await fetch("/connect", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Elbowroom": "1" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function send(event) {
  event.preventDefault();
  at("send").disabled = true;
  say(texts.checking, "");
  try {
    const reply = await ask(filled());
    if (reply.offer_file) at("file-part").hidden = false;
    at("form").hidden = reply.ok;
    say(reply.message, reply.ok ? "good" : "bad"); // when all stands in its place: it is brought into sight
    if (reply.ok) {
      for (const id of SECRETS) at(id).value = "";
      return;
    }
  } catch {
    say(texts.gone, "bad");
  }
  at("send").disabled = false;
}

async function start() {
  texts = await (await fetch("/texts.json")).json();
  document.documentElement.lang = texts.lang;
  document.title = `Elbowroom: ${texts.title}`;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.dataset.text];
  }
  at("url").value = texts.url_value;
  for (const radio of document.querySelectorAll("input[name=how]")) radio.addEventListener("change", chosen);
  at("form").addEventListener("submit", send);
  choose();
  at("page").hidden = false;
  (at("url").value ? at("email") : at("url")).focus();
}

start();
