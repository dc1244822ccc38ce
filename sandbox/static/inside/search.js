/* The search: what fits stands under the field, Enter opens the first. */

import { ask } from "./calls.js";
import { h, patchChildren } from "./dom.js";

const field = document.getElementById("q");
const list = document.getElementById("found");
let asked = 0;
let timer = 0;

export function startSearch() {
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  });
  document.getElementById("search").addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    await look();
    const first = list.querySelector("a");
    if (first) open(first);
  });
  list.addEventListener("click", (event) => event.target.closest("a") && open(event.target.closest("a")));
  document.addEventListener("keydown", keys);
  document.addEventListener("focusin", ({ target }) => {
    if (!target.closest("#search")) list.hidden = true;
  });
}

async function look() {
  const number = ++asked;
  const text = field.value.trim();
  const { data } = text ? await ask("find", { q: text }) : { data: [] };
  if (number !== asked) return;
  list.hidden = !text;
  const lines = data.map(({ id, what, more, href }) =>
    h("li", { "data-key": id }, h("a", { href }, h("code", {}, id), " ", h("span", {}, what, more ? ` ${more}` : ""))));
  patchChildren(list, lines.length ? lines : [h("li", { class: "none" }, "Nothing has this id or name.")]);
}

function open(anchor) {
  list.hidden = true;
  field.value = "";
  location.hash = anchor.getAttribute("href");
}

function keys(event) {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    field.focus();
  } else if (event.key === "Escape" && event.target.closest("#search")) {
    list.hidden = true;
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest("#search")) {
    step(event);
  }
}

function step(event) {
  const stops = [field, ...list.querySelectorAll("a")];
  const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
