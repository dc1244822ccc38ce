/* What the page asks the sandbox's server, and how a control is called. */

export class Refused extends Error {}

async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new Refused(body?.error?.message ?? `The sandbox answered ${response.status}.`);
}

export async function ask(path, params = {}) {
  const given = Object.entries(params).filter(([, value]) => value);
  const query = given.length ? `?${new URLSearchParams(given)}` : "";
  return answer(await fetch(`/sandbox/inside/${path}${query}`));
}

export async function askControl(path) {
  return answer(await fetch(`/sandbox/${path}`));
}

/* `does` is a call as the server names it: method, path, body, and whether it is one of Stripe's own. */
export async function call(does, key) {
  const { headers, body } = encoded(does, key);
  return answer(await fetch(does.path, { method: does.method, headers, body }));
}

function encoded({ api, body }, key) {
  if (!api) return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return { headers: { Authorization: `Bearer ${key}` }, body: new URLSearchParams(flat(body)) };
}

function flat(body) {
  return Object.entries(body).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((each, place) => [`${name}[${place}]`, each]) : [[name, value]]);
}

/* The same call for a terminal. */
export function curl({ method, path, api, body }, key) {
  const url = `${location.origin}${path}`;
  const form = flat(body).map((pair) => ` -d ${quoted(pair.join("="))}`).join("");
  if (api) return `curl -u ${key}: ${quoted(url)}${form}`;
  return `curl -X ${method} ${quoted(url)} -d ${quoted(JSON.stringify(body))}`;
}

function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
