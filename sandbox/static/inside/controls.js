/* Time, faults, keys, the address of webhooks, and a new beginning. */

import { form } from "./actions.js";
import { span } from "./cells.js";
import { h } from "./dom.js";
import { apiFault, bankFault, inForce, webhookFaults } from "./faults.js";
import { table } from "./tables.js";

export function controls(given, faults, { offset }) {
  const { steps, due, keys, endpoints, kinds, bank_kinds: bankKinds, operations, untouched, rates } = given;
  return [
    h("h1", { "data-key": "title", tabindex: "-1" }, "Clock and faults"),
    part("Clock", "Time passes here when you say so. What falls due on the way happens in its order; no stamp lies in the future.",
      h("p", { class: "lead" }, offset >= 1 ? `The sandbox is ${span(offset)} ahead.` : "The sandbox keeps real time."),
      h("div", { class: "actions" }, steps.map(({ label, seconds }) => form(control(`Advance ${label}`, "clock/advance", { seconds })))),
      due.rows.length ? table(due) : h("p", { class: "note" }, "Nothing is due.")),
    part("Faults in force", "", inForce(faults, untouched)),
    part("Strike the API", "The next calls that match fail as you say, before their effect or after it.", apiFault(faults, kinds, operations)),
    part("Spoil the webhooks", "Shares lie between 0 and 1. Every change of state stays in the list of events, whatever becomes of its delivery.", webhookFaults(faults)),
    part("Have banks go wrong", "What the next refreshes bring over: odd texts, amounts and dates, lists that shift, refreshes without an end.", bankFault(faults, bankKinds)),
    part("Rate limit", rates.per_second ? `${rates.per_second} requests a second; one more is refused with 429.` : "Off: every request is answered.",
      form({ ...control(rates.per_second ? "Turn it off" : "Turn it on", "rate-limit", rates.per_second ? { per_second: null } : {}), method: "PUT" })),
    part("Webhooks go to", "", ...endpoints.map((endpoint) => h("p", { "data-key": endpoint.id }, h("a", { class: "id", href: `#/deliveries/${endpoint.id}` }, endpoint.url))),
      endpoints.length ? null : h("p", { class: "note" }, "Nowhere."),
      form({ ...control("Send events to this URL", "webhook", {}), method: "PUT", choices: [{ name: "url", label: "URL", kind: "text", value: "" }] })),
    part("Idempotency keys", `${keys} kept. The same key with the same parameters gets the same answer.`, form(control("Forget all keys", "idempotency/forget", {}))),
    part("Begin again", "Deletes everything in here. The address of webhooks stays.",
      form({ ...control("Reset", "reset", {}), danger: true, asks: "Delete every customer, account, payment, event and request in here?" })),
  ];
}

function control(label, path, body) {
  return { label, method: "POST", path: `/sandbox/${path}`, body };
}

function part(title, words, ...children) {
  return h("section", { class: "part", "data-key": title }, h("h2", {}, title), words && h("p", { class: "note" }, words), children);
}
