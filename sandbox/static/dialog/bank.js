/* The bank's own window: one yes or no, kept by the server, said to the dialog that opened it and to nobody else. */

import "./ready.js";
import { post } from "./calls.js";
import { fill, say } from "./words.js";

const address = `/v3/dialog/windows/${location.pathname.split("/").at(-1)}`;
const list = document.getElementById("accounts");
const allow = document.getElementById("allow");

function accountRow({ key, name, last4 }, place) {
  const item = document.getElementById("account-row").content.firstElementChild.cloneNode(true);
  const [box, label, note] = item.children;
  Object.assign(box, { id: `account-${place}`, value: key, checked: true });
  box.setAttribute("aria-describedby", `account-note-${place}`);
  label.htmlFor = box.id;
  label.textContent = name;
  note.id = `account-note-${place}`;
  note.textContent = `ending in ${last4}`;
  return item;
}

function over(title, text) {
  for (const screen of document.querySelectorAll("[data-screen]")) screen.hidden = screen.dataset.screen !== "over";
  if (title) say("over-title", title);
  if (text) say("over-text", text);
  document.getElementById("over-title").focus();
}

async function answer(word) {
  const accounts = [...list.querySelectorAll("input:checked")].map((box) => box.value);
  if (word === "allow" && list.children.length && !accounts.length) return say("problem", "Choose at least one account.");
  try {
    const { return_url: leave } = await post(`${address}/answer`, { word, accounts });
    over();
    if (leave) return location.replace(leave);
    opener?.postMessage({ bankWindow: word }, location.origin);
    // A moment for the word to arrive; the dialog takes the first one only.
    setTimeout(close, 200);
  } catch (problem) {
    say("problem", problem.message);
  }
}

async function begin() {
  try {
    const { name, accounts, leads_back, word } = await post(address);
    fill("bank", name);
    document.title = `${name} · test data`;
    if (word) return over();
    if (leads_back) say("way", "Nothing is read before you have chosen. You are led back to the app.");
    if (!accounts) return;
    say("which", "these accounts");
    list.replaceChildren(...accounts.map(accountRow));
    document.getElementById("choice").hidden = false;
  } catch (problem) {
    over("This page leads nowhere", problem.message);
  }
}

allow.addEventListener("submit", (event) => {
  event.preventDefault();
  answer("allow");
});
document.getElementById("deny").addEventListener("click", () => answer("deny"));
begin();
