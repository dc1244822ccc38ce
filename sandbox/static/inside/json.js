/* JSON as text that one reads and copies: keys, strings and numbers told apart, ids as links. */

import { h } from "./dom.js";
import { copyButton } from "./pieces.js";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;
const ID = /^[a-z]+_(?=[A-Za-z0-9]{8,}$)/;
// Longer texts stay plain: a page of a thousand colours is of no use.
const COLOURED = 60_000;

let places = {};
/* Where each kind of id is shown, by how it begins. */
export function usePlaces(known) {
  places = known;
}

export function json({ title, text }, own) {
  const head = h("div", { class: "text-head" }, h("h2", {}, title), copyButton(text));
  const shown = text.length > COLOURED ? text : [...pieces(text, own)];
  const body = h("pre", { tabindex: "0", role: "region", "aria-label": title }, shown);
  return h("section", { class: "text", "data-key": `text-${title}` }, head, body);
}

function* pieces(text, own) {
  let done = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > done) yield text.slice(done, match.index);
    yield* token(match, own);
    done = match.index + match[0].length;
  }
  yield text.slice(done);
}

function* token([whole, string, colon, number], own) {
  if (string && colon) {
    yield h("span", { class: "key" }, string);
    yield colon;
  } else if (string) {
    const id = string.slice(1, -1);
    const place = places[ID.exec(id)?.[0]];
    if (place && id !== own) yield h("a", { class: "id", href: `#/${place}/${id}` }, string);
    else yield h("span", { class: "str" }, string);
  } else {
    yield h("span", { class: number ? "num" : "lit" }, whole);
  }
}
