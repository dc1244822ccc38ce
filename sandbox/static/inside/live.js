/* The pulse: asks every second whether anything has changed, and only then has the page read again. */

import { ask } from "./calls.js";
import { showAnswers, showTime } from "./frame.js";

const EVERY = 1_000;
const button = document.getElementById("live");
let seen = "";

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

async function beat(refresh) {
  let pulse;
  try {
    pulse = await ask("pulse");
    showAnswers(true);
    showTime(pulse);
  } catch {
    showAnswers(false);
    return;
  }
  if (pulse.change === seen || !isLive()) return;
  seen = pulse.change;
  await refresh();
}
