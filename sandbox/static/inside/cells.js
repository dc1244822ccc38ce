/* One value as the server describes it: money, a state, an instant, an id, or plain text. */

import { h } from "./dom.js";

const SIGNS = { good: "●", wait: "◐", bad: "✕", note: "▲", idle: "○" };
const clock = new Intl.DateTimeFormat("en-US", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric" });
const dayAndYear = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", year: "numeric" });

export function cell(value) {
  if (value === null || value === undefined || value === "") return h("span", { class: "none" }, "–");
  if (typeof value !== "object") return String(value);
  if ("money" in value) return h("span", { class: "money" }, value.money);
  if ("state" in value) return state(value);
  if ("at" in value) return instant(value.at);
  if ("in" in value) return h("span", { class: "data" }, `in ${span(value.in)}`);
  if ("next" in value) return h("span", { class: "dim" }, value.next === null ? "next: no date" : ["next ", instant(value.next)]);
  if ("code" in value) return h("code", {}, breakable(value.code));
  if ("marks" in value) return h("span", { class: "marks" }, value.marks.map(state));
  if ("parts" in value) return h("span", { class: "parts" }, value.parts.map(cell));
  if ("ref" in value) return value.ref ? h("a", { class: "id", href: value.ref }, value.text) : h("code", {}, value.text);
  return JSON.stringify(value);
}

/* Names with points and underscores break there, and what has none does anywhere in the end. */
function breakable(text) {
  const pieces = String(text).match(/[^_./-]{0,24}[_./-]?/g) ?? [];
  return pieces.filter(Boolean).flatMap((piece) => [piece, h("wbr")]).slice(0, -1);
}

export function state({ state: name, tone }) {
  return h("span", { class: "state", "data-tone": tone }, h("i", { "aria-hidden": "true" }, SIGNS[tone] ?? SIGNS.idle), name);
}

export function instant(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return h("code", {}, String(seconds));
  return h("time", { datetime: date.toISOString(), title: date.toISOString().replace(".000Z", "Z") }, words(date));
}

function words(date) {
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return clock.format(date);
  return date.getFullYear() === now.getFullYear() ? `${day.format(date)}, ${clock.format(date).slice(0, 5)}` : dayAndYear.format(date);
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
