/* One object: what it is, what may be done to it, its story, what belongs to it, and its JSON. */

import { forms } from "./actions.js";
import { cell, state } from "./cells.js";
import { h } from "./dom.js";
import { json } from "./json.js";
import { PLACES } from "./places.js";
import { link } from "./routes.js";
import { table } from "./tables.js";

export function detail({ place, query }, object) {
  const given = Object.fromEntries(query);
  return [
    h("p", { class: "back", "data-key": "back" }, h("a", { href: link(place, "", { ...given, rows: "" }) }, `All ${PLACES[place].title.toLowerCase()}`)),
    h("header", { class: "head", "data-key": `head-${object.id}` },
      h("h1", { tabindex: "-1", id: "detail-title" }, object.title),
      object.amount && h("p", { class: "figure" }, cell(object.amount)),
      object.state && h("p", {}, state(object.state)),
      h("p", { class: "whole-id" }, h("code", {}, object.id), h("button", { type: "button", class: "small", "data-act": "copy", "data-text": object.id }, "Copy id"))),
    object.actions.length ? h("section", { class: "may", "data-key": "may" }, forms(object.actions)) : null,
    object.facts.length ? facts(object.facts) : null,
    object.story.length ? story(object.story) : null,
    ...object.tables.map((each) => h("section", { "data-key": `part-${each.title}` }, table(each, { level: "h2" }), older(each, place, object.id, query))),
    ...object.texts.map((text) => json(text, object.id)),
  ].filter(Boolean);
}

export function missing({ place, id }, why) {
  return [
    h("p", { class: "back", "data-key": "back" }, h("a", { href: link(place) }, `All ${PLACES[place].title.toLowerCase()}`)),
    h("div", { class: "empty", "data-key": "missing" }, h("h1", { tabindex: "-1", id: "detail-title" }, "Not here"), h("p", {}, why), h("p", {}, h("code", {}, id))),
  ];
}

function facts(pairs) {
  return h("dl", { class: "facts", "data-key": "facts" }, pairs.map(([name, value], place) => h("div", { "data-key": `fact-${place}-${name}` }, h("dt", {}, name), h("dd", {}, cell(value)))));
}

function story(stops) {
  return h("section", { "data-key": "story" }, h("h2", {}, "What happened"), h("ol", { class: "story" }, stops.map(stop)));
}

function stop({ key, href, what, why, state: status, when, pending }) {
  return h("li", { "data-key": key, class: href ? null : "due" },
    h("span", { class: "when" }, cell(when)),
    href ? h("a", { class: "id", href }, what) : h("span", {}, what),
    " ", status ? state(status) : null, " ", why ? h("code", {}, why) : null,
    pending ? h("span", { class: "dim" }, " undelivered") : null);
}

function older({ older: cursor }, place, id, query) {
  const links = [
    query.get("rows") && h("a", { class: "small", href: link(place, id) }, "Latest"),
    cursor && h("a", { class: "small", href: link(place, id, { rows: cursor }) }, "Older"),
  ].filter(Boolean);
  return links.length ? h("p", { class: "pages" }, links) : null;
}
