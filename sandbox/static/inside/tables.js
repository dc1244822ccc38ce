/* A table as the server describes it; in little room only the first columns. */

import { forms } from "./actions.js";
import { cell } from "./cells.js";
import { h } from "./dom.js";

const RIGHT = new Set(["money", "number"]);

export function table({ title, columns, rows, note }, { open = "", level = "h3", label = title } = {}) {
  return h("div", { class: "tabled", "data-key": `table-${title}` },
    title && h(level, {}, title),
    note && h("p", { class: "note" }, note),
    h("table", { "aria-label": label },
      h("thead", {}, h("tr", {}, columns.map(heading))),
      h("tbody", {}, rows.flatMap((row) => lines(row, columns, open)))));
}

function heading(column) {
  return h("th", { scope: "col", class: classOf(column) }, column.label);
}

function lines(row, columns, open) {
  const current = row.key === open ? "true" : null;
  const line = h("tr", { "data-key": row.key, class: row.href ? "leads" : null, "aria-current": current },
    row.cells.map((value, place) => h("td", { class: classOf(columns[place]) }, lead(value, row, place))));
  if (!row.actions?.length) return [line];
  const wide = h("td", { colspan: columns.length }, forms(row.actions));
  return [line, h("tr", { "data-key": `${row.key}-actions`, class: "may" }, wide)];
}

/* The first cell carries the row's link, whatever it shows. */
function lead(value, row, place) {
  if (place > 0 || !row.href || value?.ref) return cell(value);
  return h("a", { class: "id", href: row.href }, cell(value));
}

function classOf({ kind, wide }) {
  return [`is-${kind}`, wide && "wide", RIGHT.has(kind) && "right"].filter(Boolean).join(" ");
}
