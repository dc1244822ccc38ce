/* The first page: what is in here, what is due, what went wrong; and how to connect when it is empty. */

import { h } from "./dom.js";
import { commandLine, facts } from "./pieces.js";
import { PLACES } from "./places.js";
import { link } from "./routes.js";
import { table } from "./tables.js";

const COUNTED = ["customers", "accounts", "payments", "permissions", "events", "deliveries", "requests"];
const EMPTY = "Nothing has happened in here yet. Start the application with make run, or call the API:";
const ANY_SDK = "Any Stripe SDK works: give it this address as its API base, and the sandbox's own keys."
  + " Money, banks and people in here are invented.";

export function overview({ tables }, { counts, key }) {
  return [
    h("h1", { "data-key": "title", tabindex: "-1" }, "What is inside"),
    h("ul", { class: "counts", "data-key": "counts" }, COUNTED.map((place) => count(place, counts[place]))),
    ...tables.map((each) => h("section", { "data-key": each.title }, table(each, { level: "h2" }))),
    tables.length ? null : h("p", { class: "empty", "data-key": "empty" }, EMPTY),
    connecting(key),
  ].filter(Boolean);
}

function count(place, many) {
  const figure = [h("b", {}, many), h("span", {}, PLACES[place].title)];
  return h("li", { "data-key": place }, h("a", { href: link(place) }, figure));
}

function connecting(key) {
  const pairs = [["API base", location.origin], ["Secret key", key], ["Stripe.js", `${location.origin}/v3/`]];
  return h("section", { class: "connecting", "data-key": "connecting" },
    h("h2", {}, "Connect"),
    h("p", {}, ANY_SDK),
    facts(pairs.map(([name, value]) => [name, h("code", {}, value)])),
    commandLine(`curl -u ${key}: ${location.origin}/v1/customers -d name=Ana`));
}
