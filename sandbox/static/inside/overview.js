/* The first page: what is in here, what is due, what went wrong; and how to connect when it is empty. */

import { h } from "./dom.js";
import { commandLine } from "./lists.js";
import { PLACES } from "./places.js";
import { link } from "./routes.js";
import { table } from "./tables.js";

const COUNTED = ["customers", "accounts", "payments", "permissions", "events", "deliveries", "requests"];

export function overview({ tables }, { counts, key }) {
  return [
    h("h1", { "data-key": "title", tabindex: "-1" }, "What is inside"),
    h("ul", { class: "counts", "data-key": "counts" }, COUNTED.map((place) =>
      h("li", { "data-key": place }, h("a", { href: link(place) }, h("b", {}, counts[place]), h("span", {}, PLACES[place].title))))),
    ...tables.map((each) => h("section", { "data-key": each.title }, table(each, { level: "h2" }))),
    tables.length ? null : h("p", { class: "empty", "data-key": "empty" }, "Nothing has happened in here yet. Start the application with make run, or call the API:"),
    connecting(key),
  ].filter(Boolean);
}

function connecting(key) {
  return h("section", { class: "connecting", "data-key": "connecting" },
    h("h2", {}, "Connect"),
    h("p", {}, "Any Stripe SDK works: give it this address as its API base, and the sandbox's own keys. Money, banks and people in here are invented."),
    h("dl", { class: "facts" },
      fact("API base", location.origin), fact("Secret key", key), fact("Stripe.js", `${location.origin}/v3/`)),
    commandLine(`curl -u ${key}: ${location.origin}/v1/customers -d name=Ana`));
}

function fact(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, h("code", {}, value)));
}
