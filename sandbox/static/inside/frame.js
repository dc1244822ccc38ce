/* What stands around every view: the places with their counts, the sandbox's time, and whether it answers. */

import { span } from "./cells.js";
import { h, patchChildren } from "./dom.js";
import { PLACES } from "./places.js";
import { link } from "./routes.js";

const places = document.getElementById("places");
const time = document.getElementById("time");
const shown = new Intl.DateTimeFormat("en-US", {
  weekday: "short", month: "short", day: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

let last = "";

export function showPlaces(current, { counts, faults }) {
  const figures = { ...counts, controls: faults ? `${faults} on` : "" };
  patchChildren(places, [h("ul", {}, Object.entries(PLACES).map(([place, { title }]) => {
    const figure = figures[place] && h("b", { "data-tone": place === "controls" ? "bad" : null }, figures[place]);
    const marks = { href: link(place), "aria-current": place === current ? "page" : null };
    return h("li", { "data-key": place }, h("a", marks, h("span", {}, title), " ", figure || null));
  }))]);
  // On a phone the places are a strip, and the current one may lie beyond its edge.
  if (last !== current) places.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  last = current;
}

export function showTime({ now, offset }) {
  const ahead = offset >= 1 ? h("b", {}, `${span(offset)} ahead`) : null;
  patchChildren(time, [h("span", {}, shown.format(new Date(now * 1000))), ahead].filter(Boolean));
}

export function showAnswers(answers) {
  if (answers) delete document.body.dataset.gone;
  else document.body.dataset.gone = "";
  if (!answers) time.textContent = "The sandbox does not answer";
}
