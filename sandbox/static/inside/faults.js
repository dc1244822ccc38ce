/* The faults in force, and the forms that set more of them. */

import { h } from "./dom.js";
import { field, select, toggle } from "./pieces.js";

const WORDS = {
  duplicate: "Twice", drop: "Never", twins: "Told by two events", delay_s: "Seconds late", late: "That are late",
  shuffle: "Out of order", before_answer: "Before the answer", seed: "Seed",
};

export function inForce({ api, webhooks, banks }, untouched) {
  const lines = [
    ...standing(api).map(({ match, ...fault }) => [h("code", {}, match), left(fault)]),
    ...standing(banks).map(({ account, ...fault }) => ["Banks, ", h("code", {}, account), left(fault)]),
    ...Object.entries(webhooks).filter(([name, value]) => value !== untouched[name])
      .map(([name, value]) => [`Webhooks, ${worded(name).toLowerCase()} `, h("code", {}, value)]),
  ];
  if (!lines.length) return h("p", { class: "note" }, "None: everything goes well.");
  return [
    h("ul", { class: "in-force" }, lines.map((line) => h("li", {}, line))),
    h("button", { type: "button", class: "small", "data-act": "faults-off" }, "All off"),
  ];
}

function left({ kind, times }) {
  return ` ${kind.replaceAll("_", " ")}, ${times} more`;
}

function worded(name) {
  return WORDS[name] ?? name.replaceAll("_", " ");
}

/* Faults that will still strike, as they would be set anew. */
function standing(faults) {
  return faults.filter((fault) => fault.left > 0).map(({ left: times, ...fault }) => ({ ...fault, times }));
}

export function apiFault({ api }, kinds, operations) {
  const typed = { list: "operations", autocomplete: "off", spellcheck: "false", required: true };
  return faultForm("api", standing(api), "Add this fault", [
    field("Calls", h("input", { ...marks("api", "match"), ...typed, value: "POST /v1/payment_intents" })),
    field("Fail as", select(marks("api", "kind"), kinds)),
    field("Times", number("api", "times", 1)),
    field("Seconds, when slow", number("api", "seconds", 1)),
    h("datalist", { id: "operations" }, operations.map((value) => h("option", { value }))),
  ]);
}

export function bankFault({ banks }, kinds) {
  const whole = Object.keys(kinds).map((kind) => [kind, `${worded(kind)}: all`]);
  const only = Object.entries(kinds).flatMap(([kind, some]) =>
    some.map((each) => [`${kind} ${each}`, `${worded(kind)}: ${worded(each)}`]));
  return faultForm("banks", standing(banks), "Add this fault", [
    field("Show", select(marks("banks", "which"), [...whole, ...only])),
    field("Account, or * for all", h("input", { ...marks("banks", "account"), value: "*", autocomplete: "off" })),
    field("Refreshes", number("banks", "times", 1)),
  ]);
}

export function webhookFaults({ webhooks }) {
  return faultForm("webhooks", [], "Set these", Object.entries(webhooks).map(([name, value]) =>
    typeof value === "boolean"
      ? toggle(worded(name), { ...marks("webhooks", name), checked: value })
      : field(worded(name), number("webhooks", name, value ?? ""))));
}

function faultForm(half, already, label, fields) {
  return h("form", { class: "fault", "data-fault": half, "data-standing": JSON.stringify(already) },
    h("div", { class: "fields" }, fields), h("button", { class: "small" }, label));
}

function marks(half, name) {
  return { id: `fault-${half}-${name}`, name };
}

function number(half, name, value) {
  return h("input", { ...marks(half, name), value, inputmode: "decimal", autocomplete: "off", "data-kind": "number" });
}

/* The call that a form stands for. */
export function faultCall({ dataset, elements }) {
  const values = Object.fromEntries([...elements].filter(({ name }) => name).map(valueOf));
  if (dataset.fault === "webhooks") return put("Faults", { webhooks: values });
  const { which, ...fault } = values;
  const [kind, only] = (which ?? "").split(" ");
  if (kind) fault.kind = kind;
  if (only) fault.only = [only];
  return put("Faults", { [dataset.fault]: [...JSON.parse(dataset.standing), fault] });
}

export function faultsOff() {
  return put("All faults off", { api: [], webhooks: {}, banks: [] });
}

function put(label, body) {
  return { label, method: "PUT", path: "/sandbox/faults", body };
}

function valueOf({ name, value, type, checked, dataset }) {
  if (type === "checkbox") return [name, checked];
  if (dataset.kind !== "number") return [name, value];
  return [name, value === "" ? null : Number(value)];
}
