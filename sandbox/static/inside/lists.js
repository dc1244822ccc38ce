/* One list: its filters, its rows, and the way to older ones. */

import { h } from "./dom.js";
import { PLACES } from "./places.js";
import { link } from "./routes.js";
import { table } from "./tables.js";

export function list({ place, id, query }, answer) {
  const { title, lead, filters = [], empty } = PLACES[place];
  const filtered = filters.some(({ name }) => query.get(name));
  const nothing = !answer.rows.length && !query.get("before");
  return [
    h(id ? "h2" : "h1", { "data-key": id ? "list-title" : "title", tabindex: "-1" }, title),
    lead && h("p", { class: "lead", "data-key": "lead" }, lead),
    filters.length && (filtered || !nothing) ? narrowing(filters, place, query) : null,
    nothing && !filtered && !answer.note ? nothingYet(empty) : rows(answer, { place, id, query, filtered, title }),
  ].filter(Boolean);
}

function rows(answer, { place, id, query, filtered, title }) {
  const given = Object.fromEntries(query);
  const links = [
    query.get("before") && h("a", { class: "small", href: link(place, "", { ...given, before: "" }) }, "Newest"),
    answer.older && h("a", { class: "small", href: link(place, "", { ...given, before: answer.older }) }, answer.rows.length ? "Older" : "Look further back"),
  ].filter(Boolean);
  const none = !answer.rows.length && h("p", { class: "empty" }, filtered ? "Nothing here matches." : "Nothing older.");
  return h("div", { "data-key": "rows" },
    answer.rows.length ? table(answer, { open: id, label: title }) : [answer.note && h("p", { class: "note" }, answer.note), none],
    links.length ? h("p", { class: "pages" }, links) : null);
}

function nothingYet([words, command]) {
  return h("div", { class: "empty", "data-key": "empty" }, h("p", {}, words), commandLine(command()));
}

export function commandLine(command) {
  return h("div", { class: "command" }, h("code", {}, command), h("button", { type: "button", class: "small", "data-act": "copy", "data-text": command }, "Copy"));
}

function narrowing(filters, place, query) {
  return h("form", { class: "filters", "data-key": "filters", "data-filters": place }, filters.map((filter) => narrow(filter, query.get(filter.name))));
}

function narrow({ name, label, options, toggle, hint }, value) {
  const id = `filter-${name}`;
  if (toggle) return h("label", { class: "toggle" }, h("input", { type: "checkbox", name, value: "1", checked: value === "1" }), label);
  const input = options
    ? h("select", { id, name }, h("option", { value: "" }, "any"), options.map((each) => h("option", { value: each, selected: each === value }, each.replaceAll("_", " "))))
    : h("input", { type: "search", id, name, value, placeholder: hint, autocomplete: "off", spellcheck: "false" });
  return h("span", { class: "field" }, h("label", { for: id }, label), input);
}

/* The filters as they stand in the form, in the page's address. */
export function narrowed(form) {
  location.hash = link(form.dataset.filters, "", Object.fromEntries(new FormData(form)));
}
