/* The faults in force, and the forms that set more of them. */

import { h } from "./dom.js";

const WORDS = {
  duplicate: "Twice", drop: "Never", twins: "Told by two events", delay_s: "Seconds late", shuffle: "Out of order",
  before_answer: "Before the answer", seed: "Seed",
};

export function inForce({ api, webhooks, banks = [] }) {
  const lines = [
    ...api.filter(({ left }) => left > 0).map(({ match, kind, left }) => [h("code", {}, match), ` ${kind}, ${left} more`]),
    ...changed(webhooks).map(([name, value]) => [`Webhooks: ${(WORDS[name] ?? name).toLowerCase()} `, h("code", {}, value)]),
    ...banks.map((fault) => ["Banks: ", h("code", {}, JSON.stringify(fault))]),
  ];
  if (!lines.length) return h("p", { class: "note" }, "None: everything goes well.");
  return [h("ul", { class: "in-force" }, lines.map((line) => h("li", {}, line))),
    h("button", { type: "button", class: "small", "data-act": "faults-off" }, "All off")];
}

function changed(webhooks) {
  return Object.entries(webhooks).filter(([, value]) => value !== 0 && value !== false && value !== null);
}

export function apiFault({ api }, kinds, operations) {
  const standing = api.filter(({ left }) => left > 0).map(({ left, ...fault }) => ({ ...fault, times: left }));
  return h("form", { class: "fault", "data-fault": "api", "data-standing": JSON.stringify(standing) },
    h("div", { class: "fields" },
      field("match", "Calls", h("input", { name: "match", list: "operations", value: "POST /v1/payment_intents", autocomplete: "off", spellcheck: "false", required: true })),
      field("kind", "Fail as", h("select", { name: "kind" }, kinds.map((kind) => h("option", { value: kind }, kind.replaceAll("_", " "))))),
      field("times", "Times", h("input", { name: "times", value: "1", inputmode: "numeric" })),
      field("seconds", "Seconds, when slow", h("input", { name: "seconds", value: "1", inputmode: "decimal" }))),
    h("datalist", { id: "operations" }, operations.map((operation) => h("option", { value: operation }))),
    h("button", { class: "small" }, "Add this fault"));
}

export function webhookFaults({ webhooks }) {
  return h("form", { class: "fault", "data-fault": "webhooks" },
    h("div", { class: "fields" }, Object.entries(webhooks).map(([name, value]) => typeof value === "boolean"
      ? h("label", { class: "toggle" }, h("input", { type: "checkbox", name, checked: value }), WORDS[name] ?? name)
      : field(name, WORDS[name] ?? name.replaceAll("_", " "), h("input", { name, value: value ?? "", inputmode: "decimal", autocomplete: "off" })))),
    h("button", { class: "small" }, "Set these"));
}

function field(name, label, input) {
  const id = `fault-${name}`;
  input.id = id;
  return h("span", { class: "field" }, h("label", { for: id }, label), input);
}

/* The call that a form stands for. */
export function faultCall(form) {
  const values = Object.fromEntries([...form.elements].filter(({ name }) => name).map(valueOf));
  const body = form.dataset.fault === "api" ? { api: [...JSON.parse(form.dataset.standing), values] } : { webhooks: values };
  return put("Faults", body);
}

export function faultsOff(faults) {
  const off = Object.fromEntries(Object.keys(faults).filter((half) => half !== "seed").map((half) => [half, half === "webhooks" ? {} : []]));
  return put("All faults off", off);
}

function put(label, body) {
  return { label, method: "PUT", path: "/sandbox/faults", body };
}

function valueOf({ name, value, type, checked }) {
  if (type === "checkbox") return [name, checked];
  if (name === "match" || name === "kind") return [name, value];
  return [name, value === "" ? null : Number(value)];
}
