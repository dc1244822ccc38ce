/* One value as the server describes it: money, a state, an instant, an id, or plain text. */

import { h } from "./dom.js";

const SIGNS = { good: "●", wait: "◐", bad: "✕", note: "▲", idle: "○" };
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const clock = new Intl.DateTimeFormat("en-US", CLOCK);
const day = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric" });
const dayAndYear = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", year: "numeric" });

export function cell(value) {
  if (value === null || value === undefined || value === "") return h("span", { class: "none" }, "–");
  if (typeof value !== "object") return String(value);
  if ("money" in value) return h("span", { class: "money" }, value.money);
  if ("state" in value) return state(value);
  if ("at" in value) return instant(value.at);
  if ("in" in value) return h("span", { class: "data" }, `in ${span(value.in)}`);
  if ("next" in value) return h("span", { class: "dim" }, value.next ? ["next ", instant(value.next)] : "no next date");
  if ("code" in value) return h("code", {}, breakable(value.code));
  if ("marks" in value) return h("span", { class: "marks" }, value.marks.map(state));
  if ("parts" in value) return h("span", { class: "parts" }, value.parts.map(cell));
  if (value.ref) return h("a", { class: "id", href: value.ref }, value.text);
  if ("text" in value) return h("code", {}, value.text);
  return JSON.stringify(value);
}

/* Names with points and underscores break there, and what has none does anywhere in the end. */
function breakable(text) {
  const pieces = String(text).match(/[^_./-]{0,24}[_./-]?/g) ?? [];
  return pieces.filter(Boolean).flatMap((piece) => [piece, h("wbr")]).slice(0, -1);
}

export function state({ state: name, tone }) {
  const sign = h("i", { "aria-hidden": "true" }, SIGNS[tone] ?? SIGNS.idle);
  return h("span", { class: "state", "data-tone": tone }, sign, name);
}

export function instant(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return h("code", {}, String(seconds));
  return h("time", { datetime: date.toISOString(), title: date.toISOString().replace(".000Z", "Z") }, words(date));
}

function words(date) {
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return clock.format(date);
  if (date.getFullYear() !== now.getFullYear()) return dayAndYear.format(date);
  return `${day.format(date)}, ${clock.format(date).slice(0, 5)}`;
}

/* Seconds as the two units that matter. */
export function span(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let left = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [name, size] of units) {
    const many = Math.floor(left / size);
    left -= many * size;
    if (many || parts.length) parts.push(`${many} ${name}`);
  }
  return parts.slice(0, 2).join(" ") || "no time";
}
