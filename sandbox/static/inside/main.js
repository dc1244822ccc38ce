/* The page: reads what its address names, draws it, and does what its buttons say. */

import { perform, press, useKey } from "./actions.js";
import { ask, askControl, Refused } from "./calls.js";
import { controls } from "./controls.js";
import { detail, missing } from "./details.js";
import { patchChildren } from "./dom.js";
import { faultCall, faultsOff } from "./faults.js";
import { showAnswers, showPlaces } from "./frame.js";
import { usePlaces } from "./json.js";
import { list, narrowed } from "./lists.js";
import { keepLive } from "./live.js";
import { overview } from "./overview.js";
import { PLACES } from "./places.js";
import { route } from "./routes.js";
import { say } from "./saying.js";
import { startSearch } from "./search.js";

const main = document.getElementById("main");
const listPart = document.getElementById("list");
const detailPart = document.getElementById("detail");
let asked = 0;

async function show() {
  try {
    await draw();
  } catch (problem) {
    // A refusal is a bug of ours and belongs in the console; silence is the sandbox's.
    if (problem instanceof Refused) throw problem;
    showAnswers(false);
  }
}

/* Reads and draws where the page is now. An answer that a later one has overtaken is dropped. */
async function draw() {
  const number = ++asked;
  const at = route();
  if (!PLACES[at.place]) at.place = "overview";
  const [frame, left, right] = await Promise.all([ask("frame"), leftOf(at), rightOf(at)]);
  if (number !== asked) return;
  useKey(frame.key);
  usePlaces(frame.places);
  const held = main.contains(document.activeElement);
  showPlaces(at.place, frame);
  patchChildren(listPart, drawn(at, left, frame));
  patchChildren(detailPart, right?.() ?? []);
  detailPart.hidden = !at.id;
  main.dataset.split = at.id ? "true" : "false";
  main.dataset.at = location.hash || "#/";
  document.title = `${at.id || PLACES[at.place].title} · Sandbox`;
  // A button that did its work may be gone: the reader's place is then the object.
  if (held && document.activeElement === document.body) (document.getElementById("detail-title") ?? main).focus();
}

function leftOf({ place, query }) {
  if (place === "overview") return ask("overview");
  if (place === "controls") return Promise.all([ask("controls"), askControl("faults")]);
  return ask(`lists/${place}`, Object.fromEntries(query));
}

/* How to draw the object, once the frame is known. */
async function rightOf(at) {
  if (!at.id) return null;
  try {
    const object = await ask(`objects/${encodeURIComponent(at.id)}`, { before: at.query.get("rows") });
    return () => detail(at, object);
  } catch (refusal) {
    return () => missing(at, refusal.message);
  }
}

function drawn(at, answer, frame) {
  if (at.place === "overview") return overview(answer, frame);
  if (at.place === "controls") return controls(...answer);
  return list(at, answer);
}

async function arrive({ oldURL }) {
  await show();
  const at = route();
  // Other filters or older rows of the same: whoever pressed stays where they are.
  if (new URL(oldURL).hash.split("?")[0] === location.hash.split("?")[0]) return;
  (at.id ? detailPart : main).scrollTo?.(0, 0);
  const title = at.id ? document.getElementById("detail-title") : listPart.querySelector("h1");
  title?.focus({ preventScroll: true });
  if (at.id && getComputedStyle(listPart).display === "none") window.scrollTo(0, 0);
}

const acts = {
  skip: () => main.focus(),
  copy: async (button) => {
    const copied = await navigator.clipboard?.writeText(button.dataset.text).then(() => true, () => false);
    say(copied ? "Copied." : "This browser lets nothing be copied from here.", "", copied ? "good" : "bad");
  },
  "faults-off": () => perform(faultsOff(), show),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act](button);
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  const { target } = event;
  if (target.dataset.does) press(target, show);
  if (target.dataset.fault) perform(faultCall(target), show);
  if (target.dataset.filters) narrowed(target);
});
document.addEventListener("change", ({ target }) => {
  if (target.form?.dataset.filters) narrowed(target.form);
});
addEventListener("hashchange", arrive);
startSearch();
await keepLive(show);
