/* One line at the bottom: what was just done, and how to do it from a terminal. */

import { copyButton } from "./pieces.js";

const place = document.getElementById("said");
let timer = 0;

export function say(text, command = "", tone = "good") {
  place.dataset.tone = tone;
  place.dataset.shown = "";
  document.getElementById("said-text").textContent = text;
  document.getElementById("said-more").replaceChildren(...(command ? [copyButton(command, "Copy as curl")] : []));
  clearTimeout(timer);
  timer = setTimeout(hush, 12_000);
}

export function hush() {
  // Not from under the fingers of somebody who is about to copy.
  if (place.matches(":hover, :focus-within")) timer = setTimeout(hush, 3_000);
  else {
    delete place.dataset.shown;
    document.getElementById("said-text").textContent = "";
    document.getElementById("said-more").replaceChildren();
  }
}
