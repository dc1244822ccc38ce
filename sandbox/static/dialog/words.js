/* Words into places that stand in the page already. */

export function say(id, text) {
  document.getElementById(id).textContent = text;
}

/* Wherever the page names the bank, the asker, … */
export function fill(place, text) {
  for (const spot of document.querySelectorAll(`[data-${place}]`)) spot.textContent = text;
}
