/* One list: its filters, its rows, and the way to older ones. */

import { h } from "./dom.js";
import { commandLine, field, pages, select, toggle } from "./pieces.js";
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
  const newest = query.get("before") && link(place, "", { ...given, before: "" });
  const older = answer.older && link(place, "", { ...given, before: answer.older });
  const none = [
    answer.note && h("p", { class: "note" }, answer.note),
    h("p", { class: "empty" }, filtered ? "Nothing here matches." : "Nothing older."),
  ];
  return h("div", { "data-key": "rows" },
    answer.rows.length ? table(answer, { open: id, label: title }) : none,
    pages(["Newest", newest], [answer.rows.length ? "Older" : "Look further back", older]));
}

function nothingYet([words, command]) {
  return h("div", { class: "empty", "data-key": "empty" }, h("p", {}, words), commandLine(command()));
}

function narrowing(filters, place, query) {
  const fields = filters.map((filter) => narrow(filter, query.get(filter.name)));
  return h("form", { class: "filters", "data-key": "filters", "data-filters": place }, fields);
}

function narrow({ name, label, options, toggles, hint }, value) {
  if (toggles) return toggle(label, { name, value: "1", checked: value === "1" });
  const marks = { id: `filter-${name}`, name };
  if (options) return field(label, select(marks, [["", "any"], ...options], value));
  const text = { ...marks, type: "search", value, placeholder: hint, autocomplete: "off", spellcheck: "false" };
  return field(label, h("input", text));
}

/* The filters as they stand in the form, in the page's address. */
export function narrowed(form) {
  location.hash = link(form.dataset.filters, "", Object.fromEntries(new FormData(form)));
}
