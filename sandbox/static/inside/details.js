/* One object: what it is, what may be done to it, its story, what belongs to it, and its JSON. */

import { forms } from "./actions.js";
import { cell, state } from "./cells.js";
import { h } from "./dom.js";
import { json } from "./json.js";
import { copyButton, facts, pages } from "./pieces.js";
import { PLACES } from "./places.js";
import { link } from "./routes.js";
import { table } from "./tables.js";

export function detail(at, object) {
  return [
    back(at),
    head(object),
    object.actions.length ? h("section", { class: "may", "data-key": "may" }, forms(object.actions)) : null,
    known(object.facts),
    object.story.length ? story(object.story) : null,
    ...object.tables.map((each) => part(each, at)),
    ...object.texts.map((text) => json(text, object.id)),
  ].filter(Boolean);
}

export function missing(at, why) {
  const title = h("h1", { tabindex: "-1", id: "detail-title" }, "Not here");
  const said = h("div", { class: "empty", "data-key": "missing" }, title, h("p", {}, why), h("code", {}, at.id));
  return [back(at), said];
}

function back({ place, query }) {
  const href = link(place, "", { ...Object.fromEntries(query), rows: "" });
  return h("p", { class: "back", "data-key": "back" }, h("a", { href }, `All ${PLACES[place].title.toLowerCase()}`));
}

function head({ id, title, amount, state: status }) {
  return h("header", { class: "head", "data-key": `head-${id}` },
    h("h1", { tabindex: "-1", id: "detail-title" }, title),
    amount && h("p", { class: "figure" }, cell(amount)),
    status && h("p", {}, state(status)),
    h("p", { class: "whole-id" }, h("code", {}, id), copyButton(id, "Copy id")));
}

function known(pairs) {
  if (!pairs.length) return null;
  return facts(pairs.map(([name, value]) => [name, cell(value)]), { "data-key": "facts" });
}

function story(stops) {
  const list = h("ol", { class: "story" }, stops.map(stop));
  return h("section", { "data-key": "story" }, h("h2", {}, "What happened"), list);
}

function stop({ key, href, what, why, state: status, when, pending }) {
  return h("li", { "data-key": key, class: href ? null : "due" },
    h("span", { class: "when" }, cell(when)),
    href ? h("a", { class: "id", href }, what) : h("span", {}, what),
    " ", status ? state(status) : null, " ", why ? h("code", {}, why) : null,
    pending ? h("span", { class: "dim" }, " undelivered") : null);
}

/* What belongs to the object; a long table goes on, page by page. */
function part(each, { place, id, query }) {
  const turned = query.get("rows") && each.title === "Rows";
  const older = each.older && link(place, id, { rows: each.older });
  return h("section", { "data-key": `part-${each.title}` },
    table(each, { level: "h2" }), pages(["Latest", turned && link(place, id)], ["Older", older]));
}
