/* The faults in force, and the forms that set more of them. */

import { h } from "./dom.js";

const WORDS = {
  duplicate: "Twice", drop: "Never", twins: "Told by two events", delay_s: "Seconds late", late: "That are late", shuffle: "Out of order",
  before_answer: "Before the answer", seed: "Seed",
};

export function inForce({ api, webhooks, banks }, untouched) {
  const lines = [
    ...standing(api).map(({ match, kind, times }) => [h("code", {}, match), ` ${kind.replaceAll("_", " ")}, ${times} more`]),
    ...standing(banks).map(({ account, kind, times }) => ["Banks, ", h("code", {}, account), ` ${kind.replaceAll("_", " ")}, ${times} more`]),
    ...Object.entries(webhooks).filter(([name, value]) => value !== untouched[name])
      .map(([name, value]) => [`Webhooks, ${(WORDS[name] ?? name).toLowerCase()} `, h("code", {}, value)]),
  ];
  if (!lines.length) return h("p", { class: "note" }, "None: everything goes well.");
  return [h("ul", { class: "in-force" }, lines.map((line) => h("li", {}, line))),
    h("button", { type: "button", class: "small", "data-act": "faults-off" }, "All off")];
}

/* Faults that will still strike, as they would be set anew. */
function standing(faults) {
  return faults.filter(({ left }) => left > 0).map(({ left, ...fault }) => ({ ...fault, times: left }));
}

export function apiFault({ api }, kinds, operations) {
  return faultForm("api", standing(api), "Add this fault", [
    field("api", "match", "Calls", h("input", { name: "match", list: "operations", value: "POST /v1/payment_intents", autocomplete: "off", spellcheck: "false", required: true })),
    field("api", "kind", "Fail as", choice("kind", kinds)),
    field("api", "times", "Times", number("times", 1)),
    field("api", "seconds", "Seconds, when slow", number("seconds", 1)),
    h("datalist", { id: "operations" }, operations.map((operation) => h("option", { value: operation }))),
  ]);
}

export function bankFault({ banks }, kinds) {
  const only = Object.entries(kinds).flatMap(([kind, some]) => some.map((each) => [`${kind} ${each}`, `${kind.replaceAll("_", " ")}: ${each.replaceAll("_", " ")}`]));
  return faultForm("banks", standing(banks), "Add this fault", [
    field("banks", "which", "Show", h("select", { name: "which" },
      [...Object.keys(kinds).map((kind) => [kind, `${kind.replaceAll("_", " ")}: all`]), ...only].map(([value, words]) => h("option", { value }, words)))),
    field("banks", "account", "Account, or * for all", h("input", { name: "account", value: "*", autocomplete: "off", spellcheck: "false" })),
    field("banks", "times", "Refreshes", number("times", 1)),
  ]);
}

export function webhookFaults({ webhooks }) {
  return faultForm("webhooks", [], "Set these", Object.entries(webhooks).map(([name, value]) => typeof value === "boolean"
    ? h("label", { class: "toggle" }, h("input", { type: "checkbox", name, checked: value }), WORDS[name] ?? name)
    : field("webhooks", name, WORDS[name] ?? name.replaceAll("_", " "), number(name, value ?? ""))));
}

function faultForm(half, already, label, fields) {
  return h("form", { class: "fault", "data-fault": half, "data-standing": JSON.stringify(already) },
    h("div", { class: "fields" }, fields), h("button", { class: "small" }, label));
}

function field(half, name, label, input) {
  input.id = `fault-${half}-${name}`;
  return h("span", { class: "field" }, h("label", { for: input.id }, label), input);
}

function choice(name, values) {
  return h("select", { name }, values.map((value) => h("option", { value }, value.replaceAll("_", " "))));
}

function number(name, value) {
  return h("input", { name, value, inputmode: "decimal", autocomplete: "off", "data-kind": "number" });
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
