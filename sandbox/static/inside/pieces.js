/* Small things that several views are made of. */

import { h } from "./dom.js";

export function copyButton(text, label = "Copy") {
  return h("button", { type: "button", class: "small", "data-act": "copy", "data-text": text }, label);
}

export function commandLine(command) {
  return h("div", { class: "command" }, h("code", {}, command), copyButton(command));
}

/* A field under its label, which is found by the field's id. */
export function field(label, input) {
  return h("span", { class: "field" }, h("label", { for: input.id }, label), input);
}

export function toggle(label, attributes) {
  return h("label", { class: "toggle" }, h("input", { type: "checkbox", ...attributes }), label);
}

/* A choice; each option is a value, or a value with the words for it. */
export function select(attributes, options, chosen) {
  return h("select", attributes, options.map((option) => {
    const [value, words] = Array.isArray(option) ? option : [option, option.replaceAll("_", " ")];
    return h("option", { value, selected: value === chosen }, words);
  }));
}

export function facts(pairs, attributes = {}) {
  return h("dl", { class: "facts", ...attributes }, pairs.map(([name, value], place) =>
    h("div", { "data-key": `fact-${place}-${name}` }, h("dt", {}, name), h("dd", {}, value))));
}

/* Links to other pages of the same list; none without one. */
export function pages(...links) {
  const given = links.filter(([, href]) => href).map(([label, href]) => h("a", { class: "small", href }, label));
  return given.length ? h("p", { class: "pages" }, given) : null;
}
