/* The pulse: asks every second whether anything has changed, and only then has the page read again. */

import { ask, Refused } from "./calls.js";
import { showAnswers, showTime } from "./frame.js";

const EVERY = 1_000;
const button = document.getElementById("live");
let seen = "";
let beating = false;

export function keepLive(refresh) {
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(!isLive()));
    if (isLive()) seen = "";
  });
  document.addEventListener("visibilitychange", () => !document.hidden && beat(refresh));
  setInterval(() => document.hidden || beat(refresh), EVERY);
  return beat(refresh);
}

function isLive() {
  return button.getAttribute("aria-pressed") === "true";
}

/* One at a time: a page that is slow to read must not be asked for again meanwhile. */
async function beat(refresh) {
  if (beating) return;
  beating = true;
  try {
    const pulse = await ask("pulse");
    showAnswers(true);
    showTime(pulse);
    if (pulse.change !== seen && isLive()) await refresh();
    if (isLive()) seen = pulse.change;
  } catch (problem) {
    if (problem instanceof Refused) throw problem;
    showAnswers(false);
  } finally {
    beating = false;
  }
}
