/* Where the page is: `#/payments/pi_…?failed=1`. */

export function route() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const [, place, id = ""] = path.split("/");
  return { place: place || "overview", id: decoded(id), query: new URLSearchParams(query) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function link(place, id, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const more = given.length ? `?${new URLSearchParams(given)}` : "";
  return `#/${place === "overview" ? "" : place}${id ? `/${id}` : ""}${more}`;
}
