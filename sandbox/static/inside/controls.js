/* Time, faults, keys, the address of webhooks, and a new beginning. */

import { form } from "./actions.js";
import { span } from "./cells.js";
import { h } from "./dom.js";
import { apiFault, bankFault, inForce, webhookFaults } from "./faults.js";
import { table } from "./tables.js";

const WORDS = {
  clock: "Time passes when you say so. What falls due on the way happens in its order; no stamp lies in the future.",
  api: "The next calls that match fail as you say, before their effect or after it.",
  webhooks: "Shares lie between 0 and 1. Every event stays in the list of events, whatever becomes of its delivery.",
  banks: "What the next refreshes bring: odd texts, amounts and dates, lists that shift, refreshes without an end.",
  reset: "Deletes everything in here. The address of webhooks stays.",
  sure: "Delete every customer, account, payment, event and request in here?",
};

export function controls(given, faults) {
  const { keys, kinds, bank_kinds: bankKinds, operations, untouched } = given;
  return [
    h("h1", { "data-key": "title", tabindex: "-1" }, "Clock and faults"),
    part("Clock", WORDS.clock, clock(given)),
    part("Faults in force", "", inForce(faults, untouched)),
    part("Strike the API", WORDS.api, apiFault(faults, kinds, operations)),
    part("Spoil the webhooks", WORDS.webhooks, webhookFaults(faults)),
    part("Have banks go wrong", WORDS.banks, bankFault(faults, bankKinds)),
    rateLimit(given.rates),
    part("Webhooks go to", "", addresses(given.endpoints)),
    part("Idempotency keys", `${keys} kept. The same key with the same parameters gets the same answer.`,
      form(control("Forget all keys", "idempotency/forget"))),
    part("Begin again", WORDS.reset, form({ ...control("Reset", "reset"), danger: true, asks: WORDS.sure })),
  ];
}

function clock({ offset, steps, due }) {
  return [
    h("p", { class: "lead" }, offset >= 1 ? `The sandbox is ${span(offset)} ahead.` : "The sandbox keeps real time."),
    h("div", { class: "actions" }, steps.map(({ label, seconds }) =>
      form(control(`Advance ${label}`, "clock/advance", { seconds })))),
    due.rows.length ? table(due) : h("p", { class: "note" }, "Nothing is due."),
  ];
}

function rateLimit({ per_second: perSecond }) {
  const words = perSecond ? `${perSecond} requests a second; one more gets 429.` : "Off: every request is answered.";
  const [label, body] = perSecond ? ["Turn it off", { per_second: null }] : ["Turn it on", {}];
  return part("Rate limit", words, form({ ...control(label, "rate-limit", body), method: "PUT" }));
}

function addresses(endpoints) {
  const shown = endpoints.map(({ id, url }) =>
    h("p", { "data-key": id }, h("a", { class: "id", href: `#/deliveries/${id}` }, url)));
  const choices = [{ name: "url", label: "URL", kind: "text", value: "" }];
  return [
    shown.length ? shown : h("p", { class: "note" }, "Nowhere."),
    form({ ...control("Send events to this URL", "webhook"), method: "PUT", choices }),
  ];
}

function control(label, path, body = {}) {
  return { label, method: "POST", path: `/sandbox/${path}`, body };
}

function part(title, words, ...children) {
  const note = words && h("p", { class: "note" }, words);
  return h("section", { class: "part", "data-key": title }, h("h2", {}, title), note, children);
}
